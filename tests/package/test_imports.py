"""What a program gets by `import autograd_lite`: little at once, and every name when it asks."""

import json
import os
import pickle
import pkgutil
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite as ag

PACKAGE = Path(ag.__file__).parent
#: Every module but the one that runs the command line.
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(PACKAGE)], "autograd_lite.")
    if module.name != "autograd_lite.__main__"
)

#: Imports modules in the order in which they are given, then tells of every name what it is.
TELL = """
import importlib, json, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        if ".native" not in name:  # which was not compiled here
            raise
import autograd_lite as ag
listed = dir(ag)
told = {name: type(getattr(ag, name)).__name__ for name in listed}
parts = [thing for thing in vars(ag).values() if hasattr(thing, "__path__")
         and thing is not ag.estimators]  # whose names take a second each time
inside = {f"{part.__name__}.{name}": type(getattr(part, name)).__name__
          for part in parts for name in getattr(part, "__all__", ())}
print(json.dumps([listed, dir(ag), told, inside, dir(ag.Value)]))
"""


def answer(program, *arguments):
    """What a program prints in a process of its own, in which every warning is an error."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def told(*modules):
    return json.loads(answer(TELL, *modules))


@pytest.fixture(scope="module")
def fresh():
    return told()


def test_modules_are_found():
    assert len(MODULES) > 130
    assert {"autograd_lite.nn.live.live", "autograd_lite.engine", "autograd_lite.cli"} <= {*MODULES}


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_importing_every_module_changes_a_name(seed, fresh):
    order = random.Random(seed).sample(MODULES, len(MODULES))
    assert told(*order) == fresh, order


@pytest.mark.parametrize("module", random.Random(0).sample(MODULES, 8))
def test_a_module_may_be_the_first(module, fresh):
    assert told(module) == fresh


def test_the_names_are_listed_before_they_are_loaded(fresh):
    listed, afterwards, types, *_ = fresh
    assert listed == afterwards
    assert {*ag.__all__, "__version__", "view", "program", "tables"} <= {*listed}
    assert [types[name] for name in ("engine", "nn", "grad", "Program", "tanh")] == [
        "str", "module", "function", "type", "Op",
    ]  # fmt: skip


@pytest.mark.parametrize("module", ["engine", "engine.python", "writing.symbols", "engine.native"])
def test_engine_stays_a_text(module):
    """Although a folder of this name is in the package."""
    assert told(f"autograd_lite.{module}")[2]["engine"] == "str"


def test_little_is_loaded_at_once():
    program = "import autograd_lite, sys; print(*sys.modules)"
    loaded = answer(program).split()
    late = ["tqdm", "safetensors", "graphviz", "matplotlib", "autograd_lite.writing.rules_header"]
    late += [f"autograd_lite.{room}" for room in ag._LATE]
    assert not {*late} & {*loaded}
    assert len([name for name in loaded if name.startswith("autograd_lite")]) < 40


@pytest.mark.parametrize(
    ("asks", "rooms"),
    [
        ("ag.grad(ag.tanh)(1.0)", set()),
        ("ag.hessian(ag.norm)([1.0, 2.0])", set()),
        ("ag.compile(ag.grad(ag.tanh))(1.0)", {"program", "files"}),
        ("ag.draw", {"view", "files"}),
        ("ag.nn", {"nn", "program", "view", "files"}),
    ],
    ids=["grad", "hessian", "compile", "draw", "nn"],
)
def test_a_name_loads_its_room_and_what_that_needs(asks, rooms):
    """The first `ag.grad` had loaded all 263 modules, in 0.8 s, and what they need with them."""
    loaded = answer(f"import autograd_lite as ag, sys; {asks}; print(*sys.modules)").split()
    small = {"transforms", "explanations", "graph", "modes", "terminal"}
    assert {room for room in ag._LATE if f"autograd_lite.{room}" in loaded} <= rooms | small
    assert ("tqdm" in loaded) <= ("nn" in rooms)
    assert ("safetensors" in loaded) <= ("files" in rooms)


def test_every_public_name_is_there():
    for name in ag.__all__:
        assert getattr(ag, name) is not None
    everything = {}
    exec("from autograd_lite import *", everything)
    assert {*ag.__all__} <= {*everything}
    assert everything["grad"] is ag.grad is vars(ag)["grad"]


def test_every_room_is_at_once_or_in_the_table():
    at_once = {"engine", "errors", "ops", "pickles", "value", "writing"}
    rooms = {name.split(".")[1] for name in MODULES}
    assert rooms == at_once | {*ag._LATE}
    assert not at_once & {*ag._LATE}


def test_a_value_shows_itself_by_what_loads_then():
    program = """
import sys
import autograd_lite as ag
x = ag.Value(2.0, label="x")
y = x * x
assert "autograd_lite.view" not in sys.modules
assert list(y._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
assert "autograd_lite.view" in sys.modules
assert "autograd_lite.explanations.typesetting" in sys.modules  # which pictures use
assert (y * 3.0)._repr_mimebundle_.__func__ is ag.view.value_mimebundle
"""
    answer(program)


def test_a_value_writes_its_formula_by_what_loads_then():
    program = """
import autograd_lite as ag
x = ag.Value(2.0, label="x")
print((x * x).latex(), ag.Value.latex is ag.latex)
"""
    assert answer(program) == "x \\cdot x True\n"


def test_pickles_and_copies_need_nothing_that_loads_late():
    program = """
import copy, pickle, sys
import autograd_lite as ag
y = ag.tanh(ag.Value(2.0) * 3.0)
assert pickle.loads(pickle.dumps(y)).data == copy.deepcopy(y).data == y.data
print([name for name in ag._LATE if f"autograd_lite.{name}" in sys.modules])
"""
    assert answer(program) == "[]\n"
    assert pickle.loads(pickle.dumps(ag.grad)) is ag.grad


def test_threads_may_ask_at_the_same_time():
    program = """
from concurrent.futures import ThreadPoolExecutor
import autograd_lite as ag
with ThreadPoolExecutor(8) as pool:
    found = [*pool.map(lambda name: getattr(ag, name), ["grad", "nn", "draw", "compile"] * 8)]
assert {*map(id, found)} == {*map(id, [ag.grad, ag.nn, ag.draw, ag.compile])}
"""
    answer(program)


def test_a_name_that_is_not_there_is_refused_as_python_does():
    with pytest.raises(AttributeError, match="module 'autograd_lite' has no attribute 'gradd'"):
        ag.gradd  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'gradd' from 'autograd_lite'"):
        exec("from autograd_lite import gradd")
    assert not hasattr(ag, "__wrapped__")
    run = subprocess.run(
        [sys.executable, "-c", "import autograd_lite as ag; ag.gradd"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True,
    )  # fmt: skip
    assert re.search(r"Did you mean(: '| '\.)grad'", run.stderr)  # the latter from 3.15 on
