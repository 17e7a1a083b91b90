"""`==` compares numbers, as `<` does; which node it is, nothing in the package asks by `==`."""

import copy
import itertools
import math
import operator
import pickle
import re
from decimal import Decimal, FloatOperation, localcontext
from fractions import Fraction

import numpy as np
import pytest
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.engine import topological_order

INF, NAN = math.inf, math.nan
BIGGEST = 1.7976931348623157e308

NUMBERS = [0.0, -0.0, 1.0, 0.1, 1 / 3, 5e-324]
NUMBERS += [2.0**53, -(2.0**53), 2.0**64, BIGGEST, INF, -INF, NAN]
EXACT = [
    *(0, 1, True, 2**53, 2**53 + 1, -(2**53) - 1, 2**64 - 1, 10**400, -(10**400)),
    *(Fraction(1, 3), Fraction(-1, 3), Fraction(10**400, 7), Fraction(1, 10**400)),
    *map(Decimal, ("0.1", "1e400", "-1e-400", "1", "Infinity", "-Infinity", "1e999999")),
]  # fmt: skip
COMPARISONS = {
    "<": (operator.lt, operator.gt),
    "<=": (operator.le, operator.ge),
    ">": (operator.gt, operator.lt),
    ">=": (operator.ge, operator.le),
    "==": (operator.eq, operator.eq),
    "!=": (operator.ne, operator.ne),
}


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
def test_values_and_floats_are_compared_as_floats_are(compare):
    there, back = compare
    for x, y in itertools.product(NUMBERS, NUMBERS):
        assert there(Value(x), Value(y)) is there(x, y), (x, y)
        assert there(Value(x), y) is there(x, y), (x, y)
        assert back(y, Value(x)) is there(x, y), (x, y)
        assert there(Value(x), np.float64(y)) is there(x, y), (x, y)


@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
@pytest.mark.parametrize("y", EXACT, ids=lambda y: f"{type(y).__name__} {str(y)[:30]}")
def test_other_numbers_are_compared_exactly_as_python_compares_them_with_a_float(compare, y):
    there, back = compare
    for x in [*NUMBERS, *([math.nextafter(0.1, i) for i in (0.0, 1.0)])]:
        if x != x:
            expected = there is operator.ne
        else:
            expected = there(Decimal(x) if isinstance(y, Decimal) else x, y)
        assert there(Value(x), y) is expected, x
        assert back(y, Value(x)) is expected, x


def test_an_int_of_numpy_is_compared_exactly_too():
    assert Value(2.0**53) != np.int64(2**53 + 1)
    assert Value(2.0**64) > np.uint64(2**64 - 1)
    assert Value(0.5) == np.float32(0.5)
    assert Value(0.1) < np.float32(0.1)
    assert Value(1.0) == np.bool_(True)


@pytest.mark.parametrize("text", ["NaN", "sNaN", "-NaN"])
@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
def test_a_decimal_nan_is_equal_to_nothing_and_never_raises(compare, text):
    for x in NUMBERS:
        assert compare[0](Value(x), Decimal(text)) is (compare[0] is operator.ne)


def test_the_context_of_decimals_forbids_nothing_here():
    with localcontext() as context:
        context.traps[FloatOperation] = True
        context.prec = 3
        assert Value(0.5) == Decimal("0.5")
        assert Value(0.5) < Decimal("0.50000001")


@pytest.mark.parametrize(
    "other", [None, "1", b"1", 1 + 0j, np.complex128(1), np.str_("1"), [1.0], (1.0,), {}, object]
)
def test_beside_anything_else_python_decides(other):
    v = Value(1.0)
    assert v.__eq__(other) is v.__ne__(other) is v.__lt__(other) is NotImplemented
    assert (v == other) is (other == v) is False
    assert (v != other) is True
    with pytest.raises(TypeError, match="not supported between instances"):
        v < other  # noqa: B015


def test_whoever_stands_on_the_other_side_may_know_better():
    class Anything:
        def __eq__(self, other):
            return "yes"

        def __gt__(self, other):
            return "more"

    assert (Value(1.0) == Anything()) == "yes"
    assert (Value(1.0) < Anything()) == "more"


def test_beside_an_array_they_are_elementwise():
    v, array = Value(1.0), np.array([1.0, 2.0])
    objects = np.array([Value(1.0), Value(NAN)])
    for found in (v == array, array == v, objects == [v, v], objects == 1.0):
        assert (found.dtype, found.tolist()) == (bool, [True, False])
    assert (v != array).tolist() == (v < array).tolist() == [False, True]
    assert (objects == objects).tolist() == [True, False]


def test_truth_is_not_equal_to_zero():
    assert [bool(Value(x)) for x in (0.0, -0.0, 1.0, -5e-324, INF, NAN)] == [False] * 2 + [True] * 4


# --- nodes ----------------------------------------------------------------------------------------


def test_sets_and_dicts_hold_nodes_and_lists_look_for_numbers():
    one, other = Value(1.0), Value(1.0)
    assert one == other
    assert hash(one) == object.__hash__(one) != hash(other)
    assert len({one, other, one}) == len({one: 1, other: 2}) == 2
    assert (one in {other}, {other: 2}.get(one)) == (False, None)
    assert one in [other]
    assert [Value(0.0), other, one].index(one) == 1
    numbers = [other, one]
    numbers.remove(one)
    assert numbers[0] is one
    assert Value(NAN) not in [Value(NAN)]


# --- branches in functions ------------------------------------------------------------------------


def sinc(x):
    return 1.0 - x * x / 6.0 if x == 0 else ag.sin(x) / x


def sinc_unequal(x):
    return ag.sin(x) / x if x != 0 else 1.0 - x * x / 6.0


def sinc_of_one_in_a_list(x):
    return 1.0 - x * x / 6.0 if x in (0, 7) else ag.sin(x) / x


def sinc_by_truth(x):
    return ag.sin(x) / x if x else 1.0 - x * x / 6.0


def sinc_of_an_array(x):
    v = np.array([x, x])
    return ag.mean(np.where(v == 0, 1.0 - v * v / 6.0, ag.sin(v) / v))


TRANSFORMS = {
    "value": (lambda f: lambda x: ag.value_and_grad(f)(x)[0], lambda x: [math.sin(x) / x, 1.0]),
    "grad": (lambda f: ag.grad(f), lambda x: [(x * math.cos(x) - math.sin(x)) / x**2, 0.0]),
    "jvp": (
        lambda f: lambda x: ag.jvp(f, (x,), (1.0,))[1],
        lambda x: [(x * math.cos(x) - math.sin(x)) / x**2, 0.0],
    ),
    "vjp": (
        lambda f: lambda x: ag.vjp(f, x)[1](1.0)[0],
        lambda x: [(x * math.cos(x) - math.sin(x)) / x**2, 0.0],
    ),
    "second": (
        lambda f: ag.derivative(f, 2),
        lambda x: [((2 - x * x) * math.sin(x) - 2 * x * math.cos(x)) / x**3, -1 / 3],
    ),
    "hessian": (
        lambda f: lambda x: ag.hessian(lambda v: f(v[0]))([x])[0][0],
        lambda x: [((2 - x * x) * math.sin(x) - 2 * x * math.cos(x)) / x**3, -1 / 3],
    ),
    "taylor": (
        lambda f: lambda x: ag.taylor(f, x, 1)[1],
        lambda x: [(x * math.cos(x) - math.sin(x)) / x**2, 0.0],
    ),
    "checkpoint": (
        lambda f: ag.grad(ag.checkpoint(f)),
        lambda x: [(x * math.cos(x) - math.sin(x)) / x**2, 0.0],
    ),
}


@pytest.mark.parametrize("in_program", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(
    "f",
    [sinc, sinc_unequal, sinc_of_one_in_a_list, sinc_by_truth, sinc_of_an_array],
    ids=lambda f: f.__name__,
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_case_of_its_own_is_taken_where_the_number_is_equal(f, transform, in_program):
    function, expected = TRANSFORMS[transform]
    found = function(f)
    if in_program:
        found = ag.compile(found)
    at_two, at_zero = expected(2.0)
    for _ in range(2):
        for x, right in ((2.0, at_two), (0.0, at_zero), (-0.0, at_zero), (2, at_two)):
            assert found(x) == pytest.approx(right, rel=1e-12, abs=1e-15), x


class TestPrograms:
    @pytest.mark.parametrize(
        ("f", "paths"),
        [
            (sinc, ["not an argument == 0", "an argument == 0"]),
            (sinc_unequal, ["an argument != 0", "not an argument != 0"]),
            (sinc_by_truth, ["an argument != 0", "not an argument != 0"]),
        ],
    )
    def test_equality_is_a_guard_that_paths_show_and_rows_are_split_by(self, f, paths):
        compiled, x = ag.compile(f), np.array([2.0, 0.0, -2.0, -0.0])
        expected = [math.sin(2.0) / 2.0, 1.0] * 2
        assert compiled.map(x).tolist() == pytest.approx(expected, rel=1e-15)
        assert compiled.paths == paths
        assert compiled.map(x, reduce="sum") == pytest.approx(sum(expected), rel=1e-15)
        assert ag.compile(ag.grad(f)).map(x)[1::2].tolist() == [0.0, 0.0]

    @pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
    @pytest.mark.parametrize("y", [*EXACT, *NUMBERS, Decimal("NaN")], ids=str)
    def test_guards_are_as_exact_as_the_comparison(self, compare, y):
        def f(x):
            return x * 0.0 + 1.0 if compare[0](x, y) else x * 0.0 - 1.0

        compiled = ag.compile(f)
        numbers = [x for x in NUMBERS if math.isfinite(x)]
        expected = [f(Value(x)).data for x in numbers]
        for _ in range(2):
            assert [compiled(x) for x in numbers] == expected
        assert compiled.map(np.array(numbers)).tolist() == expected
        assert len(compiled.paths) == len(set(expected))

    def test_two_arguments_are_compared(self):
        compiled = ag.compile(lambda x, y: x + y if x == y else x * y)
        assert [compiled(2.0, y) for y in (3.0, 2.0, NAN)][:2] == [6.0, 4.0]
        assert compiled.map(np.array([2.0, 3.0]), np.array([2.0, 4.0])).tolist() == [4.0, 12.0]
        assert compiled.paths == [
            "not an argument == an argument",
            "an argument == an argument",
        ]


# --- graphs in which all numbers are equal --------------------------------------------------------


def graph(numbers):
    """A root, and inputs; at numbers that are all 1, every node of the graph is 1."""
    x, y, z = (Value(number, name) for number, name in zip(numbers, "xyz", strict=True))
    with ag.scope("part"):
        a = x * y
        b = a / z
    c = b / x * y
    d = ag.mean([c, a, b, x, c])
    root = d * d * ag.dot([y], [x])
    a.label, root.label = "a", "root"
    return root, [x, y, z]


def function(v):
    x, y, z = v
    a = x * y
    b = a / z
    c = b / x * y
    d = ag.mean([c, a, b, x, c])
    return d * d * ag.dot([y], [x])


def places(root):
    """The graph, as places in its order."""
    order = topological_order([root] if isinstance(root, Value) else root)
    place = {node: i for i, node in enumerate(order)}
    return [(node.op, node.label, [place[p] for p in node.parents]) for node in order]


def without_numbers(text):
    """The lines of a text, of which all plain numbers are one; equal terms have no order."""
    text = re.sub(r"(?<![\w.])-?\d+(\.\d+)?(e[-+]?\d+)?(?![\w.])", "#", text)
    return sorted(re.sub(r"[ &+\\]+", " ", line).strip() for line in text.splitlines())


def explained(*args):
    return re.sub(r", .* (\(rounding allows)", r" \1", str(ag.explain(*args, paths=99)))


def ids(picture):
    """Boxes and arrows."""
    return re.findall(r' id="[^"]*"', picture.to_graphviz().source)


def moved(root, inputs):
    before = ag.draw(root)
    for leaf in inputs:
        leaf.data += 0.5
    root.refresh()
    return ag.draw_diff(before, root)


ON_GRAPHS = {
    "explain": lambda root, inputs: explained(root),
    "explain wrt": lambda root, inputs: "\n".join(explained(root, leaf) for leaf in inputs),
    "latex": lambda root, inputs: ag.latex(root),
    "latex wrt": lambda root, inputs: ag.latex(root, wrt=[inputs[0], inputs[1], inputs[1]]),
    "draw": lambda root, inputs: ag.draw(root).to_graphviz().source,
    "draw wrt": lambda root, inputs: ag.draw(root, wrt=inputs[0]).to_graphviz().source,
    "draw expanded": lambda root, inputs: ag.draw(root, expand=True).to_graphviz().source,
    "draw folded": lambda root, inputs: ids(ag.draw(root, max_nodes=4)),
    "draw_diff": lambda root, inputs: ids(moved(root, inputs)),
    "diagnose": lambda root, inputs: str(ag.diagnose(root, inputs)),
    "freeze": lambda root, inputs: str(ag.freeze([root, root.parents[0]], inputs)),
    "pickle": lambda root, inputs: places(pickle.loads(pickle.dumps([root, *inputs]))),
    "deepcopy": lambda root, inputs: places(copy.deepcopy([root, *inputs])),
    "copy": lambda root, inputs: places(copy.copy(root)),
    "create_graph": lambda root, inputs: places(ag.gradient(root, inputs, create_graph=True)),
}


@pytest.mark.parametrize("use", ON_GRAPHS)
def test_equal_numbers_change_nothing_of_a_graph(use):
    equal, different = graph([1.0, 1.0, 1.0]), graph([1.0, 1.0 + 1e-12, 1.0 + 3e-12])
    assert {n.data for n in topological_order([equal[0]]) if not n.constant} == {1.0}
    for root, _ in (equal, different):
        root.backward()
    found, expected = (ON_GRAPHS[use](*made) for made in (equal, different))
    if isinstance(found, str):
        found, expected = without_numbers(found), without_numbers(expected)
    assert found == expected


def learnt(parameters):
    """Parameters after three steps of a network that begins with these."""
    model = nn.MLP(2, [2, 1], activation="tanh", seed=1)
    for p, number in zip(model.parameters(), itertools.cycle(parameters), strict=False):
        p.data = number
    model.learn([[1.0, 1.0], [1.0, -1.0]], [1.0, -1.0], epochs=3, learning_rate=0.1)
    return [p.data for p in model.parameters()]


ON_FUNCTIONS = {
    "grad": lambda v: ag.grad(function)(v),
    "value_and_grad": lambda v: ag.value_and_grad(function)(v)[1],
    "jvp": lambda v: ag.jvp(function, (v,), ([1.0, 2.0, 3.0],)),
    "vjp": lambda v: ag.vjp(function, v)[1](1.0),
    "jacobian": lambda v: ag.jacobian(lambda v: [function(v), v[0] * v[1], v[2]])(v),
    "hessian": lambda v: ag.hessian(function)(v),
    "hvp": lambda v: ag.hvp(function)(v, [1.0, 2.0, 3.0]),
    "taylor": lambda v: ag.taylor(lambda t: function([t, v[1], t * v[2]]), v[0], 3),
    "derivative": lambda v: ag.derivative(lambda t: function([t, v[1], t * v[2]]), 3)(v[0]),
    "checkpoint": lambda v: ag.hessian(ag.checkpoint(function))(v),
    "compile": lambda v: ag.compile(function)(v),
    "compiled grad": lambda v: ag.compile(ag.grad(function))(v),
    "uncertainty": lambda v: ag.uncertainty(lambda *v: function(v), v, [0.1, 0.2, 0.3]).sigma,
    "nested": lambda v: ag.grad(lambda v: ag.grad(lambda w: function([v[0], w, v[2]]))(v[1]))(v),
    "anomalies": lambda v: ag.detect_anomaly()(ag.grad(function))(v),
    "learn": learnt,
}


@pytest.mark.parametrize("use", ON_FUNCTIONS)
def test_equal_numbers_change_nothing_of_a_derivative(use):
    """Nearly equal ones give nearly the same."""
    found, near = (
        np.array(flat(ON_FUNCTIONS[use](numbers)))
        for numbers in ([1.0, 1.0, 1.0], [1.0, 1.0 + 1e-9, 1.0 - 1e-9])
    )
    assert found == pytest.approx(near, rel=1e-6, abs=1e-6)


def flat(thing):
    return [x for part in thing for x in flat(part)] if isinstance(thing, list | tuple) else [thing]


def test_check_grad_agrees_where_all_numbers_are_equal():
    ag.check_grad(function, [1.0, 1.0, 1.0])


def test_a_checkpoint_gives_back_the_argument_that_it_was_given():
    x, y = Value(1.0), Value(1.0)
    first, second, product, constant = ag.checkpoint(lambda x, y: [y, x, x * y, Value(1.0)])(x, y)
    assert same_nodes([first, second], [y, x])
    assert (product.op, product.local_grads, constant.op) == ("checkpoint", (1.0, 1.0), "")


def test_freeze_says_which_input_is_given_twice():
    x, y = Value(1.0, "x"), Value(1.0, "y")
    with pytest.raises(ValueError, match=r"input 2 is given twice.*label='y'"):
        ag.freeze(x * y, [x, y, y])


def test_predictions_follow_a_parameter_that_is_another_of_the_same_number():
    model = nn.Neuron(1, nonlin=False, seed=1)
    first = model.predict([[1.0]])
    model.w[0] = Value(model.w[0].data)
    assert np.array_equal(model.predict([[1.0]]), first)
    model.w[0].data += 1.0
    assert model.predict([[1.0]]) == pytest.approx(np.array(first) + 1.0, rel=1e-12)


def test_findings_and_paths_are_told_apart_by_their_nodes():
    x, y = Value(-1.0), Value(-1.0)
    one, other = (ag.diagnose(ag.log(leaf)).findings[0] for leaf in (x, y))
    assert one.message == other.message
    assert one != other
