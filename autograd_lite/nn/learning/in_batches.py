"""The samples of an epoch, batch by batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import chain
from typing import Any

import numpy as np

from autograd_lite.errors import AutogradError, ShapeError, counted, shown, typed


class InBatches:
    """Samples in batches, in this order; one batch of all of them is the order itself.

    The whole may come several `times`.
    """

    def __init__(self, order: Sequence[int], size: int, times: int = 1) -> None:
        # NumPy reads an array of its own faster.
        keep = isinstance(order, range) or size >= len(order)
        self.order: Any = order if keep else np.asarray(order)
        self.size, self._times = min(size, len(order)), times

    def __len__(self) -> int:
        return -(-len(self.order) // self.size) * self._times

    def __iter__(self) -> Iterator[Sequence[int]]:
        return self.after(0)

    def after(self, first: int) -> Iterator[Sequence[int]]:
        """All but the first batches."""
        order, size = self.order, self.size
        if size == len(order):
            return iter([order] * (self._times - first))
        return (order[i : i + size] for i in range(first * size, len(order), size))

    def __enter__(self) -> Any:
        """Block in which errors are those of the batch that came last."""

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        """Leave an error as it is: it names the sample."""


class Stream(InBatches):
    """Batches that a user's iterable gives: each brings its samples, which a training takes."""

    kind: Any = None  # of its training; that of arrays, if None
    has_all_labels = False  # in its first samples, as one of all classes

    def __init__(self, given: Any, passes: int, keep: bool) -> None:
        self._given, self._usual, self.number = given, np.geterr(), 0
        self.first: Any = None  # inputs and outputs of the first batch
        self.training: Any = None  # takes the samples of each batch
        self._counted = 0  # batches of an epoch, where that matters
        self.size = 0  # of batches of validation, if not that of the first
        if not isinstance(given, Iterable):
            raise TypeError(f"batches are an iterable of pairs and were given {typed(given)}")
        iterator = iter(given)
        if iterator is given and passes > 1:
            raise ValueError(
                f"batches is {shown(given)}, which can be run through only once, and there are to "
                f"be {passes} passes; give a list, or an object whose __iter__ begins anew"
            )
        pair = self._next(iterator)
        with self:
            self.first = self._parts(pair)
        # Where nothing stands against it, the first epoch goes on from there.
        self._begun: Any = chain([pair], iterator) if keep or iterator is given else None

    def __iter__(self) -> Iterator[Sequence[int]]:
        iterator, self._begun, self.number = self._begun or iter(self._given), None, 0
        while (pair := self._next(iterator)) is not self:
            with self:
                n = self.training.take(*self._parts(pair))
            yield range(n)
        if self._counted and self.number != self._counted:
            raise ShapeError(
                f"{shown(self._given)} has the length {self._counted}, by which the schedule goes, "
                f"and gave {counted(self.number, 'batch', 'batches')}; let __len__ tell how many"
            )

    def _next(self, iterator: Iterator[Any]) -> Any:
        """The next batch, by the user's own code; this object, if there is none."""
        with np.errstate(**self._usual):
            pair = next(iterator, self)
        if pair is self and not self.number:
            raise ShapeError(
                f"batches gave none, as {shown(self._given)} is empty, or its __iter__ does not "
                "begin anew; give at least one"
            )
        self.number += pair is not self
        return pair

    def _parts(self, pair: Any) -> tuple[Any, Any]:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"a batch is a pair (inputs, outputs), and this is {typed(pair)}")
        return pair[0], pair[1]

    def steps(self, wanted: bool) -> int:
        """The steps of an epoch; 0 if nobody can know."""
        if wanted and not isinstance(self._given, Sized):
            raise ValueError(
                "a schedule by name, or of a training that is continued, goes by the number of "
                f"batches, and {shown(self._given)} has no length; give it a __len__"
            )
        count = len(self._given) if isinstance(self._given, Sized) else 0
        self._counted = count if wanted else 0
        return count

    def __enter__(self) -> Any:
        """See `InBatches`; the first samples are given."""
        return self.first

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        """Let an error say which batch it is."""
        own = isinstance(error, AutogradError) or type(error) in {TypeError, ValueError}
        if error is not None and own:
            error.args = (f"batch {self.number}: {error}", *error.args[1:])


def stream_of(options: Mapping[str, Any], epochs: int, is_sized: bool) -> Stream | None:
    """The batches of a user's iterable, if `learn` is given one in place of arrays."""
    given = options["batches"]
    if given is None:
        if options["inputs"] is None or options["outputs"] is None:
            raise TypeError("learn takes inputs and outputs, or as batches an iterable of both")
        return None
    for name in ("inputs", "outputs", "sample_weight", "class_weight", "batch_size"):
        if is_sized if name == "batch_size" else options[name] is not None:
            raise ValueError(
                f"batches bring their own samples, and learn sees one at a time; leave {name} out"
            )
    if not isinstance(options["validation"], tuple | list | None):
        raise ValueError(
            "no share of batches can be held out, as learn sees one at a time; give "
            "validation=(inputs, outputs)"
        )
    if isinstance(given, Stream):
        return given
    passes = epochs * (1 + (options["metrics"] is not None))
    return Stream(given, passes, keep=not options["resume"])
