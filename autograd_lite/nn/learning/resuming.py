"""Checkpoints of a training: a file from which it continues with the same bits."""

import copy
import errno
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, is_dataclass
from functools import partial
from types import CellType, CodeType, FunctionType
from typing import Any, cast

import numpy as np

from autograd_lite.engine import name as engine
from autograd_lite.errors import ModelFileError, shown, typed
from autograd_lite.files import Format, as_path, check_place
from autograd_lite.nn.data import Array, positive_int, rows_at
from autograd_lite.nn.init import Generator
from autograd_lite.nn.learning.history import Epoch
from autograd_lite.nn.learning.loop import TrainingLoop
from autograd_lite.nn.optim import in_range
from autograd_lite.nn.tensors import check_finite, fitting

_NAME = "checkpoint.safetensors"
_FORMAT = Format(
    key="autograd_lite_training", kinds={"F64"}, writer="learn of autograd_lite",
    fields={"facts": dict, "start": object, "generator": object, "epochs": list},
    error=ModelFileError,
)  # fmt: skip
_WAY_OUT = "take a copy of the file, or begin in another folder"
_SECONDS = 60.0
_ROWS_AT_A_TIME = 2**17

#: Arguments of `learn` that change no number of a training, or are compared by what they do.
_FREE = {
    *("self", "inputs", "outputs", "batches", "epochs", "sample_weight", "class_weight"),
    *("validation", "callback", "progress", "show", "check", "threads", "checkpoint", "resume"),
    "compile",
}


@dataclass(frozen=True)
class Checkpoint:
    """When `learn` writes a checkpoint, and where to: also before the first epoch and at the end.

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
        self._kept: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        check_place(self._path)
        if self._path.exists():
            if not resume:
                said = "a checkpoint is there; continue it by resume=True, or name another folder"
                raise FileExistsError(errno.EEXIST, said, str(self._path))
            with _FORMAT.reading(self._path) as self._kept:
                pass
        for part in folder.glob(f".{'[0-9a-f]' * 16}.part") if resume else ():
            part.unlink()  # of a training that was killed
        self._facts = {name: _plain(x) for name, x in options.items() if name not in _FREE}
        if isinstance(options["schedule"], str):  # which is made for so many
            self._facts["epochs"] = _plain(options["epochs"])

    def begin(self, rng: Generator) -> None:
        """Let a generator start where it did, before the samples are parted."""
        self._before = self._start = rng.getstate()
        kept = self._kept[1]
        if kept:
            with self._blamed(rng):
                _compare({"seed": kept["facts"].get("seed")}, {"seed": self._facts["seed"]})
                _set(rng, kept["start"])
                self._start = rng.getstate()

    def resume(self, loop: TrainingLoop, epochs: int) -> None:
        """Continue a training that was prepared as the one kept was; an error if it is another."""
        self._loop, (arrays, kept) = loop, self._kept
        self._facts |= _facts_of(loop)
        if not kept:
            self._keep()
            return
        with self._blamed(loop.training.rng):
            _compare(kept["facts"], self._facts)
            if len(kept["epochs"]) > epochs:
                raise ValueError(
                    f"it has {len(kept['epochs'])} epochs, and epochs={epochs} is less"
                )
            _set(loop.training.rng, kept["generator"])
            _put(arrays, loop, kept["epochs"])
        self._number, self._time = len(loop.history), time.monotonic()

    @contextmanager
    def _blamed(self, rng: Generator) -> Iterator[None]:
        """Block that reads what was kept: its errors name the file, and no generator changes."""
        try:
            yield
        except (OverflowError, TypeError, ValueError) as error:
            rng.setstate(self._before)
            raise ModelFileError(f"{self._path}: {error}") from None

    def look(self, last: bool) -> None:
        """Keep the training after an epoch, if it is time or this was the last."""
        epochs, seconds = self._rule.epochs, self._rule.seconds
        late = seconds is not None and time.monotonic() - self._time >= seconds
        if last or late or (epochs and len(self._loop.history) - self._number >= epochs):
            self._keep()

    def _keep(self) -> None:
        loop = self._loop
        loop.training.show()
        rows = [e._replace(validation_metrics={**e.validation_metrics}) for e in loop.history]
        told = {"facts": self._facts, "epochs": rows, "start": self._start}
        told["generator"] = loop.training.rng.getstate()
        _FORMAT.write(self._path, _arrays_of(loop), told)
        self._number, self._time = len(rows), time.monotonic()


def _arrays_of(loop: TrainingLoop) -> dict[str, Array]:
    """The arrays that a training has come to."""
    model: Any = loop.training.model
    found = {f"model:{name}": array for name, array in model.state_dict().items()}
    states = loop.step.optimizer.state_dict().items()
    best = {} if loop.best is None else {"best:": loop.best.numbers}
    return found | {f"optimizer:{name}": array for name, array in states} | best


def _put(arrays: Mapping[str, Array], loop: TrainingLoop, rows: list[Any]) -> None:
    """Give a training the arrays that another has come to, and its epochs."""
    parts: dict[str, dict[str, Array]] = {"model": {}, "optimizer": {}, "best": {}}
    for name, array in fitting(_arrays_of(loop), arrays, "training").items():
        kind, _, rest = name.partition(":")
        parts[kind][rest] = array
    best, model = loop.best, cast(Any, loop.training.model)
    names = [*loop.training.loss.metrics, *(loop.metrics.functions if loop.metrics else ())]
    columns = [dict.fromkeys(each, 0.5) for each in (names, names if loop.held else ())]
    done = [Epoch(*_alike(row, [1, 0.5, columns[0], 0.5, None, columns[1], None])) for row in rows]
    for number, epoch in enumerate(done, 1):
        if (epoch.number, epoch.validation_loss is None) != (number, not loop.held):
            raise ValueError(f"its epoch {number} does not fit: {shown(epoch[::4])}; {_WAY_OUT}")
    if best is not None:
        check_finite("best", parts["best"][""])
    copy.copy(loop.step.optimizer).load_state_dict(parts["optimizer"])  # an error changes nothing
    model.load_state_dict(parts["model"])
    loop.step.optimizer.load_state_dict(parts["optimizer"])
    loop.history.epochs.extend(done)
    if best is not None:
        for epoch in done:
            loop.history.stopped = best.look(epoch.number)
        best.numbers = parts["best"][""]


def _facts_of(loop: TrainingLoop) -> dict[str, Any]:
    """Facts that decide the numbers of a training, beside its options."""
    training, optimizer, model = loop.training, loop.step.optimizer, cast(Any, loop.training.model)
    if not hasattr(optimizer, "load_state_dict"):
        raise TypeError(
            "a checkpoint keeps an optimiser's state_dict() for its load_state_dict(), and "
            f"{typed(optimizer)} has none; leave checkpoint out"
        )
    settings = {k: x for k, x in optimizer.state_dict().items() if x.ndim == 0 and k != "steps"}
    facts = {f"{name} of the optimizer": _plain(x.item()) for name, x in settings.items()}
    facts["compile"] = training.is_compiled
    facts["model"] = _plain(type(model))
    with suppress(ValueError):  # a user's functions: only the user can know
        facts["model"] = _plain(model.describe())
    facts["frozen parameters"] = _plain(np.flatnonzero(training.frozen).tolist())
    facts["samples held out"] = _plain(len(loop.held))
    for noun, batches in (("", training), ("validation ", loop.measuring)):
        given = batches.samples
        columns = {"inputs": given.inputs, "outputs": given.targets, "weights": given.weights}
        facts |= {f"digest of {noun}{name}": _fingerprint(rows) for name, rows in columns.items()}
    version = vars(sys.modules["autograd_lite"])["__version__"]
    facts |= {"autograd_lite": version, "engine": engine, "NumPy": np.__version__}
    return facts | {"Python": ".".join(map(str, sys.version_info[:2]))}


def _fingerprint(rows: Array | None) -> str:
    """A digest of the numbers of an array."""
    if rows is None:
        return ""
    digest = hashlib.sha256(str(rows.shape).encode())
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        digest.update(rows_at(rows, range(start, start + _ROWS_AT_A_TIME)).data)
    return digest.hexdigest()[:16]


def _plain(option: Any) -> Any:
    """An option as JSON gives it back, in another process too."""
    return json.loads(json.dumps(option, default=_named))


def _named(thing: Any) -> Any:
    if isinstance(thing, partial):
        return [thing.func, *thing.args, thing.keywords]
    if isinstance(thing, np.generic | np.ndarray):
        return thing.tolist()
    if is_dataclass(thing):
        return repr(thing)
    named = getattr(thing, "__qualname__", type(thing).__qualname__)
    if isinstance(thing, type) or not callable(thing):
        return named
    return f"{named} ({hashlib.sha256(json.dumps(_held_by(thing)).encode()).hexdigest()[:8]})"


def _held_by(thing: Any, depth: int = 4) -> Any:
    """Code of a function, numbers and texts that it holds: they tell it from others of its name."""
    parts: list[Any] = []
    if isinstance(thing, str | int | float | None):
        return thing
    if isinstance(thing, tuple | list):
        parts = [*thing]
    elif isinstance(thing, CodeType):
        parts = [thing.co_code.hex(), thing.co_names, thing.co_consts]
    elif hasattr(thing, "__wrapped__"):
        parts = [thing.__wrapped__]
    elif isinstance(thing, FunctionType):
        held = [c.cell_contents for c in thing.__closure__ or () if c != CellType()]
        parts = [thing.__code__, held, thing.__defaults__, [*(thing.__kwdefaults__ or {}).values()]]
    elif callable(thing):
        parts = [x for name, x in getattr(thing, "__dict__", {}).items() if name[0] != "_"]
    return [type(thing).__qualname__, *[_held_by(part, depth - 1) for part in parts if depth]]


def _compare(kept: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name in {**kept, **now}:
        old, new = kept.get(name), now.get(name)
        if old != new:
            raise ValueError(
                f"it is of another training: {name} was {shown(old)} and is {shown(new)}; resume "
                "with what it began with, or begin in another folder"
            )


def _set(rng: Generator, kept: Any) -> None:
    """Set a generator to a state in JSON, or raise a ValueError if it cannot have that."""
    own = _plain(rng.getstate())
    if type(own) is list and type(own[-1]) is float:
        own[-1] = None  # a normal number that waits to be drawn, as it does at times
    rng.setstate(_alike(kept, own))
    if _plain(rng.getstate()) != kept:
        raise ValueError(f"its generator cannot stand at {shown(kept)}; {_WAY_OUT}")


def _alike(kept: Any, own: Any) -> Any:
    """A document as another is, lists as tuples; where that has None, a finite number may be."""
    if type(kept) is type(own) is list and len(kept) == len(own):
        return tuple(map(_alike, kept, own))
    if type(kept) is type(own) is dict and kept.keys() == own.keys():
        lengths = [len(part) for part in own.values() if type(part) is list]
        # NumPy reads from such a place, be it outside of its memory.
        places = [kept[name] for name in own if lengths and name.endswith("pos")]
        if all(type(place) is int and 0 <= place <= max(lengths) for place in places):
            return {name: _alike(kept[name], own[name]) for name in own}
    elif own is None or type(own) is float:
        # A rate that somebody has set may be an int; a metric may be nan.
        is_number = type(kept) is float or (type(kept) is int and abs(kept) <= 2**53)
        if kept is own is None or (is_number and (own is not None or abs(kept) < np.inf)):
            return kept
    elif type(kept) is type(own) in (int, str, bool):
        return kept
    raise ValueError(f"it holds {shown(kept)} where it should be as {shown(own)}; {_WAY_OUT}")


def epochs_in(path: str | os.PathLike[str]) -> int:
    """How many epochs a checkpoint has behind it; a ModelFileError if it is damaged."""
    with _FORMAT.reading(path) as (_, description):
        return len(description["epochs"])
