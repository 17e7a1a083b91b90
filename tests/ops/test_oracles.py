"""Every row against mpmath: values, and all first and second derivatives."""

import json
import platform
import re

import pytest

WAY_OUT = 'pip install "autograd-lite[oracle]"'
pytest.importorskip("mpmath", reason=WAY_OUT)

import accuracy  # noqa: E402 - not without mpmath
from accuracy import errors, limit, ours, places  # noqa: E402

NAMES = accuracy.tested_rows()
PROGRAMS = (accuracy.PAGE.parent / "programs.md").read_text()


def beyond(name, found):
    """The errors that are too large; a failure shows all that it takes to repeat them."""
    return [error for error in found if error.size > limit(name, error)]


@pytest.mark.parametrize("name", NAMES)
def test_values_and_two_derivatives_are_within_the_limit(name):
    """Reverse over reverse."""
    assert len(places(name)) >= 16
    assert beyond(name, errors(name, ours(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_hessian_vector_products_are_within_the_limit(name):
    """Forward over reverse: another order of the same steps."""
    assert beyond(name, errors(name, ours(name, accuracy.forward_over_reverse))) == []


@pytest.mark.parametrize(
    ("name", "order", "place"),
    [
        ("cbrt", 0, 4.318787970275491e-104),
        ("cbrt", 1, 6.654406332194819e-109),
        ("cbrt", 2, 1.124392189990282e-36),
        ("sinc", 2, 1.2416670686762523),
    ],
)
def test_what_a_tester_found_is_within_the_limit_and_below_the_page(name, order, place):
    """The page had looked at 96 places of a row, and said 1.6, 2.7, 4.8 and 3.8.

    On another C library than it was measured with, the page says nothing.
    """
    found = accuracy.worst(accuracy.errors_at(name, (place,)), order)
    assert beyond(name, [found]) == []
    if f"Measured with {' '.join(platform.libc_ver())}, " not in PROGRAMS:
        return
    cells = re.search(rf"^\| `{name}` \| \d+ \| (.+) \|$", accuracy.PAGE.read_text(), re.M)[1]
    assert found.size <= float(cells.split(" | ")[order].split()[0])


def test_the_page_of_accuracy_lists_every_row_and_exception():
    text = accuracy.PAGE.read_text()
    listed = re.findall(r"^\| [`*](\w+)[`*] \|", text, re.M)
    assert listed == NAMES
    assert f"except for\n\n{accuracy.reasons()}\n\n" in text
    cells = re.findall(r"^\| [`*](\w+)[`*] \| \d+ \| (.+?) \| (.+?) \| (.+?) \|", text, re.M)
    beyond = {(n, k) for n, *three in cells for k in range(3) if "(" in three[k]}
    assert beyond <= {*accuracy.EXCEPTIONS}


def test_one_number_stands_on_both_pages():
    """The value's worst error was 0.69 on one page and 1.93 as a call on the other, for tanh."""
    value = r"^\| [`*](\w+)[`*] \| \d+ \| (\S+)"
    values = dict(re.findall(value, accuracy.PAGE.read_text(), re.M))
    calls = dict(re.findall(r"^\| `(\w+)` \| (\S+) \| \S+ \| \S+ \|$", PROGRAMS, re.M))
    assert len(calls) >= 26
    assert calls == {name: values[name] for name in calls}


def test_the_worst_places_are_looked_at_again():
    worst = json.loads(accuracy.WORST.read_text())
    assert {"cbrt", "sinc", "tanh", "erfc"} <= {*worst}
    for name in ("cbrt", "sinc"):
        assert {*map(tuple, worst[name])} <= {*places(name)}
