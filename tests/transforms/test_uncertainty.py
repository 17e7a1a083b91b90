"""`uncertainty`: propagation of errors to first order (issue 4, item 8)."""

import math
from typing import NamedTuple

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ShapeError, Value, uncertainty


class Circuit(NamedTuple):
    """Example H.2 of the GUM (JCGM 100:2008): resistance, reactance, impedance of a circuit element
    from voltage, current and phase, measured together five times."""

    volts = np.array([5.007, 4.994, 5.005, 4.990, 4.999])
    milliamperes = np.array([19.663, 19.639, 19.640, 19.685, 19.678])
    phases = np.array([1.0456, 1.0438, 1.0468, 1.0428, 1.0433])

    @classmethod
    def means_and_covariance(cls):
        data = np.array([cls.volts, cls.milliamperes * 1e-3, cls.phases])
        return data.mean(axis=1), np.cov(data) / 5.0


def impedance(volt, ampere, phase):
    return [volt / ampere * ag.cos(phase), volt / ampere * ag.sin(phase), volt / ampere]


def test_the_gums_example_of_correlated_errors():
    """Results and correlations as table H.4 gives them."""
    means, covariance = Circuit.means_and_covariance()
    found = uncertainty(impedance, list(means), covariance)
    assert found.value.round(3).tolist() == [127.732, 219.847, 254.260]
    assert found.sigma == pytest.approx([0.071, 0.295, 0.236], abs=1e-3)
    correlation = found.covariance / np.outer(found.sigma, found.sigma)
    assert correlation[0, 1] == pytest.approx(-0.588, abs=5e-4)
    assert correlation[0, 2] == pytest.approx(-0.485, abs=5e-4)
    assert correlation[1, 2] == pytest.approx(0.993, abs=5e-4)


def test_propagated_covariance_is_that_of_the_single_results():
    """The GUM's second approach to the same data: work out every observation, then average."""
    means, covariance = Circuit.means_and_covariance()
    single = np.array(impedance(Circuit.volts, Circuit.milliamperes * 1e-3, Circuit.phases))
    found = uncertainty(impedance, list(means), covariance)
    assert found.covariance == pytest.approx(np.cov(single) / 5.0, rel=1e-2)


def test_the_result_unpacks_as_value_and_sigma():
    value, sigma = uncertainty(lambda x, y: x * y, [3.0, 4.0], [0.1, 0.2])
    assert (type(value), type(sigma)) == (float, float)
    assert value == 12.0
    assert sigma == pytest.approx(math.hypot(4.0 * 0.1, 3.0 * 0.2), rel=1e-15)


def test_relative_errors_of_a_product_add_in_squares():
    found = uncertainty(lambda m, v: 0.5 * m * v**2, [2.0, 3.0], [0.02, 0.06])
    assert found.sigma / found.value == pytest.approx(math.hypot(0.01, 2 * 0.02), rel=1e-14)
    assert found.contributions == pytest.approx([1 / 17, 16 / 17], rel=1e-14)
    assert found.covariance == pytest.approx(np.array([[found.sigma**2]]))


def test_monte_carlo_agrees_where_the_function_is_nearly_linear():
    values, sigmas = np.array([1.2, 0.7, 3.0]), np.array([0.003, 0.002, 0.004])
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    covariance = rotation @ np.diag(sigmas**2) @ rotation.T

    def f(x):
        return [ag.exp(x[0]) * ag.sin(x[1]) / x[2], ag.hypot(x[0], x[2]) * x[1]]

    found = uncertainty(f, values, covariance)
    draws = np.random.default_rng(2).multivariate_normal(values, covariance, size=200_000).T
    sample = np.array([np.exp(draws[0]) * np.sin(draws[1]) / draws[2]])
    sample = np.vstack([sample, np.hypot(draws[0], draws[2]) * draws[1]])
    assert np.cov(sample) == pytest.approx(found.covariance, rel=0.02)


def test_fully_correlated_errors_cancel_in_a_difference():
    covariance = 0.01 * np.array([[1.0, 1.0], [1.0, 1.0]])
    found = uncertainty(lambda x, y: x - y, [5.0, 3.0], covariance)
    assert found.sigma == 0.0
    assert found.contributions.tolist() == [0.0, 0.0]
    assert uncertainty(lambda x, y: x + y, [5.0, 3.0], covariance).sigma == pytest.approx(0.2)


def test_contributions_add_up_to_one_whatever_the_correlation():
    means, covariance = Circuit.means_and_covariance()
    found = uncertainty(impedance, list(means), covariance)
    assert found.contributions.shape == (3, 3)
    assert found.contributions.sum(axis=-1) == pytest.approx([1.0, 1.0, 1.0], rel=1e-12)
    assert found.contributions.min() < 0.0


def test_arguments_may_be_sequences_and_arrays():
    xs, weight = np.array([1.0, 2.0, 3.0]), 2.0
    found = uncertainty(lambda x, w: w * ag.sum(x), [xs, weight], [np.full(3, 0.1), 0.2])
    assert found.value == 12.0
    assert found.sigma == pytest.approx(math.sqrt(3 * 0.2**2 + (6 * 0.2) ** 2))
    nested = uncertainty(lambda x, w: w * ag.sum(x), ([1.0, 2.0, 3.0], 2.0), ([0.1] * 3, 0.2))
    assert nested.sigma == found.sigma


def test_an_array_or_a_number_alone_is_the_only_argument():
    found = uncertainty(lambda x: x @ x, np.array([3.0, 4.0]), np.array([0.1, 0.2]))
    assert found.value == 25.0
    assert found.sigma == pytest.approx(math.hypot(0.6, 1.6))
    value, sigma = uncertainty(ag.sin, 0.5, 0.01)
    assert (value, sigma) == (math.sin(0.5), pytest.approx(math.cos(0.5) * 0.01))
    assert uncertainty(ag.sin, 0.5, [[1e-4]]).sigma == pytest.approx(sigma)
    assert uncertainty(ag.sin, Value(0.5), 0.01).sigma == sigma


def test_outputs_keep_their_shape():
    found = uncertainty(lambda x: np.outer(x, x), np.array([3.0, 4.0]), np.array([0.1, 0.2]))
    assert found.value.tolist() == [[9.0, 12.0], [12.0, 16.0]]
    assert found.sigma == pytest.approx(np.array([[0.6, 0.72111], [0.72111, 1.6]]), rel=1e-4)
    assert found.covariance.shape == (4, 4)
    assert found.contributions.shape == (2, 2, 2)
    named = uncertainty(lambda x: {"twice": 2 * x, "fixed": 7.0}, 1.0, 0.5)
    assert named.value.tolist() == [2.0, 7.0]
    assert named.sigma.tolist() == [1.0, 0.0]


def test_what_depends_on_nothing_is_certain():
    found = uncertainty(lambda x: 4.0, [1.0], [0.1])
    assert (found.value, found.sigma, found.contributions.tolist()) == (4.0, 0.0, [0.0])


def test_text_has_two_significant_digits_of_sigma():
    def text(value, sigma):
        return str(uncertainty(lambda x: x, value, sigma))

    assert text(24.98765, 0.0321) == "24.988 ± 0.032"
    assert text(24.98765, 0.0996) == "24.99 ± 0.10"
    assert text(56789.0, 1234.0) == "56800 ± 1200"
    assert text(2.5, 0.0) == "2.5 ± 0"
    assert text(2.5e-20, 1.25e-21) == "2.5e-20 ± 1.2e-21"
    two = uncertainty(lambda x: [x, 2 * x], 1.5, 0.25)
    assert str(two) == "1.50 ± 0.25\n3.00 ± 0.50"


@pytest.mark.parametrize(
    ("sigmas", "error", "message"),
    [
        ([0.1], ShapeError, r"sigmas has 1 number .* values 2 numbers .*shape \(2, 2\)"),
        ([[0.1, 0.2]], ShapeError, r"sigmas has 2 numbers \(shape \(1, 2\)\)"),
        ([0.1, -0.2], ValueError, r"number 1 of sigmas is -0\.2"),
        ([math.nan, 0.2], ValueError, "number 0 of sigmas is nan"),
        ([[1.0, 0.5], [0.4, 1.0]], ValueError, "symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], ValueError, "negative eigenvalue, and this one has -1"),
        ([[1.0, math.inf], [math.inf, 1.0]], ValueError, "finite"),
    ],
)
def test_sigmas_that_do_not_fit_are_refused(sigmas, error, message):
    with pytest.raises(error, match=message):
        uncertainty(lambda x, y: x * y, [1.0, 2.0], sigmas)


def test_no_grad_of_the_users_values_is_touched():
    x = Value(2.0)
    uncertainty(lambda y: x * y, [Value(3.0)], [0.1])
    assert x.grad == 0.0


def test_independent_errors_of_many_numbers_need_no_matrix():
    """Of n numbers it would hold n² (29 GB here)."""
    x = np.linspace(1.0, 2.0, 60_000)
    found = uncertainty(ag.mean, x, 0.1 * x)
    assert found.sigma == pytest.approx(0.1 * np.sqrt(np.sum(x * x)) / len(x), rel=1e-12)


def test_an_infinite_slope_leaves_the_other_numbers_alone():
    """The deviation is infinite, not nan; and of a result that does not depend on it, finite."""
    found = uncertainty(lambda x, y: [ag.sqrt(x) + y, y], [0.0, 1.0], [0.1, 0.2])
    assert found.sigma.tolist() == [math.inf, 0.2]


def test_whole_columns_are_refused_with_the_way_out():
    """Their covariance would fill the memory; each row by itself is meant."""
    x = np.linspace(1.0, 2.0, 8_000)
    with pytest.raises(
        ShapeError, match=r"8,000 results of 16,000 numbers .* ag\.compile\(…\)\.map"
    ):
        uncertainty(lambda a, b: a / b, [x, x], [0.1 * x, 0.1 * x])
