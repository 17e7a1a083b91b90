"""iminuit: exact gradients and Hessians for MIGRAD and HESSE.

Minuit finds its derivatives by differences, which takes two calls and more per parameter and step.
With `grad` and `hessian` it calls the function itself hardly more often than it steps, and the
errors come from the Hessian as it is.

With limits, or a fixed parameter, give it `grad` alone: Minuit turns a gradient into that of its
internal parameters, but of a Hessian (and `g2`) it forgets the part that comes with the gradient,
and beside a fixed parameter it takes numbers from wrong places: the fit is valid, and its errors
are those of others (iminuit 2.33; root-project/root, 22700 and 20954). So this one refuses.

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


def minuit(chi_squared, start, second="hessian"):
    """Minuit with exact derivatives.

    `second` is "hessian"; "g2" for the Hessian's diagonal alone, with which HESSE, which finds the
    errors, still takes differences; or None for the gradient alone. Take None if a parameter has
    limits or is fixed: with the others MIGRAD raises a ValueError then.
    """
    from iminuit import Minuit

    gradient, hessian = ag.compile(ag.grad(chi_squared)), ag.compile(ag.hessian(chi_squared))

    def checked(p):
        if any(fit.fixed) or np.isfinite(fit.limits).any():
            raise ValueError("with limits or a fixed parameter write minuit(…, second=None)")
        return hessian(p)

    ways = {"hessian": checked, "g2": lambda p: np.diagonal(checked(p))}
    given = {} if second is None else {second: ways[second]}
    fit = Minuit(ag.compile(chi_squared), start, grad=gradient, **given)
    return fit


def measured(rows=80):
    """Places, counts with errors of 0.1, and where to begin."""
    x = np.linspace(0.0, 10.0, rows)
    noise = np.random.default_rng(3).normal(0.0, 0.1, rows)
    return x, peak(np.array([3.0, 4.0, 0.8, 1.0, 0.1]), x) + noise, 0.1


def main():
    """Fit four times; print calls and errors; give the fits."""
    from iminuit import Minuit

    chi_squared, start = squares(*measured()), np.array([1.0, 5.0, 1.5, 0.0, 0.0])
    fits = {
        "differences": Minuit(ag.compile(chi_squared), start),
        "grad": minuit(chi_squared, start, second=None),
        "grad and g2": minuit(chi_squared, start, second="g2"),
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
