"""The recipes under examples/recipes, at small size, each beside the tool's own result.

docs/recipes.md holds the files' words and code, and what they print.
"""

import contextlib
import importlib.util
import io
import re
from functools import cache

import numpy as np
import pytest

import autograd_lite as ag
from examples.recipes import (
    __main__ as pages,
)
from examples.recipes import (
    uncertain_columns,
    with_emcee,
    with_iminuit,
    with_lmfit,
    with_nutpie,
    with_optuna,
    with_scipy,
    with_sympy,
    with_uncertainties,
)

PAGE = pages.PAGE.read_text(encoding="utf-8")
NEEDED = {
    with_scipy: "scipy", with_iminuit: "iminuit", with_lmfit: "lmfit", with_emcee: "emcee",
    with_nutpie: "nutpie", with_optuna: "optuna", with_sympy: "sympy",
    with_uncertainties: "uncertainties", uncertain_columns: "numpy",
}  # fmt: skip
SMALL = {
    with_scipy: (12,), with_emcee: (200,), with_nutpie: (600, 2), with_optuna: (8,),
    with_uncertainties: (300,), uncertain_columns: (2000, 1),
}  # fmt: skip


@cache
def run(recipe):
    """What its `main` gives at small size, and what it prints; skipped without its tool."""
    tool = NEEDED[recipe]
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed (pip install {tool})")
    with contextlib.redirect_stdout(io.StringIO()) as text:
        result = recipe.main(*SMALL.get(recipe, ()))
    return result, text.getvalue()


def words(text):
    """Without numbers and the width of columns, which depend on size and versions."""
    return re.sub(r"-?\d[\d.e+-]*", "#", text).split()


@pytest.mark.parametrize("recipe", NEEDED, ids=lambda recipe: recipe.__name__.split(".")[-1])
def test_the_page_holds_what_the_file_says_and_prints(recipe):
    name = recipe.__name__.split(".")[-1]
    described = pages.described(name)
    assert described in PAGE, "run python -m examples.recipes"
    shown = re.match(r"\n```text\n(.*?)```\n", PAGE.partition(described)[2], re.S)[1]
    assert words(run(recipe)[1]) == words(shown)


def test_the_page_holds_every_recipe():
    files = {path.stem for path in pages.PAGE.parents[1].glob("examples/recipes/[!_]*.py")}
    assert files == {*pages.SHOWN} == {recipe.__name__.split(".")[-1] for recipe in NEEDED}


def test_one_command_writes_the_page(tmp_path, monkeypatch):
    run(with_sympy)
    monkeypatch.setattr(pages, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(pages, "SHOWN", {"with_sympy": pages.SHOWN["with_sympy"]})
    pages.main()
    written = pages.PAGE.read_text(encoding="utf-8")
    assert written.endswith(f"\n```text\n{run(with_sympy)[1]}```\n")
    assert pages.described("with_sympy") in written


def test_scipy_comes_to_one_minimum_with_fewer_calls():
    found, _ = run(with_scipy)
    differences, *exact = found.values()
    assert len(exact) == 3
    for result in exact:
        assert result.fun == pytest.approx(differences.fun, abs=1e-8)
        assert result.nfev < differences.nfev / 4
    x = found["trust-exact, jac and hess"].x
    assert x == pytest.approx(-x[::-1], abs=1e-3), "the wall is in the middle"


def test_the_sparse_hessian_is_that_of_scipy_s_differences():
    optimize = pytest.importorskip("scipy.optimize", reason="needs scipy (extra: sparse)")
    both, dense, sparse = with_scipy.derivatives()
    x = np.random.default_rng(0).normal(size=6)
    slopes = optimize.approx_fprime(x, lambda x: both(x)[1])
    assert dense(x) == pytest.approx(slopes, abs=1e-4)
    assert sparse(x).toarray() == pytest.approx(dense(x), abs=1e-12)
    assert sparse(x).nnz == 16


def test_minuit_finds_its_own_result_with_fewer_calls():
    fits, _ = run(with_iminuit)
    own, gradient, diagonal, whole = fits.values()
    for fit in (gradient, diagonal, whole):
        assert fit.valid
        assert [*fit.values] == pytest.approx([*own.values], abs=1e-4)
        assert [*fit.errors] == pytest.approx([*own.errors], rel=1e-3)
    assert max(gradient.nfcn, diagonal.nfcn) < own.nfcn
    assert whole.nfcn < own.nfcn / 4
    assert (whole.nhessian > 0, whole.ng2, diagonal.nhessian) == (True, 0, 0)
    assert diagonal.ng2 > 0


def test_minuit_s_errors_are_those_of_the_hessian():
    run(with_iminuit)
    chi_squared = with_iminuit.squares(*with_iminuit.measured(30))
    fit = with_iminuit.minuit(chi_squared, np.array([1.0, 5.0, 1.5, 0.0, 0.0]))
    fit.migrad().hesse()
    covariance = 2.0 * np.linalg.inv(ag.hessian(chi_squared)(np.array(fit.values)))
    assert [*fit.errors] == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-6)


def test_minuit_s_limits_and_fixed_parameters_go_with_the_gradient_alone():
    run(with_iminuit)
    import iminuit

    chi_squared = with_iminuit.squares(*with_iminuit.measured(30))
    start = np.array([1.0, 5.0, 1.5, 0.0, 0.1])
    own = iminuit.Minuit(ag.compile(chi_squared), start)
    exact = with_iminuit.minuit(chi_squared, start, second=None)
    for fit in (own, exact):
        fit.limits[0], fit.fixed[1] = (0.0, 2.9), True
        fit.values[1] = 3.95
        fit.migrad().hesse()
        assert fit.valid
    assert exact.values[0] == pytest.approx(2.9, abs=1e-3), "at its limit"
    assert [*exact.values] == pytest.approx([*own.values], abs=1e-3)
    assert [*exact.errors][1:] == pytest.approx([*own.errors][1:], rel=1e-2)


@pytest.mark.parametrize("second", ["hessian", "g2"])
@pytest.mark.parametrize("kind", ["limit", "fixed"])
def test_a_hessian_that_minuit_would_misread_is_refused(second, kind):
    """Beside a fixed parameter its errors would be those of others, and the fit valid."""
    run(with_iminuit)
    chi_squared = with_iminuit.squares(*with_iminuit.measured(30))
    fit = with_iminuit.minuit(chi_squared, np.array([3.0, 4.0, 0.8, 1.0, 0.1]), second)
    if kind == "fixed":
        fit.fixed[0] = True
    else:
        fit.limits[0] = (0.0, None)
    with pytest.raises(ValueError, match="second=None"):
        fit.migrad()


def test_lmfit_finds_its_own_result_with_fewer_calls():
    (own, exact), _ = run(with_lmfit)
    assert exact.success
    assert exact.nfev < own.nfev / 2
    for name, par in own.params.items():
        assert exact.params[name].value == pytest.approx(par.value, rel=1e-5)
        assert exact.params[name].stderr == pytest.approx(par.stderr, rel=1e-3)
    assert exact.covar == pytest.approx(own.covar, rel=1e-2)


def test_lmfit_s_jacobian_is_that_of_differences_in_internal_parameters():
    """Times lmfit's own factor: with bounds of each kind, and with what follows another."""
    run(with_lmfit)
    x, y = with_lmfit.measured(9)
    residuals, params = with_lmfit.Residuals(with_lmfit.two_decays), with_lmfit.parameters()
    params.add("part", expr="rest / 2 + exp(-slow)")  # of one that follows another
    jacobian = residuals.jacobian(params, x, y)
    free = [name for name, par in params.items() if par.vary]
    assert jacobian.shape == (9, len(free)) == (9, 4)
    for column, name in enumerate(free):
        inside, h = params[name].setup_bounds(), 1e-6
        ends = []
        for step in (h, -h):
            params[name].value = params[name].from_internal(inside + step)
            params.update_constraints()
            ends.append(residuals(params, x, y))
        params[name].value = params[name].from_internal(inside)
        scale = params[name].scale_gradient(inside)
        assert scale != 1.0 or name == "size"
        assert jacobian[:, column] * scale == pytest.approx(
            (ends[0] - ends[1]) / (2.0 * h), abs=1e-7
        )


def on_a_grid(log_density, low, high):
    """Means and deviations of a density of two numbers, by adding up."""
    axes = [np.linspace(a, b, 121) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    logs = log_density(points)
    weights = np.exp(logs - logs.max())
    mean = np.average(points, axis=0, weights=weights)
    return mean, np.sqrt(np.average((points - mean) ** 2, axis=0, weights=weights))


def test_emcee_s_walkers_have_the_moments_of_the_density():
    found, _ = run(with_emcee)
    levels = with_emcee.measured()
    program = ag.compile(with_emcee.log_density)
    mean, deviation = on_a_grid(
        lambda points: program.map(points, levels, shared=1), (-4.0, -3.0), (2.0, 2.0)
    )
    mapped, single = found.values()
    for sample in (mapped, single):
        assert sample.mean(axis=0) == pytest.approx(mean, abs=0.1)
        assert sample.std(axis=0) == pytest.approx(deviation, abs=0.1)


def test_the_filter_s_density_is_that_of_all_levels_at_once():
    stats = pytest.importorskip("scipy.stats", reason="needs scipy (extra: sparse)")
    levels, p = with_emcee.measured(7), np.array([[-0.7, 0.3], [0.4, -1.0]])
    years = np.arange(1, 8)
    expected = []
    for q, r in np.exp(p):
        covariance = 100.0 + q * np.minimum.outer(years, years) + r * np.eye(7)
        expected.append(stats.multivariate_normal.logpdf(levels, np.zeros(7), covariance))
    expected = np.array(expected) + 3.5 * np.log(2.0 * np.pi) - (p**2).sum(axis=1) / 8.0
    found = ag.compile(with_emcee.log_density).map(p, levels, shared=1)
    assert found == pytest.approx(expected, rel=1e-9)


def test_nutpie_s_draws_have_the_moments_of_the_density():
    """The schools' effects are integrated out by a formula, mean and spread by adding up."""
    found, _ = run(with_nutpie)

    def log_density(points):
        mean, spread = points.T
        variances = with_nutpie.ERRORS[:, None] ** 2 + spread**2
        misses = (with_nutpie.EFFECTS[:, None] - mean) ** 2 / variances
        likelihood = -0.5 * (np.log(variances) + misses).sum(axis=0)
        return likelihood - 0.5 * ((mean / 20.0) ** 2 + (spread / 25.0) ** 2)

    mean, deviation = on_a_grid(log_density, (-25.0, 0.0), (40.0, 60.0))
    drawn = np.array([found["mean"], found["spread"]])
    assert drawn.mean(axis=1) == pytest.approx(mean, abs=1.0)
    assert drawn.std(axis=1) == pytest.approx(deviation, abs=1.0)


def test_the_log_density_of_the_schools_has_the_gradient_of_differences():
    p = np.random.default_rng(0).normal(size=10)
    ag.check_grad(with_nutpie.log_density, p)


def test_optuna_prunes_and_its_best_trial_is_a_training_of_its_own():
    study, _ = run(with_optuna)
    pruned = [trial for trial in study.trials if trial.state.name == "PRUNED"]
    assert pruned
    for trial in pruned:
        assert len(trial.intermediate_values) < 30, "it ended early"
    best = study.best_trial
    history = with_optuna.trained(best.params["width"], best.params["rate"], 30)
    assert history.validation_loss == [*best.intermediate_values.values()]
    assert study.best_value == history.validation_loss[-1]


def test_ctrl_c_ends_the_search_and_is_no_result(monkeypatch):
    """`learn` gives a History of the epochs before it."""
    run(with_optuna)
    import optuna

    history = with_optuna.trained(2, 0.01, 1)
    history.interrupted = True
    monkeypatch.setattr(with_optuna, "trained", lambda *args: history)
    study = optuna.create_study()
    with pytest.raises(KeyboardInterrupt):
        study.optimize(with_optuna.objective, n_trials=1)
    assert study.trials[0].state.name == "FAIL"


def test_sympy_s_derivatives_are_ours_and_the_formula_comes_back():
    (ours, theirs, back, formula), _ = run(with_sympy)
    assert ours == pytest.approx(theirs, rel=1e-13)
    assert back.equals(formula)


@pytest.mark.parametrize(
    "text",
    [
        "pi*x + exp(1)**y", "x**(1/3)/7", "Max(x, y, 0)*Min(x, y)", "log(x, 2)", "atan2(y, x)",
        "Piecewise((x**2, x < y), (y, True))", "Abs(x - y)*sign(x - y)", "asinh(x) + acosh(1 + y)",
        "erf(x)*cbrt(y) - x/10", "sec(x) + cot(y)",
    ],
)  # fmt: skip
def test_formulas_of_sympy_have_its_numbers_and_derivatives(text):
    run(with_sympy)
    import sympy

    x, y = symbols = sympy.symbols("x y", real=True)
    formula = sympy.sympify(text, locals={"x": x, "y": y})
    f = with_sympy.function_of(symbols, formula)
    at, values = {x: 0.7, y: 1.3}, [ag.Value(0.7, label="x"), ag.Value(1.3, label="y")]
    assert f(*values).data == pytest.approx(float(formula.subs(at)), rel=1e-14)
    theirs = [[float(formula.diff(a, b).subs(at)) for a in symbols] for b in symbols]
    ours = ag.hessian(lambda v: f(*v))([0.7, 1.3])
    assert ours == pytest.approx(np.array(theirs), rel=1e-12, abs=1e-15)
    back = with_sympy.formula_of(f(*values))
    assert float(back.subs(at)) == pytest.approx(float(formula.subs(at)), rel=1e-14)


def test_graphs_come_back_as_formulas():
    run(with_sympy)
    import sympy

    a, b = ag.Value(0.3, label="a"), ag.Value(1.7, label="b")
    root = ag.dot([a, b], [b, 2.5], 0.1) + ag.logsumexp([a, b, a]) + ag.mean([a, b]) * ag.sigmoid(a)
    root = root + ag.softplus(b) / ag.expm1(a) - ag.arctan2(a, b) + ag.log2(b) + ag.relu(-a)
    formula = with_sympy.formula_of(root)
    assert {symbol.name for symbol in formula.free_symbols} == {"a", "b"}
    at = {symbol: {"a": 0.3, "b": 1.7}[symbol.name] for symbol in formula.free_symbols}
    assert float(formula.subs(at)) == pytest.approx(root.data, rel=1e-14)
    [slope] = [formula.diff(symbol) for symbol in at if symbol.name == "b"]
    assert float(slope.subs(at)) == pytest.approx(ag.gradient(root, [b])[0], rel=1e-13)
    assert str(with_sympy.formula_of(a * a)) == "a**2"
    assert str(with_sympy.formula_of(ag.dot([a], [b], a))) == "a*b + a"
    shared = a
    for _ in range(60):
        shared = shared + shared
    assert with_sympy.formula_of(shared).coeff(sympy.Symbol("a", real=True)) == 2**60
    deep = a
    for _ in range(3000):
        deep = deep + 1.0
    assert str(with_sympy.formula_of(deep)) == "a + 3000"


def test_what_has_no_formula_is_refused_by_name():
    run(with_sympy)
    import sympy

    a = ag.Value(0.3, label="a")
    with pytest.raises(ValueError, match="knows no 'gelu'"):
        with_sympy.formula_of(ag.gelu(a))
    with pytest.raises(ValueError, match="two leaves are called 'a'"):
        with_sympy.formula_of(a * ag.Value(2.0, label="a"))
    x = sympy.Symbol("x")
    with pytest.raises(NameError, match="besselj"):
        with_sympy.function_of([x], sympy.besselj(0, x))(a)
    with pytest.raises(TypeError, match="does not turn into a plain number"):
        with_sympy.function_of([x], sympy.gamma(x))(a)


def test_uncertainty_by_row_is_that_of_each_row():
    (found, expected, _), _ = run(uncertain_columns)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-13)
    columns, sigmas = uncertain_columns.measured(5)
    values, deviations = uncertain_columns.by_row(uncertain_columns.law, columns, sigmas)
    for row in range(5):
        single = ag.uncertainty(
            uncertain_columns.law, [c[row] for c in columns], [s[row] for s in sigmas]
        )
        assert (values[row], deviations[row]) == pytest.approx(tuple(single), rel=1e-14)


def test_uncertainty_over_columns_takes_less_than_50_times_numpy_s_formula():
    with contextlib.redirect_stdout(io.StringIO()):
        assert uncertain_columns.main(100_000, 3)[2] < 50.0


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf])
def test_a_deviation_that_is_none_is_refused_by_row_and_column(wrong):
    sigmas = [np.array([0.1, 0.2]), np.array([0.1, wrong])]
    with pytest.raises(ValueError, match="row 1 of column 1 has"):
        uncertain_columns.by_row(lambda a, b: a * b, [np.ones(2), np.ones(2)], sigmas)


def test_the_uncertainties_package_gives_the_same_where_both_know_the_same():
    (table, here, there), text = run(with_uncertainties)
    for ours, theirs in zip(here, there, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12)
    equal = [ours == theirs for _, ours, theirs in table]
    assert equal == [True, True, False, True, True, False, False, False, False]
    for row in text.splitlines()[:-1]:
        assert row.rstrip() in PAGE


def test_correlated_numbers_of_that_package_go_in_and_come_out():
    run(with_uncertainties)
    import uncertainties

    a, b = uncertainties.correlated_values([2.0, 3.0], [[0.04, 0.03], [0.03, 0.09]])
    found = with_uncertainties.on_uncertain(lambda a, b: [a * b, a / b], a, b + a)
    theirs = [a * (b + a), a / (b + a)]
    expected = np.array(uncertainties.covariance_matrix(theirs))
    assert found.value == pytest.approx([number.nominal_value for number in theirs], rel=1e-14)
    assert found.covariance == pytest.approx(expected, rel=1e-12)
    back = uncertainties.correlated_values(found.value, found.covariance)
    assert (back[0] * back[1]).std_dev == pytest.approx((theirs[0] * theirs[1]).std_dev)
