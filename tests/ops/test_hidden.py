"""Second derivatives that a convention makes finite: where they are, and who says so."""

import math
import warnings
from itertools import product

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.ops import TABLE
from autograd_lite.ops.table import with_attrs

#: Every op of one or two arguments, or of many, with its place: norms of all kinds, too.
ROWS = [row for row in TABLE.values() if row.public and row.arity in (1, 2)]
ROWS += [row for row in TABLE.values() if row.public and row.arguments == ("xs",)]
ROWS += [with_attrs("norm", (("order", order),)) for order in (1.0, 1.5, 3.0, math.inf)]
#: Orders of norm that are straight.
ONE_OR_INF = ({"order": 1.0}, {"order": math.inf})
DIRECTIONS = [(1.0, 0.0), (0.0, 1.0), (1.0, 0.6), (-1.0, 0.6)]


def second(row, place):
    """Largest second derivative of a row at numbers; nan if the first is not finite."""
    leaves = [*map(Value, place)]
    first = ag.gradient(Value._apply_op(row, leaves), leaves, create_graph=True)
    if not all(math.isfinite(slope.data) for slope in first):
        return math.nan
    return max(abs(number) for slope in first for number in ag.gradient(slope, leaves))


def hidden_places(row):
    """Where its second derivative is finite, and grows without bound beside that place."""
    n = row.arity or 2
    found = set()
    for place in product((0.0, 1.0) if n > 1 else (-1.0, 0.0, 1.0), repeat=n):
        if not math.isfinite(second(row, place)):
            continue
        for direction in {d[:n] for d in DIRECTIONS if any(d[:n])}:
            far, near = (
                second(row, [x + h * d for x, d in zip(place, direction, strict=True)])
                for h in (1e-3, 1e-12)
            )
            if near > 3.0 * max(far, 1.0):
                found.add(place)
    return found


def told_of(row, place):
    """Whether `diagnose` and `detect_anomaly` name it, each."""
    leaves = [*map(Value, place)]
    with warnings.catch_warnings(record=True) as caught, ag.detect_anomaly():
        warnings.simplefilter("always")
        out = Value._apply_op(row, leaves)
        ag.gradient(out, leaves, create_graph=True)
    found = ag.diagnose(out).of("hidden_second")
    return bool(found), any("the second derivative of" in str(w.message) for w in caught)


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_wherever_a_second_derivative_hides_both_tell_of_it(row):
    """The page said so of every row; only rows that a test named were looked at."""
    places = hidden_places(row)
    assert {place: told_of(row, place) for place in places} == dict.fromkeys(places, (True, True))
    assert bool(places) == (row.singular is not None and row.attrs not in ONE_OR_INF)


@pytest.mark.parametrize(
    ("row", "at", "places"),
    [
        (ag.power, "x = 0, y = 1", {(0.0, 1.0)}),
        (ag.hypot, "the origin", {(0.0, 0.0)}),
        (ag.arctan2, "the origin", {(0.0, 0.0)}),
        (ROWS[-3], "the origin, or, for an order between 1 and 2, where an entry is 0",
         {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)}),
    ],
    ids=lambda case: getattr(case, "name", ""),
)  # fmt: skip
def test_help_says_at_which_place_that_is(row, at, places):
    """It said "where a second derivative is not finite", and elsewhere they are infinite."""
    assert f"\nAt {at}: a second derivative that is not finite counts as " in row.__doc__
    assert hidden_places(row) == places


def test_beside_that_place_a_second_derivative_is_what_it_is():
    assert ag.derivative(lambda x: x**0.5, 2)(0.0) == -math.inf
    assert ag.derivative(lambda x: ag.hypot(x, 1e-310), 2)(0.0) == math.inf
    assert ag.derivative(lambda x: ag.norm([x, 1e-310]), 2)(0.0) == math.inf
    assert ag.derivative(lambda x: ag.arctan2(x, 1e-160), 2)(1e-160) == -math.inf


def test_where_the_first_is_not_finite_either_that_is_told():
    """The page said `hidden_second` of the third root at 0, too; there is a louder word for it."""
    x = Value(0.0)
    found = ag.diagnose(ag.cbrt(x))
    assert [finding.kind for finding in found.findings] == ["inf_gradient"]
    with pytest.raises(ag.AnomalyError, match="the derivative of cbrt"), ag.detect_anomaly():
        ag.cbrt(x).backward()
    assert ag.diagnose(ag.sqrt(x) * ag.sqrt(x)).of("zero_times_inf")
    assert ag.diagnose(ag.arctan2(x, 0.0)).findings == []  # a step, as sign(x) is
