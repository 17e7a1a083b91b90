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
# # Training a tiny MLP
#
# A multi-layer perceptron is neurons in layers; a neuron is a weighted sum and an activation. All
# its numbers are `Value`s, so one call of `backward()` on the loss gives the slope of the loss in
# every weight, and learning is a small step down that slope, again and again.
#
# After this notebook you can
#
# - build a network, take one training step by hand, and let `learn` take the rest;
# - prepare real data, train on a part of it, and report an honest score;
# - see whether it has learnt: the loss, the boundary, and whether its probabilities come true.
#
# First two crescents of points, because the boundary between them can be seen. Then real data:
# wines from three growers, told apart by their chemistry.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine, make_moons
from sklearn.model_selection import train_test_split

from autograd_lite import draw, nn
from autograd_lite.view.plots import plot_boundary, plot_calibration, plot_fit, plot_history

# %% [markdown]
# ## Two moons

# %%
inputs, classes = make_moons(n_samples=200, noise=0.15, random_state=1)
train_x, test_x, train_y, test_y = train_test_split(
    inputs, classes, test_size=0.5, random_state=1, stratify=classes
)
train_x.shape, test_x.shape

# %% [markdown]
# A network with two inputs, two hidden layers of eight neurons, and one output. `glorot` is the
# scheme of first weights that suits `tanh`; `seed` makes this run repeatable.

# %%
model = nn.MLP(2, [8, 8, 1], activation="tanh", init="glorot", seed=1)
len(model.parameters())

# %% [markdown]
# A neuron's graph is one `dot` node (the weighted sum) and one activation node:

# %%
draw(model.layers[0].neurons[0](train_x[0]))

# %% [markdown]
# ### One step by hand
#
# The output is a *logit*: above 0 means class 1. Binary cross-entropy says how surprised the
# network is by the right answers.

# %%
optimizer = nn.optim.SGD(model.parameters(), learning_rate=0.1)


def measure():
    return nn.losses.binary_cross_entropy([model(row) for row in train_x], train_y)


before = measure()  # forward: the graph of the loss over all samples
optimizer.zero_grad()
before.backward()  # backward: the slope of the loss in every parameter
optimizer.step()  # update: each parameter a little downhill
after = measure()

print(f"loss {before.data:.4f} -> {after.data:.4f}")

# %% [markdown]
# ### Many steps
#
# `learn` repeats that over small batches, here with the optimiser Adam. Interrupt it with the stop
# button whenever you like: what it has learnt is kept, and calling it again continues. Without
# `progress=False` a bar shows the loss meanwhile.

# %%
history = model.learn(
    train_x,
    train_y,
    loss="binary_cross_entropy",
    learning_rate=0.03,
    epochs=30,
    batch_size=20,
    validation=(test_x, test_y),
    seed=1,
    progress=False,
)
history

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
plot_history(history, left)
plot_boundary(model, test_x, test_y, right, steps=35)
left.set_title("learning")
right.set_title("what was learnt, and points never seen")
plt.show()

# %% [markdown]
# The score that counts is the one on points the network has not learnt from:

# %%
accuracy = np.mean((model.predict(test_x) > 0) == test_y)
print(f"held-out accuracy: {accuracy:.1%}")

# %% [markdown]
# The network gives probabilities, too. Do they come true? Of the points for which it says 0.9, nine
# of ten should be of class 1: in the grey range, with so few points.

# %%
fig, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
plot_calibration(model, test_x, test_y, ax, bins=5)
plt.show()

# %% [markdown]
# ## A curve
#
# A network whose last neuron has no activation learns numbers instead of classes. Here a noisy
# wave. A `Recorder` keeps the parameters after each epoch, so that one sees the curve come about;
# the short lines are the errors that are left.

# %%
rng = np.random.default_rng(1)
xs = rng.uniform(-3.0, 3.0, 40)
wave = np.sin(xs) + 0.15 * rng.normal(size=40)

curve = nn.MLP(1, [8, 8, 1], activation="tanh", init="glorot", seed=2)
recorder = nn.Recorder(curve, xs, wave)
curve_history = curve.learn(
    xs, wave, epochs=200, learning_rate=0.02, seed=0, callback=recorder, progress=False
)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
plot_fit(recorder, xs, wave, ax, epochs=[0, 5, 30, 200])
plt.show()

# %% [markdown]
# ## Real wines
#
# 178 wines from three growers, 13 measurements each (scikit-learn brings the data along). A third
# is held out.

# %%
wine = load_wine()
train_x, test_x, train_y, test_y = train_test_split(
    wine.data, wine.target, test_size=1 / 3, random_state=0, stratify=wine.target
)
dict(zip(wine.feature_names, train_x[0].tolist(), strict=True))

# %% [markdown]
# The measurements have very different sizes. Each is standardised, to mean 0 and standard deviation
# 1, with numbers taken from the training samples alone: nothing of the held-out wines may leak into
# the training.

# %%
mean, deviation = train_x.mean(axis=0), train_x.std(axis=0)
train_z, test_z = (train_x - mean) / deviation, (test_x - mean) / deviation
print("training samples: mean", train_z.mean().round(6), "deviation", train_z.std().round(6))

# %% [markdown]
# Three classes need three outputs, one logit each, and `cross_entropy`. The network decides for the
# class with the largest logit.

# %%
model = nn.MLP(13, [8, 3], activation="tanh", init="glorot", seed=1)
history = model.learn(
    train_z,
    train_y,
    loss="cross_entropy",
    epochs=20,
    batch_size=16,
    validation=(test_z, test_y),
    learning_rate=0.02,
    seed=1,
    progress=False,
)
accuracy = np.mean(model.predict(test_z).argmax(axis=1) == test_y)
majority = np.mean(test_y == np.bincount(train_y).argmax())
print(f"held-out accuracy: {accuracy:.1%} (always naming the commonest grower: {majority:.1%})")

# %% [markdown]
# A file keeps the network and whatever text is put beside it, here the numbers of the
# standardisation. `nn.load` needs nothing else.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "wine.safetensors"
    model.save(path, extra={"mean": str(mean.tolist()), "deviation": str(deviation.tolist())})
    loaded = nn.load(path)

loaded.predict(test_z[:2]).round(2)

# %% [markdown]
# ### The boundary on two measurements
#
# Thirteen dimensions cannot be drawn, so a second network sees only two of the measurements. It is
# less sure, and one can see why: the clouds touch.

# %%
columns = [wine.feature_names.index(name) for name in ("flavanoids", "color_intensity")]
pair = nn.MLP(2, [6, 3], activation="tanh", init="glorot", seed=1)
pair_history = pair.learn(
    train_z[:, columns],
    train_y,
    loss="cross_entropy",
    epochs=25,
    batch_size=16,
    learning_rate=0.03,
    seed=1,
    progress=False,
)
pair_accuracy = np.mean(pair.predict(test_z[:, columns]).argmax(axis=1) == test_y)
print(f"held-out accuracy with two measurements: {pair_accuracy:.1%}")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
plot_history(history, left)
plot_boundary(
    pair,
    test_z[:, columns],
    test_y,
    right,
    steps=60,
    feature_names=["flavanoids (standardised)", "colour intensity (standardised)"],
)
left.set_title("learning from all 13 measurements")
right.set_title("the network of two, and wines never seen")
plt.show()

# %% [markdown]
# ## Exercises
#
# **1.** How few hidden neurons separate the two moons with 95% of the held-out points right? Try
# one layer of 1, 2, 3, … neurons.
#
# <details><summary>Answer</summary>
#
# One neuron cuts the plane along a line, which is right for about 80% of the points. A few are
# enough to bend the boundary; how few depends on the first weights, so try several seeds.
#
# ```python
# data = make_moons(n_samples=200, noise=0.15, random_state=1)
# moons_x, seen_x, moons_y, seen_y = train_test_split(
#     *data, test_size=0.5, random_state=1, stratify=data[1]
# )
# scores = {}
# for neurons in (1, 2, 4, 8):
#     small = nn.MLP(2, [neurons, 1], activation="tanh", init="glorot", seed=1)
#     small.learn(
#         moons_x, moons_y, loss="binary_cross_entropy", learning_rate=0.05, epochs=100, seed=1,
#         progress=False,
#     )
#     scores[neurons] = float(np.mean((small.predict(seen_x) > 0) == seen_y))
# print(scores)
# ```
#
# </details>

# %%
# Your lines for exercise 1

# %% [markdown]
# **2.** Give the wines to a network as they are, without standardising them. What happens to the
# score, and why?
#
# <details><summary>Answer</summary>
#
# Proline is around 700, other measurements around 1: the weighted sums are huge, every `tanh` is
# stuck at −1 or 1, where its derivative is 0, and hardly anything is learnt.
#
# ```python
# raw = nn.MLP(13, [8, 3], activation="tanh", init="glorot", seed=1)
# raw.learn(
#     train_x, train_y, loss="cross_entropy", epochs=20, batch_size=16, learning_rate=0.02, seed=1,
#     progress=False,
# )
# raw_accuracy = np.mean(raw.predict(test_x).argmax(axis=1) == test_y)
# print(f"{raw_accuracy:.1%} in place of {accuracy:.1%}")
# ```
#
# </details>

# %%
# Your lines for exercise 2

# %% [markdown]
# **3.** Find a network that does better on its training samples than on held-out ones by far: few
# samples, many neurons, many epochs. Look at both losses.
#
# <details><summary>Answer</summary>
#
# With 20 noisy points and 64 neurons the training loss goes on falling while the validation loss
# rises again: the network learns the noise.
#
# ```python
# few_x, few_y = make_moons(n_samples=120, noise=0.4, random_state=2)
# big = nn.MLP(2, [32, 32, 1], activation="tanh", init="glorot", seed=1)
# overfitted = big.learn(
#     few_x[:20], few_y[:20], loss="binary_cross_entropy", learning_rate=0.02, epochs=300, seed=1,
#     validation=(few_x[20:], few_y[20:]), progress=False,
# )
# print(overfitted.loss[-1], min(overfitted.validation_loss), overfitted.validation_loss[-1])
# plot_history(overfitted, log=True)
# plt.show()
# ```
#
# </details>

# %%
# Your lines for exercise 3
