"""iminuit: exact gradients and Hessians for MIGRAD and HESSE.

Minuit finds its derivatives by differences, which takes two calls and more per parameter and step.
With `grad` and `hessian` it calls the function itself hardly more often than it steps, and the
errors come from the Hessian as it is. Limits are no matter: Minuit turns derivatives into those of
its internal parameters itself.

    python -m examples.recipes.with_iminuit
"""

import numpy as np

import autograd_lite as ag


def peak(p, x):
    """A normal peak over a straight line."""
    height, place, width, level, slope = p
    return height * ag.exp(-0.5 * ((x - place) / width) ** 2) + level + slope * x


def squares(x, y, error):
    """The sum of squared residuals in units of their errors, a function of the parameters."""

    def chi_squared(p):
        return ag.sum(((y - peak(p, x)) / error) ** 2)

    return chi_squared


def minuit(chi_squared, start, whole=True):
    """Minuit with gradient and Hessian, or with no more than the Hessian's diagonal.

    Never give it both: `hessian` overrides `g2`, which Minuit warns of. With the diagonal alone
    MIGRAD has what it needs, but HESSE, which finds the errors, still takes differences.
    """
    from iminuit import Minuit

    gradient, hessian = ag.compile(ag.grad(chi_squared)), ag.compile(ag.hessian(chi_squared))
    second = {"hessian": hessian} if whole else {"g2": lambda p: np.diagonal(hessian(p))}
    return Minuit(ag.compile(chi_squared), start, grad=gradient, **second)


def measured(rows=80):
    """Places, counts with errors of 0.1, and where to begin."""
    x = np.linspace(0.0, 10.0, rows)
    noise = np.random.default_rng(3).normal(0.0, 0.1, rows)
    return x, peak(np.array([3.0, 4.0, 0.8, 1.0, 0.1]), x) + noise, 0.1


def main():
    """Fit three times; print calls and errors; give the fits."""
    from iminuit import Minuit

    chi_squared, start = squares(*measured()), np.array([1.0, 5.0, 1.5, 0.0, 0.0])
    fits = {
        "differences": Minuit(ag.compile(chi_squared), start),
        "grad and g2": minuit(chi_squared, start, whole=False),
        "grad and hessian": minuit(chi_squared, start),
    }
    for name, fit in fits.items():
        fit.migrad().hesse()
        calls = f"{fit.nfcn} of the function, {fit.ngrad} of grad, {fit.ng2} of g2"
        print(f"{name + ':':17} calls: {calls}, {fit.nhessian} of hessian")
    shown = zip(fit.values, fit.errors, strict=True)
    print(", ".join(f"{value:.3f} ± {error:.3f}" for value, error in shown))
    return fits


if __name__ == "__main__":
    main()
