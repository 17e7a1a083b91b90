# %%
# after: for _ in range(7):
assert (inputs, desired) == ([0, 1, 2, 3, 4], [0, 2, 4, 6, 8])
assert round(W.data, 2) == 2.0
assert loss.data < 0.001

# %%
# after: starts = [3.0, 5.0, 0.5]
assert list(zip(lesson.INPUTS, lesson.DESIRED, strict=True)) == [
    (0, 0),
    (1, 2),
    (2, 4),
    (3, 6),
    (4, 8),
]
assert [*lesson.STARTS] == starts
assert [*lesson.INPUTS] == inputs

# %%
# after: print("input  actual  desired")
assert [row.actual for row in lesson.forward_table(3.0)] == [0, 3, 6, 9, 12]
assert [model(3.0, x) for x in inputs] == [0, 3, 6, 9, 12]

# %%
# after: def loss_of(W):
rows = lesson.loss_table(3.0)
assert [row.absolute_error for row in rows] == [0, 1, 2, 3, 4]
assert [row.squared_error for row in rows] == [0, 1, 4, 9, 16]
assert [lesson.absolute_loss(start) for start in starts] == [10, 30, 15]
assert [loss_of(start) for start in starts] == [30, 270, 67.5]
assert [lesson.squared_loss(start) for start in starts] == [30, 270, 67.5]
small, big = lesson.penalties()
assert (small.squared, big.squared) == (4, 100)
assert (big.times_absolute, big.times_squared) == (5, 25)
assert [d.absolute for d in lesson.error_distributions()] == [10, 10, 10]
assert [d.squared for d in lesson.error_distributions()] == [20, 50, 100]
judged = lesson.losses([0, 1, 2, 3, 4])
assert (judged.mean_squared, judged.root_mean_squared) == (6, 6**0.5)

# %%
# after: now, nudged =
assert (now, round(nudged, 6)) == (30, 30.006)
table = lesson.nudge(W=3.0, step=0.0001)
assert (table.loss, table.nudged_loss) == (30, 30.006)
assert [row.nudged_actual for row in table.rows] == [0, 3.0001, 6.0002, 9.0003, 12.0004]
assert [row.nudged_squared_error for row in table.rows] == [0, 1.0002, 4.0008, 9.0018, 16.0032]
assert round(table.slope, 3) == 60
assert [round(n.slope, 3) for n in lesson.shrinking_steps()] == [63, 60.3, 60.03, 60.003]

# %%
# after: before = ag.draw(loss, constants=False)
assert (loss.data, W.grad) == (30, 60)
assert [path.product for path in ag.explain(loss, W).paths] == [32, 18, 8, 2, 0]

# %%
# after: for start in (0.5, 2.0, 3.0):
signs = {row.W: row.sign for row in lesson.sign_table()}
assert (signs[0.5], signs[2.0], signs[3.0]) == ("negative", "zero", "positive")

# %%
# after: d_w2, d_h =
assert (h, y, error**2) == (6, 6, 4)
assert (d_w2, d_w1, d_x) == (24, 8, 12)

# %%
# after: chain.backward()
import math

assert (h.data, y.data, target, chain.data) == (6, 6, 4, 4)
assert (w2.grad, w1.grad, x.grad) == (24, 8, 12) == (d_w2, d_w1, d_x)
graph = lesson.chain(x=2.0, w1=3.0, w2=1.0)
assert (graph.h.data, graph.y.data, graph.target, graph.loss.data) == (6, 6, 4, 4)
assert (graph.w2.grad, graph.w1.grad, graph.x.grad) == (24, 8, 12)
for width in (1, 2):
    for row in lesson.compositions((1, 2, 3), width=width):
        assert math.isclose(row.by_hand, row.back_propagated, rel_tol=1e-9)
assert [len(row.formula) for row in lesson.compositions((1, 2, 10))] == [40, 81, 736]
assert [row.partial_derivatives for row in lesson.compositions((1, 2, 10))] == [4, 7, 31]
assert [len(row.formula) for row in lesson.compositions((1, 2, 10), width=2)] == [40, 113, 137074]

# %%
# after: after = ag.draw(loss, constants=False)
assert (W.data, round(loss.data, 6), round(W.grad, 6)) == (2.4, 4.8, 24.0)
assert [round(row.updated, 6) for row in lesson.update_table()] == [2.4, 3.2, 1.4, 2]
both = lesson.chain_update()
assert (round(both.w1_after, 6), round(both.w2_after, 6)) == (2.92, 0.76)
assert round(both.loss_after, 4) == 0.1922

# %%
# after: ag.draw_diff(before, after)
assert "W" in repr(ag.draw_diff(before, after))

# %%
# after: def descend(
assert [len(losses) - 1 for losses in lucky.values()] == [6, 7, 7, 1]
ends = [losses[-1] for losses in rates.values()]
assert [end < 0.001 for end in ends] == [False, True, True, True, False]
assert ends[-1] > rates["rate 0.035, from 3"][0]
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

# %%
# after: nn.optim.SGD(network
assert outputs.tolist() == [0, 3, 6, 9, 12]
assert round(network.W.data, 12) == 2.4

# %%
# after: recorder = nn.Recorder
losses = descend(3.0, 0.01, 6)
assert [round(5 * mean, 9) for mean in history.loss] == [round(loss, 9) for loss in losses]

# %%
# after: display(figures["depth_and_width"]
networks = lesson.depth_and_width()
precision = {run.hidden: run.best for run in networks}
work = [run.nodes for run in networks]
assert precision[()] > precision[(2,)] > precision[(4,)] > precision[(8,)]
assert precision[(4, 4)] < precision[(4,)]
assert precision[(8, 8)] < precision[(8,)]
assert work == sorted(work)
plain, *others = lesson.compare_optimizers()
assert plain.name == "gradient descent"
assert all(run.converged and run.updates < plain.updates for run in others)
signal, noise = lesson.noise()
assert signal.held_out_score > 0.98
assert noise.held_out_score < 0 < noise.training_score

# %%
# after: display(figures["genetic_algorithm"])
for weights in (1, 10):
    race = lesson.race(weights)
    assert len(race.genetic) == len(race.descent)
    assert race.descent[-1] < race.genetic[-1] / 1000

# %%
# after: Your lines for exercise 1
# answer 1
assert (round(W.grad, 9), round(W.data - 0.01 * W.grad, 9)) == (-0.6, 1.996)

# %%
# after: Your lines for exercise 2
# answer 2
assert descend(3.0, 0.0332)[-1] < 30 < descend(3.0, 0.0334)[-1]

# %%
# after: Your lines for exercise 3
# answer 3
assert (round(W.data, 2), round(b.data, 2)) == (2.0, 1.0)
