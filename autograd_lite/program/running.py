"""Who runs a program: the machine in C, or generated Python and NumPy code."""
from __future__ import annotations
from typing import Any
Runner = Any
def runner(program: Any) -> Any:
    raise NotImplementedError
