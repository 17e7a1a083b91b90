"""The exception tree (contract 7)."""

import pytest

import autograd_lite as ag


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
