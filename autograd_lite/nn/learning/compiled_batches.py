"""A model's loss over batches of samples, by programs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np

from autograd_lite.engine import Value, read_numbers
from autograd_lite.errors import ProgramError, ShapeError
from autograd_lite.nn.data import Array, Model, as_list, numbers_of, part_of, uneven
from autograd_lite.nn.kept import kept_for
from autograd_lite.nn.learning.batches import COMPARED, Batches, Evaluated, Samples, is_traceable
from autograd_lite.nn.learning.remarks import changing, generators
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.losses import LOSSES
from autograd_lite.nn.parts.training_mode import forced, in_mode, in_mode_for
from autograd_lite.ops.lookup import EntryError
from autograd_lite.program.paths import WHY, Paths
from autograd_lite.transforms.gradients import as_value, gradient
from autograd_lite.transforms.trees import take_apart


class Objective:
    """The loss of a sample, and its gradient, each recorded once."""

    def __init__(
        self, parameters: Sequence[Value], frozen: Array, loss: Loss, width: int,
        columns: Sequence[str],  # the arguments behind the model
    ) -> None:  # fmt: skip
        self._of, self._width, self._columns = loss, width, columns
        self._moving = [p for p, kept in zip(parameters, frozen, strict=True) if not kept]
        self._frozen = frozen.tolist()
        self.loss = Paths(self._loss, "the loss of a sample")
        self.gradient = Paths(self._gradient, "the gradient of a sample")

    def _loss(self, model: Model, *columns: Any) -> list[Any]:
        """The loss, and whether each choice is right."""
        given = dict(zip(self._columns, columns, strict=True))
        target, weight = given["target"], given.get("weight")
        with in_mode(bool(forced.get()), given.get("noise")):
            outputs = as_list(model(given["x"]))
        sample, right = self._of.sample, self._of.right
        if len(outputs) != self._width or sample is None:
            raise ShapeError(uneven(model, {self._width, len(outputs)}))
        loss = sample(outputs, target)
        rights = right(outputs, target) if right else []
        return [loss if weight is None else weight * loss, *rights]

    def _gradient(self, model: Model, *columns: Any) -> list[Any]:
        loss, *right = self._loss(model, *columns)
        found = iter(gradient(as_value(loss), self._moving, create_graph=True))
        return [loss, *[0.0 if frozen else next(found) for frozen in self._frozen], *right]


#: Seconds until another thread sees what was learnt: with many parameters, to write them takes as
#: long as a step over few samples.
_UNSEEN = 0.05


class CompiledBatches(Batches):
    """The loss by a program of one sample, run over all rows of the batch; their mean."""

    def __init__(self, model: Model, loss: Loss, samples: Samples) -> None:
        super().__init__(model, loss, samples)
        if loss.sample is None:
            raise ValueError(
                "a loss of your own takes a whole batch, and cannot be compiled; leave compile "
                "out, or write nn.per_sample of a function of one sample"
            )
        self._batch: Sequence[int] = []
        self._matrices: list[tuple[Array, bool]] = []
        self._runs: dict[bool, Callable[[], Array]] = {}
        self.to_check = 0  # number of steps that are still to be compared with eager ones

    def check(self) -> list[list[Any]]:
        """See `Batches`; an unknown module or loss must also give the same numbers twice."""
        own = not is_traceable(self.model, self.loss)
        before = generators() if own else ""
        outputs = super().check()
        again = self._first_outputs() if own else outputs
        drawn = own and generators() != before
        if drawn or str([*map(numbers_of, outputs)]) != str([*map(numbers_of, again)]):
            raise changing(type(self.model).__name__)
        if not self.loss.name:
            before = generators()
            first, second = (self._first_losses(outputs) for _ in range(2))
            if generators() != before or str(first) != str(second):
                raise changing(repr(self.loss.function))
        columns = {name: part[0].tolist() for name, part in self._columns(range(1)).items()}
        if "weight" in columns:  # one number
            [columns["weight"]] = columns["weight"]
        given = {"the model": self.model, **columns}
        self._trees = [take_apart(thing, name) for name, thing in given.items()]
        self._objective = self._kept(tuple(columns))
        return outputs

    def _first_losses(self, outputs: list[list[Any]]) -> list[Any]:
        targets = part_of(self.targets, range(len(outputs))).reshape(len(outputs), -1).tolist()
        losses = map(cast(Any, self.loss.sample), outputs, targets)
        return [numbers_of(as_value(loss)) for loss in losses]

    def _kept(self, columns: tuple[str, ...]) -> Objective:
        """The programs of an earlier training like this one, or new ones."""
        loss, width, frozen = self.loss, self._width, self.frozen

        def made(parameters: Sequence[Value]) -> Objective:
            return Objective(parameters, frozen, loss, width, columns)

        if loss not in LOSSES.values():  # it may read what has changed since
            return made(self.parameters)
        shapes = columns, self.inputs.shape[1], self.noise.shape[1]
        purpose = loss, width, frozen.tobytes(), shapes
        found: Objective = kept_for(self.model, purpose, made) or made(self.parameters)
        return found

    def _columns(self, batch: Sequence[int]) -> dict[str, Array]:
        """The arguments of the program that have a row for each sample."""
        found = {"x": part_of(self.inputs, batch)}
        found["target"] = part_of(self.targets, batch).reshape(len(batch), -1)
        if self.samples.weights is not None:
            found["weight"] = part_of(self.samples.weights, batch).reshape(-1, 1)
        if self.noise.shape[1]:
            fits = len(self.noise) == len(batch)
            found["noise"] = self.noise if fits else np.zeros((len(batch), self.noise.shape[1]))
        return found

    def check_entries(self) -> None:
        """See `Batches`."""
        try:
            self.evaluate(range(len(self.inputs)), 0, False)
        except EntryError:  # of a row: say which sample that is
            super().check_entries()

    def over(
        self, batches: Iterator[Sequence[int]], epoch: int,
        step: Callable[[Array, Array, int, Sequence[int]], None] | None = None,
    ) -> tuple[float, dict[str, float]]:  # fmt: skip
        """See `Batches`; steps that nobody sees move one flat array, the parameters after them."""
        if not getattr(step, "is_flat", False):
            return super().over(batches, epoch, step)
        if not self.is_current:
            read_numbers(self.parameters, self.numbers)
        self.is_flat = self.is_current = True
        try:
            found = super().over(batches, epoch, step)
        except BaseException:  # Ctrl-C, too
            self.settle()
            raise
        if not self.is_unseen or time.monotonic() - self._settled > _UNSEEN:
            self.settle()
        return found

    def _take(self, batch: Sequence[int]) -> None:
        """Prepare for a batch, which is the same in each epoch if it holds all samples."""
        self._batch = batch
        self._runs.clear()
        self._matrices.clear()  # before there are others
        columns = [(part, False) for part in self._columns(batch).values()]
        self._matrices = [(self.numbers, True), *columns]

    @in_mode_for
    def evaluate(self, batch: Sequence[int], epoch: int, differentiate: bool) -> Evaluated:
        """See `Batches`."""
        if self._batch is not batch:
            self._take(batch)
        if not self.is_flat:
            read_numbers(self.parameters, self.numbers)
        n, paths = len(batch), self._objective.gradient if differentiate else self._objective.loss
        if not paths.is_one_program:
            self.show()  # as rows on other paths may run eagerly
        if differentiate not in self._runs:
            self._runs[differentiate] = paths.bound(
                lambda: self._trees, self._matrices, n, self.threads
            )
        found = self._runs[differentiate]()
        total = float(found[0])
        if not math.isfinite(total):
            self.show()
            raise self._culprit(total, epoch, batch, self._outputs_of(batch))
        end = 1 + differentiate * len(self.parameters)
        if differentiate and self.to_check:
            self.to_check -= 1
            self._compare(batch, epoch, found[:end])
        # The counts behind these means are whole, so that no bit of the share is lost.
        right = [round(mean * n) for mean in found[end:].tolist()]
        return total, sum(right) / (n * len(right) or 1), found[1:end]

    def _compare(self, batch: Sequence[int], epoch: int, found: Array) -> None:
        """Raise a ProgramError if loss and gradient are not those of the batch's graph."""
        self.show()
        total, _, gradients = super().evaluate(batch, epoch, True)
        eager = np.array([total, *gradients])
        i = int(np.abs(found - eager).argmax())
        if abs(found[i] - eager[i]) > 1e-6 * np.abs(eager).max() + 1e-12:
            raise ProgramError(
                f"in step {COMPARED - self.to_check}, the program gives {found[i]} and the module "
                f"{eager[i]} (the loss, or a gradient): it {WHY}, or leave compile out"
            )
