"""docs/estimators.md says what is true: its examples run."""

import doctest
import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "estimators.md").read_text(encoding="utf-8")


def test_the_examples_run():
    plain = re.sub("^```.*$", "", TEXT, flags=re.M)
    examples = doctest.DocTestParser().get_doctest(plain, {}, "estimators.md", None, 0)
    assert len(examples.examples) > 15
    assert doctest.DocTestRunner().run(examples).failed == 0
