"""The floors of the house: a file imports only from floors below its own, at its top."""

import ast
import importlib
from pathlib import Path

import pytest

import autograd_lite
from autograd_lite.ops import TABLE

PACKAGE = Path(autograd_lite.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

#: Floor of each room; a room is a file or a folder, whose own files may import one another.
FLOORS = {
    "errors": 0, "files": 0, "terminal": 0, "ops": 1, "writing": 2, "engine": 3,
    "value": 4, "pickles": 4, "graph": 4, "modes": 4,
    "transforms": 5, "program": 5, "expressions": 5, "evaluation_trace": 5,
    "nn": 6, "view": 6, "tables": 6, "diagnosis": 6, "explanations": 6,
    "lesson": 7, "demo": 7, "cli": 7, "__main__": 8, "__init__": 8,
}  # fmt: skip
#: On the same floor, who may stand on whom.
SAME_FLOOR = {
    ("cli", "demo"), ("cli", "lesson"), ("demo", "lesson"), ("program", "transforms"),
    ("tables", "nn"), ("value", "pickles"), ("view", "explanations"),
}  # fmt: skip
#: The one function that imports late: by the table beside it, which is all that loads late.
IMPORTS_LATE = ("__init__.py", "__getattr__")


def room(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            parts = (node.module or "").split(".")
            if parts[0] == "autograd_lite":
                yield from [parts[1]] if parts[1:] else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == "autograd_lite":
                    yield parts[1] if parts[1:] else "__init__"


def imports_by_name(function):
    called = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
    return [name for name in called if name.endswith(("_import", "import_module", "__import__"))]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_imports_only_from_floors_below(path):
    own = room(path)
    if own == "__init__":
        return
    for other in set(imported_rooms(ast.parse(path.read_text()))) - {own}:
        below = FLOORS.get(other, 8) < FLOORS[own]
        assert below or (own, other) in SAME_FLOOR, f"{path.name} imports {other}"


def test_the_engines_contract_is_all_that_others_use():
    """Outside its room only `from autograd_lite.engine import NAME`, for a name of its list."""
    listed = {*importlib.import_module("autograd_lite.engine").__all__}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())) if room(path) != "engine" else ():
            if isinstance(node, ast.ImportFrom) and "engine" in (node.module or "").split("."):
                assert node.module == "autograd_lite.engine", f"{path.name}: {node.module}"
                assert {alias.name for alias in node.names} <= listed, path.name
            elif isinstance(node, ast.Import):
                assert not any("engine" in alias.name for alias in node.names), path.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_inside_a_function_dodges_a_circle(path):
    """Late imports are for optional extras; this package has one, `IMPORTS_LATE`."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            late = list(imported_rooms(function)) or imports_by_name(function)
            named = (str(path.relative_to(PACKAGE)), function.name) == IMPORTS_LATE
            assert bool(late) == named, f"{function.name} imports late"


@pytest.mark.parametrize(
    "path", [p for p in FILES if room(p) != "ops"], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_no_line_outside_the_table_asks_for_a_particular_op(path):
    """`if op == "tanh"` is a fault in the design: make it a column of the row."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            for side in [node.left, *node.comparators]:
                names = [n.value for n in ast.walk(side) if isinstance(n, ast.Constant)]
                assert not {n for n in names if isinstance(n, str)} & set(TABLE), ast.unparse(node)


def test_every_room_has_a_floor_and_architecture_md_names_it():
    rooms = {room(path) for path in FILES}
    assert rooms == set(FLOORS)
    text = (PACKAGE.parent / "ARCHITECTURE.md").read_text()
    for name in rooms - {"__init__", "__main__"}:
        assert f"{name}.py" in text or f"{name}/" in text, name


def test_files_stay_short():
    """About 300 lines; the op table is one table."""
    for path in FILES:
        limit = 440 if path.name == "rules.py" else 330
        assert len(path.read_text().splitlines()) <= limit, path


def test_what_holds_values_is_compared_by_identity():
    """A generated `__eq__` compares the numbers of Values: it would not say which node it is."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                made = [ast.unparse(each) for each in node.decorator_list]
                kinds = [ast.unparse(field.annotation) for field in fields_of(node)]
                if any("dataclass" in each for each in made) and any("Value" in k for k in kinds):
                    assert any("eq=False" in each for each in made), f"{path.name}: {node.name}"


def fields_of(node):
    return [each for each in node.body if isinstance(each, ast.AnnAssign)]
