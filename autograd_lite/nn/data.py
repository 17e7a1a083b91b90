"""Samples and sizes as users give them, checked."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any, Protocol

import numpy as np

from autograd_lite.engine import Value, constant
from autograd_lite.errors import ShapeError, counted, shown, typed
from autograd_lite.ops.numbers import as_float, refuse_masked
from autograd_lite.ops.rules import floor
from autograd_lite.ops.sequences import sequence

Array = np.ndarray[Any, Any]


def positive_int(name: str, number: Any, error: type[ValueError] = ValueError) -> int:
    """A whole number of at least 1; else a TypeError, or the given kind of ValueError."""
    try:
        count = operator.index(number)
    except TypeError:
        raise TypeError(f"{name} is an int and was given {typed(number)}") from None
    if count < 1:
        raise error(f"{name} must be at least 1 and is {count}")
    return count


def real_array(name: str, numbers: Any) -> Array:
    """Numbers as a float array; a TypeError that names them if they are not real numbers."""
    refuse_masked(numbers, name)
    try:
        array = np.asarray(numbers)
    except ValueError:
        raise ShapeError(f"{name} has rows of different lengths: {numbers!r:.80}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds {array.dtype} in place of real numbers: {shown(numbers)}")
    with np.errstate(all="ignore"):
        return array.astype(np.float64)


def rows_at(rows: Array, batch: Sequence[int]) -> Array:
    """Some rows as contiguous float64; not copied if they are that, side by side."""
    # Not `take`, which copies what is not contiguous as a whole.
    chosen = rows[batch.start : batch.stop] if isinstance(batch, range) else rows[batch]
    return np.ascontiguousarray(chosen, dtype=np.float64)


def sample_rows(inputs: Any, model: Any, of: str = "") -> Array:
    """Inputs as an array of real numbers of shape (n, features); the caller's own, if it is one."""
    array, nin = _finite_array(f"{of}inputs", inputs), getattr(model, "nin", 1)
    if array.ndim == 1 and nin > 1:
        row = f", such as [{array[:nin].tolist()}]" if len(array) >= nin else ""
        raise ShapeError(
            f"{of}inputs of one dimension are samples of one feature, and this "
            f"{type(model).__name__} takes {nin} inputs; write rows of {nin}{row:.80}"
        )
    return array.reshape(-1, 1) if array.ndim == 1 else array


def samples(inputs: Any, outputs: Any, model: Any, of: str = "") -> tuple[Array, Array]:
    """Inputs of shape (n, features) and outputs of shape (n,) or (n, k)."""
    rows, targets = sample_rows(inputs, model, of), _finite_array(f"{of}outputs", outputs)
    if len(rows) != len(targets):
        raise ShapeError(
            f"there are {counted(len(rows), f'{of}input')} and "
            f"{counted(len(targets), f'{of}output')}; give one output per input"
        )
    return rows, targets


def _finite_array(name: str, data: Any) -> Array:
    refuse_masked(data, name)
    try:
        given = np.asarray(data)
    except ValueError as error:
        raise ShapeError(f"{name} must have rows of equal length: {error}") from None
    if given.dtype.kind in "biuf" and given.itemsize <= np.float64().itemsize:
        array = given
    else:
        try:
            numbers = [as_float(thing) for thing in given.ravel().tolist()]
        except TypeError as error:
            text = next((x for x in given.ravel().tolist() if isinstance(x, str)), None)
            said = str(error)
            if text is not None and name.endswith("outputs"):
                said = (
                    f"{text!r:.80} is text, which is a label of a class; give a loss of classes, "
                    "such as loss='cross_entropy'"
                )
            raise TypeError(f"{name} must be plain numbers: {said}") from None
        array = np.array(numbers, dtype=np.float64).reshape(given.shape)
    if array.ndim not in (1, 2):
        raise ShapeError(
            f"{name} have one or two dimensions, samples and features, and were given with shape "
            f"{array.shape}"
        )
    if array.size == 0:
        raise ShapeError(f"{name} are empty (shape {array.shape}); give at least one sample")
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        column = f", column {bad[0][1]}," if array.ndim == 2 else ""
        raise ValueError(
            f"{name}: sample {bad[0][0]}{column} is {float(array[tuple(bad[0])])!r}; leave such "
            f"samples out, or fill in a number ({len(bad)} in all)"
        )
    return array if array.flags.aligned else array.copy()  # as pickles give some


# --- one sample -----------------------------------------------------------------------------------


def layer_size(name: str, number: Any) -> int:
    """A number of inputs or neurons: an int of at least 1, else a TypeError or ShapeError."""
    return positive_int(name, number, ShapeError)


def inputs_of(module: Any, x: Any) -> list[Any]:
    """One sample as a list of Values; a plain number becomes a constant, shared by all neurons."""
    xs = elements_of(module, x)
    return [x if type(x) is Value or hasattr(type(x), "_apply_op") else constant(x) for x in xs]


def elements_of(module: Any, x: Any) -> list[Any]:
    """One sample as a list, of the module's number of inputs if it has one."""
    nin = getattr(module, "nin", None)
    xs = x if type(x) is list else _sample(module, x, nin)
    if nin is not None and len(xs) != nin:
        raise ShapeError(
            f"this {type(module).__name__} takes {counted(nin, 'input')} and was given {len(xs)}"
        )
    return xs


def _sample(module: Any, x: Any, nin: int | None) -> list[Any]:
    """The elements of a sample that is not a list; a single number is one input."""
    name, single = f"this {type(module).__name__}", not isinstance(x, Iterable)
    inputs, numbers = (counted(nin, w) if nin else f"{w}s" for w in ("input", "number"))
    if isinstance(x, np.ndarray) and x.ndim > 1:
        raise ShapeError(
            f"{name} takes one sample of {inputs} and was given an array of shape {x.shape}; use "
            "predict for many samples"
        )
    if isinstance(x, str | AbstractSet | Mapping) or (single and (nin or 1) > 1):
        raise TypeError(
            f"{name} takes a sequence of {numbers}, floats or Values, and was given {typed(x)}"
        )
    return [x] if single else sequence(name, x)


# --- what models give, and batches of it as losses take them --------------------------------------


class Model(Protocol):
    """A model, as training sees it."""

    @property
    def classes_(self) -> Array | None:
        """The labels that it gives; None where it gives outputs."""

    def __call__(self, x: Any) -> Any:
        """The output for one sample."""

    def parameters(self) -> list[Value]:
        """All parameters, each once."""

    def _frozen_parameters(self) -> set[Value]:
        """Parameters that are to stay as they are."""

    def named_parameters(self) -> list[tuple[str, Value]]:
        """(name, parameter) for each parameter."""

    def _has_taking(self, what: str) -> bool:
        """Whether a part of it takes ``"noise"`` in training, or looks up ``"entries"``."""


def uneven(model: Model, widths: Iterable[int]) -> str:
    """A message: the number of outputs depends on the sample."""
    counts = " and ".join(map(str, sorted(widths)))
    return f"{type(model).__name__} gives {counts} outputs, by the sample; give as many for each"


def as_list(output: Any) -> list[Any]:
    """A model's outputs as a list, even if there is only one."""
    return list(output) if isinstance(output, list | tuple) else [output]


def numbers_of(output: Any) -> Any:
    """A model's output without its graph."""
    if isinstance(output, Value):
        return output.data
    if isinstance(output, list | tuple):
        return [numbers_of(value) for value in output]
    raise TypeError(f"a model returns a Value or a list of them and returned {typed(output)}")


def _rows(name: str, role: str, batch: Any) -> list[list[Any]]:
    """One list of numbers per sample, all of one length."""
    if isinstance(batch, Value | str) or not isinstance(batch, Iterable):
        raise TypeError(
            f"{name} takes a batch, with one entry per sample, and its {role} are one "
            f"{typed(batch)}; write [output], [target] for a single sample"
        )
    refuse_masked(batch, f"the {role} of {name}")
    entries = batch.tolist() if isinstance(batch, np.ndarray) else batch
    rows = [[entry] if _single(entry) else list(entry) for entry in entries]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise ShapeError(f"the {role} of {name} have different lengths: {widths}")
    return rows


def _single(entry: Any) -> bool:
    return isinstance(entry, Value | str) or not isinstance(entry, Iterable)


def _is_class(target: Any, classes: Sequence[float]) -> bool:
    """Whether a target is one; of a Value few comparisons, as a program is to be for all."""
    if not isinstance(classes, range):
        return target in classes
    return bool(classes[0] <= target <= classes[-1] and floor(target) == target)


def check_classes(name: str, classes: Sequence[float], targets: Array | list[float]) -> None:
    """Raise a ValueError that names the first target that is no class."""
    if isinstance(targets, list):  # perhaps short, as in a user's own training loop
        wrong: Any = [i for i, target in enumerate(targets) if not _is_class(target, classes)]
    else:
        wrong = np.flatnonzero(~np.isin(targets, classes))
    if len(wrong):
        between = "{:g} or {:g}", "class indices from {} to {}"
        known = between[isinstance(classes, range)].format(classes[0], classes[-1])
        target = targets[wrong[0]]
        said = shown(target if isinstance(target, Value) else float(target))
        raise ValueError(f"the targets of {name} are {known}, and number {wrong[0]} is {said}")


def check_least(name: str, least: float, targets: Array | list[Any]) -> None:
    """Raise a ValueError that names the first target that is too small; Values may be any."""
    if least == -np.inf:
        return
    plain = [least if isinstance(target, Value) else target for target in targets]
    below = np.flatnonzero(np.less(plain, least))
    if len(below):
        raise ValueError(
            f"the targets of {name} are at least {least:g}, and number {below[0]} is "
            f"{float(plain[below[0]])}"
        )


def rows_of(name: str, outputs: Any, targets: Any) -> tuple[list[list[Any]], list[list[Any]]]:
    """The outputs of each sample, and its targets."""
    rows, wanted = _rows(name, "outputs", outputs), _rows(name, "targets", targets)
    if len(rows) != len(wanted):
        raise ShapeError(
            f"{name} takes one target per sample and was given {counted(len(rows), 'output')} and "
            f"{counted(len(wanted), 'target')}"
        )
    if not rows:
        raise ShapeError(f"{name} of no samples is undefined; give it at least one")
    return rows, wanted


def pairs_of(name: str, outputs: Any, targets: Any) -> tuple[list[Any], list[Any]]:
    """All outputs of all samples, and a target for each."""
    rows, wanted = rows_of(name, outputs, targets)
    if len(rows[0]) != len(wanted[0]) or not rows[0]:
        raise ShapeError(
            f"{name} takes one target per output and was given {counted(len(rows[0]), 'output')} "
            f"and {counted(len(wanted[0]), 'target')} per sample"
        )
    return [*chain(*rows)], [*chain(*wanted)]


def classes_of(name: str, outputs: Any, targets: Any) -> list[tuple[list[Any], Any]]:
    """(outputs, index of the class) of all samples; an index is a Value where it was one."""
    rows, wanted = rows_of(name, outputs, targets)
    if len(rows[0]) < 2:
        raise ShapeError(
            f"{name} takes one output per class, at least 2, and was given {len(rows[0])}; use "
            "binary_cross_entropy for one output"
        )
    if len(wanted[0]) != 1:
        raise ShapeError(
            f"{name} takes one class index per sample and was given {len(wanted[0])} numbers; "
            "write np.argmax(targets, axis=1) for one-hot rows"
        )
    classes: list[Any] = [c if isinstance(c, Value) else as_float(c) for [c] in wanted]
    check_classes(name, range(len(rows[0])), classes)
    return [*zip(rows, classes, strict=True)]
