"""All public names times every kind of argument: a right answer, or a documented error."""

import contextlib
import inspect
import io
import warnings

import numpy as np
import pytest
from odd_arguments import KINDS, NUMBERS, OddError

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.ops import TABLE, SequenceOp
from autograd_lite.ops.numbers import as_float

#: What may be raised; the last ones by what was given.
DOCUMENTED = (ag.AutogradError, TypeError, ValueError, OddError, NotImplementedError)
#: Of integers and fractions that no float holds, and of files that are not there.
ALSO = {
    OverflowError: "does not fit a float",
    AttributeError: "a Value has no attribute",
    FileNotFoundError: "",
    IsADirectoryError: "",
}
LONGEST = 2000

ROWS = [row for row in TABLE.values() if row.public]


def nothing(*args, **kwargs):
    """A function that anything can be given."""
    return Value(2.0) * 3.0


def same(thing, *more):
    return thing


def graph():
    x = Value(0.5, label="x")
    return x * x + 1.0


def leaf():
    return Value(0.5)


def row_forms(row):
    yield lambda a: row(a)
    yield lambda a: row(a, a)
    yield lambda a: row([a, 0.5], *([[a, 0.5]] if len(row.arguments) > 1 else []))
    yield lambda a: row(Value(0.5), a, *[0.5] * (len(row.arguments) - 2))
    yield lambda a: row(*[a] * len(row.arguments))
    yield lambda a: row(*[0.5] * len(row.arguments), a)
    yield lambda a: getattr(leaf(), row.name, row)(a)


TRANSFORMS = {
    name: [
        lambda a, t=t: t(a),
        lambda a, t=t: t(a)(0.5),
        lambda a, t=t: t(nothing, a),
        lambda a, t=t: t(nothing)(a),
        lambda a, t=t: t(same)(a),
        lambda a, t=t: t(nothing)(a, a),
    ]
    for name in (
        "grad", "value_and_grad", "jacobian", "hessian", "hvp", "derivative", "checkpoint", "vjp",
    )
    if (t := getattr(ag, name))
}  # fmt: skip

FORMS = {
    **{row.name: [*row_forms(row)] for row in ROWS},
    **TRANSFORMS,
    "softmax": [ag.softmax, lambda a: ag.softmax([a, 1.0])],
    "take": [lambda a: ag.take(a, 0), lambda a: ag.take([a, a], 1), lambda a: ag.take([1.0], a),
             lambda a: ag.take([1.0, leaf()], a), lambda a: ag.take([a, leaf()], leaf() * 0.0),
             lambda a: ag.take([a, [1.0]], Value(0.0)), lambda a: ag.take(a, Value(0.0))],
    "log_softmax": [ag.log_softmax, lambda a: ag.log_softmax([a, Value(1.0)])],
    "isclose": [lambda a: ag.isclose(a, 1.0), lambda a: ag.isclose(leaf(), a),
                lambda a: ag.isclose(1.0, 1.0, a)],
    "jvp": [lambda a: ag.jvp(a, (1.0,), (1.0,)), lambda a: ag.jvp(nothing, a, a),
            lambda a: ag.jvp(nothing, (a,), (a,)), lambda a: ag.jvp(nothing, (1.0,), (a,)),
            lambda a: ag.jvp(same, (a,), (a,))],
    "pullback": [lambda a: ag.vjp(same, a), lambda a: ag.vjp(nothing, 1.0)[1](a)],
    "taylor": [lambda a: ag.taylor(a, 1.0, 2), lambda a: ag.taylor(nothing, a, 2),
               lambda a: ag.taylor(nothing, 1.0, a), lambda a: ag.taylor(same, a, 1)],
    "root": [lambda a: ag.root(a, 1.0), lambda a: ag.root(nothing, a), lambda a: ag.root(same, a),
             lambda a: ag.root(lambda x, b: x, 1.0, a)],
    "check_grad": [lambda a: ag.check_grad(a, 1.0), lambda a: ag.check_grad(nothing, a),
                   lambda a: ag.check_grad(nothing, 1.0, order=a)],
    "uncertainty": [lambda a: ag.uncertainty(a, [1.0], [0.1]),
                    lambda a: ag.uncertainty(nothing, a, a),
                    lambda a: ag.uncertainty(nothing, [1.0], a),
                    lambda a: ag.uncertainty(nothing, a, [0.1])],
    "argnums": [lambda a: ag.grad(nothing, argnums=a)(1.0),
                lambda a: ag.hvp(nothing, argnums=a)(1.0, 1.0)],
    "compile": [ag.compile, lambda a: ag.compile(nothing)(a), lambda a: ag.compile(same)(a)],
    "map": [lambda a: ag.compile(nothing).map(a), lambda a: ag.compile(same).map(a),
            lambda a: ag.compile(nothing).map([1.0, 2.0], shared=a),
            lambda a: ag.compile(nothing).map([1.0, 2.0], reduce=a),
            lambda a: ag.compile(nothing).map([1.0, 2.0], threads=a)],
    "freeze": [lambda a: ag.freeze(a, [leaf()]), lambda a: ag.freeze(graph(), a),
               lambda a: ag.freeze(x := leaf(), [x])(a),
               lambda a: ag.freeze(x := leaf(), [x]).map(a)],
    "gradient": [lambda a: ag.gradient(a, [leaf()]), lambda a: ag.gradient(graph(), a),
                 lambda a: ag.gradient(graph(), [a])],
    "explain": [ag.explain, lambda a: ag.explain(graph(), a)],
    "latex": [ag.latex, lambda a: ag.latex(graph(), a)],
    "diagnose": [ag.diagnose, lambda a: ag.diagnose(graph(), a)],
    "playground": [ag.playground, lambda a: ag.playground("x", {"x": a}),
                   lambda a: ag.playground("x*y", a)],
    "draw": [ag.draw, lambda a: ag.draw(graph(), wrt=a), lambda a: ag.draw(graph(), max_nodes=a),
             lambda a: ag.draw(graph(), rankdir=a), lambda a: ag.draw(graph(), depth=a)],
    "draw_dot": [ag.draw_dot, lambda a: ag.draw_dot(graph(), format=a)],
    "draw_diff": [lambda a: ag.draw_diff(a, graph()), lambda a: ag.draw_diff(graph(), a)],
    "custom_op": [lambda a: ag.custom_op(a, nothing, [nothing]),
                  lambda a: ag.custom_op("walked", a, [nothing]),
                  lambda a: ag.custom_op("walked", nothing, a),
                  lambda a: ag.custom_op("walked", same, [lambda out, x: 1.0])(a),
                  lambda a: ag.custom_op("walked", same, [lambda out, x: 1.0], symbol=a),
                  lambda a: ag.custom_op("walked", same, [lambda out, x: 1.0], latex=a)],
    "primitive": [lambda a: ag.primitive(partials=a)(nothing),
                  lambda a: ag.primitive(partials=[nothing])(a)],
    "scope": [lambda a: ag.scope(a)(nothing)()],
    "blocks": [ag.no_grad(), ag.detect_anomaly(), ag.keep_lines()],
    "Value": [Value, lambda a: Value(1.0, a), lambda a: leaf().backward(a),
              lambda a: setattr(leaf(), "data", a), lambda a: setattr(leaf(), "grad", a),
              lambda a: setattr(leaf(), "label", a), lambda a: setattr(leaf(), "m", a),
              lambda a: format(leaf(), a), lambda a: Value(1.0, (leaf(),), a)],
    "operators": [lambda a: leaf() + a, lambda a: a - leaf(), lambda a: leaf() * a,
                  lambda a: a / leaf(), lambda a: leaf() ** a, lambda a: a ** leaf(),
                  lambda a: leaf() % a, lambda a: a // leaf(), lambda a: divmod(leaf(), a),
                  lambda a: leaf() < a, lambda a: leaf() == a, lambda a: a >= leaf()],
    "parse": [ag.expressions.parse, lambda a: ag.expressions.parse("x", {"x": a}),
              lambda a: ag.expressions.parse("x", a)],
    "load_program": [ag.load_program],
    "nn.load": [nn.load, nn.read_extra],
    "nn.Neuron": [nn.Neuron, lambda a: nn.Neuron(2, a), lambda a: nn.Neuron(2, seed=a),
                  lambda a: nn.Neuron(2)(a)],
    "nn.Layer": [lambda a: nn.Layer(a, 1), lambda a: nn.Layer(2, a), lambda a: nn.Layer(2, 1)(a)],
    "nn.MLP": [lambda a: nn.MLP(a, [1]), lambda a: nn.MLP(2, a), lambda a: nn.MLP(2, [1])(a),
               lambda a: nn.MLP(2, [1], init=a), lambda a: nn.MLP(2, [1], output=a)],
    "nn.Sequential": [nn.Sequential, lambda a: nn.Sequential(nn.Layer(2, 1), a)],
    "nn.predict": [lambda a: nn.MLP(2, [1]).predict(a)],
    "nn.state": [lambda a: nn.MLP(2, [1]).load_state_dict(a)],
    "nn.learn": [
        lambda a: nn.MLP(1, [1]).learn(a, a, epochs=1, progress=False),
        lambda a: nn.MLP(1, [1]).learn([1.0], [1.0], loss=a, epochs=1, progress=False),
        lambda a: nn.MLP(1, [1]).learn([1.0], [1.0], optimizer=a, epochs=1, progress=False),
        lambda a: nn.MLP(1, [1]).learn([1.0], [1.0], learning_rate=a, epochs=1, progress=False),
        lambda a: nn.MLP(1, [1]).learn([1.0], [1.0], batch_size=a, epochs=1, progress=False),
        lambda a: nn.MLP(1, [1]).learn([1.0, 2.0], [1.0, 2.0], validation=a, epochs=1,
                                       progress=False),
        lambda a: nn.MLP(1, [1]).learn([1.0], [1.0], callback=a, epochs=1, progress=False),
        lambda a: nn.MLP(1, [1]).learn([1.0], [1.0], seed=a, epochs=1, progress=False),
    ],
    "nn.optim": [lambda a: nn.optim.SGD(a, 0.1), lambda a: nn.optim.SGD([leaf()], a),
                 lambda a: nn.optim.SGD([leaf()], 0.1, momentum=a), lambda a: nn.optim.Adam(a),
                 lambda a: nn.optim.Adam([leaf()], a), lambda a: nn.optim.Adam([leaf()], betas=a)],
    "nn.losses": [
        form
        for loss in (nn.losses.squared_error, nn.losses.absolute_error, nn.losses.hinge,
                     nn.losses.binary_cross_entropy, nn.losses.cross_entropy)
        for form in (lambda a, f=loss: f(a, a), lambda a, f=loss: f([leaf()], a),
                     lambda a, f=loss: f(a, [1.0]))
    ],
}  # fmt: skip

#: Where an int is a descriptor, or a number of things that may not fit the memory.
LARGE = {"10**400", "-10**5000", "2**53 + 1", "uint64", "1e308", "inf", "huge range"}
LEFT_OUT = {
    "load_program": {*NUMBERS, "long str"},
    "nn.load": {*NUMBERS, "long str"},
    "operators": {
        "array in itself",
        "Fraction 10**400",
    },  # NumPy and Python fail alone
    "taylor": LARGE,
    "derivative": LARGE,
    "check_grad": LARGE,
    "nn.Neuron": LARGE,
    "nn.Layer": LARGE,
    "nn.MLP": LARGE,
    "nn.learn": LARGE,
}


def told(form, kind):
    """What a call ended with that is neither an answer nor documented; "" if there is no such."""
    argument = KINDS[kind]()
    try:
        form(argument)
    except Exception as error:
        try:
            text = str(error)
        except OddError:
            text = "no text"
        if len(text) > LONGEST:
            return f"{kind}: {type(error).__name__} of {len(text):,} characters: {text[:200]}"
        also = any(isinstance(error, e) and said in text for e, said in ALSO.items())
        if not (isinstance(error, DOCUMENTED) or also):
            return f"{kind}: {type(error).__name__}: {text[:300]}"
    return ""


@pytest.mark.parametrize("name", FORMS)
def test_every_kind_of_argument_has_an_answer_or_a_documented_error(name):
    found = []
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for place, form in enumerate(FORMS[name]):
            for kind in KINDS:
                if kind not in LEFT_OUT.get(name, ()):
                    problem = told(form, kind)
                    found += [f"form {place}, {problem}"] if problem else []
    assert not found, "\n".join(found)


def test_every_public_function_is_walked():
    walked = {part for name in FORMS for part in name.split(".")}
    missing = {
        name
        for name in ag.__all__
        if callable(getattr(ag, name)) and not inspect.isclass(getattr(ag, name))
    } - walked
    assert not missing


@pytest.mark.parametrize(
    "row", [row for row in ROWS if hasattr(np, row.name) and row is not ag.dot], ids=str
)
def test_every_kind_of_number_gives_what_numpy_gives(row):
    """Whether it is given plainly, as a Value, in an array or by an operator."""
    theirs = getattr(np, row.name)
    for kind, number in NUMBERS.items():
        x = as_float(number)
        if row is ag.sinc and abs(x) > 1e300:
            continue  # where πx overflows NumPy's is nan
        rest = [0.75, 1.25][: len(row.arguments) - 1]
        if isinstance(row, SequenceOp):
            ours = [row([number, 0.75]), row([Value(number), 0.75]).data]
            args = [[x, 0.75]]
        else:
            ours = [row(number, *rest), row(Value(number), *rest).data,
                    row(np.array([x]), *rest)[0]]  # fmt: skip
            args = [x, *rest]
        with np.errstate(all="ignore"):
            expected = float(theirs(*args))
        for found in ours:
            assert float(found) == pytest.approx(expected, rel=1e-13, abs=1e-16, nan_ok=True), kind
