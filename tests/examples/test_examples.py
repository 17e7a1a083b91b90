"""The programs under examples/, at small size: their numbers against other ways to find them."""

import math

import numpy as np
import pytest
from matplotlib import image

import autograd_lite as ag
from examples import (
    arm,
    curve_fits,
    gpt,
    hamiltonian_sampling,
    logistic_regression,
    names_gpt,
    ode_network,
    option_greeks,
)


def check_picture(path):
    """It is there, and neither small nor empty."""
    shown = image.imread(path)
    assert min(shown.shape[:2]) > 300
    assert shown[..., :3].std() > 0.03


def test_a_gpt_makes_up_names(tmp_path, capsys):
    """After few steps they are noise, of letters; the first loss is that of chance."""
    names, losses = names_gpt.main(3, 2, names_gpt.OnValues(), tmp_path)
    assert abs(losses[0] - math.log(27)) < 0.5
    assert all(name.isalpha() and len(name) <= gpt.PLACES for name in names)
    assert names[0] in capsys.readouterr().out
    check_picture(tmp_path / "names_gpt.png")


def test_a_gpt_s_chances_depend_on_the_tokens_before_alone():
    w, tokens = gpt.weights(), [gpt.END, 0, 13, 13, 0]
    whole, part = gpt.losses(w, tokens), gpt.losses(w, tokens[:4])
    assert whole[:3] == part
    assert sum(gpt.following(w, gpt.END, 0, [], [])) == pytest.approx(1.0)


def test_names_are_read_from_the_repository_without_the_package(monkeypatch):
    monkeypatch.setattr(gpt, "find_spec", lambda name: None)
    names = gpt.first_names(1000)
    assert len(names) > 100
    assert all(0 <= letter < 26 for tokens in names for letter in tokens[1:-1])


@pytest.mark.parametrize("name", curve_fits.MODELS)
def test_curves_are_the_certified_ones_from_both_starts(name):
    x, y, starts, parameters, errors = curve_fits.read(name)
    assert len(starts) == 2
    for start in starts:
        fit = curve_fits.fitted(curve_fits.MODELS[name], x, y, start)
        assert fit.parameters == pytest.approx(parameters, rel=1e-6)
        assert fit.errors == pytest.approx(errors, rel=1e-4)


def test_curves_are_drawn(tmp_path, capsys):
    fits = curve_fits.main(("Misra1a", "DanWood"), tmp_path)
    assert [*fits] == ["Misra1a", "DanWood"]
    assert "from start 2: parameters to" in capsys.readouterr().out
    check_picture(tmp_path / "curve_fits.png")


def test_a_network_solves_the_equation(tmp_path):
    error, history = ode_network.main(steps=60, end=2.0, points=40, folder=tmp_path)
    assert error < 0.02
    assert history[-1] < 1e-3 * history[0]
    check_picture(tmp_path / "ode_network.png")


def test_the_equation_s_residual_is_that_of_its_derivatives():
    """Of the exact solution nothing is left; the network's derivatives are those of differences."""
    t, h = 1.3, 1e-4
    values = [float(ode_network.exact(t + k * h)) for k in (-1, 0, 1)]
    speed, acceleration = (values[2] - values[0]) / (2 * h), np.diff(values, 2)[0] / h**2
    assert acceleration + 0.5 * speed + 4.0 * values[1] == pytest.approx(0.0, abs=1e-5)
    p = np.random.default_rng(0).normal(0.0, 0.5, 20 * ode_network.WIDTH)
    u = [ode_network.wave(p, t + k * h) for k in (-1, 0, 1)]
    left = np.diff(u, 2)[0] / h**2 + 0.5 * (u[2] - u[0]) / (2 * h) + 4.0 * u[1]
    assert ag.value_and_grad(ode_network.residual)(p, t)[0] == pytest.approx(left**2, rel=1e-4)


def test_logistic_coefficients_have_the_errors_of_the_formula(tmp_path, capsys):
    """The inverse of XᵀWX, in which W is p(1 - p)."""
    sklearn = pytest.importorskip("sklearn.linear_model", reason="needs scikit-learn (extra: data)")
    fit = logistic_regression.main(folder=tmp_path)
    inputs, labels = logistic_regression.measurements()
    x = np.column_stack([np.ones(len(inputs)), inputs])
    p = 1.0 / (1.0 + np.exp(-x @ fit.coefficients))
    errors = np.sqrt(np.diag(np.linalg.inv(x.T * (p * (1.0 - p)) @ x)))
    assert x.T @ (labels - p) == pytest.approx(np.zeros(5), abs=1e-9)
    assert fit.errors == pytest.approx(errors, rel=1e-6)
    theirs = sklearn.LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(inputs, labels)
    assert fit.coefficients[1:] == pytest.approx(theirs.coef_[0], rel=1e-4)
    assert 1e-10 < fit.doubts[1] < 1e-6
    assert "mean texture" in capsys.readouterr().out
    check_picture(tmp_path / "logistic_regression.png")


def test_classes_that_a_line_divides_have_no_likeliest_coefficients():
    x = np.linspace(-1.0, 1.0, 8)
    with pytest.raises(ValueError, match="no coefficients are the most likely"):
        logistic_regression.fitted(x[:, None], (x > 0.0) * 1.0, most=12)


def test_an_arm_follows_a_heart(tmp_path):
    """The hand is where it should be, and the joints turn as fast as differences say."""
    times, found = arm.main(41, tmp_path)
    target, _ = arm.heart(1.0)
    assert arm.joints(arm.reached(target, [*arm.REST, 0.0, 0.0])[:-2])[-1] == pytest.approx(target)
    ahead, behind = (arm.heart(float(times[7]) + h)[0] for h in (1e-5, -1e-5))
    near = found[7, 0].tolist()
    numeric = np.subtract(arm.reached(ahead, near), arm.reached(behind, near)) / 2e-5
    assert found[7, 1] == pytest.approx(numeric, rel=1e-7, abs=1e-9)
    assert found[0, 0] == pytest.approx(found[-1, 0], rel=1e-12), "it ends as it began"
    check_picture(tmp_path / "arm.png")


def test_greeks_are_those_of_the_formulas(tmp_path, capsys):
    errors = option_greeks.main(200, tmp_path)
    assert len(errors) == 9
    assert max(errors.values()) < 1e-11
    assert "vanna  of 200 options" in capsys.readouterr().out
    check_picture(tmp_path / "option_greeks.png")


def test_samples_have_the_moments_of_their_densities(tmp_path):
    found = hamiltonian_sampling.main(chains=150, moves=80, folder=tmp_path)
    moments = []
    for points, taken in found.values():
        assert 0.9 < taken <= 1.0
        cloud = points[10:].reshape(-1, 2)
        moments += [*cloud.mean(axis=0), *np.cov(cloud.T)[np.triu_indices(2)]]
    exact = [0.0, 0.0, 1.0, 1.2, 4.0, 0.0, -0.5, 1.0, 0.0, 0.59]
    assert moments == pytest.approx(exact, abs=0.13)
    check_picture(tmp_path / "hamiltonian_sampling.png")


def test_a_move_is_reversible():
    """Pushed back from its end it comes to its start: the leapfrog method loses nothing."""
    sampling = hamiltonian_sampling.Samples(hamiltonian_sampling.banana, steps=5)
    start, push = np.array([[0.3, -0.7]]), np.array([[1.0, 0.4]])
    end, gained = sampling.move.map(start, push)
    assert abs(gained[0]) < 0.1
    assert len(end) == 2
