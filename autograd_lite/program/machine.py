"""The machine in C, or None where it was not compiled or another engine was chosen."""

import warnings
from typing import Any

from autograd_lite.engine import name as engine

native: Any = None
if engine == "native":
    try:
        from autograd_lite.program import native  # noqa: F401
    except ModuleNotFoundError:  # it was not compiled
        pass
    except ImportError as error:
        warnings.warn(f"{error}; programs run in Python instead", stacklevel=2)
