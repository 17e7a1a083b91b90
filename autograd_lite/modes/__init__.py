"""Blocks of code in which ops behave differently: `no_grad`, `detect_anomaly`.

`recording` holds what says whether a graph is built, `anomaly` what looks for nan and inf, `lines`
finds the user's line of a program, `block` is what a block is (a context manager and decorator).

A mode belongs to the running thread and its context (`contextvars`): other threads are not
affected, and an asyncio task inherits the modes in which it was created.
"""

from autograd_lite.modes.anomaly import detect_anomaly, differentiating
from autograd_lite.modes.block import in_mode
from autograd_lite.modes.recording import no_grad, recording

__all__ = ["detect_anomaly", "differentiating", "in_mode", "no_grad", "recording"]
