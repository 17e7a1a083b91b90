"""How many files of the package a call enters: `python -m benchmarks.entered`.

A reader who follows the call opens as many. Each way is walked twice, and the second walk counts,
in which rooms are loaded and nothing is made for the first time but what every call makes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import autograd_lite as ag
from autograd_lite import nn

PACKAGE = str(Path(ag.__file__).parent)


def entered(call: Callable[[], object]) -> list[str]:
    """Files of the package of which a function runs during the call, sorted."""
    found: set[str] = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(PACKAGE):
            found.add(name[len(PACKAGE) + 1 :])

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return sorted(found)


def compiled() -> object:
    """Trace a gradient and run it."""
    return ag.compile(ag.grad(lambda x: x * ag.sin(x)))(0.5)


def trained() -> object:
    """Train a tiny network for two epochs."""
    model = nn.MLP(1, [2, 1], activation="tanh", seed=0)
    return model.learn([0.0, 1.0], [0.0, 2.0], epochs=2, progress=False)


def drawn() -> object:
    """Save a graph as a page."""
    x = ag.Value(2.0, label="x")
    with tempfile.TemporaryDirectory() as folder:
        return ag.draw(ag.tanh(x * x)).save(Path(folder) / "page.html")


def exported() -> object:
    """Write a program as an ONNX model."""
    x = ag.Value(2.0)
    return ag.freeze(ag.tanh(x * x), [x]).to_onnx()


WAYS: dict[str, Callable[[], object]] = {
    "compile(grad(f))(x)": compiled,
    "learn": trained,
    "draw to a page": drawn,
    "export to ONNX": exported,
}


def main() -> None:
    """Print each way with its files."""
    for name, call in WAYS.items():
        call()
        files = entered(call)
        print(f"{name}: {len(files)} files")
        print("  " + "\n  ".join(files))


if __name__ == "__main__":
    main()
