# %%
# after: o.label = "o"
assert round(o.data, 4) == 0.7071
assert o.grad == 0.0
assert "image" in o._repr_mimebundle_()["text/html"]

# %%
# after: o.backward()
assert [round(v.grad, 4) for v in (x1, w1, x2, w2)] == [-1.5, 1.0, 0.5, 0.0]

# %%
# after: y = x * x
assert x.grad == 6.0
assert all(parent is x for parent in y.parents)

# %%
# after: z = s * s + s
assert s.grad == 2 * s.data + 1 == 13.0
assert a.grad == 39.0

# %%
# after: ag.draw(z, constants=False)
assert s.parents[1].constant
assert s.local_grads == (3.0, 0.0)

# %%
# after: z.zero_grad()
assert a.grad == 0.0

# %%
# after: a.data = -1.0
assert z.data == (-3.0) ** 2 + -3.0 == 6.0
assert a.grad == 3.0 * (2 * -3.0 + 1)

# %%
# after: d = ag.dot(
assert d.data == 0.5
assert [w.grad for w in weights] == [x.data for x in inputs]

# %%
# after: ag.draw(d, expand=True)
assert repr(d.parents[0]) == "Value(data=0.5, grad=1.0, label='w0')"
assert repr(ag.draw(d, expand=True)).startswith("13 values")

# %%
# after: ag.draw(length, rankdir="TB")
assert length.data == 3.0
assert np.allclose([value.grad for value in v], [0.0, 1 / 3, 2 / 3])

# %%
# after: [first] = ag.gradient(
assert (first.data, second.data, x.grad) == (12.0, 12.0, 0.0)

# %%
# after: one = loss([(2.0, 4.0)])
assert slope.grad == 2 * (1.5 * 2.0 + 0.5 - 4.0) * 2.0 == -2.0

# %%
# after: ag.draw(many, depth=1)
assert repr(ag.draw(many)).startswith("803 values, showing 12 groups (what is alike in one box)")
assert repr(ag.draw(many, depth=1)).startswith("803 values, showing 4 groups (by scope)")

# %%
# after: "neuron.svg"
assert ag.draw_dot(o).source == ag.draw_dot(o).source
with tempfile.TemporaryDirectory() as folder:
    assert ag.draw(o).save(Path(folder, "n.svg")).read_text().startswith("<?xml")

# %%
# after: Your lines for exercise 1
# answer 1
assert (a.grad, b.grad) == (6.0, -2.0)

# %%
# after: Your lines for exercise 2
# answer 2
assert abs(built.data - ready.data) < 1e-15
assert round(built.data, 4) == 0.6225
assert abs(by_hand - x.grad) < 1e-15
assert round(x.grad, 4) == 0.235

# %%
# after: Your lines for exercise 3
# answer 3
assert explanation.count == 8
assert {round(path.product, 4) for path in explanation.paths} == {17.0859}
assert round(x.grad, 2) == 136.69
