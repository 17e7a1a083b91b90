"""What `make bench` says of the Python engine, which C engines do not help."""

import os

import pytest

from benchmarks import readable
from benchmarks.engines import ours
from benchmarks.measuring.apart import Apart
from benchmarks.step import task


def test_the_python_engine_runs_in_the_block_alone(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_ENGINE", "native")
    with readable.on_the_python_engine():
        engine = Apart(ours, task(1))
    engine.close()
    assert engine.label.endswith("engine `python`")
    assert os.environ["AUTOGRAD_LITE_ENGINE"] == "native"


def test_the_figures_compare_both_settings():
    pytest.importorskip("micrograd", reason="micrograd is not installed (extra: bench)")
    shipped, collector_off = readable.figures(1, quick=True)
    assert "as shipped" in shipped.text
    assert "collector off" in collector_off.text
    for figure in (shipped, collector_off):
        assert (figure.sense, figure.least) == ("≤", 1.5)
        assert 0.0 < figure.measured < 100.0
        assert figure.remark.count("ms") == 2
