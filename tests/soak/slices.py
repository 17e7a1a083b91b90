"""Trials in a process of their own, which may crash or hang, and what is told of them."""

import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from laws import BY_NAME, Part

ROOT = Path(__file__).resolve().parents[2]
MOST_MEMORY = 16 * 2**30  # bytes that a process may address: a file must not ask for more
_PLACE = struct.Struct("<qq")  # the seed that is tried now, and how many were tried
ENDING: list[int] = []  # signals that ask for an end, after the trials that are at work now
_TORN = 50  # finds of one slice, after which it ends: something is wrong with all of them


class Told(NamedTuple):
    """Results of a slice."""

    done: int
    seconds: float
    seen: dict[str, int]
    finds: list[dict[str, Any]]


def home(part: Part) -> Path:
    """The tree that a part runs in."""
    return ROOT / "build" / part.build if part.build else ROOT


def environment(part: Part) -> dict[str, str]:
    """Of a process that tries a part."""
    paths = [str(home(part)), *filter(None, [os.environ.get("PYTHONPATH")])]
    given = {
        "PYTHONPATH": os.pathsep.join(paths), "AUTOGRAD_LITE_ENGINE": "native",
        "JAX_PLATFORMS": "cpu", "AUTOGRAD_LITE_DOT": "pure", "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }  # fmt: skip
    return os.environ | given


def run_slice(part: Part, first: int, seconds: float, most: int) -> Told:
    """Try a part from a seed on, for so many seconds or trials, in another process.

    A crash and a hang are finds, too. A process that does not come to its first trial is an error
    of this machinery.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        place, told, said = (Path(folder) / name for name in ("place", "told", "said"))
        place.write_bytes(_PLACE.pack(-1, 0))
        command = [sys.executable, "-P", str(home(part) / "tests" / "soak"), "--part", part.name]
        command += ["--seed", str(first), "--most", str(most), "--seconds", str(seconds)]
        with open(said, "wb") as output:
            child = subprocess.Popen(
                [*command, "--into", folder], env=environment(part), cwd=home(part),
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
            hung = _watched(child, place, part.limit)
        seed, done = _PLACE.unpack(place.read_bytes())
        finds, seen = [], {}
        for line in told.read_text().splitlines() if told.exists() else ():
            note = json.loads(line)
            if "seed" in note:
                finds.append(note)
            else:
                seen = note
        if ENDING and child.returncode == -signal.SIGTERM:
            return Told(0, 0.0, {}, [])  # before it could begin
        if child.returncode:
            words = said.read_text(errors="replace")[-1500:]
            if seed < 0:
                raise RuntimeError(f"{part.name} does not begin: {child.returncode}\n{words}")
            how = f"no end after {part.limit:g} s" if hung else f"ended with {child.returncode}"
            finds.append({"seed": seed, "what": f"{how}: {words}"})
            done = seed - first + part.pack
    return Told(done, time.monotonic() - start, seen, finds)


def _watched(child: subprocess.Popen[bytes], place: Path, limit: float) -> bool:
    """Wait for a process; True if it had to be ended as it did not come on."""
    before, since, asked = b"", time.monotonic(), False
    while child.poll() is None:
        now = place.read_bytes()
        if now != before:
            before, since = now, time.monotonic()
        # What is imported, and compiled at first, takes longer.
        if time.monotonic() - since > limit + 120 * (_PLACE.unpack(now)[0] < 0):
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return True
        if ENDING and not asked:
            asked = True
            child.terminate()
        time.sleep(0.05)
    return False


def try_here(part: Part, first: int, most: int, seconds: float, folder: Path) -> None:
    """Be such a process."""
    _limit_memory()
    signal.signal(signal.SIGTERM, lambda number, frame: ENDING.append(number))
    end, seen, count = time.monotonic() + seconds, Counter[str](), 0
    with open(folder / "place", "r+b") as file, open(folder / "told", "w") as told:
        place = mmap.mmap(file.fileno(), _PLACE.size)
        for seed in range(first, first + most, part.pack):
            place[:] = _PLACE.pack(seed, seed - first)
            try:
                part.law(seed, seen)
            except Exception as error:
                note = {"seed": seed, "what": _words(error)}
                print(json.dumps(note), file=told, flush=True)
                count += 1
            place[:] = _PLACE.pack(seed, seed - first + part.pack)
            if ENDING or count >= _TORN or time.monotonic() > end:
                break
        print(json.dumps(seen), file=told, flush=True)


def _words(error: Exception) -> str:
    """What went wrong, and where at last."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, hard))


def repeated(find: dict[str, Any]) -> bool | None:
    """Whether a find holds now; None where its seed does not decide that."""
    part = BY_NAME[find["part"]]
    if not part.repeats:
        return None
    return not run_slice(part, find["seed"], 1e9, part.pack).finds
