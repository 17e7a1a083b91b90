"""What `make bench` says of large tables."""

import math

import numpy as np

from autograd_lite.nn.losses import LOSSES
from benchmarks import tables


def test_a_smoke_run_has_every_figure_of_fewer_rows():
    before = [*LOSSES]
    found = tables.figures(1, True)
    assert [figure.sense for figure in found] == ["≤"] * 4
    assert [figure.least for figure in found] == [1.5, 1.15, 1, 1]
    assert [figure.unit for figure in found] == ["", "", " s", ""]
    for figure in found:
        assert math.isfinite(figure.measured)
        assert figure.measured >= 0.0
        assert figure.row().count("|") == 6
    for figure, rows in zip(
        found, ("100 rows", "100 rows", "10,000 rows", "10,000 rows"), strict=True
    ):
        assert rows in figure.text
    assert [*LOSSES] == before


def test_memory_that_was_held_for_a_moment_counts():
    before = tables.peak_bytes()
    room = np.ones(before // 8)
    assert tables.peak_bytes() > before > 2**20
    del room
    assert tables.peak_bytes() > before
