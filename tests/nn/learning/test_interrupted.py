"""Ctrl-C at any moment of a training: parameters and optimiser are those of a whole step."""

import os
import random
import signal
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from autograd_lite import engine, nn

X = np.random.default_rng(0).standard_normal((24, 2))
Y = X[:, 0] * X[:, 1]
#: Where a signal may come between what belongs together.
FILES = {f"nn/learning/{name}.py" for name in (
    "batches", "compiled_batches", "descent", "loop", "scheduled_step", "step",
)} | {"nn/optim/optimizer.py"}  # fmt: skip
KINDS = {
    "adam": lambda p: nn.optim.Adam(p, 0.01),
    "momentum": lambda p: nn.optim.SGD(p, 0.01, momentum=0.9),
    "clipped": lambda p: nn.optim.RMSprop(p, 0.01, clip_norm=0.1),
}


class Own(nn.optim.Adam):
    """With a step of its own, in which NumPy and parameters are as users see them."""

    def step(self):
        super().step()


KINDS["own"] = lambda p: Own(p, 0.01)


def train(kind, moment=None, **given):
    """A model, its optimiser, and the history, also where it was an exception that carries it."""
    model = nn.MLP(2, [3, 1], "tanh", seed=1)
    optimizer = KINDS[kind](model.parameters())
    given = {"epochs": 3, "batch_size": 8, "progress": False, "seed": 3} | given
    usual = sys.gettrace()
    try:
        with np.errstate():  # which a trace function can leave open, in a `with` inside
            sys.settrace(moment or usual)
            history = model.learn(X, Y, optimizer=optimizer, **given)
    except KeyboardInterrupt as error:
        history = error.history
    finally:
        sys.settrace(usual)
    return model, optimizer, history


def state(model, optimizer):
    settings = {name: array.tolist() for name, array in optimizer.state_dict().items()}
    return [p.data for p in model.parameters()], settings


@cache
def after(kind, compile, size, steps):
    """The state after so many steps, of a training that is interrupted between two."""

    def schedule(step):
        if step == steps:
            raise KeyboardInterrupt
        return 1.0

    given = {"compile": compile, "batch_size": size, "schedule": schedule}
    return state(*train(kind, **given, epochs=steps + 1)[:2])


def check(kind, compile, size, model, optimizer, history):
    found, steps = state(model, optimizer), -(-24 // size)
    assert found == after(kind, compile, size, int(optimizer.steps))
    assert 0 <= optimizer.steps - steps * len(history) <= steps
    assert np.isfinite(history.loss).all()


class Moment:
    """Ctrl-C at one of the lines, calls and returns of some files."""

    def __init__(self, number):
        self.left = number

    def __call__(self, frame, event, argument):
        if not any(frame.f_code.co_filename.endswith(name) for name in FILES):
            return None
        self.left -= 1
        if self.left == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self


@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["seen", "unseen", "full batch"])
def test_a_step_is_done_whole_or_not_at_all_whenever_ctrl_c_comes(kind, compile, how):
    """At some moments; whether each epoch is seen by a callback and a schedule or not."""
    given = {"compile": compile, "batch_size": 24 if how == "full batch" else 8}
    if how == "seen":
        given |= {"schedule": lambda step: 1.0, "callback": lambda history: None}
    if how == "full batch":
        given["epochs"] = 9
    told, none = (kind, compile, given["batch_size"]), Moment(0)
    model, optimizer, history = train(kind, none, **given)
    check(*told, model, optimizer, history)
    assert (len(history), history.interrupted) == (given.get("epochs", 3), False)
    rng = random.Random(f"{kind} {compile} {how}")
    for _ in range(int(os.environ.get("KILLS", "2"))):
        moment = Moment(rng.randrange(1, -none.left))
        check(*told, *train(kind, moment, **given))
        # Of a full batch, as many steps as time allows are one call.
        assert moment.left == 0 or how == "full batch"


@pytest.mark.parametrize("kind", KINDS)
def test_so_is_a_step_of_a_loop_of_ones_own(kind):
    def stepped(number):
        model = nn.MLP(2, [3, 1], "tanh", seed=1)
        optimizer = KINDS[kind](model.parameters())
        for p in model.parameters():
            p.grad = p.data
        optimizer.step()
        states, moment, usual = [state(model, optimizer)], Moment(number), sys.gettrace()
        try:
            with np.errstate():
                sys.settrace(moment)
                optimizer.step()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(usual)
        return states[0], state(model, optimizer), moment.left

    before, after, left = stepped(0)
    found = [stepped(number)[1] for number in range(1, -left + 1)]
    assert all(one in (before, after) for one in found)
    assert before in found


@pytest.mark.skipif(engine == "python", reason="its programs have one thread")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("threads", [1, 3])
def test_ctrl_c_from_a_clock_finds_whole_steps(threads):
    """Also while threads share a step; the same generator then goes on."""
    given = {"epochs": 10**5, "threads": threads, "compile": True}
    if not hasattr(signal, "setitimer"):
        pytest.skip("this system has no interval timers")
    usual = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for _ in range(3):
            # Again and again, as Python loses a signal that comes where nothing can be raised.
            signal.setitimer(signal.ITIMER_REAL, 0.01 + random.random() * 0.05, 2.0)
            model, optimizer, history = train("adam", **given)
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            steps = int(optimizer.steps)
            twin, other, _ = train("adam", epochs=steps // 3 + 1, schedule=until(steps))
            assert state(model, optimizer) == state(twin, other)
            assert steps - 3 * len(history) in range(4)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, usual)


def until(steps):
    def schedule(step):
        if step == steps:
            raise KeyboardInterrupt
        return 1.0

    return schedule


def test_the_files_are_there():
    package = Path(nn.__file__).parents[1]
    assert all((package / name).is_file() for name in FILES)
