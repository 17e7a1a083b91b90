"""A model's loss over batches of samples, recorded anew for each."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from autograd_lite.engine import Value, read_numbers, write_numbers
from autograd_lite.errors import AnomalyError, ShapeError, some, typed
from autograd_lite.modes import origin
from autograd_lite.nn.data import Array, Model, as_list, numbers_of, rows_at, samples
from autograd_lite.nn.init import generator
from autograd_lite.nn.labels import encoded
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.learning.penalty import PriceOfWeights
from autograd_lite.nn.learning.remarks import WAY_OUT
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.parts.training_mode import count_of_draws, forced, in_mode
from autograd_lite.nn.predictions import outputs_at, outputs_for
from autograd_lite.nn.tensors import check_follows, is_known
from autograd_lite.ops.reductions import mean
from autograd_lite.transforms.gradients import as_value, gradient

COMPARED = 3  # samples or steps, where programs or outputs may not be what they seem

#: The loss of a batch, the accuracy if there is one, the gradient if it is wanted.
Evaluated = tuple[float, float, Array]


#: A step: the parameters' numbers before it, their gradient, the epoch, the batch.
Step = Callable[[Array, Array, int, Sequence[int]], None]


#: Of a batch: its mean loss, the share of right choices, and how many samples it has.
Measured = tuple[float, float, int]


@dataclass(frozen=True)
class Samples:
    """Samples to learn from, or to measure on."""

    inputs: Array
    targets: Array
    #: How much the loss of each counts in the mean, of shape (n,); None where all count as one.
    weights: Array | None = None
    #: What messages call one.
    noun: str = "sample"


class Batches:
    """The model's loss over batches of one set of samples."""

    is_compiled = False  # whether programs compute it

    def __init__(self, model: Model, loss: Loss, samples: Samples) -> None:
        self.model, self.loss, self.samples = model, loss, samples
        if samples.weights is not None and loss.sample is None:
            raise ValueError(
                "a loss of your own takes a whole batch, so that samples cannot have weights; "
                "leave sample_weight and class_weight out, or write it by nn.per_sample"
            )
        self.parameters = tuple(model.parameters())
        frozen = model._frozen_parameters()
        self.moving = [p for p in self.parameters if p not in frozen]
        self.frozen = np.array([p in frozen for p in self.parameters])  # whose gradient counts as 0
        self.rng = generator(None)  # or that of a training
        self.noise = np.empty((0, 0))  # random numbers from it, for each sample of a batch
        self.numbers = np.empty(len(self.parameters))  # where the last batch was evaluated
        self.inputs, self.targets = samples.inputs, samples.targets
        self.classes: Array | None = None  # whose labels samples to come have as outputs
        self.penalty: PriceOfWeights | None = None  # added to the loss in steps
        self.steps = 0  # in the last epoch
        self.threads = 1  # that share a step, where that is a program
        self.is_flat = False  # whether `numbers` are ahead of the parameters
        self.is_current = False  # whether `numbers` are those of the parameters
        self.is_unseen = False  # whether nobody looks at the parameters from epoch to epoch
        self._settled = 0.0  # when the parameters were given their numbers
        self._metrics = tuple(loss.metrics)
        self._depends = False  # whether it is known that the loss depends on a parameter
        self._built = self._building()

    def _building(self) -> Any:
        """Facts that a training takes from the model at its beginning, to compare."""
        frozen = self.model._frozen_parameters()
        return [(id(p), p in frozen) for p in self.model.parameters()]

    def look_anew(self) -> None:
        """Read parameters and samples again: somebody may have changed their numbers."""
        self.is_current = False

    def check_unchanged(self) -> None:
        """Raise a ValueError if the model is built otherwise than when the training began."""
        if self._building() != self._built:
            raise ValueError(
                "a callback has changed how the module is built, or what is frozen in it, and this "
                "training goes on with what it began with; return True there, and call learn again"
            )

    def parameters_now(self) -> Array:
        """The numbers of the parameters."""
        return np.array([parameter.data for parameter in self.parameters])

    def check(self) -> list[list[Any]]:
        """Outputs of the first samples; raises if inputs or targets do not fit."""
        now = Value(0.0)._stamp
        outputs = self._first_outputs()
        check_follows(self.model, self.moving, chain(*outputs), now)
        self._width = len(numbers_of(outputs[0]))
        if self.loss.sample is not None:
            self.loss.check(self.targets, self._width)
        self.noise = np.empty((0, 0))
        if self.model._has_taking("noise"):
            self.noise = np.empty((0, count_of_draws(lambda: self._outputs_of(range(1)))))
        return outputs

    def take(self, inputs: Any, outputs: Any) -> int:
        """Go on with other samples, which are like those before; how many they are."""
        if self.classes is not None:
            outputs = encoded(self.model, self.loss, inputs, outputs, self.classes).targets
        new = samples(inputs, outputs, self.model)
        before = self.inputs, self.targets
        for noun, rows, others in zip(("input", "output"), new, before, strict=True):
            if rows[0].size != (usual := others[0].size):
                raise ShapeError(f"an {noun} is {rows[0].size} numbers, and was {usual} before")
        if self.loss.sample is not None:
            self.loss.check(new[1], self._width)
        self.samples = Samples(*new)
        self.inputs, self.targets = new
        if self.model._has_taking("entries"):
            self.check_entries()
        return len(new[0])

    def check_entries(self) -> None:
        """Raise an EntryError, if there is one, of the first sample with an index that is wrong."""
        deque(self._called(len(self.inputs)), maxlen=0)

    def _called(self, n: int) -> Iterator[Any]:
        """The outputs for the first samples."""
        return outputs_for(self.model, rows_at(self.inputs, range(n)), 0, self.samples.noun)

    def _draw(self, n: int) -> None:
        """New random numbers for the samples of a batch, in the same place if there are as many."""
        if len(self.noise) != n:
            self.noise = np.empty((n, self.noise.shape[1]))
        np.random.default_rng(self._new_seed()).random(out=self.noise)

    def _new_seed(self) -> int:
        """A seed of the random numbers of a batch: one number, so that a state says all."""
        return int(self.rng.random() * 2.0**53)

    def over(
        self, batches: InBatches, epoch: int, step: Step | None = None
    ) -> tuple[float, dict[str, float]]:
        """Mean loss and metrics over all samples, with a step after each batch if given."""
        with in_mode(training=step is not None):
            return self._over(batches, epoch, step)

    def _over(
        self, batches: InBatches, epoch: int, step: Step | None
    ) -> tuple[float, dict[str, float]]:
        done: list[Measured] = []
        for batch in self._to_do(batches, step, done):
            with batches:
                if self.noise.shape[1] and step is not None:
                    self._draw(len(batch))
                total, share, gradients = self.evaluate(batch, epoch, step is not None)
                if step is not None:
                    if not self._depends:
                        self._depends = bool(gradients.any()) or self._reaches_parameters(batch)
                    if self.penalty is not None:
                        price, slopes = self.penalty.at(self.numbers)
                        total, gradients = total + price, gradients + slopes
                    step(self.numbers, gradients, epoch, batch)
            done.append((total, share, len(batch)))
        if step is not None and not self._depends:
            raise ValueError(
                "the loss depends on no parameter of the module, so nothing is learnt; compute "
                "outputs and loss from the parameters themselves: not from .data, and not inside "
                "no_grad, detach or stop_gradient"
            )
        self.steps = len(done)
        return self.mean_of(done)

    def mean_of(self, batches: Sequence[Measured]) -> tuple[float, dict[str, float]]:
        """Mean loss and metrics over batches."""
        loss, right, count = 0.0, 0.0, 0
        for total, share, n in batches:
            loss += total * n
            right += share * n
            count += n
        return loss / count, dict.fromkeys(self._metrics, right / count)

    def _to_do(
        self, batches: InBatches, step: Step | None, done: list[Measured]
    ) -> Iterator[Sequence[int]]:
        """The batches to evaluate one by one; those that need not be are added to what is done."""
        return iter(batches)

    def at_once(self, batches: InBatches, step: Step, done: list[Measured]) -> None:
        """Take the steps that need no Python, while all numbers are finite."""

    def evaluate(self, batch: Sequence[int], epoch: int, differentiate: bool) -> Evaluated:
        """The loss of a batch, and what goes with it."""
        outputs, targets = self._outputs_of(batch), rows_at(self.targets, batch).tolist()
        total = self._total(outputs, targets, batch)
        if not isinstance(total, Value):
            raise TypeError(f"the loss must return a Value and returned {typed(total)}")
        if not math.isfinite(total.data):
            raise self._culprit(total.data, epoch, batch, outputs)
        share = 0.0
        for metric in self.loss.metrics.values():
            share = metric([numbers_of(out) for out in outputs], targets)
        if not differentiate:
            return total.data, share, np.zeros(0)
        for parameter in self.parameters:
            parameter.grad = 0.0
        total.backward()
        read_numbers(self.parameters, self.numbers)
        gradients = np.array([parameter.grad for parameter in self.parameters])
        gradients[self.frozen] = 0.0
        return total.data, share, gradients

    def _total(self, outputs: Sequence[Any], targets: Sequence[Any], batch: Sequence[int]) -> Any:
        """The loss of a batch, as a Value."""
        if self.samples.weights is None or self.loss.sample is None:
            return self.loss.function(outputs, targets)
        weights = rows_at(self.samples.weights, batch).tolist()
        losses = [*map(self.loss.sample, map(as_list, outputs), map(as_list, targets))]
        return mean([w * loss for w, loss in zip(weights, losses, strict=True)])

    def show(self) -> None:
        """Give the parameters the numbers that a training is at, for whoever looks at them."""
        if self.is_flat:
            write_numbers(self.parameters, self.numbers)

    def settle(self) -> None:
        """Give the parameters their numbers, which stay there: at the end, too."""
        self.show()
        self.is_flat, self._settled = False, time.monotonic()

    def _reaches_parameters(self, batch: Sequence[int]) -> bool:
        """Whether the loss has derivatives at all, though all of them are 0 here."""
        self.show()
        targets = rows_at(self.targets, batch).tolist()
        total = self._total(self._outputs_of(batch), targets, batch)
        partials = gradient(as_value(total), self.moving, create_graph=True)
        return any(partial.op for partial in partials)  # what no path leads to is a leaf

    def outputs_at(self, rows: Array) -> Array:
        """The model's outputs for other inputs."""
        return outputs_at(self.model, rows)

    def pairs_at(self, batch: Sequence[int]) -> tuple[Array, Array]:
        """Targets and outputs of some samples."""
        return rows_at(self.targets, batch), self.outputs_at(rows_at(self.inputs, batch))

    def _first_outputs(self) -> list[list[Any]]:
        many = self.loss.logits or not is_traceable(self.model, self.loss)  # to compare some
        n = min(COMPARED if many else 1, len(self.inputs))
        return [*map(as_list, self._called(n))]

    def _outputs_of(self, batch: Sequence[int]) -> list[Any]:
        rows, is_noisy = rows_at(self.inputs, batch), bool(forced.get() and len(self.noise))
        if not is_noisy:
            return [self.model(row) for row in rows.tolist()]  # map would end at StopIteration
        outputs = []
        for row, noise in zip(rows.tolist(), self.noise.tolist(), strict=True):
            with in_mode(True, noise):
                outputs.append(self.model(row))
        return outputs

    def _culprit(
        self, total: float, epoch: int, batch: Sequence[int], outputs: Sequence[Any]
    ) -> AnomalyError:
        """An error that names the sample whose loss is nan or infinite, and has its graph."""
        self.show()
        targets = rows_at(self.targets, batch).tolist()
        for i, output, target in zip(batch, outputs, targets, strict=True):
            try:
                alone = self.loss.function([output], [target])
                number = alone.data
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                break  # a user's own loss may need more than one sample
            if not math.isfinite(number):
                return AnomalyError(
                    f"the loss turned {number} in epoch {epoch} at {self.samples.noun} {i} (output "
                    f"{numbers_of(output)}, target {target}); {WAY_OUT}",
                    node=origin(alone)[0],
                )
        return AnomalyError(
            f"the loss turned {total} in epoch {epoch} over {listed(batch)}, and no one of "
            f"them alone explains it; {WAY_OUT}"
        )


def is_traceable(model: Any, loss: Loss) -> bool:
    """Whether outputs and loss are known to depend on parameters and samples alone."""
    return loss.sample is not None and is_known(model)


def listed(batch: Sequence[int]) -> str:
    """Some numbers of samples, for messages."""
    return f"samples {some(batch, 10)}"
