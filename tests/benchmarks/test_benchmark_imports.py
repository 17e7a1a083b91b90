"""What `make bench` says of importing: one row, measured in processes of their own."""

import pytest

from benchmarks import imports


def test_importing_is_a_figure():
    [figure] = imports.figures(1, True)
    assert figure.sense == "≤"
    assert figure.least == 1.35
    assert 0.5 < figure.measured < 20.0
    assert figure.remark.count(" ms") == 2
    assert "importing NumPy" in figure.row()


def test_the_median_of_the_pairs_counts(monkeypatch):
    """One disturbed lap decides nothing, and the first import of all counts nowhere."""
    times = iter([9.0, 0.12, 0.1, 0.13, 0.1, 50.0, 0.1])
    monkeypatch.setattr(imports, "seconds", lambda module: next(times))
    [figure] = imports.figures(3, False)
    assert figure.measured == pytest.approx(1.3)
    assert figure.remark == "130 ms, 100 ms"


def test_an_import_is_timed_in_a_process_of_its_own():
    """Here NumPy has been imported, and would take no time."""
    assert 0.002 < imports.seconds("numpy") < 60.0
