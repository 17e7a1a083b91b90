"""Arguments of every kind that a function may be given, each made anew where it can be changed."""

import dataclasses
import datetime
import enum
import io
import math
import sys
import types
from collections import OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np

import autograd_lite as ag
from autograd_lite import Value, nn


class OddError(Exception):
    """What the methods of odd objects raise."""


class Colour(enum.Enum):
    RED = 1.5


class Level(enum.IntEnum):
    LOW = 1


Point = namedtuple("Point", "x y")


@dataclasses.dataclass
class Pair:
    a: object = 1.0
    b: object = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: float = 1.0


def broken(**methods):
    """An object whose methods of these names raise."""

    def fail(*_, **__):
        raise OddError

    return type("Broken", (), dict.fromkeys(methods.get("names", "").split(), fail))()


class Names:
    """Any attribute is there, as with a mock."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return 3


class LongName:
    def __repr__(self):
        return "x" * 1_000_000


def nested(depth, inner=1.0):
    for _ in range(depth):
        inner = [inner]
    return inner


def itself(kind):
    found = kind()
    if kind is dict:
        found["a"] = found
    elif kind is Pair:
        found.a = found
    else:
        found += [1.0, found]
    return found


def circle():
    array = np.empty(2, dtype=object)
    array[:] = [1.0, 2.0]
    array[0] = array
    return array


NUMBERS = {
    "0": 0, "1": 1, "-3": -3, "2.5": 2.5, "0.0": 0.0, "-0.0": -0.0, "1e308": 1e308,
    "5e-324": 5e-324, "-1e-310": -1e-310, "nan": math.nan, "inf": math.inf, "-inf": -math.inf,
    "2**53 + 1": 2**53 + 1, "True": True, "Fraction": Fraction(1, 3), "Decimal": Decimal("0.1"),
    "Decimal nan": Decimal("nan"), "Decimal snan": Decimal("snan"), "Decimal inf": Decimal("inf"),
    "float32": np.float32(0.1), "float16": np.float16(2.0), "longdouble": np.longdouble(0.5),
    "int8": np.int8(-3), "uint64": np.uint64(2**64 - 1), "bool_": np.bool_(True),
    "IntEnum": Level.LOW, "0-d array": np.array(0.75), "0-d int array": np.array(3),
}  # fmt: skip

OTHERS = {
    "10**400": lambda: 10**400, "-10**5000": lambda: -(10**5000), "Fraction 10**400": lambda:
    Fraction(10**400, 3), "Decimal 1e999": lambda: Decimal("1e999"), "complex": lambda: 1 + 2j,
    "complex128": lambda: np.complex128(1j), "str": lambda: "2.5", "text": lambda: "x", "empty str":
    lambda: "", "long str": lambda: "a" * 1_000_000, "surrogate": lambda: "\ud800", "NUL":
    lambda: "a\0b", "bytes": lambda: b"2", "bytearray": lambda: bytearray(b"ab"), "memoryview":
    lambda: memoryview(b"ab"), "array buffer": lambda: memoryview(np.arange(3.0)), "None": lambda:
    None, "Ellipsis": lambda: ..., "NotImplemented": lambda: NotImplemented, "Enum": lambda:
    Colour.RED, "slice": lambda: slice(1, 2), "range": lambda: range(3), "huge range": lambda:
    range(10**12, 10**12 + 2), "list": lambda: [1.0, 2.0], "ints": lambda: [1, 2, 3], "tuple":
    lambda: (1.0, 2.0), "empty list": list, "empty tuple": tuple, "empty dict": dict, "nested":
    lambda: [[1.0, 2.0], [3.0, 4.0]], "ragged": lambda: [[1.0], [2.0, 3.0]], "mixed": lambda:
    [1.0, "a", None], "deep": lambda: nested(500), "deep Value": lambda: nested(500, Value(1.0)),
    "deep dict": lambda: {"a": nested(300)}, "in itself": lambda: itself(list), "dict in itself":
    lambda: itself(dict), "dataclass in itself": lambda: itself(Pair), "array in itself": circle,
    "set": lambda: {1.0, 2.0}, "frozenset": lambda: frozenset([1.0]), "dict": lambda: {"a": 1.0},
    "dict of ints": lambda: {1: 2.0}, "mixed keys": lambda: {1: 1.0, "a": 2.0}, "OrderedDict":
    lambda: OrderedDict(a=1.0), "defaultdict": lambda: defaultdict(float, a=1.0), "deque": lambda:
    deque([1.0, 2.0]), "named tuple": lambda: Point(1.0, 2.0), "dataclass": Pair, "frozen": Frozen,
    "dataclass of text": lambda: Pair("a", None), "generator": lambda: (x for x in (1.0, 2.0)),
    "map": lambda: map(float, "12"), "iterator": lambda: iter([1.0, 2.0]), "zip": lambda:
    zip([1.0], [2.0], strict=True), "keys": {"a": 1.0}.keys, "values": {"a": 1.0}.values,
    "file": io.StringIO, "bytes file": io.BytesIO, "path": lambda: Path("nowhere/at/all"), "module":
    lambda: math, "function": lambda: math.sin, "lambda": lambda: lambda x: x, "lambda of none":
    lambda: lambda: 1.0, "lambda that raises": lambda: broken(names="__call__"), "builtin": lambda:
    len, "method": lambda: [].append, "class": lambda: float, "own class": lambda: Pair, "type":
    lambda: type, "object": object, "op": lambda: ag.tanh, "op of many": lambda: ag.sum,
    "ufunc": lambda: np.exp, "exception": lambda: ValueError("x"), "namespace": lambda:
    types.SimpleNamespace(a=1.0), "date": lambda: datetime.date(2020, 1, 1), "timedelta": lambda:
    datetime.timedelta(1), "mappingproxy": lambda: types.MappingProxyType({"a": 1.0}), "frame":
    lambda: sys._getframe(), "float array": lambda: np.array([1.0, 2.0]), "int array": lambda:
    np.array([1, 2]), "bool array": lambda: np.array([True, False]), "float32 array": lambda:
    np.ones(2, np.float32), "empty array": lambda: np.array([]), "no rows": lambda:
    np.empty((0, 3)), "matrix": lambda: np.ones((2, 2)), "3-d array": lambda: np.ones((2, 1, 2)),
    "np.matrix": lambda: np.asmatrix(np.ones((1, 2))), "text array": lambda: np.array(["a", "b"]),
    "bytes array": lambda: np.array([b"a"]), "dates": lambda: np.array(["2020"], "datetime64[D]"),
    "durations": lambda: np.array([1], "timedelta64[s]"), "datetime64": lambda:
    np.datetime64("2020"), "timedelta64": lambda: np.timedelta64(1, "s"), "complex array": lambda:
    np.array([1j]), "structured": lambda: np.zeros(1, [("a", "f8")]), "void": lambda:
    np.void(b"ab"), "np.str_": lambda: np.str_("a"), "objects": lambda:
    np.array([1.0, None], dtype=object), "object array of Values": lambda:
    np.array([Value(1.0), Value(2.0)]), "mixed with Values": lambda:
    np.array([1.0, Value(2.0)], dtype=object), "0-d object": lambda: np.array(Value(1.0)),
    "0-d text": lambda: np.array("a"), "0-d date": lambda: np.array("2020", "datetime64[D]"),
    "not contiguous": lambda: np.arange(6.0)[::-2], "read-only": lambda:
    np.broadcast_to(np.float64(1.0), 2), "big-endian": lambda: np.array([1.0, 2.0], ">f8"),
    "nans": lambda: [math.nan, math.inf], "leaf": lambda: Value(0.5), "labelled": lambda:
    Value(0.5, label="\ud800" + "x" * 100_000), "computed": lambda: Value(0.5) * 2.0, "constant":
    lambda: (Value(0.5) * 2.0).parents[1], "nan Value": lambda: Value(math.nan), "Values": lambda:
    [Value(1.0), Value(2.0)], "Value twice": lambda: [Value(1.0)] * 2, "Values and more": lambda:
    [Value(1.0), 2.0, "a"], "MLP": lambda: nn.MLP(2, [2, 1]), "Neuron": lambda: nn.Neuron(2),
    "Module class": lambda: nn.Module, "empty Module": nn.Module, "program": lambda:
    ag.freeze((x := Value(1.0)) * 2.0, [x]), "compiled": lambda: ag.compile(lambda x: x * 2.0),
    "optimiser": lambda: nn.optim.SGD([Value(1.0)], 0.1), "ag": lambda: ag, "long repr": LongName,
    "no repr": lambda: broken(names="__repr__"), "no float": lambda: broken(names="__float__"),
    "no len": lambda: broken(names="__len__ __getitem__"), "no iter": lambda:
    broken(names="__iter__"), "no bool": lambda: broken(names="__bool__"), "no equal": lambda:
    broken(names="__eq__ __ne__ __lt__ __hash__"), "no index": lambda: broken(names="__index__"),
    "no array": lambda: broken(names="__array__"), "nothing works": lambda:
    broken(names="__repr__ __str__ __float__ __len__ __iter__ __bool__ __eq__ __call__ __array__"),
    "any attribute": Names,
}  # fmt: skip

KINDS = {**{name: (lambda x=x: x) for name, x in NUMBERS.items()}, **OTHERS}
