"""A program begins in the interpreter and goes on as machine code; nobody notices but the clock."""

import gc
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.program.jit import tiers
from autograd_lite.program.machine import native

pytest.importorskip("llvmlite", reason="machine code needs the extra jit")
if native is None:
    pytest.skip("machine code needs the machine in C", allow_module_level=True)


def slope(x):
    return ag.grad(lambda x: x * x * ag.sin(x))(x)


def tier(function):
    [program] = function.programs
    return program.stats()["tier"]


def wait_for(function, wanted):
    end = time.monotonic() + 60
    while tier(function) != wanted:
        assert time.monotonic() < end, function.programs[0].stats()
        time.sleep(0.01)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(tiers, "RUNS", 3)
    monkeypatch.setattr(tiers, "ROWS", 10)


def run(text, **environment):
    """The standard output of a process, which says nothing else."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", text],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_machine_code_comes_after_the_first_run_or_in_the_background_or_never(impatient):
    xs = np.linspace(-2, 2, 9)
    for jit in (True, None, False):
        function = ag.compile(slope, jit=jit)
        assert [function(x) for x in xs] == [slope(x) for x in xs]
        if jit is not False:
            wait_for(function, "machine code for single runs")
        assert [function(x) for x in xs] == [slope(x) for x in xs]
        plain = ag.compile(slope, jit=False).map(xs)
        assert function.map(xs).tobytes() == plain.tobytes()
        function.map(xs)
        if jit is not False:
            wait_for(function, "machine code for single runs and rows")
        assert function.map(xs).tobytes() == plain.tobytes()
        stats = function.programs[0].stats()
        assert (stats["compile_seconds"] > 0) is (jit is not False)
        assert stats["tier_reason"] == ("jit=False" if jit is False else "")


def test_many_doubts_ask_for_careful_code_and_no_bit_changes():
    """A gradient with zeros is run by the interpreter until code that doubts nothing is there."""

    def gradient(xs):
        return ag.grad(lambda xs: ag.sum([ag.relu(x) * x for x in xs]))(xs)

    function = ag.compile(gradient, jit=True)
    x = np.array([1.0, -2.0, -0.0, np.nan, np.inf])
    expected = np.array(gradient(x)).tobytes()
    before = 0.0
    for _ in range(3):
        for _ in range(100):
            assert function(x).tobytes() == expected
        after = function.programs[0].stats()["compile_seconds"]
        if after == before:
            break
        before = after
    rows = np.tile(x, (6000, 1))
    first = function.map(rows)
    for _ in range(4):
        assert function.map(rows).tobytes() == first.tobytes()


def test_the_environment_turns_machine_code_off():
    text = "import autograd_lite as ag; f = ag.compile(lambda x: x * x); f(2.0); "
    text += "stats = f.programs[0].stats(); print(stats['tier'], stats['tier_reason'])"
    assert run(text, AUTOGRAD_LITE_JIT="0").startswith("interpreter AUTOGRAD_LITE_JIT=0")
    refused = "import autograd_lite as ag\ntry: ag.compile(abs, jit=True)\n"
    refused += "except ag.ProgramError as error: print(error)"
    assert "AUTOGRAD_LITE_JIT=0" in run(refused, AUTOGRAD_LITE_JIT="0")


def test_without_llvmlite_nothing_is_said_until_machine_code_is_asked_for():
    text = """
import sys
sys.modules["llvmlite"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "llvmlite" else find(name)
import autograd_lite as ag
f = ag.compile(lambda x: x * x)
f(2.0)
print(f.programs[0].stats()["tier_reason"])
try:
    ag.compile(lambda x: x * x, jit=True)
except ImportError as error:
    print(error)
"""
    first, second = run(text).splitlines()
    assert "autograd-lite[jit]" in first
    assert "autograd-lite[jit]" in second


@pytest.mark.parametrize("jit", [1, "yes", 0.0])
def test_jit_is_true_false_or_none(jit):
    with pytest.raises(TypeError, match="jit is True, False or None"):
        ag.compile(slope, jit=jit)


@pytest.mark.parametrize("kind", [RuntimeError, ImportError])
def test_a_failing_compilation_leaves_the_interpreter_in_place_with_one_warning(monkeypatch, kind):
    """So does an installation of llvmlite that cannot be loaded."""

    def fail(*_, **__):
        raise kind("no room for code")

    monkeypatch.setattr(tiers._Setting, "reason", "")
    monkeypatch.setattr(tiers.machine_code, "install_once", fail)
    function = ag.compile(slope, jit=True)
    with pytest.warns(UserWarning, match="no room for code") as warned:
        results = [function(0.5) for _ in range(5)]
    assert len(warned) == 1
    assert results == [slope(0.5)] * 5
    with pytest.raises(ag.ProgramError, match="no room for code"):
        ag.compile(slope, jit=True)
    assert ag.compile(lambda x: x * x)(3.0) == 9.0
    assert tier(function) == "interpreter"


def test_a_first_run_deep_in_calls_turns_nothing_off_for_other_programs(monkeypatch):
    """Python's limit of calls, reached while code is made, is no failure of the system."""

    def too_deep(*_, **__):
        raise RecursionError("maximum recursion depth exceeded")

    with monkeypatch.context() as patched:
        patched.setattr(tiers._Setting, "reason", "")
        patched.setattr(tiers.machine_code, "install_once", too_deep)
        function = ag.compile(slope, jit=True)
        assert [function(0.5), function(0.5)] == [slope(0.5)] * 2
        assert "too deep" in function.programs[0].stats()["tier_reason"]
        assert tiers.reason_against() == ""


def test_ctrl_c_while_code_is_made_is_not_lost(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    function = ag.compile(slope, jit=True)
    with monkeypatch.context() as patched:
        patched.setattr(tiers.machine_code, "install_once", interrupted)
        with pytest.raises(KeyboardInterrupt):
            [function(0.5) for _ in range(100)]
    assert function(0.5) == slope(0.5)


def test_a_system_that_forbids_code_is_asked_before_llvm_is(monkeypatch):
    """LLVM would end the process where memory cannot be made executable."""

    def forbid(*_, **__):
        raise PermissionError("no executable memory")

    monkeypatch.setattr(tiers._Setting, "reason", "")
    monkeypatch.setattr(tiers.mmap, "mmap", forbid)
    function = ag.compile(slope, jit=True)
    with pytest.warns(UserWarning, match="no executable memory"):
        assert function(0.5) == slope(0.5)
    assert tier(function) == "interpreter"


def test_tiers_change_under_load_from_four_threads(impatient):
    xs = np.linspace(-3, 3, 257)
    plain = ag.compile(slope, jit=False)
    once, rows = [plain(x) for x in xs], plain.map(xs).tobytes()
    function = ag.compile(slope)
    wrong = []

    def work():
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            if [function(x) for x in xs] != once or function.map(xs).tobytes() != rows:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    wait_for(function, "machine code for single runs and rows")


# From Python 3.12 on, a fork beside a thread warns.
_FORKS = """
import os, sys, time, warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
import autograd_lite as ag
from autograd_lite.program.jit import tiers
tiers.RUNS = 3
def big(xs):
    return ag.grad(lambda xs: ag.sum([ag.sin(x) * ag.exp(-x) for x in xs]))(xs)
xs = [0.01 * k for k in range(300)]
functions = [ag.compile(big) for _ in range(4)]
for f in functions:
    for _ in range(4):
        expected = f(xs)
for _ in range(5):
    child = os.fork()
    if not child:
        own = ag.compile(big, jit=True)
        right = all(f(xs) == expected for f in functions) and own(xs) == expected == own(xs)
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
    time.sleep(0.01)
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_during_a_compilation_can_go_on_and_compile():
    assert run(_FORKS) == "done"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("pause", [0.005, 0.02])
def test_a_fork_while_the_thread_imports_llvm_does_not_hang(pause):
    """The child's own import waited for ever for a lock of a thread that it does not have."""
    text = f"""
import os, time, warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
import autograd_lite as ag
from autograd_lite.program.jit import tiers
tiers.RUNS = 3
f = ag.compile(lambda x: x * x + 1.0)
for _ in range(4):
    f(2.0)
time.sleep({pause})
child = os.fork()
if not child:
    own = ag.compile(lambda x: x * x + 2.0, jit=True)
    os._exit(0 if own(2.0) == own(2.0) == 6.0 else 1)
assert os.waitpid(child, 0)[1] == 0
print("done")
"""
    assert run(text) == "done"


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.1])
def test_the_interpreter_ends_during_a_compilation(pause):
    text = f"""
import time
import autograd_lite as ag
from autograd_lite.program.jit import tiers
tiers.RUNS = 3
f = ag.compile(ag.grad(lambda xs: ag.sum([ag.sin(x) * ag.exp(-x) for x in xs])))
for _ in range(5):
    f([0.001 * k for k in range(3000)])
time.sleep({pause})
print("ends")
"""
    assert run(text) == "ends"


def test_the_interpreter_may_end_while_the_thread_for_machine_code_begins():
    """It waited for a thread that had not begun, and said so ("cannot join thread …")."""
    text = """
import threading, time
import autograd_lite as ag
from autograd_lite.program.jit import tiers
tiers.RUNS = 3
usual, begins = threading.Thread.start, threading.Event()
def start(thread):
    if thread.name == "autograd_lite jit":
        begins.set()
        time.sleep(0.2)
    usual(thread)
threading.Thread.start = start
f = ag.compile(lambda x: x * x + 1.0)
threading.Thread(target=lambda: [f(2.0) for _ in range(5)], daemon=True).start()
assert begins.wait(20)
print("ends")
"""
    assert run(text) == "ends"


def test_programs_that_are_dropped_give_their_memory_back(impatient):
    """A thousand programs, each of which was machine code."""

    def one(k):
        function = ag.compile(lambda x: x * (k + 0.5) + ag.sin(x), jit=True)
        function(1.0), function(2.0)
        assert tier(function) == "machine code for single runs"

    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096 / 1e6

    if not os.path.exists("/proc/self/statm"):
        pytest.skip("only Linux says how much memory a process has")
    for k in range(200):
        one(k)
    before = resident()
    for k in range(800):
        one(k)
    assert resident() - before < 20  # MB


@pytest.mark.parametrize(("n", "reason"), [(20, ""), (200, "the interpreter is quicker")])
def test_a_lookup_among_many_entries_stays_one_step(n, reason):
    f = ag.compile(lambda xs, i: ag.take(xs, i), jit=True)
    xs = [*map(float, range(n))]
    assert [f(xs, 7), f(xs, -1), f(xs, 0)] == [7.0, n - 1.0, 0.0]
    assert f.map(xs, [0, 5, -2], shared=(0,)).tolist() == [0.0, 5.0, n - 2.0]
    assert f.programs[0].stats()["tier_reason"].startswith(reason)
    assert (f.programs[0].stats()["tier"] == "interpreter") == bool(reason)
