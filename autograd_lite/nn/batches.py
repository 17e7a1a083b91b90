"""A model's loss over batches of samples: recorded anew for each, or by programs."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.engine import Value, current_mode, read_numbers, write_numbers
from autograd_lite.errors import AnomalyError, ProgramError, ShapeError, some, typed
from autograd_lite.modes import origin
from autograd_lite.nn.data import Array, Model, as_list, numbers_of, part_of, sample_rows, uneven
from autograd_lite.nn.losses import Loss
from autograd_lite.nn.remarks import WAY_OUT, changing, generators
from autograd_lite.nn.tensors import is_known, structure_of
from autograd_lite.program.paths import WHY, Paths
from autograd_lite.transforms.gradients import as_value, gradient
from autograd_lite.transforms.trees import take_apart

_ROWS_AT_A_TIME, _ROWS_OF_A_THREAD = 2**17, 2**14  # in predictions
COMPARED = 3  # samples or steps, where programs or outputs may not be what they seem

#: The loss of a batch, the accuracy if there is one, the gradient if it is wanted.
Evaluated = tuple[float, float, Array]


class Batches:
    """The model's loss over batches of one set of samples."""

    def __init__(self, model: Model, loss: Loss, inputs: Array, targets: Array, noun: str) -> None:
        self.model, self.loss, self.sample = model, loss, noun
        self.parameters = tuple(model.parameters())
        self.numbers = np.empty(len(self.parameters))  # where the last batch was evaluated
        self.inputs, self.targets = inputs, targets
        self.is_flat = False  # whether `numbers` are ahead of the parameters
        self.is_current = False  # whether `numbers` are those of the parameters
        self._depends = False  # whether it is known that the loss depends on a parameter

    def parameters_now(self) -> Array:
        """The numbers of the parameters."""
        return np.array([parameter.data for parameter in self.parameters])

    def check(self) -> list[list[Any]]:
        """Outputs of the first samples; raises if inputs or targets do not fit."""
        outputs = self._first_outputs()
        self._width = len(numbers_of(outputs[0]))
        if self.loss.sample is not None:
            self.loss.check(self.targets, self._width)
        return outputs

    def over(
        self, batches: Iterator[Sequence[int]], epoch: int,
        step: Callable[[Array, Array, int, Sequence[int]], None] | None = None,
    ) -> tuple[float, dict[str, float]]:  # fmt: skip
        """Mean loss and metrics over all samples, with a step after each batch if given."""
        loss, right, count = 0.0, 0.0, 0
        for batch in batches:
            n = len(batch)
            total, share, gradients = self.evaluate(batch, epoch, step is not None)
            loss += total * n
            right += share * n
            count += n
            if step is not None:
                if not self._depends:
                    self._depends = bool(gradients.any()) or self._reaches_parameters(batch)
                step(self.numbers, gradients, epoch, batch)
        if step is not None and not self._depends:
            raise ValueError(
                "the loss depends on no parameter of the module, so nothing is learnt; compute "
                "outputs and loss from the parameters themselves: not from .data, and not inside "
                "no_grad, detach or stop_gradient"
            )
        return loss / count, dict.fromkeys(self.loss.metrics, right / count)

    def evaluate(self, batch: Sequence[int], epoch: int, differentiate: bool) -> Evaluated:
        """The loss of a batch, and what goes with it."""
        outputs, targets = self._outputs_of(batch), part_of(self.targets, batch).tolist()
        total = self.loss.function(outputs, targets)
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
        return total.data, share, np.array([parameter.grad for parameter in self.parameters])

    def show(self) -> None:
        """Give the parameters the numbers that a training is at, for whoever looks at them."""
        if self.is_flat:
            write_numbers(self.parameters, self.numbers)

    def _reaches_parameters(self, batch: Sequence[int]) -> bool:
        """Whether the loss has derivatives at all, though all of them are 0 here."""
        self.show()
        targets = part_of(self.targets, batch).tolist()
        total = self.loss.function(self._outputs_of(batch), targets)
        partials = gradient(as_value(total), self.parameters, create_graph=True)
        return any(partial.op for partial in partials)  # what no path leads to is a leaf

    def outputs_at(self, rows: Array) -> Array:
        """The model's outputs for other inputs."""
        return predict(self.model, rows)

    def _first_outputs(self) -> list[list[Any]]:
        many = self.loss.logits or not is_traceable(self.model, self.loss)  # to compare some
        n = min(COMPARED if many else 1, len(self.inputs))
        return [*map(as_list, self._outputs_of(range(n)))]

    def _outputs_of(self, batch: Sequence[int]) -> list[Any]:
        return [*map(self.model, part_of(self.inputs, batch).tolist())]

    def _culprit(
        self, total: float, epoch: int, batch: Sequence[int], outputs: Sequence[Any]
    ) -> AnomalyError:
        """An error that names the sample whose loss is nan or infinite, and has its graph."""
        self.show()
        targets = part_of(self.targets, batch).tolist()
        for i, output, target in zip(batch, outputs, targets, strict=True):
            try:
                alone = self.loss.function([output], [target])
                number = alone.data
            except (ArithmeticError, AttributeError, TypeError, ValueError):
                break  # a user's own loss may need more than one sample
            if not math.isfinite(number):
                return AnomalyError(
                    f"the loss turned {number} in epoch {epoch} at {self.sample} {i} (output "
                    f"{numbers_of(output)}, target {target}); {WAY_OUT}",
                    node=origin(alone)[0],
                )
        return AnomalyError(
            f"the loss turned {total} in epoch {epoch} over {listed(batch)}, and no one of "
            f"them alone explains it; {WAY_OUT}"
        )


class CompiledBatches(Batches):
    """The loss by a program of one sample, run over all rows of the batch; their mean."""

    def __init__(self, model: Model, loss: Loss, inputs: Array, targets: Array, noun: str) -> None:
        super().__init__(model, loss, inputs, targets, noun)
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
            outputs = as_list(model(x))
            if len(outputs) != self._width:
                raise ShapeError(uneven(model, {self._width, len(outputs)}))
            return [of_sample(outputs, target), *right(outputs, target)]

        self.to_check = 0  # number of steps that are still to be compared with eager ones
        self._loss = Paths(one, "the loss of a sample")

        def partials(model: Model, x: Any, target: Any) -> list[Any]:
            loss, *right = one(model, x, target)
            return [loss, *gradient(as_value(loss), self.parameters, create_graph=True), *right]

        self._gradient = Paths(partials, "the gradient of a sample")

    def check(self) -> list[list[Any]]:
        """See `Batches`; an unknown module must also give the same outputs twice."""
        own = not is_traceable(self.model, self.loss)
        before = generators() if own else ""
        outputs = super().check()
        again = self._first_outputs() if own else outputs
        drawn = own and generators() != before
        if drawn or str([*map(numbers_of, outputs)]) != str([*map(numbers_of, again)]):
            raise changing(self.model)
        x, target = part_of(self.inputs, range(1))[0], self._wanted(range(1))[0]
        given = {"the model": self.model, "x": x.tolist(), "target": target.tolist()}
        self._trees = [take_apart(thing, name) for name, thing in given.items()]
        return outputs

    def _wanted(self, batch: Sequence[int]) -> Array:
        return part_of(self.targets, batch).reshape(len(batch), -1)

    def over(
        self, batches: Iterator[Sequence[int]], epoch: int,
        step: Callable[[Array, Array, int, Sequence[int]], None] | None = None,
    ) -> tuple[float, dict[str, float]]:  # fmt: skip
        """See `Batches`; steps that nobody sees move one flat array, the parameters at the end."""
        if not getattr(step, "is_flat", False):
            return super().over(batches, epoch, step)
        if not self.is_current:
            read_numbers(self.parameters, self.numbers)
        self.is_flat = self.is_current = True
        try:
            return super().over(batches, epoch, step)
        finally:  # Ctrl-C, too
            self.show()
            self.is_flat = False

    def _take(self, batch: Sequence[int]) -> None:
        """Prepare for a batch, which is the same in each epoch if it holds all samples."""
        self._batch = batch
        self._runs.clear()
        self._matrices.clear()  # before there are others
        self._matrices = [
            (self.numbers, True),
            (part_of(self.inputs, batch), False),
            (self._wanted(batch), False),
        ]

    def evaluate(self, batch: Sequence[int], epoch: int, differentiate: bool) -> Evaluated:
        """See `Batches`."""
        if self._batch is not batch:
            self._take(batch)
        if not self.is_flat:
            read_numbers(self.parameters, self.numbers)
        n, paths = len(batch), self._gradient if differentiate else self._loss
        if not paths.is_one_program:
            self.show()  # as rows on other paths may run eagerly
        if differentiate not in self._runs:
            self._runs[differentiate] = paths.bound(lambda: self._trees, self._matrices, n)
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


def predict(model: Model, inputs: Any) -> Array:
    """See `Module.predict`."""
    rows = sample_rows(inputs, model)
    parts: list[Array] = []
    program = None if is_watched() else outputs_of(model, rows.shape[1])
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        chunk = part_of(rows, range(start, start + _ROWS_AT_A_TIME))
        if program is None:
            found = [as_list(numbers_of(model(row.tolist()))) for row in chunk]
            widths = {*map(len, found)} | {part.shape[1] for part in parts}
            if len(widths) > 1:
                raise ShapeError(uneven(model, widths))
            parts.append(np.array(found))
        else:
            parts.append(np.ascontiguousarray(program.over(model, chunk)))
    outputs = np.concatenate(parts)
    return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs


def is_watched() -> bool:
    """Whether a mode looks at each node: programs would show it none."""
    mode = current_mode.get()
    return mode is not None and bool(mode.watchers)


class Outputs:
    """A program that computes a model's outputs for many rows; a copy records its own."""

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
    """The program from before if only numbers changed, or a new one; None for a user's parts."""
    values: list[Value] = []
    structure: Any = n_inputs, structure_of(model, values), [*map(id, values)]
    kept: Outputs | None = vars(model).get("_kept_outputs")
    if kept is None or kept.structure != structure:
        parameters = model.parameters()
        if not is_known(model) or not {*values} <= {*parameters}:  # or some are computed
            return None
        kept = vars(model)["_kept_outputs"] = Outputs(parameters, structure)
    return kept


def is_traceable(model: Any, loss: Loss) -> bool:
    """Whether outputs and loss are known to depend on parameters and samples alone."""
    return loss.sample is not None and is_known(model)


def listed(batch: Sequence[int]) -> str:
    """Some numbers of samples, for messages."""
    return f"samples {some(batch, 10)}"
