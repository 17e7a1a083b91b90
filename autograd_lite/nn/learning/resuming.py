"""Checkpoints of a training: a file from which it continues with the same bits."""

from __future__ import annotations

import copy
import errno
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.engine import name as engine
from autograd_lite.errors import ModelFileError, shown
from autograd_lite.files import Format, as_path, check_place
from autograd_lite.nn.data import Array, part_of, positive_int
from autograd_lite.nn.init import Generator
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.learning.history import Epoch
from autograd_lite.nn.learning.loop import TrainingLoop
from autograd_lite.nn.optim import in_range

_NAME = "checkpoint.safetensors"
_FORMAT = Format(
    key="autograd_lite_training", fields={"facts", "start", "generator", "epochs"}, kinds={"F64"},
    writer="learn of autograd_lite", error=ModelFileError,
)  # fmt: skip
_SECONDS = 60.0
_ROWS_AT_A_TIME = 2**17

#: Arguments of `learn` that change no number of a training, or are compared in another way.
_FREE = {
    *("self", "inputs", "outputs", "epochs", "sample_weight", "validation", "compile"),
    *("callback", "progress", "show", "check", "threads", "checkpoint", "resume"),
}


@dataclass(frozen=True)
class Checkpoint:
    """How often `learn` writes a checkpoint, and where to; also at the first and last epoch.

    Parameters
    ----------
    folder : str or path-like
        Made where it is missing. It gets one file, ``checkpoint.safetensors``.
    epochs : int, optional
        After so many epochs.
    seconds : float, optional
        After the first epoch that ends so many seconds behind the last one written; 60 if neither
        is given. With both, whichever comes first.

    Raises
    ------
    TypeError, ValueError
        If `epochs` is no int of at least 1, or `seconds` no number of at least 0.

    Examples
    --------
    >>> import tempfile
    >>> from autograd_lite import nn
    >>> folder = tempfile.TemporaryDirectory()
    >>> def learn(epochs):
    ...     model = nn.Neuron(1, "linear", seed=1)
    ...     return model.learn(
    ...         [0, 1, 2], [1, 3, 5], epochs=epochs, seed=1, progress=False, resume=True,
    ...         checkpoint=nn.Checkpoint(folder.name, epochs=5),
    ...     )
    >>> learn(4).loss + learn(9).loss[4:] == learn(9).loss
    True
    >>> folder.cleanup()
    """

    folder: str | os.PathLike[str]
    epochs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        as_path(self.folder)
        if self.epochs is not None:
            object.__setattr__(self, "epochs", positive_int("epochs", self.epochs))
        seconds = _SECONDS if self.seconds is None and self.epochs is None else self.seconds
        if seconds is not None:
            object.__setattr__(self, "seconds", in_range("seconds", seconds))


class Keeper:
    """The checkpoints of one training: what was kept, and when to keep more."""

    def __init__(self, given: Any, resume: bool, options: Mapping[str, Any]) -> None:
        self._rule = given if isinstance(given, Checkpoint) else Checkpoint(given)
        folder = as_path(self._rule.folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / _NAME
        check_place(self._path)
        if self._path.exists() and not resume:
            said = "a checkpoint is there; continue it by resume=True, or name another folder"
            raise FileExistsError(errno.EEXIST, said, str(self._path))
        self._options = {name: x for name, x in options.items() if name not in _FREE}
        if isinstance(options["schedule"], str):
            self._options["epochs"] = options["epochs"]  # for which it is made
        self._facts = {name: _text(thing) for name, thing in self._options.items()}
        self._saved: tuple[dict[str, Any], dict[str, Any]] | None = None
        if resume:
            for part in folder.glob(f".{'[0-9a-f]' * 16}.part"):  # of one that was killed
                part.unlink()
            if self._path.exists():
                with _FORMAT.reading(self._path) as found:
                    self._saved = found

    def begin(self, rng: Generator) -> None:
        """Let a generator start where it did, before the samples are parted."""
        self._before = self._start = rng.getstate()
        if self._saved is not None:
            with self._blamed(rng):
                kept = self._saved[1]
                _compare({"seed": kept["facts"].get("seed")}, {"seed": self._facts["seed"]})
                self._start = _as_state(kept["start"])
                rng.setstate(self._start)

    def resume(self, loop: TrainingLoop, epochs: int) -> None:
        """Continue a training that was prepared as the one kept was; an error if it is another."""
        self._loop, history = loop, loop.history
        self._facts |= _facts_of(loop)
        if self._saved is None:
            self._keep()
            return
        arrays, description = self._saved
        with self._blamed(loop.rng):
            _compare(description["facts"], self._facts)
            done = [Epoch(*row) for row in description["epochs"]]
            if len(done) > epochs:
                raise ValueError(f"it has {len(done)} epochs, and epochs={epochs} is less")
            loop.rng.setstate(_as_state(description["generator"]))
            _put(arrays, loop, done)
        self._number, self._time = len(history), time.monotonic()

    @contextmanager
    def _blamed(self, rng: Generator) -> Iterator[None]:
        """Block that reads what was kept: its errors name the file, and no generator changes."""
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            rng.setstate(self._before)
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ModelFileError(f"{self._path}: {said}") from None

    def look(self, last: bool) -> None:
        """Keep the training after an epoch, if it is time or this was the last."""
        rule, more = self._rule, len(self._loop.history) - self._number
        waited = time.monotonic() - self._time
        due = rule.epochs is not None and more >= rule.epochs
        if last or due or (rule.seconds is not None and waited >= rule.seconds):
            self._keep()

    def _keep(self) -> None:
        """Write it all, or nothing."""
        loop = self._loop
        loop.training.show()
        parts = _parts_of(loop)
        arrays = {f"{kind}:{name}": x for kind in parts for name, x in parts[kind].items()}
        description = {
            "facts": self._facts, "start": _plain(self._start),
            "generator": _plain(loop.rng.getstate()), "epochs": _plain(loop.history.epochs),
        }  # fmt: skip
        _FORMAT.write(self._path, arrays, description)
        self._number, self._time = len(loop.history), time.monotonic()


def _parts_of(loop: TrainingLoop) -> dict[str, dict[str, Array]]:
    """The arrays that a training has come to."""
    model: Any = loop.training.model
    return {
        "model": model.state_dict(),
        "optimizer": loop.step.optimizer.state_dict(),
        "best": {} if loop.best is None else {"numbers": loop.best.numbers},
    }


def _put(arrays: Mapping[str, Array], loop: TrainingLoop, done: list[Epoch]) -> None:
    """Give a training the arrays that another has come to, and its epochs."""
    parts: dict[str, dict[str, Array]] = {"model": {}, "optimizer": {}, "best": {}}
    for name, array in arrays.items():
        kind, _, rest = name.partition(":")
        parts[kind][rest] = array
    best = None if loop.best is None else parts["best"]["numbers"]
    model: Any = loop.training.model
    copy.copy(loop.step.optimizer).load_state_dict(parts["optimizer"])  # an error changes nothing
    model.load_state_dict(parts["model"])
    loop.step.optimizer.load_state_dict(parts["optimizer"])
    loop.history.epochs.extend(done)
    if loop.best is not None and best is not None:
        stops = [loop.best.look(epoch.number) for epoch in done]
        loop.history.stopped, loop.best.numbers = any(stops), best


def _facts_of(loop: TrainingLoop) -> dict[str, str]:
    """Facts that decide the numbers of a training, beside its options."""
    training, optimizer = loop.training, loop.step.optimizer
    if not hasattr(optimizer, "load_state_dict"):
        raise TypeError(
            "a checkpoint keeps an optimiser's state_dict() for its load_state_dict(), and "
            f"{type(optimizer).__name__} has none; leave checkpoint out"
        )
    facts = {
        f"{name} of the optimizer": _text(number.item())
        for name, number in optimizer.state_dict().items()
        if number.ndim == 0 and name != "steps"
    }
    facts["compile"] = _text(type(training) is not Batches)
    facts["model"] = _text(_described(training.model))
    facts["frozen parameters"] = _text(np.flatnonzero(training.frozen).tolist())
    facts["samples held out"] = _text(len(loop.held))
    for noun, batches in (("", training), ("validation ", loop.measuring)):
        given = batches.samples
        columns = {"inputs": given.inputs, "outputs": given.targets, "weights": given.weights}
        facts |= {f"{noun}{name}": _fingerprint(rows) for name, rows in columns.items()}
    facts["autograd_lite"] = vars(sys.modules["autograd_lite"])["__version__"]
    facts["engine"], facts["NumPy"] = engine, np.__version__
    facts["Python"] = ".".join(map(str, sys.version_info[:2]))
    return facts


def _described(model: Any) -> Any:
    try:
        return model.describe()
    except ValueError:  # a user's functions: only the user can know
        return type(model)


def _fingerprint(rows: Array | None) -> str:
    """A digest of the numbers of an array."""
    if rows is None:
        return "none"
    digest = hashlib.sha256(str(rows.shape).encode())
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        digest.update(part_of(rows, range(start, start + _ROWS_AT_A_TIME)).data)
    return f"data of fingerprint {digest.hexdigest()[:16]}"


def _text(thing: Any) -> str:
    """An option as text, which is equal in another process."""
    if isinstance(thing, str | bool | None) or is_dataclass(thing):
        return repr(thing)
    if isinstance(thing, int | float | np.number):
        return repr(float(thing)).removesuffix(".0")
    if isinstance(thing, partial):
        return f"{_text(thing.func)} with {_text(thing.args)}, {_text(thing.keywords)}"
    if isinstance(thing, Mapping):
        return f"{{{', '.join(f'{key!r}: {_text(value)}' for key, value in thing.items())}}}"
    if isinstance(thing, list | tuple):
        return f"[{', '.join(map(_text, thing))}]"
    return str(getattr(thing, "__qualname__", type(thing).__qualname__))


def _compare(kept: Mapping[str, str], now: Mapping[str, str]) -> None:
    for name in {**kept, **now}:
        if kept.get(name) != now.get(name):
            raise ValueError(
                f"it is of another training: {name} was {shown(kept.get(name))} and is "
                f"{shown(now.get(name))}; resume with what it began with, or begin in another "
                "folder"
            )


def _plain(thing: Any) -> Any:
    """A generator's state, or a history, as JSON has it."""
    if isinstance(thing, Mapping):
        return {name: _plain(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value) for value in thing]
    return thing.tolist() if isinstance(thing, np.ndarray | np.generic) else thing


def _as_state(thing: Any) -> Any:
    return tuple(map(_as_state, thing)) if isinstance(thing, list) else thing
