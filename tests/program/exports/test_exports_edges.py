"""Every row of the table and its derivatives, at its extremes, in every language of exports.

One program holds them all; what each language gives is compared with what the program gives, the
sign of a zero included. In C and Python no bit differs. How far a library may be off is said here.
"""

import base64
import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from c_compiler import CPP17, compiled, run

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.ops import TABLE
from autograd_lite.ops.table import with_attrs
from autograd_lite.program.program import Program

ROWS = [
    *TABLE.values(),
    with_attrs("leaky_relu", (("slope", 0.25),)),
    *[with_attrs("norm", (("order", order),)) for order in (1.0, 3.0, math.inf)],
]
ids = pytest.mark.parametrize("row", ROWS, ids=[repr(row)[4:-1] for row in ROWS])

FEW = [
    0.0, -0.0, 0.5, -0.5, 1.0, -1.0, -2.0, 3.0, 1e308, -1e308, 1e-308, 5e-324, -5e-324,
    math.inf, -math.inf, math.nan,
]  # fmt: skip
#: Beside 0, ties, halves, 1 and the places where functions, squares and sums over- and underflow.
MANY = [
    *FEW, 1.5, -1.5, 2.5, -3.0, 1e-310, 1e-160, -1e-160, 1e160, -1e160, 1e300, -1e300, 2.6e305,
    math.nextafter(math.inf, 0.0), -math.nextafter(math.inf, 0.0), 1e-20, -1e-20, 1e-8, 1e-5, -1e-5,
    0.1, -0.1, 100.0, -100.0, 1e5, 1e8, -1e8, 1e16, -1e16, 1e22, -1e22, 2.0**53, 2.0**52 - 0.5,
    math.nextafter(1.0, 0.0), math.nextafter(1.0, 2.0), math.nextafter(-1.0, 0.0),
    math.nextafter(-1.0, -2.0), 709.782712893384, 709.7827128933841, 710.4758600739439,
    710.475860073944, -708.4, -745.1332191019411, -745.1332191019412, 1024.0, 1023.9999999999999,
    1024.0000000000002, -1022.0, -1074.0, -1075.0, 5.9, -5.9, 20.0, 22.0, 26.543258430632299, 27.0,
    -27.0, 36.0, 37.0, -37.5, math.pi / 4, math.pi / 2, -math.pi / 2, math.pi, 2.0 * math.pi, 355.0,
    0.41421356, 2.41421356,
]  # fmt: skip
POINTS = np.array(
    [
        *itertools.product(FEW, repeat=3),
        *itertools.product(MANY, MANY, [1.0]),
        *np.random.default_rng(5).normal(0.0, 2.0, (500, 3)),
    ]
)
COLUMNS = [*POINTS.T.copy()]

#: Ulp that a language may be off, by its libraries' functions.
ULPS = {"python": 0, "c": 0, "javascript": 16, "numpy": 16, "torch": 16, "onnx": 16, "jax": 64}
ULPS_OF_TAILS = 256
#: As much at ordinary points, where a result near 0 is a difference.
ORDINARY = ((np.abs(POINTS) > 0.01) & (np.abs(POINTS) < 10.0)).all(axis=1)
DIFFERENCE = 4e-15
#: As many where numbers that are almost equal cancel: in second derivatives, of which the rows that
#: are not for users are parts.
ULPS_OF_SECOND = 2048


def arguments(row, x):
    """Arguments for a row out of three: in turn, and of a row over sequences several."""
    if row.arity is not None:
        return list(x[: row.arity])
    return [x[i % 3] for i in range(3 * len(row.vectors) + len(row.scalars))]


def program_of_everything():
    """A program of three inputs; for each row where its value is, its derivatives coming after."""
    inputs = [Value(0.5) for _ in range(3)]
    outputs, places = [], {}
    for row in ROWS:
        value = Value._apply_op(row, arguments(row, inputs))
        places[row] = len(outputs)
        taken = inputs[: row.arity or 3]
        outputs += [value, *ag.gradient(value, taken, create_graph=True)]
    return ag.freeze(outputs, inputs), places


PROGRAM, PLACES = program_of_everything()


def outputs_of(row):
    first = PLACES[row]
    return range(first, first + 1 + (row.arity or 3))


def over_points(function):
    return np.array([function(point) for point in POINTS.tolist()]).T


def in_python(request):
    function = PROGRAM.to_python()
    return over_points(lambda point: function(*point))


def in_c(request):
    folder = request.getfixturevalue("tmp_path_factory").mktemp("edges")
    return over_points(compiled(PROGRAM, folder, optimize="-O1"))


def in_numpy(request):
    return PROGRAM.to_numpy()(*COLUMNS)


def in_torch(request):
    pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    return [column.numpy() for column in PROGRAM.to_torch()(*COLUMNS)]


def in_jax(request):
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    with jax.enable_x64(True):
        return [np.asarray(column) for column in jax.jit(PROGRAM.to_jax())(*COLUMNS)]


def in_onnx(request):
    pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    runtime = pytest.importorskip("onnxruntime", reason='pip install "autograd-lite[export]"')
    model = PROGRAM.to_onnx().SerializeToString()
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(["x0", "x1", "x2"], COLUMNS, strict=True)))


def in_javascript(request):
    page = request.getfixturevalue("browser").new_page()
    text = page.evaluate(
        f"""(points) => {{
          {PROGRAM.to_javascript()}
          const bytes = new Uint8Array(new Float64Array(points.flatMap(program)).buffer);
          let text = "";
          for (let i = 0; i < bytes.length; i += 8192)
            text += String.fromCharCode(...bytes.subarray(i, i + 8192));
          return btoa(text);
        }}""",
        POINTS.tolist(),
    )
    page.close()
    return np.frombuffer(base64.b64decode(text)).reshape(len(POINTS), -1).T


RUNNERS = [in_python, in_c, in_javascript, in_numpy, in_torch, in_jax, in_onnx]


@pytest.fixture(scope="module", params=RUNNERS, ids=lambda runner: runner.__name__[3:])
def language(request):
    """The name of a language, and its outputs at all points."""
    found = np.array(request.param(request))
    assert found.dtype == np.float64
    return request.param.__name__[3:], found


@pytest.fixture(scope="module")
def wanted():
    """The outputs of the program itself."""
    return over_points(lambda point: PROGRAM(*point))


def reached(marks):
    """For each output, whether it depends on registers that are marked."""
    marks = marks.copy()
    for out, _, operands in PROGRAM:
        marks[out] |= marks[[*operands]].any(axis=0)
    return marks[PROGRAM.outputs]


@pytest.fixture(scope="module")
def subnormal():
    """Where an output depends on a subnormal number, which XLA takes for 0."""
    known = PROGRAM.n_inputs + len(PROGRAM.constants)
    registers = Program(
        PROGRAM.n_inputs, PROGRAM.constants, PROGRAM.ops, PROGRAM.codes, PROGRAM.starts,
        PROGRAM.operands, range(known + len(PROGRAM)),
    )  # fmt: skip
    numbers = over_points(lambda point: registers(*point))
    return reached((numbers != 0.0) & (np.abs(numbers) < np.finfo(float).tiny))


def outputs_with(*functions):
    """Which outputs depend on these functions of the C library."""
    marks = np.zeros(PROGRAM.n_inputs + len(PROGRAM.constants) + len(PROGRAM), dtype=bool)
    for out, row, _ in PROGRAM:
        marks[out] = getattr(row.forward, "c", "") in functions
    return reached(marks)


#: What onnxruntime has to 1e-15 only, and JAX to x*x ulp.
PERIODIC, TAILS = outputs_with("sin", "cos", "tan"), outputs_with("erfc")


def distance(found, wanted):
    """In ulp of what is wanted; inf where one is nan or infinite and the other is not."""
    with np.errstate(all="ignore"):
        ulps = np.abs(found - wanted) / np.spacing(np.abs(wanted))
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.where(same, 0.0, np.where(np.isnan(ulps), np.inf, ulps))


def signs_agree(found, wanted):
    """Whether a zero has the sign that is wanted."""
    return (np.signbit(found) == np.signbit(wanted)) | (wanted != 0.0) | (found != 0.0)


def close(found, wanted, limit):
    """Up to so many ulp; where a difference is near 0, up to the rounding of what it is of."""
    with np.errstate(all="ignore"):
        return (distance(found, wanted) <= limit) | (
            ORDINARY & (np.abs(found - wanted) <= DIFFERENCE)
        )


def close_to_sine(found, wanted):
    """As exact as onnxruntime's sine and cosine; a tangent near its pole by its reciprocal."""
    with np.errstate(all="ignore"):
        off, off_reciprocal = np.abs(found - wanted), np.abs(1.0 / found - 1.0 / wanted)
    return (off <= 1e-15) | (off_reciprocal <= 1e-15)


@pytest.mark.no_cover
@ids
def test_every_language_gives_what_the_program_gives(row, language, wanted, request):
    name, outputs = language
    for k in outputs_of(row):
        is_value = k == PLACES[row]
        found, meant = outputs[k], wanted[k]
        if ULPS[name] == 0:
            right = (distance(found, meant) == 0.0) & signs_agree(found, meant)
        else:
            of_user = is_value or row.public
            limit = ULPS_OF_TAILS if name == "jax" and TAILS[k] else ULPS[name]
            right = close(found, meant, limit if of_user else ULPS_OF_SECOND)
            # XLA fuses products with sums: 0.0 - x*x may underflow to -0.0
            right &= signs_agree(found, meant) | (name == "jax" and not is_value)
        if name == "jax":
            right |= request.getfixturevalue("subnormal")[k]
        if name == "onnx" and PERIODIC[k]:
            right |= close_to_sine(found, meant)
        wrong = np.flatnonzero(~right)
        shown = [(POINTS[i].tolist(), found[i], meant[i]) for i in wrong[:5]]
        assert not shown, f"output {k - PLACES[row]} differs at {len(wrong)} points: {shown}"


@ids
def test_the_program_gives_what_the_row_gives(row, wanted):
    for i in range(0, len(POINTS), 23):
        value = row.on_floats(*arguments(row, POINTS[i].tolist()))
        assert distance(np.float64(value), wanted[PLACES[row]][i]) == 0.0, POINTS[i]
        assert math.isnan(value) or np.signbit(value) == np.signbit(wanted[PLACES[row]][i])


def test_c_with_every_row_is_cpp_too(tmp_path):
    source = PROGRAM.to_c()
    (tmp_path / "program.h").write_text(source.header)
    (tmp_path / "all.c").write_text('#include "program.h"\n' + source)
    run(f"c++ {CPP17} -fsyntax-only", tmp_path / "all.c")


def test_the_documentation_says_how_far_each_language_may_be_off():
    page = (Path(__file__).parents[3] / "docs" / "programs.md").read_text(encoding="utf-8")
    kept = dict(re.findall(r"^\| `to_(\w+)\(\)` \| .+? \| (.+) \|$", page, re.M))
    for name, ulps in ULPS.items():
        assert kept[name].startswith(f"{ulps} ulp" if ulps else "every bit"), name
    assert f"{ULPS_OF_TAILS} ulp" in kept["jax"]


def test_latex_has_every_row():
    text = PROGRAM.to_latex()
    assert "#" not in text
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert all(f"y_{{{k}}}" in text for k in range(len(PROGRAM.outputs)))
