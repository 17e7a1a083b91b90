"""The platforms that were tested: docs/platforms.json is written by runs, and a page shows it."""

import configparser
import json
import re
import shutil

import pytest
from test_habits import ROOT, phony, script

PLATFORMS = script(ROOT / ".ci" / "platforms.py")
PAGE = (ROOT / PLATFORMS.PAGE).read_text(encoding="utf-8")
KNOWN = PLATFORMS.known(ROOT)

RUN = """<testsuites>
<testsuite tests="{tests}" failures="{failures}" errors="0" skipped="2" time="61.6">
<testcase><skipped message="needs torch"/></testcase>
<testcase><skipped message="needs torch"/></testcase>
</testsuite></testsuites>"""


def test_the_page_shows_what_runs_wrote():
    """To mend it, run .ci/platforms.py: the table is never edited by hand."""
    assert PLATFORMS.render(ROOT, KNOWN) == PAGE
    assert len(KNOWN) == PAGE.count("| `make ")


@pytest.mark.parametrize("each", KNOWN, ids=lambda each: each["platform"])
def test_a_platform_says_what_runs_it_again(each):
    make, target, *settings = each["command"].split()
    assert make == "make"
    assert target in phony()
    assert all(re.fullmatch(r"(PYTHON|TESTS)=[\w.]+", setting) for setting in settings)
    assert each["passed"] > 0
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", each["day"])
    assert re.fullmatch(r"[0-9a-f]{7,}(-dirty)?", each["commit"])


def test_the_page_names_every_extra_for_users():
    """As `setup.cfg` has them, but for those that only work on the package needs."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    extras = {*config["options.extras_require"]} - {"all", "bench", "docs", "oracle", "test"}
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, re.M)
    assert {*re.findall(r"\w+", " ".join(rows))} == extras


def test_no_other_page_says_what_was_tested():
    """Limits said "CPython 3.11 and 3.13: every test" beside a table that knew of no such run."""
    section = (ROOT / "docs" / "explanation" / "limits.md").read_text().partition("## Platforms")[2]
    assert "(../howto/install.md#what-was-tested-where-on-which-day)" in section
    assert "## What was tested, where, on which day" in PAGE
    assert not re.search(r"3\.\d\d|every test|musl|changelog", section)


@pytest.fixture
def copy(tmp_path):
    """A repository with the page alone, of which no platform was tested."""
    for path in (PLATFORMS.PAGE, PLATFORMS.PLATFORMS):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / PLATFORMS.PAGE, tmp_path / PLATFORMS.PAGE)
    return tmp_path


def record(copy, platform="B", tests=10, failures=0):
    result = copy / "junit.xml"
    result.write_text(RUN.format(tests=tests, failures=failures))
    about = ["--platform", platform, "--command", "make bare", "--commit", "abc1234"]
    return PLATFORMS.main([str(result), *about, "--without", "torch jax"], copy)


def test_a_run_is_written_to_the_file_and_to_the_page(copy, capsys):
    assert record(copy) == record(copy, "A", tests=12) == 0
    assert "  2 skipped: needs torch\n" in capsys.readouterr().out
    first, second = json.loads((copy / PLATFORMS.PLATFORMS).read_text())
    assert (first["platform"], first["passed"], second["passed"]) == ("A", 10, 8)
    assert (second["skipped"], second["seconds"], second["without"]) == (2, 62, ["torch", "jax"])
    page = (copy / PLATFORMS.PAGE).read_text()
    assert f"| B | `make bare` | 8 | 2 | torch, jax | 62 | {second['day']} | abc1234 |" in page
    assert page.split("<!-- platforms -->")[0] == PAGE.split("<!-- platforms -->")[0]


def test_a_later_run_takes_the_place_of_the_former(copy):
    record(copy, tests=10)
    record(copy, tests=11)
    assert [each["passed"] for each in json.loads((copy / PLATFORMS.PLATFORMS).read_text())] == [9]


@pytest.mark.parametrize(("tests", "failures"), [(10, 1), (2, 0)])
def test_a_run_in_which_tests_failed_or_none_ran_is_not_written(copy, tests, failures):
    assert record(copy, tests=tests, failures=failures) == 1
    assert not (copy / PLATFORMS.PLATFORMS).exists()


def test_a_page_without_a_place_for_the_table_is_refused(copy):
    (copy / PLATFORMS.PAGE).write_text("# No table\n")
    with pytest.raises(ValueError, match="has no place for the table: <!-- platforms --> "):
        record(copy)
    assert PLATFORMS.known(copy) == []


def test_pythons_that_no_debian_has_are_named_on_the_page():
    """A version of the metadata is in a row, or said to be untested."""
    versions = re.findall(
        r"Programming Language :: Python :: (3\.\d+)", (ROOT / "setup.cfg").read_text()
    )
    untested = PAGE.split("**Not tested here**")[1]
    tested = " ".join(each["platform"] for each in KNOWN)
    assert [v for v in versions if v not in tested and f"CPython {v}" not in untested] == []
