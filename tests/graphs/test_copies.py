"""Copies inside a function that is differentiated or compiled: the gradient goes through them."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from nodes import same_nodes

import autograd_lite as ag
from autograd_lite import GraphError, ProgramError, Value, nn
from autograd_lite.engine import write_numbers
from autograd_lite.graph import ancestors


@dataclasses.dataclass
class Pair:
    a: object
    b: object


@dataclasses.dataclass
class Nested:
    pair: Pair
    more: list


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy of a list": lambda x: copy.deepcopy([x, 1.0])[0],
    "deepcopy of a tuple": lambda x: copy.deepcopy((1.0, (x,)))[1][0],
    "deepcopy of a dict": lambda x: copy.deepcopy({"x": {"x": x}})["x"]["x"],
    "deepcopy of an array": lambda x: copy.deepcopy(np.array([x, x]))[1],
    "deepcopy of a dataclass": lambda x: copy.deepcopy(Pair(x, None)).a,
    "asdict": lambda x: dataclasses.asdict(Nested(Pair(1.0, x), [x]))["pair"]["b"],
    "asdict, in a list": lambda x: dataclasses.asdict(Nested(Pair(1.0, x), [x]))["more"][0],
    "astuple": lambda x: dataclasses.astuple(Pair(x, 1.0))[0],
    "a copy of a copy": lambda x: copy.copy(copy.deepcopy(x)),
}
TRANSFORMS = {
    "value_and_grad": lambda f: ag.value_and_grad(f),
    "grad": lambda f: ag.grad(f),
    "jvp": lambda f: lambda x: ag.jvp(f, (x,), (2.0,)),
    "vjp": lambda f: lambda x: ag.vjp(f, x)[1](1.0),
    "jacobian": lambda f: ag.jacobian(lambda v: [f(v[0]), v[0]]),
    "hessian": lambda f: lambda x: ag.hessian(lambda v: f(v[0]) * f(v[1]))([x, x]),
    "hvp": lambda f: lambda x: ag.hvp(f)(x, 1.0),
    "derivative": lambda f: ag.derivative(f, 3),
    "taylor": lambda f: lambda x: ag.taylor(f, x, 3),
    "nested": lambda f: ag.grad(lambda x: ag.grad(lambda y: f(x * y))(x)),
    "in an inner function": lambda f: ag.grad(lambda x: ag.grad(lambda y: f(x) * y)(2.0)),
    "anomalies": lambda f: ag.detect_anomaly()(ag.grad(f)),
}


def flat(thing):
    if isinstance(thing, list | tuple | np.ndarray):
        return [x for part in thing for x in flat(part)]
    return [thing]


@pytest.mark.parametrize("in_program", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("how", COPIES)
def test_derivatives_go_through_a_copy(how, transform, in_program):
    copied, function = COPIES[how], TRANSFORMS[transform]
    found = function(lambda x: ag.sin(copied(x * x)) * copied(x))
    if in_program and transform != "anomalies":
        found = ag.compile(found)
    right = function(lambda x: ag.sin(x * x) * x)
    for x in (0.5, 2.0, 0.5):
        x = [x] if transform == "jacobian" else x
        assert flat(found(x)) == pytest.approx(flat(right(x)), rel=1e-14)


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_inside_a_checkpoint_keeps_its_gradient(how):
    f = ag.checkpoint(lambda x: COPIES[how](x) * x)
    assert ag.grad(f)(3.0) == 6.0
    assert ag.grad(ag.grad(f))(3.0) == 2.0
    assert ag.compile(ag.grad(f))(3.0) == 6.0


@pytest.mark.parametrize("how", COPIES)
def test_programs_follow_a_copy(how):
    def f(x):
        return COPIES[how](x * x) * 2.0 if COPIES[how](x) > 0.0 else COPIES[how](x)

    compiled, xs = ag.compile(f, check=True), np.array([1.5, -2.5, 3.5])
    assert [compiled(x) for x in xs] == compiled.map(xs).tolist() == [4.5, -2.5, 24.5]
    assert len(compiled.paths) == 2


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda v: Pair(*v), lambda v: {"a": v}])
def test_arguments_of_every_kind_can_be_copied(kind):
    def product(thing):
        return math.prod(numbers(copy.deepcopy(thing)))

    def numbers(thing):
        if dataclasses.is_dataclass(thing):
            return [thing.a, thing.b]
        return list(thing["a"] if isinstance(thing, dict) else thing)

    assert numbers(ag.grad(product)(kind([2.0, 3.0]))) == [3.0, 2.0]
    assert ag.compile(product)(kind([2.0, 3.0])) == 6.0


def test_a_network_can_be_copied():
    model = nn.MLP(2, [2, 1], activation="tanh", seed=1)
    found = ag.grad(lambda m: copy.deepcopy(m)([0.5, -1.0]))(model)
    expected = ag.grad(lambda m: m([0.5, -1.0]))(model)
    assert [p.data for p in found.parameters()] == [p.data for p in expected.parameters()]
    assert any(p.data for p in found.parameters())


def test_the_copy_is_a_node_with_a_label_and_a_gradient_of_its_own():
    def f(x):
        x.label, y = "x", x * x
        for again in (copy.copy(x), copy.deepcopy(x), copy.deepcopy(y)):
            [parent] = again.parents
            assert parent is (x if again.data == x.data else y)
            assert (again.op, again.data, again.grad) == ("identity", parent.data, 0.0)
            assert again.label == parent.label
            again.label, again.grad = "again", 5.0
            assert (x.label, x.grad) == ("x", 0.0)
        return x

    assert ag.grad(f)(3.0) == 1.0


def test_sharing_within_one_deepcopy_is_kept():
    def f(x):
        y = x * x
        one, other, [third] = copy.deepcopy([y, y, [y]])
        assert one is other is third is not y
        assert copy.deepcopy(y) is not one
        return one * other

    assert ag.grad(f)(2.0) == 32.0


def test_what_does_not_depend_on_the_arguments_is_copied_as_ever():
    w = Value(3.0, "w")
    outside = w * w
    outside.backward()

    def f(x):
        again = copy.deepcopy(outside)
        assert (again.op, again.grad, again.parents[0].label) == ("multiply", 1.0, "w")
        assert not {*ancestors(again)} & {*ancestors(outside)}
        assert same_nodes(copy.copy(outside).parents, outside.parents)
        assert pickle.loads(pickle.dumps(outside)).data == 9.0
        w.data = 3.0
        return x * again

    assert ag.grad(f)(2.0) == ag.compile(f)(1.0) == 9.0
    again = copy.deepcopy(outside)
    assert (again.op, copy.copy(w).op, copy.copy(w).parents) == ("multiply", "", ())


def test_inside_no_grad_a_copy_is_a_leaf():
    def f(x):
        with ag.no_grad():
            y = copy.deepcopy(x)
        assert (y.op, y.data) == ("", x.data)
        return x * y

    assert ag.grad(f)(3.0) == 3.0


def test_a_copy_of_what_an_outer_function_is_differentiated_by_keeps_its_gradient():
    def outer(x):
        return ag.grad(lambda y: copy.deepcopy(x) * copy.copy(x) * y)(1.0)

    assert (ag.grad(outer)(3.0), ag.derivative(outer, 2)(3.0)) == (6.0, 2.0)
    assert ag.compile(ag.grad(outer))(3.0) == 6.0


@pytest.mark.parametrize(
    ("transform", "error"), [(ag.grad, GraphError), (ag.compile, ProgramError)]
)
class TestRefusals:
    @pytest.mark.parametrize("given", [lambda x: x, lambda x: x * x, lambda x: {"x": [1.0, x]}])
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickling_what_depends_on_the_arguments(self, transform, error, given, protocol):
        with pytest.raises(error, match=r"pickle of .* in silence; copy\.deepcopy keeps it"):
            transform(lambda x: pickle.loads(pickle.dumps(given(x), protocol)))(2.0)

    @pytest.mark.parametrize("caller", [float, Value, lambda x: Value(x) * 2.0])
    @pytest.mark.parametrize("nested", [False, True], ids=["", "nested"])
    def test_assigning_to_an_argument(self, transform, error, caller, nested):
        def f(x):
            if nested:
                return ag.grad(lambda y: set_data(x) * y)(1.0)
            return set_data(x)

        given = 2.0 if transform is ag.compile else caller(2.0)  # on Values it runs as it is
        with pytest.raises(error, match=r"not to be set inside it.*x = x \+ 1\.0"):
            transform(f)(given)

    def test_assigning_to_a_parameter(self, transform, error):
        def f(model):
            write_numbers(model.parameters(), np.zeros(2))
            return model([1.0])

        model = nn.Neuron(1, seed=1)
        before = [p.data for p in model.parameters()]
        with pytest.raises(error, match="not to be set inside it"):
            transform(f)(model)
        assert [p.data for p in model.parameters()] == before

    def test_assigning_to_a_computed_value(self, transform, error):
        expected = AttributeError if transform is ag.grad else ProgramError
        with pytest.raises(expected, match="not to be set"):
            transform(lambda x: set_data(x * 2.0))(2.0)

    def test_afterwards(self, transform, error):
        """A derivative is over, and all is as ever; a program's numbers were those of a call."""
        kept = []
        transform(lambda x: kept.append(x) or x * x)(2.0)
        [x] = kept
        if transform is ag.grad:
            x.data = 3.0
            assert pickle.loads(pickle.dumps(x)).data == x.data == 3.0
            assert copy.copy(x).op == x.op == ""
        for use in (
            (pickle.dumps, lambda x: copy.deepcopy(x).data) if transform is ag.compile else ()
        ):
            with pytest.raises(ProgramError):
                use(x)


def set_data(x):
    x.data = 5.0
    return x


# --- ways for a number to leave a Value of a function that is compiled ----------------------------

#: They tell nothing of the number. (Neither do users meet the Python engine's own slots.)
TELL_NOTHING = {"__class__", "__dir__", "__doc__", "__hash__", "__module__", "__sizeof__", "_stamp"}


def is_public(name):
    known = name.startswith("__") or not name.startswith("_") or name in {"_op", "_prev"}
    return known and name not in TELL_NOTHING


#: GraphError and ProgramError are ValueErrors.
REFUSALS = ArithmeticError, AttributeError, LookupError, TypeError, ValueError
ARGUMENTS = [(), (2.0,), (2,), ([2.0, 1.0],), ({},), ("",), (".17g",), (1.0, 2.0), (None,)]


@pytest.mark.parametrize("name", [each for each in dir(Value) if is_public(each)])
@pytest.mark.parametrize("given", [lambda x: x, lambda x: x * x], ids=["argument", "computed"])
def test_no_number_leaves_a_traced_value_in_silence(name, given):
    """By any attribute or method: the program gives what the function does, or it is refused."""
    for arguments in ARGUMENTS:

        def f(x, arguments=arguments):
            found = getattr(given(x), name)
            return numeric(found(*copy.deepcopy(arguments)) if callable(found) else found) + 0.0 * x

        try:
            expected = [f(Value(number)).data for number in (1.5, 2.5)]
            compiled = ag.compile(f)
            found = [compiled(number) for number in (1.5, 2.5)]
        except REFUSALS:
            continue
        assert found == pytest.approx(expected, rel=1e-15, nan_ok=True), arguments


def numeric(thing):
    """A number in which all numbers of a thing are seen."""
    if isinstance(thing, Value | float | int):
        return thing * 1.0
    if isinstance(thing, tuple | list):
        return sum([numeric(part) for part in thing], 0.0)
    if isinstance(thing, dict):
        return numeric([*thing.values()])
    return float(sum(map(ord, thing))) if isinstance(thing, str) else 0.0
