"""Tiers: a program begins in the interpreter, and goes on as machine code when that pays.

Making machine code takes about as long as about ten thousand runs. After these it is made by a
thread in the background, and put in place between two runs. No tier changes a bit.
"""

import atexit
import mmap
import os
import queue
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

from autograd_lite.errors import ProgramError
from autograd_lite.program.code import Code
from autograd_lite.program.jit import machine_code
from autograd_lite.program.machine import native

#: Single runs, and rows, that take as long as making machine code.
RUNS, ROWS = 20_000, 100_000

_EXTRA = 'machine code needs llvmlite: pip install "autograd-lite[jit]"'


class _Setting:
    """Why no machine code is made in this process; empty if it is."""

    reason = ""


@cache
def _missing() -> str:
    return "" if find_spec("llvmlite") else _EXTRA


def reason_against() -> str:
    """Why no machine code can be made; empty if it can."""
    if native is None:
        return "machine code needs the machine in C, which was not compiled or not chosen"
    if os.environ.get("AUTOGRAD_LITE_JIT") == "0":
        return "AUTOGRAD_LITE_JIT=0 turns machine code off"
    return _Setting.reason or _missing()


def failure() -> str:
    """The fault of an LLVM that cannot be loaded, in words; empty if it can."""
    try:
        machine_code.target()
    except Exception as error:  # whatever a broken library raises
        return f"making machine code failed: {error}"
    return ""


def require() -> None:
    """Raise where machine code was asked for and cannot be made."""
    reason = reason_against()
    if reason:
        raise (ImportError if reason == _EXTRA else ProgramError)(f"jit=True: {reason}")


class Tier:
    """How a machine runs its program.

    Parameters
    ----------
    code : Code
    machine : Machine
    jit : bool or None
        Whether machine code is made after the first run, or never; None: when it pays.
    """

    def __init__(self, code: Code, machine: Any, jit: bool | None) -> None:
        self._code = Code(*code.__reduce__()[1])  # which does not refer to its runner
        self._machine, self._at_once = machine, bool(jit)
        self._made: set[tuple[Any, ...]] = set()
        self.seconds = 0.0
        self.reason = "jit=False" if jit is False else reason_against()
        if not self.reason and machine_code.is_for_the_interpreter(code):
            self.reason = "the interpreter is quicker where many entries are looked up in"
        if not self.reason:
            # The machine must not keep alive what keeps it alive. No WeakMethod: that runs Python
            # when the tier dies, in which Ctrl-C would be lost.
            ask = partial(_told, weakref.ref(self), Tier.ask)
            runs, rows = (1, 1) if jit else (RUNS, ROWS)
            machine.watch(runs, rows, ask)

    def ask(self, *rows: Any) -> None:
        """See to it that there is machine code, for single runs or for rows."""
        if self._at_once:
            self.make(*rows)
        elif not reason_against():
            _Background.put(partial(_told, weakref.ref(self), Tier.make, *rows))

    def make(self, *rows: Any) -> None:
        """Make machine code and put it in place; where that fails, warn and make none any more."""
        start = time.perf_counter()
        quick = rows not in self._made  # the second time, that had too many doubts
        try:
            _check_permission()
            if rows:
                shared, reduced = rows
                if not machine_code.install_rows(self._code, self._machine, shared, reduced, quick):
                    return
            else:
                machine_code.install_once(self._code, self._machine, quick=quick)
        except machine_code.StoppedError:
            return
        except RecursionError:  # which says nothing about other programs
            self.reason = "the first run was too deep in calls to make machine code there"
            return
        except (ImportError, OSError, RuntimeError, MemoryError) as error:
            self.reason = _Setting.reason = f"making machine code failed: {error}"
            warnings.warn(f"{self.reason}; programs run in the interpreter", stacklevel=2)
            return
        self._made.add(rows)
        self.seconds += time.perf_counter() - start

    @property
    def stats(self) -> dict[str, Any]:
        """The part of `Program.stats` that tells what runs."""
        kinds = {"rows" if rows else "single runs" for rows in self._made}
        made = " and ".join(sorted(kinds, reverse=True))
        name = f"machine code for {made}" if made else "interpreter"
        return {"tier": name, "compile_seconds": self.seconds, "tier_reason": self.reason}


def _told(tier: Callable[[], Tier | None], method: Callable[..., None], *rows: Any) -> None:
    """Call a method of a tier, if that is still there."""
    if (found := tier()) is not None:
        method(found, *rows)


def _check_permission() -> None:
    """Raise an OSError where the system lets nobody make code; LLVM would end the process."""
    with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC):
        pass


class _Background:
    """The thread that makes machine code, one program after the other."""

    jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
    thread: threading.Thread | None = None
    beginning = threading.RLock()  # held while the thread begins, and while the interpreter ends

    @classmethod
    def put(cls, job: Callable[[], None]) -> None:
        """Have a job done; none any more when the interpreter ends."""
        with cls.beginning:
            if cls.thread is None and not machine_code.stopping.is_set():
                begun = threading.Thread(target=cls.work, name="autograd_lite jit", daemon=True)
                begun.start()
                cls.thread = begun
        cls.jobs.put(job)

    @classmethod
    def work(cls) -> None:
        """Do jobs until there is None."""
        while (job := cls.jobs.get()) is not None:
            job()

    @classmethod
    def stop(cls) -> None:
        """Before the interpreter ends: LLVM must not be at work then."""
        with cls.beginning:
            machine_code.stopping.set()
        if cls.thread is not None:
            cls.jobs.put(None)
            cls.thread.join()

    @classmethod
    def start_anew(cls) -> None:
        """In the child of a fork, where the thread does not go on."""
        machine_code.working.release()
        cls.jobs, cls.thread, cls.beginning = queue.SimpleQueue(), None, threading.RLock()


atexit.register(_Background.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=machine_code.working.acquire, after_in_parent=machine_code.working.release,
        after_in_child=_Background.start_anew,
    )  # fmt: skip
