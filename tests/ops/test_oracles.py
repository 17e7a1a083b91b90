"""Every row against mpmath: values, and all first and second derivatives."""

import re

import pytest

WAY_OUT = 'pip install "autograd-lite[oracle]"'
pytest.importorskip("mpmath", reason=WAY_OUT)

import accuracy  # noqa: E402 - not without mpmath
from accuracy import LIMIT, errors, ours, places  # noqa: E402

NAMES = accuracy.tested_rows()


@pytest.mark.parametrize("name", NAMES)
def test_values_and_two_derivatives_are_within_the_limit(name):
    """Reverse over reverse. The message holds all that it takes to repeat a failure."""
    found = errors(name, ours(name))
    assert len(places(name)) >= 16
    for order in range(3):
        limit, _ = accuracy.EXCEPTIONS.get((name, order), (LIMIT, ""))
        assert accuracy.worst(found, order).size <= limit, accuracy.worst(found, order)


@pytest.mark.parametrize("name", NAMES)
def test_hessian_vector_products_are_within_the_limit(name):
    """Forward over reverse: another order of the same steps."""
    worst = accuracy.worst(errors(name, ours(name, accuracy.forward_over_reverse)), 2)
    limit, _ = accuracy.EXCEPTIONS.get((name, 2), (LIMIT, ""))
    assert worst.size <= limit, worst


def test_the_page_of_accuracy_lists_every_row():
    text = accuracy.PAGE.read_text()
    listed = re.findall(r"^\| [`*](\w+)[`*] \|", text, re.M)
    assert listed == NAMES
    for (name, order), (limit, reason) in accuracy.EXCEPTIONS.items():
        assert f"- `{name}`, order {order}: up to {limit:g}; {reason}." in text
