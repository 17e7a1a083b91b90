"""docs/programs.md says what is true: its examples run, and its table has every function."""

import doctest
import re

import pytest

measured = pytest.importorskip("vector_accuracy", reason="needs mpmath (extra: oracle)")
TEXT = measured.PAGE.read_text()


def test_the_examples_give_what_they_show():
    plain = re.sub("^```.*$", "", TEXT, flags=re.M)
    examples = doctest.DocTestParser().get_doctest(plain, {}, "programs.md", None, 0)
    assert len(examples.examples) > 10
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_the_table_has_every_function_and_its_limit():
    rows = dict(re.findall(r"^\| `(\w+)` \| \S+ \| (\S+) \| \S+ \|$", TEXT, re.M))
    assert [*rows] == measured.tested_rows()
    assert max(map(float, rows.values())) < 4.0
