"""The floors of the house: a file imports only from floors below its own, at its top."""

import ast
import importlib
import re
from collections import Counter, defaultdict
from pathlib import Path

import memcheck
import pytest

import autograd_lite
from autograd_lite.ops import TABLE
from autograd_lite.ops.leaf import Leaf

pytestmark = pytest.mark.no_cover  # reads the files, runs nothing of them

PACKAGE = Path(autograd_lite.__file__).parent
ARCHITECTURE = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text(encoding="utf-8")
MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
FILES = sorted(PACKAGE.rglob("*.py"))

#: Every file, as imports name it.
MODULES = {
    ".".join(("autograd_lite", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in FILES
}

#: Floor of each room; a room is a file or a folder, whose own files may import one another.
FLOORS = {
    "errors": 0, "files": 0, "terminal": 0, "ops": 1, "writing": 2, "engine": 3,
    "value": 4, "pickles": 4, "graph": 4, "modes": 4,
    "transforms": 5, "program": 5, "expressions": 5,
    "nn": 6, "view": 6, "tables": 6, "diagnosis": 6, "explanations": 6,
    "distributed": 7, "estimators": 7, "lesson": 7, "exercises": 7, "playgrounds": 7, "demo": 7,
    "cli": 7,
    "__main__": 8, "__init__": 8,
}  # fmt: skip
#: On the same floor, who may stand on whom.
SAME_FLOOR = {
    ("cli", "demo"), ("cli", "exercises"), ("cli", "lesson"), ("cli", "playgrounds"),
    ("demo", "lesson"), ("files", "errors"), ("nn", "view"),
    ("program", "transforms"), ("tables", "nn"), ("terminal", "errors"),
    ("value", "pickles"), ("view", "explanations"),
}  # fmt: skip
#: The functions that import late: by the tables beside them, which are all that loads late.
IMPORTS_LATE = {("__init__.py", "__getattr__"), ("estimators/__init__.py", "__getattr__")}

#: File names of which there are several, and the idea that they share.
SHARED_IDEAS = {
    "checks.py": "what must hold of bytes that are read, before anything is made of them",
    "columns.py": "a graph as one array for each property of its nodes",
    "custom.py": "a user's op: its row, and the function that defines it",
    "files.py": "writing a file and reading it: any, a program, a network",
    "paths.py": "one way among several, of which each is looked at by itself",
    "text.py": "plain text for readers",
    "value.py": "the type Value: what an engine says of it, and as users meet it",
}


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


def imported_files(path):
    """The files of the package that a file names in its imports, for typing too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= submodules & {*MODULES} or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & {*MODULES}


def reached(graph, start):
    """A file, and all that it imports by way of others."""
    seen, waiting = {start}, [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


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
    """Late imports are for optional extras; of this package's own there are `IMPORTS_LATE`."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            late = list(imported_rooms(function)) or imports_by_name(function)
            named = (path.relative_to(PACKAGE).as_posix(), function.name) in IMPORTS_LATE
            assert bool(late) == named, f"{function.name} imports late"


#: Words that are the names of ops or leaves, and mean something else where code says them.
OTHER_MEANINGS = {
    "absolute": "a loss of the lesson", "add": "CPython's slot of an operator", "dot": "Graphviz",
    "floor": "of a chart", "identity": "scikit-learn's word for no activation",
    "log": "a scale of matplotlib", "mean": "over rows",
    "negative": "the colour of a number", "pow": "CPython's slot", "share": "of samples",
    "sum": "over rows",
}  # fmt: skip
#: The names of activations that users give, of which these rooms show examples.
USERS = {"demo", "lesson", "tables"}


@pytest.mark.parametrize(
    "path", [p for p in FILES if room(p) != "ops"], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_no_line_outside_the_table_asks_for_a_particular_op(path):
    """`if op == "tanh"` is a fault in the design: make it a column of the row, or of a record."""
    leaves = {row.rules[0].c for row in TABLE.values() if isinstance(row.rules[0], Leaf)}
    for node in ast.walk(ast.parse(path.read_text())):
        names = set()
        if isinstance(node, ast.Compare):
            names = {*constants(node)}
        elif isinstance(node, ast.Dict):
            names = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        elif isinstance(node, ast.Call) and room(path) not in USERS:
            parts = [*node.args, *[keyword.value for keyword in node.keywords]]
            names = {part.value for part in parts if isinstance(part, ast.Constant)}
        allowed = {*OTHER_MEANINGS} if not isinstance(node, ast.Compare) else set()
        assert not names & ({*TABLE} | leaves) - allowed, ast.unparse(node)


def constants(node):
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]


def test_no_two_files_import_each_other_in_a_circle():
    """Not for typing either."""
    graph = {file: imported_files(path) - {file} for file, path in MODULES.items()}
    above = {file: reached(graph, file) for file in graph}
    assert not {file for file in graph if any(file in above[each] for each in graph[file])}


def test_no_two_classes_share_a_name():
    homes = defaultdict(set)
    for file, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes[node.name].add(file)
    shared = {name for name, files in homes.items() if len(files) > 1}
    assert not shared


def test_files_share_a_name_only_where_they_share_an_idea():
    names = Counter(path.name for path in FILES if path.name != "__init__.py")
    shared = {name for name, count in names.items() if count > 1}
    assert shared <= {*SHARED_IDEAS}, shared


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_docstrings_say_what_a_thing_is_in_the_field_s_words(path):
    """A summary begins with a noun or a verb; a derivative by an argument is a partial."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node) or "A text."
            assert not text.startswith(("What", "Those", "That ", "All that")), text
            assert "local derivative" not in text, text


def test_every_room_has_a_floor_and_architecture_md_names_it():
    rooms = {room(path) for path in FILES}
    assert rooms == set(FLOORS)
    text = ARCHITECTURE
    for name in rooms - {"__init__", "__main__"}:
        assert f"{name}.py" in text or f"{name}/" in text, name


def test_files_stay_short():
    """About 300 lines; the op table is one table."""
    for path in FILES:
        limit = 440 if path.name == "rules.py" else 330
        assert len(path.read_text().splitlines()) <= limit, path


def test_a_node_its_order_and_the_sweep_are_read_in_ten_minutes():
    files = [PACKAGE / "engine" / "python" / f"{name}.py" for name in ("node", "passes")]
    assert sum(len(path.read_text().splitlines()) for path in files) <= 220


def test_the_tour_has_five_files_that_are_read_in_half_an_hour():
    tour = ARCHITECTURE.split("## The tour")[1].split("\n## ")[0]
    files = [PACKAGE / name for name in re.findall(r"^\d\. `([\w/.]+)`", tour, re.MULTILINE)]
    assert len(files) == 5
    assert sum(len(path.read_text().splitlines()) for path in files) <= 700


def test_architecture_md_is_short():
    lines = ARCHITECTURE.splitlines()
    assert len(lines) <= 120
    cells = [cell for line in lines if line.startswith("|") for cell in line.split("|")]
    assert [cell for cell in cells if len(cell) > 200] == []


def test_folders_hold_twenty_files_at_most():
    """And the folders of tests as many as those of the package."""
    tests = Path(__file__).parents[1]
    for folder in [PACKAGE, tests, *PACKAGE.rglob("*/"), *tests.rglob("*/")]:
        if folder.name != "__pycache__":
            assert len([*folder.glob("*.py")]) <= 20, folder


def test_files_that_memcheck_and_make_name_are_there():
    tests = Path(__file__).parents[1]
    found = re.findall(r"[\w/]+/test_\w+\.py", MAKEFILE)
    named = {*memcheck.USUAL, *[name.removeprefix("tests/") for name in found]}
    assert len(named) > 30
    assert [name for name in sorted(named) if not (tests / name).is_file()] == []
    for name, test in re.findall(r"([\w/]+/test_\w+\.py)::(\w+)", MAKEFILE):
        assert f"def {test}(" in (tests / name.removeprefix("tests/")).read_text(), test


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


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_types_of_inner_functions_are_not_computed_at_each_call(path):
    """A `def` inside a function computes its annotations whenever it runs, but as plain text."""
    tree = ast.parse(path.read_text())
    as_text = any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inner = [g for f in functions for g in ast.walk(f) if isinstance(g, ast.FunctionDef) and g != f]
    arguments = [a for g in inner for a in ast.walk(g.args) if isinstance(a, ast.arg)]
    types = [*(a.annotation for a in arguments), *(g.returns for g in inner)]
    assert as_text or all(t is None or isinstance(t, ast.Constant) for t in types)
