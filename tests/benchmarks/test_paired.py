"""A ratio is the median of pairs that are timed in turn."""

import time

from benchmarks.measuring import paired


def test_the_slower_of_a_pair_has_the_larger_ratio():
    found = paired.paired(lambda: sum(range(20_000)), lambda: sum(range(10_000)), 5)
    assert 1.2 < found.ratio < 3.5
    assert found.one > found.other > 0.0
    assert found.remark.count("µs") == 2


def test_waiting_is_not_counted():
    assert paired.lap(lambda: time.sleep(0.05), 1) < 0.03


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
