"""What `make bench` says of derivatives: each row compares two ways to one number."""

import math

import pytest

import autograd_lite as ag
from benchmarks import nested


def test_both_ways_of_each_row_give_the_same_derivative():
    assert ag.grad(nested.three_ops)(0.7) == nested.by_hand(0.7)
    slope = ag.grad(nested.four_hundred_ops)(0.7)
    assert ag.derivative(nested.four_hundred_ops)(0.7) == pytest.approx(slope, rel=1e-12)
    assert ag.jvp(nested.four_hundred_ops, (0.7,), (1.0,))[1] == pytest.approx(slope, rel=1e-12)
    [recorded] = nested.behind(3)()
    assert recorded.data == pytest.approx(3.0 * math.sin(math.sin(math.sin(0.5))) ** 2, rel=1e-14)


def test_the_descent_is_differentiated_through_its_inner_gradients():
    def by_formula(x):
        for _ in range(4):
            x = x - 0.1 * (ag.cos(x) * x)
        return x

    assert nested.nested(4)() == pytest.approx(ag.grad(by_formula)(0.5), rel=1e-13)


def test_the_figures_are_ratios_with_both_times():
    figures = nested.figures(1, quick=True)
    assert [figure.least for figure in figures] == [12, 8, 4, 14, 2]
    for figure in figures:
        assert figure.sense == "≤"
        assert 0.0 < figure.measured < 1e6
        assert figure.remark.count("s") >= 2
