"""What had run until a number turned nan or infinite, drawn by the error that says so."""

import pickle

import pytest

import autograd_lite as ag
from autograd_lite import AnomalyError, GraphError, Value, nn


def caught(compute):
    """The error that comes out of `detect_anomaly`."""
    with pytest.raises(AnomalyError) as raised, ag.detect_anomaly():
        compute()
    return raised.value


def boxes(view):
    """The symbols and labels of a picture's boxes, and its output's lines of text."""
    shown = view.to_graphviz().shown.boxes
    return [box.symbol or box.label for box in shown], [line.text for line in shown[-1].lines]


def test_the_graph_ends_at_the_op_whose_number_is_not_finite():
    """What the program would have computed after it has not run."""
    a, b = Value(1.0, label="a"), Value(0.0, label="b")
    error = caught(lambda: ag.tanh(a / (a * b)) + 1)
    symbols, lines = boxes(error.draw())
    assert symbols == ["a", "b", "*", "/"]
    assert lines[0] == "data inf"


def test_the_graph_ends_at_the_op_whose_derivative_is_not_finite():
    """Of a backward pass: all numbers are finite, and the partial at the arrow is not."""
    a = Value(0.0, label="a")
    root = ag.sqrt(a) * 2.0 + 1.0
    error = caught(root.backward)
    symbols, lines = boxes(error.draw())
    assert (symbols, lines[0]) == (["a", "sqrt"], "data 0")
    assert [arrow.note.text for arrow in error.draw().to_graphviz().shown.boxes[-1].arrows] == [
        "inf"
    ]


def test_the_graph_of_a_refresh_is_as_before_it():
    """Nothing was changed, so the picture says that a leaf has another number now."""
    a = Value(1.0, label="a")
    root = ag.log(a) + 1.0
    a.data = 0.0
    view = caught(root.refresh).draw()
    symbols, lines = boxes(view)
    assert (symbols, lines[0]) == (["a", "log"], "data 0")
    assert "a leaf was changed" in repr(view)


def test_a_training_shows_the_sample_whose_loss_is_not_finite():
    """Up to the op that made it so, whether steps are programs or not."""

    class Logarithm(nn.Module):
        def __init__(self):
            self.w = Value(1.0, label="w")

        def __call__(self, x):
            return ag.log(self.w * x[0]) * 2.0

    for compile in (True, False):
        with pytest.raises(AnomalyError, match="at sample 1 ") as raised:
            Logarithm().learn([1, 0], [0, 0], epochs=1, compile=compile, progress=False, seed=0)
        symbols, lines = boxes(raised.value.draw(constants=False))
        assert (symbols, lines[0]) == (["w", "*", "log"], "data -inf")


def test_a_pickled_error_still_draws():
    """A training in another process sends its error back whole."""
    a = Value(0.0, label="a")
    error = caught(lambda: 1.0 / a)
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert boxes(copy.draw()) == boxes(error.draw())


def test_an_error_without_a_graph_says_how_to_get_one():
    """Numbers of a program, say, have no graph."""
    with pytest.raises(GraphError, match=r"inside detect_anomaly\(\)"):
        AnomalyError("the loss turned nan").draw()
