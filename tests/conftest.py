"""Hypothesis profiles, the numeric oracle and the browser that several tests share."""

import os
import signal
import sys
from pathlib import Path

import hypothesis
import matplotlib
from browser import browser, page, shared  # noqa: F401 - fixtures

matplotlib.use("Agg")
os.environ.setdefault("JAX_PLATFORMS", "cpu")  # and no search for other devices

# For `benchmarks`; at the end, so that an installed autograd_lite goes before the checkout's.
sys.path.append(str(Path(__file__).parent.parent))

hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
hypothesis.settings.register_profile("few", max_examples=20, deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    "fuzz", max_examples=int(os.environ.get("FUZZ_EXAMPLES", 20_000)), deadline=None
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# A shell starts what it runs in the background with Ctrl-C ignored; the tests of Ctrl-C send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
