"""Two workers of Dask are compared with one, and a run without Dask says so."""

import math

import pytest

from benchmarks import workers


def test_two_workers_are_compared_with_one_by_the_clock():
    pytest.importorskip("distributed")
    [row] = workers.figures(1, quick=True)
    assert 0.1 < row.measured < 4.0
    assert "20,000 rows" in row.text
    assert "in 16 chunks" in row.remark


def test_without_dask_the_figure_stands_as_not_measured(monkeypatch):
    monkeypatch.setattr(workers, "find_spec", lambda name: None)
    [row] = workers.figures(1, quick=True)
    assert math.isnan(row.measured)
    assert row.holds == "–"
