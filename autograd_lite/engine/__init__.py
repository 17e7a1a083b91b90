"""The mechanism of differentiation, which knows no mathematics.

One engine so far: `python`, the text to learn from. ``AUTOGRAD_LITE_ENGINE`` chooses by hand.
"""

import os

from autograd_lite.engine import python
from autograd_lite.engine.python import (
    Value,
    constant,
    current_scope,
    fields,
    record,
    restore,
)
from autograd_lite.engine.sweep import adjoints, topological_order

_ENGINES = {"python": python}

#: Which engine runs.
name = os.environ.get("AUTOGRAD_LITE_ENGINE", "python")
if name not in _ENGINES:
    raise ImportError(
        f"AUTOGRAD_LITE_ENGINE={name!r} names no engine of this installation; "
        f"set it to one of: {', '.join(_ENGINES)}"
    )

__all__ = [
    "Value",
    "adjoints",
    "constant",
    "current_scope",
    "fields",
    "name",
    "record",
    "restore",
    "topological_order",
]
