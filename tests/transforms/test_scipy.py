"""Derivatives go into SciPy's solvers as they are, without a line in between."""

import itertools

import numpy as np
import pytest

import autograd_lite as ag

optimize = pytest.importorskip("scipy.optimize", reason="scipy is not installed (extra: test)")
integrate = pytest.importorskip("scipy.integrate", reason="scipy is not installed (extra: test)")
linalg = pytest.importorskip("scipy.sparse.linalg", reason="scipy is not installed (extra: test)")

START = np.array([1.3, 0.7, 0.8, 1.9])


def rosenbrock(x):
    """Its minimum is 0, where all are 1."""
    return sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(x))


def bowl(x, centre, scale):
    """With extra arguments: an array and a number."""
    return scale * ag.sum((x - centre) ** 4) + ag.dot(x, x)


def checked(function, shape):
    """The function, which must give float64 in a shape wherever SciPy calls it."""

    def checking(*args):
        found = function(*args)
        assert isinstance(found, np.ndarray)
        assert (found.dtype, found.shape) == (np.float64, shape)
        return found

    return checking


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "SLSQP", "trust-constr"])
def test_value_and_grad_is_what_minimize_wants(method):
    found = optimize.minimize(ag.value_and_grad(rosenbrock), START, jac=True, method=method)
    assert found.x == pytest.approx(np.ones(4), abs=1e-3)
    assert type(found.fun) is float
    numeric = optimize.minimize(rosenbrock, START, method=method)
    assert found.nfev < numeric.nfev


def test_value_and_grad_gives_a_float_and_a_float_array():
    value, gradient = ag.value_and_grad(rosenbrock)(START)
    assert type(value) is float
    assert (gradient.dtype, gradient.shape) == (np.float64, (4,))
    assert value == pytest.approx(optimize.rosen(START), rel=1e-14)
    assert gradient == pytest.approx(optimize.rosen_der(START), rel=1e-13)


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-exact", "trust-krylov"])
def test_hessian_is_what_minimize_wants(method):
    found = optimize.minimize(
        rosenbrock,
        START,
        method=method,
        jac=checked(ag.grad(rosenbrock), (4,)),
        hess=checked(ag.hessian(rosenbrock), (4, 4)),
    )
    assert found.x == pytest.approx(np.ones(4), abs=1e-4)
    assert found.nfev < optimize.minimize(rosenbrock, START).nfev
    assert ag.hessian(rosenbrock)(START) == pytest.approx(optimize.rosen_hess(START), rel=1e-13)


def test_sparse_matrices_are_what_its_solvers_want():
    """As `hess` and as `jac`, and for a step of Newton's method by hand."""
    start, hessian = np.linspace(0.5, 1.5, 50), ag.compile(ag.hessian(rosenbrock, sparse=True))
    options = {"method": "trust-constr", "jac": ag.compile(ag.grad(rosenbrock))}
    found = optimize.minimize(rosenbrock, np.full(5, 0.9), hess=hessian, **options)
    assert found.x == pytest.approx(np.ones(5), abs=1e-4)

    def residuals(x):
        return np.concatenate([10.0 * (x[1:] - x[:-1] ** 2), 1.0 - x[:-1]])

    found = optimize.least_squares(residuals, start, jac=ag.jacobian(residuals, sparse=True))
    assert found.x == pytest.approx(np.ones(50), abs=1e-6)
    step = linalg.spsolve(hessian(found.x).tocsc(), options["jac"](found.x))
    assert np.abs(step).max() < 1e-6


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"])
def test_hvp_is_what_minimize_wants(method):
    found = optimize.minimize(
        ag.value_and_grad(rosenbrock),
        START,
        jac=True,
        method=method,
        hessp=checked(ag.hvp(rosenbrock), (4,)),
    )
    assert found.x == pytest.approx(np.ones(4), abs=1e-4)


@pytest.mark.parametrize("second", ["hess", "hessp"])
def test_extra_arguments_follow_the_differentiated_one(second):
    centre = np.array([1.0, -2.0, 3.0])
    derivative = {"hess": ag.hessian, "hessp": ag.hvp}[second](bowl)
    found = optimize.minimize(
        ag.value_and_grad(bowl),
        np.zeros(3),
        args=(centre, 2.0),
        jac=True,
        method="Newton-CG",
        options={"xtol": 1e-10},
        **{second: derivative},
    )
    assert ag.grad(bowl)(found.x, centre, 2.0) == pytest.approx(np.zeros(3), abs=1e-8)


# --- equations ------------------------------------------------------------------------------------


def circle_and_line(x):
    """Two equations, as an array for floats and for Values alike."""
    return np.array([x[0] ** 2 + x[1] ** 2 - 5.0, ag.exp(x[0] - 1.0) - x[1] + 1.0])


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_jacobian_is_what_root_wants(method):
    found = optimize.root(
        circle_and_line,
        [0.8, 1.5],
        jac=checked(ag.jacobian(circle_and_line), (2, 2)),
        method=method,
    )
    assert found.success
    assert found.x == pytest.approx([1.0, 2.0], abs=1e-9)
    numeric = optimize.root(circle_and_line, [0.8, 1.5], method=method)
    assert found.nfev < numeric.nfev


def test_jacobian_is_what_an_implicit_integrator_wants():
    """Van der Pol's stiff oscillator; its variables are the second argument."""

    def slope(t, y):
        return [y[1], 100.0 * (1.0 - y[0] ** 2) * y[1] - y[0]]

    arguments = (slope, (0.0, 50.0), [2.0, 0.0])
    found = integrate.solve_ivp(*arguments, method="Radau", jac=ag.jacobian(slope, argnums=1))
    numeric = integrate.solve_ivp(*arguments, method="Radau")
    assert found.y[:, -1] == pytest.approx(numeric.y[:, -1], rel=1e-2)
    assert found.njev > 0


def test_derivatives_are_what_newton_wants():
    def f(x, a):
        return x**3 - a + ag.sin(x)

    counted = []

    def counting(x, a):
        counted.append(x)
        return f(x, a)

    roots, calls = [], []
    for derivatives in (
        {},
        {"fprime": ag.derivative(f)},
        {"fprime": ag.derivative(f), "fprime2": ag.derivative(f, 2)},
    ):
        counted.clear()
        roots.append(optimize.newton(counting, 2.5, args=(3.0,), **derivatives))
        calls.append(len(counted))
    assert f(roots[0], 3.0) == pytest.approx(0.0, abs=1e-12)
    assert roots == pytest.approx([roots[0]] * 3, abs=1e-12)
    assert calls[0] > calls[1] > calls[2]


# --- curves ---------------------------------------------------------------------------------------

#: Monomolecular adsorption; Misra (1978), NIST's reference data set Misra1a with certified results.
PRESSURE = np.array(
    [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760]
)
VOLUME = np.array(
    [
        10.07,
        14.73,
        17.94,
        23.93,
        29.61,
        35.18,
        40.02,
        44.82,
        50.76,
        55.05,
        61.01,
        66.4,
        75.47,
        81.78,
    ]
)
CERTIFIED = [2.3894212918e02, 5.5015643181e-04]
DEVIATIONS = [2.7070075241e00, 7.2668688436e-06]


def adsorbed(pressure, most, rate):
    """The model."""
    return most * (1.0 - ag.exp(-rate * pressure))


@pytest.mark.parametrize("method", ["lm", "trf", "dogbox"])
def test_jacobian_is_what_least_squares_wants(method):
    def residuals(p, pressure, volume):
        return adsorbed(pressure, *p) - volume

    arguments = {"method": method, "args": (PRESSURE, VOLUME), "x_scale": [100.0, 1e-4]}
    jacobian = checked(ag.jacobian(residuals), (14, 2))
    found = optimize.least_squares(residuals, [250.0, 5e-4], jac=jacobian, **arguments)
    assert found.x == pytest.approx(CERTIFIED, rel=1e-6)
    assert (found.jac.dtype, found.jac.shape) == (np.float64, (14, 2))


@pytest.mark.parametrize("method", ["lm", "trf"])
@pytest.mark.parametrize("sigma", [None, np.full(14, 0.1)], ids=["unweighted", "weighted"])
def test_jacobian_is_what_curve_fit_wants(method, sigma):
    """The parameters, from the second argument on, count as one."""
    jacobian = checked(ag.jacobian(adsorbed, argnums=slice(1, None)), (14, 2))
    found, covariance = optimize.curve_fit(
        adsorbed, PRESSURE, VOLUME, [250.0, 5e-4], jac=jacobian, method=method, sigma=sigma
    )
    assert found == pytest.approx(CERTIFIED, rel=1e-6)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(DEVIATIONS, rel=1e-5)
