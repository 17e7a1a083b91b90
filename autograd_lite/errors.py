"""The errors that autograd_lite raises of its own accord.

::

    AutogradError
    ├── GraphError(ValueError)            a graph cannot do what was asked of it
    ├── ShapeError(ValueError)            lengths or shapes that do not fit
    ├── GradientMismatch(AssertionError)  a derivative disagrees with its check
    ├── AnomalyError(ArithmeticError)     a number turned nan or infinite
    ├── ModelFileError(ValueError)        a file that holds no usable model
    ├── ProgramError(ValueError)          a program that cannot be recorded or loaded
    ├── ExpressionError(ValueError)       a formula in text that cannot be read
    ├── LayoutError(RuntimeError)         a picture that Graphviz could not draw
    └── TableError(ValueError)            a table that cannot be read or learnt from

Each also derives from the built-in exception that a caller would expect, so ``except ValueError``
works without knowing this page. A wrong *type* of argument is a plain `TypeError`.
"""

from __future__ import annotations


class AutogradError(Exception):
    """What all errors of autograd_lite have in common."""


class GraphError(AutogradError, ValueError):
    """A graph cannot do what was asked of it (it is stale, say), or its pickle is damaged."""


class ShapeError(AutogradError, ValueError):
    """Lengths or shapes that do not fit together."""


class GradientMismatch(AutogradError, AssertionError):  # noqa: N818 - reads as pytest's does
    """An analytic derivative disagrees with a numeric one."""


class AnomalyError(AutogradError, ArithmeticError):
    """A number turned nan or infinite where it must not."""


class ModelFileError(AutogradError, ValueError):
    """A file that holds no model, or not this one."""


class ProgramError(AutogradError, ValueError):
    """A program that cannot be recorded, checked or loaded."""


class ExpressionError(AutogradError, ValueError):
    """A formula written as text that cannot be read."""


class LayoutError(AutogradError, RuntimeError):
    """A picture that could not be laid out: no Graphviz, or it failed, or it took too long."""


class TableError(AutogradError, ValueError):
    """A table that cannot be read or learnt from."""
