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
# # Programs: record once, run over again
#
# A graph remembers how one number was computed. If the same computation is wanted for other
# numbers, Python need not build the graph again: the graph can be turned into a *program*, a list
# of instructions.
#
# After this notebook you can
#
# - turn a graph or a function into a program, and read its instructions;
# - say what happens when a function decides by its numbers, and what a program refuses;
# - run a derivative over thousands of rows, and know what a training step costs.

# %%
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

import autograd_lite as ag
from autograd_lite import Value, nn

# %% [markdown]
# ## Freezing a graph
#
# `freeze` takes outputs and inputs of a graph that exists. Leaves that are not among the inputs
# become constants.

# %%
x, y = Value(3.0, label="x"), Value(4.0, label="y")
distance = ag.sqrt(x * x + y * y)

program = ag.freeze(distance, [x, y])
print(program)

# %%
program(6.0, 8.0), program.map([3.0, 5.0, 8.0], [4.0, 12.0, 15.0])

# %% [markdown]
# The instructions are few in kind. What `ag.sigmoid` computes, for example, is written down step by
# step, so that large exponentials cannot overflow; equal steps are done once.

# %%
print(ag.freeze(ag.sigmoid(x) * (1.0 - ag.sigmoid(x)), [x]))

# %% [markdown]
# ## Compiling a function
#
# `compile` calls a function once, on Values, to see what it computes. A derivative is a function
# like any other, so it compiles, too.

# %%
slope = ag.compile(ag.grad(lambda x: x * x * ag.sin(x)))
print(slope(0.5))
print(slope.programs[0])


# %% [markdown]
# Every call gives exactly the bits of the function itself, without building a graph.


# %%
def rosenbrock(x):
    return ag.sum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])


def seconds(f, *args, repeat=5):
    """The quietest of some calls."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        f(*args)
        times.append(time.perf_counter() - start)
    return min(times)


eager = ag.grad(rosenbrock)
compiled = ag.compile(eager)
point = np.linspace(-1.0, 1.0, 200)
print("the same bits:", np.array_equal(compiled(point), eager(point)))
print(
    f"eager {1e3 * seconds(eager, point):.2f} ms, compiled {1e3 * seconds(compiled, point):.2f} ms"
)

# %% [markdown]
# ## Decisions
#
# What if the function decides by a number? The program that was recorded took one branch, and notes
# the comparison as a *guard*. A call in which it comes out otherwise is traced again, and both
# programs are kept.


# %%
def root(a):
    """Heron's square root: as many steps as are needed."""
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


compiled_root = ag.compile(root)
for a in (2.0, 3.0, 2.5, 1e6):
    print(a, compiled_root(a), len(compiled_root.paths), "paths so far")

# %%
print(compiled_root.paths[0])

# %% [markdown]
# Over many rows, those that take the same path run together.

# %%
numbers = np.linspace(1.0, 100.0, 1000)
roots = compiled_root.map(numbers)
print(f"{len(compiled_root.paths)} paths, largest error {abs(roots**2 - numbers).max():.1e}")

# %% [markdown]
# A derivative passes through all that: here $1 / (2 \sqrt a)$.

# %%
ag.compile(ag.grad(root))(4.0)

# %% [markdown]
# What would bake a number of the first call into the program is refused:

# %%
try:
    ag.compile(lambda x: x * x.data)(3.0)
except ag.ProgramError as error:
    print(error)

# %% [markdown]
# What a function reads from outside of its arguments is constant from the first call on. If in
# doubt, let every call be compared with the function itself:

# %%
factor = 2.0
doubled = ag.compile(lambda x: factor * x, check=True)
doubled(1.0)
factor = 3.0
try:
    doubled(1.0)
except ag.ProgramError as error:
    print(error)

# %% [markdown]
# ## Training
#
# The loss of one sample, and its gradient by all parameters of a network, is a function of
# the network, the inputs and the target. `map` runs it for all samples: the network is shared by
# the rows, and `reduce="mean"` adds up inside, so that no table of samples × parameters is made.

# %%
rng = np.random.default_rng(0)
angle, side = rng.uniform(0.0, np.pi, 100), np.arange(100) % 2
points = np.stack([np.cos(angle) + side, np.sin(angle) * (1 - 2 * side) + 0.5 * side], axis=1)
points += 0.1 * rng.standard_normal(points.shape)
labels = 2.0 * side - 1.0

model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)
step = ag.compile(ag.value_and_grad(lambda model, x, y: (model(x) - y) ** 2))

loss, slopes = step.map(model, points, labels, shared=0, reduce="mean")
print(f"loss {loss:.4f}, {len(slopes.parameters())} slopes, {len(step.programs[0])} instructions")

# %% [markdown]
# That is what `learn` does with a network: it records the step for one sample, and runs it over
# the rows of each batch. `compile=False` records a graph for every sample of every step instead,
# with the same history.

# %%
settings = {"optimizer": "sgd", "learning_rate": 0.05, "batch_size": None, "progress": False}
twin = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)

history = model.learn(points, labels, epochs=200, **settings)
graphs = twin.learn(points, labels, epochs=200, compile=False, **settings)
losses = history.loss
print(f"loss {losses[0]:.3f} → {losses[-1]:.3f}")

# %%
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(losses)
axes.set(xlabel="step", ylabel="mean squared error", yscale="log")
plt.show()

# %%
accuracy = np.mean(np.sign(model.predict(points)) == labels)
print(f"{accuracy:.0%} of the points are on the right side")

# %% [markdown]
# How long a step takes, beside PyTorch and JAX where they are installed, which compute on whole
# arrays:

# %%
times = {
    "autograd_lite, a graph for each step": min(epoch.seconds for epoch in graphs),
    "autograd_lite, a program": min(epoch.seconds for epoch in history),
}

# %%
weights = [
    (
        np.array([[w.data for w in n.w] for n in layer.neurons]),
        np.array([n.b.data for n in layer.neurons]),
    )
    for layer in model.layers
]

try:
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for pair in weights for array in pair]
    inputs, wanted = torch.tensor(points), torch.tensor(labels)

    def torch_step():
        """Forward and backward on tensors."""
        hidden = inputs
        for i in (0, 2, 4):
            hidden = hidden @ tensors[i].T + tensors[i + 1]
            hidden = torch.tanh(hidden) if i < 4 else hidden
        loss = ((hidden[:, 0] - wanted) ** 2).mean()
        for tensor in tensors:
            tensor.grad = None
        loss.backward()
        return loss.item()

    times["PyTorch"] = seconds(torch_step)
except ImportError:
    print("PyTorch is not installed")

# %%
try:
    import jax

    def jax_loss(weights):
        """The same loss on arrays."""
        hidden = points
        for i, (w, b) in enumerate(weights):
            hidden = hidden @ w.T + b
            hidden = jax.numpy.tanh(hidden) if i < 2 else hidden
        return ((hidden[:, 0] - labels) ** 2).mean()

    jitted = jax.jit(jax.value_and_grad(jax_loss))
    times["JAX, jit (float32)"] = seconds(lambda: jax.block_until_ready(jitted(weights)))
except ImportError:
    print("JAX is not installed")

for name, taken in times.items():
    print(f"{1e3 * taken:8.3f} ms  {name}")

# %% [markdown]
# ## Exercises
#
# **1.** How many instructions has the gradient of $x_1 x_2 x_3 \cdots x_{10}$? Write the product as
# a loop, freeze value and gradient, and look. Why are they so few?
#
# <details><summary>Answer</summary>
#
# A gradient has ten numbers, each a product of nine; but products that occur in several of them
# are computed once.
#
# ```python
# def product(xs):
#     total = xs[0]
#     for x in xs[1:]:
#         total = total * x
#     return total
#
# ten = ag.compile(ag.value_and_grad(product))
# print(ten(np.arange(1.0, 11.0)))
# print(len(ten.programs[0]), "instructions")
# ```
#
# </details>

# %%
# Your lines for exercise 1

# %% [markdown]
# **2.** Write the absolute value with an `if`, compile its derivative, and call it at 3, −2 and 5.
# How many paths are there, and what are the derivatives?
#
# <details><summary>Answer</summary>
#
# Two paths, one for each side of the comparison; the third call takes the first of them again.
#
# ```python
# def size(x):
#     return x if x > 0 else -x
#
# slope_of_size = ag.compile(ag.grad(size))
# print([slope_of_size(x) for x in (3.0, -2.0, 5.0)], len(slope_of_size.paths), "paths")
# ```
#
# </details>

# %%
# Your lines for exercise 2

# %% [markdown]
# **3.** From which number of rows on is a program over rows faster than a loop over
# `compiled_root`? Time both for 10, 100, 1000 and 10,000 numbers.
#
# <details><summary>Answer</summary>
#
# Between 100 and 1000: `map` needs a moment to sort the rows by their paths, and then runs each
# path over all of its rows at once.
#
# ```python
# for n in (10, 100, 1000, 10_000):
#     rows = np.linspace(1.0, 100.0, n)
#     one_by_one = seconds(lambda: [compiled_root(a) for a in rows.tolist()])
#     together = seconds(compiled_root.map, rows)
#     print(f"{n:6} rows: {1e6 * one_by_one:8.0f} µs one by one, {1e6 * together:8.0f} µs together")
# ```
#
# </details>

# %%
# Your lines for exercise 3
