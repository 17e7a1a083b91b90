"""Logistic regression with standard errors: which measurements of a tumour tell that it is benign?

Newton's method on the likelihood of all rows; the inverse of the last Hessian is the covariance of
the coefficients. One program gives value, gradient and Hessian, summed over the rows.

    python -m examples.logistic_regression
"""

from math import erfc, sqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np

import autograd_lite as ag

FEATURES = ("mean texture", "mean smoothness", "mean concave points", "mean symmetry")


def surprise(w, x, y):
    """Minus the logarithm of the chance of y, 1 or 0, of which w·x is the logit."""
    return ag.softplus(ag.dot(w, x)) - y * ag.dot(w, x)


def value_slope_and_curvature(w, x, y):
    """All that Newton's method asks for."""
    value, slope = ag.value_and_grad(surprise)(w, x, y)
    return value, slope, ag.hessian(surprise)(w, x, y)


class Fit(NamedTuple):
    """Coefficients, the first of them constant, with their standard errors."""

    coefficients: np.ndarray
    errors: np.ndarray
    loss: float
    steps: int

    @property
    def doubts(self):
        """For each coefficient the chance of one as large if the true one is 0 (Wald's test)."""
        return np.array([erfc(abs(z) / sqrt(2.0)) for z in self.coefficients / self.errors])


def fitted(inputs, labels, most=30):
    """The most likely coefficients; a ValueError if there are none, as when a line divides all."""
    x = np.column_stack([np.ones(len(inputs)), inputs])
    rows, w = ag.compile(value_slope_and_curvature), np.zeros(x.shape[1])
    for step in range(1, most + 1):
        loss, slope, curvature = rows.map(w, x, labels, shared=0, reduce="sum")
        move = np.linalg.solve(curvature, slope)
        w = w - move
        if slope @ move < 1e-16 * loss:
            return Fit(w, np.sqrt(np.diag(np.linalg.inv(curvature))), loss, step)
    raise ValueError(f"no coefficients are the most likely: after {most} steps they are {w}")


def measurements():
    """Four measurements of 569 tumours, each with mean 0 and variance 1, and which are benign."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    x = data.data[:, [list(data.feature_names).index(name) for name in FEATURES]]
    return (x - x.mean(axis=0)) / x.std(axis=0), data.target.astype(float)


def picture(fit, inputs, labels, path):
    """Coefficients with their 95% intervals, and how well the chances part the classes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    places = range(len(FEATURES))
    left.axvline(0.0, color="0.8")
    left.errorbar(fit.coefficients[1:], places, xerr=1.96 * fit.errors[1:], fmt="o", capsize=4)
    left.set_yticks(places, FEATURES)
    left.set(xlabel="logit for each standard deviation", title="Coefficients, 95% intervals")
    left.set_ylim(len(FEATURES) - 0.5, -0.5)
    chances = 1.0 / (1.0 + np.exp(-(fit.coefficients[0] + inputs @ fit.coefficients[1:])))
    for label, name, colour in ((0, "malignant", "C3"), (1, "benign", "C0")):
        right.hist(chances[labels == label], np.linspace(0, 1, 21), alpha=0.6, color=colour,
                   label=name)  # fmt: skip
    right.set(xlabel="chance that it is benign", ylabel="tumours", yscale="log")
    right.set_title(f"{np.mean((chances > 0.5) == labels):.1%} are on the right side")
    right.legend()
    figure.savefig(path)


def main(rows=None, folder="out"):
    """Fit, print a table of coefficients, and draw it."""
    inputs, labels = (part[:rows] for part in measurements())
    fit = fitted(inputs, labels)
    print(f"{'':20} coefficient  std. error       z       p")
    table = zip(("constant", *FEATURES), fit.coefficients, fit.errors, fit.doubts, strict=True)
    for name, w, error, doubt in table:
        print(f"{name:20} {w:11.4f} {error:11.4f} {w / error:7.2f} {doubt:7.1g}")
    Path(folder).mkdir(exist_ok=True)
    picture(fit, inputs, labels, Path(folder) / "logistic_regression.png")
    return fit


if __name__ == "__main__":
    main()
