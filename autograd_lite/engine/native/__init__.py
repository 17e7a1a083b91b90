"""The engine in C: what people run. Its rooms are the C files of this folder.

In the order in which ``engine.c`` includes them:

* ``debug.c``: failing allocations, for tests;
* ``node.c``: what a node is;
* ``memory.c``: how nodes are made and freed;
* ``rows.c``: the compiled rules of the op table, and how a node gets its number;
* ``record.c``: operators, methods and calls of ops;
* ``walk.c``: the order of a graph, without recursion;
* ``passes.c``: the heart (adjoint times partial, at every edge), `backward`, gradients, `refresh`;
* ``second.c``: Hessian times vector;
* ``layer.c``: a layer of a network in one call;
* ``chain_rule.c``: adjoints and tangents in any number system;
* ``tables.c``, ``instructions.c``, ``building.c``: graphs become programs;
* ``value.c``: the type Value and its attributes;
* ``leaves.c``: numbers of many Values at once (``leaves.h`` is its part for the machine);
* ``engine.c``: the functions that Python sees, and start-up.

Importing it raises ModuleNotFoundError where it was not compiled, and ImportError where it was
compiled from another op table.
"""

import inspect
from contextvars import ContextVar
from functools import partial
from typing import Any

import numpy as np

import autograd_lite.engine.native._engine as _engine  # `from … import` says ImportError
from autograd_lite.engine import context
from autograd_lite.engine.python.recipes import recipe, traits
from autograd_lite.engine.python.value import Value as Twin
from autograd_lite.engine.refusals import refuse_data, refuse_label
from autograd_lite.ops import TABLE, Op, SequenceOp
from autograd_lite.ops.digest import is_outdated
from autograd_lite.ops.duals import partial_tangents
from autograd_lite.ops.ieee import IEEE
from autograd_lite.ops.numbers import OPERAND_TYPES, as_float, floor_of

if is_outdated(_engine.TABLE_DIGEST):
    raise ImportError(
        "the compiled engine was built from another op table than the one installed; build it "
        "again (pip install .)"
    )

_engine.set_up(
    TABLE, Op, SequenceOp, as_float, floor_of, OPERAND_TYPES, np.float64, IEEE,
    context.current_scope, context.current_mode, context.going_on, refuse_data, refuse_label,
    partial_tangents, traits, recipe,
)  # fmt: skip


class _Remembered:
    """A context variable, changed through the engine, which remembers what it found last."""

    def __init__(self, variable: ContextVar[Any]) -> None:
        self.get = variable.get
        self.set = partial(_engine.set_variable, variable)
        self.reset = partial(_engine.reset_variable, variable)


current_mode = _Remembered(context.current_mode)
current_scope = _Remembered(context.current_scope)
Value: Any = _engine.Value
Value.__doc__ = Twin.__doc__
Value.__signature__ = inspect.signature(Twin)


def __getattr__(name: str) -> Any:
    """Any other name of `_engine`."""
    return getattr(_engine, name)
