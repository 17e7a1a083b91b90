"""docs/conventions.md says what is true: its tables are evaluated row by row, in every column."""

import collections
import dataclasses
import enum
import importlib
import re
import warnings
from functools import cache
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from peer_functions import in_float64, jax_functions, torch_functions

import autograd_lite as ag
from autograd_lite import Value, gradient
from autograd_lite.ops import TABLE, SequenceOp

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"
CELL = r"(\S+, \S+|–)"
ROWS = re.findall(
    rf"^\| `(.+?)` \| (\S+) \| {CELL} \| {CELL} \| {CELL} \|$", PAGE.read_text(), re.M
)
each_row = pytest.mark.parametrize(("expression", "at", "ours", "pytorch", "jax"), ROWS)


def same(cell, *found):
    """Whether a cell says these two derivatives; 0 stands for either zero."""
    expected = [float(number) for number in cell.split(", ")]
    return list(found) == pytest.approx(expected, rel=1e-14, abs=0, nan_ok=True)


def test_the_page_has_all_its_tables():
    text = PAGE.read_text()
    assert len(ROWS) == text.count("\n| `") >= 80


@each_row
def test_the_column_of_this_package(expression, at, ours, pytorch, jax):
    """The same in reverse and in forward mode, and in their mixtures."""

    def f(x):
        return eval(expression, {**vars(ag), "x": x})

    x, number = Value(float(at)), float(at)
    [first] = gradient(f(x), [x], create_graph=True)
    assert same(ours, first.data, *gradient(first, [x]))

    def slope(x):
        return ag.jvp(f, [x], [1.0])[1]

    assert same(ours, slope(number), ag.jvp(slope, [number], [1.0])[1])
    assert same(ours, ag.grad(f)(number), ag.hvp(f)(number, 1.0))
    assert same(ours, ag.derivative(f)(number), ag.derivative(f, 2)(number))


def names(functions, number, **more):
    """What expressions call, by name, out of functions of numbers one by one."""

    def taking(name, function):
        if isinstance(TABLE[name], SequenceOp):
            return lambda xs: function(*map(number, xs))
        return lambda *xs: function(*map(number, xs))

    rows = {name: taking(name, function) for name, function in functions.items()}
    return {**rows, "less": lambda a, b: number(number(a) < number(b)), **more}


@each_row
def test_the_column_of_pytorch(expression, at, ours, pytorch, jax):
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')

    def tensor(x):
        return torch.as_tensor(x, dtype=torch.float64)

    if pytorch == "–":
        assert re.match(r"\w+", expression)[0] not in torch_functions(torch)
        return
    known = names(
        torch_functions(torch),
        tensor,
        softmax=lambda xs: torch.softmax(torch.stack([*map(tensor, xs)]), 0),
        log_softmax=lambda xs: torch.log_softmax(torch.stack([*map(tensor, xs)]), 0),
    )
    x = torch.tensor(float(at), dtype=torch.float64, requires_grad=True)
    out = eval(expression, {**known, "x": x})
    options = {"create_graph": True, "materialize_grads": True}
    [first] = torch.autograd.grad(out, [x], **options)
    [second] = torch.autograd.grad(first, [x], **options) if first.requires_grad else [0.0 * x]
    assert same(pytorch, first.item(), second.item())


@cache
def column_of_jax():
    """All rows in one compilation, which takes less than one for each of their steps."""
    library = in_float64(importlib.import_module("jax"))

    def array(x):
        return library.numpy.asarray(x, dtype=float)

    known = names(
        jax_functions(library),
        array,
        softmax=lambda xs: library.nn.softmax(library.numpy.stack([*map(array, xs)])),
        log_softmax=lambda xs: library.nn.log_softmax(library.numpy.stack([*map(array, xs)])),
    )

    def both(expression, x):
        slope = library.grad(lambda x: eval(expression, {**known, "x": x}))
        return slope(x), library.grad(slope)(x)

    def every(xs):
        return [both(row[0], x) for row, x in zip(ROWS, xs, strict=True)]

    found = library.jit(every)([float(row[1]) for row in ROWS])
    return {row: (float(a), float(b)) for row, (a, b) in zip(ROWS, found, strict=True)}


@pytest.mark.no_cover
@each_row
def test_the_column_of_jax(expression, at, ours, pytorch, jax):
    pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    assert same(jax, *column_of_jax()[expression, at, ours, pytorch, jax])


# --- what a transform makes of an argument --------------------------------------------------------

SECTION = PAGE.read_text().partition("## What a transform makes of an argument")[2]
ARGUMENTS = re.findall(
    r"^\| (.+?) \| `(.+?)` \| (a structure|a setting|refused) \| (?:`(.+?)` )?\|$", SECTION, re.M
)


def known():
    """What the examples of the table are written with."""

    def with_attribute(thing):
        thing.unit = "m"
        return thing

    names = {**vars(collections), **vars(dataclasses), **vars(enum), "np": np, "ag": ag}
    names |= {"nn": ag.nn, "with_attribute": with_attribute, "__name__": __name__}
    exec(re.search(r"```python\n(.+?)```", SECTION, re.S)[1], names)
    return names


def numbers_in(thing):
    """The numbers in a structure, found without the package."""
    if isinstance(thing, ag.nn.Module):
        thing = thing.parameters()
    if isinstance(thing, dict):
        thing = [*thing.values()]
    if dataclasses.is_dataclass(thing):
        thing = [
            getattr(thing, field.name)
            for field in dataclasses.fields(thing)
            if "static" not in field.metadata
        ]
    if isinstance(thing, list | tuple | np.ndarray):
        return [number for part in thing for number in numbers_in(part)]
    return [] if thing is None or isinstance(thing, str) else [thing]


def energy(thing):
    """Half the sum of the squares of all numbers."""
    return 0.5 * sum([x * x for x in numbers_in(thing)], 0.0 * ag.sin(0.0))


def floats(things):
    return [x.data if isinstance(x, Value) else float(x) for x in numbers_in(things)]


def test_the_table_of_arguments_is_whole():
    assert len(ARGUMENTS) == SECTION.partition("## Zero")[0].count("\n| ") - 1 >= 35


@pytest.mark.parametrize("of", [lambda f: f, ag.compile], ids=["eager", "compiled"])
@pytest.mark.parametrize(("kind", "example", "what", "gradient"), ARGUMENTS)
def test_what_a_transform_makes_of_an_argument(kind, example, what, gradient, of):
    names = known()
    argument = eval(example, names)

    def f(x, thing):
        assert what != "a setting" or thing is argument
        return x * x + (energy(thing) if what == "a structure" else 0.0)

    both = of(ag.grad(f, argnums=(0, 1)))
    if what == "refused":
        with pytest.raises(TypeError, match=re.escape(gradient)):
            both(2.0, argument)
        assert ag.grad(f)(2.0, argument) == 4.0
        return
    for _ in range(2):
        slope, found = both(2.0, argument)
        assert slope == 4.0
        if what == "a setting":
            assert found is argument
            continue
        expected = eval(gradient, names)
        assert type(found) is type(expected)
        assert floats(found) == floats(expected)
        assert all(type(x) in (float, Value, np.float64) for x in numbers_in(found))
        assert isinstance(found, ag.nn.Module | np.ndarray) or found == expected


@pytest.mark.parametrize(
    ("kind", "example", "what", "gradient"), [row for row in ARGUMENTS if row[2] != "refused"]
)
def test_every_transform_takes_what_one_takes(kind, example, what, gradient):
    names = known()
    argument = eval(example, names)

    def f(x, thing):
        return x * x + (energy(thing) if what == "a structure" else 0.0)

    square = sum(x * x for x in floats(argument)) if what == "a structure" else 0.0
    value, pullback = ag.vjp(f, 2.0, argument)
    direction = pullback(1.0)
    assert value == pytest.approx(4.0 + square / 2)
    assert ag.value_and_grad(f)(2.0, argument) == (value, 4.0)
    assert ag.jvp(f, (2.0, argument), direction) == (value, pytest.approx(16.0 + square))
    product = ag.hvp(f, argnums=(0, 1))(2.0, argument, direction)
    assert product[0] == 8.0
    assert floats(product[1] if square else 0.0) == pytest.approx(
        floats(argument) if square else [0]
    )
    jacobian = ag.jacobian(f, argnums=(0, 1))(2.0, argument)
    assert np.square(jacobian[1]).sum() == pytest.approx(square)
    hessian = ag.hessian(f, argnums=(0, 1))(2.0, argument)
    assert np.sum(hessian[1][1]) == (len(floats(argument)) if square else 0)
    assert ag.uncertainty(f, (2.0, argument), direction).value == value
    assert ag.derivative(f)(2.0, argument) == 4.0
    ag.check_grad(f, 2.0, argument)


def hessians(f, x):
    """The Hessian in every mode, compiled, too."""
    unit = [[float(i == j) for j in range(len(x))] for i in range(len(x))]

    def along(i):
        return lambda v: ag.jvp(f, (v,), (unit[i],))[1]

    n = range(len(x))
    yield ag.hessian(f)(x)
    yield ag.compile(ag.hessian(f))(x)
    yield [ag.hvp(f)(x, v) for v in unit]
    yield ag.jacobian(ag.grad(f))(x)
    yield [ag.grad(along(i))(x) for i in n]
    yield [ag.jvp(ag.grad(f), (x,), (v,))[1] for v in unit]
    yield [[ag.jvp(along(i), (x,), (unit[j],))[1] for j in n] for i in n]


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize(
    ("y", "twice", "mixed"),
    [
        (2.0, 2.0, 0.0), (3.0, 0.0, 0.0), (1.5, inf, 0.0), (1.0, 0.0, 1.0),
        (0.5, -inf, nan), (0.0, 0.0, inf), (-1.0, inf, inf),
    ],
)  # fmt: skip
def test_the_mixed_derivative_of_a_power_at_base_zero(y, twice, mixed, zero):
    """Both places hold one number, in every mode."""
    expected = [twice, mixed, mixed, inf if y < 0.0 else 0.0]
    x = [zero if y > 0.0 else 0.0, y]  # 1/-0.0 is -inf
    for found in hessians(lambda v: v[0] ** v[1], x):
        assert [*map(float, np.ravel(found))] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("x", [[3.0, 1e-16, -2.0], [1e-200, 1e-200], [1e200, -3.0], [1.0, 0.0]])
def test_the_sum_of_absolute_values_is_straight(x):
    """norm of order 1: its slopes are signs, and do not change."""

    def f(v):
        return ag.norm(v, 1)

    assert ag.grad(f)(x) == [(number > 0.0) - (number < 0.0) for number in x]
    for found in hessians(f, x):
        assert not np.any(found)
    squared = np.outer(*[ag.grad(f)(x)] * 2) * 2.0
    for found in hessians(lambda v: f(v) ** 2, x):
        assert np.array_equal(found, squared)


HIDDEN = {
    "norm": (lambda v: ag.norm(v) ** 2, [0.0, 0.0]),
    "norm of order 3": (lambda v: ag.norm(v, 3) ** 2, [0.0, 0.0]),
    "norm of order 1.5": (lambda v: ag.norm(v, 1.5), [0.0, 2.0]),
    "hypot": (lambda v: ag.square(ag.hypot(v[0], v[1])), [0.0, 0.0]),
    "arctan2": (lambda v: ag.arctan2(v[0], v[1]) * v[0], [0.0, 0.0]),
    "power": (lambda v: 0.0 * v[0] ** 1.5 + v[1], [0.0, 1.0]),
    "distance": (lambda v: ag.exp(-(ag.norm([v[0] - v[1]]) ** 2)), [1.5, 1.5]),
    "product of hypots": (lambda v: v[1] + ag.hypot(v[0], v[0]) ** 4, [0.0, 1.0]),
    "base 0, exponent 1": (lambda v: v[0] ** v[1], [0.0, 1.0]),
}
OPEN = {
    "norm": (lambda v: 0.0 * ag.norm(v), [3.0, 4.0]),
    "norm of order 1": (lambda v: ag.norm(v, 1), [0.0, 0.0]),
    "norm of order inf": (lambda v: ag.norm(v, inf), [0.0, 0.0]),
    "hypot": (lambda v: ag.hypot(v[0], v[1]), [0.0, 1.0]),
    "power": (lambda v: v[0] ** 2 + v[1] ** 3.0, [0.0, 0.0]),
    "base 0, exponent 2": (lambda v: v[0] ** v[1], [0.0, 2.0]),
    "base 0, exponent the constant 1": (lambda v: v[0] ** 1.0 * v[1], [0.0, 2.0]),
    "norm of order 1.5 beside a constant 0": (lambda v: ag.norm([*v, 0.0], 1.5), [3.0, 4.0]),
    "absolute": (lambda v: abs(v[0]) * ag.relu(v[1]), [0.0, 0.0]),
}
SECOND = {
    "hessian": lambda f, x: ag.hessian(f)(x),
    "hvp": lambda f, x: ag.hvp(f)(x, [1.0, 0.5]),
    "jacobian of grad": lambda f, x: ag.jacobian(ag.grad(f))(x),
    "create_graph": lambda f, x: ag.gradient(f(v := [*map(Value, x)]), v, create_graph=True),
}


def warned(transform, f, x):
    """Whether `detect_anomaly` speaks of a second derivative."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with ag.detect_anomaly():
            transform(f, x)
    assert all(issubclass(warning.category, ag.AnomalyWarning) for warning in caught)
    return any("the second derivative of" in str(warning.message) for warning in caught)


@pytest.mark.parametrize(("f", "x"), HIDDEN.values(), ids=HIDDEN)
def test_second_derivatives_that_count_as_zero_are_told_of(f, x):
    assert all(warned(transform, f, x) for transform in SECOND.values())
    assert not warned(lambda f, x: ag.grad(f)(x), f, x)
    [found] = ag.diagnose(f([*map(Value, x)])).of("hidden_second")
    assert found.severity == "note"
    assert "is not finite and counts as " in found.message


@pytest.mark.parametrize(
    ("square", "words", "instead"),
    [
        (lambda v: ag.norm(v) ** 2, "dot(v, v)", lambda v: ag.dot(v, v)),
        (lambda v: ag.hypot(*v) ** 2, "x*x + y*y", lambda v: v[0] * v[0] + v[1] * v[1]),
    ],
)
def test_what_to_write_instead_is_told_and_right(square, words, instead):
    x = [0.0, 0.0]
    [found] = ag.diagnose(square([*map(Value, x)])).of("hidden_second")
    assert words in found.message
    with pytest.warns(ag.AnomalyWarning, match=re.escape(words)), ag.detect_anomaly():
        ag.hessian(square)(x)
    for found in hessians(instead, x):
        assert [*map(float, np.ravel(found))] == [2.0, 0.0, 0.0, 2.0]


def test_so_are_those_of_forward_mode():
    def line(t):
        return ag.square(ag.hypot(t, t))

    assert warned(lambda f, x: ag.derivative(f, 2)(x), line, 0.0)
    assert warned(lambda f, x: ag.taylor(f, x, 2), line, 0.0)
    assert warned(lambda f, x: ag.grad(lambda x: ag.jvp(f, (x,), (1.0,))[1])(x), line, 0.0)
    assert not warned(lambda f, x: ag.derivative(f)(x), line, 0.0)
    assert not warned(lambda f, x: ag.taylor(f, x, 1), line, 0.0)


@pytest.mark.parametrize(("f", "x"), OPEN.values(), ids=OPEN)
def test_nothing_is_told_of_finite_second_derivatives(f, x):
    assert not any(warned(SECOND[name], f, x) for name in ("hessian", "hvp"))
    assert not ag.diagnose(f([*map(Value, x)])).of("hidden_second")


def test_what_help_says_stands_on_the_page():
    notes = ag.tanh.__doc__.partition("Notes\n-----\n")[2].partition("\n\nExamples")[0]
    assert f"```text\n{notes}\n```" in PAGE.read_text()


def test_an_array_of_floats_and_values_goes_through_ours_alone():
    mixed = np.array([0.5, Value(2.0)], dtype=object)
    with pytest.raises(TypeError, match="argument 0 of type float which has no callable exp"):
        np.exp(mixed)
    assert [*ag.exp(mixed)] == [ag.exp(0.5), ag.exp(2.0)]
