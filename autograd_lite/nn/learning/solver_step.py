"""SciPy's solvers in place of steps: an epoch is one of their iterations, over all samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from autograd_lite.engine import are_finite, write_numbers
from autograd_lite.errors import AnomalyError, needing
from autograd_lite.nn.data import Array, Model, as_list, rows_at
from autograd_lite.nn.learning.batches import Batches
from autograd_lite.nn.learning.in_batches import InBatches
from autograd_lite.nn.learning.step import TrainingStep
from autograd_lite.nn.losses import squared_error
from autograd_lite.nn.parts.training_mode import in_mode
from autograd_lite.program.paths import Paths
from autograd_lite.transforms.gradients import as_value, gradient
from autograd_lite.transforms.trees import take_apart

#: More evaluations than there will be: the epochs are the limit.
_MANY = 2**31 - 1

#: Given number, start and result of an epoch: tells of it, and whether that was the last.
Finish = Callable[[int, float, tuple[float, dict[str, float]]], bool]


class _LastEpochError(Exception):
    """The last epoch is over."""


class SolverStep(TrainingStep):
    """A solver that evaluates the loss where it wants to; the parameters are its last iterate."""

    def __init__(self, training: Batches, optimizer: Any, watched: bool) -> None:
        super().__init__(training, optimizer, watched)
        self.quiet, self._gradients, self._name = True, np.empty(0), optimizer
        with needing("solvers", f"{optimizer} is a solver of SciPy"):
            import scipy.optimize
        self._scipy = scipy.optimize

    def run(self, order: Sequence[int], epochs: int, finish: Finish) -> None:
        """Iterate until nothing gets better, or as often as there are epochs, or until stopped."""
        if self.training.noise.shape[1]:
            raise ValueError(
                f"{self._name} compares losses, and a part of this model draws random numbers, so "
                "that each is another; choose an optimizer of steps, such as 'adam'"
            )
        self._order, self._all = order, InBatches(order, len(order))
        self._finish, self._epochs = finish, epochs
        self._number, self._start = 1, time.perf_counter()
        self._evaluate(self._numbers())
        self._keep()
        try:
            self._lbfgs() if self._name == "lbfgs" else self._levenberg_marquardt()
            if self._number == 1:  # nothing could get better
                finish(1, self._start, self._done)
        except _LastEpochError:
            pass
        finally:  # Ctrl-C, too
            write_numbers(self.training.moving, self._at)

    def __call__(self, before: Array, gradients: Array, epoch: int, batch: Sequence[int]) -> None:
        """Keep the gradient, for the solver."""
        if not are_finite(gradients):
            raise self._anomaly("the gradient of", gradients, epoch, batch)
        if self.watched:
            self._last = before.copy(), gradients.copy()
        self._gradients = gradients[~self.training.frozen]

    def _numbers(self) -> Array:
        return np.array([parameter.data for parameter in self.training.moving])

    def _evaluate(self, numbers: Array) -> float:
        """The loss there; the gradient is kept."""
        write_numbers(self.training.moving, numbers)
        self._done = self.training.over(self._all, self._number, self)
        self._seen = numbers.copy()
        return self._done[0]

    def _keep(self) -> None:
        self._at, self._loss, self._slope = self._seen, self._done[0], self._gradients

    def _accept(self, numbers: Array) -> None:
        """End an epoch at a new iterate; raises `_LastEpochError` after the last."""
        if np.array_equal(numbers, self._at):
            return  # where it began
        if not np.array_equal(numbers, self._seen):
            self._evaluate(numbers)
        write_numbers(self.training.moving, numbers)
        self._keep()
        is_last = self._finish(self._number, self._start, self._done)
        if not np.array_equal(self._numbers(), self._at):
            self._at = self._numbers()
            raise ValueError(
                f"a callback changed parameters, and {self._name} cannot go on from others than "
                "its own; learn again from there"
            )
        self._number, self._start = self._number + 1, time.perf_counter()
        if is_last or self._number > self._epochs:
            raise _LastEpochError

    # --- the solvers ---

    def _lbfgs(self) -> None:
        def loss_and_gradient(numbers: Array) -> tuple[float, Array]:
            try:
                return self._evaluate(numbers), self._gradients
            except AnomalyError:  # too far: a parabola that is lowest after a tenth of the way
                way = numbers - self._at
                rise = abs(float(way @ self._slope))
                return self._loss + 4.0 * rise, way * (9.0 * rise / float(way @ way))

        def accept(numbers: Array) -> None:
            try:
                self._accept(numbers)
            except StopIteration as error:  # by which SciPy would end in silence
                raise RuntimeError("a callback raised StopIteration") from error

        limits = {"maxiter": self._epochs + 1, "maxfun": _MANY, "ftol": 0.0, "gtol": 0.0}
        self._scipy.minimize(
            loss_and_gradient, self._at, jac=True, method="L-BFGS-B", options=limits,
            callback=accept,
        )  # fmt: skip

    def _levenberg_marquardt(self) -> None:
        training, order, size = self.training, self._order, len(self._at)
        if training.loss.function is not squared_error or training.penalty is not None:
            raise ValueError(
                "levenberg_marquardt takes the differences that squared_error squares, and no "
                "other loss, l1 or l2; write optimizer='lbfgs'"
            )
        rows, targets = (rows_at(a, order) for a in (training.inputs, training.targets))
        weights, targets = training.samples.weights, targets.reshape(len(order), -1)
        scale = np.ones(1) if weights is None else np.sqrt(rows_at(weights, order))[:, None]
        paths = Paths(self._outputs_and_partials, "the model")

        @lru_cache(maxsize=1)  # SciPy asks for derivatives where it asked for differences
        def at(numbers: bytes) -> tuple[Array, Array]:
            write_numbers(training.moving, np.frombuffer(numbers))
            with in_mode(True):
                if training.is_compiled:
                    trees = [take_apart(training.model, "model"), take_apart(rows[0].tolist(), "x")]
                    given = [(training.parameters_now(), True), (rows, False)]
                    found = paths.numbers(lambda: trees, given, len(rows), None, training.threads)
                else:
                    each = [self._outputs_and_partials(training.model, x) for x in rows.tolist()]
                    found = np.array([take_apart(row, "the outputs").numbers() for row in each])
            outputs, partials = np.hsplit(found, [targets.shape[1]])
            return (scale * (outputs - targets)).ravel(), (scale * partials).reshape(-1, size)

        def jacobian(numbers: Array) -> Array:
            self._accept(numbers)
            found = at(numbers.tobytes())[1]
            bad = found[~np.isfinite(found).all(axis=1)]
            if len(bad):
                whole = np.zeros(len(self.parameters))
                whole[~training.frozen] = bad[0]
                raise self._anomaly("a derivative by", whole, self._number, order)
            return found

        self._scipy.least_squares(
            lambda numbers: at(numbers.tobytes())[0], self._at, jac=jacobian, x_scale="jac",
            method="lm" if targets.size >= size else "trf", max_nfev=_MANY,
            ftol=1e-15, xtol=1e-15, gtol=1e-15,
        )  # fmt: skip

    def _outputs_and_partials(self, model: Model, x: Any) -> list[Any]:
        """A sample's outputs, and behind them the partial derivatives of each."""
        outputs, moving = as_list(model(x)), self.training.moving
        return [
            *outputs,
            *chain(*(gradient(as_value(y), moving, create_graph=True) for y in outputs)),
        ]
