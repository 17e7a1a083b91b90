"""Calls of compiled functions give eager bits and types, and most kinds need no Python code."""

import copy
import gc
import itertools
import math
import pickle
import struct
import threading
import weakref
from collections import namedtuple
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ProgramError, Value, nn
from autograd_lite.program import running, traced
from autograd_lite.program.compiling import Compiled
from autograd_lite.transforms.trees import take_apart

IN_C = running.native is not None
Pair = namedtuple("Pair", "left right")


@dataclass
class Point:
    x: float
    y: float


@pytest.fixture
def slow(monkeypatch):
    """The arguments of each call that Python code had to look at."""
    seen = []
    really = Compiled._slow

    def counted(self, *args, **keywords):
        seen.append((args, keywords))
        return really(self, *args, **keywords)

    monkeypatch.setattr(Compiled, "_slow", counted)
    return seen


def assert_same(mine, right):
    """Equal in types, structure and bits."""
    assert type(mine) is type(right)
    if isinstance(right, dict):
        assert [*mine] == [*right]
        mine, right = [*mine.values()], [*right.values()]
    if isinstance(right, np.ndarray):
        assert (mine.dtype, mine.shape) == (right.dtype, right.shape)
        assert mine.flags.carray
        mine, right = mine.ravel().tolist(), right.ravel().tolist()
    if isinstance(right, list | tuple):
        for one, other in zip(mine, right, strict=True):
            assert_same(one, other)
        return
    if dataclass_fields := getattr(right, "__dataclass_fields__", None):
        for name in dataclass_fields:
            assert_same(getattr(mine, name), getattr(right, name))
        return
    assert struct.pack("d", mine) == struct.pack("d", right) or (mine != mine and right != right)


def eager(f, args):
    """`f` called on Values of the same numbers."""
    trees = [take_apart(arg, "an argument") for arg in args]
    result = take_apart(f(*[tree.rebuilt([*map(Value, tree.leaves)]) for tree in trees]), "it")
    return result.rebuilt([x.data if isinstance(x, Value) else x for x in result.leaves])


def numbers(thing):
    """The numbers in a structure."""
    if isinstance(thing, dict):
        thing = [*thing.values()]
    if isinstance(thing, Point):
        thing = [thing.x, thing.y]
    if isinstance(thing, np.ndarray):
        thing = thing.ravel().tolist()
    if not isinstance(thing, list | tuple):
        return [thing]
    return [number for part in thing for number in numbers(part)]


#: Arguments made of a number; those that the machine takes by itself first.
QUICK = {
    "float": lambda k: k + 0.5,
    "int": lambda k: k,
    "numpy float": lambda k: np.float64(k + 0.25),
    "numpy int": lambda k: np.int64(k),
    "list": lambda k: [k + 0.5, -k / 3.0],
    "list of ints": lambda k: [k, 2.0, k + 1],
    "empty list": lambda k: [k * 1.0, []],
    "tuple": lambda k: (k + 0.5, k / 7.0, 1.0),
    "list of lists": lambda k: [[1.0, k + 0.5], [k / 3.0, 2.0]],
    "tuple of kinds": lambda k: (k / 3.0, [1.0, k], (np.array([k + 0.5]), 2)),
    "array": lambda k: np.array([k + 0.5, -k / 3.0]),
    "array of ints": lambda k: np.array([k, 3]),
    "array of float32": lambda k: np.array([k / 3.0, 3], np.float32),
    "array of no dimension": lambda k: np.array(k + 0.5),
    "empty array": lambda k: [k / 3.0, np.empty((2, 0))],
    "matrix": lambda k: np.arange(6.0).reshape(2, 3) / (k + 3.0),
    "every other number": lambda k: np.arange(6.0)[::2] / (k + 3.0),
    "transposed": lambda k: (np.arange(6.0).reshape(2, 3) / (k + 3.0)).T,
    "backwards": lambda k: (np.arange(3.0) / (k + 3.0))[::-1],
    "repeated": lambda k: np.broadcast_to(np.array([[k / 3.0], [1.0]]), (2, 3)),
    "read-only": lambda k: np.frombuffer(np.array([k / 3.0, 1.0]).tobytes()),
    "dict": lambda k: {"b": k / 3.0, "a": [1.0, k], 3: np.array([k + 0.5])},
    "named tuple": lambda k: Pair(k / 3.0, [1.0, k]),
}
SLOW = {
    "dataclass": lambda k: Point(k / 3.0, 2.0),
    "list subclass": lambda k: type("Listed", (list,), {})([k / 3.0, 1.0]),
}
ARGUMENTS = QUICK | SLOW

#: Structures of a list of numbers.
RESULTS = {
    "number": lambda xs: sum(xs[1:], xs[0] * xs[-1]),
    "constant": lambda xs: (xs[0] * 2.0, 3.0),
    "same number twice": lambda xs: [xs[0], xs[0]],
    "list": lambda xs: [x / 3.0 for x in xs],
    "empty list": lambda xs: [],
    "tuple": lambda xs: (xs[0], xs[0] / 3.0, xs[-1]),
    "array": lambda xs: np.array([x / 3.0 for x in xs]),
    "array of no dimension": lambda xs: np.array(xs[0] / 3.0),
    "matrix": lambda xs: np.array([[x / 3.0, x * x] for x in xs]),
    "value and list": lambda xs: (xs[0] / 3.0, [x * x for x in xs]),
    "value and arrays": lambda xs: (xs[0] / 3.0, (np.array([x * x for x in xs]), np.array(xs[:1]))),
    "list of tuples": lambda xs: [(x, [x / 3.0], ()) for x in xs],
    "dict": lambda xs: {"b": xs[0] / 3.0, "a": np.array(xs), 3: [xs[-1]]},
    "named tuple": lambda xs: Pair(xs[0] / 3.0, [xs[-1]]),
    "dataclass": lambda xs: Point(xs[0] / 3.0, xs[-1] * 2.0),
}  # fmt: skip


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("argument", ARGUMENTS)
def test_calls_give_eager_bits_and_types(argument, result, slow):
    def f(x):
        return RESULTS[result](numbers(x))

    compiled = ag.compile(f)
    for k in (1, 2, 5):
        args = (ARGUMENTS[argument](k),)
        assert_same(compiled(*args), eager(f, args))
    quick = IN_C and argument in QUICK and result != "dataclass"
    assert len(slow) == (1 if quick else 3)


@pytest.mark.parametrize("several", [*itertools.pairwise([*QUICK, "float"])], ids=" and ".join)
def test_several_arguments_of_different_kinds_are_taken(several, slow):
    def f(*args):
        return [x * x for x in numbers(list(args))], args[0]

    compiled = ag.compile(f)
    for k in (1, 2, 5):
        args = (*(QUICK[name](k) for name in several), [k / 3.0], k)
        assert_same(compiled(*args), eager(f, args))
    assert len(slow) == (1 if IN_C else 3)


def function(x):
    xs = numbers(x)
    return sum([ag.sin(x) * x for x in xs[1:]], xs[0] * 3.0) ** 2.0


@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian])
@pytest.mark.parametrize("argument", ["float", "int", "list", "tuple", "list of ints", "array"])
def test_derivatives_have_eager_bits_and_types(transform, argument, slow):
    derivative = transform(function)
    compiled = ag.compile(derivative)
    for k in (1, 2, 5):
        x = QUICK[argument](k)
        assert_same(compiled(x), eager(derivative, (x,)))
    assert len(slow) == (1 if IN_C else 3)


@pytest.mark.parametrize(
    "argument", ["matrix", "transposed", "dict", "named tuple", "list of lists"]
)
def test_gradients_have_the_structure_of_the_argument(argument, slow):
    derivative = ag.value_and_grad(function)
    compiled = ag.compile(derivative)
    for k in (1, 2, 5):
        x = QUICK[argument](k)
        assert_same(compiled(x), eager(derivative, (x,)))
    assert len(slow) == (1 if IN_C else 3)


@pytest.mark.parametrize("x", [0.0, -0.0, 1e300, 5e-324, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("kind", [list, np.array])
def test_numbers_at_the_edges_keep_their_bits(x, kind):
    compiled = ag.compile(lambda xs: (xs[0], kind([xs[0] * 2.0, xs[1]])))
    compiled(kind([1.0, 2.0]))
    for _ in range(2):
        assert_same(compiled(kind([x, -x])), (x, kind([x * 2.0, -x])))


def test_arrays_of_results_are_never_shared():
    compiled = ag.compile(lambda x: (x, x * 1.0, [x]))
    x = np.array([1.0, 2.0])
    compiled(x)
    first, second = compiled(x), compiled(x)
    arrays = [x, *first[:2], *first[2], *second[:2], *second[2]]
    assert not any(np.shares_memory(*pair) for pair in itertools.combinations(arrays, 2))
    first[0][0] = 99.0
    assert second[0].tolist() == x.tolist() == [1.0, 2.0]


class TestQuickPaths:
    def test_paths_and_kinds_in_turn_all_stay_quick(self, slow):
        compiled = ag.compile(lambda x: sum(x, 0.0) if x[0] > 0.0 else x[0] - 1.0)
        points = [[1.0, 2.0], [-1.0, 2.0], np.array([1.0, 4.0]), (1.0, 2.0), [1.0], np.ones(3)]
        expected = [3.0, -2.0, 5.0, 3.0, 1.0, 3.0]
        for _ in range(3):
            assert [compiled(x) for x in points] == expected
        assert len(slow) == (6 if IN_C else 18)

    def test_more_kinds_than_are_kept_stay_right(self, monkeypatch, slow):
        monkeypatch.setattr(traced, "MOST_LINKS", 4)
        compiled = ag.compile(lambda x: [sum(x, 0.0), x[0]])
        for _ in range(3):
            for n in range(1, 10):
                assert compiled([1.0] * n) == [float(n), 1.0]
        assert len(compiled.programs) == 9
        slow.clear()
        for _ in range(3):
            compiled([1.0] * 9)
        assert len(slow) == (0 if IN_C else 3)

    def test_what_looks_alike_is_not_taken_for_it(self):
        compiled = ag.compile(lambda x: x[0] * 2.0)
        assert compiled(np.array([1.0, 2.0])) == 2.0
        assert compiled([1.0, 2.0]) == 2.0
        assert compiled(np.array([3.0, 2.0], ">f8")) == 6.0
        assert compiled(np.array([3.0, 2.0], np.float16)) == 6.0
        assert compiled(np.array([True, False])) == 2.0
        assert compiled(np.array([3.0, 2.0], object)) == 6.0
        assert compiled([3.0, np.float32(0.5)]) == 6.0
        assert compiled(np.ma.array([3.0, 2.0])) == 6.0
        x = Value(5.0)
        found = compiled([x, 1.0])
        assert found.parents[0] is x
        assert compiled(np.array([x, x])).data == 10.0
        with pytest.raises(TypeError):
            compiled(["3", 1.0])
        with pytest.raises(TypeError):
            compiled(np.ones(2, complex))

    def test_ints_that_no_float_holds_are_left_to_python(self, slow):
        compiled = ag.compile(lambda x: x * 1.0)
        assert [compiled(x) for x in (1, 2**53, -(2**53))] == [1.0, 2.0**53, -(2.0**53)]
        count = len(slow)
        with pytest.raises(OverflowError):
            compiled(10**400)
        assert len(slow) == count + 1

    def test_keywords_are_quick_too(self, slow):
        compiled = ag.compile(lambda x, y=1.0, *, z=2.0: x - y)
        for _ in range(3):
            assert compiled(x=5.0, y=2.0) == compiled(y=2.0, x=5.0) == compiled(5.0, y=2.0) == 3.0
            assert compiled(x=[5.0][0]) == 4.0
        assert len(slow) == (2 if IN_C else 12)
        for args, keywords in (((5.0,), {"x": 1.0}), ((5.0,), {"w": 1.0}), ((5.0, 1.0, 2.0), {})):
            with pytest.raises(TypeError):
                compiled(*args, **keywords)

    def test_keyword_only_arguments_are_quick_and_taken_by_name_alone(self, slow):
        compiled = ag.compile(lambda x, *, k, m=1.0: x * k - m)
        for _ in range(3):
            assert compiled(5.0, k=2.0) == compiled(k=2.0, x=5.0) == 9.0
            assert compiled(5.0, m=2.0, k=2.0) == compiled(5.0, k=2.0, m=2.0) == 8.0
        assert len(slow) == (2 if IN_C else 12)
        for args, keywords in (((5.0, 2.0), {}), ((5.0, 2.0), {"m": 1.0}), ((5.0,), {"m": 1.0})):
            with pytest.raises(TypeError):
                compiled(*args, **keywords)

    def test_what_ran_in_c_last_is_kept(self):
        compiled = ag.compile(lambda x: ag.sum(x) * 2.0, max_programs=3)
        for n in (1, 2, 3, 1, 1, 3):
            compiled([1.0] * n)
        with pytest.warns(UserWarning, match="max_programs=3"):
            compiled([1.0] * 4)
        assert [program.n_inputs for program in compiled.programs] == [1, 3, 4]

    def test_names_of_positional_parameters_are_not_taken(self):
        compiled = ag.compile(lambda x, /, y: x - y)
        assert compiled(5.0, y=1.0) == compiled(3.0, -1.0) == 4.0
        with pytest.raises(TypeError):
            compiled(x=5.0, y=1.0)

    def test_settings_are_part_of_the_function(self, slow):
        def f(x, kind, activation=None):
            return (ag.sin(x) if kind == "sin" else x) if activation is None else activation(x)

        compiled = ag.compile(f)
        for _ in range(3):
            assert compiled(1.0, "sin") == compiled(1.0, "sin", None) == math.sin(1.0)
            assert compiled(1.0, "none") == 1.0
            assert compiled(1.0, "sin", ag.tanh) == math.tanh(1.0)
            assert compiled(1.0, "sin", activation=ag.cos) == math.cos(1.0)
        assert len(slow) == (5 if IN_C else 15)
        assert compiled(1.0, "".join("sin")) == math.sin(1.0)

    def test_functions_without_a_signature_are_taken(self):
        assert ag.compile(ag.grad(lambda x: x * x))(3.0) == 6.0
        compiled = ag.compile(max)
        assert [compiled(1.0, 2.0), compiled(4.0, 3.0), compiled(2.0, 4.0)] == [2.0, 4.0, 4.0]

    def test_checked_calls_are_checked_each_time(self):
        factor = [2.0]
        compiled = ag.compile(lambda x: (factor[0], x * factor[0]), check=True)
        x = np.array([1.0, 2.0])
        for _ in range(3):
            assert_same(compiled(x), (2.0, np.array([2.0, 4.0])))
        factor[0] = 3.0
        with pytest.raises(ProgramError, match="where the function gives"):
            compiled(x)


@pytest.mark.parametrize("outputs", [0, 1, 2, "one"])
def test_a_frozen_program_takes_any_numbers(outputs):
    x, y = Value(3.0), Value(4.0)
    wanted = x * y if outputs == "one" else [x * y, x - y][:outputs]
    program = ag.freeze(wanted, [x, y])
    for args in ((5.0, 2.0), (5, np.float64(2.0)), (np.float32(5.0), Fraction(2)), (True, 2**60)):
        a, b = map(float, args)
        assert_same(program(*args), a * b if outputs == "one" else [a * b, a - b][:outputs])
    for wrong in ((1.0,), (1.0, 2.0, 3.0), ("1", 2.0), ([1.0], 2.0)):
        with pytest.raises(TypeError):
            program(*wrong)


@pytest.mark.skipif(not IN_C, reason="what runs a program in Python holds it")
def test_a_program_is_freed_as_soon_as_nobody_holds_it():
    x = Value(3.0)
    program = ag.freeze(x * x, [x])
    gone = weakref.ref(program.runner)
    program(2.0)
    del program
    assert gone() is None


def test_several_threads_call_at_once():
    gradient = ag.value_and_grad(lambda x: sum([ag.sin(a) * b for a, b in itertools.pairwise(x)]))
    compiled = ag.compile(gradient)
    points = [np.arange(1.0, n) / n for n in (4, 5, 4000)]
    expected = [gradient(x) for x in points]
    wrong = []

    def work():
        for x, right in [*zip(points, expected, strict=True)] * 10:
            try:
                assert_same(compiled(x), right)
            except AssertionError as error:
                wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def halved(x, n):
    return ag.sin(x) / n


class Doubling(nn.Module):
    """A module that holds a compiled function of itself."""

    def __init__(self):
        self.w = Value(2.0)
        self.fast = ag.compile(self.product)

    def product(self, x):
        return self.w * x


@pytest.mark.parametrize("has_run", [False, True])
@pytest.mark.parametrize(
    "way", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]
)
def test_copies_and_pickles_record_their_own_programs(way, has_run):
    compiled, model = ag.compile(halved, static="n"), Doubling()
    if has_run:
        compiled(1.0, 2), compiled.map([1.0, 2.0], 3), model.fast(1.0)
    other = way(compiled)
    assert (other.programs, len(compiled.programs)) == ([], 2 * has_run)
    assert other(0.5, 2) == compiled(0.5, 2) == halved(Value(0.5), 2).data
    if way is not copy.copy:
        twin = way(model)
        twin.w.data = 5.0
        assert (twin.fast(3.0), model.fast(3.0)) == (15.0, 6.0)


def test_a_compiled_function_that_nobody_holds_is_freed():
    compiled = ag.compile(lambda x, kind: (x[0], x))
    held = [compiled(x, held) for x in (np.ones(2), [1.0]) for held in (ag.sin, "a")]
    assert len(held) == 4
    gone = weakref.ref(compiled)
    del compiled
    gc.collect()
    assert gone() is None
