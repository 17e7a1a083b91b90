"""The sparse matrices that `make bench` times are right, and the peer's are the same."""

import numpy as np
import pytest

import autograd_lite as ag

pytest.importorskip("scipy.sparse", reason="needs SciPy (extra: sparse)")
from benchmarks import sparse


@pytest.mark.parametrize("f", [sparse.band, sparse.arrow, sparse.grid])
def test_hessians_are_those_of_the_dense_way(f):
    dense = ag.hessian(f)(sparse.points(9))
    found = ag.hessian(f, sparse=True)(sparse.points(9))
    np.testing.assert_allclose(found.toarray(), dense, 1e-12, 1e-12)
    assert found.nnz < 81


def test_jacobians_are_those_of_the_dense_way():
    fit = sparse.Fit(6)
    dense = ag.jacobian(fit)(sparse.points(6))
    found = ag.jacobian(fit, sparse=True)(sparse.points(6))
    assert found.shape == (24, 6)
    np.testing.assert_allclose(found.toarray(), dense, 1e-12, 1e-12)


def test_the_peer_gives_our_matrix():
    pytest.importorskip("casadi", reason="casadi is not installed (extra: bench)")
    dense = ag.hessian(sparse.band)(sparse.points(7))
    np.testing.assert_allclose(sparse.peer(7)().full(), dense, 1e-12, 1e-12)


def test_the_figures_say_what_each_must_reach():
    rows = sparse.figures(1, quick=True)
    assert [row.least for row in rows] == [1.0, 0.2, 2.0, 2.0, 2.0, 1.0]
    assert all(row.measured > 0.0 for row in rows if row.measured == row.measured)
