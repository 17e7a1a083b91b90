"""The exception tree (contract 7)."""

import pytest

import autograd_lite as ag
from autograd_lite.tables.reading import Table


@pytest.mark.parametrize(
    ("name", "built_in"),
    [("GraphError", ValueError), ("ShapeError", ValueError), ("GradientMismatch", AssertionError),
     ("AnomalyError", ArithmeticError), ("ModelFileError", ValueError),
     ("ProgramError", ValueError), ("ExpressionError", ValueError),
     ("LayoutError", RuntimeError), ("TableError", ValueError)],
)  # fmt: skip
def test_each_error_is_an_autograd_error_and_its_built_in(name, built_in):
    error = getattr(ag, name)
    assert issubclass(error, ag.AutogradError)
    assert issubclass(error, built_in)
    assert name in ag.errors.__doc__


HUGE = "x" * 100_000


@pytest.mark.parametrize(
    "call",
    [
        lambda: ag.nn.MLP(1, [1], seed=0).learn([1.0], [1.0], loss=lambda o, t: HUGE, epochs=1),
        lambda: ag.nn.losses.squared_error([HUGE], [1.0]),
        lambda: ag.nn.losses.squared_error(HUGE, [1.0]),
        lambda: Told().learn([1.0], [1.0], epochs=1, progress=False),
        lambda: ag.compile(lambda x: x, static=(HUGE,)),
        lambda: ag.explain(ag.Value(1.0, label="x") * 2.0)[HUGE],
        lambda: Table("data.csv", ("a",), [["1"], [HUGE]], [2, 3]).numbers("a"),
        lambda: Table("data.csv", (HUGE,), [["1"]], [2]).numbers(HUGE + "y"),
    ],
)
def test_a_message_shows_eighty_characters_of_what_was_given(call):
    with pytest.raises((TypeError, ValueError, KeyError)) as caught:
        call()
    assert len(str(caught.value)) < 400


class Told(ag.nn.Module):
    """A model that gives a text."""

    def __init__(self):
        self.weight = ag.Value(1.0)

    def __call__(self, row):
        return HUGE
