# %%
# after: program.map([3.0, 5.0, 8.0]
assert program(6.0, 8.0) == 10.0
assert program.map([3.0, 5.0, 8.0], [4.0, 12.0, 15.0]).tolist() == [5.0, 13.0, 17.0]

# %%
# after: eager = ag.grad(rosenbrock)
assert np.array_equal(compiled(point), eager(point))

# %%
# after: roots = compiled_root.map(numbers)
assert np.allclose(roots, np.sqrt(numbers), rtol=1e-12)

# %%
# after: ag.compile(ag.grad(root))(4.0)
assert abs(ag.compile(ag.grad(root))(4.0) - 0.25) < 1e-12

# %%
# after: graphs = twin.learn
assert np.allclose(history.loss, graphs.loss, rtol=1e-9)
assert abs(history.loss[0] - loss) < 1e-12

# %%
# after: accuracy = np.mean(np.sign
assert accuracy >= 0.9
assert losses[-1] < 0.5 * losses[0]

# %%
# after: def torch_step():
_now = np.mean((model.predict(points) - labels) ** 2)
if "PyTorch" in times:
    assert abs(torch_step() - _now) < 1e-9

# %%
# after: jitted = jax.jit
if "JAX, jit (float32)" in times:
    assert abs(float(jitted(weights)[0]) - _now) < 1e-4

# %%
# after: Your lines for exercise 1
# answer 1
_value, _gradient = ten(np.arange(1.0, 11.0))
assert _value == 3628800.0
assert np.allclose(_gradient, _value / np.arange(1.0, 11.0))
assert len(ten.programs[0]) < 40

# %%
# after: Your lines for exercise 2
# answer 2
assert [slope_of_size(x) for x in (3.0, -2.0, 5.0)] == [1.0, -1.0, 1.0]
assert len(slope_of_size.paths) == 2

# %%
# after: Your lines for exercise 3
# answer 3
assert together < one_by_one  # of 10,000 rows
