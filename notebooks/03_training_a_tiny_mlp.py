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
from autograd_lite.view.plots import plot_boundary, plot_history

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
assert after.data < before.data

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
assert accuracy >= 0.95
assert history.loss[-1] < history.loss[0] / 4

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
assert np.allclose(train_z.mean(axis=0), 0.0)
assert np.allclose(train_z.std(axis=0), 1.0)

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
assert accuracy >= 0.93
assert accuracy > majority + 0.3

# %% [markdown]
# A file keeps the network and whatever text is put beside it, here the numbers of the
# standardisation. `nn.load` needs nothing else.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "wine.safetensors"
    model.save(path, extra={"mean": str(mean.tolist()), "deviation": str(deviation.tolist())})
    loaded = nn.load(path)
assert np.array_equal(loaded.predict(test_z), model.predict(test_z))

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
assert pair_accuracy >= 0.8

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
# **Try it.** Change the number of neurons, the activation (`"relu"`, `"silu"`, …), the learning
# rate or the seed, and run the notebook again. Which changes make the held-out score worse,
# although the training loss gets better?
