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
# look at the graph, run it backwards, and look again.
#
# After this notebook you can
#
# - read the graph of an expression: its numbers, its partial derivatives, its gradients;
# - say why the gradients of a value that is used twice add up, and when to clear them;
# - build expressions from arrays and functions, name their parts, and keep their pictures.
#
# Every cell is there to be changed: other numbers, other formulas, then Shift+Enter.

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
# per change of the box at the tail. There is no gradient yet: nothing has been differentiated.
#
# ## Backwards
#
# `backward()` multiplies partial derivatives along every path to the output and adds the paths up.
# Blue gradients are positive, orange ones negative, grey ones zero.

# %%
o.backward()
print({v.label: round(v.grad, 4) for v in (x1, w1, x2, w2)})
ag.draw(o)

# %% [markdown]
# ## Using a value twice
#
# `x * x` has two arrows, because `x` is used twice. Both uses count: the derivative is 3 + 3 = 6.

# %%
x = Value(3.0, label="x")
y = x * x
y.backward()
y

# %% [markdown]
# A shared value in the middle of a graph collects from all its uses as well.

# %%
a = Value(2.0, label="a")
s = a * 3.0
s.label = "s"
z = s * s + s
z.backward()
z

# %% [markdown]
# ## Plain numbers
#
# The 3 above became a *constant*: drawn dashed, without a gradient. Hide constants when they only
# take up room.

# %%
ag.draw(z, constants=False)

# %% [markdown]
# ## `backward()` adds, `zero_grad()` clears
#
# Two passes give twice the gradient. That is what adding up the losses of several samples needs;
# between steps of a training loop, clear.

# %%
z.backward()
print("after a second pass:", a.grad)
z.zero_grad()
print("cleared:            ", a.grad)

# %% [markdown]
# ## Changing a leaf
#
# `data` of a leaf can be set. The graph keeps the numbers of its recording until `refresh()`
# recomputes them; gradients stay as they are until you clear them.

# %%
a.data = -1.0
print("recorded:", z.data)
z.refresh()
print("now:     ", z.data)
z.backward()
z

# %% [markdown]
# A computed value cannot be set, and says what to do instead.

# %%
try:
    z.data = 1.0
except AttributeError as error:
    print(error)

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
d

# %%
ag.draw(d, expand=True)

# %% [markdown]
# ## NumPy arrays of Values
#
# Arrays of Values add, multiply and take functions element by element.

# %%
v = np.array([Value(float(k), label=f"v{k}") for k in range(3)])
length = np.sqrt((v**2).sum() + 4.0)
length.backward()
print(length.data, [round(value.grad, 4) for value in v])
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
print("3x² =", first.data, "  6x =", second.data)
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
one

# %% [markdown]
# A graph that is too large to look at is folded, and says so: what a hundred points compute alike
# is one box, ×100. `depth=1` makes each scope a box.

# %%
slope.grad = intercept.grad = 0.0
many = loss([(k / 100, 2 * k / 100) for k in range(100)])
many.label = "loss"
many.backward()
ag.draw(many)

# %%
ag.draw(many, depth=1)

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
    print(saved.name, saved.stat().st_size, "bytes")

print(ag.draw(o))

# %% [markdown]
# ## Exercises
#
# **1.** Write $f = (a + b) \cdot (a - b)$ with $a = 3$ and $b = 1$. Before you run it backwards:
# what will the gradients of `a` and `b` be?
#
# <details><summary>Answer</summary>
#
# $f = a^2 - b^2$, so they are $2a = 6$ and $-2b = -2$. In the graph, `a` gets $(a - b) = 2$ along
# one path and $(a + b) = 4$ along the other; `b` gets 2 and −4.
#
# ```python
# a, b = Value(3.0, label="a"), Value(1.0, label="b")
# f = (a + b) * (a - b)
# f.backward()
# print(a.grad, b.grad)
# ```
#
# </details>

# %%
# Your lines for exercise 1

# %% [markdown]
# **2.** Build $1 / (1 + e^{-x})$ at $x = 0.5$ from arithmetic and `ag.exp`, and compare its value
# and gradient with those of `ag.sigmoid(x)`. Which of the two graphs would you rather read?
#
# <details><summary>Answer</summary>
#
# Both give 0.6225 and the gradient $0.6225 \cdot (1 - 0.6225) = 0.2350$. One graph has five boxes
# of arithmetic, the other one box for the same rule.
#
# ```python
# x = Value(0.5, label="x")
# built = 1 / (1 + ag.exp(-x))
# built.backward()
# by_hand, x.grad = x.grad, 0.0
# ready = ag.sigmoid(x)
# ready.backward()
# print(built.data, ready.data, by_hand, x.grad)
# ag.draw(built)
# ```
#
# </details>

# %%
# Your lines for exercise 2

# %% [markdown]
# **3.** The power $x^8$ needs only three multiplications: square, and square again. Build it like
# that at $x = 1.5$. How many paths lead from `x` to the result, and what do they add up to?
#
# <details><summary>Answer</summary>
#
# Each squaring uses its argument twice, so there are $2^3 = 8$ paths, each with the product
# $x^7 = 17.0859$. They add up to $8 x^7 = 136.69$, the derivative of $x^8$.
#
# ```python
# x = Value(1.5, label="x")
# power = x
# for _ in range(3):
#     power = power * power
# power.backward()
# explanation = ag.explain(power, x)
# print(explanation.count, x.grad)
# ```
#
# </details>

# %%
# Your lines for exercise 3
