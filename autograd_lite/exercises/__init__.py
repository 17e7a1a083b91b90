"""A classroom kit: laws to check a learner's own engine by, and worksheets with their key.

`checker` tries a class on the laws; `exercise` makes graphs with round numbers, `worksheets` writes
them down.
"""

from autograd_lite.exercises.checker import CheckedEngine, check
from autograd_lite.exercises.exercise import Exercise
from autograd_lite.exercises.worksheets import Worksheet, worksheet

__all__ = ["CheckedEngine", "Exercise", "Worksheet", "check", "worksheet"]
