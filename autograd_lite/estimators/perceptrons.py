"""Multi-layer perceptrons as estimators of scikit-learn, whose words have its meaning here."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from autograd_lite import nn
from autograd_lite.errors import shown, some
from autograd_lite.nn.data import positive_int
from autograd_lite.nn.losses import LOSSES, find_loss
from autograd_lite.nn.optim import SOLVERS, find_optimizer, in_range

#: Activations that scikit-learn has another word for.
_ACTIVATIONS = {"logistic": "sigmoid", "identity": "linear"}
#: The factor of a loss that scikit-learn has and `nn.losses` has not.
_SHARES = {"squared_error": 0.5}
_NUMBERS: dict[str, Any] = {"dtype": np.float64, "accept_sparse": True}  # of samples

#: A condition on a method: without it the estimator has none of that name.
_given: Callable[[Callable[[Any], bool]], Callable[[Any], Any]] = available_if


def _finds_rates(estimator: Any) -> bool:
    return str(estimator.solver).lower() in SOLVERS


class _Perceptron(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Parameters and training of both."""

    model_: nn.MLP
    loss_curve_: list[float]
    _random: random.Random
    _optimizer: Any
    _made_of: tuple[list[int], Any]

    def __init__(
        self, hidden_layer_sizes: int | Sequence[int] = (100,), activation: Any = "relu", *,
        loss: Any = None, solver: Any = "adam", alpha: float = 0.0001,
        batch_size: int | str | None = "auto", learning_rate_init: float = 0.001,
        max_iter: int = 200, random_state: Any = None, tol: float = 1e-4, verbose: bool = False,
        warm_start: bool = False, momentum: float = 0.9, nesterovs_momentum: bool = True,
        early_stopping: bool = False, validation_fraction: float = 0.1, n_iter_no_change: int = 10,
        learn_options: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.__dict__.update({name: given for name, given in locals().items() if name != "self"})

    @property
    def coefs_(self) -> list[Any]:
        """The weights of each layer, of shape (inputs, neurons)."""
        return [layer.weights.T for layer in self.model_.layers]

    @property
    def intercepts_(self) -> list[Any]:
        """The biases of each layer, of shape (neurons,)."""
        return [layer.biases for layer in self.model_.layers]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for `max_iter` epochs, or until the loss falls no more; return self.

        X is of shape (n, features), `y` of (n,), for a regressor also (n, k). In full batches a
        whole number as the `sample_weight` of a sample is as good as so many copies.
        """
        epochs = positive_int("max_iter", self.max_iter)
        return self._fit(X, y, sample_weight, self.warm_start, epochs)

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, goes_on: bool, epochs: int | None,
        classes: Any = None,
    ) -> Self:  # fmt: skip
        """Learn from samples for some epochs; None is one, of an optimiser that goes on."""
        goes_on, several = goes_on and hasattr(self, "model_"), isinstance(self, RegressorMixin)
        kinds = {"multi_output": several, "y_numeric": several, **_NUMBERS}
        X, y = validate_data(self, X, y, reset=not goes_on, **kinds)
        X = _dense(X)
        targets, loss, known, width = self._read(y, goes_on, classes)
        criterion, weights, size, mean_weight = find_loss(loss), None, len(X), 1.0
        share = _SHARES.get(criterion.name, 1.0)
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
            mean_weight = float(weights.mean())
        sizes = [*np.atleast_1d(self.hidden_layer_sizes).tolist(), width]
        made_of = sizes, self.activation
        if goes_on and self._made_of != made_of:
            said = "the layers, by hidden_layer_sizes, y and activation, are now"
            raise ValueError(f"{said} {made_of}, and those to go on with {self._made_of}; fit anew")
        if goes_on:
            model, rng, curve = self.model_, self._random, self.loss_curve_
        else:
            rng = random.Random(int(check_random_state(self.random_state).randint(2**31 - 1)))
            kind: Any = _ACTIVATIONS.get(str(self.activation), self.activation)
            model, curve = nn.MLP(X.shape[1], sizes, kind, init=None, seed=rng), []
        # A loss of one's own knows no classes, and is given their places as they are.
        no_labels = known is None or criterion.classes is None
        model.classes_ = None if no_labels else np.arange(len(known))
        rule = self.solver, self.learning_rate_init, self.momentum, self.nesterovs_momentum, loss
        if goes_on and epochs is None and self._optimizer[0] == rule:
            optimizer = self._optimizer[1]
        else:
            optimizer = self._made_optimizer(model, share)
        by_steps = not isinstance(optimizer, str)
        held, stopping = self.validation_fraction if self.early_stopping else None, None
        size -= round((held or 0.0) * size)
        if by_steps and self.batch_size is not None:
            most = 200 if str(self.batch_size) == "auto" else self.batch_size
            size = min(positive_int("batch_size", most), size)
        if epochs is not None:
            patience, least = min(self.n_iter_no_change, epochs), in_range("tol", self.tol)
            stopping = nn.EarlyStopping(patience, least / share, self.early_stopping)
        price = in_range("alpha", self.alpha) / (2.0 * share * (size * mean_weight or 1.0))
        options = {**(self.learn_options or {})}
        if not no_labels and isinstance(weighed := options.get("class_weight"), Mapping):
            options["class_weight"] = _by_place(weighed, known.tolist())
        history = model.learn(
            X, targets, loss, optimizer, epochs=1 if epochs is None else epochs, validation=held,
            batch_size=size if by_steps else None, progress=bool(self.verbose), seed=rng,
            sample_weight=weights, early_stopping=stopping, l2=price, **options,
        )  # fmt: skip
        self.model_, self._random, self._optimizer = model, rng, (rule, optimizer)
        self._made_of = made_of
        if known is not None:
            self.classes_ = known
            model.classes_ = None if no_labels else known.tolist()  # given back by it and its file
        self.loss_curve_ = [*curve, *[share * number for number in history.loss]]
        self.n_iter_ = len(self.loss_curve_)
        return self

    def _made_optimizer(self, model: Any, share: float) -> Any:
        rate = self.learning_rate_init
        if str(self.solver) == "sgd":  # not indifferent to a factor of the loss
            nesterov = bool(self.nesterovs_momentum and self.momentum)
            return nn.optim.SGD(model.parameters(), rate * share, self.momentum, nesterov)
        if callable(self.solver):
            return self.solver(model.parameters(), learning_rate=rate)
        return find_optimizer(model, self.solver, None if _finds_rates(self) else rate)

    def _rows(self, X: Any) -> Any:
        check_is_fitted(self)
        return _dense(validate_data(self, X, reset=False, **_NUMBERS))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _dense(X: Any) -> Any:
    return X.toarray() if hasattr(X, "toarray") else X


def _by_place(weights: Mapping[Any, Any], classes: list[Any]) -> dict[Any, Any]:
    """Weights of classes by their places, which `learn` is given in place of labels."""
    unknown = [label for label in weights if label not in classes]
    if unknown:
        said = f"class_weight names {shown(unknown[0])}, and the classes are"
        raise ValueError(f"{said} {some(classes, 10, repr)}")
    return {classes.index(label): weight for label, weight in weights.items()}


class MLPRegressor(RegressorMixin, _Perceptron):  # type: ignore[misc]
    """Network that predicts numbers, as an estimator of scikit-learn.

    Parameters
    ----------
    activation, solver : str or callable
        Scikit-learn's, and what `nn.MLP` and `learn` take; a solver also as a function of
        parameters and `learning_rate`: ``functools.partial(nn.optim.AdamW, weight_decay=0.1)``.
    loss : str or callable, optional
        As `learn` takes it; ``"squared_error"`` if left out (scikit-learn's, which is half of that
        in `nn.losses`). With ``"poisson"`` the rate is predicted, with ``"gaussian_nll"`` the mean.
    learn_options : dict, optional
        More for `learn`, such as ``{"schedule": "cosine", "threads": 2}``.
    **others
        Those of scikit-learn that are here mean the same. It stops after `n_iter_no_change` epochs
        that were not below the best loss by `tol`, with `early_stopping` of the share held out.

    Attributes
    ----------
    model_, loss_curve_, n_iter_, coefs_, intercepts_
        The `nn.MLP`, the loss of each epoch of all calls that went on, and as in scikit-learn.

    Examples
    --------
    >>> X = [[x / 20.0 - 1.0] for x in range(40)]
    >>> y = [x**2 for [x] in X]
    >>> MLPRegressor(solver="lbfgs", random_state=0).fit(X, y).score(X, y) > 0.99
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _read(self, y: Any, goes_on: bool, classes: Any) -> tuple[Any, Any, Any, int]:
        y = y if y.ndim > 1 and y.shape[1] > 1 else column_or_1d(y, warn=True)
        loss = self.loss or "squared_error"
        width = find_loss(loss).width if y.ndim == 1 else y.shape[1]
        return y, loss, None, width

    def predict(self, X: Any) -> Any:
        """Predictions, of shape (n,) or (n, k), for samples (n, features)."""
        rows, model = self._rows(X), self.model_
        outputs, loss = model.predict(rows), LOSSES.get(model.learnt_with)
        return loss.prediction(outputs) if loss and loss.prediction else outputs

    @_given(lambda self: not (_finds_rates(self) or self.early_stopping))
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Learn for one epoch, going on with parameters and optimiser; as `fit` otherwise."""
        return self._fit(X, y, sample_weight, True, None)


class MLPClassifier(ClassifierMixin, _Perceptron):  # type: ignore[misc]
    """Network that tells classes apart, as an estimator of scikit-learn.

    Parameters and attributes are those of `MLPRegressor`, and ``classes_``, the labels. The loss
    is the cross-entropy if left out; another has one output for two classes and one for each of
    more, and one of your own is given the places of labels in ``classes_``.

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> MLPClassifier(solver="lbfgs", random_state=0).fit(X, y).predict([[-1.0], [4.0]]).tolist()
    ['low', 'high']
    """

    def _read(self, y: Any, goes_on: bool, classes: Any) -> tuple[Any, Any, Any, int]:
        check_classification_targets(y)
        named = y if classes is None else classes
        known = self.classes_ if goes_on else np.unique(named)
        strange = np.setdiff1d(np.union1d(y, named), known)
        if len(strange):
            said = f"y has {some(strange.tolist(), 10, repr)}, which is none of the classes"
            raise ValueError(f"{said} {some(known.tolist(), 10, repr)}; leave it out, or fit anew")
        if len(known) < 2:
            raise ValueError(f"y has one class, {known.tolist()[0]!r}; give samples of two")
        two = len(known) == 2
        loss = self.loss or ("binary_cross_entropy" if two else "cross_entropy")
        of = find_loss(loss).classes
        width = 1 if two and (of is None or len(of(1)) == 2) else len(known)
        return np.searchsorted(known, y), loss, known, width

    @_given(lambda self: not (_finds_rates(self) or self.early_stopping))
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Learn for one epoch, as that of `MLPRegressor`; the first call is told all classes."""
        return self._fit(X, y, sample_weight, True, None, classes)

    def decision_function(self, X: Any) -> Any:
        """The outputs: of two classes one number, above 0 for the second; of more one for each."""
        rows = self._rows(X)
        found = self.model_.decision_function(rows)
        return found[:, 1] - found[:, 0] if found.ndim == 2 and len(self.classes_) == 2 else found

    def predict(self, X: Any) -> Any:
        """Labels, of shape (n,), for samples (n, features)."""
        found = self.decision_function(X)
        return self.classes_[(found > 0.0).astype(int) if found.ndim == 1 else found.argmax(axis=1)]

    @_given(lambda self: self.loss is None or find_loss(self.loss).logits)
    def predict_proba(self, X: Any) -> Any:
        """Probabilities of the classes, of shape (n, k), where the loss makes such of outputs."""
        rows = self._rows(X)
        return self.model_.predict_proba(rows)
