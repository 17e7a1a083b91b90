"""A classroom kit: laws to check a learner's own engine by, and worksheets with their key.

`laws` is what holds for an engine, `checker` tries a class on it; `worksheets` makes exercises, and
`sheet_formats` writes them down.
"""

from autograd_lite.exercises.checker import CheckedEngine, check

__all__ = ["CheckedEngine", "check"]
