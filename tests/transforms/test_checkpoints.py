"""checkpoint: a part of a computation kept as one node (contract 3)."""

import copy
import math
import pickle

import pytest
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.graph import ancestors


def steps(x, n=5):
    for _ in range(n):
        x = x + 0.1 * ag.sin(x) * x
    return x


def slanted(x):
    """A function of one number that closes over another."""
    return lambda t: ag.sin(x * t) * x * t


def recorded_slope(x):
    t = Value(1.5)
    return ag.gradient(slanted(x)(t), [t], create_graph=True)[0]


INNER = {
    "grad": lambda x: ag.grad(slanted(x))(1.5),
    "grad at the argument": lambda x: ag.grad(ag.sin)(x) * x,
    "grad twice": lambda x: ag.grad(ag.grad(slanted(x)))(1.5),
    "value_and_grad": lambda x: ag.value_and_grad(slanted(x))(1.5)[1],
    "vjp": lambda x: ag.vjp(slanted(x), 1.5)[1](x)[0],
    "jvp": lambda x: ag.jvp(slanted(x), (1.5,), (2.0,))[1],
    "hvp": lambda x: ag.hvp(lambda v: slanted(x)(v[0]) * v[1])([1.5, 2.0], [1.0, 2.0])[1],
    "hessian": lambda x: ag.hessian(slanted(x))(1.5),
    "jacobian": lambda x: ag.jacobian(lambda v: [slanted(x)(v[0]), v[1]])([1.5, 2.0])[0][0],
    "derivative": lambda x: ag.derivative(slanted(x), 3)(1.5),
    "taylor": lambda x: ag.taylor(slanted(x), 1.5, 3)[3],
    "gradient": recorded_slope,
    "checkpoint": lambda x: ag.checkpoint(slanted(x))(1.5),
    "checkpoint of grad": lambda x: ag.checkpoint(ag.grad(slanted(x)))(1.5),
    "grad of checkpoint": lambda x: ag.grad(ag.checkpoint(slanted(x)))(1.5),
    "compile": lambda x: ag.compile(lambda t, x: slanted(x)(t))(1.5, x),
    "compile of grad": lambda x: ag.compile(ag.grad(lambda t, x: slanted(x)(t)))(1.5, x),
}
OUTER = {
    "grad": ag.grad,
    "value_and_grad": lambda f: lambda x: ag.value_and_grad(f)(x)[1],
    "vjp": lambda f: lambda x: ag.vjp(f, x)[1](1.0)[0],
    "jvp": lambda f: lambda x: ag.jvp(f, (x,), (1.0,))[1],
    "jacobian": ag.jacobian,
    "hessian": ag.hessian,
    "hvp": lambda f: lambda x: ag.hvp(f)(x, 2.0),
    "derivative": ag.derivative,
    "fourth derivative": lambda f: ag.derivative(f, 4),
    "taylor": lambda f: lambda x: ag.taylor(f, x, 3)[3],
    "grad of checkpoint": lambda f: ag.grad(ag.checkpoint(f)),
    "hessian of checkpoint": lambda f: ag.hessian(ag.checkpoint(f)),
    "grad thrice": lambda f: ag.grad(ag.grad(ag.grad(f))),
    "jvp of grad": lambda f: lambda x: ag.jvp(ag.grad(f), (x,), (1.0,))[1],
    "grad of jvp": lambda f: ag.grad(lambda x: ag.jvp(f, (x,), (1.0,))[1]),
    "compile of grad": lambda f: ag.compile(ag.grad(f)),
    "compile of hessian": lambda f: ag.compile(ag.hessian(f)),
}


@pytest.mark.parametrize("outer", OUTER.values(), ids=OUTER)
@pytest.mark.parametrize("inner", INNER.values(), ids=INNER)
def test_inner_derivatives_are_differentiated(inner, outer):
    """What goes in counts as an input of a differentiation around those inside."""
    found, expected = outer(ag.checkpoint(inner))(0.7), outer(inner)(0.7)
    assert found == pytest.approx(expected, rel=1e-12)
    assert expected != 0.0


def test_inner_derivatives_are_differentiated_by_what_is_closed_over():
    def f(x):
        return ag.checkpoint(lambda s: ag.grad(lambda t: x * x * t * s)(1.0))(2.0)

    assert (ag.grad(f)(3.0), ag.hessian(f)(3.0), ag.taylor(f, 3.0, 2)) == (12.0, 4.0, [18, 12, 2])
    x = Value(3.0)
    y = ag.checkpoint(lambda x: ag.grad(lambda t: x * x * t)(1.0))(x)
    assert ag.gradient(y, [x]) == [6.0]
    x.data = 5.0
    y.refresh()
    assert (y.data, ag.gradient(y, [x])) == (25.0, [10.0])


def test_another_graph_than_before_is_refused():
    """The node's parents were those of the first call."""
    x, w, v = Value(2.0), Value(3.0), Value(5.0)
    y = ag.checkpoint(lambda x: w * x if x > 0 else v * x)(x)
    x.data = -2.0
    with pytest.raises(ag.GraphError, match=r"other Values from outside \(1\) than before \(1\)"):
        y.refresh()
    assert y.data == 6.0


def test_equal_numbers_are_different_nodes():
    x, w = Value(2.0), Value(2.0)
    inside, outside, same = ag.checkpoint(lambda x: (x * 1.0, w, x))(x)
    assert outside is w
    assert same is x
    assert inside.op == "checkpoint"
    assert ag.gradient(inside, [x, w]) == [1.0, 0.0]


def test_it_is_frozen_as_its_steps():
    x, w = Value(0.7), Value(1.5)
    part = ag.checkpoint(lambda x: ag.checkpoint(steps)(x * w) * (w if x > 0 else x))
    slope = ag.checkpoint(lambda x: ag.grad(lambda t: ag.sin(t * x))(w))
    for root in (part(x) * x, slope(x) + x):
        program = ag.freeze(root, [x, w])
        assert program(0.7, 1.5) == root.data
        gradient = ag.freeze(ag.gradient(root, [x, w], create_graph=True), [x, w])
        assert gradient(0.7, 1.5) == pytest.approx(ag.gradient(root, [x, w]), rel=1e-14)
        for x.data, w.data in ((0.2, -0.3), (1.0, 2.0)):
            root.refresh()
            assert program(x.data, w.data) == root.data
        x.data, w.data = 0.7, 1.5
        root.refresh()


def test_it_is_typeset_explained_and_shown_by_name():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    z = ag.checkpoint(lambda x, y: ag.sin(x * y))(x, y) * y
    assert ag.latex(z) == r"\operatorname{checkpoint}\left(x, y\right) \cdot y"
    assert r"\cos" in ag.latex(z, wrt=x)
    told = ag.explain(z, [x])
    assert "checkpoint" in str(told)
    assert "checkpoint" in told.latex()
    assert "sin" in ag.draw(z, expand=True).to_graphviz().source


def test_one_node_stands_for_the_whole_part():
    x = Value(0.7)
    y = ag.checkpoint(steps)(x, 20)
    plain = steps(x, 20)
    assert same_nodes(y.parents, (x,))
    assert (y.data, y.op) == (plain.data, "checkpoint")
    assert ag.gradient(y, [x]) == pytest.approx(ag.gradient(plain, [x]), rel=1e-14)
    y.backward()
    assert x.grad == ag.gradient(y, [x])[0]


@pytest.mark.parametrize(
    "transform",
    [
        ag.grad, ag.jacobian, ag.derivative, ag.hessian,
        lambda f: ag.derivative(f, 4), lambda f: ag.grad(ag.grad(ag.grad(f))),
        lambda f: lambda x: ag.jvp(ag.grad(f), (x,), (1.0,))[1],
        lambda f: lambda x: ag.grad(lambda x: ag.jvp(f, (x,), (1.0,))[1])(x),
        lambda f: lambda x: ag.hvp(f)(x, 2.0),
        lambda f: lambda x: ag.taylor(f, x, 5)[5],
    ],
)  # fmt: skip
def test_every_transform_sees_through_it(transform):
    expected = transform(steps)(0.7)
    assert transform(ag.checkpoint(steps))(0.7) == pytest.approx(expected, rel=1e-12)
    nested = ag.checkpoint(lambda x: ag.checkpoint(steps)(x * x))
    expected = transform(lambda x: steps(x * x))(0.7)
    assert transform(nested)(0.7) == pytest.approx(expected, rel=1e-12)


def test_what_the_function_closes_over_gets_its_gradient():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    a, b = Value(0.3), Value(-0.4)
    scaled = a * b  # computed, and used inside

    def f(x):
        return model(x) * scaled + a

    y = ag.checkpoint(f)([a, 2.0])
    inputs = [a, b, scaled, *model.parameters()]
    assert ag.gradient(y, inputs) == pytest.approx(ag.gradient(f([a, 2.0]), inputs), rel=1e-14)
    [slope] = ag.gradient(y, [a], create_graph=True)
    [expected] = ag.gradient(f([a, 2.0]), [a], create_graph=True)
    assert ag.gradient(slope, inputs) == pytest.approx(ag.gradient(expected, inputs), rel=1e-13)


def test_structures_go_in_and_out():
    def f(state, text, *, scale):
        assert text == "as it is"
        return {"x": state["x"] * scale, "both": [state["x"] * state["y"], 3.0]}

    x, y = Value(2.0), Value(5.0)
    out = ag.checkpoint(f)({"x": x, "y": y}, "as it is", scale=10.0)
    assert out["x"].data == 20.0
    assert out["both"][1] == 3.0
    assert ag.gradient(out["both"][0], [x, y]) == [5.0, 2.0]
    assert same_nodes(out["x"].parents, (x, y))
    assert out["x"].local_grads == (10.0, 0.0)


def test_the_same_value_twice():
    x = Value(3.0)
    y = ag.checkpoint(lambda a, b: a * a * b)(x, x)
    assert ag.gradient(y, [x]) == [27.0]


def test_refresh_calls_the_function_again():
    x, w = Value(2.0), Value(3.0)
    y = ag.checkpoint(lambda x: w * x * x)(x) + 1.0
    x.data, w.data = 3.0, 10.0
    y.refresh()
    assert y.data == 91.0
    assert ag.gradient(y, [x, w]) == [60.0, 9.0]


def test_what_comes_out_as_it_went_in_is_the_value_itself():
    x, w = Value(3.0), Value(2.0)
    same, outside, made = ag.checkpoint(lambda x: (x, w, Value(4.0)))(x)
    assert same is x
    assert outside is w
    assert (made.data, made.parents) == (4.0, ())


def test_numbers_and_results_without_values_stay_plain():
    assert ag.checkpoint(lambda x: x * 2.0)(3.0) == 6.0
    assert ag.checkpoint(lambda x: 7.0)(Value(1.0)) == 7.0


def test_a_chain_of_n_steps_in_roots_of_n():
    """The graph holds √n nodes, and the peak while recording is of that order too."""
    n = 10_000
    root = math.isqrt(n)
    part = ag.checkpoint(lambda x: steps(x, root))
    x = Value(1e-3)
    y = x
    for _ in range(root):
        y = part(y)
    assert len(ancestors(y)) == root + 1
    [slope] = ag.gradient(y, [x])
    assert slope == pytest.approx(ag.gradient(steps(x, n), [x])[0], rel=1e-10)


def test_zero_carries_nothing_inside_too():
    f = ag.checkpoint(lambda x: ag.where(x > 0.0, ag.log(x), x * x))
    x = Value(0.0)
    assert ag.gradient(f(x), [x]) == [0.0]
    assert ag.hessian(f)(0.0) == 2.0


def test_copies_share_the_function_and_pickles_are_refused():
    x = Value(2.0)
    y = ag.checkpoint(steps)(x)
    assert copy.deepcopy(y).data == y.data
    with pytest.raises(TypeError, match=r"checkpoint of steps.*cannot be pickled"):
        pickle.dumps(y)


def test_an_error_inside_goes_out():
    def fails(x):
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        ag.checkpoint(fails)(Value(1.0))


def test_it_is_drawn_with_the_name_of_its_function():
    y = ag.checkpoint(steps)(Value(2.0))
    assert "steps" in ag.draw(y).to_graphviz().source
