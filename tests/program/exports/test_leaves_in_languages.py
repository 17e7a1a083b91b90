"""Every leaf of the table has a name in every language, or something that stands for it."""

import re

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import ProgramError
from autograd_lite.ops import TABLE
from autograd_lite.ops.languages import LEAVES, Record
from autograd_lite.ops.leaf import Leaf
from autograd_lite.writing import javascript

LANGUAGES = ["jax", "torch", "onnx", "javascript"]
LEAF_ROWS = [
    row for row in TABLE.values() if isinstance(row.forward, Leaf) and not row.forward.compare
]


def test_every_leaf_has_a_record_and_no_record_is_of_nothing():
    assert {row.forward.c for row in LEAF_ROWS} == set(LEAVES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_leaf_that_a_language_lacks_is_composed_of_others(language):
    missing = [
        name for name, record in LEAVES.items()
        if not getattr(record, language) and record.composed is None
    ]  # fmt: skip
    assert missing == []


@pytest.mark.parametrize("language", ["jax", "torch"])
def test_the_names_of_a_library_are_functions_of_it(language):
    library = pytest.importorskip(language, reason='pip install "autograd-lite[oracle]"')
    roots = {"jax": library, "torch": library}
    if language == "jax":
        pytest.importorskip("jax.scipy.special")
        roots["jnp"] = library.numpy
    for name, record in LEAVES.items():
        text = getattr(record, language).replace("@", name)
        for root, path in re.findall(r"(jax|jnp|torch)\.([\w.]+)", text):
            function = roots[root]
            for part in path.split("."):
                function = getattr(function, part)
            assert callable(function)


def test_the_operators_of_onnx_exist():
    onnx = pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    for record in LEAVES.values():
        assert not record.onnx or onnx.defs.has(record.onnx)


def test_javascript_has_a_function_of_math_or_an_expression():
    for name, record in LEAVES.items():
        if "{" not in record.javascript:
            assert record.javascript in ("Math.@", "Math.abs", ""), name


def remainders():
    """x % y, which stands on the leaf fmod, and the point at which it is asked."""
    x, y = Value(7.5), Value(-2.0)
    return ag.freeze(x % y, [x, y]), (7.5, -2.0)


def test_a_leaf_is_in_every_language_by_its_row_and_its_record():
    program, point = remainders()
    assert program.to_python()(*point) == program.to_numpy()(*point) == 7.5 % -2.0
    assert "fmod(" in program.to_c()
    assert "(x % y)" in javascript.script((TABLE["remainder"],))[0]
    assert "(x0 % x1)" in program.to_javascript()
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    assert program.to_torch()(*point).item() == 7.5 % -2.0
    assert torch.float64 == program.to_torch()(*point).dtype
    pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    assert "Mod" in [node.op_type for node in program.to_onnx().graph.node]


@pytest.mark.parametrize(
    "record",
    [None, Record(jax="", torch="", javascript="")],
    ids=["no record", "a record without names"],
)
def test_a_leaf_that_nothing_gives_is_refused_by_name(monkeypatch, record):
    """Never by an undefined function; C, Python and NumPy have it from its row alone."""
    javascript.script.cache_clear()
    monkeypatch.delitem(LEAVES, "fmod")
    if record is not None:
        monkeypatch.setitem(LEAVES, "fmod", record)
    program, point = remainders()
    assert program.to_python()(*point) == program.to_numpy()(*point) == 7.5 % -2.0
    assert np.isnan(program.to_python()(7.5, 0.0))
    assert "fmod(" in program.to_c()
    with pytest.raises(ProgramError, match=r"JavaScript has no fmod.*svg"):
        javascript.script((TABLE["remainder"],))
    with pytest.raises(ProgramError, match=r"JavaScript has no fmod.*try to_numpy"):
        program.to_javascript()
    pytest.importorskip("onnx", reason='pip install "autograd-lite[export]"')
    with pytest.raises(ProgramError, match=r"ONNX has no fmod.*try to_c"):
        program.to_onnx()
    pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')
    with pytest.raises(ProgramError, match=r"PyTorch has no fmod.*try to_numpy"):
        program.to_torch()
    jax = pytest.importorskip("jax", reason='pip install "autograd-lite[oracle]"')
    with jax.enable_x64(True), pytest.raises(ProgramError, match=r"JAX has no fmod.*try to_numpy"):
        program.to_jax()
