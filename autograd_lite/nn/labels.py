"""Labels of classes as people have them: made targets of a loss, and given back by `predict`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import numpy as np

from autograd_lite.errors import ShapeError, counted, shown, some, typed
from autograd_lite.nn.data import Array, Model, as_list, sample_rows
from autograd_lite.nn.loss_rules import Loss
from autograd_lite.nn.losses import LOSSES
from autograd_lite.nn.parts.training_mode import in_mode
from autograd_lite.nn.predictions import outputs_at, outputs_for
from autograd_lite.ops.numbers import refuse_masked


class Encoded(NamedTuple):
    """Outputs of samples, as a loss takes them."""

    targets: Any
    #: Sorted; None if the outputs were targets from the start.
    classes: Array | None
    labels: Any


def encoded(
    model: Model, loss: Loss, inputs: Any, outputs: Any, known: Array | None, of: str = ""
) -> Encoded:  # fmt: skip
    """Labels as the targets of a loss; what it takes as it is stays that.

    If the classes are `known`, there are no others. What can be no labels is left to those who
    check targets.
    """
    given = Encoded(outputs, None, outputs)
    if loss.classes is None or (labels := labels_of(f"{of}outputs", outputs)) is None:
        return given
    numeric, by_sign = labels.dtype.kind in "iuf", len(loss.classes(1)) == 2
    if by_sign and labels.ndim > 1 and labels.dtype.kind != "U":  # one for each output
        return given
    if numeric and labels.ndim == 1:
        usual = np.isin(labels, loss.classes(1)).all() if by_sign else False
        whole = np.isfinite(labels) & (labels == np.round(labels))
        if (usual and known is None) or not whole.all():
            return given
    with in_mode(False):
        width = len(as_list(next(outputs_for(model, sample_rows(inputs, model)[:1]))))
    if labels.ndim > 1:
        labels, known = _from_one_hot(f"{of}outputs", labels, known)
    elif numeric and known is None and np.isin(labels, loss.classes(width)).all():
        return given
    classes = known
    if classes is None:
        classes = np.array([False, True]) if labels.dtype.kind == "b" else np.unique(labels)
    _check(model, loss, classes, width, f"all {of}outputs")
    return Encoded(as_targets(f"{of}outputs", labels, classes, loss, width), classes, labels)


def as_targets(name: str, labels: Array, classes: Array, loss: Loss, width: int) -> Array:
    """Labels of these classes as the targets of a loss of so many outputs."""
    if labels.ndim > 1:
        labels, _ = _from_one_hot(name, labels, classes)
    same = (labels.dtype.kind == "U") == (classes.dtype.kind == "U")
    strange = np.flatnonzero(~np.isin(labels, classes)) if same else [0]
    if len(strange):
        raise ValueError(
            f"{name}: number {strange[0]} is {labels[strange[0]].item()!r:.80}, which is none of "
            f"the classes {some(classes.tolist(), 10, repr)} that this model learns; leave such "
            "samples out, or let a new model learn (or model.classes_ = None)"
        )
    targets = np.array([*cast(Any, loss.classes)(width)], dtype=np.float64)
    found: Array = targets[np.searchsorted(classes, labels)]
    return found


def labels_of(name: str, outputs: Any) -> Array | None:
    """Texts, booleans or numbers as an array of that; None for anything else."""
    refuse_masked(outputs, name)
    given = np.asarray(outputs) if hasattr(outputs, "dtype") else np.array(outputs, dtype=object)
    if not given.size or given.ndim not in (1, 2):
        return None
    given = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
    if given.dtype.kind in "biuf":
        return given
    things = given.ravel().tolist()
    texts = [isinstance(thing, str) for thing in things]
    if all(texts):
        return np.array(things, dtype=str).reshape(given.shape)
    if any(texts):
        other, text = things[texts.index(False)], things[texts.index(True)]
        raise TypeError(
            f"{name} are texts, such as {shown(text)}, but number {texts.index(False)} is "
            f"{typed(other)}; write texts for all, or leave such samples out"
        )
    if not all(isinstance(thing, bool | np.bool_ | int | float | np.number) for thing in things):
        return None
    found = np.array(things).reshape(given.shape)
    return found if found.dtype.kind in "biuf" else None


def _from_one_hot(name: str, rows: Array, known: Array | None) -> tuple[Array, Array]:
    """The label of each row, and the classes: the places of the columns, if they are not known."""
    classes = np.arange(rows.shape[1]) if known is None else known
    ones = np.zeros(rows.shape) if rows.dtype.kind == "U" else np.asarray(rows, dtype=np.float64)
    right = (ones.max(axis=1) == 1.0) & (np.count_nonzero(ones, axis=1) == 1)
    if not right.all() or len(classes) != rows.shape[1]:
        i = int(np.argmin(right))
        raise ShapeError(
            f"{name} of several columns are one-hot rows, with a 1 for the class and 0 elsewhere, "
            f"for {some(classes.tolist(), 10, repr)}, and row {i} is {shown(rows[i].tolist())}; "
            "give one label per sample"
        )
    return classes[ones.argmax(axis=1)], classes


def _check(model: Model, loss: Any, classes: Array, width: int, all_of: str) -> None:
    """Raise if the model cannot tell so many classes apart by this loss."""
    n, kind = len(classes), type(model).__name__
    said = f"{counted(n, 'class', 'classes')} ({some(classes.tolist(), 10, repr)})"
    if n < 2:
        raise ValueError(
            f"{all_of} are {classes.tolist()[0]!r:.80}, so that there is nothing to tell apart; "
            "give samples of two classes at least"
        )
    if len(loss.classes(1)) == 2:
        if n > 2 or width != 1:
            raise ShapeError(
                f"{loss.name} tells two classes apart by one output; there are {said}, and this "
                f"{kind} gives {counted(width, 'output')}; take "
                + ("one output" if n == 2 else f"loss='cross_entropy' and {n} outputs")
            )
    elif n != width:
        raise ShapeError(
            f"{loss.name} takes one output per class; there are {said}, and this {kind} gives "
            f"{counted(width, 'output')}; make its last layer one of {n} neurons"
        )


class Predictor:
    """The methods of a module that answer for many samples."""

    #: What `classes_` and `learnt_with` give. Programs do not depend on it: see `KEPT`.
    _kept_learnt: tuple[Array | None, str] = None, ""

    @property
    def classes_(self) -> Array | None:
        """The labels that `predict` gives, sorted; None where it gives outputs.

        `learn` sets them; by an array, so may you; None lets it learn other labels.
        """
        return self._kept_learnt[0]

    @classes_.setter
    def classes_(self, classes: Array | None) -> None:
        self._kept_learnt = _as_classes(classes), self.learnt_with

    @property
    def learnt_with(self) -> str:
        """Name of the loss of the last `learn`; "" before, and for a loss of one's own."""
        return self._kept_learnt[1]

    def predict(self, inputs: Any) -> Array:
        """The outputs for many samples, as plain numbers; or labels, if `learn` was given such.

        Outputs of modules of this package come from a program over rows, within the accuracy of
        `Compiled.map` of those of a call; each row has the same bits whatever rows are beside it.
        A module of your own is called for each sample, which takes hundreds of times as long.

        Parameters
        ----------
        inputs : array of shape (n, features), or (n,) for one feature

        Returns
        -------
        ndarray of shape (n,), or (n, k) with k > 1 outputs
            After `learn` on labels, those of `classes_`, of shape (n,); `decision_function` has the
            outputs then.

        Raises
        ------
        ShapeError
            If the number of features is not the module's, or there are no samples.
        ValueError
            If an output is nan, which stands for no class.
        """
        outputs = self.decision_function(inputs)
        if self.classes_ is None:
            return outputs
        bad = np.flatnonzero(np.isnan(outputs).reshape(len(outputs), -1).any(axis=1))
        if len(bad):
            raise ValueError(
                f"for sample {bad[0]} this {type(self).__name__} gives {outputs[bad[0]]}, which "
                "stands for no class; decision_function gives the numbers as they are"
            )
        self._check_width(outputs)
        chosen = (outputs > 0.0).astype(int) if outputs.ndim == 1 else outputs.argmax(axis=1)
        labels: Array = self.classes_[chosen]
        return labels

    def _check_width(self, outputs: Array) -> None:
        n_classes = 2 if outputs.ndim == 1 else outputs.shape[1]
        if self.classes_ is not None and n_classes != len(self.classes_):
            raise ShapeError(
                f"this {type(self).__name__} gives outputs for {n_classes} classes, and its "
                f"classes_ are {len(self.classes_)}; let it learn them anew, or set them to None"
            )

    def decision_function(self, inputs: Any) -> Array:
        """The outputs for many samples, as plain numbers, also of a module that has learnt labels.

        Parameters and errors are those of `predict`.

        Returns
        -------
        ndarray of shape (n,), or (n, k) with k > 1 outputs
            Of one output for two classes, above 0 speaks for the second.
        """
        with in_mode(False):
            return outputs_at(cast(Any, self), inputs)

    def predict_proba(self, inputs: Any) -> Array:
        """The probabilities of the classes for many samples.

        Parameters and errors are those of `predict`.

        Returns
        -------
        ndarray of shape (n, k)
            A column for each class, in the order of `classes_` or of the targets that were
            learnt. With ``"binary_cross_entropy"`` of several outputs, a column for each: its
            chance to be 1.

        Raises
        ------
        ValueError
            If the loss of the last `learn` makes no probabilities.

        Examples
        --------
        >>> from autograd_lite import nn
        >>> model = nn.Neuron(1, "linear", seed=1)
        >>> history = model.learn(
        ...     [0, 1, 2, 3], ["no", "no", "yes", "yes"], "binary_cross_entropy", epochs=300,
        ...     learning_rate=0.1, progress=False,
        ... )
        >>> model.predict([0, 3]).tolist(), model.classes_.tolist()
        (['no', 'yes'], ['no', 'yes'])
        >>> (model.predict_proba([0, 3]) > 0.5).tolist()
        [[True, False], [False, True]]
        """
        loss = LOSSES.get(self.learnt_with)
        if loss is None or loss.probabilities is None:
            names = " or ".join(repr(name) for name, row in LOSSES.items() if row.probabilities)
            raise ValueError(
                f"probabilities come after learn with loss={names}, and this "
                f"{type(self).__name__} has learnt by {self.learnt_with or 'no loss of nn.losses'}"
            )
        outputs = self.decision_function(inputs)
        self._check_width(outputs)
        columns = [*outputs.reshape(len(outputs), -1).T]
        with np.errstate(all="ignore"):
            return np.stack(loss.probabilities(columns), axis=1)


@contextmanager
def remembering(model: Any, loss: Loss, classes: Array | None, before: Array) -> Iterator[None]:
    """Block in which a model learns, and knows what; an error that leaves its numbers undoes it."""
    former, model._kept_learnt = model._kept_learnt, (classes, loss.name)
    try:
        yield
    except BaseException:
        if np.array_equal(before, [parameter.data for parameter in model.parameters()]):
            model._kept_learnt = former
        raise


def as_plain(model: Any) -> dict[str, Any]:
    """Loss and classes of a model, for its file; empty if it has learnt neither."""
    classes = None if model.classes_ is None else model.classes_.tolist()
    return {"loss": model.learnt_with, "classes": classes} if model.learnt_with or classes else {}


def restore(model: Any, learnt: Mapping[str, Any]) -> None:
    """Let a model know what its file says; a ValueError if that makes no sense."""
    loss = learnt.get("loss", "")
    if not isinstance(loss, str) or loss not in {"", *LOSSES}:
        raise ValueError(f"it has learnt by {shown(loss, 60)}, which is no loss")
    model._kept_learnt = _as_classes(learnt.get("classes")), loss


def _as_classes(given: Any) -> Array | None:
    """Sorted labels as an array."""
    if given is None:
        return None
    found = np.asarray(given)
    if (
        found.dtype.kind not in "Ubiuf"
        or found.ndim != 1
        or len(found) < 2
        or np.unique(found).tolist() != [*given]
    ):
        raise ValueError(
            "classes_ are two labels or more that a model learns, all texts or all numbers, sorted "
            f"and each once, and were given {shown(given)}"
        )
    return found
