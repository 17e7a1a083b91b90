"""A user's own formula as an estimator of scikit-learn: its free parameters, fitted to data."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from autograd_lite import nn
from autograd_lite.engine import Value
from autograd_lite.errors import shown, some, typed
from autograd_lite.expressions import CONSTANTS, as_mapping, names, parse
from autograd_lite.nn.losses import find_loss, squared_error
from autograd_lite.nn.optim import SOLVERS
from autograd_lite.program.compiling import compile
from autograd_lite.transforms.gradients import as_value, gradient


class FormulaModel(nn.Module):
    """A formula as a module: names in it that are columns' are these, others are parameters."""

    def __init__(self, formula: Any, columns: Mapping[str, int], start: Any, nin: int) -> None:
        self.formula, self.nin, found = formula, nin, dict[str, Any]()
        if isinstance(formula, str):
            found = dict.fromkeys(n for n in names(formula) if n in columns or n not in CONSTANTS)
        elif callable(formula):
            arguments = inspect.signature(formula).parameters.values()
            found = {a.name: None if a.default is a.empty else a.default for a in arguments}
            if any(a.kind not in (a.POSITIONAL_OR_KEYWORD, a.KEYWORD_ONLY) for a in arguments):
                raise ValueError(f"arguments of {shown(formula)} need names: none with *, ** or /")
        else:
            raise TypeError(f"formula is a text, a function or None and is {typed(formula)}")
        self.columns = {name: columns[name] for name in found if name in columns}
        begin = {name: x for name, x in found.items() if name not in columns}
        said = f"the columns are called {some([*columns], 10)}, and other names are parameters"
        if not (self.columns and begin):
            kind = "parameter" if self.columns else "column"
            raise ValueError(f"no {kind} is among the names {some([*found], 10)}: {said}")
        given = {name: 1.0 for name, x in begin.items() if x is None}
        given = given if start is None else {**as_mapping(start)}
        wrong = given.keys() - begin or {n for n, x in begin.items() if x is None} - given.keys()
        if wrong:
            first = min(wrong, key=str)
            fault = "names" if first in given else "has no number for"
            raise ValueError(f"start {fault} {shown(first)}: {said}")
        self.free = {n: Value(x, label=n) for n, x in {**begin, **given}.items()}

    def __call__(self, x: Any) -> Any:
        """The formula at one row."""
        taken = self.free | {name: x[place] for name, place in self.columns.items()}
        is_text = isinstance(self.formula, str)
        return parse(self.formula, taken) if is_text else as_value(self.formula(**taken))


class FormulaRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The free parameters of a formula, fitted to data, as an estimator of scikit-learn.

    Parameters
    ----------
    formula : str, callable or None
        A text as `expressions.parse` reads it, such as ``"a * exp(-k * x)"``, or a function of
        Values with these names, which depends on its arguments alone. Columns are called ``x0``,
        ``x1``, … (one alone also ``x``), or as in a frame; all other names are parameters. None is
        the linear model, whose parameters are called as the columns are, and ``intercept``.
    start : dict of str to float, optional
        Where to begin, for each parameter without a default in the function; 1.0 if left out.
    loss, solver, max_iter
        Loss, optimizer and epochs of `learn`. The solver is by default ``"levenberg_marquardt"``
        for squares and ``"lbfgs"`` for others.

    Attributes
    ----------
    params_, errors_ : dict of str to float
        The parameters, and, for ``"squared_error"`` alone, as the next two, their standard errors.
    covariance_ : array of shape (k, k)
        ``noise_**2 * inverse(J.T @ W @ J)``, with the Jacobian J of the fitted formula and weights
        W. It is inf where J is singular, or there are not more samples than parameters.
    noise_ : float
        Standard deviation of data of weight 1 about the curve, by n - k degrees of freedom.
    model_, loss_curve_, n_iter_
        The module, the loss of each iteration, and their number.

    Examples
    --------
    >>> import math
    >>> X = [[0.0], [1.0], [2.0], [3.0]]
    >>> decay = FormulaRegressor("a * exp(-k * x)").fit(X, [5.0 * math.exp(-0.7 * x) for [x] in X])
    >>> {name: round(number, 6) for name, number in decay.params_.items()}
    {'a': 5.0, 'k': 0.7}
    """

    model_: Any

    def __init__(
        self, formula: str | Callable[..., Any] | None = None, *,
        start: Mapping[str, float] | None = None, loss: Any = "squared_error",
        solver: str | None = None, max_iter: int = 1000,
    ) -> None:  # fmt: skip
        self.__dict__.update({name: given for name, given in locals().items() if name != "self"})

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the parameters to X of shape (n, columns) and `y` of shape (n,); return self.

        Weights of samples with known errors are ``1 / error**2``. A ConvergenceWarning says that
        `max_iter` iterations were not enough.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        n, squares = X.shape[1], find_loss(self.loss).function is squared_error
        columns = [*getattr(self, "feature_names_in_", [f"x{i}" for i in range(n)])]
        if self.formula is None and self.start is not None:
            raise ValueError(f"a linear model needs no start, and was given {shown(self.start)}")
        if self.formula is None:
            model: Any = nn.Neuron(n, nonlin=False, init=lambda *_: 0.0)
            free = [*columns, "intercept" + "_" * ("intercept" in columns)]
            if squares:  # the shortest solution, where there are several
                partials, sizes = _partials(model, X, weights)
                found = np.linalg.lstsq(partials, np.sqrt(weights) * y)[0] / sizes
                model.weights, model.biases = found[:-1], found[-1]
        else:
            places = {f"x{i}": i for i in range(n)} | ({"x": 0} if n == 1 else {})
            places |= {name: i for i, name in enumerate(columns)}
            model = FormulaModel(self.formula, places, self.start, n)
            free = [*model.free]
        solver = self.solver or ("levenberg_marquardt" if squares else "lbfgs")
        history = model.learn(
            X, y, self.loss, solver, epochs=self.max_iter, batch_size=None, progress=False, seed=0,
            sample_weight=None if sample_weight is None else weights, compile=True,
        )  # fmt: skip
        if len(history) >= self.max_iter and solver in SOLVERS:
            said = f"{solver} is on its way after {self.max_iter} iterations; give a better start"
            warnings.warn(said, ConvergenceWarning, stacklevel=2)
        self.model_, self.loss_curve_, self.n_iter_ = model, history.loss, len(history)
        self.params_ = {n: p.data for n, p in zip(free, model.parameters(), strict=True)}
        for name in {"covariance_", "noise_", "errors_"} & {*vars(self)}:
            delattr(self, name)
        if squares:
            self._estimate(X, y, weights)
        return self

    def _estimate(self, X: Any, y: Any, weights: Any) -> None:
        """Set noise, covariance and errors."""
        partials, sizes = _partials(self.model_, X, weights)
        freedom, k = int(np.count_nonzero(weights)) - len(sizes), len(sizes)
        squares = weights @ (_outputs.map(self.model_, X, shared=(0,)) - y) ** 2
        self.noise_ = float(np.sqrt(squares / freedom)) if freedom > 0 else np.inf
        _, singular, axes = np.linalg.svd(partials, full_matrices=False)
        self.covariance_ = np.full((k, k), np.inf)
        if freedom > 0 and singular[-1] > singular[0] * len(X) * np.finfo(float).eps:
            root = axes.T / singular / sizes[:, None] * self.noise_
            self.covariance_ = root @ root.T
        errors = np.sqrt(np.diag(self.covariance_)).tolist()
        self.errors_ = dict(zip(self.params_, errors, strict=True))

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The formula at samples, of shape (n,); and its standard errors if these are wanted.

        That is what the errors of the parameters make of it: a new measurement is off by
        ``sqrt(std**2 + noise_**2)``.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        found = _outputs.map(self.model_, X, shared=(0,))
        if not return_std:
            return found
        if not hasattr(self, "covariance_"):
            raise ValueError(f"standard errors are of squared_error, not of {shown(self.loss)}")
        if not np.isfinite(self.covariance_).all():
            return found, np.full(len(X), np.inf)
        partials, sizes = _partials(self.model_, X, np.ones(len(X)))
        partials *= sizes
        variances = ((partials @ self.covariance_) * partials).sum(axis=1)
        return found, np.sqrt(np.maximum(variances, 0.0))


def _partials(model: Any, X: Any, weights: Any) -> tuple[Any, Any]:
    """The weighted partial of each output by each parameter, in columns of norm 1; their norms."""
    found = _partials_of.map(model, X, shared=(0,))
    each = np.column_stack([np.broadcast_to(column, len(X)) for column in found])
    each *= np.sqrt(weights)[:, None]
    sizes = np.sqrt((each**2).sum(axis=0))
    sizes[sizes == 0.0] = 1.0
    return each / sizes, sizes


_outputs: Any = compile(lambda model, x: as_value(model(x)))
_partials_of: Any = compile(
    lambda model, x: gradient(as_value(model(x)), model.parameters(), create_graph=True)
)
