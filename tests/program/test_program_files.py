"""Program files hold data alone, and what is wrong in one raises ProgramError, whatever it is."""

import json
import math
import os
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import ProgramError
from autograd_lite.ops import TABLE
from autograd_lite.ops.table import with_attrs
from autograd_lite.program import load_program
from autograd_lite.program.exports import to_c, to_latex, to_numpy, to_python
from autograd_lite.program.files import save
from autograd_lite.program.program import Program

KEY = "autograd_lite_program"
ARRAYS = ["constants", "codes", "starts", "operands", "outputs"]


def leaves(n):
    return [Value(0.5) for _ in range(n)]


def every_kernel():
    x = leaves(3)
    rows = [
        *[row for row in TABLE.values() if row.is_kernel],
        with_attrs("leaky_relu", (("slope", 0.25),)),
    ]
    found = []
    for row in rows:
        count = row.arity or 2 * len(row.vectors) + len(row.scalars)
        found.append(Value._apply_op(row, [*x, x[0], x[1]][:count]) * 0.1)
    return ag.freeze(found, x)


PROGRAM = every_kernel()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "program.safetensors"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The bytes of a good file."""
    path = tmp_path_factory.mktemp("good") / "program"
    save(PROGRAM, path)
    return path.read_bytes()


def parts(content):
    """Arrays and description of a file."""
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    return safetensors.numpy.load(content), json.loads(header["__metadata__"][KEY])


@pytest.mark.parametrize("where", [0.4, 0.6, 0.8, 0.97])
def test_a_file_with_another_byte_is_refused(where, good, tmp_path):
    at = int(where * len(good))
    refused(tmp_path / "program", good[:at] + bytes([good[at] ^ 2]) + good[at + 1 :], "program: ")


def written(arrays, description):
    text = description if isinstance(description, str) else json.dumps(description)
    return safetensors.numpy.save(arrays, metadata={KEY: text})


def nan_equal(a, b):
    return np.array_equal(np.asarray(a, float), np.asarray(b, float), equal_nan=True)


def test_a_loaded_program_is_the_saved_one(path):
    save(PROGRAM, path)
    found = load_program(path)
    for name in ARRAYS:
        assert getattr(found, name).tobytes() == getattr(PROGRAM, name).tobytes(), name
        assert getattr(found, name).dtype == getattr(PROGRAM, name).dtype
    assert list(map(repr, found.ops)) == list(map(repr, PROGRAM.ops))
    assert (found.n_inputs, found.single) == (PROGRAM.n_inputs, PROGRAM.single)
    assert found.stats() == PROGRAM.stats()
    assert str(found) == str(PROGRAM)
    assert nan_equal(found(0.5, 2.0, -1.0), PROGRAM(0.5, 2.0, -1.0))


def test_frozen_programs_are_saved_and_loaded(path):
    x = ag.Value(3.0)
    program = ag.freeze(ag.silu(x) * x, [x])
    program.save(path)
    assert ag.load_program(path)(0.3) == program(0.3)


@pytest.mark.parametrize("single", [False, True])
def test_a_program_without_instructions_is_kept(path, single):
    program = Program(2, [math.nan, -0.0], [], [], [0], [], [3], single)
    save(program, path)
    found = load_program(path)
    assert found.single is single
    assert found.constants.tobytes() == program.constants.tobytes()
    assert str(found(1.0, 2.0)) == ("-0.0" if single else "[-0.0]")


def test_saving_replaces_a_file_and_leaves_nothing_beside_it(path):
    path.write_text("old")
    save(PROGRAM, path)
    assert os.listdir(path.parent) == [path.name]
    assert len(load_program(str(path))) == len(PROGRAM)


def test_a_link_stays_a_link(path, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(path)
    save(PROGRAM, link)
    assert link.is_symlink()
    assert len(load_program(path)) == len(PROGRAM)


def test_a_missing_file_is_file_not_found(path):
    with pytest.raises(FileNotFoundError):
        load_program(path)


def test_a_program_that_could_not_be_loaded_is_not_saved(path):
    wrong = Program(1, [], [TABLE["exp"]], [0], [0, 1], [7], [1])
    with pytest.raises(ProgramError, match="operand 0 is 7"):
        save(wrong, path)
    assert not path.exists()


def refused(path, content, match):
    path.write_bytes(content)
    with pytest.raises(ProgramError, match=match) as caught:
        load_program(path)
    assert str(path) in str(caught.value)


WRONG_ARRAYS = {
    "an operand that is its own register": (
        "operands", lambda a: np.r_[3 + len(PROGRAM.constants), a[1:]], "operand 0 is"),
    "a negative operand": ("operands", lambda a: np.r_[a[:-1], -1], "operand .* is -1"),
    "the smallest operand": ("operands", lambda a: np.r_[a[:-1], -(2**63)], "is -9223372"),
    "an operand too many": ("operands", lambda a: np.r_[a, 0], "operands begin at"),
    "no operands": ("operands", lambda a: a[:0], "operands begin at"),
    "an op code beyond": ("codes", lambda a: np.r_[a[:-1], 200].astype(np.int32), "op code .* 200"),
    "a negative op code": ("codes", lambda a: np.r_[a[:-1], -1].astype(np.int32), "op code .* -1"),
    "another op code": ("codes", lambda a: a[::-1].copy(), "does not take"),
    "codes of another kind": ("codes", lambda a: a.astype(np.int64), "codes .* int64"),
    "too few codes": ("codes", lambda a: a[:-1], "begin at"),
    "starts that go back": ("starts", lambda a: np.r_[a[:2], a[1] + 2**62, a[3:]], "ends before"),
    "starts that begin later": ("starts", lambda a: np.r_[1, a[1:]], "begin at"),
    "no starts": ("starts", lambda a: a[:0], "begin at"),
    "starts in two dimensions": ("starts", lambda a: a.reshape(1, -1), "one dimension"),
    "an output beyond": ("outputs", lambda a: a + 1, "output .* must be"),
    "a negative output": ("outputs", lambda a: -1 - a, "output 0 is -"),
    "constants that are whole": ("constants", lambda a: a.astype(np.int64), "constants .* int64"),
    "constants of half the size": ("constants", lambda a: a.astype(np.float32), "F32"),
    "attributes of another kind": ("attrs", lambda a: a.astype(np.int64), "are no float64"),
    "an attribute too many": ("attrs", lambda a: np.r_[a, 1.0], "do not have 3 attributes"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_ARRAYS)
def test_a_wrong_array_is_refused(path, good, what):
    name, change, match = WRONG_ARRAYS[what]
    arrays, description = parts(good)
    arrays[name] = change(arrays[name])
    refused(path, written(arrays, description), match)


@pytest.mark.parametrize("name", [*ARRAYS, "attrs"])
def test_a_missing_array_is_refused(path, good, name):
    arrays, description = parts(good)
    del arrays[name]
    refused(path, written(arrays, description), "consists of|attributes")


def test_an_array_too_many_is_refused(path, good):
    arrays, description = parts(good)
    refused(path, written({**arrays, "more": arrays["codes"]}, description), "'more'")


WRONG_FIELDS = {
    "n_inputs": [-1, 2.0, "3", None, True, [3], 2**31, 10**30, 1],
    "single": [True, 0, None, "no"],
    "version": [0, 2, "1", None, True, 1.0],
    "saved": [[], {"equal": -1}, {"equal": 1.5}, {"equal": "1"}, None],
    "rows": [
        [], None, {}, [["exp"]], "exp", [[]], [[1]], [["nothing"]], [["exp", "slope"]],
        [["sigmoid"]] * 60, [["__import__"]] * 60,
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "thing"), [(field, thing) for field, some in WRONG_FIELDS.items() for thing in some]
)
def test_a_wrong_field_is_refused(path, good, field, thing):
    arrays, description = parts(good)
    said = {
        "n_inputs": "inputs|registers|operand|output",
        "rows": "rows in its|its ops|no op|no instruction|op code",
        "single": "does not fit",
    }
    match = said.get(field, field)
    refused(path, written(arrays, {**description, field: thing}), match)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        "{",
        "null",
        "[" * 100_000,
        '{"version": 1}',
        '{"version": ' + "9" * 5000 + "}",
    ],
)
def test_a_wrong_description_is_refused(path, good, text):
    refused(path, written(parts(good)[0], text), "description|version")


def test_an_attribute_out_of_range_is_refused(path):
    """No kernel has a range yet, so it is that of a row that would be refused anyway."""
    description = {
        "version": 1,
        "n_inputs": 1,
        "single": False,
        "rows": [["norm", "order"]],
        "saved": {},
    }
    arrays = {name: getattr(Program(1, [], [], [], [0], [], [0]), name) for name in ARRAYS}
    refused(path, written({**arrays, "attrs": np.array([math.nan])}, description), "order from 1")
    refused(path, written({**arrays, "attrs": np.array([2.0])}, description), "no instruction")


def test_files_of_others_are_refused(path, good):
    refused(path, safetensors.numpy.save(parts(good)[0]), "not one that Program.save wrote")
    refused(path, b"", "no safetensors file")
    refused(path, good[:-8], "cut short")
    refused(path, good + b"\0" * 8, "damaged")


# --- whatever the bytes are -----------------------------------------------------------------------


def loads_or_is_refused(path, content):
    """Whether it loads; if it does, it runs, and can be exported."""
    path.write_bytes(content)
    try:
        program = load_program(path)
    except ProgramError:
        return False
    if program.n_inputs < 100:
        inputs = [0.5] * program.n_inputs
        found = program(*inputs)
        wanted = [found] if program.single else found
        exported = to_python(program)(*inputs)
        assert nan_equal([exported] if program.single else exported, wanted)
        assert len(wanted) == len(program.outputs)
        to_numpy(program)(*inputs)
        if inputs:
            program.map(*[[number, -1.0] for number in inputs])
        assert to_c(program).startswith("/*")
        assert to_latex(program)
        assert str(program)
    return True


fuzz = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzz
@given(content=st.binary(max_size=300))
def test_random_bytes_are_refused(path, content):
    assert not loads_or_is_refused(path, content)


@fuzz
@given(data=st.data())
def test_a_good_file_with_other_bytes_loads_or_is_refused(path, good, data):
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    start = data.draw(st.integers(0, len(good)))
    gone = data.draw(st.sampled_from([0, 0, 0, 1, 8, 1000]))
    del content[start : start + gone]
    loads_or_is_refused(path, bytes(content))


WHOLE = st.one_of(
    st.integers(-2, 80), st.sampled_from([2**31 - 1, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63)])
)


@fuzz
@given(data=st.data())
def test_a_good_file_with_other_numbers_loads_or_is_refused(path, good, data):
    arrays, description = parts(good)
    name = data.draw(st.sampled_from([*ARRAYS, "attrs"]))
    array = arrays[name].copy()
    if array.dtype == np.float64:
        number = st.floats(allow_nan=True)
    else:
        info = np.iinfo(array.dtype)
        number = WHOLE.map(lambda n: min(max(n, info.min), info.max))
    for _ in range(data.draw(st.integers(1, 3))):
        array[data.draw(st.integers(0, len(array) - 1))] = data.draw(number)
    arrays[name] = array[: data.draw(st.sampled_from([None, None, len(array) - 1]))]
    loads_or_is_refused(path, written(arrays, description))


WORDS = st.text(max_size=5) | st.sampled_from([*TABLE])
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@fuzz
@given(field=st.sampled_from([*WRONG_FIELDS]), thing=JSON)
def test_a_good_file_with_another_field_loads_or_is_refused(path, good, field, thing):
    arrays, description = parts(good)
    loads_or_is_refused(path, written(arrays, {**description, field: thing}))


@fuzz
@given(place=st.integers(0, 40), name=st.sampled_from([*TABLE]))
def test_a_good_file_with_another_op_loads_or_is_refused(path, good, place, name):
    arrays, description = parts(good)
    description["rows"][place] = [name]
    loads_or_is_refused(path, written(arrays, description))


@fuzz
@given(data=st.data())
def test_small_files_of_any_numbers_load_or_are_refused(path, data):
    """Random programs: most are refused, some load."""
    names = data.draw(st.lists(st.sampled_from(["add", "exp", "sum", "dot", "where"]), max_size=3))
    count = data.draw(st.integers(0, 3))
    small = st.integers(-1, 6)
    widths = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    total = sum(widths)
    arrays = {
        "constants": np.array([1.5] * data.draw(st.integers(0, 2))),
        "codes": np.array(data.draw(st.lists(small, min_size=count, max_size=count)), np.int32),
        "starts": np.cumsum([0, *widths], dtype=np.int64),
        "operands": np.array(data.draw(st.lists(small, min_size=total, max_size=total)), np.int64),
        "outputs": np.array(data.draw(st.lists(small, max_size=2)), np.int64),
        "attrs": np.array([]),
    }
    description = {
        "version": 1, "n_inputs": data.draw(st.integers(0, 3)), "single": data.draw(st.booleans()),
        "rows": [[name] for name in names], "saved": {},
    }  # fmt: skip
    loads_or_is_refused(path, written(arrays, description))
