"""A ratio is the median of pairs that are timed in turn."""

import time

import pytest

from benchmarks import paired


def test_the_slower_of_a_pair_has_the_larger_ratio():
    found = paired.paired(lambda: time.sleep(0.02), lambda: time.sleep(0.01), 3)
    assert 1.3 < found.ratio < 3.0
    assert found.one == pytest.approx(0.02, rel=0.5)
    assert found.other == pytest.approx(0.01, rel=0.5)
    assert found.remark.count("µs") == 2


def test_the_median_of_the_pairs_counts(monkeypatch):
    """One disturbed lap decides nothing."""
    laps = iter([1.0, 1.0, 3.0, 1.0, 90.0, 1.0])
    monkeypatch.setattr(paired, "calls", lambda function: 1)
    monkeypatch.setattr(paired, "lap", lambda function, count: next(laps))
    assert paired.paired(None, None, 3) == (3.0, 3.0, 1.0)


def test_a_short_call_is_repeated():
    called = []
    count = paired.calls(lambda: called.append(1))
    assert count > 1000
    assert len(called) >= 2 * count
