"""Certified curve fits: NIST's reference problems, by least squares with exact derivatives.

The data are NIST's Statistical Reference Datasets for nonlinear regression, a work of the United
States' government in the public domain (https://www.itl.nist.gov/div898/strd/). Each file has two
places to begin, and the parameters and standard errors to eleven digits.

    python -m examples.curve_fits
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

import autograd_lite as ag


def bell(x, height, centre, width):
    """A normal curve's shape."""
    return height * ag.exp(-(((x - centre) / width) ** 2))


#: y as a function of the parameters and x.
MODELS = {
    "Misra1a": lambda b, x: b[0] * (1.0 - ag.exp(-b[1] * x)),
    "BoxBOD": lambda b, x: b[0] * (1.0 - ag.exp(-b[1] * x)),
    "Chwirut2": lambda b, x: ag.exp(-b[0] * x) / (b[1] + b[2] * x),
    "DanWood": lambda b, x: b[0] * x ** b[1],
    "Rat42": lambda b, x: b[0] / (1.0 + ag.exp(b[1] - b[2] * x)),
    "MGH09": lambda b, x: b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3]),
    "Eckerle4": lambda b, x: b[0] / b[1] * ag.exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Lanczos3": lambda b, x: sum(b[i] * ag.exp(-b[i + 1] * x) for i in (0, 2, 4)),
    "Gauss1": lambda b, x: b[0] * ag.exp(-b[1] * x) + bell(x, *b[2:5]) + bell(x, *b[5:]),
    "Thurber": lambda b, x: (
        (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1.0 + x * (b[4] + x * (b[5] + x * b[6])))
    ),
}


def read(name):
    """The data x and y, two starts, certified parameters and errors: its head says where."""
    text = (Path(__file__).with_name("data") / f"{name}.dat").read_text()
    lines = text.splitlines()

    def numbers(what):
        first, last = map(int, re.search(rf"{what}\s+\(lines\s+(\d+) to\s+(\d+)\)", text).groups())
        rows = [line.rpartition("=")[2].split() for line in lines[first - 1 : last]]
        return np.array([row for row in rows if row], float)

    table, data = numbers("Starting Values"), numbers("Data")
    return data[:, 1], data[:, 0], table.T[:2], *table.T[2:]


class Fit(NamedTuple):
    """Parameters, their standard errors, and how often the model was asked."""

    parameters: np.ndarray
    errors: np.ndarray
    calls: int


def fitted(model, x, y, start):
    """The parameters with the least sum of squares, found by Levenberg and Marquardt's method."""
    from scipy.optimize import leastsq

    rows = ag.compile(ag.value_and_grad(model))
    # The first step is as long as the start at most: from far away, longer ones end nowhere.
    found, _, said, *_ = leastsq(
        lambda b: rows.map(b, x, shared=0)[0] - y, start,
        Dfun=lambda b: rows.map(b, x, shared=0)[1], full_output=True,
        factor=1.0, xtol=1e-15, ftol=1e-15, maxfev=1000,
    )  # fmt: skip
    values, jacobian = rows.map(found, x, shared=0)
    variance = ((y - values) ** 2).sum() / (len(y) - len(found))
    # By singular values: the squares in JᵀJ would cost half of the digits.
    _, sizes, turned = np.linalg.svd(jacobian, full_matrices=False)
    errors = np.sqrt(variance * ((turned.T / sizes) ** 2).sum(axis=1))
    return Fit(found, errors, said["nfev"])


def digits(found, certified):
    """To how many digits the worst of some numbers is right."""
    return -np.log10(np.abs(found / certified - 1.0).max() + 1e-16)


def picture(fits, path):
    """The data and the curve of each problem."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 5), layout="constrained")
    for axes, (name, fit) in zip(figure.subplots(2, 5).flat, fits.items(), strict=False):
        seen, y, *_ = read(name)
        x = np.linspace(seen.min(), seen.max(), 300)
        axes.plot(seen, y, ".", color="0.6", ms=4)
        axes.plot(x, ag.compile(MODELS[name]).map(fit.parameters, x, shared=0), color="C3")
        axes.set_title(f"{name}: {len(fit.parameters)} parameters", fontsize=10)
        axes.tick_params(labelsize=8)
    figure.savefig(path)


def main(names=tuple(MODELS), folder="out"):
    """Fit some problems from both starts; print how many digits are right, and draw the curves."""
    fits = {}
    for name in names:
        x, y, starts, parameters, errors = read(name)
        for i, start in enumerate(starts):
            fits[name] = fit = fitted(MODELS[name], x, y, start)
            right = digits(fit.parameters, parameters), digits(fit.errors, errors)
            print(f"{name:9} from start {i + 1}: parameters to {right[0]:4.1f} digits, standard "
                  f"errors to {right[1]:4.1f}, {fit.calls} calls")  # fmt: skip
    Path(folder).mkdir(exist_ok=True)
    picture(fits, Path(folder) / "curve_fits.png")
    return fits


if __name__ == "__main__":
    main()
