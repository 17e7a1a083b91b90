"""The types of ops and names, which type checkers read in files ending in ``.pyi``."""

import ast
import inspect
import re

import numpy as np
import pytest
import signatures

import autograd_lite as ag
from autograd_lite.engine.python.node import Node
from autograd_lite.ops import SequenceOp

ENGINE = signatures.PACKAGE / "engine" / "python" / "value.py"
METHODS = next(
    node
    for node in ast.parse(signatures.signatures()).body
    if isinstance(node, ast.ClassDef) and node.name == "ValueMethods"
)


@pytest.mark.parametrize("path", signatures.stubs(), ids=lambda path: path.name)
def test_what_type_checkers_read_is_written_from_the_table(path):
    """So no op is described by hand; after a change run ``python tests/signatures.py``."""
    assert path.read_text(encoding="utf-8") == signatures.stubs()[path]


def test_every_public_name_has_a_type():
    """Unknown names were ops to type checkers: ``ag.tanhh`` was accepted."""
    told = set()
    for node in ast.parse(signatures.face()).body:
        if isinstance(node, ast.ImportFrom):
            told |= {alias.asname for alias in node.names}
        elif isinstance(node, ast.AnnAssign):
            told.add(node.target.id)
    public = {name for name in dir(ag) if not name.startswith("_")}
    assert told - {None, "__version__"} == {*ag.__all__, *signatures.ROOMS} == public


#: What Python puts into the classes that are written in it, from 3.13 on.
_OF_PYTHON = {"__annotations__", "__firstlineno__", "__static_attributes__"}


def test_every_method_of_a_value_has_a_type():
    """But what is there only to be refused, and what the engine says itself."""
    told = {node.name for node in METHODS.body if isinstance(node, ast.FunctionDef)}
    own = {*re.findall(r"^    (?:def )?(\w+)[ (]", ENGINE.read_text(), re.MULTILINE), *vars(Node)}
    assert {"data", "backward", "zero_grad"} <= own
    assert "tanh" not in own
    hidden = {"__float__", "__int__", "__round__", "__signature__"}
    hidden |= {"_backward", "m", "v", "velocity"}
    found = {name for name in dir(ag.Value) if name not in dir(object)}
    assert found - _OF_PYTHON <= told | own | hidden
    assert told <= {*dir(ag.Value)}


@pytest.mark.parametrize("node", METHODS.body[1:], ids=lambda node: node.name)
def test_arguments_of_methods_have_their_names(node):
    function = getattr(ag.Value, node.name)
    if callable(function) and not node.name.startswith("_"):
        names = [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)]
        assert names[1:] == [*inspect.signature(function).parameters][1:]


@pytest.mark.parametrize("row", signatures.ROWS, ids=lambda row: row.name)
def test_an_op_gives_what_its_type_says(row):
    given = [1.0] * (len(row.arguments))
    is_sequence = isinstance(row, SequenceOp)
    for i in range(len(given)):
        mixed = [*given[:i], ag.Value(1.0), *given[i + 1 :]]
        rows = (
            [[x] if k < len(row.vectors) else x for k, x in enumerate(mixed)]
            if is_sequence
            else mixed
        )
        assert type(row(*rows)) is ag.Value
        if not is_sequence:
            assert isinstance(row(*given[:i], np.ones(2), *given[i + 1 :]), np.ndarray)
            assert isinstance(row(*mixed[:i], [1.0], *mixed[i + 1 :]), np.ndarray)
    plain = (
        [[x] if k < len(row.vectors) else x for k, x in enumerate(given)] if is_sequence else given
    )
    assert type(row(*plain)) is float
