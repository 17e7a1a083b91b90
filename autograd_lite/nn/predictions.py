"""A model's outputs for many samples, by a program where that is known to be right."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.engine import Value, current_mode, read_numbers
from autograd_lite.errors import ShapeError
from autograd_lite.nn.data import Array, Model, as_list, numbers_of, rows_at, sample_rows, uneven
from autograd_lite.nn.kept import kept_for
from autograd_lite.ops.lookup import EntryError
from autograd_lite.program.paths import Paths
from autograd_lite.program.program import Program
from autograd_lite.transforms.trees import take_apart

_ROWS_AT_A_TIME, _ROWS_OF_A_THREAD = 2**17, 2**14


def outputs_at(model: Model, inputs: Any) -> Array:
    """The outputs for many samples: see `Module.decision_function`."""
    rows = sample_rows(inputs, model)
    parts: list[Array] = []
    program = None if is_watched() else kept_for(model, rows.shape[1], Outputs)
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        chunk = rows_at(rows, range(start, start + _ROWS_AT_A_TIME))
        if program is None:
            found = [as_list(numbers_of(out)) for out in outputs_for(model, chunk, start)]
            widths = {*map(len, found)} | {part.shape[1] for part in parts}
            if len(widths) > 1:
                raise ShapeError(uneven(model, widths))
            parts.append(np.array(found))
        else:
            try:
                parts.append(np.ascontiguousarray(program.over(model, chunk)))
            except EntryError:  # of a row of the chunk: say which sample that is
                deque(outputs_for(model, chunk, start), maxlen=0)
                raise
    outputs = np.concatenate(parts)
    return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs


def outputs_for(
    model: Model, rows: Iterable[Array], first: int = 0, noun: str = "sample"
) -> Iterator[Any]:
    """The model's output for each row, by a call; an index that is wrong says in which."""
    for i, row in enumerate(rows, first):
        try:
            yield model(row.tolist())
        except EntryError as error:
            raise EntryError(f"{noun} {i}: {error}") from None


def is_watched() -> bool:
    """Whether a mode looks at each node: programs would show it none."""
    mode = current_mode.get()
    return mode is not None and bool(mode.watchers)


class Outputs:
    """A program that computes a model's outputs for many rows."""

    def __init__(self, parameters: Sequence[Value]) -> None:
        self._parameters = parameters
        self._paths = Paths(lambda model, x: model(x), "the model")

    @property
    def program(self) -> Program:
        """The program, once rows have been computed, if one is enough."""
        return self._paths.only

    def over(self, model: Model, rows: Array) -> Array:
        """Of shape (rows, outputs), for contiguous rows."""
        numbers = np.empty(len(self._parameters))
        read_numbers(self._parameters, numbers)
        threads = min(os.cpu_count() or 1, 1 + len(rows) // _ROWS_OF_A_THREAD)
        return self._paths.numbers(
            lambda: [take_apart(model, "the model"), take_apart(rows[0].tolist(), "x")],
            [(numbers, True), (rows, False)], len(rows), None, threads,
        )  # fmt: skip
