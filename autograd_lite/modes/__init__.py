"""Blocks of code in which ops behave differently: `no_grad`, `detect_anomaly`, `keep_lines`.

`recording` holds what says whether a graph is built, `anomaly` what looks for nan and inf, `lines`
keeps the lines of the user's program, `block` is what a block is (a context
manager and decorator).

A mode belongs to the running thread and its context (`contextvars`): other threads are not
affected, and an asyncio task inherits the modes in which it was created.
"""

from autograd_lite.modes.anomaly import (
    check_adjoints,
    check_tangents,
    detect_anomaly,
    is_checked,
    is_silent_to_second_order,
    noted,
    origin,
    unchecked,
)
from autograd_lite.modes.block import in_mode
from autograd_lite.modes.lines import keep_lines, line_of
from autograd_lite.modes.recording import no_grad, recording

__all__ = [
    "check_adjoints", "check_tangents", "detect_anomaly", "in_mode", "is_checked",
    "is_silent_to_second_order", "keep_lines", "line_of", "no_grad", "noted", "origin",
    "recording", "unchecked",
]  # fmt: skip
