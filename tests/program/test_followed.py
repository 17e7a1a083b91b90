"""Compiled functions follow the numbers of networks and of other Values around them."""

import copy
import functools
import gc
import pickle
import struct
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ProgramError, Value, nn
from autograd_lite.engine import going_on
from autograd_lite.program import running, tracing
from autograd_lite.program.compiling import Compiled

X, Y = [0.3, -0.7], 0.25
IN_C = running.native is not None


class Own(nn.Module):
    """A network of the user's own, with more in its attributes than parameters."""

    def __init__(self):
        self.inner = nn.Layer(2, 2, "tanh", seed=3)
        self.more = {"gain": Value(1.5), "powers": [1, 2]}
        self.scale, self.name, self.of_input = 2.0, "sin", ag.cos
        self.mask = np.array([1.0, 0.5])
        self.part = Part(3.0)

    def __call__(self, x):
        first, second = self.inner(
            [self.of_input(v) * m for v, m in zip(x, self.mask, strict=True)]
        )
        out = getattr(ag, self.name)(first) * self.scale + second ** self.more["powers"][1]
        return out * self.more["gain"] + self.part.number


class Part:
    def __init__(self, number):
        self.number = number


def mlp():
    return nn.MLP(2, [2, 2, 1], activation="tanh", seed=2)


def sequential():
    return nn.Sequential(nn.Layer(2, 2, "softplus", seed=1), nn.Layer(2, 1, "linear", seed=4))


MODELS = {"MLP": mlp, "Sequential": sequential, "of the user's own": Own}


def bits(thing):
    """The numbers of a result to the last bit; of a network, of its parameters."""
    if hasattr(thing, "parameters"):
        return [type(thing), *map(bits, thing.parameters())]
    if isinstance(thing, list | tuple):
        return [*map(bits, thing)]
    return struct.pack("d", thing.data if isinstance(thing, Value) else thing)


def told(thing):
    """All that is in a part of a network, as text."""
    if hasattr(thing, "parameters"):
        thing = vars(thing)
    if isinstance(thing, dict):
        return {key: told(part) for key, part in thing.items() if key != "more"}
    return [*map(told, thing)] if isinstance(thing, list) else str(getattr(thing, "data", thing))


def loss(model, x, y):
    return (model(x) - y) ** 2


class Trainer:
    def __init__(self, model):
        self.model = model

    def run(self, x):
        return self.model(x) * 2.0


class Line(nn.Module):
    """A number times the first input, with an attribute that is no parameter."""

    copied = False

    def __init__(self):
        self.w, self.k = Value(1.0), 2.0

    def __call__(self, x):
        return self.w * x[0] * self.k


class Slotted(Line):
    __slots__ = ("k",)


class CopiedByItself(Line):
    def __deepcopy__(self, memo):
        new = Line.__new__(type(self))
        new.w, new.k, new.copied = copy.deepcopy(self.w, memo), self.k, True
        return new


class MadeByItself(Line):
    def __new__(cls):
        return object.__new__(cls)


class Cyclic(Line):
    def __init__(self):
        super().__init__()
        self.whole = [self]


UNUSUAL = {
    "slots": Slotted,
    "a copy of its own": CopiedByItself,
    "made by itself": MadeByItself,
    "cyclic": Cyclic,
}


#: Parts of a gradient.
HELD = {
    "all": lambda slope: slope,
    "a layer": lambda slope: slope.layers[0],
    "a neuron": lambda slope: slope.layers[1].neurons[1],
    "a list of weights": lambda slope: slope.layers[1].neurons[0].w,
    "a parameter": lambda slope: slope.parameters()[4],
    "a list of layers": lambda slope: slope.layers,
    "a dict of attributes": lambda slope: vars(slope.layers[1].neurons[0]),
    "what was computed of it": lambda slope: slope.parameters()[4] * 2.0,
}


def in_a_comprehension(model):
    return lambda x: [each(v) for each in [model] for v in [x, x[::-1]]]


#: How a compiled function comes to a model: the function, and its arguments.
WAYS = {
    "it is the model": lambda m: (m, (X,)),
    "in its closure": lambda m: (lambda x: m(x) * 2.0, (X,)),
    "in a comprehension": lambda m: (in_a_comprehension(m), (X,)),
    "in a partial": lambda m: (functools.partial(loss, m), (X, Y)),
    "in a function of its closure": lambda m: ((lambda f: lambda x: f(x))(lambda x: m(x)), (X,)),
    "in a method": lambda m: (m.__call__, (X,)),
    "in an object": lambda m: (Trainer(m).run, (X,)),
    "in a derivative": lambda m: (ag.grad(lambda x: m(x)), (X,)),
    "an argument": lambda m: (lambda model, x: model(x), (m, X)),
    "in a dict": lambda m: (lambda d: d["f"](d["x"]) * d["k"], ({"f": m, "x": X, "k": 2.0},)),
    "twice": lambda m: (lambda ms, x: ms[0](x) - 2.0 * ms[1](x[::-1]), ((m, m), X)),
    "its gradient": lambda m: (ag.grad(loss), (m, X, Y)),
    "value and gradient": lambda m: (ag.value_and_grad(loss), (m, X, Y)),
    "gradient in a list": lambda m: (ag.grad(lambda ms: loss(ms[0], X, Y) * ms[1]), ([m, 2.0],)),
    "product with the Hessian": lambda m: (
        lambda m, x: ag.grad(lambda z: ag.dot(ag.grad(m)(z), [1.0, 2.0]))(x), (m, X)
    ),
}  # fmt: skip


#: Those that are tried with every kind of model.
FEW = ("it is the model", "in its closure", "an argument", "its gradient")


def one_step(model):
    parameters = model.parameters()
    model.zero_grad()
    loss(model, X, Y).backward()
    nn.optim.Adam(parameters, 0.1).step()


def layer_of(model):
    return model.inner if isinstance(model, Own) else model.layers[0]


def load(model):
    state = {name: numbers * 0.5 for name, numbers in model.state_dict().items()}
    model.load_state_dict(state)


CHANGES = {
    "the data of a parameter": lambda m: setattr(m.parameters()[1], "data", 0.75),
    "a state": load,
    "a step of an optimiser": one_step,
    "learning": lambda m: m.learn([X, X[::-1]], [1.0, 2.0], epochs=2, progress=False, seed=1),
    "a weight": lambda m: layer_of(m).neurons[0].w.__setitem__(0, Value(-1.25)),
    "a list of weights": lambda m: setattr(layer_of(m).neurons[1], "w", [Value(0.5), Value(2.0)]),
    "a bias": lambda m: setattr(layer_of(m).neurons[0], "b", Value(2.0)),
    "a shared weight": lambda m: layer_of(m).neurons[1].w.__setitem__(0, layer_of(m).neurons[0].b),
    "an activation": lambda m: setattr(layer_of(m).neurons[1], "activation", "sigmoid"),
    "an own activation": lambda m: setattr(layer_of(m).neurons[1], "activation", lambda v: v * v),
    "a call": lambda m: m([1.0, 2.0]),
    "a prediction": lambda m: m.predict([X]),
}  # fmt: skip
CHANGES_OF_LAYERS = {
    "a layer more": lambda m: m.layers.append(nn.Layer(1, 1, "tanh", seed=9)),
    "another layer": lambda m: m.layers.__setitem__(0, nn.Layer(2, 2, "exp", seed=9)),
    "a layer less": lambda m: m.layers.pop(1),
}
CHANGES_OF_OWN = {
    "a number": lambda m: setattr(m, "scale", 3.0),
    "a text": lambda m: setattr(m, "name", "exp"),
    "a function": lambda m: setattr(m, "of_input", ag.tanh),
    "an array in place": lambda m: m.mask.__setitem__(0, 4.0),
    "an entry of a list": lambda m: m.more["powers"].__setitem__(1, 3),
    "a parameter in a dict": lambda m: m.more.__setitem__("gain", Value(-1.0)),
    "an attribute of an object": lambda m: setattr(m.part, "number", -5.0),
    "a new attribute": lambda m: setattr(m, "extra", [Value(1.0)]),
}


def cases():
    for kind in MODELS:
        changes = {**CHANGES, **(CHANGES_OF_OWN if kind == "of the user's own" else {})}
        changes |= CHANGES_OF_LAYERS if kind == "MLP" else {}
        yield from [(kind, name, change) for name, change in changes.items()]


@pytest.mark.parametrize(("kind", "name", "change"), [*cases()], ids=lambda x: str(x)[:30])
def test_every_way_to_a_network_follows_every_change_of_it(kind, name, change):
    """The next call gives the bits of the function itself, structures and all."""
    seen = name in ("a call", "a prediction", "a new attribute")
    for way in WAYS if kind == "MLP" else FEW:
        make, model = WAYS[way], MODELS[kind]()
        f, args = make(model)
        compiled = ag.compile(f)
        for _ in range(2):
            assert bits(compiled(*args)) == bits(f(*args)), way
        before = bits(compiled(*args))
        change(model)
        for _ in range(2):
            assert bits(compiled(*args)) == bits(f(*args)), way
        seen = seen or bits(compiled(*args)) != before
        assert len(compiled.programs) <= 2
    assert seen


@pytest.fixture
def slow(monkeypatch):
    """The arguments of each call that Python code had to look at."""
    seen = []
    really = Compiled._slow

    def counted(self, *args, **keywords):
        seen.append(args)
        return really(self, *args, **keywords)

    monkeypatch.setattr(Compiled, "_slow", counted)
    return seen


@pytest.mark.parametrize("way", WAYS)
def test_numbers_that_change_need_no_python_code(way, slow):
    model = mlp()
    model(X)
    f, args = WAYS[way](model)
    compiled = ag.compile(f)
    for k in range(5):
        model.parameters()[k].data = k + 0.5
        assert bits(compiled(*args)) == bits(f(*args))
    assert len(compiled.programs) == 1
    assert len(slow) == (1 if IN_C and way != "in an object" else 5)


class TestTheGradientOfANetwork:
    def test_it_is_a_network_of_the_same_structure(self):
        model = Own()
        slope = ag.compile(ag.grad(loss))(model, X, Y)
        right = ag.grad(loss)(model, X, Y)
        for mine in (slope, ag.compile(ag.grad(loss))(model, X, Y)):
            assert [name for name, _ in mine.named_parameters()] == [
                name for name, _ in right.named_parameters()
            ]
        assert (type(slope), slope.scale, slope.of_input) == (Own, 2.0, ag.cos)
        assert not {*slope.parameters()} & {*model.parameters()}
        assert all(not p.op and not p.label for p in slope.parameters())

    def test_each_call_gives_another_one_that_shares_nothing_that_changes(self):
        model, step = mlp(), ag.compile(ag.grad(loss))
        slopes = [step(model, X, Y) for _ in range(4)]
        texts = [bits(slope) for slope in slopes]
        slopes[1].layers[0].neurons[0].w[0].data = 77.0
        slopes[1].layers[0].neurons[0].activation = "exp"
        slopes[1].layers.pop()
        model.parameters()[0].data = 1.0
        fresh = [step(model, X, Y) for _ in range(3)]
        assert [bits(slopes[i]) for i in (0, 2, 3)] == [texts[i] for i in (0, 2, 3)]
        assert [bits(each) for each in fresh] == [bits(ag.grad(loss)(model, X, Y))] * 3

    @pytest.mark.parametrize("part", HELD)
    def test_what_somebody_holds_of_a_former_one_never_changes(self, part):
        """Though a network that nobody holds any more is used again."""
        model, step = mlp(), ag.compile(ag.value_and_grad(loss))
        held = []
        for k in range(8):
            model.parameters()[0].data = 0.1 * k
            value, slope = step(model, X, Y)
            assert bits(slope) == bits(ag.grad(loss)(model, X, Y))
            assert (value, slope.parameters()[2].grad) == (loss(model, X, Y).data, 0.0)
            assert slope.parameters()[2].label == ""
            if k in (2, 3, 6):
                thing = HELD[part](slope)
                held.append((thing, told(thing)))
            slope.parameters()[2].label = "changed"
            slope.parameters()[2].grad = 5.0
            slope.layers[1].neurons[0].more = k
            del slope
        assert [told(thing) for thing, _ in held] == [text for _, text in held]

    def test_a_weak_reference_never_comes_to_another_one(self):
        model, step = mlp(), ag.compile(ag.grad(loss))
        kept = []
        for k in range(6):
            model.parameters()[0].data = 0.1 * k
            slope = step(model, X, Y)
            kept.append((weakref.ref(slope.layers[0]), bits(slope.layers[0])))
            kept.append((weakref.ref(slope.parameters()[3]), bits(slope.parameters()[3])))
        alive = [(each(), right) for each, right in kept if each() is not None]
        assert all(bits(thing) == right for thing, right in alive)

    def test_numbers_inside_another_derivative_are_new_nodes(self):
        """As nodes made there are, not as old as those of before."""
        model, step = mlp(), ag.compile(ag.grad(loss))
        for _ in range(4):
            step(model, X, Y)
        f = ag.compile(lambda t: t * step(model, X, Y).parameters()[0])
        assert f(2.0) == 2.0 * ag.grad(loss)(model, X, Y).parameters()[0].data
        before = Value(1.0)
        assert all(p._stamp > before._stamp for p in step(model, X, Y).parameters())

    def test_shared_parameters_and_parts_stay_shared(self):
        model = mlp()
        model.layers[1].neurons[0].w[0] = model.layers[0].neurons[0].b
        model.layers[1].neurons[1] = model.layers[1].neurons[0]
        for _ in range(3):
            slope = ag.compile(ag.grad(loss))(model, X, Y)
            assert slope.layers[1].neurons[0].w[0] is slope.layers[0].neurons[0].b
            assert slope.layers[1].neurons[1] is slope.layers[1].neurons[0]
            assert bits(slope) == bits(ag.grad(loss)(model, X, Y))

    @pytest.mark.parametrize("kind", ["slots", "a copy of its own", "made by itself", "cyclic"])
    def test_classes_that_are_more_than_their_attributes_work(self, kind):
        """Python code copies them."""
        model, step = UNUSUAL[kind](), ag.compile(ag.grad(loss))
        for number in (1.0, 2.0, 3.0):
            model.w.data, model.k = number, number + 1.0
            slope = step(model, X, Y)
            assert type(slope) is type(model)
            assert bits(slope) == bits(ag.grad(loss)(model, X, Y))
            assert slope.copied == (kind == "a copy of its own")

    def test_descent_by_it_lowers_the_loss(self):
        model, step = mlp(), ag.compile(ag.value_and_grad(loss))
        values = []
        for _ in range(20):
            value, slope = step(model, X, 2.0)
            values.append(value)
            for p, d in zip(model.parameters(), slope.parameters(), strict=True):
                p.data -= 0.05 * d.data
        assert values == sorted(values, reverse=True)
        assert values[-1] < 0.1 * values[0]


def test_networks_of_one_structure_share_a_program():
    """And one that is not the same is another."""
    compiled = ag.compile(lambda m, x: m(x))
    models = [nn.MLP(2, [3, 1], "tanh", seed=seed) for seed in range(4)]
    models += [copy.deepcopy(models[0])]
    for model in models:
        assert compiled(model, X) == model(X).data
    assert len(compiled.programs) == 1
    for other in (nn.MLP(2, [4, 1], "tanh"), nn.MLP(2, [3, 1], "relu"), nn.Sequential(models[0])):
        assert compiled(other, X) == other(X).data
    assert len(compiled.programs) == 4


@pytest.mark.parametrize("f", [lambda m, x: m(x), ag.grad(lambda m, x: m(x))])
@pytest.mark.parametrize("make", MODELS.values())
def test_nothing_keeps_a_network_that_was_an_argument(f, make):
    model, compiled = make(), ag.compile(f)
    for _ in range(3):
        compiled(model, X)
    kept = [weakref.ref(model), weakref.ref(model.parameters()[0])]
    del model
    gc.collect()
    assert [each() for each in kept] == [None, None]


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@pytest.mark.parametrize("threads", [1, 2])
def test_rows_follow_a_shared_network_too(reduce, threads):
    model = mlp()
    rows, targets = np.arange(12.0).reshape(6, 2) / 10.0, np.arange(6.0)
    by_argument, by_closure = ag.compile(loss), ag.compile(lambda x, y: loss(model, x, y))
    slopes = ag.compile(ag.grad(loss))
    for change in (lambda m: None, CHANGES["a state"], CHANGES["an activation"]):
        change(model)
        right = np.array([loss(model, x, y).data for x, y in zip(rows, targets, strict=True)])
        right = right if reduce is None else getattr(right, reduce)()
        found = by_argument.map(model, rows, targets, shared=0, reduce=reduce, threads=threads)
        np.testing.assert_allclose(found, right, rtol=1e-12)
        found = by_closure.map(rows, targets, reduce=reduce, threads=threads)
        np.testing.assert_allclose(found, right, rtol=1e-12)
    found = slopes.map(model, rows, targets, shared=0, reduce="sum")
    each = [ag.grad(loss)(model, x, y) for x, y in zip(rows, targets, strict=True)]
    for k, mine in enumerate(found.parameters()):
        right = sum(slope.parameters()[k].data for slope in each)
        assert mine.data == pytest.approx(right, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("inner", ["argument", "closure"])
def test_a_network_that_is_differentiated_around_keeps_its_derivative(inner):
    """The compiled function is the function itself there."""
    model = mlp()
    compiled = ag.compile(lambda m, x: m(x))
    if inner == "closure":
        compiled(model, X)
    right = ag.grad(lambda m: m(X) ** 2)(model)
    assert bits(ag.grad(lambda m: compiled(m, X) ** 2)(model)) == bits(right)
    assert bits(ag.compile(ag.grad(lambda m: compiled(m, X) ** 2))(model)) == bits(right)


COMPILED = {
    "an inner one": lambda x: ag.compile(lambda y: y * x)(2.0),
    "one of an array": lambda x: ag.compile(lambda y: y[0] * x)(np.array([2.0, 1.0])),
    "one with a guard": lambda x: ag.compile(lambda y: y * x if x > 0 else y)(2.0),
    "one with IEEE numbers": lambda x: ag.compile(
        lambda y: ag.where(y ** (1 / 3) > 0, y, -y / 4 * x)
    )(-8.0),
    "one with a keyword": lambda x: ag.compile(lambda y, k: y * x * k)(k=1.0, y=2.0),
    "a derivative": lambda x: ag.compile(ag.grad(lambda y: y * y * x))(1.0),
}


@pytest.mark.parametrize("inner", COMPILED.values(), ids=COMPILED)
def test_a_value_of_the_function_around_takes_part_in_a_compiled_one(inner):
    """Whether that is differentiated, or compiled itself; it counts 2 x."""

    def f(x):
        return x * inner(x)

    assert ag.grad(f)(3.0) == 12.0
    assert ag.jvp(f, [3.0], [1.0]) == (18.0, 12.0)
    assert ag.derivative(f, 2)(3.0) == 4.0
    compiled, slope = ag.compile(f), ag.compile(ag.grad(f))
    assert [compiled(3.0), compiled(5.0), slope(3.0), slope(5.0)] == [18.0, 50.0, 12.0, 20.0]


def test_one_that_was_compiled_before_takes_part_too():
    w = Value(3.0)
    by_w = ag.compile(lambda y: y * w)
    assert by_w(2.0) == by_w(2.0) == 6.0
    assert ag.gradient(by_w(Value(2.0)), [w]) == [2.0]
    model = mlp()
    compiled = ag.compile(model)
    compiled(X)
    right = ag.grad(lambda m: model(X) ** 2)(model)
    assert bits(ag.grad(lambda m: compiled(X) ** 2)(model)) == bits(right)
    assert compiled(X) == model(X).data


def test_rows_of_what_is_differentiated_around_take_part():
    """3 x² of the function."""

    def f(x):
        return x * ag.compile(lambda y: y * x).map([1.0, 2.0]).sum()

    assert ag.grad(f)(3.0) == 18.0
    compiled = ag.compile(f)
    assert [compiled(3.0), compiled(5.0)] == [27.0, 75.0]


@pytest.mark.parametrize("way", WAYS)
def test_checked_calls_follow_too(way):
    model = mlp()
    f, args = WAYS[way](model)
    compiled = ag.compile(f, check=True)
    for change in (one_step, CHANGES["an activation"], load):
        assert bits(compiled(*args)) == bits(f(*args))
        change(model)


# --- other Values that a function finds around it ---

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy of a list": lambda w: copy.deepcopy([w, w])[1],
    "copy of what is computed": lambda w: copy.copy(w * 1.0),
    "deepcopy of what is computed": lambda w: copy.deepcopy(w * 1.0),
    "copy of a copy": lambda w: copy.deepcopy(copy.copy(w)),
    "pickle": lambda w: pickle.loads(pickle.dumps(w)),
}
INNER = {
    "grad": lambda f: ag.grad(f)(2.0),
    "value_and_grad": lambda f: ag.value_and_grad(f)(2.0)[0],
    "jvp": lambda f: ag.jvp(f, (2.0,), (1.0,))[1],
    "vjp": lambda f: ag.vjp(f, 2.0)[1](1.0)[0],
    "jacobian": lambda f: ag.jacobian(lambda t: [f(t[0])])([2.0])[0][0],
    "hessian": lambda f: ag.hessian(lambda t: f(t[0]))([2.0])[0][0],
    "hvp": lambda f: ag.hvp(lambda t: f(t[0]))([2.0], [1.0])[0],
    "derivative": lambda f: ag.derivative(f, 2)(2.0),
    "taylor": lambda f: ag.taylor(f, 2.0, 2)[2],
    "grad of grad": lambda f: ag.grad(ag.grad(f))(2.0),
}
DERIVED = {
    "grad": lambda loss, w: w.grad,
    "local_grads": lambda loss, w: loss.local_grads[0],
    "gradient": lambda loss, w: ag.gradient(loss, [w])[0],
    "backward": lambda loss, w: loss.backward() or 1.0,
    "refresh": lambda loss, w: loss.refresh() or 1.0,
}


def add_one(w):
    w.data += 1.0


def is_clean():
    """Whether nothing is left of what was traced."""
    return not (going_on or tracing._traces or tracing.tracing.get())


class TestValuesAround:
    def test_their_present_numbers_count(self):
        w = Value(2.0)
        f, slope = ag.compile(lambda x: x * w), ag.compile(ag.grad(lambda x: x * x * w))
        for number in (2.0, -5.0, float("inf"), 3.0):
            w.data = number
            assert (f(3.0), slope(3.0)) == (3.0 * number, 6.0 * number)
            assert f.map([1.0, 2.0]).tolist() == [number, 2.0 * number]
        assert len(f.programs) == 1

    def test_comparisons_with_them_are_guards(self):
        w = Value(2.0)
        f = ag.compile(lambda x: x * 2.0 if w * 2.0 > 3.0 else x * 3.0)
        for number, right in ((2.0, 2.0), (1.0, 3.0), (4.0, 2.0)):
            w.data = number
            assert f(1.0) == right
            assert f.map([1.0, 2.0]).tolist() == [right, 2.0 * right]

    @pytest.mark.parametrize("read", [lambda w: w.data, lambda w: w.item()])
    def test_numbers_that_were_read_are_read_again_when_they_change(self, read):
        w = Value(2.0)
        f = ag.compile(lambda x: x * read(w))
        for number in (2.0, 5.0, 2.0):
            w.data = number
            assert f(3.0) == 3.0 * number
            assert f.map([3.0, 1.0], threads=2).tolist() == [3.0 * number, number]
        assert len(f.programs) == 2

    def test_a_computed_one_counts_with_its_recorded_number(self):
        w = Value(3.0)
        z = w * w
        f = ag.compile(lambda x: x * z + w)
        assert f(2.0) == 21.0
        w.data = 4.0
        assert f(2.0) == (2.0 * z + w).data == 22.0
        z.refresh()
        assert f(2.0) == 36.0

    def test_one_that_is_returned_alone_is_followed(self):
        w = Value(1.0)
        f = ag.compile(lambda x: (w, x))
        w.data = 7.0
        assert f(2.0) == (7.0, 2.0)
        w.data = 8.0
        assert f(2.0) == (8.0, 2.0)

    def test_the_programs_take_the_arguments_alone(self):
        """With what was found around them as constants, as it is now."""
        w, model = Value(2.0), mlp()
        f = ag.compile(lambda x: model(x) * w)
        f(X)
        w.data = 3.0
        [program] = f.programs
        assert program.n_inputs == 2
        assert program(*X) == [f(X)]

    def test_those_made_inside_are_constants(self):
        f = ag.compile(lambda x: x * Value(2.0) + ag.sin(Value(1.0)))
        assert f(3.0) == f(3.0)
        assert len(f.programs[0].constants) == 2

    @pytest.mark.parametrize("way", COPIES.values(), ids=COPIES)
    @pytest.mark.parametrize("computed", [False, True], ids=["leaf", "computed"])
    def test_their_copies_count_with_present_numbers(self, way, computed):
        leaf = Value(2.0)
        w = leaf * 2.0 if computed else leaf
        f = ag.compile(lambda x: x * way(w) * w)
        slope = ag.compile(ag.grad(lambda x: x * x * way(w)))
        nested = ag.compile(lambda x: x * f(3.0))
        for number in (2.0, 5.0, -1.0, 5.0):
            leaf.data = number
            w.refresh()
            assert f(3.0) == nested(1.0) == 3.0 * w.data * w.data
            assert slope(0.5) == w.data
            assert f.map([1.0, 3.0]).tolist() == [w.data * w.data, 3.0 * w.data * w.data]

    @pytest.mark.parametrize("name", INNER)
    def test_inner_derivatives_at_plain_numbers_follow_them(self, name):
        w = Value(3.0)
        f = ag.compile(lambda x: x * INNER[name](lambda t: t * t * t * w * w))
        for number in (3.0, -1.0, 0.5):
            w.data = number
            square = number * number
            expected = INNER[name](lambda t, square=square: t * t * t * square)
            assert f(1.5) == pytest.approx(1.5 * expected, rel=1e-14)

    def test_inner_derivatives_that_depend_on_none_are_floats(self):
        w = Value(3.0)
        f = ag.compile(lambda x: x * w * [1.0, 5.0][int(ag.grad(lambda t: t * t)(0.5))])
        assert f(2.0) == 30.0

    @pytest.mark.parametrize("do", DERIVED.values(), ids=DERIVED)
    @pytest.mark.parametrize("nested", [False, True], ids=["", "nested"])
    def test_their_derivatives_and_passes_over_them_are_refused(self, do, nested):
        w = Value(3.0)
        loss = (w - 2.0) * (w - 2.0)
        f = ag.compile(lambda x: x * do(loss, w))
        if nested:
            f = ag.compile(lambda x, g=f: g(x) + 1.0)
        with pytest.raises(ProgramError, match=r"gradient or derivatives .* were read while"):
            f(2.0)
        assert (w.grad, loss.data, is_clean()) == (0.0, 1.0, True)

    @pytest.mark.parametrize("change", [lambda w: setattr(w, "data", 3.0), add_one])
    def test_setting_their_data_is_refused(self, change):
        w = Value(1.0)

        def f(x):
            change(w)
            return x * w

        with pytest.raises(ProgramError, match="f sets the data of a Value that it finds around"):
            ag.compile(f)(2.0)
        assert is_clean()

    def test_setting_the_number_that_is_there_is_a_guard(self):
        w = Value(3.0)

        def f(x):
            w.data = 3.0
            return x * w

        compiled = ag.compile(f)
        assert compiled(2.0) == compiled(2.0) == 6.0
        w.data = 5.0
        with pytest.raises(ProgramError, match="sets the data"):
            compiled(2.0)

    def test_texts_of_them_may_be_made(self):
        w, texts = Value(1.0), []
        f = ag.compile(lambda x: [texts.append(f"{w} {w!r} {w:.1f}"), x * w][1])
        for number in (1.0, 5.0):
            w.data = number
            assert f(1.0) == number
            assert texts[-1].endswith(f"{number:.1f}")

    def test_a_frozen_program_made_inside_keeps_up_with_them(self):
        w, u = Value(1.0), Value(2.0)
        f = ag.compile(lambda x: x * ag.freeze(w * u, [u])(3.0))
        for number in (1.0, 5.0):
            w.data = number
            assert f(1.0) == 3.0 * number

    @pytest.mark.parametrize("inside", [ag.compile, ag.grad], ids=["compile", "grad"])
    def test_isclose_compares_what_is_computed_of_them(self, inside):
        w = Value(1.0)

        def f(x):
            return x * 2.0 if ag.isclose(w * w, 1.0, 0.1) else x * 3.0

        for number, right in ((1.0, 2.0), (2.0, 3.0)):
            w.data = number
            assert (f(1.0), inside(f)(1.0)) == (right, right)


# --- networks that are found in more ways, and their copies ---

AROUND = {
    "compiled": lambda m: ag.compile(lambda x: m(x)),
    "compiled twice": lambda m: ag.compile(ag.compile(lambda x: m(x))),
    "compiled network": lambda m: ag.compile(m),
    "derivative": lambda m: ag.compile(ag.grad(lambda x: m(x))),
    "in a list": lambda m: (lambda held: lambda x: held[0](x))([m]),
    "in a dict": lambda m: (lambda held: lambda x: held["m"](x))({"m": m}),
    "in an object": lambda m: (lambda held: lambda x: held.number(x))(Part(m)),
}


@pytest.mark.parametrize("inner", AROUND.values(), ids=AROUND)
def test_another_structure_of_a_network_is_followed_wherever_it_is_found(inner):
    model = mlp()
    call = inner(model)
    f = ag.compile(lambda x: call(x))
    for activation in ("tanh", "sigmoid", "tanh"):
        for layer in model.layers[:-1]:
            for neuron in layer.neurons:
                neuron.activation = nn.Neuron(1, activation).activation
        eager = call([Value(v) for v in X])
        assert bits(f(X)) == bits(
            [v.data for v in eager] if isinstance(eager, list) else eager.data
        )


def squares(model):
    return sum((p * p for p in model.parameters()), Value(0.0))


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda m: copy.deepcopy([m, m])[1]])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_the_copy_of_a_network_has_its_parameters_in_every_transform(make, way):
    model = make()

    def f(m):
        assert [name for name, _ in way(m).named_parameters()] == [
            name for name, _ in m.named_parameters()
        ]
        return squares(way(m)) + way(way(m))(X)

    def g(m):
        return squares(m) + m(X)

    assert ag.compile(f)(model) == f(model).data == g(model).data
    found = ag.grad(f)(model)
    assert bits(found) == bits(ag.compile(ag.grad(f))(model))
    expected = [p.data for p in ag.grad(g)(model).parameters()]
    assert [p.data for p in found.parameters()] == pytest.approx(expected, rel=1e-14)
    around, w = ag.compile(lambda x: x * f(model)), model.parameters()[0]
    for number in (0.5, 2.0):
        w.data = number
        assert around(1.0) == f(model).data


#: Functions to map, each of a number that it finds around it.
MAPPED = {
    "plain": lambda a, x: a * x,
    "by a comparison": lambda a, x: a * x if a > 0.5 else -a,
    "with a setting": lambda a, x: {"of": [a * x], "name": "f"}["of"][0],
}
AROUND = {
    "grad": lambda f: ag.grad(f)(2.0),
    "jvp": lambda f: ag.jvp(f, [2.0], [1.0])[1],
    "hessian": lambda f: ag.hessian(f)(2.0),
    "compile": lambda f: ag.compile(ag.grad(f))(2.0),
}


@pytest.mark.parametrize("rows", [[1.0, 2.0], np.array([1.0, 2.0])], ids=["list", "array"])
@pytest.mark.parametrize("around", AROUND.values(), ids=[*AROUND])
@pytest.mark.parametrize("mapped", MAPPED.values(), ids=[*MAPPED])
def test_mapping_once_more_inside_of_a_derivative_gives_the_same(mapped, around, rows):
    def many(count):
        def f(x):
            g = ag.compile(lambda a: mapped(a, x * x))
            return sum(sum(g.map(rows)) for _ in range(count))

        return f

    once = around(many(1))
    assert once == {"hessian": 6.0}.get(around_name(around), 12.0)
    assert around(many(3)) == 3 * once


def around_name(around):
    return next(name for name, each in AROUND.items() if each is around)


@pytest.mark.parametrize("rows", [[1.0, 2.0], np.array([1.0, 2.0])], ids=["list", "array"])
def test_a_function_that_was_mapped_inside_of_a_derivative_is_mapped_outside(rows):
    around = {}
    g = ag.compile(lambda a: a * around["x"])

    def f(x):
        around["x"] = x
        return sum(g.map(rows)) + sum(g.map(rows))

    assert [ag.grad(f)(2.0), ag.grad(f)(3.0)] == [6.0, 6.0]
    around["x"] = 4.0
    for _ in range(2):
        assert g.map(rows).tolist() == [4.0, 8.0]
