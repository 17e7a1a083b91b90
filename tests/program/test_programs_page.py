"""docs/programs.md says what is true: its examples run, and its table has every function."""

import copy
import dataclasses
import doctest
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_lite as ag

measured = pytest.importorskip("vector_accuracy", reason="needs mpmath (extra: oracle)")
TEXT = measured.PAGE.read_text()


def test_the_examples_give_what_they_show():
    plain = re.sub("^```.*$", "", TEXT, flags=re.M)
    examples = doctest.DocTestParser().get_doctest(plain, {}, "programs.md", None, 0)
    assert len(examples.examples) > 10
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples).failed == 0


def test_the_table_has_every_function_and_its_limit():
    rows = dict(re.findall(r"^\| `(\w+)` \| \S+ \| (\S+) \| \S+ \|$", TEXT, re.M))
    assert [*rows] == measured.tested_rows()
    assert max(map(float, rows.values())) < 4.0


LEAVING = TEXT.partition("## What leaves a function")[2].partition("## Guards")[0]
ROWS = re.findall(r"^\| (`.+`) \| ([^`]+?) \| ([^`]+?) \|$", LEAVING, re.M)
Pair = dataclasses.make_dataclass("Pair", ["a", "b"])
two = ag.Value(2.0)
KNOWN = {
    "ag": ag, "copy": copy, "dataclasses": dataclasses, "np": np, "pickle": pickle, "Pair": Pair,
    "in_thread": lambda f: ThreadPoolExecutor(1).submit(f).result(),
    "program": ag.freeze(two * two, [two]),
}  # fmt: skip


@pytest.mark.parametrize(("codes", "values", "gradients"), ROWS)
def test_the_table_of_what_leaves_a_function(codes, values, gradients):
    for code in re.findall("`(.+?)`", codes):
        f = eval(f"lambda x: {code}", dict(KNOWN))
        for compiled, cell in ((ag.compile(f), values), (ag.compile(ag.grad(f)), gradients)):
            if cell == "refused":
                with pytest.raises(ag.ProgramError):
                    compiled(2.0)
            else:
                assert [compiled(2.0), compiled(3.0)] == [*map(float, cell.split(", "))]


def test_the_table_is_whole():
    assert len(ROWS) == LEAVING.count("\n| `") - 1 >= 20
