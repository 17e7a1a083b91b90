"""The mechanism of differentiation, which knows no mathematics: one of two engines.

`python` is the text to learn from and runs everywhere; `native` is its twin in C, with the same
behaviour and equal bits, and runs wherever it was compiled. ``AUTOGRAD_LITE_ENGINE=python`` or
``=native`` chooses by hand.
"""

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from autograd_lite.engine.context import (
    LENT,
    MADE,
    Mode,
    Observer,
    Watcher,
    all_around,
    current_mode,
    current_scope,
    going_on,
    is_followed,
    is_silent,
    observe,
    tracing,
    writing,
)
from autograd_lite.engine.python.building import Builder, needed
from autograd_lite.engine.python.chain_rule import (
    adjoints_in,
    dependent,
    pushed_forward,
    tangents,
    tangents_in,
)
from autograd_lite.engine.python.layer import record_layer
from autograd_lite.engine.python.leaves import are_finite, read_numbers, write_numbers
from autograd_lite.engine.python.passes import adjoints, order_by, pulled_back, topological_order
from autograd_lite.engine.python.record import fields, record, restore
from autograd_lite.engine.python.second import hessian_products
from autograd_lite.engine.python.value import Value, constant
from autograd_lite.engine.refusals import refuse_frozen, refuse_pickle, refuse_values

#: The contract: the rest of the package uses nothing else. Where the C engine runs, the names that
#: it has are its own.
__all__ = [  # noqa: RUF022 - in groups
    # nodes: made, copied, and their numbers
    "Value", "are_finite", "constant", "fields", "read_numbers", "record", "record_layer",
    "restore", "write_numbers",
    # graphs: their order, and derivatives
    "adjoints", "adjoints_in", "dependent", "hessian_products", "order_by", "pulled_back",
    "pushed_forward", "tangents", "tangents_in", "topological_order",
    # programs out of graphs
    "Builder", "needed",
    # what is around an op, who is told, and what is refused
    "LENT", "MADE", "Mode", "Observer", "Watcher", "all_around", "current_mode", "current_scope",
    "fault", "going_on", "is_followed", "is_silent", "name", "observe", "refuse_frozen",
    "refuse_pickle", "refuse_values", "tracing", "why", "writing",
]  # fmt: skip

_wanted = os.environ.get("AUTOGRAD_LITE_ENGINE", "")
#: Which engine runs, and why that one; why none should, where the command line is to tell it.
name, why, fault = "python", f"AUTOGRAD_LITE_ENGINE={_wanted}", ""
_native: Any = None

try:
    if _wanted not in ("", "python", "native"):
        raise ImportError(
            f"AUTOGRAD_LITE_ENGINE={_wanted!r} names no engine; set it to python or native, or "
            "leave it out"
        )
    if _wanted != "python":
        from autograd_lite.engine import native as _native

        name = "native"
        why = why if _wanted else "it was compiled, which is the default"
except ImportError as error:  # it was not compiled, or does not fit
    why = str(error)
    if isinstance(error, ModuleNotFoundError):
        why = "the C engine was not compiled"
        if _wanted:
            why = (
                "AUTOGRAD_LITE_ENGINE='native', but the C engine was not compiled; install a C "
                "compiler and Python's headers, and the package again with pip's --no-cache-dir "
                "and --force-reinstall"
            )
    elif not _wanted:
        warnings.warn(f"{error}; the Python engine runs instead", stacklevel=2)
    if _wanted:
        fault = why
        # Of `python -m` the arguments are set later.
        ran = sys.orig_argv if sys.argv[:1] == ["-m"] else sys.argv[:1]
        if {"autograd-lite", "autograd_lite"}.isdisjoint(Path(part).stem for part in ran):
            raise ImportError(fault) from error

if _native is not None:
    globals().update({each: getattr(_native, each) for each in __all__ if hasattr(_native, each)})
