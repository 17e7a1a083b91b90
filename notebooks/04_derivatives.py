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
# # Derivatives at work
#
# `ag.grad`, `ag.hessian` and their relatives take a function and return a function: its derivative.
# This notebook uses them for what derivatives are good for: solving equations, seeing the shape of
# a valley, approximating by polynomials, and fitting a curve to measurements with honest error
# bars.
#
# After this notebook you can
#
# - take first, second and higher derivatives of your own functions, and check them;
# - solve an equation and find a minimum by Newton's method;
# - fit a curve with SciPy, and say how sure its parameters and predictions are.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import least_squares, minimize

import autograd_lite as ag

# %% [markdown]
# ## Newton's method
#
# Where is $\cos x = x$? Follow the tangent of $f(x) = \cos x - x$ down to zero, and start again
# from there: $x \leftarrow x - f(x) / f'(x)$. `value_and_grad` gives both numbers at once.

# %%
value_and_slope = ag.value_and_grad(lambda x: ag.cos(x) - x)

x, steps = 1.0, []
for _ in range(5):
    value, slope = value_and_slope(x)
    steps.append((x, value))
    x -= value / slope

for at, value in steps:
    print(f"x = {at:.16f}   f(x) = {value: .1e}")

# %% [markdown]
# Close to the solution every step doubles the number of correct digits.
#
# In two dimensions the same step finds minima: there the gradient is zero, and its slope is the
# Hessian matrix. Rosenbrock's curved valley (here a gentle one) is a classic that gradient descent
# finds hard: steep across, it allows small steps only, and flat along, it needs many.


# %%
def valley(p):
    x, y = p
    return (1 - x) ** 2 + (y - x**2) ** 2


gradient, hessian = ag.grad(valley), ag.hessian(valley)

start = np.array([-0.5, -0.5])
newton = [start]
while np.linalg.norm(gradient(newton[-1])) > 1e-10:
    p = newton[-1]
    newton.append(p - np.linalg.solve(hessian(p), gradient(p)))

descent = [start]
for _ in range(50):
    descent.append(descent[-1] - 0.08 * gradient(descent[-1]))

print(f"Newton: {len(newton) - 1} steps to {newton[-1]}")
print(f"gradient descent: {len(descent) - 1} steps to {descent[-1].round(3)}")


# %%
def draw_valley(axes):
    x, y = np.meshgrid(np.linspace(-1.0, 1.6, 200), np.linspace(-0.8, 1.8, 200))
    levels = np.geomspace(0.02, 20, 15)
    axes.contour(x, y, valley((x, y)), levels=levels, colors="0.8", linewidths=0.8)
    axes.set(xlabel="x", ylabel="y", aspect="equal")


figure, axes = plt.subplots(figsize=(6, 6))
draw_valley(axes)
axes.plot(*np.transpose(descent), ".-", ms=3, lw=1, label="gradient descent, 50 steps")
axes.plot(*np.transpose(newton), "o-", ms=5, label=f"Newton, {len(newton) - 1} steps")
axes.plot(1, 1, "k*", ms=14, zorder=1, label="minimum")
axes.legend(loc="upper left")
plt.show()

# %% [markdown]
# ## What a Hessian looks like
#
# At a minimum the gradient is zero, and the Hessian says what the surroundings look like. Its
# eigenvectors are the directions of least and greatest curvature, its eigenvalues $\lambda$ the
# curvatures. The contour at height $h$ above the minimum lies about $\sqrt{2h/\lambda}$ away in
# these directions: an ellipse, drawn here beside the true contour.

# %%
minimum = np.array([1.0, 1.0])
curvatures, directions = np.linalg.eigh(hessian(minimum))
height = 0.05
reach = np.sqrt(2 * height / curvatures)

angle = np.linspace(0, 2 * np.pi, 200)
ellipse = minimum[:, None] + directions @ (reach[:, None] * [np.cos(angle), np.sin(angle)])

figure, axes = plt.subplots(figsize=(6, 6))
x, y = np.meshgrid(np.linspace(-0.3, 2.0, 200), np.linspace(-0.2, 2.3, 200))
axes.contour(x, y, valley((x, y)), levels=[height], colors="C0")
axes.contour(x, y, valley((x, y)), levels=height * np.array([4, 9, 16]), colors="0.8")
axes.plot(*ellipse, "C1--")
for curvature, length, direction, colour in zip(
    curvatures, reach, directions.T, ("C2", "C3"), strict=True
):
    way = length * direction * np.sign(direction[0])
    arrow = {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", minimum + way, minimum, arrowprops=arrow)
    axes.plot([], [], colour, label=f"eigenvector of curvature {curvature:.2f}")
axes.plot([], [], "C0", label=f"contour at height {height}")
axes.plot([], [], "C1--", label="the same by the Hessian")
axes.set(xlabel="x", ylabel="y", aspect="equal")
axes.legend(loc="upper left")
plt.show()

# %%
print(f"the valley is {curvatures[1] / curvatures[0]:.0f} times as curved across as along")
flat, steep = directions.T
print(f"along the floor y = x², whose slope is 2: {flat[1] / flat[0]:.2f}")

# %% [markdown]
# The Hessian of n variables costs about n gradients. When only its product with a vector is
# wanted, `ag.hvp` gives that without the matrix, for the price of a few gradients.

# %%
product = ag.hvp(valley)(start, np.array([1.0, 2.0]))
product

# %% [markdown]
# ## Taylor polynomials
#
# `ag.taylor` gives the coefficients of the polynomial that has the same value and derivatives at a
# point. For the sine, more terms reach further. For $1/(1+x^2)$ they do not reach beyond $|x| = 1$,
# however many: the poles at $\pm i$ are in the way.

# %%
figure, panels = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
for axes, f, name, orders in (
    (panels[0], ag.sin, "sin x", (1, 3, 5, 7)),
    (panels[1], lambda x: 1 / (1 + x * x), "1 / (1 + x²)", (2, 4, 6, 8)),
):
    grid = np.linspace(-4, 4, 400) if name == "sin x" else np.linspace(-2, 2, 400)
    axes.plot(grid, f(grid), "k", lw=3, label=name)
    for order in orders:
        coefficients = ag.taylor(f, 0.0, order)
        axes.plot(
            grid, np.polynomial.polynomial.polyval(grid, coefficients), label=f"order {order}"
        )
    axes.set(ylim=(-2, 2), xlabel="x")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3)
plt.show()

# %%
print("exp:", ag.taylor(ag.exp, 0.0, 5))
fourth = ag.derivative(ag.tanh, 4)
print(f"the fourth derivative of tanh at 0.5 is {fourth(0.5):.12f}")

# %% [markdown]
# ## Fitting a curve to measurements
#
# How much oxygen do bacteria use up as they digest waste? Six samples, incubated for 1 to 10 days,
# gave the biochemical oxygen demand (BOD) below, in mg/l. The data are *BoxBOD* of the
# [NIST Statistical Reference Datasets](https://www.itl.nist.gov/div898/strd/nls/data/boxbod.shtml)
# (from Box, Hunter and Hunter, *Statistics for Experimenters*, 1978). NIST publishes certified
# results to eleven digits, and counts this problem among the hard ones.

# %%
days = np.array([1.0, 2.0, 3.0, 5.0, 7.0, 10.0])
demand = np.array([109.0, 149.0, 149.0, 191.0, 213.0, 224.0])


def model(parameters, days):
    """Demand that approaches a limit at a constant rate."""
    limit, rate = parameters
    return limit * (1 - ag.exp(-rate * days))


def residuals(parameters):
    return model(parameters, days) - demand


# %% [markdown]
# The same `residuals` runs on floats and on Values, so SciPy gets its Jacobian without a formula
# and without finite differences.

# %%
start = np.array([100.0, 0.75])
fit = least_squares(residuals, start, jac=ag.jacobian(residuals), ftol=1e-14, xtol=1e-14)
limit, rate = fit.x
print(f"limit {limit:.8f} mg/l, rate {rate:.11f} per day")
print("NIST: 213.80940889 mg/l      0.54723748542")


# %% [markdown]
# Or minimise the sum of squares by a Newton method, with exact gradient and Hessian:


# %%
def cost(parameters):
    return ag.sum(residuals(parameters) ** 2)


newton_fit = minimize(
    ag.value_and_grad(cost),
    start,
    jac=True,
    hess=ag.hessian(cost),
    method="trust-exact",
    options={"gtol": 1e-6},
)
print(f"{newton_fit.nit} iterations, sum of squares {newton_fit.fun:.6f}")

# %% [markdown]
# ### How sure are the parameters?
#
# The scatter about the curve, $s^2$ = sum of squares / (points − parameters), and the Jacobian $J$
# of the residuals give the parameters' covariance, $s^2 (J^\top J)^{-1}$. Its diagonal holds the
# squares of their standard errors.

# %%
jacobian = ag.jacobian(residuals)(fit.x)
scatter = cost(fit.x) / (len(days) - len(fit.x))
covariance = scatter * np.linalg.inv(jacobian.T @ jacobian)
errors = np.sqrt(np.diag(covariance))
correlation = covariance[0, 1] / errors.prod()
print(f"limit {limit:.0f} ± {errors[0]:.0f} mg/l")
print(f"rate  {rate:.2f} ± {errors[1]:.2f} per day, correlation with the limit {correlation:.2f}")

# %% [markdown]
# The two are correlated: a higher limit goes with a lower rate. `ag.uncertainty` takes the whole
# covariance and propagates it to whatever follows from the parameters, by the rules of the
# [GUM](https://www.bipm.org/en/committees/jc/jcgm/publications): how long until half of the limit
# is reached?

# %%
half = ag.uncertainty(lambda p: math.log(2.0) / p[1], fit.x, covariance)
print(f"half of the limit is reached after {half} days")

# %% [markdown]
# And it gives the curve a band: the model's value at every time, each with its uncertainty.

# %%
grid = np.linspace(0.0, 14.0, 100)
band = ag.uncertainty(lambda p: model(p, grid), fit.x, covariance)

figure, axes = plt.subplots(figsize=(8, 5))
axes.fill_between(
    grid, band.value - band.sigma, band.value + band.sigma, alpha=0.25, label="± 1 standard error"
)
axes.plot(grid, band.value, label="fit")
axes.errorbar(days, demand, yerr=math.sqrt(scatter), fmt="ko", capsize=3, label="measured, ± s")
axes.axhline(limit, color="0.6", ls=":", label="limit")
axes.set(xlabel="days", ylabel="oxygen demand, mg/l", xlim=(0, 14), ylim=(0, 260))
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# Without the correlation the band would be wrong. At 14 days, where the limit decides, it makes no
# difference; on the slope, where both parameters matter, the band would be far too wide.

# %%
alone = ag.uncertainty(lambda p: model(p, grid), fit.x, errors)
print(f"after {grid[20]:.1f} days: ± {band.sigma[20]:.1f}, and ± {alone.sigma[20]:.1f} without it")

# %% [markdown]
# ## Why is a derivative what it is?
#
# `ag.explain` follows every path from a variable to the result, multiplies the partial derivatives
# on the way, and adds the paths up: the chain rule, in your own numbers. Here `t` enters an
# expression three times.

# %%
t, k = ag.Value(2.0, label="t"), ag.Value(0.5, label="k")
y = t * ag.exp(-k * t) + ag.sin(t) ** 2
y.label = "y"

explanation = ag.explain(y, t)
print(explanation)

# %% [markdown]
# Two paths, the growing factor `t` and the decay $e^{-kt}$, cancel where $t = 1/k$, as here; what
# remains comes from the sine alone. In a notebook an explanation shows itself as a formula:

# %%
explanation

# %% [markdown]
# Paths multiply: 40 steps of a loop that uses its variable twice make $2^{40}$ of them. They are
# counted exactly, the largest are listed, and the rest is summed in one line.

# %%
start = ag.Value(1.0, label="start")
end = start
for _ in range(40):
    end = end + 0.1 * ag.sin(end)
end.label = "end"

many = ag.explain(end, start)
print("\n".join(str(many).splitlines()[:14]))

# %% [markdown]
# ## Exercises
#
# **1.** Compute $\sqrt[3]{2}$ by Newton's method: where is $x^3 - 2 = 0$? How many steps from 1?
#
# <details><summary>Answer</summary>
#
# ```python
# cube = ag.value_and_grad(lambda x: x**3 - 2.0)
# x, count = 1.0, 0
# while abs(cube(x)[0]) > 1e-14:
#     value, slope = cube(x)
#     x, count = x - value / slope, count + 1
# print(x, count)
# ```
#
# </details>

# %%
# Your lines for exercise 1

# %% [markdown]
# **2.** Is the point (0, 0) of $f(x, y) = x^2 - 3 y^2 + x y$ a minimum, a maximum or a saddle? Ask
# the Hessian.
#
# <details><summary>Answer</summary>
#
# A saddle: the gradient is zero, one curvature is positive and one negative.
#
# ```python
# def f(p):
#     x, y = p
#     return x**2 - 3 * y**2 + x * y
# origin = np.zeros(2)
# print(ag.grad(f)(origin), np.linalg.eigvalsh(ag.hessian(f)(origin)))
# ```
#
# </details>

# %%
# Your lines for exercise 2

# %% [markdown]
# **3.** When will the bacteria have used up 90% of the limit? Give the time with its uncertainty.
#
# <details><summary>Answer</summary>
#
# From $1 - e^{-r t} = 0.9$ follows $t = \ln 10 / r$; the limit cancels.
#
# ```python
# ninety = ag.uncertainty(lambda p: math.log(10.0) / p[1], fit.x, covariance)
# print(f"after {ninety} days")
# ```
#
# </details>

# %%
# Your lines for exercise 3
