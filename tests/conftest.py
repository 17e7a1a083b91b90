"""Hypothesis profiles, the numeric oracle and the browser that several tests share."""

import os
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import matplotlib
import pytest
import tqdm
from browser import tab
from hypothesis.internal.conjecture import providers
from matplotlib import pyplot

collect_ignore_glob = ["lesson/facts/*"]  # cells, which run in a notebook's kernel

matplotlib.use("Agg")
os.environ.setdefault("JAX_PLATFORMS", "cpu")  # and no search for other devices
tqdm.tqdm.monitor_interval = 0  # no thread of its own, which would meet the allocations that fail

# Doctests of the checkout's modules run on the installed ones, where these are no editable install.
os.environ["PY_IGNORE_IMPORTMISMATCH"] = "1"
# For `benchmarks`; at the end, so that an installed autograd_lite goes before the checkout's.
sys.path.append(str(Path(__file__).parent.parent))
sys.path += [str(folder) for folder in Path(__file__).parent.iterdir() if folder.is_dir()]

hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
hypothesis.settings.register_profile("few", max_examples=20, deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    "fuzz", max_examples=int(os.environ.get("FUZZ_EXAMPLES", 20_000)), deadline=None
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
# Among what is drawn are numbers out of all modules of the package that happen to be loaded: so the
# draws of a test would depend on those that ran before it, and on every line of the package.
NO_CONSTANTS = providers.Constants()
providers._get_local_constants = lambda: NO_CONSTANTS

# A shell starts what it runs in the background with Ctrl-C ignored; the tests of Ctrl-C send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Some of each floor, in two minutes on the Python engine.
BARE = {
    *("value", "table", "functions", "transforms", "expressions", "explain", "errors", "program"),
    *("nn_layers", "nn_module", "nn_training", "tables", "view", "view_layout", "cli", "demo"),
    *("readme", "packaging"),
}


def pytest_collection_modifyitems(items):
    """Mark the tests that `make bare` runs."""
    for item in items:
        if item.path.name in {f"test_{name}.py" for name in BARE}:
            item.add_marker(pytest.mark.bare)


@pytest.fixture(scope="module")
def browser(request):
    """Debian's Chromium, driven by Playwright; skipped visibly without either.

    One for all files in a row that use it, see `pytest_runtest_teardown`.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs `pip install playwright`")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs `apt-get install chromium`")
    open_now = request.config.stash.setdefault(BROWSER, ExitStack())
    if not hasattr(open_now, "browser"):
        playwright = open_now.enter_context(sync_api.sync_playwright())
        options = {"executable_path": chromium, "args": ["--no-sandbox"]}
        open_now.browser = open_now.enter_context(playwright.chromium.launch(**options))
    return open_now.browser


BROWSER = pytest.StashKey[ExitStack]()


def end_browser(config):
    if BROWSER in config.stash:
        config.stash[BROWSER].close()
        del config.stash[BROWSER]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """End the browser before a file that does not use it: while one runs, asyncio.run cannot."""
    yield
    if isinstance(item, pytest.DoctestItem):
        pyplot.close("all")
    if nextitem is None or (
        nextitem.path != item.path and "browser" not in getattr(nextitem, "fixturenames", ())
    ):
        end_browser(item.config)


def pytest_sessionfinish(session):
    end_browser(session.config)  # where the first failure ended it all


@pytest.fixture(scope="module")
def shared(browser):
    """A tab for all tests of a file."""
    with tab(browser, viewport={"width": 1280, "height": 800}) as opened:
        yield opened


@pytest.fixture
def page(shared):
    """That tab, which has to be quiet."""
    yield shared
    assert shared.quiet(), (shared.said, shared.asked)
