"""Every row against PyTorch and JAX, at the places where `test_oracles` holds it against mpmath."""

import pytest

from autograd_lite.ops import TABLE

WAY_OUT = 'pip install "autograd-lite[oracle]"'
pytest.importorskip("mpmath", reason=WAY_OUT)

import accuracy  # noqa: E402 - not without mpmath
from accuracy import errors, limit, ours, places, theirs  # noqa: E402

NAMES = [name for name in accuracy.tested_rows() if TABLE[name].public]
NOT_THEIRS = {
    "torch": {"less", "less_equal", "equal", "cbrt", "floor_divide"},
    "jax": {"less", "less_equal", "equal"},
}


@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize("name", NAMES)
def test_where_another_library_disagrees_it_is_further_from_the_truth(name, library):
    """And in the row's domain it agrees to 9 digits: both know the function by that name."""
    pytest.importorskip(library, reason=WAY_OUT)
    results = theirs(library, name)
    if results is None:
        assert name in NOT_THEIRS[library]
        return
    mine = {(e.place, e.wrt): e for e in errors(name, ours(name))}
    in_domain = list(places(name))[:16]
    for error in errors(name, results):
        own = mine[error.place, error.wrt]
        near = error.number == pytest.approx(own.number, rel=1e-9, abs=1e-9)
        assert near or error.place not in in_domain, (error, own)
        assert own.size <= max(limit(name, own), error.size), (error, own)
