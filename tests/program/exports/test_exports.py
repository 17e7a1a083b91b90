"""Programs in other languages; test_exports_edges.py compares all that they compute."""

import ctypes
import itertools
import math
import re
import struct
import sys

import numpy as np
import pytest
from c_compiler import C99, CPP17, compiled, run
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import ProgramError
from autograd_lite.ops import TABLE
from autograd_lite.ops.languages import LEAVES
from autograd_lite.ops.table import with_attrs
from autograd_lite.program.exports import (
    c_code,
    language,
    to_c,
    to_jax,
    to_latex,
    to_numpy,
    to_onnx,
    to_python,
    to_torch,
)
from autograd_lite.program.program import Program

KERNELS = [
    *[row for row in TABLE.values() if row.is_kernel],
    with_attrs("leaky_relu", (("slope", 0.25),)),
]
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, -2.5, 7.25, 1e300, -1e300, 1e-300, 5e-324, 2.0**53,
    math.inf, -math.inf, math.nan,
]  # fmt: skip
RNG = np.random.default_rng(5)
ids = pytest.mark.parametrize("k", range(len(KERNELS)), ids=[repr(row)[4:-1] for row in KERNELS])


def leaves(n):
    return [Value(0.5) for _ in range(n)]


def arguments(row, x):
    """Arguments for a row out of three: in turn, and of a row over sequences five or so."""
    if row.arity is not None:
        return list(x[: row.arity])
    return [x[i % 3] for i in range(3 * len(row.vectors) + len(row.scalars))]


def kernels_program():
    """Every kernel, once, of three inputs: one output each."""
    registers = leaves(3)
    outputs = [Value._apply_op(row, arguments(row, registers)) for row in KERNELS]
    return ag.freeze(outputs, registers)


ALL = kernels_program()


def interpreted(program, inputs):
    """What the instructions give one after another."""
    registers = [*inputs, *program.constants.tolist()]
    for _, row, operands in program:
        registers.append(row.on_floats(*[registers[r] for r in operands]))
    return [registers[r] for r in program.outputs.tolist()]


def bits(number):
    assert type(number) is float
    return "nan" if math.isnan(number) else struct.pack("d", number)


def same_bits(found, wanted, about):
    assert list(map(bits, found)) == list(map(bits, wanted)), (about, found, wanted)


def test_programs_have_the_exports_as_methods():
    x = ag.Value(3.0)
    program = ag.freeze(x * x * ag.sin(x), [x])
    assert program.to_python()(0.5) == program(0.5)
    assert program.to_numpy()([0.5]).tolist() == [program(0.5)]
    assert "void sine(const double *inputs" in program.to_c("sine").header
    assert program.to_latex().startswith(r"\begin{aligned}")
    assert (program.to_torch.__name__, program.to_jax.__name__) == ("to_torch", "to_jax")


# --- Python ---------------------------------------------------------------------------------------


def test_python_source_needs_nothing_but_math():
    function = to_python(ALL)
    namespace = {}
    exec(function.source, namespace)
    assert [line for line in function.source.splitlines() if "import" in line] == ["import math"]
    same_bits(namespace["program"](0.5, 2.0, -1.0), function(0.5, 2.0, -1.0), "source")


def one_instruction(row, n_inputs=None):
    count = len(arguments(row, [0] * 3)) if n_inputs is None else n_inputs
    inputs = leaves(count)
    return ag.freeze(Value._apply_op(row, inputs), inputs)


@pytest.mark.no_cover
@ids
def test_python_calls_of_one_kernel_keep_its_bits_where_math_raises(k):
    """Alone, so that what raises is this op."""
    function = to_python(one_instruction(KERNELS[k]))
    for x in itertools.product(SPECIAL, repeat=3):
        args = arguments(KERNELS[k], x)
        assert bits(function(*args)) == bits(KERNELS[k].on_floats(*args)), args


def test_python_takes_any_number_and_counts_its_arguments():
    function = to_python(one_instruction(TABLE["multiply"]))
    assert bits(function(3, np.float64(2.0))) == bits(6.0)
    with pytest.raises(TypeError, match="1 required positional argument"):
        function(3.0)


def chain(length, width=3):
    """A long program whose last instruction needs the first ones."""
    registers = leaves(width)
    for i in range(length):
        row = TABLE[("multiply", "add", "sin", "maximum")[i % 4]]
        args = [registers[-1], registers[i % 7 % len(registers)]][: row.arity]
        registers.append(Value._apply_op(row, args))
    outputs = [registers[-1], registers[width], registers[1], registers[length // 2]]
    return ag.freeze(outputs, registers[:width])


def test_long_programs_become_several_functions():
    program = chain(20_000)
    assert len(program) == 20_000
    wanted = interpreted(program, [0.5, -1.5, 2.0])
    function = to_python(program)
    assert "def run_fast_20(x, kept):" in function.source
    same_bits(function(0.5, -1.5, 2.0), wanted, "python")
    columns = to_numpy(program)([0.5, 0.5], -1.5, 2.0)
    np.testing.assert_allclose([column[1] for column in columns], wanted, rtol=1e-9)


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["sum", "dot", "prod", "max", "mean"])
def test_a_row_over_thousands_is_no_deep_expression(name):
    row, x = TABLE[name], leaves(3)
    count = 10_000 * len(row.vectors) + len(row.scalars)
    register = Value._apply_op(row, [x[i % 3] for i in range(count)])
    program = ag.freeze(register, x)
    inputs = [0.5, -1.0, 0.75]
    assert bits(to_python(program)(*inputs)) == bits(interpreted(program, inputs)[0])


# --- C --------------------------------------------------------------------------------------------


def test_c_keeps_every_constant(tmp_path):
    numbers = [0.1, -0.0, 5e-324, 1.7976931348623157e308, -math.inf, math.nan, 1 / 3, 2.0**53 + 2]
    outputs = range(1, 1 + len(numbers))
    program = Program(1, numbers, [], [], [0], [], [*outputs, 0])
    same_bits(compiled(program, tmp_path)([2.5]), [*numbers, 2.5], "c")
    same_bits(to_python(program)(2.5), [*numbers, 2.5], "python")


@pytest.mark.parametrize("on_stack", [2, 4096], ids=["malloc", "stack"])
def test_long_c_programs_are_cut_into_functions(tmp_path, monkeypatch, on_stack):
    monkeypatch.setattr(language, "_LONGEST", 40)
    monkeypatch.setattr(c_code, "_ON_STACK", on_stack)
    program = chain(400)
    assert ("malloc(" in to_c(program)) == (on_stack == 2)
    wanted = interpreted(program, [0.5, -1.5, 2.0])
    same_bits(compiled(program, tmp_path)([0.5, -1.5, 2.0]), wanted, on_stack)
    run(f"c++ {CPP17} -fsyntax-only", tmp_path / "program.c")


def test_c_outputs_may_lie_where_the_inputs_do(tmp_path, monkeypatch):
    for longest in (2000, 1):
        monkeypatch.setattr(language, "_LONGEST", longest)
        program = Program(2, [], [TABLE["exp"]], [0, 0], [0, 1, 2], [0, 1], [1, 0, 3, 2])
        library = compiled(program, tmp_path, f"swap{longest}", library=True)
        numbers = (ctypes.c_double * 4)(0.5, 2.0)
        library(numbers, numbers)
        same_bits(list(numbers), interpreted(program, [0.5, 2.0]), longest)


def test_programs_of_nothing_are_written(tmp_path):
    program = Program(0, [2.5], [], [], [0], [], [0])
    assert to_python(program)() == to_numpy(program)() == compiled(program, tmp_path)([]) == [2.5]
    none = Program(1, [], [], [], [0], [], [])
    assert (
        to_python(none)(1.0) == to_numpy(none)([1.0]) == compiled(none, tmp_path, "none")([0]) == []
    )


def test_c_has_a_header_that_c_and_the_source_agree_on(tmp_path):
    source = to_c(one_instruction(TABLE["hypot"]), "distance")
    assert isinstance(source, str)
    (tmp_path / "distance.h").write_text(source.header)
    (tmp_path / "all.c").write_text('#include "distance.h"\n#include "distance.h"\n' + source)
    run("cc -std=c99 -Werror -fsyntax-only", tmp_path / "all.c")


def test_the_headers_of_names_in_small_and_capital_letters_do_not_hide_each_other():
    small, capital = (to_c(ALL, name).header for name in ("f", "F"))
    assert re.search(r"#ifndef (\w+)", small)[1] != re.search(r"#ifndef (\w+)", capital)[1]


def test_a_program_in_c_is_called_from_cpp(tmp_path):
    """By its header, whichever compiler made it."""
    source = to_c(one_instruction(TABLE["hypot"]), "distance")
    (tmp_path / "distance.h").write_text(source.header)
    (tmp_path / "distance.c").write_text(source)
    (tmp_path / "main.cpp").write_text(
        '#include "distance.h"\nint main() { double in[] = {3.0, 4.0}, out[1];'
        " distance(in, out); return out[0] == 5.0 ? 0 : 1; }\n"
    )
    for name in ("c", "c++"):
        built = tmp_path / f"main_{len(name)}"
        sources = ["-x", name, tmp_path / "distance.c", "-x", "c++", tmp_path / "main.cpp"]
        run("c++", *sources, "-o", built, "-lm")
        run(str(built))


@pytest.mark.parametrize("name", ["", "2x", "a b", "é", "x;", "a\n", "x" * 200 + "-"])
def test_a_name_that_c_cannot_read_is_refused(name):
    with pytest.raises(ProgramError, match=r"letters from a to z, digits and _, and not '.{0,79}$"):
        to_c(ALL, name)


@pytest.mark.parametrize("name", [None, 3, b"f", ["f"] * 100])
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(TypeError, match=r"is a str, and not .{1,80}$"):
        to_c(ALL, name)


TAKEN = """
    int while _Bool inline restrict class new template operator co_await nullptr and_eq bool true
    exp log sqrt pow fabs sinf expl j0 y1 tgamma lgammaf_r nan abs free malloc realloc rand exit
    main printf memcpy index read _read signal time errno stdin assert complex I std linux
    NAN INFINITY NULL M_PI EOF HUGE_VAL RAND_MAX INT8_MAX PRId64 size_t int8_t uint64_t FILE _Exit
    __x a__b _X
"""
FREE = """
    model f F inputs outputs x0 r1 kept _f Name stress total island memory function form normal
    final expm2 logs
"""


@pytest.mark.parametrize("name", TAKEN.split())
def test_a_name_that_means_something_in_c_or_cpp_is_refused(name):
    with pytest.raises(ProgramError, match=r"means something in C or C.*choose another"):
        to_c(ALL, name)


def test_any_other_name_builds(tmp_path, monkeypatch):
    """And all of them together in one file: what else a program defines bears its name."""
    monkeypatch.setattr(language, "_LONGEST", 10)
    program = chain(20)
    (tmp_path / "a.c").write_text("".join(to_c(program, name) for name in FREE.split()))
    run(f"cc {C99} -fsyntax-only", tmp_path / "a.c")


@pytest.mark.parametrize(
    ("command", "headers"),
    [
        (
            "cc -x c -std=gnu11",
            """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp
            signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string
            tgmath threads time uchar unistd wchar wctype""",
        ),
        ("cc -x c -std=c99", "math stdint stdlib"),
        ("c++ -x c++ -std=gnu++17", "math stdint stdlib stdio string time"),
    ],
    ids=["gnu11", "c99", "gnu++17"],
)
def test_no_name_that_is_accepted_means_anything_in_headers(command, headers, tmp_path):
    """Of all words in the headers of this machine, those that remain name functions together."""
    lines = [f"#include <{header}.h>" for header in headers.split()]
    (tmp_path / "headers.h").write_text("\n".join([*lines, ""]))
    words = set()
    for option in ("-P", "-dM"):
        text = run(f"{command} -E {option}", tmp_path / "headers.h")
        words |= set(re.findall(r"\b(?!__|_[A-Z])[A-Za-z_]\w*", text))
    left = []
    program = Program(0, [], [], [], [0], [], [])
    for name in sorted(words):
        try:
            left.append(re.search(r"void .*;", to_c(program, name).header)[0])
        except ProgramError:
            continue
    assert 0 < len(left) < len(words)
    if "++" in command:
        left = ['extern "C" {', *left, "}"]
    (tmp_path / "names.c").write_text("\n".join([*lines, *left, ""]))
    run(f"{command} -Wall -Wextra -Werror -fsyntax-only", tmp_path / "names.c")


# --- NumPy, JAX, PyTorch, ONNX --------------------------------------------------------------------


def test_numpy_takes_columns_and_numbers():
    function = to_numpy(one_instruction(TABLE["hypot"]))
    np.testing.assert_array_equal(function([3, 0], 4.0), [5.0, 4.0])
    assert function(3, 4) == 5.0
    with pytest.raises(ValueError, match="broadcast"):
        function([1.0, 2.0], [1.0, 2.0, 3.0])


def test_numpy_outputs_are_new_columns_even_where_they_are_inputs():
    program = Program(2, [7.0], [], [], [0], [], [0, 2])
    x = np.array([1.0, 2.0])
    same, seven = to_numpy(program)(x, 0.0)
    assert not np.shares_memory(same, x)
    seven[0] = 1.0
    np.testing.assert_array_equal(seven, [1.0, 7.0])


def test_jax_is_told_to_compute_in_float64():
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    with jax.enable_x64(False), pytest.raises(ProgramError, match="jax_enable_x64"):
        to_jax(ALL)


def product_of_sine():
    """x * x * sin(x)."""
    [x] = leaves(1)
    return ag.freeze(x * x * TABLE["sin"](x), [x])


SLOPES = [2 * x * math.sin(x) + x * x * math.cos(x) for x in (0.5, -2.0)]


def test_jax_compiles_and_differentiates_what_it_is_given():
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    with jax.enable_x64(True):
        function = to_jax(product_of_sine())
        slopes = jax.jit(jax.vmap(jax.grad(function)))(np.array([0.5, -2.0]))
    np.testing.assert_allclose(slopes, SLOPES, rtol=1e-14)


def test_torch_differentiates_what_it_is_given():
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    x = torch.tensor([0.5, -2.0], dtype=torch.float64, requires_grad=True)
    to_torch(product_of_sine())(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), SLOPES, rtol=1e-14)


def test_torch_gives_columns_of_float64_even_for_float32_and_constants():
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    program = Program(1, [0.1], [TABLE["less"], TABLE["divide"]], [0, 1], [0, 2, 4],
                      [0, 1, 2, 1], [3, 1])  # fmt: skip
    for found, wanted in zip(
        to_torch(program)(torch.tensor([0.0, 1.0])), [[10, 0], [0.1, 0.1]], strict=True
    ):
        assert found.dtype == torch.float64
        np.testing.assert_array_equal(found.numpy(), wanted)


@pytest.mark.parametrize("scalar", [2.0, 1, "a tensor on the CPU", "an array"])
@pytest.mark.parametrize("first", [True, False])
def test_torch_outputs_lie_where_the_columns_do(scalar, first):
    """Those that are constants, numbers or tensors of no dimensions, too; meta is a device."""
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    x, y = leaves(2)
    names = ["cbrt", "sinh", "exp", "less", "erfc"]
    outputs = [x, y, x * 0.1, y * 0.1, x + y, Value(3.0) * 2.0]
    outputs += [TABLE[name](*[z, 0.3][: TABLE[name].arity]) for name in names for z in (x, y)]
    function = to_torch(ag.freeze(outputs, [x, y]))
    column = torch.zeros(3, device="meta", dtype=torch.float32)
    other = {"a tensor on the CPU": torch.tensor(2.0), "an array": np.ones(3)}.get(scalar, scalar)
    for found in function(*((column, other) if first else (other, column))):
        assert (found.device.type, found.dtype, found.shape) == ("meta", torch.float64, (3,))


def test_torch_takes_numbers_exactly_whatever_its_defaults_are():
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    with torch.device("meta"):
        function = to_torch(product_of_sine())
    assert function(0.1).item() == 0.1 * 0.1 * math.sin(0.1)
    assert function([0.1, 0.1]).shape == (2,)


@pytest.mark.parametrize(
    ("name", "slope"),
    [("cbrt", math.inf), ("sinh", 1.0), ("cosh", 0.0), ("exp2", math.log(2.0)), ("arctanh", 1.0)],
)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_libraries_differentiate_what_is_composed_for_them(name, slope, zero):
    """At 0, too, where a branch not taken, or abs, would give nan or 0."""
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    program = one_instruction(TABLE[name])
    x = torch.tensor(zero, dtype=torch.float64, requires_grad=True)
    to_torch(program)(x).backward()
    with jax.enable_x64(True):
        found = jax.grad(to_jax(program))(zero)
    assert [x.grad.item(), float(found)] == pytest.approx([slope, slope], rel=1e-15)


@pytest.mark.parametrize(
    ("written", "x"),
    [
        (lambda x: (x + 1e16) - 1e16, 3.0),
        (lambda x: (x - 2.0**52) + 2.0**52, 0.75),
        (lambda x: x * 1e300 * 1e200, 1e-300),
        (lambda x: x * 1e300 / 1e300, 1e10),
        (lambda x: 1e300 / x / x, 1e160),
        (lambda x: x / 1e-200 / 1e-200, 1e-100),
    ],
    ids=["add", "subtract", "multiply", "multiply and divide", "divide", "divide by numbers"],
)
def test_jax_computes_step_by_step(written, x):
    """XLA would do algebra, as on reals."""
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    [v] = leaves(1)
    with jax.enable_x64(True):
        found = jax.jit(to_jax(ag.freeze(written(v), [v])))(np.array([x]))
    assert found.tolist() == [written(Value(x)).data]


def test_what_jax_is_given_has_derivatives_of_every_kind():
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    x, y = leaves(2)
    program = ag.freeze(x / y / y, [x, y])
    with jax.enable_x64(True):
        function = to_jax(program)
        slopes = jax.jit(jax.vmap(jax.grad(function, argnums=1)))(np.ones(2), np.array([1.0, 2.0]))
        second = jax.jit(jax.hessian(function, argnums=1))(1.0, 2.0)
        assert float(second) == pytest.approx(6.0 / 2.0**4)
    np.testing.assert_allclose(slopes, [-2.0, -0.25])


def test_jax_makes_zeros_positive_where_the_program_does():
    """By adding 0.0, from either side and in a sum."""
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    rows = [TABLE["add"], TABLE["sum"]]
    program = Program(1, [0.0], rows, [0, 0, 1], [0, 2, 4, 5], [0, 1, 1, 0, 0], [2, 3, 4])
    with jax.enable_x64(True):
        found = jax.jit(to_jax(program))(np.array([-0.0, 2.0]))
    for column in found:
        same_bits(column.tolist(), [0.0, 2.0], "jax")


def test_onnx_keeps_what_onnxruntime_would_fuse():
    """1 / x * y is no y / x, and x + 0.0 no x: where the first is inf, and of -0.0."""
    pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    runtime = pytest.importorskip("onnxruntime", reason='pip install "autograd-lite[export]"')
    x, y = leaves(2)
    rows = [TABLE["add"], TABLE["subtract"]]
    zeros = Program(2, [0.0, -0.0], rows, [0, 0, 1, 1], [0, 2, 4, 6, 8], [0, 2, 2, 0, 0, 3, 0, 2],
                    [4, 5, 6, 7])  # fmt: skip
    columns = {"x0": np.array([5e-324, -0.0, 3.0]), "x1": np.array([5e-324, 2.0, 6.0])}
    for program in (ag.freeze([1.0 / x * y], [x, y]), zeros):
        model = to_onnx(program).SerializeToString()
        session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
        for k, found in enumerate(session.run(None, columns)):
            for i, row in enumerate(zip(*columns.values(), strict=True)):
                same_bits([found[i].item()], [program(*row)[k]], (k, row))


@pytest.mark.parametrize(
    ("export", "library"), [(to_jax, "jax"), (to_torch, "torch"), (to_onnx, "onnx")]
)
def test_a_missing_library_is_named(monkeypatch, export, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match="pip install"):
        export(ALL)


def test_what_a_library_lacks_is_refused_by_name(monkeypatch):
    monkeypatch.setitem(LEAVES, "cbrt", LEAVES["cbrt"]._replace(composed=None))
    program = one_instruction(TABLE["cbrt"])
    pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    with pytest.raises(ProgramError, match="PyTorch has no cbrt"):
        to_torch(program)
    pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    with pytest.raises(ProgramError, match="ONNX has no cbrt"):
        to_onnx(program)


@pytest.mark.parametrize("length", [0, 1, 5])
def test_onnx_takes_columns_of_any_length(length):
    pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    runtime = pytest.importorskip("onnxruntime", reason='pip install "autograd-lite[export]"')
    program = Program(2, [7.0], [TABLE["add"]], [0], [0, 2], [0, 2], [3, 2, 1])
    model = to_onnx(program).SerializeToString()
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    x, y = np.arange(length) + 0.5, np.arange(length) - 0.5
    found = session.run(None, {"x0": x, "x1": y})
    np.testing.assert_array_equal(found, [x + 7.0, 7.0 + 0.0 * x, y])


def test_onnx_needs_an_input():
    pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    with pytest.raises(ProgramError, match="needs an input"):
        to_onnx(Program(0, [1.0], [], [], [0], [], [0], True))


@pytest.mark.parametrize("name", [name for name, record in LEAVES.items() if record.composed])
def test_what_a_target_lacks_is_composed_to_some_ulp(name):
    [row] = [row for row in TABLE.values() if getattr(row.forward, "c", "") == name]
    edges = [*itertools.product([*SPECIAL, -2.0, 30.0, 700.0, -700.0, 710.0], repeat=row.arity)]
    size = 10.0 ** RNG.uniform(-10, 2.5, (2000, 1))
    points = np.concatenate(
        [
            edges,
            size * RNG.normal(size=(2000, row.arity)),
            RNG.uniform(-1.0, 1.0, (2000, row.arity)),
        ]
    )
    with np.errstate(all="ignore"):
        found = LEAVES[name].composed(*points.T)
    wanted = np.array([row.on_floats(*point) for point in points.tolist()])
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        near = np.abs(found - wanted) <= 8 * np.spacing(np.abs(wanted))
    assert (same | near).all(), points[~(same | near)]


# --- LaTeX ----------------------------------------------------------------------------------------


def test_latex_has_a_line_per_instruction_and_names_the_outputs():
    x, y = leaves(2)
    total = TABLE["exp"](x * -0.5) + y * 1e-9
    assert to_latex(ag.freeze([total, y], [x, y])) == (
        "\\begin{aligned}\n"
        r"r_{0} &= x_{0} \cdot \left(-0.5\right) \\" "\n"
        r"r_{1} &= e^{r_{0}} \\" "\n"
        r"r_{2} &= x_{1} \cdot \left(1 \cdot 10^{-9}\right) \\" "\n"
        r"y_{0} &= r_{1} + r_{2} \\" "\n"
        r"y_{1} &= x_{1}" "\n"
        "\\end{aligned}"
    )  # fmt: skip
    assert to_latex(one_instruction(TABLE["hypot"])) == r"\sqrt{{x_{0}}^{2} + {x_{1}}^{2}}"


@ids
def test_latex_writes_every_kernel(k):
    text = to_latex(one_instruction(KERNELS[k]))
    assert "#" not in text
    assert all(f"x_{{{i}}}" in text for i in range(KERNELS[k].arity or 3))
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")


def test_latex_writes_every_argument_and_brackets_only_where_they_are_needed():
    xs = leaves(20)
    text = to_latex(ag.freeze(TABLE["max"](xs), xs))
    assert text == rf"\max\left({', '.join(f'x_{{{i}}}' for i in range(20))}\right)"
    assert to_latex(ag.freeze(TABLE["max"]([xs[0], -2.0]), xs[:1])) == r"\max\left(x_{0}, -2\right)"


# --- random programs ------------------------------------------------------------------------------


@st.composite
def programs(draw):
    n_inputs = draw(st.integers(1, 4))
    registers = leaves(n_inputs)
    some = st.one_of(st.sampled_from(SPECIAL), st.floats(-3.0, 3.0))
    for _ in range(draw(st.integers(1, 12))):
        row = draw(st.sampled_from(list(TABLE.values())))
        count = row.arity
        if count is None:
            count = len(row.vectors) * draw(st.integers(1, 3)) + len(row.scalars)
        old = st.sampled_from(registers)
        args = [draw(old), *[draw(st.one_of(old, some)) for _ in range(count - 1)]]
        registers.append(Value._apply_op(row, args))
    outputs = draw(st.lists(st.sampled_from(registers), min_size=1, max_size=3))
    single = len(outputs) == 1 and draw(st.booleans())
    inputs = draw(st.lists(some, min_size=n_inputs, max_size=n_inputs))
    return ag.freeze(outputs[0] if single else outputs, registers[:n_inputs]), inputs


@given(programs())
def test_random_programs_keep_every_bit_in_python(case):
    program, inputs = case
    found = to_python(program)(*inputs)
    same_bits([found] if program.single else found, interpreted(program, inputs), str(program))


@settings(max_examples=20)
@given(programs())
def test_random_programs_keep_every_bit_in_c(tmp_path_factory, case):
    program, inputs = case
    found = compiled(program, tmp_path_factory.mktemp("random"))(inputs)
    same_bits(found, interpreted(program, inputs), str(program))


@given(programs())
def test_random_programs_can_be_written_in_latex(case):
    program, _ = case
    assert "#" not in to_latex(program)
