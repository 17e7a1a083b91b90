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
# # A playground, and a kit for the classroom
#
# For those who practise, and for those who teach: a page to try expressions on, exercises that are
# marked, laws that an engine of your own has to keep, and ways to give pictures and pages away.
#
# After this notebook you can
#
# - see the graph of any expression while you type it, and train a tiny network by hand;
# - predict each number before you see it, on the page or on paper, and have your answers marked;
# - find the mistake in an engine of your own by the smallest program that shows it;
# - put pages and moving pictures into slides, a course or a blog.

# %%
import base64
import tempfile
from pathlib import Path

from IPython.display import HTML

import autograd_lite as ag
from autograd_lite import Value, exercises

folder = tempfile.TemporaryDirectory()
here = Path(folder.name)

# %% [markdown]
# ## A playground
#
# Type an expression, and its graph is there at once. Drag the variables, look at the curve over one
# of them with its tangent, and read why the parts of a gradient add up. Put a second expression
# beside it. The second tab trains a tiny network on points that you click.
# `ag.playground().save("playground.html")` makes a file of it, and so does
# `autograd-lite playground` in a shell.

# %%
ag.playground("tanh(w*x + b)", {"w": 0.5, "x": 2.0, "b": -0.5})

# %% [markdown]
# ## Predict before you see
#
# Every page with a player has a switch, *Predict*. Then the next number is hidden until you have
# typed it. A wrong answer is met with the two numbers that are multiplied, and not with the
# product. At the end there is a score by kind of edge.

# %%
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
e = a * b
L = e * a + a * a
e.label, L.label = "e", "L"
L.backward()
ag.draw(L)

# %% [markdown]
# ## Worksheets
#
# The same on paper: random graphs with round numbers, at five levels (sums and products, re-use,
# activations, a neuron, a layer). The same level and seed give the same sheet.

# %%
sheet = exercises.worksheet(level=2, seed=7, count=4)
sheet[0]

# %% [markdown]
# `check` marks what has been found so far; `...` stands for what is still open.

# %%
sheet[0].check(g=1, f=-2, e=6, d=..., c=6)

# %% [markdown]
# Where an answer is wrong, `sum` shows the way to the right one: of each use of the node what
# arrives there, times the partial.

# %%
for name in ("e", "c", "d", "a"):
    print(f"{name}: {sheet[0].sum(name)}")

# %% [markdown]
# `save` writes the sheet and, beside it, its key: `.html` to print, `.tex`, or `.ipynb`, a notebook
# in which answers are typed. `autograd-lite worksheet --level 2 --seed 7` does that in a shell.

# %%
for ending in exercises.worksheets.FORMATS:
    written = sheet.save(here / f"sheet.{ending}")
    print(*(f"{path.name}: {path.stat().st_size / 1000:.0f} kB" for path in written), sep="   ")

# %% [markdown]
# ## An engine of one's own
#
# Whoever has understood back-propagation can write it. Here is a class with sums and products,
# powers, and one mistake.


# %%
class MyValue:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = data, 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, MyValue) else MyValue(other)
        return MyValue(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, MyValue) else MyValue(other)
        return MyValue(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return MyValue(self.data**n, (self,), (n * self.data ** (n - 1),))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return self**-1 * other

    def order(self):
        """Every node after its parents, without recursion."""
        done, seen, waiting = [], set(), [(self, False)]
        while waiting:
            node, ready = waiting.pop()
            if ready:
                done.append(node)
            elif node not in seen:
                seen.add(node)
                waiting += [(node, True), *((parent, False) for parent in node.parents)]
        return done

    def receive(self, part):
        self.grad = part

    def backward(self):
        self.grad = 1.0
        for node in reversed(self.order()):
            for parent, partial in zip(node.parents, node.partials, strict=True):
                parent.receive(node.grad * partial)


# %% [markdown]
# `check` tries it on the laws of an engine, from small to large. It names the first that breaks,
# shows the smallest program that does so, and the graph with your numbers beside the right ones.

# %%
exercises.check(MyValue)

# %% [markdown]
# A node that is used twice gets a part of its gradient from each use. So parts have to add up:


# %%
def receive(self, part):
    self.grad += part


MyValue.receive = receive
mended = exercises.check(MyValue)
print(mended)

# %% [markdown]
# What is marked `!` is advice. The inner nodes keep their gradients from one pass to the next, and
# the second pass sends them on again: `zero_grad`, or a pass that keeps its gradients apart, is the
# way out.
#
# ## For slides
#
# `save` writes the steps of the player as a moving picture: a `.gif`, or an `.svg` that moves by
# CSS and stays sharp at any size. Each frame has its caption.

# %%
x = Value(3.0, label="x")
moving = ag.draw(x * x).save(here / "square.svg", animated=True).read_bytes()
data = base64.b64encode(moving).decode()
HTML(f'<img alt="x * x, step by step" src="data:image/svg+xml;base64,{data}">')

# %% [markdown]
# ## A page to give away
#
# `save` writes the page to one file, with all that it needs inside. It asks nothing of the network.
# `embed` gives an element to paste into a page of yours: a blog, Sphinx, Quarto, a course. A link
# can open the page at a step, with other numbers, or with numbers to predict.

# %%
page = ag.draw(L).save(here / "L.html").read_text()
frame = ag.draw(L).embed()
print(f"one file of {len(page) / 1000:.0f} kB, or one element: {frame[:16]}…")
for state in ("step=9", "a=3", "predict=1"):
    print(f"L.html#{state}")

# %% [markdown]
# The [seven steps](01_seven_steps.ipynb) are such a page, too: the loss curve follows sliders for
# the weight, the learning rate and the start, and the lecture's graphs are there to step through.
# `autograd-lite lesson --html lesson.html` writes it. In Python:

# %%
from autograd_lite.lesson.page import document as lesson_page

written = here / "lesson.html"
written.write_text(lesson_page.document(), encoding="utf-8")
print(f"{written.stat().st_size / 1000:.0f} kB")

# %% [markdown]
# ## Exercises
#
# **1.** Find the gradients of `exercises.worksheet(level=3, seed=1)[0]` on paper, from the output
# back. Then let `check` mark them.
#
# <details><summary>Answer</summary>
#
# ```python
# third = exercises.worksheet(level=3, seed=1)[0]
# for name in reversed(third.key):
#     print(f"{name}: {third.sum(name)}")
# marks = third.check(**third.key)
# ```
#
# </details>

# %%
# Your lines for exercise 1

# %% [markdown]
# **2.** Let `order` of `MyValue` take nodes as they are met, each before its parents, and
# `backward` go through them from the first. Which law breaks, and why do small examples not show
# it?
#
# <details><summary>Answer</summary>
#
# *Order* breaks. As long as no node is reached by a short way and by a long one, nodes as they are
# met are in a right order, too.
#
# ```python
# def as_met(self):
#     met = [self]
#     for node in met:
#         met += [parent for parent in node.parents if parent not in met]
#     return met[::-1]
#
#
# right, MyValue.order = MyValue.order, as_met
# hasty = exercises.check(MyValue)
# MyValue.order = right
# print(hasty)
# ```
#
# </details>

# %%
# Your lines for exercise 2

# %% [markdown]
# **3.** Make a page for your class: a neuron `tanh(w*x + b)` at numbers of your choice, which opens
# with everything still to be predicted.
#
# <details><summary>Answer</summary>
#
# ```python
# numbers = {"w": 1.5, "x": 2.0, "b": -2.0}
# leaves = {name: Value(x, label=name) for name, x in numbers.items()}
# neuron = ag.expressions.parse("tanh(w*x + b)", leaves)
# neuron.backward()
# link = ag.draw(neuron).save(here / "neuron.html").as_uri() + "#predict=1"
# print(link)
# ```
#
# </details>

# %%
# Your lines for exercise 3
