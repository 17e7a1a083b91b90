"""Learning from samples: what `Module.learn` does."""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from autograd_lite.engine import is_silent
from autograd_lite.errors import shown
from autograd_lite.modes import recording
from autograd_lite.nn.data import Model, positive_int, samples
from autograd_lite.nn.init import generator
from autograd_lite.nn.labels import encoded, remembering
from autograd_lite.nn.learning.batches import COMPARED, Batches, Samples, is_traceable
from autograd_lite.nn.learning.compiled_batches import CompiledBatches
from autograd_lite.nn.learning.history import History, carried
from autograd_lite.nn.learning.in_batches import stream_of
from autograd_lite.nn.learning.loop import TrainingLoop
from autograd_lite.nn.learning.metrics import Metrics
from autograd_lite.nn.learning.penalty import find_penalty
from autograd_lite.nn.learning.remarks import (
    tell_of_speed,
    warn_of_divergence,
    warn_of_probabilities,
)
from autograd_lite.nn.learning.resuming import Checkpoint, Keeper
from autograd_lite.nn.learning.sample_order import held_out, parted
from autograd_lite.nn.learning.scheduled_step import ScheduledStep
from autograd_lite.nn.learning.solver_step import SolverStep
from autograd_lite.nn.learning.step import TrainingStep
from autograd_lite.nn.learning.stopping import BestEpoch, EarlyStopping
from autograd_lite.nn.learning.weighting import weights_of
from autograd_lite.nn.live.live import Live, shell_for
from autograd_lite.nn.live.surface import picture_of
from autograd_lite.nn.losses import find_loss
from autograd_lite.nn.optim import Optimizer, find_optimizer
from autograd_lite.nn.parts.training_mode import in_mode
from autograd_lite.nn.predictions import is_watched
from autograd_lite.nn.schedules import Schedule, find_schedule

_USUAL = type("Usual", (int,), {})(32)  # samples of a batch; whoever writes 32 gives another object


def learn(
    self: Model, inputs: Any = None, outputs: Any = None,
    loss: str | Callable[[Any, Any], Any] = "squared_error", optimizer: str | Optimizer = "adam",
    learning_rate: float | None = None, epochs: int = 100, batch_size: int | None = _USUAL,
    validation: float | tuple[Any, Any] | None = None,
    callback: Callable[[History], Any] | Sequence[Callable[[History], Any]] | None = None,
    progress: bool = True, seed: Any = None, compile: bool | None = None,
    show: str | None = None, check: bool = False, threads: int = 1,
    schedule: str | Schedule | None = None,
    sample_weight: Any = None, class_weight: Any = None,
    metrics: Any = None, early_stopping: EarlyStopping | None = None,
    l1: float = 0.0, l2: float = 0.0,
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None, resume: bool = False,
    batches: Iterable[tuple[Any, Any]] | None = None,
) -> History:  # fmt: skip
    """Fit the parameters to samples, starting from their current numbers.

    Learning again continues with the parameters; an optimiser given by name starts afresh.

    Parameters
    ----------
    inputs : array of shape (n, features), or (n,) for one feature
        Arrays are not copied: leave them as they are meanwhile.
    outputs : array of shape (n,) or (n, k)
        The targets, as the loss takes them (`nn.losses`). For a loss of classes they may be labels
        of any kind: texts, booleans, whole numbers such as -1 and 1 or 1 to k, or one-hot rows.
        Those are kept as the module's ``classes_``, and `predict` gives them; then it learns no
        others (``model.classes_ = None`` forgets them, and so does a loss without classes).
    loss : str or callable, default="squared_error"
        The name of a function in `nn.losses`: ``"squared_error"``, ``"absolute_error"``,
        ``"huber"``, ``"quantile"``, ``"poisson"``, ``"gaussian_nll"`` (2 outputs), ``"hinge"``,
        ``"binary_cross_entropy"`` or ``"cross_entropy"`` (the module gives logits); that function,
        or ``functools.partial`` of it with another parameter; `nn.per_sample` of a function of
        one sample; or a function ``(outputs, targets)`` of a batch that returns one Value, which
        no program runs.
    optimizer : str or object, default="adam"
        A name of `nn.optim.OPTIMIZERS` (``"adam"``, ``"adamw"``, ``"rmsprop"``, ``"sgd"``,
        ``"nesterov"``), or an object with ``step()`` and the module's ``parameters``. Or a solver
        of SciPy (extra `solvers`), which takes all samples at once: ``"lbfgs"``, or for
        ``"squared_error"``, as in fits of curves, ``"levenberg_marquardt"``. An epoch is one of its
        iterations, with the loss after it; there are fewer when nothing gets better any more.
    learning_rate : float, optional
        For an optimiser given by name; 0.01 if left out, which suits networks of this size.
    epochs : int, default=100
        Passes over the data.
    batch_size : int or None, default=32
        Samples per update; None takes all of them, as solvers do.
    validation : (inputs, outputs) or float, optional
        Data to measure after each epoch; or the share of the samples, drawn at random, to
        keep for that.
    callback : callable or list of them, optional
        Called after each epoch with the `History` so far (``history[-1]`` is the latest
        `Epoch`); a true result of one stops, when all have been called, and one that is no
        number is a TypeError. They may set parameters; to freeze some, or to build otherwise,
        stop and call `learn` again.
    progress : bool, default=True
        Show a bar with the loss on standard error.
    seed : int, random.Random or NumPy Generator, optional
        Of the order of samples, validation samples and masks of `Dropout`; Python's global `random`
        if left out. With one generator and one optimiser, 5 epochs and 5 are 10.
    compile : bool, optional
        Whether a step is recorded once, as a program (`autograd_lite.compile`): the same
        numbers but for rounding, in a fraction of the time. Left out, it is where module and
        loss are the package's own, so known to depend on parameters and samples alone, or where
        a module's class says ``traceable = True``, and a loss is by `nn.per_sample`; of others, a
        note says what it costs: in the history's ``notes``, and once for each beside the bar.
    show : {"live"}, optional
        In a notebook, draw the training while it goes on, in place of the bar: the loss so far,
        speed and time left, and over one feature or two what the module makes of each point of
        the line or plane (for which it is called a few thousand times more). But for the first
        pictures and the last, which come in any case, they take 5% of the time at most.
        Elsewhere, the bar is shown.
    check : bool, default=False
        Compare the first three steps of a program with eager ones.
    threads : int, default=1
        Threads that share a step of a program, from batches of 4,096 samples on. Any number
        gives the same bits.
    schedule : str or callable, optional
        Factor of the learning rate by the number of the step (update) in this call, from 0:
        a function such as `nn.schedules` makes, or a name of these (``"cosine"``,
        ``"one_cycle"``, ``"reduce_on_plateau"``, ``"step"``, ``"warm_up"``).
    sample_weight : array of shape (n,), optional
        How much the loss of each sample counts: at least 0, not all of them 0. They are divided by
        their mean over the samples learnt from, so that a weight of 2 beside ones is a sample
        given twice, in a full batch, and the learning rate keeps its meaning. Samples of a share
        that is held out keep theirs, divided by their own mean; metrics count each as one.
    class_weight : dict or "balanced", optional
        Weights of classes, for a loss of them: of each label (1 where it is left out), or such
        that all classes weigh the same, as scikit-learn has it. Multiplied with `sample_weight`,
        and for learning alone: the loss of validation has none.
    metrics : str, callable or list of them, optional
        More columns of the history, computed over all outputs at the end of each epoch, for the
        samples learnt from (which costs another pass over them) and for those of validation:
        ``"f1"`` (of the second of two classes, or the mean over more), ``"auc"`` (two classes) for
        losses of classes, which have ``"accuracy"`` in any case; ``"mae"``, ``"r2"`` for others;
        or functions ``(targets, outputs)`` of arrays, in scikit-learn's order, that give a
        number. `targets` are as the loss takes them, `outputs` as `decision_function` gives them:
        (n,) or (n, k).
    early_stopping : EarlyStopping, optional
        Stops when the loss of validation, or else of training, falls no more; see
        `nn.EarlyStopping`. The history has the ``reason`` and the ``best`` epoch.
    l1, l2 : float, default=0.0
        Add ``l1 * sum(abs(w)) + l2 * sum(w**2)`` to the loss of each step, over all parameters but
        frozen ones and biases: those called b, bias or biases, in a module of your own too. A bias
        says where a unit stands, not how steep it is, so that scikit-learn leaves it out as well
        (the weight_decay of an optimiser does not; its number is twice `l2`). The training loss
        has it in, the validation loss has not.
    checkpoint : str, path-like or Checkpoint, optional
        A folder, to which the training is written after the first epoch that ends 60 s behind the
        last one written, at the beginning and at the end; `nn.Checkpoint` sets other times. What
        is there is replaced whole or not at all; a folder with a checkpoint is refused, unless:
    resume : bool, default=False
        Continue from the checkpoint in that folder, if there is one: with the bits of a training
        that was never interrupted, on such a machine. A generator, also Python's global one, is
        set to where it was. Data, options, model (whatever its numbers are now) and versions have
        to be those it began with; `epochs` may be more, callbacks others.
    batches : iterable of (inputs, outputs), optional
        In place of `inputs`, `outputs` and `batch_size`, for more data than memory holds: arrays
        as these are, of any number of samples. Each epoch runs through it anew, in the order that
        it gives, and so do `metrics` of the samples learnt from. It may look at the model. With
        `resume` it must give what it gave; if it shuffles, by a generator given as `seed`. What
        needs all samples at once is refused: solvers, weights, a share for `validation`.

    Returns
    -------
    History
        Loss, metrics and seconds of every finished epoch. Ctrl-C ends learning and returns
        it too, with ``interrupted`` True; what was learnt is kept.

    Warns
    -----
    TrainingWarning
        If the loss ends above where it began, a parameter grows beyond 1e6, or the outputs are
        probabilities where the loss takes logits.

    Raises
    ------
    AnomalyError
        If the loss, a gradient or a parameter turns nan or infinite, naming epoch and sample;
        the parameters stay as they were before that update. Any exception that ends the
        training has the `History` so far as its ``history``.
    GraphError
        If outputs go by what was computed from parameters before, as ``layer.b = other.b * 2`` is.
    ModelFileError
        If a checkpoint is damaged or of another training; it says where the two differ.
    ShapeError
        If shapes do not fit each other or the module, or there are no samples.
    ValueError
        If a number in the data is nan or infinite, a target is not what the loss takes, or
        another argument is out of its range; if a loss of your own is to be compiled, the loss
        depends on no parameter, or a callback has built the module otherwise.
    FileExistsError
        If there is a checkpoint to be continued, and `resume` is False.
    ProgramError
        If a module that draws random numbers is to be compiled, or `check` finds a difference.
    """
    options, history = dict(locals()), History()
    with carried(history), recording() if is_silent() else nullcontext(), in_mode(False):
        shell = None if show is None else shell_for(show)
        criterion = find_loss(loss)
        callbacks = _called(callback)
        epochs = positive_int("epochs", epochs)
        stream = stream_of(options, epochs, batch_size is not _USUAL)
        place: Any = nullcontext((inputs, outputs)) if stream is None else stream
        with place as (inputs, outputs):
            read = encoded(self, criterion, inputs, outputs, self.classes_)
            inputs, outputs = samples(inputs, read.targets, self)
            known = stream is None or stream.has_all_labels or self.classes_ is not None
            if not known and read.classes is not None:
                raise ValueError(
                    "outputs are labels of classes, of which other batches may have more; set "
                    "model.classes_ to an array of all of them"
                )
        chosen = find_optimizer(self, optimizer, learning_rate)
        if isinstance(chosen, str):
            size_given = not (batch_size is None or batch_size is _USUAL)
            others = schedule, checkpoint, stream
            if size_given or any(other is not None for other in others):
                raise ValueError(
                    f"{chosen} takes all samples at once, finds its own steps, and cannot continue "
                    "from a checkpoint; leave batch_size, schedule and checkpoint out, and give "
                    "arrays in place of batches"
                )
            batch_size = None
        rng = generator(seed)
        watched = is_watched()
        quick = not watched and is_traceable(self, criterion)  # a call changes nothing
        if compile is None and not (quick or watched):
            tell_of_speed(self, criterion, history, progress or show is not None)
        compile = quick if compile is None else bool(compile)
        kind = CompiledBatches if compile else Batches
        kind = kind if stream is None else stream.kind or kind
        options["classes"] = read.classes
        keeper = None if checkpoint is None else Keeper(checkpoint, resume, options)
        if keeper is not None:
            keeper.begin(rng)
        elif resume:
            raise ValueError('resume=True continues a training from a folder: checkpoint="run/"')
        if stream is None:
            order, held = parted(len(inputs), validation, rng)
        else:
            order, held, batch_size = stream, (), stream.size or len(inputs)
        labels = outputs if read.classes is None else read.labels
        weighed = labels, sample_weight, class_weight, order, held, read.classes
        weights = weights_of(criterion, *weighed)
        training = kind(self, criterion, Samples(inputs, outputs, weights))
        if stream is not None:
            stream.training, training.classes = training, read.classes
        training.rng = rng
        training.penalty = find_penalty(self, l1, l2)
        measuring, held = held_out(training, validation, held, read.classes)
        size = len(order) if batch_size is None else positive_int("batch_size", batch_size)
        for each in (training, measuring):
            each.threads = positive_int("threads", threads)
        with place:
            width = _check(training, measuring, check)
        measured = None if metrics is None else Metrics(metrics, training, width)
        best = None
        if early_stopping is not None:
            best = BestEpoch(early_stopping, training, history)
        before = training.parameters_now()
        seen = callbacks, shell, held, measured, best, checkpoint, stream is not None
        training.is_unseen = not any(seen)
        given = training, chosen, shell is not None
        if stream is None:
            steps = -(-len(order) // size)
        else:
            steps = stream.steps(isinstance(schedule, str) or (resume and schedule is not None))
        plan = find_schedule(schedule, epochs * steps)
        kind_of_step = SolverStep if isinstance(chosen, str) else TrainingStep
        step = kind_of_step(*given) if plan is None else ScheduledStep(*given, plan, steps)
        if stream is not None:  # the user's code comes between steps
            step.is_flat = step.is_plain = False
        live: Live | None = None
        if shell is not None:
            drawn = self if quick and isinstance(getattr(self, "nin", None), int) else None
            picture = None if watched or stream is not None else picture_of(training)
            live = Live(shell, history, epochs, picture, model=drawn, last=step.last)
        loop = TrainingLoop(
            training, order, measuring, held, size, step, history, measured, best,
            None if keeper is None else keeper.look,
        )  # fmt: skip
        if keeper is not None:
            keeper.resume(loop, epochs)
        with remembering(self, criterion, read.classes, before):
            loop.run(epochs, callbacks, live, live is None and (progress or show is not None))
        if not isinstance(chosen, str):  # a solver has no rate, and takes no loss that rose
            warn_of_divergence(history, before, training.parameters_now(), self)
    return history


def _check(training: Batches, measuring: Batches, compare: bool) -> int:
    """Raise now, not in the middle of an epoch, if data, model and loss do not fit.

    The number of outputs is returned.
    """
    first = training.check()
    if training.loss.logits:
        warn_of_probabilities(training.loss.name, first)
    if measuring is not training:
        measuring.check()
    if training.model._has_taking("entries"):
        for each in dict.fromkeys([training, measuring]):
            each.check_entries()
    if compare and isinstance(training, CompiledBatches):
        training.to_check = COMPARED
    return len(first[0])


def _called(callback: Any) -> list[Callable[[History], Any]]:
    """The functions that are called after each epoch."""
    given = [] if callback is None else callback
    functions = [*given] if isinstance(given, list | tuple) else [given]
    for function in functions:
        if not callable(function):
            raise TypeError(
                "callback is a function of the History, or a list of them, and was given "
                f"{shown(function)}"
            )
    return functions
