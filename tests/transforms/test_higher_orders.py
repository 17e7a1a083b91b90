"""Higher derivatives of rows of one argument, near the places where their formulas lose digits."""

import pytest

pytest.importorskip("mpmath", reason='pip install "autograd-lite[oracle]"')

import exact
from accuracy import KINKS, STEPS

import autograd_lite as ag
from autograd_lite.ops import TABLE

SMOOTH = [
    name
    for name, row in TABLE.items()
    if row.public and row.arity == 1 and name not in {*KINKS, *STEPS, "stop_gradient"}
]


@pytest.mark.parametrize("name", SMOOTH)
def test_the_third_derivative_is_right_at_small_numbers(name):
    """That of silu was 0 below 1e-20, a difference of two almost equal numbers."""
    for x in (1e-100, 1e-25, -1e-20, 1e-12, 1e-5, 0.3):
        try:
            expected = exact.derivatives(name, (x,))[0, 0, 0]
        except exact.NotSmoothError:
            continue
        found = ag.derivative(TABLE[name], order=3)(x)
        assert found == pytest.approx(float(expected), rel=1e-13, abs=1e-40), x


def sinc_derivative(x, order):
    """The integral from 0 to 1 over (πt)**n cos(πxt + nπ/2)."""
    mp = exact.mp
    mp.dps = 40
    x = mp.mpf(x)
    return mp.quad(
        lambda t: (mp.pi * t) ** order * mp.cos(mp.pi * x * t + order * mp.pi / 2), [0, 1]
    )


@pytest.mark.no_cover
@pytest.mark.parametrize("order", range(9))
def test_derivatives_of_sinc_are_right_to_the_eighth_order(order):
    taylor = ag.taylor(ag.sinc, 0.25, order)[order]
    for x in (0.0, 5e-324, 1e-160, 1e-9, -1e-4, 0.01, 0.25, 0.61, -0.9, 0.999, 1.0, 1.25, -3.5):
        expected = float(sinc_derivative(x, order))
        found = ag.derivative(ag.sinc, order)(x) if order else ag.sinc(x)
        assert abs(found - expected) <= 1e-12 * max(1.0, abs(expected)), x
        if x == 0.25:
            for _ in range(order):
                taylor *= _ + 1
            assert taylor == pytest.approx(expected, rel=1e-12)


def test_nested_gradients_of_sinc_agree_at_0():
    f = ag.sinc
    for expected in (1.0, 0.0, -(exact.math.pi**2) / 3, 0.0, exact.math.pi**4 / 5):
        assert f(0.0) == pytest.approx(expected, rel=1e-13, abs=1e-13)
        f = ag.grad(f)


@pytest.mark.parametrize("order", [-1, 10_001, 2**53, 2**64])
def test_an_order_that_would_never_end_is_refused(order):
    with pytest.raises(ValueError, match="order is a whole number from 0 to 10,000, and was given"):
        ag.taylor(ag.sin, 1.0, order)


@pytest.mark.parametrize("order", [171, 2**53])
def test_a_derivative_whose_factorial_no_float_holds_is_refused(order):
    with pytest.raises(ValueError, match="order is a whole number from 0 to 170, and was given"):
        ag.derivative(ag.sin, order)


@pytest.mark.no_cover
def test_the_last_derivative_whose_factorial_a_float_holds_is_right():
    assert ag.derivative(ag.sin, 170)(0.0) == 0.0
