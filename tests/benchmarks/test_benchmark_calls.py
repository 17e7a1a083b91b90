"""The rows of calls: they can be measured on either engine."""

import math

from benchmarks.calls import figures


def test_rows_name_the_worst_size_and_both_times():
    lists, arrays, call, *networks = figures(1, True)
    for row, name in ((lists, "lists"), (arrays, "arrays")):
        assert row.text == f"compiled `value_and_grad` / `grad`, {name} of 2 to 10"
        assert row.remark.startswith(("n = 2: ", "n = 10: "))
        assert (row.sense, row.least) == ("≤", 1.5)
    assert (call.sense, call.least) == ("≤", 6)
    assert [row.text.split()[5] for row in networks] == ["2-4-4-1", "2-16-16-1"]
    assert [row.least for row in networks] == [3, 3]
    for row in (lists, arrays, call, *networks):
        assert row.remark.count("µs") == 2
        assert math.isfinite(row.measured)
        assert row.measured > 0.0
