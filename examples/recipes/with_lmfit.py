"""lmfit: an exact `Dfun`, with bounds, fixed parameters and constraints.

lmfit's solver moves in internal parameters (a sine for two bounds, a root for one) and multiplies
the columns of `Dfun` by the derivative of that transformation itself. So `Dfun` has one column for
each parameter that varies, in lmfit's order, of derivatives by the number that the user sees.
What follows others by `expr=` has no column: its part goes to those that it follows, as
`parse` reads the same expression.

    python -m examples.recipes.with_lmfit
"""

import numpy as np

import autograd_lite as ag
from autograd_lite.expressions import names, parse


class Residuals:
    """Residuals of a model and their Jacobian, as lmfit's `Minimizer` wants them.

    Parameters
    ----------
    model : callable
        Of a dict of numbers and of an array of places.
    """

    def __init__(self, model):
        def at(free, fixed, expressions, x, y):
            p, expressions = {**fixed, **free}, dict(expressions)

            def number(name):
                if name not in p:
                    text = expressions[name]
                    used = {*names(text)} & {*p, *expressions}
                    p[name] = parse(text, {other: number(other) for other in used})
                return p[name]

            return model({**p, **{name: number(name) for name in expressions}}, x) - y

        self._residuals = ag.compile(at, static="expressions")
        self._jacobian = ag.compile(ag.jacobian(at), static="expressions")

    @staticmethod
    def _parts(params, x, y):
        expressions = tuple((name, par.expr) for name, par in params.items() if par.expr)
        rest = {name: par.value for name, par in params.items() if not (par.vary or par.expr)}
        free = {name: par.value for name, par in params.items() if par.vary and not par.expr}
        return free, rest, expressions, x, y

    def __call__(self, params, x, y):
        """The residuals."""
        return self._residuals(*self._parts(params, x, y))

    def jacobian(self, params, x, y):
        """The Jacobian, residuals × parameters that vary: lmfit's `Dfun`."""
        return self._jacobian(*self._parts(params, x, y))


def two_decays(p, x):
    """Two exponentials and a level."""
    fast = p["share"] * ag.exp(-p["fast"] * x)
    return p["size"] * (fast + p["rest"] * ag.exp(-p["slow"] * x)) + p["level"]


def parameters():
    """With two bounds, one bound, none, a fixed one, and one that follows another."""
    from lmfit import Parameters

    p = Parameters()
    p.add("size", 3.0)
    p.add("share", 0.4, min=0.0, max=1.0)
    p.add("fast", 1.0, min=0.3)
    p.add("slow", 0.1, max=0.3)
    p.add("level", 0.5, vary=False)
    p.add("rest", expr="1 - share")
    return p


def fitted(x, y):
    """lmfit's results: by differences, and with the Jacobian."""
    from lmfit import Minimizer

    residuals = Residuals(two_decays)
    fit = Minimizer(residuals, parameters(), fcn_args=(x, y))
    return fit.leastsq(), fit.leastsq(Dfun=residuals.jacobian, col_deriv=0)


def measured(rows=60):
    """Places and noisy numbers."""
    x = np.linspace(0.0, 12.0, rows)
    true = {"size": 5.0, "share": 0.7, "fast": 1.4, "slow": 0.2, "level": 0.5, "rest": 0.3}
    return x, two_decays(true, x) + np.random.default_rng(5).normal(0.0, 0.02, rows)


def main():
    """Print both fits and how often each called the model; give the fits."""
    fits = fitted(*measured())
    for name, fit in zip(("differences", "Dfun"), fits, strict=True):
        print(f"{name}: {fit.nfev} calls of the model")
        for par in fit.params.values():
            print(f"    {par.name:6}{par.value:.4f} ± {par.stderr or 0.0:.4f}")
    return fits


if __name__ == "__main__":
    main()
