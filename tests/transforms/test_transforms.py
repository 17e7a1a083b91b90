"""Derivatives of graphs that exist (contract 3, `gradient`)."""

import math

import pytest

import autograd_lite as ag
from autograd_lite import GraphError, Value, gradient


def test_gradient_touches_no_grad():
    x, y = Value(2.0), Value(3.0)
    z = x * y
    assert gradient(z, [x, y]) == [3.0, 2.0]
    assert (x.grad, y.grad, z.grad) == (0.0, 0.0, 0.0)


def test_inner_nodes_and_strangers_are_inputs_too():
    x, stranger = Value(2.0), Value(5.0)
    middle = x * x
    out = middle * middle
    assert gradient(out, [middle, out, stranger]) == [8.0, 1.0, 0.0]
    recorded = gradient(out, [middle, out, stranger, x], create_graph=True)
    assert [d.data for d in recorded] == [8.0, 1.0, 0.0, 32.0]
    assert all(isinstance(d, Value) for d in recorded)


@pytest.mark.parametrize("order", range(1, 7))
def test_higher_derivatives_of_a_power_are_exact(order):
    x = Value(2.0)
    y = x**5
    for _ in range(order):
        [y] = gradient(y, [x], create_graph=True)
    expected = math.perm(5, order) * 2.0 ** (5 - order) if order <= 5 else 0.0
    assert y.data == pytest.approx(expected, rel=1e-14)


def test_a_recorded_gradient_can_be_part_of_a_loss():
    x = Value(3.0)
    [slope] = gradient(x**3, [x], create_graph=True)
    (slope * slope).backward()
    assert x.grad == pytest.approx(2 * 27.0 * 18.0)


def test_mixed_partials_are_symmetric():
    x, y = Value(0.7), Value(-1.3)
    z = ag.sin(x * y) * ag.exp(x) + ag.logsumexp([x, y, x * y])
    dx, dy = gradient(z, [x, y], create_graph=True)
    assert gradient(dx, [y])[0] == pytest.approx(gradient(dy, [x])[0], rel=1e-14)


def test_zero_carries_nothing_to_second_order():
    x = Value(0.0)
    y = ag.where(x > 0, ag.log(x), x * x)
    [first] = gradient(y, [x], create_graph=True)
    assert first.data == 0.0
    assert gradient(first, [x]) == [2.0]


def test_a_constant_exponent_needs_no_logarithm_at_any_order():
    x = Value(-2.0)
    [first] = gradient(x**3, [x], create_graph=True)
    assert gradient(first, [x]) == [-12.0]
    zero = Value(0.0)
    [first] = gradient(zero**2, [zero], create_graph=True)
    assert (first.data, gradient(first, [zero])) == (0.0, [2.0])


def test_create_graph_on_a_stale_graph_is_refused():
    x = Value(2.0)
    y = x * x + 1
    x.data = 3.0
    assert gradient(y, [x]) == [4.0]
    with pytest.raises(GraphError, match=r"multiply.*refresh"):
        gradient(y, [x], create_graph=True)
    y.refresh()
    assert gradient(y, [x], create_graph=True)[0].data == 6.0


def test_a_change_that_gives_the_same_numbers_is_not_stale():
    x = Value(2.0)
    y = x * x
    x.data = -2.0
    y2 = Value(math.nan) * 1.0
    assert gradient(y, [x], create_graph=True)[0].data == -4.0
    assert isinstance(gradient(y2, [y2.parents[0]], create_graph=True)[0], Value)


def test_wrong_arguments_are_named():
    x = Value(1.0)
    with pytest.raises(TypeError, match="output must be a Value and is float"):
        gradient(1.0, [x])
    with pytest.raises(TypeError, match=r"inputs\[1\] must be a Value"):
        gradient(x, [x, 2.0])
    with pytest.raises(TypeError, match=r"write \[x\]"):
        gradient(x, x)


def test_a_division_by_a_constant_zero_follows_ieee_when_recorded():
    x = Value(1.0)
    [slope] = gradient(x / 0.0, [x], create_graph=True)
    assert slope.data == math.inf
    [slope] = gradient(0.0 / x + ag.norm([x, 0.0]), [x], create_graph=True)
    assert (slope.data, gradient(slope, [x])) == (1.0, [0.0])


def test_constants_have_gradient_zero_in_either_mode():
    y = Value(-2.0) ** 3.0
    assert gradient(y, y.parents) == [12.0, 0.0]
    assert [d.data for d in gradient(y, y.parents, create_graph=True)] == [12.0, 0.0]
    constant = y.parents[1]
    assert gradient(constant, [constant]) == [0.0]
    assert gradient(constant, [constant], create_graph=True)[0].data == 0.0


def test_a_recorded_gradient_is_never_a_node_of_the_users_graph():
    w, x = Value(2.0), Value(3.0)
    y = ag.exp(w * x)
    for out in (w * x, y, -x * w):
        for derivative in gradient(out, [w, x], create_graph=True):
            assert derivative not in {w, x, y, *out.parents}


def test_recorded_gradients_are_never_negative_zero():
    q, c = Value(5.0), Value(-0.0)
    [derivative] = gradient(q * c, [q], create_graph=True)
    assert math.copysign(1.0, derivative.data) == 1.0


def test_inputs_that_are_no_sequence_are_named():
    for wrong in (None, 5, Value(1.0)):
        with pytest.raises(TypeError, match=r"inputs must be a sequence of Values.*write \[x\]"):
            gradient(Value(1.0), wrong)
