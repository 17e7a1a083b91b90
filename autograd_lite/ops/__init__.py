"""The mathematics: every op is one row of one table.

`choice`, `rules`, `special`, `activations` (fixed arity), `reductions` and `lookup` (any number of
arguments) hold the rows; `table` and `sequences` say what a row is, and how a rule goes over a
sequence; `leaf`, `ieee` and `numbers` are what rows stand on: the C library's functions, floats
that never raise, and which things count as a number.

Nothing here knows a graph, and of the rest of the package only the errors are imported, so that a
build step can read the table alone.
"""

from autograd_lite.ops import activations, lookup, reductions, rules, special
from autograd_lite.ops.custom import CustomOp
from autograd_lite.ops.lookup import take
from autograd_lite.ops.reductions import log_softmax, softmax
from autograd_lite.ops.sequences import SequenceOp
from autograd_lite.ops.table import TABLE, Op

__all__ = [
    "TABLE", "CustomOp", "Op", "SequenceOp", "activations", "log_softmax", "lookup", "reductions",
    "rules", "softmax", "special", "take",
]  # fmt: skip
