# %%
# after: with ag.keep_lines():
import re

_found = ag.explain(L, a)
assert _found.count == 4
assert [path.product for path in _found.paths] == [-6.0, -6.0, 2.0, 2.0]
assert sum(path.product for path in _found.paths) == _found.gradient == a.grad == -8.0

# %%
# after: apart.backward()
assert apart.data == L.data
assert [use.grad for use in uses] == [-6.0, -6.0, 2.0, 2.0]
assert sum(use.grad for use in uses) == a.grad

# %%
# after: twice.backward()
assert x.grad == 1.0 + 1.0

# %%
# after: square.backward()
assert x.grad == 5.0 + 5.0

# %%
# after: L.refresh()
assert L.data == (3.0 * -3.0) * 3.0 + 3.0 * 3.0 == -18.0
assert [path.product for path in ag.explain(L, a).paths] == [-9.0, -9.0, 3.0, 3.0]
assert a.grad == -12.0

# %%
# after: def squared_error():
assert repr(ag.draw(loss)) != repr(ag.draw(loss, layout="graph"))

# %%
# after: before = ag.draw(loss, layout="graph")
_frames = re.findall(r"label=<([^<>]*)> labeljust", before.to_graphviz().source)
assert {"MLP", "layer 0", "layer 1", "neuron 0", "neuron 1"} == set(_frames)

# %%
# after: after = squared_error()
assert after.data < loss.data
assert "9 of 9 parameters moved" in repr(ag.draw_diff(before, after))

# %%
# after: def cross_entropy():
assert repr(ag.draw(loss, layout="graph")).startswith(
    "1,064 values, showing 26 groups (what is alike in one box)"
)

# %%
# after: by_scope = ag.draw
assert "by scope" in repr(by_scope)

# %%
# after: ag.draw(loss, depth=2
_opened = ag.draw(loss, depth=2, expand="layer 1").folding.picture.boxes
assert {box.label for box in _opened} >= {"rest of layer 0", "w0", "w1", "w2"}

# %%
# after: ag.draw(loss, wrt=weight)
assert repr(ag.draw(loss, wrt=weight)).startswith(
    "452 of 1,064 values, those between w0 and the output"
)

# %%
# after: for most in (5, 10, 30):
for _most in (5, 10, 30):
    _first = repr(ag.draw(loss, max_nodes=_most)).splitlines()[0]
    assert int(re.search(r"showing (\d+)", _first).group(1)) <= _most

# %%
# after: ag.draw_diff(before, after, max_nodes=10)
assert after.data < loss.data

# %%
# after: curve = plots.LossCurve.of
assert curve.tangent == (3.0, 30.0, 60.0)  # weight, loss, slope
assert curve.step == 3.0 - 0.01 * 60.0

# %%
# after: def rosenbrock(x, y):
assert np.allclose(way.numbers[-1], [1.5, -0.5], atol=0.05)
assert len(left.lines) == 4  # the way, twice, with its start and its end

# %%
# after: plots.plot_residuals(line
assert plots.Residuals.of(line, xs, ys).spread < 0.05

# %%
# after: recorder = nn.Recorder(model
assert recorder.epochs == list(range(61))
assert np.mean((model.predict(points) > 0) == classes) >= 0.95

# %%
# after: small = nn.MLP(1
_fresh = nn.MLP(1, [6, 1], activation="tanh", init="glorot", seed=1)
assert [p.data for p in small.parameters()] == [p.data for p in _fresh.parameters()]

# %%
# after: watched = nn.MLP
assert len(history) == 400
assert np.mean((watched.predict(points) > 0) == classes) >= 0.95

# %%
# after: fitting = nn.MLP
assert curve_history.loss[-1] < 0.02

# %%
# after: display(error.draw())
try:
    with ag.detect_anomaly():
        ag.log(width * 2.0 - 1.0)
except ag.AnomalyError as _error:
    assert repr(_error.draw()).splitlines()[1].split()[1:4] == ["log", "data", "-inf"]

# %%
# after: Your lines for exercise 1
# answer 1
assert sorted(path.product for path in two.paths) == [2.0, 5.0]
assert a.grad == 7.0

# %%
# after: Your lines for exercise 2
# answer 2
assert len(norms) == 4
assert max(norms) > 1.2 * sorted(norms)[-2]

# %%
# after: Your lines for exercise 3
# answer 3
_line, _net = (plots.Residuals.of(each, xs, waves) for each in (straight, fitting))
assert _net.spread < 0.2 * _line.spread
assert _net.residuals.min() < 0 < _net.residuals.max()
