"""Ways out of a Value of a compiled function: computed anew, refused, or handed back."""

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from test_copies import COPIES

import autograd_lite as ag
from autograd_lite import GraphError, ProgramError, Value, nn
from autograd_lite.engine import read_numbers


def in_pool(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


# --- no_grad, stop_gradient, detach ---------------------------------------------------------------

MODEL = nn.MLP(1, [3, 1], activation="tanh", seed=1)
cube = ag.custom_op("cube", lambda x: x * x * x, lambda out, x: 3.0 * x * x)


def block(x):
    with ag.no_grad():
        y = x * x
        return ag.dot([y, 2.0, x], [1.0, x, y], 1.0)


def compared(x):
    with ag.no_grad():
        y = x * x
        return -y if x > 2.0 and y != 9.0 else y


def in_a_loop(x):
    with ag.no_grad():
        y = 1.0
        while y < x:
            y = y + ag.where(x > 2.0, x, 1.0) * 0.5
    return y + 0.0 * x


CUTS = {
    "block": block,
    "decorated": ag.no_grad()(lambda x: ag.sin(x) * x),
    "nested": ag.no_grad()(ag.no_grad()(lambda x: x / 3.0)),
    "an operator alone": lambda x: ag.no_grad()(lambda: -x)(),
    "of a part": lambda x: ag.no_grad()(ag.exp)(x * x) * x,
    "compared": compared,
    "in a loop": in_a_loop,
    "in a checkpoint": ag.checkpoint(lambda x: ag.no_grad()(lambda: x * x)() * x),
    "a checkpoint": ag.no_grad()(ag.checkpoint(lambda x: x * x)),
    "a derivative": ag.no_grad()(ag.grad(lambda x: x * x * x)),
    "a hessian": ag.no_grad()(lambda x: ag.hessian(lambda v: v[0] ** 3)([x])[0][0]),
    "a copy": ag.no_grad()(copy.deepcopy),
    "a network": ag.no_grad()(lambda x: MODEL([x])),
    "a custom op": ag.no_grad()(cube),
    "inner program": ag.no_grad()(lambda x: ag.compile(lambda y: y * x)(2.0)),
    "around a program": lambda x: ag.compile(ag.no_grad()(lambda y: y * x))(2.0),
    "stop_gradient": lambda x: ag.stop_gradient(x * x),
    "detach": lambda x: (x * x).detach(),
    "detach, an argument": lambda x: x.detach() * 3.0,
    "detach, inside": ag.no_grad()(lambda x: x.detach() * 3.0),
}
TRANSFORMS = {
    "value": lambda f: lambda x: f(x),
    "grad": lambda f: ag.grad(f),
    "jvp": lambda f: lambda x: ag.jvp(f, (x,), (1.0,)),
    "hessian": lambda f: lambda x: ag.hessian(lambda v: f(v[0]) * v[1])([x, x]),
    "hvp": lambda f: lambda x: ag.hvp(f)(x, 1.0),
    "taylor": lambda f: lambda x: ag.taylor(f, x, 3),
    "nested": lambda f: ag.grad(lambda x: ag.grad(lambda y: f(x * y))(x)),
    "checkpoint": lambda f: ag.grad(ag.checkpoint(f)),
}


def flat(thing):
    if isinstance(thing, list | tuple | np.ndarray):
        return [x for part in thing for x in flat(part)]
    return [thing]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("cut", CUTS)
def test_what_is_cut_is_computed_anew_by_each_call(cut, transform):
    """The program gives what the function does, a derivative of 0 through the cut among it."""

    def f(x):
        return flat(function(x))

    function = TRANSFORMS[transform](lambda x: CUTS[cut](x) * x)
    compiled, xs = ag.compile(f), [1.5, 2.5, 3.0, 1.5]
    expected = [[float(y.data if isinstance(y, Value) else y) for y in f(Value(x))] for x in xs]
    assert [compiled(x) for x in xs] == expected
    assert np.transpose(compiled.map(xs)) == pytest.approx(np.array(expected), rel=1e-13)


def test_without_a_program_no_grad_gives_leaves():
    """Inside a differentiation and outside of it, as ever."""
    w = Value(2.0)

    def f(x, of):
        with ag.no_grad():
            found = [of * of, ag.dot([of, of], [1.0, of]), of.detach(), copy.copy(of), *layer(of)]
        assert all((y.op, y.parents) == ("", ()) for y in found)
        return x * found[0]

    layer = nn.Layer(1, 2, seed=1)
    assert ag.grad(lambda x: f(x, x))(3.0) == 9.0
    assert f(w, w).data == 8.0


def test_no_grad_over_older_values_is_computed_anew_at_every_call():
    w = Value(2.0)

    @ag.compile
    def f(x):
        with ag.no_grad():
            return x * (w * w)

    assert f(3.0) == 12.0
    w.data = 5.0
    assert f(3.0) == 75.0


# --- isclose --------------------------------------------------------------------------------------

NUMBERS = [0.0, 1.0, 1.0 + 1e-6, 1.0 + 1e-4, -1.0, 1e300, float("inf"), -float("inf"), float("nan")]


@pytest.mark.parametrize("equal_nan", [False, True])
@pytest.mark.parametrize("tolerance", [{}, {"rtol": 0.0}, {"rtol": 1e-3, "atol": 0.0}])
def test_isclose_is_a_guard(tolerance, equal_nan):
    """It says what NumPy's does, at each call."""

    def close(x, y):
        return ag.isclose(x, y, equal_nan=equal_nan, **tolerance)

    f = ag.compile(lambda x, y: 1.0 if close(x, y) else 0.0)
    of_lists = ag.compile(lambda v, y: [float(each) + 0.0 * v[0] for each in close(v, y)])
    for y in NUMBERS:
        expected = [np.isclose(x, y, equal_nan=equal_nan, **tolerance) for x in NUMBERS]
        assert [f(x, y) for x in NUMBERS] == expected
        assert close([*map(Value, NUMBERS)], y).tolist() == expected
        finite = [1.0, 1.0 + 1e-6, -1.0]
        assert of_lists(finite, y) == [f(x, y) for x in finite]


# --- Values that are kept -------------------------------------------------------------------------


def keep(what):
    kept = []
    ag.compile(lambda x: kept.append(what(x)) or x * x)(2.0)
    return kept[0]


USES = {
    "data": lambda x: x.data,
    "item": lambda x: x.item(),
    "grad": lambda x: x.grad,
    "local_grads": lambda x: x.local_grads,
    "an op, read": lambda x: (x + 1.0).data,
    "sum, read": lambda x: ag.sum([1.0, x]).item(),
    "in no_grad": lambda x: ag.no_grad()(lambda: x * x)().data,
    "compared": lambda x: x > 1.0,
    "compared, reflected": lambda x: Value(1.0) < x,
    "==": lambda x: x == 1.0,
    "bool": bool,
    "isclose": lambda x: ag.isclose(x, 1.0),
    "backward": lambda x: (x * x).backward(),
    "gradient": lambda x: ag.gradient(x * x, [x]),
    "refresh": lambda x: x.refresh(),
    "differentiated": lambda x: ag.grad(lambda y: y * x)(1.0),
    "differentiated by": lambda x: ag.grad(lambda y: y * y)(x).data,
    "in jvp": lambda x: ag.jvp(lambda y: y * x, (1.0,), (1.0,)),
    "compiled": lambda x: ag.compile(lambda y: y * x)(1.0),
    "compiled, alone": lambda x: ag.compile(lambda y: x)(1.0),
    "compiled, compared": lambda x: ag.compile(lambda y: y if y < x else -y)(1.0),
    "argument of a program": lambda x: ag.compile(lambda y: y * y)(x).data,
    "frozen": lambda x: ag.freeze(x * 2.0, []),
    "pickled": pickle.dumps,
    "copied": lambda x: copy.copy(x).data,
    "deep-copied": lambda x: copy.deepcopy([x])[0].data,
    "detached": lambda x: x.detach().data,
    "an array of floats": lambda x: np.array([x]).astype(float),
    "read_numbers": lambda x: read_numbers([x], np.zeros(1)),
    "latex": lambda x: ag.latex(x * x),
    "draw": lambda x: ag.draw(x).save("x.svg"),
}


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in a thread"])
@pytest.mark.parametrize("what", [lambda x: x, lambda x: x * x], ids=["argument", "computed"])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_value_that_outlives_its_program_is_refused(use, what, elsewhere):
    kept = keep(what)
    error = TypeError if use is USES["an array of floats"] else ProgramError
    with pytest.raises(error, match=r"kept and used after its call|pickle|into a plain number"):
        in_pool(lambda: use(kept)) if elsewhere else use(kept)


def test_a_value_of_one_program_is_refused_in_another():
    inner = ag.compile(lambda y: kept.append(y) or y)

    def f(x):
        inner(2.0)
        return x * kept[0]

    kept = []
    with pytest.raises(ProgramError, match="kept and used after its call"):
        ag.compile(f)(3.0)
    with pytest.raises(ProgramError, match="kept and used after its call"):
        ag.grad(f)(3.0)


# --- copies, pickles and assignments in threads and inner programs --------------------------------


@pytest.mark.parametrize("how", COPIES)
def test_copies_elsewhere_keep_the_gradient(how):
    copied = COPIES[how]
    for f in (
        lambda x: in_pool(lambda: copied(x * x)) * x,
        lambda x: ag.compile(lambda y: copied(x * y) * x)(1.0) * x,
        lambda x: ag.compile(lambda y: copied(y) * x)(1.0) * copied(x) * x,
    ):
        for _ in range(2):
            assert ag.grad(f)(3.0) == ag.compile(ag.grad(f))(3.0) == 27.0
        assert ag.compile(f).map([1.0, 3.0]).tolist() == [1.0, 27.0]


def assign(x):
    x.data = 5.0


@pytest.mark.parametrize("place", [in_pool, lambda do: ag.compile(lambda y: do() or y)(1.0)])
def test_pickles_and_assignments_elsewhere_are_refused(place):
    for transform, error in ((ag.grad, GraphError), (ag.compile, ProgramError)):
        for do in (assign, pickle.dumps, lambda x: pickle.dumps({"x": [x * x]})):
            with pytest.raises(error, match=r"not to be set inside it|pickle of"):
                transform(lambda x, do=do: place(lambda: do(x)) and x)(2.0)
    with pytest.raises(AttributeError, match="was computed"):
        ag.grad(lambda x: place(lambda: assign(x * x)) and x)(2.0)
    with pytest.raises(ProgramError, match="not to be set"):
        ag.compile(lambda x: place(lambda: assign(x * x)) and x)(2.0)


# --- what a program hands back --------------------------------------------------------------------


@dataclasses.dataclass
class Result:
    a: object
    kept: object = dataclasses.field(default=None, metadata={"static": True})


MASK = np.array([True, False])


def change(thing):
    """Write into whatever can be written into."""
    if isinstance(thing, np.ndarray):
        thing[...] = thing[::-1].copy() if thing.dtype == bool else 7.0
    elif isinstance(thing, Result):
        change(thing.a)
        change(thing.kept)
    elif isinstance(thing, dict | list | tuple):
        for part in thing.values() if isinstance(thing, dict) else thing:
            change(part)
        if isinstance(thing, list):
            thing.append(9.0)
        elif isinstance(thing, dict):
            thing["new"] = 1.0


HANDED_BACK = {
    "bool array": lambda x: (x, MASK),
    "in a dict": lambda x: {"x": [x, x], "mask": MASK},
    "in a dataclass": lambda x: Result([MASK, x]),
    "static array": lambda x: Result(x, np.array([1.0, 2.0])),
    "static list": lambda x: Result([x], [1, [2, 3]]),
    "static dict": lambda x: [Result(Result(x, {"a": [1], "b": MASK}), "text")],
    "numbers": lambda x: [x, {"x": (x, x)}, np.array([x, 1.0])],
    "array": lambda x: np.array([x, 1.0]),
}


@pytest.mark.parametrize("make", HANDED_BACK.values(), ids=HANDED_BACK)
@pytest.mark.parametrize(
    "run", [lambda c: c(1.0), lambda c: c.map([1.0, 1.0])], ids=["call", "map"]
)
def test_writing_into_a_result_changes_no_other(make, run):
    compiled, expected = ag.compile(make), repr(run(ag.compile(make)))
    for _ in range(4):
        found = run(compiled)
        assert repr(found) == expected
        change(found)
    assert MASK.tolist() == [True, False]


def test_changing_a_setting_afterwards_changes_no_result():
    mask = np.array([True, False])
    compiled = ag.compile(lambda x: (x, mask))
    compiled(1.0)
    mask[:] = False
    assert compiled(2.0)[1].tolist() == [True, False]
