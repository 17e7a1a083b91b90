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
# # Seeing: step through your own graph
#
# A cell that ends with a graph shows a small page: point at it, click, press play. This notebook
# starts with one question (*why do the gradients of a value that is used twice add up?*) and goes
# on to networks, to graphs too large to look at, to plots, and to a training that is watched live.
#
# After this notebook you can
#
# - step through a graph of your own, and find every path that a gradient takes;
# - look into a network of a thousand values, and see what a step of training changed;
# - choose the plot that answers a question about a model, and draw what ran before an error.
#
# Where scripts do not run (an untrusted notebook, a preview on the web) the same outputs are
# pictures. How to give them away, and to practise with them, is the
# [next notebook](07_classroom.ipynb).

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from sklearn.datasets import make_moons

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.view import plots

# %% [markdown]
# ## One value, used four times
#
# `a` stands four times in this formula. `keep_lines` notes which line of code made each box.

# %%
a, b = Value(2.0, label="a"), Value(-3.0, label="b")

with ag.keep_lines():
    e = a * b
    L = e * a + a * a

e.label, L.label = "e", "L"
L.backward()
ag.draw(L)

# %% [markdown]
# - **Point** at a box: its exact number and gradient, its formula with the numbers put in, and the
#   line of code that made it.
# - **Click** on `a`: every path from `a` to `L` lights up. Beside the graph stand the paths with
#   their products, and the sum of these.
# - **Press play**, or take the slider or the arrow keys: first the forward pass, box by box, then
#   the backward pass, arrow by arrow. Each moment is told in words and numbers.
# - **Drag the number** of `a` or `b`: all else is computed again, on the page.
# - Wide arrows carry much gradient; a sign has a colour and a glyph of its own. Dragging moves the
#   graph, Ctrl and the wheel zoom, *Fit* shows all of it.
#
# As text, a click on `a` is `explain`.

# %%
print(ag.explain(L, a))

# %% [markdown]
# ## Why do they add?
#
# Let each use have an `a` of its own. Each of the four gets its gradient, along a path of its own.
# If all four move together, and that is what it means that they are the same `a`, the effects add
# up: -6 - 6 + 2 + 2 = -8.

# %%
uses = [Value(2.0, label=f"a{i}") for i in (1, 2, 3, 4)]
apart = (uses[0] * b) * uses[1] + uses[2] * uses[3]
apart.backward()
print([use.grad for use in uses])
apart

# %% [markdown]
# The smallest case is `x + x`. Play it to the end: the last line says how the second use of `x` is
# added to the first.

# %%
x = Value(5.0, label="x")
twice = x + x
twice.backward()
twice

# %% [markdown]
# In `x * x` both arrows carry 5: the slope of x² is 5 + 5 = 2x.

# %%
x.grad = 0.0
square = x * x
square.backward()
square

# %% [markdown]
# ## What if?
#
# What dragging does on the page, `refresh` does in Python. With `a` at 3, the same four paths have
# other products.

# %%
a.data = 3.0
L.zero_grad()
L.refresh()
L.backward()
print(ag.explain(L, a))

# %% [markdown]
# ## A network
#
# A network is drawn as one: layers as columns of neurons, weights as lines, the wider the larger,
# blue for plus and orange for minus. Point at a line or a neuron for its numbers; a click on a
# neuron opens its own graph.

# %%
network = nn.MLP(2, [2, 1], activation="tanh", seed=1)


def squared_error():
    error = network([0.5, -1.0]) - 1.0
    loss = error * error
    loss.label = "loss"
    loss.backward()
    return loss


loss = squared_error()
ag.draw(loss)

# %% [markdown]
# The same as a graph of all its values. Networks put these into *scopes*: network, layer, neuron.
# They are the frames of the picture. Type `tanh`, `layer 0` or `w` into the search field: what fits
# is marked, and Enter goes from one to the next.

# %%
before = ag.draw(loss, layout="graph")
before

# %% [markdown]
# ## What did a step of training do?
#
# A picture holds the numbers of its moment. So the one above can be compared with one from after a
# step: blue boxes with ▲ went up, orange ones with ▼ went down, the more the stronger.

# %%
optimizer = nn.optim.SGD(network.parameters(), learning_rate=0.1)
optimizer.step()
optimizer.zero_grad()
after = squared_error()
ag.draw_diff(before, after)

# %% [markdown]
# ## Large graphs fold
#
# The loss of a small network over 100 samples is more than a thousand values. What all samples
# compute alike becomes one box, ×100, and the caption says what was folded: nothing is left out in
# silence.

# %%
points, classes = make_moons(n_samples=100, noise=0.15, random_state=1)
mlp = nn.MLP(2, [3, 1], activation="tanh", init="glorot", seed=1)


def cross_entropy():
    loss = nn.losses.binary_cross_entropy([mlp(row) for row in points], classes)
    loss.label = "loss"
    loss.backward()
    return loss


loss = cross_entropy()
ag.draw(loss, layout="graph")

# %% [markdown]
# A folded box says how many values it holds, their range with a small histogram, the norm of their
# gradients, and how many parameters there are inside.
#
# With less room, each scope is a box. Click the arrows in the corner of one, or double-click it, to
# go inside: from the neuron to its parts, and on to single values. The *breadcrumbs* above the
# picture say where you are, and lead back.

# %%
by_scope = ag.draw(loss, max_nodes=10)
levels, _ = by_scope.folding.levels()
deepest = max((by_scope.folding.breadcrumbs(level.name) for level in levels), key=len)
print(" › ".join(level.title for level in deepest))
by_scope

# %% [markdown]
# `depth` says how many levels of scopes there are to be, and `expand` which of them are open all
# the same.

# %%
ag.draw(loss, depth=2, expand="layer 1")

# %% [markdown]
# `wrt` keeps what lies between one parameter and the loss: the ways its gradient takes.

# %%
weight = mlp.layers[0].neurons[0].parameters()[0]
ag.draw(loss, wrt=weight)

# %% [markdown]
# `max_nodes` says how many boxes a picture may have; `None` draws every value.

# %%
for most in (5, 10, 30):
    first = repr(ag.draw(loss, max_nodes=most)).splitlines()[0]
    print(f"max_nodes={most}: {first}")

# %% [markdown]
# A step of this network is compared in the same way. A folded box names what changed most
# in it, and opens, too.

# %%
before = ag.draw(loss)
optimizer = nn.optim.SGD(mlp.parameters(), learning_rate=0.5)
optimizer.step()
optimizer.zero_grad()
after = cross_entropy()
ag.draw_diff(before, after, max_nodes=10)

# %% [markdown]
# ## Plots
#
# `autograd_lite.view.plots` (extra `plot`) draws with matplotlib. Every function takes the Axes to
# draw on, `ax=`, and returns them.
#
# First gradient descent itself: the slope at one point, and the step that it leads to.

# %%
plots.plot_step(lambda W: (W - 2.0) ** 2 * 30.0, start=3.0, learning_rate=0.01)
plt.show()

# %% [markdown]
# What is shown is computed apart from the drawing, and can be looked at, too.

# %%
curve = plots.LossCurve.of(lambda W: (W - 2.0) ** 2 * 30.0, start=3.0, learning_rate=0.01)
print("weight, loss and slope:", curve.tangent, " weight after the step:", round(curve.step, 6))

# %% [markdown]
# ### The way of training over a surface
#
# A `Recorder` keeps the parameters after each epoch. With two parameters, training is a walk on a
# map. Any function of two numbers has such a map, too.

# %%
xs = np.linspace(-1.0, 1.0, 30)
ys = 1.5 * xs - 0.5
line = nn.Neuron(1, "linear", seed=3)
way = nn.Recorder(line, xs, ys)
line.learn(
    xs, ys, optimizer="sgd", learning_rate=0.3, epochs=40, callback=way, seed=1, progress=False
)


def rosenbrock(x, y):
    return (1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2


fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
plots.plot_surface(way, ax=left)
plots.plot_surface(rosenbrock, ax=right, x=(-2, 2), y=(-1, 3))
left.set_title("a line learns")
right.set_title("Rosenbrock's valley")
plt.show()

# %% [markdown]
# What the line looked like meanwhile, and the errors that are left:

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
plots.plot_fit(way, xs, ys, left, epochs=[0, 2, 5, 40])
plots.plot_residuals(line, xs, ys, right)
plt.show()

# %% [markdown]
# ### A network that learns two moons

# %%
model = nn.MLP(2, [4, 4, 1], activation="tanh", init="glorot", seed=2)
recorder = nn.Recorder(model, points, classes, loss="binary_cross_entropy")
history = model.learn(
    points,
    classes,
    loss="binary_cross_entropy",
    learning_rate=0.03,
    epochs=60,
    validation=0.2,
    seed=1,
    callback=recorder,
    progress=False,
)

fig, axes = plt.subplots(1, 3, figsize=(11, 3.3), layout="constrained")
plots.plot_history(history, axes[0])
plots.plot_history(history, axes[1], metric="accuracy")
plots.plot_boundary(model, points, classes, axes[2])
plt.show()

# %% [markdown]
# How it came to decide like that, epoch by epoch:

# %%
fig, ax = plt.subplots(figsize=(11, 3.4), layout="constrained")
plots.plot_boundaries(recorder, ax=ax, epochs=[0, 5, 20, 60])
plt.show()

# %% [markdown]
# What the weights and the gradients of each layer did meanwhile. Each column is a histogram seen
# from above. On a logarithmic scale gradients that vanish from layer to layer would sink.

# %%
fig, (top, bottom) = plt.subplots(2, 1, figsize=(8, 4.8), layout="constrained")
plots.plot_histograms(recorder, "weights", top)
plots.plot_histograms(recorder, "gradients", bottom, log=True)
plt.show()

# %% [markdown]
# What each hidden neuron responds to: those of the first layer cut the plane along a line, those of
# the second can bend it.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
plots.plot_neurons(model, points, left)
plots.plot_neurons(model, points, right, layer=1)
plt.show()

# %% [markdown]
# ### Which is best?
#
# Learning rates, optimisers and schemes of first weights in comparison. Each run gets a copy of the
# same network, and the one given stays as it is; schemes are run with several seeds, of which the
# median and the range are shown.

# %%
small = nn.MLP(1, [6, 1], activation="tanh", init="glorot", seed=1)
waves = np.sin(3.0 * xs)

fig, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
rates = [0.001, 0.01, 0.1, 1.0]
plots.plot_learning_rates(small, xs, waves, rates, axes[0], optimizer="sgd", epochs=60, seed=1)
plots.plot_optimizers(
    small,
    xs,
    waves,
    {
        "SGD": lambda p: nn.optim.SGD(p, 0.1),
        "SGD, momentum": lambda p: nn.optim.SGD(p, 0.1, momentum=0.9),
        "Adam": lambda p: nn.optim.Adam(p, 0.01),
    },
    axes[1],
    epochs=60,
    seed=1,
)
plots.plot_initializations(
    lambda init, seed: nn.MLP(2, [6, 6, 1], activation="tanh", init=init, seed=seed),
    points,
    classes,
    ["uniform", "he_normal", "glorot_uniform"],
    axes[2],
    loss="binary_cross_entropy",
    epochs=20,
)
plt.show()

# %% [markdown]
# ## Training, live
#
# `show="live"` draws the training while it goes on, in one output: the loss, the speed, the time
# left, and what the network makes of each point of the plane, or of the line, if there is one input
# only. Interrupt it whenever you like. The last picture stays.

# %%
watched = nn.MLP(2, [5, 4, 1], activation="tanh", init="glorot", seed=2)
history = watched.learn(
    points, classes, "binary_cross_entropy", epochs=400, validation=0.2, seed=1, show="live"
)

# %%
fitting = nn.MLP(1, [5, 4, 1], activation="tanh", init="glorot", seed=2)
curve_history = fitting.learn(xs, waves, epochs=300, seed=1, show="live")

# %% [markdown]
# ## What ran before the error
#
# `detect_anomaly` raises at the first op that gives no finite number, and the error draws the graph
# up to there. Read it from the right: which number should not have been what it was?

# %%
width = Value(0.5, label="width")
try:
    with ag.detect_anomaly():
        score = ag.tanh(ag.log(width * 2.0 - 1.0) * 3.0)
except ag.AnomalyError as error:
    print(error)
    display(error.draw())

# %% [markdown]
# ## Exercises
#
# **1.** In $(a + b)\,a$ with $a = 2$ and $b = 3$: how many paths lead from `a` to the result, and
# what are their products? Write them down first; then draw it, and click on `a`.
#
# <details><summary>Answer</summary>
#
# Two: one through the sum, $1 \cdot a = 2$, and one directly, $a + b = 5$. The gradient is 7.
#
# ```python
# a, b = Value(2.0, label="a"), Value(3.0, label="b")
# f = (a + b) * a
# f.backward()
# two = ag.explain(f, a)
# print(two)
# ```
#
# </details>

# %%
# Your lines for exercise 1

# %% [markdown]
# **2.** Which hidden neuron of the network of two moons, in its first layer, has the weights with
# the largest norm? Guess it from the picture of the neurons: it has the sharpest edge. Then compute
# it.
#
# <details><summary>Answer</summary>
#
# ```python
# norms = [float(np.hypot(*[w.data for w in neuron.w])) for neuron in model.layers[0].neurons]
# print([round(norm, 2) for norm in norms], "so neuron", int(np.argmax(norms)))
# ```
#
# </details>

# %%
# Your lines for exercise 2

# %% [markdown]
# **3.** Let a straight line, `nn.Neuron(1, "linear")`, learn the wave `waves` over `xs`. What do
# its residuals look like, and what do those of a network look like?
#
# <details><summary>Answer</summary>
#
# Those of the line lie on a curve: what it cannot bend to is left over. Those of the network are
# small, and lie on both sides of 0.
#
# ```python
# straight = nn.Neuron(1, "linear", seed=1)
# straight.learn(xs, waves, epochs=300, learning_rate=0.05, seed=1, progress=False)
# fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
# plots.plot_residuals(straight, xs, waves, left)
# plots.plot_residuals(fitting, xs, waves, right)
# plt.show()
# ```
#
# </details>

# %%
# Your lines for exercise 3
