"""docs/conventions.md says what is true: its tables are evaluated row by row, in every column."""

import collections
import dataclasses
import enum
import importlib
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from peer_functions import in_float64, jax_functions, torch_functions

import autograd_lite as ag
from autograd_lite import Value, gradient
from autograd_lite.ops import TABLE, SequenceOp

PAGE = Path(__file__).parent.parent / "docs" / "conventions.md"
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
