"""A model's loss over batches of samples: recorded anew for each, or by programs."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from autograd_lite.engine import Value, current_mode, read_numbers
from autograd_lite.errors import AnomalyError
from autograd_lite.nn.data import Array, part_of, sample_rows
from autograd_lite.nn.losses import Loss
from autograd_lite.program.paths import Paths
from autograd_lite.transforms.gradients import as_value, gradient
from autograd_lite.transforms.trees import take_apart

WAY_OUT = "try a smaller learning rate, or standardise the inputs"
_ROWS_AT_A_TIME, _ROWS_OF_A_THREAD = 2**17, 2**14  # in predictions


class Model(Protocol):
    """What can learn."""

    def __call__(self, x: Any) -> Any:
        """The output for one sample."""

    def parameters(self) -> list[Value]:
        """All parameters, each once."""

    def named_parameters(self) -> list[tuple[str, Value]]:
        """(name, parameter) for each parameter."""


class Pass:
    """The model's loss over batches of one set of samples."""

    def __init__(
        self, model: Model, loss: Loss, inputs: Array, targets: Array, sample: str
    ) -> None:
        self.model, self.loss, self.sample = model, loss, sample
        self.parameters = tuple(model.parameters())
        self.numbers = np.empty(len(self.parameters))  # where the last batch was evaluated
        self.inputs, self.targets = inputs, targets

    def check(self) -> None:
        """Fail now, and not in the middle of an epoch, if inputs or targets do not fit."""
        [output] = self._outputs_of(range(1))
        self._width = len(_as_list(numbers_of(output)))
        if self.loss.sample is not None:
            self.loss.check(self.targets, self._width)

    def over(
        self,
        batches: Iterator[Sequence[int]],
        epoch: int,
        step: Callable[[Array, Array, int, Sequence[int]], None] | None = None,
    ) -> tuple[float, dict[str, float]]:
        """Mean loss and metrics over all samples, with a step after each batch if given."""
        loss, right, count = 0.0, 0.0, 0
        for batch in batches:
            n = len(batch)
            total, share, gradients = self.evaluate(batch, epoch, step is not None)
            loss += total * n
            right += share * n
            count += n
            if step is not None:
                step(self.numbers, gradients, epoch, batch)
        return loss / count, dict.fromkeys(self.loss.metrics, right / count)

    def evaluate(
        self, batch: Sequence[int], epoch: int, differentiate: bool
    ) -> tuple[float, float, Array]:
        """The loss of a batch, the accuracy if there is one, the gradient if it is wanted."""
        outputs, targets = self._outputs_of(batch), part_of(self.targets, batch).tolist()
        total = self.loss.function(outputs, targets)
        if not isinstance(total, Value):
            raise TypeError(
                f"the loss must return a Value and returned {type(total).__name__}: {total!r}"
            )
        if not math.isfinite(total.data):
            raise AnomalyError(self._culprit(total.data, epoch, batch, outputs))
        share = 0.0
        for metric in self.loss.metrics.values():
            share = metric([numbers_of(out) for out in outputs], targets)
        if not differentiate:
            return total.data, share, np.zeros(0)
        for parameter in self.parameters:
            parameter.grad = 0.0
        total.backward()
        read_numbers(self.parameters, self.numbers)
        return total.data, share, np.array([parameter.grad for parameter in self.parameters])

    def outputs_at(self, rows: Array) -> Array:
        """What the model gives for other inputs."""
        return predict(self.model, rows)

    def _outputs_of(self, batch: Sequence[int]) -> list[Any]:
        return [self.model(row.tolist()) for row in part_of(self.inputs, batch)]

    def _culprit(
        self, total: float, epoch: int, batch: Sequence[int], outputs: Sequence[Any]
    ) -> str:
        """Which sample made the loss nan or infinite, in words."""
        targets = part_of(self.targets, batch).tolist()
        for i, output, target in zip(batch, outputs, targets, strict=True):
            try:
                alone = self.loss.function([output], [target]).data
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                break  # a user's own loss may need more than one sample
            if not math.isfinite(alone):
                return (
                    f"the loss turned {alone} in epoch {epoch} at {self.sample} {i} (output "
                    f"{numbers_of(output)}, target {target}); {WAY_OUT}"
                )
        return (
            f"the loss turned {total} in epoch {epoch} over {listed(batch)}, and no one of "
            f"them alone explains it; {WAY_OUT}"
        )


class CompiledPass(Pass):
    """The same by programs of single samples, over whose rows the batch's loss is the mean."""

    def __init__(
        self, model: Model, loss: Loss, inputs: Array, targets: Array, sample: str
    ) -> None:
        super().__init__(model, loss, inputs, targets, sample)
        if loss.sample is None:
            raise ValueError(
                "a loss of your own takes a whole batch, and cannot be compiled; leave compile "
                "out, or name one of the package's losses"
            )
        self._batch: Sequence[int] = []
        self._matrices: list[tuple[Array, bool]] = []
        self._runs: dict[bool, Callable[[], Array]] = {}
        of_sample, right = loss.sample, loss.right or (lambda outputs, targets: [])

        def one(model: Model, x: Any, target: Any) -> list[Any]:
            outputs = _as_list(model(x))
            return [of_sample(outputs, target), *right(outputs, target)]

        self._loss = Paths(one, "the loss of a sample")

        def slopes(model: Model, x: Any, target: Any) -> list[Any]:
            loss, *right = one(model, x, target)
            return [loss, *gradient(as_value(loss), self.parameters, create_graph=True), *right]

        self._gradient = Paths(slopes, "the gradient of a sample")

    def check(self) -> None:
        """See `Pass`."""
        super().check()
        x, target = part_of(self.inputs, range(1))[0], self._encoded(range(1))[0]
        given = {"the model": self.model, "x": x.tolist(), "target": target.tolist()}
        self._trees = [take_apart(thing, name) for name, thing in given.items()]

    def _encoded(self, batch: Sequence[int]) -> Array:
        return self.loss.encode(part_of(self.targets, batch), self._width)

    def _take(self, batch: Sequence[int]) -> None:
        """Prepare for a batch; when all samples are one, it is the same one in each epoch."""
        self._batch = batch
        self._runs.clear()
        self._matrices.clear()  # before there are others
        self._matrices = [
            (self.numbers, True),
            (part_of(self.inputs, batch), False),
            (self._encoded(batch), False),
        ]

    def evaluate(
        self, batch: Sequence[int], epoch: int, differentiate: bool
    ) -> tuple[float, float, Array]:
        """See `Pass`."""
        if self._batch is not batch:
            self._take(batch)
        read_numbers(self.parameters, self.numbers)
        n, paths = len(batch), self._gradient if differentiate else self._loss
        if differentiate not in self._runs:
            self._runs[differentiate] = paths.bound(lambda: self._trees, self._matrices, n)
        found = self._runs[differentiate]()
        total = float(found[0])
        if not math.isfinite(total):
            raise AnomalyError(self._culprit(total, epoch, batch, self._outputs_of(batch)))
        end = 1 + differentiate * len(self.parameters)
        # The counts behind these means are whole, so that no bit of the share is lost.
        right = [round(mean * n) for mean in found[end:].tolist()]
        return total, sum(right) / (n * len(right) or 1), found[1:end]


def predict(model: Model, inputs: Any) -> Array:
    """See `Module.predict`."""
    rows, parts = sample_rows(inputs), []
    program = None if is_watched() else outputs_of(model, rows.shape[1])
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        chunk = part_of(rows, range(start, start + _ROWS_AT_A_TIME))
        if program is None:
            parts.append(np.array([numbers_of(model(row.tolist())) for row in chunk]))
        else:
            parts.append(np.ascontiguousarray(program.over(model, chunk)))
    outputs = np.concatenate(parts)
    return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs


def is_watched() -> bool:
    """Whether each node is looked at; of programs no node is told."""
    mode = current_mode.get()
    return mode is not None and bool(mode.watchers)


class Outputs:
    """What a model gives for rows, by a program; a copy begins anew."""

    def __init__(self, parameters: Sequence[Value] = (), structure: Any = None) -> None:
        self.structure, self._parameters = structure, parameters
        self._paths = Paths(lambda model, x: model(x), "the model")

    def __reduce__(self) -> tuple[Any, ...]:
        return Outputs, ()

    def over(self, model: Model, rows: Array) -> Array:
        """Of shape (rows, outputs), for contiguous rows."""
        numbers = np.empty(len(self._parameters))
        read_numbers(self._parameters, numbers)
        threads = min(os.cpu_count() or 1, 1 + len(rows) // _ROWS_OF_A_THREAD)
        return self._paths.numbers(
            lambda: [take_apart(model, "the model"), take_apart(rows[0].tolist(), "x")],
            [(numbers, True), (rows, False)], len(rows), None, threads,
        )  # fmt: skip


def outputs_of(model: Any, n_inputs: int) -> Outputs | None:
    """Those of before, if only numbers have changed; None for a user's own parts."""
    values: list[Value] = []
    structure: Any = n_inputs, structure_of(model, values), [*map(id, values)]
    kept: Outputs | None = vars(model).get("_kept_outputs")
    if kept is None or kept.structure != structure:
        parameters = model.parameters()
        if not _is_known(model) or not {*values} <= {*parameters}:  # or some are computed
            return None
        kept = vars(model)["_kept_outputs"] = Outputs(parameters, structure)
    return kept


def structure_of(part: Any, values: list[Value]) -> Any:
    """What programs of a part depend on beside its Values, which are added to `values`."""
    # Of a class below one of these nothing is known: it may do more.
    known = vars(type(part)).get("_program_structure")
    return object() if known is None else known(part, values)


def is_traceable(model: Any, loss: Loss) -> bool:
    """Whether outputs and loss are known to depend on parameters and samples alone."""
    return loss.sample is not None and _is_known(model)


def _is_known(part: Any, *above: Any) -> bool:
    if isinstance(part, Value) or any(part is whole for whole in above):
        return True
    inner = part
    if isinstance(part, Mapping):
        inner = part.values()
    elif hasattr(type(part), "traceable"):
        inner = vars(part).values() if type(part).traceable else [len]
    elif not isinstance(part, list | tuple):
        return not callable(part)
    return all(_is_known(each, part, *above) for each in inner)


def _as_list(output: Any) -> list[Any]:
    return list(output) if isinstance(output, list | tuple) else [output]


def listed(batch: Sequence[int], limit: int = 10) -> str:
    """Some numbers of samples, for messages."""
    shown = ", ".join(map(str, batch[:limit]))
    return f"samples {shown}" + (f" and {len(batch) - limit} more" if len(batch) > limit else "")


def numbers_of(output: Any) -> Any:
    """A model's output without its graph."""
    if isinstance(output, Value):
        return output.data
    if isinstance(output, list | tuple):
        return [numbers_of(value) for value in output]
    raise TypeError(
        f"a model returns a Value or a list of them and returned {type(output).__name__}: "
        f"{output!r}"
    )
