# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Learning by back-propagation, in seven steps
#
# A network with a single weight learns from five numbers that output = 2 × input. Everything that a
# large network does is already in it. The steps follow Harvey Alférez's lecture *Neural Networks
# and Back-Propagation*; `autograd-lite lesson` tells them in a terminal, with every table.
#
# After this notebook you can
#
# - write a training loop in twelve lines, from nothing but `Value` and `backward()`;
# - compute each number in it by hand: output, loss, derivative, new weight;
# - say which part of the library stands for each of the seven steps.
#
# Change any number and run its cell again (Shift+Enter): that is what the cells are for.
#
# ## All of it, in twelve lines

# %%
from autograd_lite import Value

inputs = [0, 1, 2, 3, 4]
desired = [0, 2, 4, 6, 8]  # output = 2 × input
learning_rate = 0.01
W = Value(3.0, label="W")  # step 1: initialise, at random

for _ in range(7):  # step 7: iterate
    actual = [W * x for x in inputs]  # step 2: forward
    loss = sum((y - d) ** 2 for y, d in zip(actual, desired, strict=True))  # step 3: loss
    W.grad = 0.0
    loss.backward()  # steps 4 and 5: the derivative, by back-propagation
    print(f"W = {W.data:.5f}   loss = {loss.data:9.5f}   derivative = {W.grad:8.4f}")
    W.data -= learning_rate * W.grad  # step 6: update

# %% [markdown]
# The weight goes to 2 and the loss to 0. Now one step at a time.

# %%
import matplotlib.pyplot as plt
from IPython.display import display

import autograd_lite as ag
from autograd_lite import lesson, nn
from autograd_lite.view import plots

# %% [markdown]
# ## Step 1: model initialisation
#
# The model is $y = W \cdot x$. Nobody knows the weight $W$ beforehand, so it starts at random:
# 3, 5 and 0.5 stand for three draws.


# %%
def model(W, x):
    return W * x


starts = [3.0, 5.0, 0.5]

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(inputs, desired, "ko", label="desired: y = 2·x")
for W in starts:
    ax.plot(inputs, [model(W, x) for x in inputs], label=f"y = {W:g}·x")
ax.set(xlabel="input", ylabel="output")
ax.legend()
plt.show()

# %% [markdown]
# ## Step 2: forward propagation
#
# From the input through the network to the output. Model 1 has the weight 3.

# %%
print("input  actual  desired")
for x, d in zip(inputs, desired, strict=True):
    print(f"{x:5}  {model(3.0, x):6g}  {d:7}")

# %% [markdown]
# ## Step 3: the loss function
#
# One number for how wrong the model is: the sum of the squared errors. A square has no sign, and
# it makes big errors much more expensive than small ones: 2² = 4, but 10² = 100.


# %%
def loss_of(W):
    return sum((model(W, x) - d) ** 2 for x, d in zip(inputs, desired, strict=True))


for W in starts:
    absolute = sum(abs(model(W, x) - d) for x, d in zip(inputs, desired, strict=True))
    print(f"W = {W:3g}   sum of errors = {absolute:4g}   sum of squared errors = {loss_of(W):5g}")

# %% [markdown]
# ## Step 4: differentiation
#
# What does a small step $\delta W$ do to the loss? First measured, by trying.

# %%
step = 0.0001
now, nudged = loss_of(3.0), loss_of(3.0 + step)
print(f"loss {now:g}, after the step {nudged:.6g}: {(nudged - now) / step:.4f} per unit of W")

# %% [markdown]
# Then exactly. `loss_of` is ordinary Python, so it takes a `Value` as well as a number. The result
# knows its graph, and `backward()` gives the derivative without any step.

# %%
W = Value(3.0, label="W")
loss = loss_of(W)
loss.label = "loss"
loss.backward()
before = ag.draw(loss, constants=False)
before

# %% [markdown]
# `W` is used five times, once for each sample (the input 0 included), so five parts of its gradient
# come back to it and are added: $0 + 2 + 8 + 18 + 32 = 60$, of which the $i$-th is
# $2 \cdot \text{error}_i \cdot x_i$.
#
# The sign says which way to go: where the derivative is positive, a larger weight makes the loss
# larger, so the weight must shrink.

# %%
for start in (0.5, 2.0, 3.0):
    trial = Value(start)
    loss_of(trial).backward()
    way = "increase W" if trial.grad < 0 else "decrease W" if trial.grad > 0 else "stay"
    print(f"W = {start:3g}   derivative = {trial.grad:4g}   {way}")

plots.plot_step(loss_of, 3.0, 0.01)
plt.show()

# %% [markdown]
# ## Step 5: back-propagation
#
# With several layers one could write down the derivative of the whole composition. It soon gets out
# of hand. But a derivative is *decomposable*: each node passes back what arrived at it, times its
# own partial derivative. Here for two weights in a row, $h = w_1 x$ and $y = w_2 h$, by hand:

# %%
x, w1, w2, target = 2.0, 3.0, 1.0, 4.0

h = w1 * x  # forward
y = w2 * h
error = y - target

d_error = 2 * error  # backward, from the loss error² to the start
d_y = d_error
d_w2, d_h = d_y * h, d_y * w2
d_w1, d_x = d_h * x, d_h * w1
print(f"loss {error**2:g}, derivatives: w2 {d_w2:g}, w1 {d_w1:g}, x {d_x:g}")

# %% [markdown]
# The library does the same walk on the graph. Press play, or point at a box.

# %%
x, w1, w2 = Value(2.0, label="x"), Value(3.0, label="w1"), Value(1.0, label="w2")
h = w1 * x
y = w2 * h
error = y - target
chain = error**2
h.label, y.label, error.label, chain.label = "h", "y", "error", "loss"
chain.backward()
chain

# %% [markdown]
# How long the formula would be, written down as a whole:

# %%
display(lesson.STEPS[4].figures()["by_hand"])

# %% [markdown]
# ## Step 6: the weight update
#
# The delta rule: new weight = old weight − derivative · learning rate. The same graph after one
# update, and what the update did to each number (▲ up, ▼ down):

# %%
W.data -= 0.01 * W.grad
W.grad = 0.0
loss = loss_of(W)
loss.label = "loss"
loss.backward()
print(f"W = {W.data:g}, loss = {loss.data:g}, derivative = {W.grad:g}")
after = ag.draw(loss, constants=False)
after

# %%
ag.draw_diff(before, after)

# %% [markdown]
# ## Step 7: iterate until convergence
#
# How many iterations does it take? The twelve lines as a function, to try:


# %%
def descend(start, rate, updates=50):
    W, losses = Value(start), []
    for _ in range(updates + 1):
        loss = loss_of(W)
        losses.append(loss.data)
        W.grad = 0.0
        loss.backward()
        W.data -= rate * W.grad
        if not 0.001 <= losses[-1] < 1e6:  # converged, or diverged
            break
    return losses


rates = {
    f"rate {rate:g}, from 3": descend(3.0, rate) for rate in (0.0005, 0.005, 0.01, 0.031, 0.035)
}
lucky = {f"from {start:g}": descend(start, 0.01) for start in (3.0, 5.0, 0.5, 1.99)}

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
plots.plot_losses(rates, left, tolerance=0.001)
plots.plot_losses(lucky, right, tolerance=0.001)
left.set_title("the learning rate decides")
right.set_title("and luck: 1.99 is nearly there")
plt.show()

# %% [markdown]
# ## The library's own version of each
#
# The same seven steps, by the names that you will use from here on. A *module* holds the weight and
# says what is computed with it; all else follows.


# %%
class Doubler(nn.Module):  # step 1: a model is a class with leaves
    def __init__(self):
        self.W = Value(3.0)

    def __call__(self, x):
        return self.W * x[0]  # the first feature of a sample


network = Doubler()
outputs = network.predict(inputs)  # step 2: forward, for all samples
print("forward ", outputs)
print("loss    ", nn.losses.squared_error(outputs, desired))  # step 3: a mean, so 30 / 5
print("gradient", ag.grad(loss_of)(3.0))  # steps 4 and 5: a function's derivative, as a function

optimizer = nn.optim.SGD(network.parameters(), learning_rate=0.05)  # 5 × 0.01, for the mean
nn.losses.squared_error([network([x]) for x in inputs], desired).backward()
optimizer.step()  # step 6
print("update  ", network.W.data)

# %% [markdown]
# Step 7 is `learn`. A *recorder* keeps the weight after each epoch, so that the lines can be drawn.

# %%
network = Doubler()
recorder = nn.Recorder(network, inputs, desired)
history = network.learn(
    inputs,
    desired,
    optimizer="sgd",
    learning_rate=0.05,
    epochs=7,
    batch_size=None,
    callback=recorder,
    progress=False,
)
print("W =", network.W.data)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
plots.plot_fit(recorder, inputs, desired, left)
plots.plot_history(history, right, log=True)
plt.show()

# %% [markdown]
# ## What else decides how long it takes
#
# The lecture names the depth and width of the network, the update rule, and the data: what has no
# correlation cannot be learnt. Each was tried:

# %%
figures = lesson.STEPS[6].figures()
display(figures["depth_and_width"], figures["optimizers"], figures["noise"])

# %% [markdown]
# A genetic algorithm iterates too, but its mutations are blind.

# %%
display(figures["genetic_algorithm"])

# %% [markdown]
# ## The overall picture

# %%
display(figures["overall_picture"])

# %% [markdown]
# ## Exercises
#
# **1.** Let the twelve lines start at 5, then at 1.99. Before you run them: what is the first
# derivative, and what is the second weight?
#
# <details><summary>Answer</summary>
#
# The derivative is $60\,(W - 2)$: 180 at 5, and −0.6 at 1.99. So the second weights are
# $5 - 0.01 \cdot 180 = 3.2$ and $1.99 + 0.006 = 1.996$.
#
# ```python
# for start in (5.0, 1.99):
#     W = Value(start)
#     loss_of(W).backward()
#     print(W.grad, W.data - 0.01 * W.grad)
# ```
#
# </details>

# %%
# Your lines for exercise 1

# %% [markdown]
# **2.** Which is the largest learning rate with which the loss still falls? Try with `descend`,
# then find out why.
#
# <details><summary>Answer</summary>
#
# An update takes $W - 2$ to $(W - 2) - r \cdot 60\,(W - 2) = (1 - 60 r)(W - 2)$. The distance
# shrinks as long as $|1 - 60 r| < 1$: for rates below $2/60 = 0.0333$.
#
# ```python
# for rate in (0.0332, 0.0334):
#     losses = descend(3.0, rate)
#     print(rate, losses[-1] < losses[0])
# ```
#
# </details>

# %%
# Your lines for exercise 2

# %% [markdown]
# **3.** Let a model with two weights, $y = W x + b$, learn that output = 2 × input + 1. What has to
# change in the twelve lines?
#
# <details><summary>Answer</summary>
#
# The data, one more leaf, the forward line, and that both gradients are cleared and both leaves
# updated. More updates are needed, because the two weights pull at each other.
#
# ```python
# wanted = [2 * x + 1 for x in inputs]
# W, b = Value(3.0), Value(0.0)
# for _ in range(200):
#     actual = [W * x + b for x in inputs]
#     loss = sum((y - d) ** 2 for y, d in zip(actual, wanted, strict=True))
#     W.grad = b.grad = 0.0
#     loss.backward()
#     W.data -= 0.01 * W.grad
#     b.data -= 0.01 * b.grad
# print(W.data, b.data, loss.data)
# ```
#
# </details>

# %%
# Your lines for exercise 3
