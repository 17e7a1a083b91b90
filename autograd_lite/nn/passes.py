"""A model's loss over batches of samples: recorded anew for each, or by programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from autograd_lite.engine import Value, read_numbers
from autograd_lite.errors import AnomalyError
from autograd_lite.modes import no_grad
from autograd_lite.nn.data import Array
from autograd_lite.nn.losses import Loss
from autograd_lite.program.paths import Paths
from autograd_lite.transforms.gradients import as_value, gradient
from autograd_lite.transforms.trees import take_apart

WAY_OUT = "try a smaller learning rate, or standardise the inputs"


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
        self.parameters: Sequence[Value] = self._leaves_of(model)
        self.inputs: list[list[float]] = inputs.tolist()
        self.targets: list[Any] = targets.tolist()

    def _leaves_of(self, model: Model) -> Sequence[Value]:
        return model.parameters()

    def check(self) -> None:
        """Fail now, and not in the middle of an epoch, if inputs or targets do not fit."""
        output = numbers_of(self.model(self.inputs[0]))
        if self.loss.sample is not None:
            zeros = [0.0] * len(output) if isinstance(output, list) else 0.0
            self.loss.function([zeros] * len(self.targets), self.targets)

    def over(
        self,
        batches: Iterator[Sequence[int]],
        epoch: int,
        step: Callable[[Array, Array, int, Sequence[int]], None] | None = None,
    ) -> tuple[float, dict[str, float]]:
        """Mean loss and metrics over all samples, with a step after each batch if given."""
        loss, count, sums = 0.0, 0, dict.fromkeys(self.loss.metrics, 0.0)
        for batch in batches:
            n = len(batch)
            total, outputs, gradients = self.evaluate(batch, epoch, step is not None)
            loss += total * n
            for name in sums:
                sums[name] += self.loss.metrics[name](outputs, [self.targets[i] for i in batch]) * n
            count += n
            if step is not None:
                step(self.numbers(), gradients, epoch, batch)
        for name in sums:
            sums[name] /= count
        return loss / count, sums

    def evaluate(
        self, batch: Sequence[int], epoch: int, differentiate: bool
    ) -> tuple[float, list[Any], Array]:
        """The loss of a batch, the outputs if metrics want them, the gradient if it is wanted."""
        outputs = [self.model(self.inputs[i]) for i in batch]
        total = self.loss.function(outputs, [self.targets[i] for i in batch])
        if not isinstance(total, Value):
            raise TypeError(
                f"the loss must return a Value and returned {type(total).__name__}: {total!r}"
            )
        if not math.isfinite(total.data):
            raise AnomalyError(self._culprit(total.data, epoch, batch, outputs))
        plain = [numbers_of(out) for out in outputs] if self.loss.metrics else []
        if not differentiate:
            return total.data, plain, np.zeros(0)
        for parameter in self.parameters:
            parameter.grad = 0.0
        total.backward()
        return total.data, plain, np.array([parameter.grad for parameter in self.parameters])

    def numbers(self) -> Array:
        """Those of the parameters, at which the last batch was evaluated."""
        numbers = np.empty(len(self.parameters))
        read_numbers(self.parameters, numbers)
        return numbers

    def outputs_at(self, rows: Array) -> Array:
        """What the model gives for other inputs: of shape (rows, outputs)."""
        with no_grad():
            return np.array([_as_list(numbers_of(self.model(row))) for row in rows.tolist()])

    def _culprit(
        self, total: float, epoch: int, batch: Sequence[int], outputs: Sequence[Any]
    ) -> str:
        """Which sample made the loss nan or infinite, in words."""
        for i, output in zip(batch, outputs, strict=True):
            try:
                alone = self.loss.function([output], [self.targets[i]]).data
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                break  # a user's own loss may need more than one sample
            if not math.isfinite(alone):
                return (
                    f"the loss turned {alone} in epoch {epoch} at {self.sample} {i} (output "
                    f"{numbers_of(output)}, target {self.targets[i]}); {WAY_OUT}"
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
        self._numbers = np.empty(len(self.parameters))
        self._rows, self._given, self._encoded = inputs, targets, targets
        self._batch: Sequence[int] = []
        self._matrices: list[tuple[Array, bool]] = []
        self._runs: dict[bool, Callable[[], Array]] = {}
        of_sample = loss.sample

        def one(model: Model, x: Any, target: Any) -> Any:
            return of_sample(_as_list(model(x)), target)

        self._loss = Paths(one, "the loss of a sample")

        def slopes(model: Model, x: Any, target: Any) -> list[Value]:
            loss = as_value(one(model, x, target))
            return [loss, *gradient(loss, self.parameters, create_graph=True)]

        self._gradient = Paths(slopes, "the gradient of a sample")
        self._outputs = Paths(lambda model, x: model(x), "the model")

    def _leaves_of(self, model: Model) -> Sequence[Value]:
        self._trees = [take_apart(model, "the model")]
        return tuple(self._trees[0].leaves)

    def check(self) -> None:
        """See `Pass`."""
        super().check()
        width = len(_as_list(self.model(self.inputs[0])))
        self._encoded = self.loss.encode(self._given, width)
        given = (("x", self._rows), ("target", self._encoded))
        of_sample = [take_apart(rows[0].tolist(), name) for name, rows in given]
        self._trees = [self._trees[0], *of_sample]

    def _take(self, batch: Sequence[int]) -> None:
        """Prepare for a batch; when all samples are one, it is the same one in each epoch."""
        self._batch = batch
        self._matrices = [
            (self._numbers, True),
            (self._rows[batch], False),
            (self._encoded[batch], False),
        ]
        self._runs.clear()

    def _run(self, differentiate: bool) -> Callable[[], Array]:
        paths = self._gradient if differentiate else self._loss
        n = len(self._batch)
        self._runs[differentiate] = paths.bound(lambda: self._trees, self._matrices, n)
        return self._runs[differentiate]

    def numbers(self) -> Array:
        """See `Pass`."""
        return self._numbers

    def evaluate(
        self, batch: Sequence[int], epoch: int, differentiate: bool
    ) -> tuple[float, list[Any], Array]:
        """See `Pass`."""
        if self._batch is not batch:
            self._take(batch)
        read_numbers(self.parameters, self._numbers)
        run = self._runs.get(differentiate) or self._run(differentiate)
        found = run()
        total = float(found[0])
        if not math.isfinite(total):
            outputs = [self.model(self.inputs[i]) for i in batch]
            raise AnomalyError(self._culprit(total, epoch, batch, outputs))
        plain: list[Any] = []
        if self.loss.metrics:
            plain = self._rows_of(self._matrices[:2], len(batch)).tolist()
        return total, plain, found[1:]

    def outputs_at(self, rows: Array) -> Array:
        """See `Pass`."""
        now = np.empty(len(self.parameters))
        read_numbers(self.parameters, now)
        return self._rows_of([(now, True), (rows, False)], len(rows))

    def _rows_of(self, matrices: Sequence[tuple[Array, bool]], n: int) -> Array:
        rows: Array = self._outputs.numbers(lambda: self._trees[:2], matrices, n, None, 1)
        return rows


def is_traceable(model: Any, loss: Loss) -> bool:
    """Whether outputs and loss are known to depend on parameters and samples alone."""
    return loss.sample is not None and _is_known(model)


def _is_known(part: Any) -> bool:
    if isinstance(part, Value):
        return True
    if isinstance(part, list | tuple):
        return all(map(_is_known, part))
    if isinstance(part, Mapping):
        return all(map(_is_known, part.values()))
    if hasattr(type(part), "traceable"):
        return type(part).traceable and all(map(_is_known, vars(part).values()))
    return not callable(part)


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
