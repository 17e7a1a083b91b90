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
# # Building expressions and looking at their gradients
#
# A `Value` is a number that remembers how it was computed. Write ordinary arithmetic with Values,
# look at the graph, run it backwards, and look again. Each cell below ends with what it shows, and
# asserts what you should see.

# %%
import numpy as np

import autograd_lite as ag
from autograd_lite import Value

# %% [markdown]
# ## A first graph
#
# One neuron with two inputs. Labels name the values in every picture.

# %%
x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
b = Value(6.8813735870195432, label="b")

n = x1 * w1 + x2 * w2 + b
n.label = "n"
o = ag.tanh(n)
o.label = "o"
o

# %% [markdown]
# A cell that ends with a Value shows its graph: yellow boxes are leaves, the purple one is the
# output. The number at an arrow is the *partial derivative*: how much the box at the tip changes
# per change of the box at the tail. Every `grad` is still 0: nothing has been differentiated.

# %%
assert round(o.data, 4) == 0.7071
assert o.grad == 0.0
assert "image" in o._repr_mimebundle_()["text/html"]

# %% [markdown]
# ## Backwards
#
# `backward()` multiplies partial derivatives along every path to the output and adds the paths up.
# Blue gradients are positive, orange ones negative, grey ones zero.

# %%
o.backward()
assert [round(v.grad, 4) for v in (x1, w1, x2, w2)] == [-1.5, 1.0, 0.5, 0.0]
ag.draw(o)

# %% [markdown]
# ## Using a value twice
#
# `x * x` has two arrows, because `x` is used twice. Both uses count: the derivative is 3 + 3 = 6.

# %%
x = Value(3.0, label="x")
y = x * x
y.backward()
assert x.grad == 6.0
assert all(parent is x for parent in y.parents)
y

# %% [markdown]
# A shared value in the middle of a graph collects from all its uses as well.

# %%
a = Value(2.0, label="a")
s = a * 3.0
s.label = "s"
z = s * s + s
z.backward()
assert s.grad == 2 * s.data + 1 == 13.0
assert a.grad == 39.0
z

# %% [markdown]
# ## Plain numbers
#
# The 3 above became a *constant*: drawn dashed, without a gradient. Hide constants when they only
# take up room.

# %%
assert s.parents[1].constant
assert s.local_grads == (3.0, 0.0)
ag.draw(z, constants=False)

# %% [markdown]
# ## `backward()` adds, `zero_grad()` clears
#
# Two passes give twice the gradient. That is what adding up the losses of several samples needs;
# between steps of a training loop, clear.

# %%
z.backward()
assert a.grad == 2 * 39.0
z.zero_grad()
assert a.grad == 0.0

# %% [markdown]
# ## Changing a leaf
#
# `data` of a leaf can be set. The graph keeps the numbers of its recording until `refresh()`
# recomputes them; gradients stay as they are until you clear them.

# %%
a.data = -1.0
assert z.data == 42.0
z.refresh()
assert z.data == (-3.0) ** 2 + -3.0 == 6.0
z.backward()
assert a.grad == 3.0 * (2 * -3.0 + 1)
z

# %% [markdown]
# A computed value cannot be set, and says what to do instead.

# %%
try:
    z.data = 1.0
except AttributeError as error:
    message = str(error)
assert "set the data of its leaves" in message
print(message)

# %% [markdown]
# ## Many arguments
#
# `dot` is one box, however long it is. `expand=True` shows the multiplications and additions
# that it stands for, each with its gradient.

# %%
weights = [Value(w, label=f"w{i}") for i, w in enumerate([0.5, -1.0, 2.0])]
inputs = [Value(x, label=f"x{i}") for i, x in enumerate([1.0, 3.0, -0.5])]
d = ag.dot(weights, inputs, bias=4.0)
d.label = "d"
d.backward()
assert d.data == 0.5
assert [w.grad for w in weights] == [x.data for x in inputs]
d

# %%
expanded = ag.draw(d, expand=True)
assert repr(d.parents[0]) == "Value(data=0.5, grad=1.0, label='w0')"
assert repr(expanded).startswith("13 values")
expanded

# %% [markdown]
# ## NumPy arrays of Values
#
# Arrays of Values add, multiply and take functions element by element.

# %%
v = np.array([Value(float(k), label=f"v{k}") for k in range(3)])
length = np.sqrt((v**2).sum() + 4.0)
length.backward()
assert length.data == 3.0
assert np.allclose([value.grad for value in v], [0.0, 1 / 3, 2 / 3])
ag.draw(length, rankdir="TB")

# %% [markdown]
# ## Derivatives of derivatives
#
# `ag.gradient` leaves every `grad` alone. With `create_graph=True` its results are Values with
# graphs of their own: here 3x² and 6x, for x³ at 2.

# %%
x = Value(2.0, label="x")
[first] = ag.gradient(x * x * x, [x], create_graph=True)
first.label = "first"
[second] = ag.gradient(first, [x], create_graph=True)
assert (first.data, second.data, x.grad) == (12.0, 12.0, 0.0)
first

# %% [markdown]
# ## Scopes
#
# `ag.scope` names a part of a graph, and pictures frame it. Leaves made inside a scope are its
# parameters (green). Networks name theirs.

# %%
with ag.scope("line"):
    slope, intercept = Value(1.5, label="slope"), Value(0.5, label="intercept")


def line(x):
    with ag.scope("line"):
        return slope * x + intercept


def loss(points):
    total = 0.0
    for x, y in points:
        prediction = line(Value(x, label="x"))
        with ag.scope("error"):
            total = total + (prediction - y) ** 2
    return total


one = loss([(2.0, 4.0)])
one.backward()
assert slope.grad == 2 * (1.5 * 2.0 + 0.5 - 4.0) * 2.0 == -2.0
one

# %% [markdown]
# A graph that is too large to look at is folded, and says so: what a hundred points compute alike
# is one box, ×100. With less room (or `depth=1`) each scope is a box.

# %%
slope.grad = intercept.grad = 0.0
many = loss([(k / 100, 2 * k / 100) for k in range(100)])
many.label = "loss"
many.backward()
folded = ag.draw(many)
print(repr(folded).splitlines()[0])
assert repr(folded).startswith("803 values, showing 12 groups (what is alike in one box)")
assert repr(ag.draw(many, depth=1)).startswith("803 values, showing 4 groups (by scope)")
folded

# %% [markdown]
# ## Files
#
# A view saves itself as `.svg`, `.png` or `.dot`, and as `.pdf` where there is a `dot` program;
# `ag.draw_dot` gives a `graphviz.Digraph` for everything else. As text, a graph is a table.

# %%
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    saved = ag.draw(o).save(Path(folder, "neuron.svg"))
    assert saved.read_text().startswith("<?xml")

source = ag.draw_dot(o).source
assert source == ag.draw_dot(o).source
print(ag.draw(o))
