"""Each argument of a compiled function means what it means to the function, or is refused."""

import copy
import enum
import functools
import gc
import inspect
import itertools
import math
import operator
import re
import threading
import weakref
from collections import namedtuple
from dataclasses import dataclass
from decimal import Decimal
from types import MethodType

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ProgramError, ShapeError, Value, nn
from autograd_lite.program import running

IN_C = running.native is not None
Mode = enum.Enum("Mode", ["A", "B"])
Pair = namedtuple("Pair", "left right")


@dataclass(frozen=True)
class Config:
    n: float


class Key:
    """One that is equal to others, which its text does not say."""

    def __init__(self, n):
        self._n = n

    def __eq__(self, other):
        return self._n == other._n

    def __hash__(self):
        return hash(self._n)


# --- how arguments are given ----------------------------------------------------------------------


def positional(x, y=2.0, /, z=3.0):
    return x * x * y - z


def keyword_only(x, *, k=2.0, m):
    return x * x * k - m


def with_rest(x, *rest, k=1.0):
    return x * x * sum(rest, k)


def with_any(x, y=0.5, **others):
    return x * x * y + sum([w * (i + 1) for i, w in enumerate(others.values())], 0.0)


def call_of(*args, **keywords):
    return args, keywords


CALLS = [
    (positional, call_of(3.0)),
    (positional, call_of(3.0, 4.0)),
    (positional, call_of(3.0, z=4.0)),
    (positional, call_of(3.0, 4.0, z=5.0)),
    (keyword_only, call_of(3.0, m=1.0)),
    (keyword_only, call_of(3.0, m=1.0, k=4.0)),
    (keyword_only, call_of(3.0, k=4.0, m=1.0)),
    (with_rest, call_of(3.0)),
    (with_rest, call_of(3.0, 4.0, 5.0)),
    (with_rest, call_of(3.0, 4.0, k=5.0)),
    (with_any, call_of(3.0)),
    (with_any, call_of(3.0, b=4.0, a=5.0)),
    (with_any, call_of(3.0, a=5.0, b=4.0)),
    (with_any, call_of(3.0, a=5.0, y=4.0)),
]
calls = pytest.mark.parametrize(
    ("f", "call"), CALLS, ids=[f"{f.__name__}-{call[0]}-{call[1]}" for f, call in CALLS]
)
ways = pytest.mark.parametrize(
    "way", [lambda f: f, ag.grad, ag.value_and_grad], ids=["f", "grad", "both"]
)


@ways
@calls
def test_a_call_gives_what_the_function_gives(f, call, way):
    args, keywords = call
    compiled = ag.compile(way(f))
    for scale in (1.0, 0.1, 7.0):
        scaled = [scale * x for x in args]
        named = {key: scale * x for key, x in keywords.items()}
        assert compiled(*scaled, **named) == way(f)(*scaled, **named)
    assert len(compiled.programs) == 1


@ways
@calls
def test_a_map_gives_what_the_function_gives_for_each_row(f, call, way):
    args, keywords = call
    compiled = ag.compile(way(f))
    rows = np.array([1.0, 0.5, -2.0])

    def scaled(r):
        return [x * r for x in args], {k: x * r for k, x in keywords.items()}

    args_of_rows, named = scaled(rows)
    found = compiled.map(*args_of_rows, **named)
    eager = [way(f)(*some, **others) for some, others in map(scaled, rows)]
    np.testing.assert_allclose(np.transpose(found), eager, rtol=1e-14)


@pytest.mark.parametrize("f", [positional, keyword_only, with_rest, with_any])
@pytest.mark.parametrize(
    "call",
    [
        call_of(), call_of(1.0, 2.0, 3.0, 4.0), call_of(x=1.0), call_of(1.0, x=2.0),
        call_of(1.0, m=1.0), call_of(1.0, q=1.0), call_of(1.0, 2.0, m=1.0), call_of(1.0, y=1.0),
    ],
)  # fmt: skip
def test_what_the_function_refuses_is_refused(f, call):
    """A machine in C that takes other calls does not take these."""
    args, keywords = call
    compiled = ag.compile(f)
    for other, (good, named) in CALLS:
        if other is f:
            compiled(*good, **named)
    try:
        right = f(*args, **keywords)
    except TypeError:
        with pytest.raises(TypeError):
            compiled(*args, **keywords)
    else:
        assert compiled(*args, **keywords) == right


@pytest.mark.skipif(not IN_C, reason="without the machine every call is looked at by Python")
@pytest.mark.parametrize("call", [call for f, call in CALLS if f is keyword_only])
def test_keyword_only_arguments_need_no_python_code(call, monkeypatch):
    args, keywords = call
    compiled = ag.compile(keyword_only)
    right = compiled(*args, **keywords)
    monkeypatch.setattr(compiled, "_arguments", None)  # which Python would ask
    assert compiled(*args, **keywords) == right
    assert compiled(*args, **dict(reversed(keywords.items()))) == right


def test_the_order_of_other_keywords_is_that_of_the_call():
    compiled = ag.compile(lambda **named: [[*named], [*named.values()]])
    for _ in range(2):
        assert compiled(b=1.0, a=2.0) == [["b", "a"], [1.0, 2.0]]
        assert compiled(a=2.0, b=1.0) == [["a", "b"], [2.0, 1.0]]


@pytest.mark.parametrize("f", [positional, keyword_only, with_rest, with_any, math.sin, max])
def test_name_signature_and_documentation_stay(f):
    compiled = ag.compile(f)
    assert compiled.__name__ == f.__name__
    assert compiled.__doc__ == f.__doc__
    if f is not max:
        assert inspect.signature(compiled) == inspect.signature(f)


@pytest.mark.parametrize("shared", ["k", ("k",), 1, (1,), [np.int64(1)], np.array([1])], ids=repr)
def test_shared_arguments_are_named_or_counted(shared):
    compiled = ag.compile(lambda x, k: x * k)
    assert compiled.map([1.0, 2.0], 3.0, shared=shared).tolist() == [3.0, 6.0]
    assert compiled.map([1.0, 2.0], k=3.0, shared=shared).tolist() == [3.0, 6.0]
    assert compiled.map(k=3.0, x=[1.0, 2.0], shared=shared).tolist() == [3.0, 6.0]


@pytest.mark.parametrize("shared", ["q", ("k", "q"), 2, -1, (0, 5)], ids=repr)
def test_an_argument_to_share_that_is_not_there_is_refused(shared):
    with pytest.raises(ValueError, match="names no argument of 2"):
        ag.compile(lambda x, k: x * k).map([1.0, 2.0], 3.0, shared=shared)


# --- settings, and what is static -----------------------------------------------------------------

SETTINGS = {
    "None": (None, "other"),
    "text": ("a", "b"),
    "bytes": (b"a", b"b"),
    "bool": (True, False),
    "Enum": (Mode.A, Mode.B),
    "bool array": (np.array([True, False]), np.array([True, True])),
    "class": (int, float),
    "op": (ag.sin, ag.cos),
    "function": (positional, with_any),
}
STATICS = SETTINGS | {
    "int": (3, 4),
    "big int": (2**53 + 1, 2**53),
    "float": (0.5, 0.25),
    "int and float": (1, 1.0),
    "int and bool": (1, True),
    "zeros": (0.0, -0.0),
    "NumPy zeros": (np.float32(0.0), np.float32(-0.0)),
    "NumPy int": (np.int64(3), np.int32(3)),
    "complex": (complex(0.0, 0.0), complex(-0.0, 0.0)),
    "Decimal": (Decimal("1.0"), Decimal("1.00")),
    "tuple of settings": (("a", None), ("a", True)),
    "tuple of ints": ((1, 2), (1, 2.0)),
    "named tuple": (Pair(1, 2), (1, 2)),
    "frozenset": (frozenset([1]), frozenset([True])),
    "frozen dataclass": (Config(1), Config(1.0)),
    "range": (range(3), range(4)),
    "int array": (np.array([1, 0]), np.array([1, 1])),
    "int arrays of two types": (np.array([1, 0]), np.array([1, 0], np.int32)),
    "int arrays of two shapes": (np.array([1, 0]), np.array([[1, 0]])),
    "sentinel": (object(), object()),
    "own equality": (Key(1), Key(2)),
}


def noting(seen):
    """A function that notes what it is called with while it is traced."""

    def f(x, thing):
        seen.append(thing)
        return x * len(seen)

    return f


def expected(things):
    """What f gives: each thing is new once."""
    return [1.0 + 1.0 * (thing is things[1]) for thing in things]


@pytest.mark.parametrize("how", ["place", "name", "map", "map by name"])
@pytest.mark.parametrize("thing", [*[(k, False) for k in SETTINGS], *[(k, True) for k in STATICS]],
                         ids=lambda k: f"{k[0]}{', static' * k[1]}")  # fmt: skip
def test_each_new_part_of_the_function_is_compiled_once_and_handed_on_as_it_is(thing, how):
    key, static = thing
    things = [*STATICS[key], *STATICS[key]]
    seen = []
    compiled = ag.compile(noting(seen), static="thing" if static else ())
    if how == "place":
        found = [compiled(1.0, it) for it in things]
    elif how == "name":
        found = [compiled(thing=it, x=1.0) for it in things]
    elif how == "map":
        shared = () if static or not isinstance(things[0], np.ndarray) else "thing"
        found = [float(compiled.map([1.0], it, shared=shared)[0]) for it in things]
    else:
        shared = () if static or not isinstance(things[0], np.ndarray) else 1
        found = [float(compiled.map(thing=it, x=[1.0], shared=shared)[0]) for it in things]
    assert found == [1.0, 2.0, 1.0, 2.0]
    assert [*map(id, seen)] == [*map(id, things[:2])]
    assert len(compiled.programs) == 2


def test_an_array_that_is_changed_is_another():
    compiled = ag.compile(lambda v, i: v[i], static="i")
    i = np.array([0, 1])
    v = np.array([5.0, 6.0])
    assert compiled(v, i).tolist() == [5.0, 6.0]
    i[:] = 1
    assert compiled(v, i).tolist() == [6.0, 6.0]


def test_a_static_argument_may_be_an_equal_object():
    compiled = ag.compile(lambda x, key: x * 2.0, static="key")
    assert [compiled(x, Key(3)) for x in (1.0, 2.0)] == [2.0, 4.0]
    assert len(compiled.programs) == 1


@pytest.mark.parametrize(
    "thing", [[1, 2], {"a": 1}, {1}, bytearray(b"a"), (1, [2]), Config([1])], ids=repr
)
@pytest.mark.parametrize("how", ["call", "map"])
def test_a_static_argument_of_which_no_change_is_seen_is_refused_by_name(thing, how):
    compiled = ag.compile(lambda x, n: x, static="n")
    with pytest.raises(TypeError, match=r"argument 1 of <lambda> is .*no change; make it a tuple"):
        compiled(1.0, thing) if how == "call" else compiled.map([1.0], thing)
    with pytest.raises(TypeError, match=r"argument 'n' of <lambda> is"):
        ag.compile(lambda x, *, n: x, static="n")(1.0, n=thing)


def test_a_static_object_is_another_when_an_attribute_changes():
    class Settings:
        def __init__(self):
            self.n = 2

    settings = Settings()
    compiled = ag.compile(lambda x, s: sum([x] * s.n, 0.0), static="s")
    among = ag.compile(lambda x, s: sum([x] * s[1][0].n, 0.0), static="s")
    for n in (2, 5, 2):
        settings.n = n
        assert compiled(1.0, settings) == among(1.0, (3, (settings,))) == n


@pytest.mark.parametrize("static", ["q", ("n", "q"), ["q"]], ids=repr)
def test_a_name_that_is_none_is_refused_with_those_there_are(static):
    with pytest.raises(ValueError, match=r"names no parameter of f: x, n, rest"):

        @ag.compile(static=static)
        def f(x, n, *rest):
            return x


def test_static_names_anything_that_a_function_takes_by_name():
    @ag.compile(static=("n", "rest", "k"))
    def f(x, *rest, k=1, **named):
        return sum([x] * named.get("n", 2), 0.0) * rest[0] + k

    assert f(1.0, 3, k=7, n=4) == 19.0
    assert f.map([1.0, 2.0], 3, k=7, n=4).tolist() == [19.0, 31.0]
    with pytest.raises(ValueError, match="none that is known"):
        ag.compile(max, static="x")


def test_called_with_values_it_is_the_function_static_arguments_too():
    compiled = ag.compile(lambda x, n: x**n, static="n")
    x = Value(3.0)
    assert compiled(x, 2).parents[0] is x
    assert compiled(2.0, x).parents[1] is x
    assert ag.grad(compiled)(3.0, 2) == 6.0


# --- ints -----------------------------------------------------------------------------------------

INTS = {
    "int": lambda k: k,
    "NumPy int": np.int64,
    "small NumPy int": np.int8,
    "unsigned": np.uint64,
    "float": float,
}
OPTIONS = {
    "==": lambda x, n: x * 2.0 if n == 3 else x * 3.0,
    "!=": lambda x, n: x * 2.0 if n != 3 else x * 3.0,
    "in a tuple": lambda x, n: x * 2.0 if n in (2, 3) else x * 3.0,
    "in a list": lambda x, n: x * 2.0 if n in [1] else x * 3.0,
    "index in a list": lambda x, n: x * [1, 2, 3, 4].index(n),
    "count in a list": lambda x, n: x * [1, 3, 3].count(n),
    "truth": lambda x, n: x * 2.0 if n else x * 3.0,
    "not": lambda x, n: x * (not n),
    "<": lambda x, n: x * 2.0 if 1 < n <= 3 else x * 3.0,
    "match": lambda x, n: matched(x, n),
    "power": lambda x, n: x**n,
}


def matched(x, n):
    match n:
        case 1 | 3:
            return x * 2.0
        case _:
            return x * 3.0


@pytest.mark.parametrize("how", ["number", "static", "map", "map, static"])
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", INTS)
def test_an_int_that_chooses_takes_the_branch_of_the_function(option, kind, how):
    f = OPTIONS[option]
    compiled = ag.compile(f, static="n" if "static" in how else ())
    for k in (3, 1, 2, 3, 1, 4, 0):
        if k not in (1, 2, 3, 4) and option == "index in a list":
            continue
        n = INTS[kind](k)
        if how == "map":
            assert compiled.map([1.5], [n]).tolist() == [f(1.5, n)]
        elif how == "map, static":
            assert compiled.map([1.5], n).tolist() == [f(1.5, n)]
        else:
            assert compiled(1.5, n) == f(1.5, n)


NEXT = 2**53 + 1
INEXACT = {
    "int": NEXT,
    "negative": -NEXT,
    "NumPy int": np.int64(NEXT),
    "unsigned": np.uint64(2**64 - 1),
    "list": [1.0, NEXT],
    "list with nan": [math.nan, NEXT],
    "tuple in a dict": {"a": (2, NEXT)},
    "dataclass": Config(NEXT),
    "array": np.array([1, NEXT]),
    "object array": np.array([1, NEXT], object),
}


@pytest.mark.parametrize("name", ["place", "name"])
@pytest.mark.parametrize("kind", INEXACT)
def test_an_int_that_no_float_holds_is_refused_after_others_too(kind, name):
    compiled = ag.compile(lambda x, n: x)

    def call(n):
        return compiled(1.0, n) if name == "place" else compiled(1.0, n=n)

    call(2**53)
    call(float(NEXT))
    with pytest.raises(ProgramError, match=r"argument 1 of .*; name it in static=\('n',\)"):
        call(INEXACT[kind])
    if kind == "int":
        assert ag.compile(lambda x, n: x * (n % 2), static="n")(1.0, NEXT) == 1.0


@pytest.mark.parametrize("rows", [[NEXT], [0.5, NEXT], (math.nan, NEXT), np.array([3, NEXT])])
def test_an_int_that_no_float_holds_is_refused_in_rows(rows):
    with pytest.raises(ProgramError, match=r"name it in static=\('n',\)"):
        ag.compile(lambda n: n).map(rows)
    with pytest.raises(ProgramError, match=r"name it in static=\('n',\)"):
        ag.compile(lambda n, x: x).map(rows[-1], [1.0], shared=0)


#: What needs an int and what is to be told of Python's own text.
WANTS = {
    "range": (lambda x, n: sum([x for _ in range(n)], 0.0), "cannot be interpreted as an integer"),
    "list index": (lambda x, n: [x, x * 2, x * 3, x][n], "list indices must be integers"),
    "tuple index": (lambda x, n: (x, x * 2, x * 3, x)[n], "tuple indices must be integers"),
    "slice": (lambda x, n: ag.sum([x, x * 2, x * 3][:n]), "slice indices must be integers"),
    "text index": (lambda x, n: x * len("abcd"[n]), "string indices must be integers"),
    "array index": (lambda x, n: np.array([x, x, x * 2, x])[n], "valid indices"),
    "repeated list": (lambda x, n: ag.sum([x] * n), "multiply sequence by non-int"),
    "zeros": (lambda x, n: x + np.zeros(n)[0], "integer"),
    "factorial": (lambda x, n: x * math.factorial(n), "interpreted as an integer"),
    "operator.index": (lambda x, n: x * operator.index(n), "interpreted as an integer"),
    "chr": (lambda x, n: x * len(chr(n)), "interpreted as an integer"),
    "islice": (lambda x, n: x * sum(1 for _ in itertools.islice([1, 1, 1], n)), "islice"),
    "shift": (lambda x, n: x * (1 << n), "unsupported operand"),
    "and": (lambda x, n: x * (n & 1), "unsupported operand"),
    "invert": (lambda x, n: x * ~n, "unary ~"),
    "method of ints": (lambda x, n: x * n.bit_length(), "bit_length"),
    "key": (lambda x, n: x * {3: 5.0, 2: 4.0, 1: 3.0}[n], "Value"),
    "int()": (lambda x, n: x * int(n), "ag.sin"),
    "round()": (lambda x, n: x * round(n), "ag.sin"),
    "math.sin": (lambda x, n: x * math.sin(n), "ag.sin"),
    "%d": (lambda x, n: x * len("%d" % n), ""),  # noqa: UP031
    "format d": (lambda x, n: x * len(f"{n:d}"), "format code 'd'"),
}


@pytest.mark.parametrize("how", ["call", "name", "map", "gradient", "other transform"])
@pytest.mark.parametrize("kind", WANTS)
def test_what_wants_a_plain_number_is_refused_with_the_way_out_which_works(kind, how):
    f, text = WANTS[kind]

    def run(static):
        if how == "gradient":
            return ag.compile(ag.grad(f), static=static)(0.5, 3)
        if how == "other transform":
            return ag.compile(lambda x, n: ag.jvp(lambda x: f(x, n), [x], [1.0])[1], static=static)(
                0.5, 3
            )
        compiled = ag.compile(f, static=static)
        if how == "map":
            return compiled.map([0.5], *([3] if static else [[3]]))[0]
        return compiled(0.5, 3) if how == "call" else compiled(0.5, n=3)

    with pytest.raises(ProgramError, match=r"static=\('n',\)") as refused:
        run(())
    assert text in str(refused.value)
    assert refused.value.__cause__ is not None
    eager = f(0.5, 3) if how in ("call", "name", "map") else ag.grad(f)(0.5, 3)
    assert run("n") == pytest.approx(eager, rel=1e-14)


def test_int_arrays_are_numbers_or_static_indices():
    v, i = np.array([1.0, 2.0]), np.array([1, 0, 1])
    assert ag.compile(lambda v, i: v[0] * i)(v, i).tolist() == [1.0, 0.0, 1.0]
    assert ag.compile(lambda v, i: v[i], static="i")(v, i).tolist() == [2.0, 1.0, 2.0]
    with pytest.raises(ProgramError, match=r"used as indices.*static=\('i',\)"):
        ag.compile(lambda v, i: v[i])(v, i)
    mask = np.array([True, False])
    assert ag.compile(lambda v, mask: v[mask])(v, mask).tolist() == [1.0]
    assert ag.compile(lambda v, mask: v[mask]).map([v, 2 * v], mask, shared=1).tolist() == [
        [1.0],
        [2.0],
    ]


def test_all_parameters_that_were_given_ints_are_named():
    with pytest.raises(ProgramError, match=r"static=\('n', 'rest'\)"):
        ag.compile(lambda x, n, *rest: x * range(n)[0])(1.0, 2, 3, 4)
    with pytest.raises(ProgramError, match=r"static=\('n',\)"):
        ag.compile(lambda x: range(x))(1.0)


# --- errors of the function's own -----------------------------------------------------------------


class OwnError(Exception):
    pass


def raising(error):
    raise error


ERRORS = {
    "own": lambda x: raising(OwnError("integer Value")),
    "TypeError": lambda x: raising(TypeError("an integer is required, not autograd_lite.Value")),
    "ValueError": lambda x: raising(ValueError(f"negative input {x}")),
    "AttributeError": lambda x: raising(AttributeError("'autograd_lite.Value' object has no …")),
    "KeyError": lambda x: raising(KeyError(x)),
    "IndexError": lambda x: raising(IndexError("valid indices of autograd_lite.Value")),
    "ProgramError": lambda x: raising(ProgramError("mine")),
}


@pytest.mark.parametrize("way", [ag.compile, lambda f: ag.compile(ag.grad(f)),
                                 lambda f: ag.compile(lambda x: ag.jvp(f, [x], [1.0])[1]),
                                 lambda f: lambda x: ag.compile(f).map([x])],
                         ids=["call", "grad", "jvp", "map"])  # fmt: skip
@pytest.mark.parametrize("kind", ERRORS)
def test_an_exception_that_the_function_raises_reaches_the_user_as_it_is(kind, way):
    made = []

    def f(x):
        try:
            return ERRORS[kind](x)
        except Exception as error:
            made.append(error)
            raise

    with pytest.raises(Exception) as found:  # noqa: PT011
        way(f)(-1.0)
    assert found.value is made[0]
    assert found.value.__cause__ is None


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (lambda x: len(x), TypeError),
        (lambda x: x[0], TypeError),
        (lambda x: [*x], TypeError),
        (lambda x: x + "a", TypeError),
        (lambda x: x(), TypeError),
        (lambda x: x.nothing, AttributeError),
        (lambda x: [x][1], IndexError),
        (lambda x: {"a": x}["b"], KeyError),
        (lambda x: np.array([x])[0.5], IndexError),
        (lambda x: [1, 2].index(7), ValueError),
        (lambda x: int("a"), ValueError),
        (lambda x: range("a"), TypeError),
        (lambda x: ag.sum([[x], [x, x]]), TypeError),
    ],
)
def test_what_python_refuses_for_other_reasons_stays_what_it_is(f, error):
    for way in (ag.compile, lambda f: ag.compile(ag.grad(f))):
        with pytest.raises(error) as found:
            way(f)(1.0)
        assert not isinstance(found.value, ProgramError)


TEXTS = {
    "format": lambda x: f"{x}",
    "format with digits": lambda x: f"{x:.3f}",
    "str": str,
    "repr": repr,
    "%s": lambda x: "%s" % x,  # noqa: UP031
    "of a list": lambda x: f"{[x, x]}",
    "of an array": lambda x: f"{np.array([x])}",
    "computed": lambda x: f"{ag.exp(x) * 2.0}",
    "print": print,
}


TRANSFORMS = {
    "call": ag.compile,
    "grad": lambda f: ag.compile(ag.grad(f)),
    "hessian": lambda f: ag.compile(ag.hessian(f)),
    "jvp": lambda f: ag.compile(lambda x: ag.jvp(f, [x], [1.0])[1]),
    "checkpoint": lambda f: ag.compile(ag.checkpoint(f)),
    "map": lambda f: lambda x: ag.compile(f).map([x]),
}


@pytest.mark.parametrize("way", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_of_a_traced_number_is_refused_where_it_was_made_if_the_function_returns(kind, way):
    def f(x):
        TEXTS[kind](x)
        return x * x

    place = inspect.getsourcelines(f)[1] + 1
    of_lambda = TEXTS[kind].__code__.co_firstlineno if hasattr(TEXTS[kind], "__code__") else place
    with pytest.raises(ProgramError, match=rf"made a text.*{re.escape(__file__)}:{of_lambda}\b"):
        way(f)(1.0)
    assert "1." in repr(Value(1.0))  # which no program is made of


def test_a_text_that_is_returned_or_caught_is_refused_too():
    def caught(x):
        try:
            raise ValueError(f"no {x}")
        except ValueError:
            return x

    for f in (caught, lambda x: f"{x}", lambda x: {"a": f"{x:.1f}", "x": x}, lambda x: {f"{x}"}):
        with pytest.raises(ProgramError, match="made a text"):
            ag.compile(f)(1.0)


def test_texts_of_other_numbers_are_free():
    w = Value(2.0, label="w")
    compiled = ag.compile(lambda x: {"y": x * w, "text": f"{w}"})
    assert compiled(3.0) == {"y": 6.0, "text": repr(w)}


# --- how many programs ----------------------------------------------------------------------------


def test_the_least_recently_used_program_is_dropped():
    seen = []
    compiled = ag.compile(noting(seen), static="thing", max_programs=2)
    with pytest.warns(UserWarning, match="needs more than max_programs=2 programs: argument 1"):
        found = [compiled(1.0, n) for n in (1, 2, 1, 3, 1, 3, 2)]
    assert seen == [1, 2, 3, 2]
    assert found == [1.0, 2.0, 1.0, 3.0, 1.0, 3.0, 4.0]
    assert len(compiled.programs) == len(compiled.paths) == 2


DIFFERENCES = {
    "text": "argument 1 of <lambda> is another each time, now str: 'a",
    "static": "argument 1 of <lambda> is another each time, now int: ",
    "sizes": "argument 0 of <lambda> is another each time, now ndarray: array",
    "lists": "argument 0 of <lambda> is another each time, now list: [1.0",
    "paths": "its comparisons come out differently each time",
    "counts": "it is given other arguments each time, now ",
    "names": "it is given other arguments each time, now 1",
}
MANY = {
    "text": (lambda x, s: x * len(s), lambda k: (2.0, "a" * k)),
    "static": (lambda x, n: x * n, lambda k: (2.0, k)),
    "sizes": (lambda v: ag.sum(v), lambda k: (np.ones(k + 1),)),
    "lists": (lambda v: ag.sum(v), lambda k: ([1.0] * (k + 1),)),
    "paths": (lambda x: x * sum([x > i for i in range(40)]), lambda k: (float(k),)),
    "counts": (lambda *xs: ag.sum(list(xs)), lambda k: (1.0,) * (k + 1)),
    "names": (lambda **named: ag.sum(list(named.values())), lambda k: {f"x{k}": 1.0}),
}


@pytest.mark.parametrize("limit", [1, 5])
@pytest.mark.parametrize("kind", MANY)
def test_programs_are_bounded_with_one_warning_and_right_results(kind, limit):
    f, make = MANY[kind]
    compiled = ag.compile(f, static="n" if kind == "static" else (), max_programs=limit)

    def try_all():
        for k in [*range(12), 3, 11, 11, 0, 3]:
            given = make(k)
            args, named = ((), given) if isinstance(given, dict) else (given, {})
            assert compiled(*args, **named) == f(*args, **named)
            assert len(compiled.programs) <= limit

    with pytest.warns(UserWarning, match=rf"max_programs={limit} programs") as told:
        try_all()
    assert len(told) == 1
    assert DIFFERENCES[kind] in str(told[0].message)
    assert "max_programs=" in str(told[0].message)
    assert told[0].filename == __file__
    assert len(compiled._kinds) <= limit


@pytest.mark.parametrize("reduce", [None, "sum"])
def test_rows_on_more_paths_than_are_kept_are_right(reduce):
    f = MANY["paths"][0]
    compiled = ag.compile(f, max_programs=3)
    rows = np.array([5.0, 1.0, 7.0, 2.0, 9.0, 7.0, 30.0])
    with pytest.warns(UserWarning, match="max_programs=3 programs") as told:
        found, _ = [compiled.map(each, reduce=reduce) for each in (rows, rows[::-1])]
    right = [f(x) for x in rows.tolist()]
    assert found.tolist() == right if reduce is None else found == sum(right)
    assert len(told) == 1
    assert len(compiled.programs) == 3


def test_what_is_dropped_is_freed():
    compiled = ag.compile(lambda x, s: x * len(s), max_programs=2)
    compiled(1.0, "a")
    gone = weakref.ref(compiled.programs[0].runner)
    with pytest.warns(UserWarning, match="max_programs=2"):
        assert [compiled(1.0, "a" * k) for k in range(2, 5)] == [2.0, 3.0, 4.0]
    gc.collect()
    assert gone() is None


def test_a_function_that_fails_leaves_nothing_behind():
    compiled = ag.compile(lambda x, s: raising(OwnError(s)))
    for k in range(5):
        with pytest.raises(OwnError):
            compiled(1.0, f"{k}")
    assert not compiled._kinds


def test_threads_share_a_bounded_function():
    compiled = ag.compile(lambda x, n: x * n, static="n", max_programs=2)
    with pytest.warns(UserWarning, match="max_programs=2"):
        compiled(1.0, 1), compiled(1.0, 2), compiled(1.0, 3)
    wrong = []

    def work(k):
        for i in range(60):
            n = (i * k) % 5
            if compiled(2.0, n) != 2.0 * n or compiled.map([2.0], n)[0] != 2.0 * n:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(compiled.programs) <= 2


@pytest.mark.parametrize("wrong", [0, -1, 2.0, "3", None, True])
def test_a_number_of_programs_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="max_programs is an int from 1, and was given"):
        ag.compile(abs, max_programs=wrong)


# --- methods --------------------------------------------------------------------------------------


def classes():
    """New ones for each test, as programs belong to the function of a class."""

    class Plain:
        scale = 2.0

        def __init__(self):
            self.w, self.v, self.kind = 3.0, [1.0, {"a": np.array([2.0])}], "sin"

        @ag.compile
        def step(self, x, *, k=1.0):
            """One step."""
            y = self.scale * self.w * x + self.v[1]["a"][0] * k
            return ag.sin(y) if self.kind == "sin" else y

        @ag.compile
        def __call__(self, x):
            return self.w * x

        @ag.compile(static="n")
        def repeated(self, x, n=2):
            return sum([self.w * x] * n, 0.0)

        @staticmethod
        @ag.compile
        def square(x):
            return x * x

        @classmethod
        @ag.compile
        def scaled(cls, x):
            return cls.scale * x

        def plain(self, x, *, k=1.0):
            return Plain.step.__wrapped__(self, x, k=k)

    class Slotted:
        __slots__ = ("kind", "v", "w")
        scale = 2.0
        __init__, plain, step = Plain.__init__, Plain.plain, Plain.step

    @dataclass
    class Structure:
        w: float
        v: list
        kind: str
        scale: float = 2.0
        plain, step = Plain.plain, Plain.step

    return Plain, Slotted, Structure


CHANGES = {
    "number": lambda it: setattr(it, "w", 5.0),
    "sign of zero": lambda it: (setattr(it, "w", -0.0), setattr(it, "kind", "no")),
    "number in a list": lambda it: it.v[1]["a"].__setitem__(0, 7.0),
    "text": lambda it: setattr(it, "kind", "no"),
    "number that becomes an int": lambda it: setattr(it, "w", 5),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("how", ["decorated", "bound", "map"])
@pytest.mark.parametrize("make", range(3), ids=["plain", "slotted", "dataclass"])
def test_a_method_follows_the_attributes_of_its_object(make, how, change):
    kind = classes()[make]
    given = (3.0, [1.0, {"a": np.array([2.0])}], "sin") if make == 2 else ()
    it, other = kind(*given), kind(*copy.deepcopy(given))
    other.w = 11.0
    bound = {id(each): ag.compile(each.plain) for each in (it, other)}

    def call(each, x):
        if how == "decorated":
            return each.step(x, k=2.0)
        if how == "bound":
            return bound[id(each)](x, k=2.0)
        return float(each.step.map([x], k=[2.0])[0])

    def agree():
        for each, x in itertools.product((it, other), (0.5, -2.0)):
            assert call(each, x) == pytest.approx(each.plain(x, k=2.0), rel=1e-14)
            assert math.copysign(1.0, call(each, x)) == math.copysign(1.0, each.plain(x, k=2.0))

    agree()
    CHANGES[change](it)
    agree()
    CHANGES[change](other)
    agree()


def test_a_method_follows_the_attributes_of_its_class(monkeypatch):
    Plain = classes()[0]
    it = Plain()
    before = it.step(1.0), it.scaled(1.0), Plain.scaled(1.0)
    assert before[1:] == (2.0, 2.0)
    monkeypatch.setattr(Plain, "scale", 7.0)
    assert it.step(1.0) == it.plain(1.0) != before[0]
    assert it.scaled(1.0) == Plain.scaled(1.0) == 7.0


def test_a_class_that_is_given_first_counts_with_its_attributes():
    """As a classmethod gives it from Python 3.13 on, where the number of the old attribute came."""

    class Plain:
        scale = 2.0

    scaled = ag.compile(lambda cls, x: cls.scale * x)
    bound = MethodType(scaled, Plain)
    assert [bound(1.0), bound(1.0), bound(1.0), scaled(Plain, x=3.0)] == [2.0, 2.0, 2.0, 6.0]
    Plain.scale = 7.0
    assert [bound(1.0), bound(1.0), scaled(Plain, x=3.0), scaled(cls=Plain, x=3.0)] == [
        7,
        7,
        21,
        21,
    ]


def test_every_kind_of_method_is_compiled():
    Plain = classes()[0]
    it = Plain()
    assert it.repeated(1.0) == 6.0
    assert it.repeated(1.0, n=3) == it.repeated(1.0, 3) == 9.0
    assert it.repeated.map([1.0, 2.0], 3).tolist() == [9.0, 18.0]
    assert it.square(3.0) == Plain.square(3.0) == 9.0
    assert it(2.0) == 6.0
    assert ag.compile(it)(2.0) == Plain.__call__(it, 2.0) == 6.0
    assert classes()[0].repeated(it, 1.0, n=3) == 9.0
    assert it.step.map(x=[1.0, 2.0], k=3.0, shared="k").shape == (2,)
    assert it.repeated.map([1.0, 2.0], 3, shared=1).tolist() == [9.0, 18.0]
    with pytest.raises(ValueError, match="names no argument"):
        it.repeated.map([1.0, 2.0], 3, shared=-1)
    with pytest.raises(ShapeError):
        it.repeated.map([1.0, 2.0], 3, shared=0)


def test_a_method_keeps_name_signature_and_documentation():
    Plain = classes()[0]
    for method in (Plain().step, ag.compile(Plain().plain)):
        assert str(inspect.signature(method)) == "(x, *, k=1.0)"
    assert str(inspect.signature(Plain.step)) == "(self, x, *, k=1.0)"
    assert (Plain().step.__name__, Plain().step.__doc__) == ("step", "One step.")
    assert Plain().step.programs is not None
    assert "compiled step" in repr(Plain.step)


def test_an_object_that_can_be_called_is_followed_where_it_is_compiled_or_handed_in():
    class Line:
        def __init__(self, w):
            self.w = w

        def __call__(self, x):
            return self.w * x

    line = Line(2.0)
    nested = functools.partial(lambda line, x: line(x) + 1.0, line)
    compiled = ag.compile(line)
    handed = ag.compile(lambda f, x: f(x))
    for w in (2.0, 5.0, -0.0, 2.0):
        line.w = w
        assert compiled(3.0) == handed(line, 3.0) == w * 3.0
        assert handed(nested, 3.0) == w * 3.0 + 1.0
        assert handed.map(line, [3.0]).tolist() == [w * 3.0]


def test_a_network_that_is_compiled_follows_its_parameters():
    model = nn.MLP(2, [3, 1], seed=0)
    compiled = ag.compile(model)
    for _ in range(2):
        assert compiled([0.5, -1.0]) == model([0.5, -1.0]).data
        for parameter in model.parameters():
            parameter.data *= 1.5


def test_an_object_of_which_no_change_is_seen_is_refused_by_name():
    it = classes()[0]()
    it.lock = threading.Lock()
    with pytest.raises(TypeError, match=r"attributes of argument 0 of step, \['lock'\].*dataclass"):
        it.step(1.0)


class Network(nn.Module):
    def __init__(self):
        self.w = Value(2.0)

    @ag.compile
    def loss(self, x):
        return self.w * self.w * x


class Trainer:
    def __init__(self):
        self.model = Network()

    @ag.compile
    def loss(self, x):
        return self.model.w * self.model.w * x


def held(w):
    """An object that can be called and holds a Value."""

    class Line:
        def __call__(self, x):
            return self.w * self.w * x

    line = Line()
    line.w = w
    return line


def test_a_method_of_an_object_that_holds_values_is_the_function_itself():
    line = held(Value(2.0))
    compiled, handed = ag.compile(line), ag.compile(lambda f, x: f(x))
    for result in (compiled(3.0), handed(line, 3.0)):
        assert result.data == 12.0
        assert ag.gradient(result, [line.w]) == [12.0]
    with pytest.raises(TypeError, match="holds Values; make it a Module"):
        compiled.map([3.0])


@pytest.mark.parametrize("before", [False, True], ids=["first", "called before"])
@pytest.mark.parametrize("transform", [ag.grad, lambda f: ag.compile(ag.grad(f))])
def test_what_is_differentiated_is_not_baked_into_a_method(transform, before):
    line, network, trainer = held(2.0), Network(), Trainer()
    if before:
        assert ag.compile(line)(3.0) == network.loss(3.0) == trainer.loss(3.0) == 12.0

    def through_attribute(w):
        line.w = w
        try:
            return ag.compile(line)(3.0)
        finally:
            line.w = 2.0

    assert transform(through_attribute)(2.0) == 12.0
    assert transform(lambda model: model.loss(3.0))(network).w.data == 12.0
    trained = transform(lambda model: (setattr(trainer, "model", model), trainer.loss(3.0))[1])
    assert trained(network).w.data == 12.0


def test_methods_follow_the_parameters_of_networks():
    network, trainer = Network(), Trainer()
    bound = ag.compile(network.loss.__func__._function.__get__(network))
    for w in (2.0, 3.0, -1.0):
        network.w.data = trainer.model.w.data = w
        assert network.loss(3.0) == bound(3.0) == trainer.loss(3.0) == w * w * 3.0
        assert trainer.loss.map([3.0]).tolist() == network.loss.map([3.0]).tolist() == [w * w * 3.0]
    assert len(bound.programs) == 1
