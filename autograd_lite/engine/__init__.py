"""The mechanism of differentiation, which knows no mathematics: one of two engines.

`python` is the text to learn from and runs everywhere; `native` is its twin in C, with the same
behaviour and equal bits, and runs wherever it was compiled. ``AUTOGRAD_LITE_ENGINE=python`` or
``=native`` chooses by hand.
"""

import os
import warnings
from typing import TYPE_CHECKING, Any

from autograd_lite.engine.modes import Mode, Watcher
from autograd_lite.engine.observing import Observer

#: What an engine must offer, besides what both share: the rest of the package uses nothing else.
__all__ = [
    "Builder", "Mode", "Observer", "Value", "Watcher", "adjoints", "adjoints_in", "are_finite",
    "constant", "current_mode", "current_scope", "dependent", "fields", "hessian_products", "name",
    "needed", "observe", "read_numbers", "record", "record_layer", "restore", "tangents",
    "tangents_in", "topological_order", "write_numbers",
]  # fmt: skip

_wanted = os.environ.get("AUTOGRAD_LITE_ENGINE", "")
if _wanted not in ("", "python", "native"):
    raise ImportError(
        f"AUTOGRAD_LITE_ENGINE={_wanted!r} names no engine; set it to python or native, or leave "
        "it out"
    )

#: Which engine runs.
name = "python"
_native: Any = None

if _wanted != "python":
    try:
        from autograd_lite.engine import native as _native

        name = "native"
    except ModuleNotFoundError as error:  # it was not compiled
        if _wanted:
            raise ImportError(
                "AUTOGRAD_LITE_ENGINE='native', but the C engine was not compiled; install a C "
                "compiler and Python's headers, and the package again with pip's --no-cache-dir "
                "and --force-reinstall"
            ) from error
    except ImportError as error:  # it is there, but does not fit
        if _wanted:
            raise
        warnings.warn(f"{error}; the Python engine runs instead", stacklevel=2)

if TYPE_CHECKING or name == "python":
    from autograd_lite.engine.python import (
        Builder,
        Value,
        adjoints,
        adjoints_in,
        are_finite,
        constant,
        current_mode,
        current_scope,
        dependent,
        fields,
        hessian_products,
        needed,
        observe,
        read_numbers,
        record,
        record_layer,
        restore,
        tangents,
        tangents_in,
        topological_order,
        write_numbers,
    )
else:
    globals().update({each: getattr(_native, each) for each in {*__all__} - {*globals()}})
