# %%
# after: value_and_slope = ag.value_and_grad
from itertools import pairwise

_errors = [abs(value) for _, value in steps]
assert all(later < earlier**2 for earlier, later in pairwise(_errors[:4]))
assert abs(math.cos(x) - x) < 1e-15

# %%
# after: def valley(p):
assert len(newton) <= 9
assert np.allclose(newton[-1], [1.0, 1.0])
assert not np.allclose(descent[-1], [1.0, 1.0], atol=0.01)

# %%
# after: flat, steep = directions.T
assert np.allclose(hessian(minimum), [[10.0, -4.0], [-4.0, 2.0]])
assert 2.0 < flat[1] / flat[0] < 2.5

# %%
# after: product = ag.hvp
assert np.allclose(product, hessian(start) @ [1.0, 2.0])

# %%
# after: fourth = ag.derivative
_t = math.tanh(0.5)
_series = ag.taylor(ag.exp, 0.0, 8)
assert np.allclose(_series, [1 / math.factorial(k) for k in range(9)], rtol=1e-14)
assert math.isclose(fourth(0.5), 8 * _t * (1 - _t**2) * (2 - 3 * _t**2), rel_tol=1e-13)

# %%
# after: fit = least_squares
_certified = np.array([2.1380940889e02, 5.4723748542e-01])
assert np.allclose(fit.x, _certified, rtol=1e-8)

# %%
# after: newton_fit = minimize
assert np.allclose(newton_fit.x, _certified, rtol=1e-8)
assert math.isclose(newton_fit.fun, 1.1680088766e03, rel_tol=1e-10)

# %%
# after: covariance = scatter
assert np.allclose(errors, [1.2354515176e01, 1.0455993237e-01], rtol=1e-6)  # certified, too

# %%
# after: half = ag.uncertainty
assert math.isclose(half.sigma, math.log(2.0) / rate**2 * errors[1], rel_tol=1e-12)

# %%
# after: alone = ag.uncertainty
assert alone.sigma[20] > 1.1 * band.sigma[20]
assert math.isclose(alone.sigma[-1], band.sigma[-1], rel_tol=0.01)

# %%
# after: print(explanation)
assert explanation.count == 3
assert abs(explanation.total - explanation.gradient) <= explanation.bound

# %%
# after: many = ag.explain
assert many.count == 2**40

# %%
# after: Your lines for exercise 1
# answer 1
assert abs(x - 2.0 ** (1 / 3)) < 1e-14
assert count <= 6

# %%
# after: Your lines for exercise 2
# answer 2
assert not ag.grad(f)(origin).any()
assert [*np.sign(np.linalg.eigvalsh(ag.hessian(f)(origin)))] == [-1.0, 1.0]

# %%
# after: Your lines for exercise 3
# answer 3
assert math.isclose(ninety.value, math.log(10.0) / rate)
assert math.isclose(ninety.sigma, math.log(10.0) / rate**2 * errors[1], rel_tol=1e-12)
