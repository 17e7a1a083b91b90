"""How many files a call enters is counted from what runs."""

import sys

import pytest

from benchmarks import entered


@pytest.mark.parametrize("name", entered.WAYS)
def test_every_way_enters_files_that_exist(name):
    found = entered.entered(entered.WAYS[name])
    assert len(found) >= 5
    assert [file for file in found if not entered.Path(entered.PACKAGE, file).exists()] == []
    assert sys.getprofile() is None


def test_a_file_is_counted_once_and_only_if_it_runs():
    from autograd_lite.ops import ieee

    inside = lambda: [ieee.IEEE(2.0) / 0.0, ieee.IEEE(1.0) / 0.0]  # noqa: E731
    assert entered.entered(inside) == ["ops/ieee.py"]
    assert entered.entered(lambda: 3) == []
