"""Structures of numbers: every kind of argument in every transform, compiled or not."""

import copy
import dataclasses
import enum
import functools
import inspect
import pickle
import time
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from dataclasses import InitVar, dataclass, field
from types import MappingProxyType

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ShapeError, Value
from autograd_lite.errors import ProgramError

# --- kinds of structures of two numbers, a and b --------------------------------------------------


@dataclass
class Plain:
    a: float
    b: float


@dataclass(frozen=True)
class Frozen:
    a: float
    b: float


@dataclass(slots=True)
class Slotted:
    a: float
    b: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Strict:
    b: float
    a: float


@dataclass
class Percent:
    """Its constructor changes the number that it is given."""

    a: float
    b: float

    def __post_init__(self):
        self.a = self.a / 100


@dataclass
class Validating:
    a: float
    b: float

    def __post_init__(self):
        if not (isinstance(self.a, float) and self.a > 0.0):
            raise ValueError("a must be a positive float")


@dataclass
class Scaled:
    a: float
    b: float
    factor: InitVar[float] = 2.0

    def __post_init__(self, factor):
        self.a = self.a * factor


@dataclass(init=False)
class OwnInit:
    a: float
    b: float

    def __init__(self, both):
        self.a, self.b = both


@dataclass
class Doubling:
    """Whatever is assigned, it stores twice that."""

    a: float
    b: float

    def __setattr__(self, name, number):
        object.__setattr__(self, name, number * 2.0)


@dataclass
class Line:
    """A layer, which can be called."""

    a: float
    b: float

    def __call__(self, x):
        return self.a * x + self.b


@dataclass
class Named:
    a: float
    b: float
    name: str = "p"
    flag: bool = True
    power: int = field(default=2, metadata={"static": True})


@dataclass
class Listing:
    """A method of this name that lists no Values makes no network."""

    a: float
    b: float

    def parameters(self):
        return [self.a, self.b]


class Doubled(dict):
    def __setitem__(self, key, number):
        super().__setitem__(key, number * 2.0)


class Attributed(dict):
    def __init__(self, **items):
        super().__init__(**items)
        self.__dict__ = self


class Listed(list):
    def append(self, number):
        super().append(number * 2.0)


Pair = namedtuple("Pair", "a b")


class Twice(Pair):
    """Its constructor changes the number that it is given."""

    __slots__ = ()

    def __new__(cls, a, b):
        return super().__new__(cls, a * 2.0, b)


def items(thing):
    return thing[0], thing[1]


def keys(thing):
    return thing["a"], thing["b"]


def attributes(thing):
    return thing.a, thing.b


#: How each is made of two numbers, and how these are read.
KINDS = {
    "list": (lambda a, b: [a, b], items),
    "tuple": (lambda a, b: (a, b), items),
    "array": (lambda a, b: np.array([a, b]), items),
    "list with ints": (lambda a, b: [a, b, 3], items),
    "nested lists": (lambda a, b: [[a], (b, [])], lambda s: (s[0][0], s[1][0])),
    "list with settings": (lambda a, b: [a, b, None, "x", True, len], items),
    "list subclass": (lambda a, b: Listed([a, b]), items),
    "named tuple": (Pair, attributes),
    "named tuple that changes its items": (lambda a, b: Twice(a / 2.0, b), attributes),
    "dict": (lambda a, b: {"a": a, "b": b}, keys),
    "dict in another order": (lambda a, b: {"b": b, "a": a}, keys),
    "dict with settings": (lambda a, b: {"n": None, "b": b, "t": "text", "a": a}, keys),
    "dict of dicts": (lambda a, b: {"p": {"x": a}, "q": {"x": b}},
                      lambda s: (s["p"]["x"], s["q"]["x"])),
    "dict subclass": (lambda a, b: Doubled(b=b, a=a), keys),
    "dict whose items are attributes": (lambda a, b: Attributed(b=b, a=a), attributes),
    "OrderedDict": (lambda a, b: OrderedDict(b=b, a=a), keys),
    "defaultdict": (lambda a, b: defaultdict(float, b=b, a=a), keys),
    "Counter": (lambda a, b: Counter(b=b, a=a), keys),
    "dataclass": (Plain, attributes),
    "frozen": (Frozen, attributes),
    "slots": (Slotted, attributes),
    "frozen slots": (lambda a, b: Strict(a=a, b=b), attributes),
    "percent": (lambda a, b: Percent(a * 100, b), attributes),
    "validating": (Validating, attributes),
    "InitVar": (lambda a, b: Scaled(a / 2.0, b), attributes),
    "own __init__": (lambda a, b: OwnInit((a, b)), attributes),
    "own __setattr__": (lambda a, b: Doubling(a / 2.0, b / 2.0), attributes),
    "callable": (Line, attributes),
    "with settings": (Named, attributes),
    "with a method parameters": (Listing, attributes),
    "dataclass in a dict": (lambda a, b: {"p": Line(a, 1.0), "b": b}, lambda s: (s["p"].a, s["b"])),
    "dict in a dataclass": (lambda a, b: Plain({"x": a}, [b]), lambda s: (s.a["x"], s.b[0])),
}  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS)


def function_of(kind):
    """A function of its numbers: a² b + a."""
    read = KINDS[kind][1]

    def f(structure):
        a, b = read(structure)
        return a * a * b + a

    return f


def compiled(transform):
    """The transform of a function, as a program from its second call on."""

    def of(f):
        function = ag.compile(lambda *args: transform(f)(*args))

        def twice(*args):
            function(*args)
            return function(*args)

        return twice

    return of


#: Each as a function of `f`, the structure and a direction: derivatives that are structures.
ALONG = {
    "grad": lambda f: lambda s, v: ag.grad(f)(s),
    "value_and_grad": lambda f: lambda s, v: ag.value_and_grad(f)(s)[1],
    "vjp": lambda f: lambda s, v: ag.vjp(f, s)[1](1.0)[0],
    "hvp": lambda f: lambda s, v: ag.hvp(f)(s, v),
}
ways = pytest.mark.parametrize("way", [lambda t: t, compiled], ids=["eager", "compiled"])


@ways
@pytest.mark.parametrize("transform", ALONG)
@each_kind
def test_derivatives_are_structures_like_the_argument(kind, transform, way):
    make, read = KINDS[kind]
    found = way(ALONG[transform])(function_of(kind))
    for a, b, v, w in [(3.0, 2.0, 1.0, 10.0), (0.5, 4.0, 2.0, -1.0)]:
        structure = make(a, b)
        direction = make(v, w)
        derivative = found(structure, direction)
        assert type(derivative) is type(structure)
        expected = (2 * a * b + 1, a * a)
        if transform == "hvp":
            expected = (2 * b * v + 2 * a * w, 2 * a * v)
        assert read(derivative) == pytest.approx(expected)
        assert read(structure) == pytest.approx((a, b))  # which is as it was


@ways
@each_kind
def test_values_tangents_and_matrices_see_the_numbers_as_they_are(kind, way):
    make, f = KINDS[kind][0], function_of(kind)

    def all_of(f):
        def found(s, v):
            value, tangent = ag.jvp(f, (s,), (v,))
            return value, tangent, ag.value_and_grad(f)(s)[0], ag.jacobian(f)(s), ag.hessian(f)(s)

        return found

    for a, b in [(3.0, 2.0), (0.5, 4.0)]:
        value, tangent, again, jacobian, hessian = way(all_of)(f)(make(a, b), make(1.0, 10.0))
        assert value == again == pytest.approx(a * a * b + a) == ag.compile(f)(make(a, b))
        assert tangent == pytest.approx(2 * a * b + 1 + 10 * a * a)
        assert jacobian.sum() == pytest.approx(2 * a * b + 1 + a * a)
        assert hessian.sum() == pytest.approx(2 * b + 4 * a)


@each_kind
def test_errors_propagate_and_derivatives_check(kind):
    make, f = KINDS[kind][0], function_of(kind)
    ag.check_grad(f, make(3.0, 2.0))
    values, sigmas = make(3.0, 2.0), make(0.1, 0.2)
    expected = (0.1 * 13.0) ** 2 + (0.2 * 9.0) ** 2
    if isinstance(values, list | tuple) and type(values) in (list, tuple, Listed, Pair, Twice):
        values, sigmas = [values], [sigmas]  # one argument
    if kind == "list with ints":
        sigmas = [[0.1, 0.2, 0.0]]
    assert ag.uncertainty(f, values, sigmas).sigma ** 2 == pytest.approx(expected)


@each_kind
def test_what_is_rebuilt_is_equal_and_its_own(kind):
    make, read = KINDS[kind]
    given = []
    structure = make(3.0, 2.0)
    ag.grad(lambda s: (given.append(s), function_of(kind)(s))[1])(structure)
    assert type(given[0]) is type(structure)
    assert given[0] is not structure
    assert all(isinstance(x, Value) for x in read(given[0]))


# --- settings -------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Mode(enum.StrEnum):
    FAST = "fast"


SETTINGS = [
    None, "text", b"bytes", True, False, np.True_, Colour.RED, Level.LOW, Mode.FAST,
    np.array([True, False]), int, Plain, len, ag.sin, lambda x: x, functools.partial(max, 1.0),
    ag.grad(abs), ag.compile(abs),
]  # fmt: skip
each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: str(s)[:20])


@each_setting
def test_a_setting_is_handed_on_as_it_is_and_stands_in_the_gradient(setting):
    def f(d):
        assert d["s"][0] is setting
        return d["w"] ** 2

    point = {"s": [setting], "w": 3.0}
    direction = {"s": [setting], "w": 1.0}
    assert ag.grad(f)(point)["s"][0] is setting
    assert ag.vjp(f, point)[1](1.0)[0]["s"][0] is setting
    assert ag.hvp(f)(point, direction)["s"][0] is setting
    assert ag.jvp(f, (point,), (direction,)) == (9.0, 6.0)
    assert ag.jacobian(f)(point).tolist() == [6.0]
    assert ag.hessian(f)(point).tolist() == [[2.0]]
    assert ag.uncertainty(f, point, {"s": [None], "w": 0.5}).sigma == 3.0
    ag.check_grad(f, point)
    program = ag.compile(ag.grad(f))
    for w in (3.0, 4.0, 5.0):
        assert program({"s": [setting], "w": w})["w"] == 2.0 * w
    assert len(program.programs) == 1


@each_setting
def test_a_setting_is_a_whole_argument_beside_others(setting):
    def f(x, s):
        assert s is setting
        return x * x

    assert ag.grad(f, argnums=(0, 1))(3.0, setting)[1] is setting
    assert ag.vjp(f, 3.0, setting)[1](1.0)[1] is setting
    assert ag.jvp(f, (3.0, setting), (1.0, None)) == (9.0, 6.0)
    with pytest.raises(TypeError, match=r"argument 1 of f is .*, which is no number"):
        ag.grad(f, argnums=1)(3.0, setting)


def test_every_setting_has_a_program_of_its_own():
    """True is not 1, and a level not the text that it equals."""
    f = ag.compile(lambda d: d["x"] * (2.0 if d["s"] is True else 3.0 if d["s"] == "fast" else 5.0))
    given = [True, False, "fast", Mode.FAST, None, Level.LOW, b"fast"]
    for _ in range(2):
        assert [f({"x": 1.0, "s": s}) for s in given] == [2.0, 5.0, 3.0, 3.0, 5.0, 5.0, 5.0]
    assert len(f.programs) == len(given)


def test_a_changed_mask_is_another_setting():
    mask = np.array([True, False])
    f = ag.compile(lambda x, mask: ag.sum(x[mask]))
    x = np.array([1.0, 10.0])
    assert f(x, mask) == 1.0
    mask[:] = ~mask
    assert f(x, mask) == 10.0


@pytest.mark.parametrize("result", [None, "text", True, len])
@pytest.mark.parametrize(
    "transform",
    [
        lambda f: ag.grad(f)(1.0),
        lambda f: ag.value_and_grad(f)(1.0),
        lambda f: ag.vjp(f, 1.0),
        lambda f: ag.jvp(f, (1.0,), (1.0,)),
        lambda f: ag.jacobian(f)(1.0),
        lambda f: ag.hessian(f)(1.0),
        lambda f: ag.hvp(f)(1.0, 1.0),
        lambda f: ag.derivative(f)(1.0),
        lambda f: ag.taylor(f, 1.0, 2),
        lambda f: ag.uncertainty(f, 1.0, 1.0),
    ],
)
def test_a_function_that_returns_no_number_is_named(transform, result):
    def f(x):
        return result

    with pytest.raises(TypeError, match=r"the result of f is .*, which is no number"):
        transform(f)


def test_settings_of_results_are_kept():
    def f(x):
        return {"y": x * x, "unit": "m", "of": [None, len]}

    seed = {"y": 1.0, "unit": "", "of": [None, None]}
    assert ag.jvp(f, (3.0,), (1.0,))[1] == {"y": 6.0, "unit": "m", "of": [None, len]}
    assert ag.vjp(f, 3.0)[1](seed) == (6.0,)
    assert ag.derivative(f)(3.0) == {"y": 6.0, "unit": "m", "of": [None, len]}
    assert ag.jacobian(f)(3.0).tolist() == [6.0]
    program = ag.compile(f)
    assert [program(x)["y"] for x in (1.0, 2.0, 3.0)] == [1.0, 4.0, 9.0]
    assert program(2.0)["unit"] == "m"
    assert program.map([1.0, 2.0])["y"].tolist() == [1.0, 4.0]


def test_a_compiled_comparison_is_the_bool_that_the_function_gives():
    f = ag.compile(lambda x: x > 0.0)
    assert [f(x) for x in (1.0, -1.0, 2.0)] == [True, False, True]


# --- structures are matched by key and kind -------------------------------------------------------


def product(d):
    return d["a"] * d["b"]["x"] ** 2


POINT = {"a": 2.0, "b": {"x": 3.0, "t": "text"}}
#: Other structures, and what they are told.
OTHERS = [
    ({"a": 1.0}, r"\['b'\] is missing"),
    ({"x": 1.0, "y": {"x": 1.0}}, r"\['a'\] is missing"),
    ({"a": 1.0, "b": {"y": 1.0, "t": ""}}, r"\['b'\]\['x'\] is missing"),
    ({"a": 1.0, "b": {"x": 1.0, "t": "", "z": 1.0}}, r"\['b'\]\['z'\] has no counterpart"),
    ({"a": 1.0, "b": [1.0]}, r"\['b'\] has 1 number \(shape \(1,\)\) in list"),
    ({"a": [1.0], "b": {"x": 1.0, "t": ""}}, r"\['a'\] has 1 number \(shape \(1,\)\)"),
    ({"a": 1.0, "b": {"x": 1.0, "t": 1.0}}, r"\['b'\]\['t'\] has 1 number .* setting str: 'text'"),
    ({"a": 1.0, "b": {"x": None, "t": ""}}, r"\['b'\]\['x'\] has the setting NoneType: None"),
    (OrderedDict(a=1.0, b={"x": 1.0, "t": ""}), "in OrderedDict .* in dict"),
    (Plain(1.0, 2.0), "2 numbers in Plain"),
    ([1.0, 2.0], "2 numbers"),
]
USES = {
    "jvp": lambda other: ag.jvp(product, [POINT], [other]),
    "hvp": lambda other: ag.hvp(product)(POINT, other),
    "vjp": lambda other: ag.vjp(lambda x: {"a": x, "b": {"x": x * x, "t": "text"}}, 1.0)[1](other),
    "uncertainty": lambda other: ag.uncertainty(product, POINT, other),
}


@pytest.mark.parametrize("way", [lambda f: f, ag.compile], ids=["eager", "compiled"])
@pytest.mark.parametrize(("other", "words"), OTHERS)
@pytest.mark.parametrize("use", USES)
def test_another_structure_is_an_error_that_names_the_first_difference(use, other, words, way):
    if use == "uncertainty" and way is ag.compile:
        return
    with pytest.raises(ShapeError, match=words):
        way(lambda x: USES[use](other))(1.0)


@pytest.mark.parametrize("kind", [list, tuple, np.array])
@pytest.mark.parametrize("sigma", [list, tuple, np.array])
def test_arguments_with_errors_are_a_row_of_either_kind(kind, sigma):
    found = ag.uncertainty(lambda *xs: ag.sum([*np.ravel(xs)]), kind([1.0, 2.0]), sigma([3.0, 4.0]))
    assert found.sigma == 5.0
    with pytest.raises(ShapeError, match="sigmas has 3 numbers"):
        ag.uncertainty(lambda x, y: x * y, kind([1.0, 2.0]), sigma([3.0, 4.0, 5.0]))


def test_keys_may_come_in_any_order():
    f, point = product, {"a": 2.0, "b": {"x": 3.0, "y": 1.0}}
    turned = {"b": {"y": 0.0, "x": 1.0}, "a": 10.0}
    assert ag.jvp(f, [point], [turned])[1] == 10.0 * 9.0 + 12.0
    assert ag.hvp(f)(point, turned) == {"a": 6.0, "b": {"x": 64.0, "y": 0.0}}
    assert ag.vjp(lambda x: {"p": x, "q": x * x}, 3.0)[1]({"q": 1.0, "p": 10.0}) == (16.0,)
    sigma = ag.uncertainty(
        lambda d: 5.0 * d["a"] + d["b"], {"a": 1.0, "b": 1.0}, {"b": 0.1, "a": 1.0}
    )
    assert sigma.sigma == pytest.approx(25.01**0.5)
    program = ag.compile(lambda p, t: ag.jvp(f, [p], [t])[1])
    for _ in range(3):
        assert program(point, turned) == 102.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1.0, 2.0], (1.0, 0.0)),
        ([[1.0], [2.0]], [(1.0,), (0.0,)]),
        (Pair(1.0, 2.0), (1.0, 0.0)),
        (Plain(1.0, 2.0), Frozen(1.0, 0.0)),
        (np.ones((2, 1)), np.ones((1, 2))),
        ([1.0, [2.0]], [[1.0], 2.0]),
        ({"a": [1.0, 1.0], "b": [1.0]}, {"a": [1.0], "b": [2.0, 3.0]}),
        (ag.nn.Neuron(1, seed=0), [1.0, 2.0]),
    ],
    ids=repr,
)
def test_equally_many_numbers_make_no_equal_structures(one, other):
    with pytest.raises(ShapeError, match="tangent 0"):
        ag.jvp(lambda s: 1.0, [one], [other])


@pytest.mark.parametrize("point", [[1.0, 2.0], (1.0, 2.0), [[1.0, 2.0]], [1, 2.0]])
def test_an_array_stands_for_lists_of_its_shape(point):
    """Jacobians and Hessians are arrays, and so is what NumPy makes of them."""
    tangent = np.arange(1.0, 3.0).reshape(np.shape(point))

    def f(x):
        return x[0][0] * x[0][1] if len(x) == 1 else x[0] * x[1]

    assert ag.jvp(f, [point], [tangent])[1] == 1.0 * 2.0 + 1.0 * 2.0


# --- paths of a compiled function -----------------------------------------------------------------


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_paths_that_return_keys_in_another_order_do_not_mix_columns(reduce):
    f = ag.compile(lambda x: {"a": x, "b": 2 * x} if x > 0 else {"b": 2 * x, "a": x})
    xs = np.array([1.0, -1.0, 3.0, -4.0])
    found = f.map(xs, reduce=reduce)
    right = {None: lambda a: a, "sum": np.sum, "mean": np.mean}[reduce]
    np.testing.assert_array_equal(found["a"], right(xs))
    np.testing.assert_array_equal(found["b"], right(2 * xs))
    assert [[*f(x).items()] for x in (1.0, -1.0)] == [
        [("a", 1.0), ("b", 2.0)], [("b", -2.0), ("a", -1.0)],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [lambda x: [x], lambda x: (x, "m"), lambda x: {"y": x, "unit": "cm"}, lambda x: {"y": x}],
)
def test_paths_of_other_structures_are_refused_in_rows(other):
    f = ag.compile(lambda x: {"y": x, "unit": "m"} if x > 0 else other(x))
    assert f(-1.0) == other(-1.0)
    with pytest.raises(ShapeError, match="map needs equal structures"):
        f.map([1.0, -1.0])


def test_check_compares_structures_too():
    turn = iter(["a", "b", "b"])
    f = ag.compile(lambda x: {next(turn): x}, check=True)
    with pytest.raises(ProgramError, match=r"another structure.*\['b'\] is missing"):
        f(1.0)


def test_rows_of_dataclasses_are_columns_in_their_fields():
    f = ag.compile(lambda p: Line(p.a * p.b, p.a))
    found = f.map(Percent(np.array([100.0, 200.0]), np.array([5.0, 7.0])))
    assert found.a.tolist() == [5.0, 14.0]
    assert found.b.tolist() == [1.0, 2.0]


def test_a_callable_dataclass_as_argument_is_no_setting():
    f = ag.compile(lambda line, x: line(x))
    assert [f(Line(a, 1.0), 2.0) for a in (1.0, 2.0, 3.0)] == [3.0, 5.0, 7.0]
    assert len(f.programs) == 1
    assert ag.grad(f)(Line(1.0, 1.0), 2.0) == Line(2.0, 1.0)


def test_keys_that_are_equal_but_not_the_same_kind_are_kept_apart():
    f = ag.compile(lambda d: d)
    for _ in range(2):
        for key in (1, 1.0, True):
            assert [type(k) for k in f({key: 2.0})] == [type(key)]


# --- what is refused by name ----------------------------------------------------------------------


@dataclass
class Rectangle:
    width: float
    height: float
    area: float = field(init=False)

    def __post_init__(self):
        self.area = self.width * self.height


@dataclass
class Hidden:
    width: float

    def __post_init__(self):
        self.area = self.width**2


class Params(dict):
    pass


def with_attribute(kind, number):
    thing = kind()
    thing.scale = number
    return thing


class Owner:
    """Its parameters() are plain numbers."""

    def parameters(self):
        return [1.0]


REFUSED = {
    "a field that is computed": (lambda: Rectangle(2.0, 3.0), "Rectangle.area.*make it a property"),
    "an attribute": (lambda: Hidden(2.0), "Hidden.area is computed from.*make it a property"),
    "a dict's attribute": (lambda: with_attribute(Params, 2.0), "Params.scale is no item"),
    "a list's attribute": (lambda: with_attribute(Listed, 2.0), "Listed.scale is no item"),
    "UserDict": (lambda: UserDict(a=1.0), "was given UserDict"),
    "UserList": (lambda: UserList([1.0]), "was given UserList"),
    "mapping proxy": (lambda: MappingProxyType({"a": 1.0}), "was given mappingproxy"),
    "deque": (lambda: deque([1.0]), "was given deque"),
    "set": (lambda: {1.0, 2.0}, "was given set"),
    "struct_time": (lambda: time.gmtime(0), "struct_time"),
    "range": (lambda: range(3), "was given range"),
    "generator": (lambda: (x for x in [1.0]), "was given generator"),
    "object": (object, "was given object"),
    "complex": (lambda: 1j, r"write z\.real"),
    "text array": (lambda: np.array(["a"]), "str"),
    "matrix": (lambda: np.matrix([1.0]), r"is matrix.*np\.asarray"),
    "masked array": (lambda: np.ma.array([1.0, 2.0], mask=[0, 1]), "MaskedArray"),
    "own parameters": (Owner, r"Owner.*parameters\(\) are no Values"),
}


@pytest.mark.parametrize(
    "transform",
    [
        lambda f, s: ag.grad(f)(s),
        lambda f, s: ag.vjp(f, s),
        lambda f, s: ag.jvp(f, (s,), (s,)),
        lambda f, s: ag.jacobian(f)(s),
        lambda f, s: ag.hessian(f)(s),
        lambda f, s: ag.hvp(f)(s, s),
        lambda f, s: ag.uncertainty(f, {"s": s}, {"s": s}),
        lambda f, s: ag.check_grad(f, s),
        lambda f, s: ag.compile(f)(s),
        lambda f, s: ag.compile(ag.grad(f))(s),
        lambda f, s: ag.grad(f)({"deep": [s]}),
    ],
)
@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_what_is_no_structure_is_refused_by_name(case, transform):
    make, words = REFUSED[case]
    with pytest.raises(TypeError, match=words):
        transform(lambda s: 1.0, make())


def test_cached_properties_are_computed_anew():
    @dataclass
    class Box:
        width: float
        height: float

        @functools.cached_property
        def area(self):
            return self.width * self.height

    box = Box(2.0, 3.0)
    assert box.area == 6.0
    assert ag.grad(lambda b: b.area)(box) == Box(3.0, 2.0)
    program = ag.compile(ag.grad(lambda b: b.area))
    assert program(box) == Box(3.0, 2.0)
    box.width = 5.0  # the class keeps the old area
    assert program(box) == Box(3.0, 5.0)


@dataclass
class Power:
    x: float
    n: object = field(metadata={"static": True})


def test_a_static_field_is_part_of_the_function():
    def f(p):
        assert not isinstance(p.n, Value)
        return p.x**p.n

    assert ag.grad(f)(Power(2.0, 3)) == Power(12.0, 3)
    assert ag.hessian(f)(Power(2.0, 3)).tolist() == [[12.0]]
    program = ag.compile(ag.grad(f))
    for _ in range(2):
        for n in (3, 2, 2.0):
            assert program(Power(2.0, n)) == Power(n * 2.0 ** (n - 1), n)
    assert len(program.programs) == 3
    assert ag.grad(lambda p: p.x * p.n[0])(Power(2.0, [3])) == Power(3.0, [3])
    mask = np.array([1.0, 0.0])
    scaled = ag.compile(lambda p: p.x * p.n[0])
    assert scaled(Power(2.0, mask)) == 2.0
    mask[0] = 3.0
    assert scaled(Power(2.0, mask)) == 6.0
    with pytest.raises(TypeError, match=r"field 'n' is ndarray"):
        scaled(Power(2.0, np.array([3.0], object)))
    with pytest.raises(TypeError, match=r"field 'n' is list: \[3\].*make it a tuple"):
        ag.compile(lambda p: p.x * p.n[0])(Power(2.0, [3]))


def test_arguments_outside_argnums_arrive_as_they_are():
    given = Rectangle(1.0, 2.0), {1, 2}, 3, np.arange(2)

    def f(x, *others):
        assert all(a is b for a, b in zip(others, given, strict=True))
        return x * others[2]

    for transform in (ag.grad, ag.jacobian, ag.derivative):
        assert transform(f)(2.0, *given) == 3.0
    assert ag.value_and_grad(f)(2.0, *given) == (6.0, 3.0)
    assert ag.hessian(f)(2.0, *given) == 0.0


# --- what a function returns beside its value -----------------------------------------------------


def with_aux(x):
    return x * x, {"next": x + 1.0, "text": "t", "object": object, "list": [x, 2]}


AUX = {"next": 4.0, "text": "t", "object": object, "list": [3.0, 2]}


def test_aux_comes_beside_the_derivative():
    assert ag.grad(with_aux, has_aux=True)(3.0) == (6.0, AUX)
    assert ag.value_and_grad(with_aux, has_aux=True)(3.0) == ((9.0, AUX), 6.0)
    assert ag.jacobian(with_aux, has_aux=True)(3.0) == (6.0, AUX)
    value, pullback, aux = ag.vjp(with_aux, 3.0, has_aux=True)
    assert (value, pullback(2.0), aux) == (9.0, (12.0,), AUX)
    assert type(aux["next"]) is float


def test_aux_of_objects_is_handed_on():
    thing = {1, 2}
    assert ag.grad(lambda x: (x, thing), has_aux=True)(3.0)[1] is thing
    array = ag.grad(lambda x: (x[0], x * 2.0), has_aux=True)(np.array([3.0, 1.0]))[1]
    assert array.tolist() == [6.0, 2.0]


def test_aux_in_programs_and_in_no_grad():
    program = ag.compile(ag.grad(lambda x: (x * x, x + 1.0), has_aux=True))
    assert [program(x) for x in (2.0, 3.0)] == [(4.0, 3.0), (6.0, 4.0)]
    with ag.no_grad():
        assert ag.grad(with_aux, has_aux=True)(3.0) == (6.0, AUX)
        assert ag.vjp(with_aux, 3.0, has_aux=True)[2] == AUX


def test_aux_of_an_inner_derivative_keeps_its_own_in_the_outer_one():
    """Though the inner value does not depend on the outer variable."""
    assert ag.grad(lambda x: ag.grad(lambda t: (t * t, t * x), has_aux=True)(3.0)[1])(2.0) == 3.0


@pytest.mark.parametrize("wrong", [lambda x: x * x, lambda x: (x, 1.0, 2.0), lambda x: [x, 1.0]])
def test_a_function_without_aux_is_named(wrong):
    with pytest.raises(TypeError, match=r"<lambda> has_aux, so must return \(value, aux\)"):
        ag.grad(wrong, has_aux=True)(1.0)


# --- the functions that transforms give -----------------------------------------------------------


def cube(x: float, scale: float = 1.0) -> float:
    """A cube."""
    return scale * x * x * x


TRANSFORMS = [
    ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian, ag.derivative, ag.checkpoint,
]  # fmt: skip


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_name_signature_and_documentation_are_those_of_the_function(transform):
    found = transform(cube)
    assert (found.__name__, found.__doc__) == ("cube", "A cube.")
    assert inspect.signature(found) == inspect.signature(cube)
    assert repr(found) == f"<{transform.__name__}(cube)>"


def test_a_product_with_the_hessian_takes_one_argument_more():
    assert ag.hvp(cube).__name__ == "cube"
    assert "scale" not in inspect.signature(ag.hvp(cube)).parameters


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))]
)
@pytest.mark.parametrize("transform", [*TRANSFORMS, lambda f: ag.grad(ag.grad(f))])
def test_they_can_be_copied_and_pickled_if_the_function_can(transform, again):
    found = transform(cube)
    assert again(found)(2.0, scale=3.0) == found(2.0, scale=3.0)
    assert again(ag.hvp(cube))(2.0, 1.0) == 12.0
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(transform(lambda x: x))


def test_a_derivative_can_be_a_method():
    class Spring:
        stiffness = 3.0

        def energy(self, x):
            return self.stiffness * x * x

        force = ag.grad(energy, argnums=1)

    assert Spring().force(2.0) == 12.0
    assert Spring.force(Spring(), 2.0) == 12.0


def test_fields_that_were_never_set_stay_so():
    thing = object.__new__(Plain)
    object.__setattr__(thing, "a", 3.0)
    found = ag.grad(lambda p: p.a**2)(thing)
    assert found.a == 6.0
    assert not hasattr(found, "b")
    assert dataclasses.is_dataclass(found)
