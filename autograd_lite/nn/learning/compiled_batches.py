"""A model's loss over batches of samples, by programs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np

from autograd_lite.engine import read_numbers
from autograd_lite.errors import ProgramError, ShapeError
from autograd_lite.nn.data import Array, Model, as_list, numbers_of, rows_at, uneven
from autograd_lite.nn.kept import kept_for
from autograd_lite.nn.learning.batches import (
    COMPARED,
    Batches,
    Evaluated,
    Measured,
    Samples,
    Step,
    is_traceable,
)
from autograd_lite.nn.learning.descent import descend, share_of
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.learning.remarks import changing, generators
from autograd_lite.nn.learning.step import TrainingStep
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.losses import LOSSES
from autograd_lite.nn.parts.training_mode import forced, in_mode
from autograd_lite.nn.tensors import is_known, structure_of
from autograd_lite.ops.lookup import EntryError
from autograd_lite.program.paths import WHY, Paths
from autograd_lite.transforms.gradients import as_value, gradient
from autograd_lite.transforms.trees import Tree, take_apart


class Objective:
    """The loss of a sample, and its gradient, each recorded once.

    The gradient is 0 by what is frozen; `others` names the columns beside inputs and targets.
    """

    def __init__(self, batches: Batches, width: int, others: Sequence[str]) -> None:
        self._moving, self._frozen = batches.moving, batches.frozen
        self._of, self._width, self._others = batches.loss, width, others
        self.loss = Paths(self._loss, "the loss of a sample")
        self.gradient = Paths(self._gradient, "the gradient of a sample")

    def _loss(self, model: Model, x: Any, target: Any, *others: Any) -> list[Any]:
        """The loss, and whether each choice is right."""
        given = dict(zip(self._others, others, strict=True))
        with in_mode(bool(forced.get()), given.get("noise")):
            outputs = as_list(model(x))
        sample, right, weight = self._of.sample, self._of.right, given.get("weight")
        if len(outputs) != self._width or sample is None:
            raise ShapeError(uneven(model, {self._width, len(outputs)}))
        loss = sample(outputs, target)
        rights = right(outputs, target) if right else []
        return [loss if weight is None else weight * loss, *rights]

    def _gradient(self, model: Model, x: Any, target: Any, *others: Any) -> list[Any]:
        loss, *right = self._loss(model, x, target, *others)
        found = iter(gradient(as_value(loss), self._moving, create_graph=True))
        return [loss, *[0.0 if kept else next(found) for kept in self._frozen], *right]


_SMALL = 2**16  # numbers that may be copied for all of a training
_MOST_AT_ONCE = 2**13  # parameters, as NumPy moves more of them in less time
#: Seconds until another thread sees what was learnt: with many parameters, to write them takes as
#: long as a step over few samples.
_UNSEEN = 0.05


class CompiledBatches(Batches):
    """The loss by a program of one sample, run over all rows of the batch; their mean."""

    is_compiled = True

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
        self._whole: list[Array] | None = None
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
        self._first = {"the model": self.model, **columns}
        self._objective = self._kept(tuple(columns)[2:])
        return outputs

    def _building(self) -> Any:
        """See `Batches`; with settings, which programs have in them, as far as they are known."""
        known = structure_of(self.model, []) if is_known(self.model) else None
        return super()._building(), known

    def _trees(self) -> list[Tree]:
        """The arguments of the program for the first sample."""
        return [take_apart(thing, name) for name, thing in self._first.items()]

    def _first_losses(self, outputs: list[list[Any]]) -> list[Any]:
        targets = rows_at(self.targets, range(len(outputs))).reshape(len(outputs), -1).tolist()
        losses = map(cast(Any, self.loss.sample), outputs, targets)
        return [numbers_of(as_value(loss)) for loss in losses]

    def _kept(self, others: tuple[str, ...]) -> Objective:
        """The programs of an earlier training like this one, or new ones."""

        def made(_: Any = None) -> Objective:
            return Objective(self, self._width, others)

        if self.loss not in LOSSES.values():  # it may read what has changed since
            return made()
        purpose = self.loss, self._width, others, self.inputs.shape[1], self.frozen.tobytes()
        found: Objective = kept_for(self.model, purpose, made) or made()
        return found

    def _columns(self, batch: Sequence[int]) -> dict[str, Array]:
        """The arguments of the program that have a row for each sample."""
        found = {"x": rows_at(self.inputs, batch)}
        found["target"] = rows_at(self.targets, batch).reshape(len(batch), -1)
        if self.samples.weights is not None:
            found["weight"] = rows_at(self.samples.weights, batch).reshape(-1, 1)
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

    def _over(
        self, batches: InBatches, epoch: int, step: Step | None
    ) -> tuple[float, dict[str, float]]:
        """See `Batches`; steps that nobody sees move one flat array, the parameters after them."""
        if not getattr(step, "is_flat", False):
            return super()._over(batches, epoch, step)
        if not self.is_current:
            read_numbers(self.parameters, self.numbers)
        self.is_flat = self.is_current = True
        try:
            found = super()._over(batches, epoch, step)
        except BaseException:  # Ctrl-C, too
            self.settle()
            raise
        self._settle_in_time()
        return found

    def _settle_in_time(self) -> None:
        if not self.is_unseen or time.monotonic() - self._settled > _UNSEEN:
            self.settle()

    def _to_do(
        self, batches: InBatches, step: Step | None, done: list[Measured]
    ) -> Iterator[Sequence[int]]:
        """See `Batches`; steps that need no Python are taken by the machine."""
        if step is None or not getattr(step, "is_plain", False):
            yield from batches
        else:
            singly = batches.after(0)
            while len(done) < len(batches) and (self.to_check or not self._depends):
                yield next(singly)
            self.at_once(batches, step, done)
            self.is_flat = True  # though it may have settled
            yield from batches.after(len(done))  # with one, if any, that has no finite numbers

    def at_once(self, batches: InBatches, step: Step, done: list[Measured]) -> None:
        """See `Batches`."""
        plain = isinstance(step, TrainingStep) and step.is_plain and self._depends
        if not plain or self.noise.shape[1] or self.to_check or not self.is_current:
            return
        machine, columns = self._objective.gradient.machine, self._tables()
        few = len(done) < len(batches) and len(self.numbers) <= _MOST_AT_ONCE
        if few and columns and machine:
            self.is_flat = True
            self._forget()
            descend(machine, step, self.numbers, columns, batches, self.threads, done)
            self._settle_in_time()

    def _tables(self) -> list[Array]:
        """Contiguous columns of float64 of all samples; none if they would be large copies."""
        if self._whole is None:
            every = range(len(self.inputs))
            ready = self.inputs.flags.c_contiguous and self.inputs.dtype == np.float64
            small = ready or self.inputs.size <= _SMALL
            self._whole = [*self._columns(every).values()] if small else []
        return self._whole

    def _take(self, batch: Sequence[int]) -> None:
        """Prepare for a batch, which is the same in each epoch if it holds all samples."""
        self._forget()  # before there are others
        self._batch = batch
        columns = [(part, False) for part in self._columns(batch).values()]
        self._matrices = [(self.numbers, True), *columns]

    def look_anew(self) -> None:
        """See `Batches`."""
        super().look_anew()
        self._whole = None
        self._forget()

    def _forget(self) -> None:
        self._batch = []
        self._runs.clear()
        self._matrices.clear()

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
            self._runs[differentiate] = self._mean(paths, n)
        found = self._runs[differentiate]()
        total = float(found[0])
        if not math.isfinite(total):
            self.show()
            raise self._culprit(total, epoch, batch, self._outputs_of(batch))
        end = 1 + differentiate * len(self.parameters)
        if differentiate and self.to_check:
            self.to_check -= 1
            self._compare(batch, epoch, found[:end])
        return total, share_of(found[end:].tolist(), n), found[1:end]

    def _mean(self, paths: Paths, n: int) -> Callable[[], Array]:
        """The mean over a batch, as a function of the numbers that the parameters then have."""
        return paths.bound(self._trees, self._matrices, n, self.threads)

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
