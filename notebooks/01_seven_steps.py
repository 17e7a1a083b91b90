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
# A network with a single weight learns from five numbers that output = 2 × input. Everything that
# a large network does is already in it. The steps follow Harvey Alférez's lecture *Neural Networks
# and Back-Propagation*; `autograd-lite lesson` shows the same in a terminal.

# %%
import math

from IPython.display import display

import autograd_lite as ag
from autograd_lite import lesson


def show(number):
    """The text of a step; its figures come where they belong."""
    print(lesson.STEPS[number - 1].text())


figures = {}
for step in lesson.STEPS:
    figures |= step.figures()

# %% [markdown]
# ## Step 1: model initialisation
#
# The model is $y = W \cdot x$. Nobody knows the weight $W$ beforehand, so it starts at random:
# 3, 5 and 0.5 stand for three draws.

# %%
show(1)
display(figures["models"])

assert list(zip(lesson.INPUTS, lesson.DESIRED, strict=True)) == [
    (0, 0),
    (1, 2),
    (2, 4),
    (3, 6),
    (4, 8),
]
assert lesson.STARTS == (3, 5, 0.5)

# %% [markdown]
# ## Step 2: forward propagation

# %%
show(2)
display(figures["forward"])

assert [row.actual for row in lesson.forward_table(3.0)] == [0, 3, 6, 9, 12]

# %% [markdown]
# ## Step 3: the loss function
#
# The sum of the squared errors. A square has no sign, so there is no need to take the absolute
# value first; and it makes big errors much more expensive than small ones.

# %%
show(3)
display(figures["penalty"])

rows = lesson.loss_table(3.0)
assert [row.absolute_error for row in rows] == [0, 1, 2, 3, 4]
assert [row.squared_error for row in rows] == [0, 1, 4, 9, 16]
assert [lesson.absolute_loss(W) for W in lesson.STARTS] == [10, 30, 15]
assert [lesson.squared_loss(W) for W in lesson.STARTS] == [30, 270, 67.5]
small, big = lesson.penalties()
assert (small.squared, big.squared) == (4, 100)
assert (big.times_absolute, big.times_squared) == (5, 25)
assert [d.absolute for d in lesson.error_distributions()] == [10, 10, 10]
assert [d.squared for d in lesson.error_distributions()] == [20, 50, 100]
judged = lesson.losses([0, 1, 2, 3, 4])
assert (judged.mean_squared, judged.root_mean_squared) == (6, math.sqrt(6))

# %% [markdown]
# ## Step 4: differentiation
#
# What does a small step $\delta W$ do to the loss? First measured, then exactly: the loss is
# recorded as a graph, and `backward()` gives its derivative without any step.

# %%
show(4)
display(figures["tangent"], figures["signs"])

table = lesson.nudge(W=3.0, step=0.0001)
assert (table.loss, table.nudged_loss) == (30, 30.006)
assert [row.nudged_actual for row in table.rows] == [0, 3.0001, 6.0002, 9.0003, 12.0004]
assert [row.nudged_squared_error for row in table.rows] == [0, 1.0002, 4.0008, 9.0018, 16.0032]
assert round(table.slope, 3) == 60
assert [round(n.slope, 3) for n in lesson.shrinking_steps()] == [63, 60.3, 60.03, 60.003]
signs = {row.W: row.sign for row in lesson.sign_table()}
assert (signs[0.5], signs[2.0], signs[3.0]) == ("negative", "zero", "positive")

W = ag.Value(3.0, label="W")
loss = lesson.squared_loss(W)
loss.backward()
assert (loss.data, W.grad) == (30, 60)

# %% [markdown]
# ## Step 5: back-propagation
#
# With several layers one could write the derivative of the whole composition by hand. It soon gets
# out of hand. The derivative of a composition is a product of *local* derivatives, so the graph can
# pass it back from the loss to the weights, node by node.

# %%
show(5)
display(figures["by_hand"], figures["chain"])

graph = lesson.chain(x=2.0, w1=3.0, w2=1.0)
assert (graph.h.data, graph.y.data, graph.target, graph.loss.data) == (6, 6, 4, 4)
assert (graph.w2.grad, graph.w1.grad, graph.x.grad) == (24, 8, 12)
for width in (1, 2):
    for row in lesson.compositions(width=width):
        assert math.isclose(row.by_hand, row.back_propagated, rel_tol=1e-9)
assert [len(row.formula) for row in lesson.compositions((1, 2, 10))] == [40, 81, 736]
assert [row.partial_derivatives for row in lesson.compositions((1, 2, 10))] == [4, 7, 31]
assert [len(row.formula) for row in lesson.compositions((1, 2, 10), width=2)] == [40, 113, 137074]

# %% [markdown]
# Every graph can be drawn, this one too:

# %%
ag.draw(graph.loss)

# %% [markdown]
# ## Step 6: the weight update
#
# The delta rule: new weight = old weight - derivative · learning rate.

# %%
show(6)
display(figures["delta_rule"])

assert [round(row.updated, 6) for row in lesson.update_table()] == [2.4, 3.2, 1.4, 2]
both = lesson.chain_update()
assert (round(both.w1_after, 6), round(both.w2_after, 6)) == (2.92, 0.76)
assert round(both.loss_after, 4) == 0.1922

# %% [markdown]
# ## Step 7: iterate until convergence
#
# How many iterations are needed? That depends on the learning rate, on the network, on the update
# rule, on the data, and on luck.

# %%
show(7)

# %% [markdown]
# ### Starts and learning rates

# %%
display(figures["convergence"], figures["learning_rates"])

runs = lesson.convergence()
assert [run.updates for run in runs] == [6, 7, 7]
assert all(round(run.last.W, 2) in (2.0, 2.01, 1.99) for run in runs)
assert all(run.last.loss < lesson.TOLERANCE for run in runs)
assert lesson.lucky_start().updates == 1
assert [lesson.verdict(run) for run in lesson.learning_rates()] == [
    "too small",
    "good",
    "oscillating",
    "diverging",
]
assert round(lesson.largest_stable_rate(), 4) == 0.0333

# %% [markdown]
# ### Depth and width

# %%
display(figures["depth_and_width"])

networks = lesson.depth_and_width()
precision = {run.hidden: run.best for run in networks}
work = [run.nodes for run in networks]
assert precision[()] > precision[(2,)] > precision[(4,)] > precision[(8,)]
assert precision[(4, 4)] < precision[(4,)]
assert precision[(8, 8)] < precision[(8,)]
assert work == sorted(work)

# %% [markdown]
# ### Update rules

# %%
display(figures["optimizers"], figures["optimizer_paths"])

plain, *others = lesson.compare_optimizers()
assert plain.name == "gradient descent"
assert all(run.converged and run.updates < plain.updates for run in others)

# %% [markdown]
# ### Noise

# %%
display(figures["noise"])

signal, noise = lesson.noise()
assert signal.held_out_score > 0.98
assert noise.held_out_score < 0 < noise.training_score

# %% [markdown]
# ### A genetic algorithm
#
# It iterates too, but its mutations are blind.

# %%
display(figures["genetic_algorithm"])

for weights in (1, 10):
    race = lesson.race(weights)
    assert len(race.genetic) == len(race.descent)
    assert race.descent[-1] < race.genetic[-1] / 1000

# %% [markdown]
# ## The overall picture

# %%
display(figures["overall_picture"])
