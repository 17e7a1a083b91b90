"""Odd things that users did, each with a right answer or an error that says what to do."""

import math
import struct

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.cli.command_line import main
from autograd_lite.errors import shown

SIGNALLING = struct.unpack("<d", struct.pack("<Q", 0x7FF4000000000000))[0]
BAD = "a\0b\ud800\x07"


def test_softmax_and_its_logarithm_of_plain_numbers_follow_the_standard():
    inf = math.inf
    assert ag.log_softmax([inf, 1.0]) == [0.0, -inf]
    assert ag.log_softmax([-inf, 1, np.float64(1.0)]) == [-inf, -math.log(2.0), -math.log(2.0)]
    assert ag.log_softmax([-inf, -inf]) == pytest.approx([-math.log(2.0)] * 2)
    assert ag.softmax([1, True]) == [0.5, 0.5]
    for xs in ([inf, 1.0], [1.0, -inf, 2.0], [inf, inf], [1e308, -1e308], [1.0, 2.0]):
        for function in (ag.softmax, ag.log_softmax):
            assert function(xs) == [x.data for x in function([Value(x) for x in xs])]


@pytest.mark.parametrize("numbers", [(0.0, -1.0), (-8.0, 1 / 3), (1e200, 2.5), (0.0, -0.5)])
@pytest.mark.parametrize("sign", ["power", "remainder", "floor_divide"])
def test_operators_in_a_users_rule_follow_the_standard_as_those_of_values(numbers, sign):
    """Where Python raises, or turns complex, the rule is called on numbers that do neither."""
    rules = {
        "power": lambda x, y: x**y, "remainder": lambda x, y: x % (y * 0.0),
        "floor_divide": lambda x, y: x // (y * 0.0),
    }  # fmt: skip
    rule = rules[sign]
    op = ag.custom_op("edgy", rule, [lambda out, x, y: rule(x, y), lambda out, x, y: rule(x, y)])
    expected = rule(*map(Value, numbers)).data
    out = op(*map(Value, numbers))
    assert [out.data, *out.local_grads] == pytest.approx([expected] * 3, nan_ok=True)


@pytest.mark.parametrize("x", [SIGNALLING, -SIGNALLING, math.nan])
def test_a_nan_that_signals_is_one_that_does_not(x):
    assert (Value(x) ** 0.0).data == (Value(x) ** Value(0.0)).data == 1.0
    assert (1.0 ** Value(x)).data == 1.0
    assert ag.hypot(Value(math.inf), Value(x)).data == math.inf
    leaf = Value(0.0)
    leaf.data = x
    assert (leaf ** Value(0.0)).data == 1.0


@pytest.mark.parametrize("x", [SIGNALLING, -SIGNALLING, math.nan])
@pytest.mark.parametrize(
    ("function", "other", "expected"),
    [
        (lambda x, y: x**y, 0.0, 1.0),
        (lambda x, y: y**x, 1.0, 1.0),
        (ag.hypot, math.inf, math.inf),
        (lambda x, y: ag.norm([x, y]), 1.0, math.nan),
    ],
)
def test_so_it_is_in_programs(x, function, other, expected):
    """One number at a time, and over rows: NumPy hands the nan over as it lies in memory.

    Without the machine rows go through NumPy's own hypot, which makes nan of it.
    """
    program = ag.compile(function)
    found = [program(x, other)]
    if ag.engine == "native" or function is not ag.hypot:
        found += [*program.map(np.full(9, x), np.full(9, other))]
        found += [*program.map(x, np.full(3, other), shared=(0,))]
    assert found == pytest.approx([expected] * len(found), nan_ok=True)


def test_labels_that_no_picture_can_hold_are_cleaned_in_captions_too():
    def loss(number):
        x, y = Value(number, label=BAD), Value(2.0, label="y")
        return x, x * y + x

    with ag.scope(BAD):
        x, root = loss(1.0)

    def graphs():
        for number in (1.0, 3.0):
            with ag.scope(BAD):
                yield loss(number)[1]

    for picture in (ag.draw(root, wrt=x), ag.draw_diff(*graphs())):
        assert BAD[3] not in picture.to_graphviz().source
        assert picture.to_graphviz().source.encode()
    with pytest.raises(ag.GraphError, match="the graphs part") as refused:
        ag.draw_diff(root, x * 2.0)
    assert str(refused.value).encode()


def test_what_names_nothing_is_refused():
    x = Value(1.0)
    with pytest.raises(ag.GraphError, match="leave it out"):
        ag.draw(x * x, wrt=[])
    with pytest.raises(TypeError, match="Module or a sequence of Values and is 3"):
        ag.diagnose(x * x, 3)


def test_a_derivative_is_checked_inside_another():
    def f(z):
        ag.check_grad(lambda u: u * z + ag.sin(u), 2.0)
        ag.check_grad(lambda u: u * u, z)
        return z * z

    assert ag.grad(f)(3.0) == 6.0
    assert ag.grad(ag.grad(f))(3.0) == 2.0


@pytest.mark.parametrize("threads", [1, 2**31, 2**63, 10**30])
def test_any_number_of_threads_gives_the_same_bits(threads):
    x = Value(1.0)
    program = ag.freeze(x * 3.0, [x])
    assert program.map([1.0, 2.0], threads=threads).tolist() == [3.0, 6.0]
    assert ag.compile(lambda x: x * 3.0).map([1.0], threads=threads).tolist() == [3.0]


def itself():
    found = [1.0]
    found.append({"a": found})
    return found


def nested(depth):
    found = 1.0
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("make", [itself, lambda: nested(102), lambda: nested(500)])
@pytest.mark.parametrize(
    "call",
    [
        lambda thing: ag.grad(lambda x: Value(1.0))(thing),
        lambda thing: ag.jvp(lambda x: Value(1.0), (thing,), (thing,)),
        lambda thing: ag.grad(lambda x: thing)(1.0),
        lambda thing: ag.grad(lambda x: (x * x, thing), has_aux=True)(1.0),
        lambda thing: ag.compile(lambda x: Value(1.0))(thing),
        lambda thing: ag.compile(lambda x: thing)(1.0),
        lambda thing: ag.uncertainty(lambda x: Value(1.0), thing, thing),
        lambda thing: ag.checkpoint(lambda x: Value(1.0))(thing),
    ],
)
def test_what_is_nested_too_deeply_or_contains_itself_is_refused(make, call):
    with pytest.raises(ag.ShapeError, match="deep, or contains itself") as refused:
        call(make())
    assert len(str(refused.value)) < 300


def test_what_is_nested_100_deep_is_taken():
    def f(x):
        while isinstance(x, list):
            [x] = x
        return x * x

    found = ag.grad(f)(nested(100))
    assert str(found).count("[") == 100
    assert f(found) == 4.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max(a, b)", "write maximum(a, b) or max([a, b])"),
        ("min(a, b)", "write minimum(a, b) or min([a, b])"),
        ("sum(a, b)", "write sum([a, b])"),
        ("norm([a], 0.5) + b", "norm takes order from 1 to inf and was given 0.5"),
        ("norm(a, 0.5) + b", "norm takes one sequence"),
        ("ln(a) + b", "did you mean log,"),
        ("qqqq(a) + b", "did you mean "),
    ],
)
def test_the_command_line_says_what_to_write(text, said, capsys):
    assert main(["explain", text, "a=1", "b=2"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told) < 400
    assert "Traceback" not in told


def test_values_in_messages_are_shortened():
    class NoRepr:
        def __repr__(self):
            raise RuntimeError

    assert shown("x" * 10**6) == "'" + "x" * 76 + "..."
    assert shown(NoRepr()) == "<NoRepr>"
    with pytest.raises(TypeError) as refused:
        ag.exp("x" * 10**6)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("use", "error", "said"),
    [
        (lambda v: v._backward(), AttributeError, "custom_op"),
        (lambda v: setattr(v, "_backward", None), AttributeError, "custom_op"),
        (lambda v: setattr(v, "m", 0), AttributeError, "dict by Value"),
        (lambda v: setattr(v, "v", 0), AttributeError, "dict by Value"),
        (lambda v: Value(1.0, (v, v), "+"), TypeError, "custom_op"),
        (lambda v: Value(1.0, {v}), TypeError, "takes no parents"),
    ],
)
def test_what_users_of_micrograd_write_is_answered(use, error, said):
    with pytest.raises(error, match=said):
        use(Value(1.0))
    assert not hasattr(Value(1.0), "_backward")
    assert "m" not in dir(Value(1.0))
    if ag.engine == "native":
        with pytest.raises(AttributeError, match=r"'anything'.*dict by Value"):
            Value(1.0).anything = 3


@pytest.mark.parametrize(
    ("function", "numbers"),
    [(np.std, [2.0, 2.0]), (np.sqrt, [0.0]), (np.cbrt, [0.0]), (np.arcsin, [1.0]),
     (np.arccosh, [1.0])],
)  # fmt: skip
def test_numpy_does_not_warn_of_a_finite_number_with_an_infinite_slope(function, numbers):
    """It would say "divide by zero encountered in sqrt" of the derivative; warnings are errors."""
    with np.errstate(all="raise"):
        found = function(np.array([Value(x) for x in numbers], dtype=object))
    assert np.all(np.isfinite([x.data for x in np.atleast_1d(found)]))
