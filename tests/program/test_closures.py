"""A Value of a function that is differentiated or compiled, used inside another one."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import GraphError, ProgramError

X, Y = 3.0, 2.0


def h(y, x):
    return y * y * x + y * x * x


def h_y(y, x):
    return 2.0 * y * x + x * x


def h_yy(y, x):
    return 2.0 * x + 0.0 * y


def total(thing):
    """The sum of all numbers of a structure."""
    if isinstance(thing, list | tuple | np.ndarray):
        return sum([total(part) for part in thing], 0.0)
    return thing


#: What is done to a function of y at y, and what that gives by h and its derivatives, at (y, x).
INNER = {
    "grad": (lambda f: ag.grad(f), h_y),
    "value_and_grad": (
        lambda f: lambda y: total(ag.value_and_grad(f)(y)),
        lambda y, x: h(y, x) + h_y(y, x),
    ),
    "jvp": (lambda f: lambda y: ag.jvp(f, (y,), (1.0,))[1], h_y),
    "vjp": (lambda f: lambda y: ag.vjp(f, y)[1](1.0)[0], h_y),
    "jacobian": (lambda f: lambda y: total(ag.jacobian(lambda v: [f(v[0])])([y])), h_y),
    "hessian": (lambda f: lambda y: total(ag.hessian(lambda v: f(v[0]))([y])), h_yy),
    "hvp": (lambda f: lambda y: ag.hvp(f)(y, 1.0), h_yy),
    "derivative": (lambda f: ag.derivative(f), h_y),
    "second derivative": (lambda f: ag.derivative(f, 2), h_yy),
    "taylor": (
        lambda f: lambda y: total(ag.taylor(f, y, 2)),
        lambda y, x: h(y, x) + h_y(y, x) + 0.5 * h_yy(y, x),
    ),
    "checkpoint": (lambda f: ag.checkpoint(f), h),
    "gradient": (lambda f: lambda y: gradient_at(f, y), h_y),
    "compile": (lambda f: ag.compile(f), h),
    "compiled grad": (lambda f: ag.compile(ag.grad(f)), h_y),
    "grad of compiled": (lambda f: ag.grad(ag.compile(f)), h_y),
    "no_grad": (lambda f: ag.no_grad()(f), lambda y, x: ag.stop_gradient(h(y, x))),
}


def gradient_at(f, y):
    y = y + 0.0 if isinstance(y, ag.Value) else ag.Value(y)
    return ag.gradient(f(y), [y], create_graph=True)[0]


OUTER = {
    "value": lambda f: lambda x: f(ag.Value(x)).data,
    "grad": lambda f: ag.grad(f),
    "value_and_grad": lambda f: ag.value_and_grad(f),
    "jvp": lambda f: lambda x: ag.jvp(f, (x,), (2.0,)),
    "vjp": lambda f: lambda x: ag.vjp(f, x)[1](1.0),
    "jacobian": lambda f: lambda x: ag.jacobian(lambda v: [f(v[0]), v[0]])([x]),
    "hessian": lambda f: lambda x: ag.hessian(lambda v: f(v[0]) * f(v[1]))([x, x]),
    "hvp": lambda f: lambda x: ag.hvp(f)(x, 1.0),
    "derivative": lambda f: ag.derivative(f, 3),
    "taylor": lambda f: lambda x: ag.taylor(f, x, 3),
    "checkpoint": lambda f: ag.grad(ag.checkpoint(f)),
    "checkpoint twice": lambda f: ag.derivative(ag.checkpoint(f), 2),
    "uncertainty": lambda f: lambda x: ag.uncertainty(f, [x], [0.1]).sigma,
    "compile": lambda f: ag.compile(f),
    "compile.map": lambda f: lambda x: ag.compile(f).map([x, x]),
    "compiled grad": lambda f: ag.compile(ag.grad(f)),
    "compiled hessian": lambda f: ag.compile(OUTER["hessian"](f)),
}


def flat(thing):
    if isinstance(thing, list | tuple | np.ndarray):
        return [x for part in thing for x in flat(part)]
    return [thing]


def agree(outer, f, right):
    """That a transform makes the same of both functions, at two places."""
    found, expected = OUTER[outer](f), OUTER[outer](right)
    for x in (X, 0.5):
        assert flat(found(x)) == pytest.approx(flat(expected(x)), rel=1e-13)


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
class TestInside:
    """Every transform inside every other."""

    def test_closed_over(self, inner, outer):
        do, right = INNER[inner]
        agree(outer, lambda x: do(lambda y: h(y, x))(Y) * x, lambda x: right(Y, x) * x)

    def test_argument(self, inner, outer):
        do, right = INNER[inner]
        agree(outer, lambda x: do(lambda y: h(y, 5.0))(x) * x, lambda x: right(x, 5.0) * x)

    def test_both(self, inner, outer):
        do, right = INNER[inner]
        agree(outer, lambda x: do(lambda y: h(y, x))(x) * x, lambda x: right(x, x) * x)


TWICE = ["grad", "hvp", "taylor", "checkpoint", "compile", "grad of compiled", "no_grad"]


@pytest.mark.parametrize("outer", ["grad", "taylor", "checkpoint twice", "compiled grad"])
@pytest.mark.parametrize("middle", TWICE)
@pytest.mark.parametrize("inner", TWICE)
def test_inside_twice(inner, middle, outer):
    (do, right), twice = INNER[inner], INNER[middle][0]
    agree(
        outer,
        lambda x: twice(lambda z: do(lambda y: h(y, x * z))(Y))(1.0) * x,
        lambda x: twice(lambda z: right(Y, x * z))(1.0) * x,
    )


# --- programs over rows, and frozen ones ----------------------------------------------------------

F = ag.freeze([(v := ag.Value(2.0)) * v], [v])
ROWS = {
    "rows": lambda f, g, x: ag.compile(lambda y: f(y, x)).map([Y, 1.0, 5.0]),
    "rows, structured": lambda f, g, x: ag.compile(lambda d: {"r": f(d["y"], x)}).map(
        {"y": [Y, 1.0, 5.0]}
    )["r"],
    "sum": lambda f, g, x: ag.compile(lambda y: f(y, x)).map([Y, 1.0, 5.0], reduce="sum"),
    "mean": lambda f, g, x: 3.0 * ag.compile(lambda y: f(y, x)).map([Y, 1.0, 5.0], reduce="mean"),
    "shared": lambda f, g, x: ag.compile(f).map([Y, 1.0, 5.0], x, shared=1),
    "shared structure": lambda f, g, x: ag.compile(lambda y, d: f(y, d["x"][0])).map(
        [Y, 1.0, 5.0], {"x": (x, 1.0)}, shared=[1]
    ),
    "gradients": lambda f, g, x: ag.compile(ag.grad(lambda y: g(y, x))).map([Y, 1.0, 5.0]),
    "calls": lambda f, g, x: [ag.compile(f)(y, x) for y in (Y, 1.0, 5.0)],
}


def branches(y, x):
    """Two paths, one of which alone depends on x."""
    return y if y < 3.0 else h(y, x) if x * y > 1.0 else x


def area(y, x):
    """What `branches` is the derivative of, by y."""
    return (
        0.5 * y * y if y < 3.0 else y**3 * x / 3.0 + 0.5 * y * y * x * x if x * y > 1.0 else x * y
    )


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("how", ROWS)
def test_rows_of_an_inner_program(how, outer):
    agree(
        outer,
        lambda x: total(ROWS[how](branches, area, x)) * x,
        lambda x: sum(branches(y, x) for y in (Y, 1.0, 5.0)) * x,
    )


REFUSED_INSIDE = {
    "program": lambda x: F(x)[0],
    "program.map": lambda x: F.map([x, 1.0]),
    "program.map of an array": lambda x: F.map(np.array([x, 1.0])),
    "program.map, shared": lambda x: F.map(x, shared=[0]),
    "rows that are Values": lambda x: ag.compile(lambda y: y).map([x, 1.0]),
    "rows of rows": lambda x: ag.compile(lambda y: y[0]).map([[x, 1.0]]),
    "freeze": lambda x: ag.freeze((y := ag.Value(2.0)) * x, [y])(2.0),
    "freeze, computed": lambda x: ag.freeze((y := ag.Value(2.0)) * (x * x), [y])(2.0),
    "uncertainty": lambda x: ag.uncertainty(lambda y: y * x, 2.0, 0.1).sigma,
    "uncertainty at": lambda x: ag.uncertainty(lambda y: y * y, [x], [0.1]).sigma,
    "uncertainty of": lambda x: ag.uncertainty(lambda y: y * y, [2.0], [x]).sigma,
}


@pytest.mark.parametrize("do", REFUSED_INSIDE.values(), ids=REFUSED_INSIDE)
class TestRefusals:
    """What knows numbers alone says so."""

    def test_while_differentiated(self, do):
        for transform in (ag.grad, lambda f: lambda x: ag.jvp(f, (x,), (1.0,)), ag.hessian):
            with pytest.raises(GraphError, match=r"program|plain numbers"):
                transform(lambda x: total(do(x)) * x)(X)

    def test_while_compiled(self, do):
        for transform in (ag.compile, lambda f: ag.compile(ag.grad(f))):
            with pytest.raises(ProgramError, match="program"):
                transform(lambda x: total(do(x)) * x)(X)


# --- threads --------------------------------------------------------------------------------------


def in_pool(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def in_thread(function):
    found = []

    def run():
        try:
            found.append((function(), None))
        except Exception as error:
            found.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    [(result, error)] = found
    if error is not None:
        raise error
    return result


def in_threads(function):
    """In a thread that another thread starts."""
    return in_thread(lambda: in_pool(function))


THREADS = [in_pool, in_thread, in_threads]
#: These trace a function: refused in another thread than the one in which a function is compiled.
PROGRAMS = {"compile", "compiled grad", "grad of compiled"}


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("thread", THREADS[:1])
def test_derivatives_in_a_thread(thread, inner, outer):
    """What belongs to a recording travels with its Values."""
    do, right = INNER[inner]

    def f(x):
        closed = thread(lambda: do(lambda y: h(y, x))(Y))
        return closed * thread(lambda: do(lambda y: h(y, 5.0))(x)) * x

    if "compile" in outer and inner in PROGRAMS:
        with pytest.raises(ProgramError, match="in another thread"):
            OUTER[outer](f)(X)
    elif "compile" in outer and inner == "checkpoint":
        with pytest.raises(ProgramError, match="were read"):  # it needs the number that it keeps
            OUTER[outer](f)(X)
    else:
        agree(outer, f, lambda x: right(Y, x) * right(x, 5.0) * x)


@pytest.mark.parametrize("thread", THREADS)
@pytest.mark.parametrize("outer", ["grad", "hessian", "derivative", "checkpoint twice"])
def test_every_kind_of_thread(outer, thread):
    agree(
        outer,
        lambda x: x * thread(lambda: ag.grad(lambda t: x * x * t if x > 1.0 else x * t)(1.0)),
        lambda x: x * x * x if x > 1.0 else x * x,
    )


@pytest.mark.parametrize("thread", THREADS)
class TestCompiledInThreads:
    """In `compile`, another thread may compute and differentiate, and decide nothing."""

    def test_ops_are_recorded(self, thread):
        f = ag.compile(lambda x: x * thread(lambda: ag.sin(x) * x + x.exp()))
        for x in (X, 0.5):
            assert f(x) == (ag.Value(x) * (ag.sin(ag.Value(x)) * x + ag.exp(ag.Value(x)))).data

    def test_no_grad(self, thread):
        f = ag.compile(ag.grad(lambda x: x * thread(ag.no_grad()(lambda: x * x))))
        assert [f(1.5), f(2.5)] == [2.25, 6.25]

    @pytest.mark.parametrize("given", [lambda x: x, lambda x: x * x])
    @pytest.mark.parametrize(
        "compared",
        [lambda x: x > 1.0, lambda x: x <= x, bool, lambda x: x in [2.0, 1.0],
         lambda x: ag.isclose(x, 1.0)],
    )  # fmt: skip
    def test_comparisons_are_refused(self, thread, compared, given):
        with pytest.raises(ProgramError, match=r"comparison .* in another thread.*ag\.where"):
            ag.compile(lambda x: x if thread(lambda: compared(given(x))) else -x)(X)

    @pytest.mark.parametrize(
        "read",
        [lambda x: x.data, lambda x: x.item(), lambda x: x.grad, lambda x: (x * x).local_grads,
         lambda x: x.backward(), lambda x: x.refresh(), lambda x: np.array([x]).astype(float),
         lambda x: ag.gradient(x * x, [x])],
    )  # fmt: skip
    def test_reads_are_refused(self, thread, read):
        with pytest.raises(
            ProgramError, match=r"were read while a program was traced|into a plain number"
        ):
            ag.compile(lambda x: thread(lambda: read(x)) and x)(X)

    def test_what_does_not_depend_on_the_arguments_is_free(self, thread):
        w = ag.Value(3.0)

        def apart():
            inner = ag.compile(lambda y: y * w if y > 1.0 else y)
            return inner(2.0) if w > 1.0 and (w * w).data == 9.0 else 0.0

        assert ag.compile(lambda x: x * thread(apart))(2.0) == 12.0


def test_threads_share_leaves_and_do_not_meet():
    """Each of many derivatives by functions of its own, at the same time, by shared numbers."""
    w, start = ag.Value(3.0), threading.Barrier(4)

    def work(i):
        start.wait(10)
        f = ag.grad(lambda x: ag.grad(lambda y: y * y * x * w.data)(x) * w.data)
        g = ag.compile(lambda x: f(x) if x > 0.0 else x)
        found = [(f(float(i)), g(float(i + k % 2))) for k in range(60)]
        return all(type(a) is type(b) is float for a, b in found), found

    with ThreadPoolExecutor(4) as pool:
        for i, (are_floats, found) in enumerate(pool.map(work, range(4))):
            assert are_floats
            assert found == [(36.0 * i, 36.0 * (i + k % 2)) for k in range(60)]


@pytest.mark.parametrize("transform", [ag.grad, ag.compile])
def test_a_network_is_used_elsewhere_while_a_function_is_recorded_by_it(transform):
    """Its parameters are its own in other threads: they are read, set and differentiated there."""
    model = ag.nn.MLP(1, [2, 1], activation="tanh", seed=1)
    alone = ag.grad(lambda m: m([0.5]))(model).parameters()

    def elsewhere():
        [*numbers] = [p.data for p in model.parameters()]
        assert type(ag.grad(lambda t: model([t]) * t)(0.5)) is float
        found = ag.grad(lambda m: m([0.5]) if m([0.5]) > -9.0 else m([1.0]))(model).parameters()
        assert [p.data for p in found] == [p.data for p in alone]
        loss = model([0.5]) * 2.0
        loss.backward()
        assert ag.compile(lambda m: m([0.5]))(model) == loss.data / 2.0
        model.parameters()[0].data = numbers[0]
        return loss

    def f(m):
        kept.append(in_thread(elsewhere))
        return m([0.5])

    kept = []
    found = transform(f)(model)
    assert found == model([0.5]).data if transform is ag.compile else found.parameters()
    assert kept[0].data == 2.0 * model([0.5]).data
    assert not any(p._traced for p in model.parameters())


def test_what_is_kept_of_a_differentiation_may_be_looked_at():
    kept = []
    ag.grad(lambda x: kept.append(x * x) or x)(X)
    assert in_thread(lambda: (kept[0].data, kept[0] > 1.0)) == (9.0, True)
    assert ag.grad(lambda y: y * kept[0])(1.0) == ag.compile(lambda y: y * kept[0])(1.0) == 9.0


def test_rows_that_depend_on_nothing_around_are_floats():
    """An inner program over rows gives float columns; so does one with a Value of no function."""
    w = ag.Value(3.0)

    def f(x):
        plain = ag.compile(lambda y: y * y).map([1.0, 2.0])
        shared = ag.compile(lambda y, z: y * z).map([1.0, 2.0], w, shared=1)
        mixed = ag.compile(lambda y: [y if y < 1.5 else y * x, y]).map([1.0, 2.0])
        assert plain.dtype == shared.dtype == float
        assert mixed[0].dtype == object
        return x * (total(plain) + total(shared) + total(mixed))

    assert ag.grad(f)(2.0) == 26.0
    assert ag.compile(f)(2.0) == ag.compile(f)(2.0) == 44.0
