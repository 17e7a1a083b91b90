"""Uncertainty over columns: each row has values and standard deviations of its own.

`ag.uncertainty` takes one set of numbers, and finds the covariance of all that comes out. For a
table of measurements, whose rows know nothing of each other, the same law is one program that is
mapped over the rows: the norm of slope × standard deviation. (Errors within a row are taken for
independent; with a covariance C that is the same in all rows, it is the root of g·C·g.)

    python -m examples.recipes.uncertain_columns
"""

from time import process_time

import numpy as np

import autograd_lite as ag


def spread(f):
    """A compiled function of values and standard deviations: what f gives, and its own."""

    def value_and_deviation(values, sigmas):
        value, slopes = ag.value_and_grad(lambda v: f(*v))(values)
        return value, ag.norm([slope * sigma for slope, sigma in zip(slopes, sigmas, strict=True)])

    return ag.compile(value_and_deviation)


def by_row(f, columns, sigmas):
    """Two columns, values and standard deviations; a ValueError if one given is none."""
    columns, sigmas = np.column_stack(columns), np.column_stack(sigmas)
    wrong = np.argwhere(~((sigmas >= 0.0) & np.isfinite(sigmas)))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"a standard deviation is finite and not negative: row {row} of column {column} has "
            f"{sigmas[row, column]}"
        )
    return spread(f).map(columns, sigmas)


def law(voltage, current, angle):
    """Something to compute: the logarithm of a resistance, times a sine."""
    return ag.log(voltage / current) * ag.sin(angle)


def plain(columns, sigmas):
    """The same by hand in NumPy, with derivatives from a table of derivatives."""
    (u, i, a), (su, si, sa) = columns, sigmas
    log, sine = np.log(u / i), np.sin(a)
    parts = sine / u * su, sine / i * si, log * np.cos(a) * sa
    return log * sine, np.sqrt(parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2)


def measured(rows):
    """Columns of voltages, currents and angles, and their standard deviations."""
    rng = np.random.default_rng(0)
    columns = [rng.uniform(low, low * 1.5, rows) for low in (4.0, 0.1, 0.5)]
    return columns, [0.01 * column * rng.uniform(0.5, 1.0, rows) for column in columns]


def main(rows=100_000, turns=15):
    """Compare with NumPy's plain formula, in turns; give columns and the ratio of medians."""
    columns, sigmas = measured(rows)
    seconds = {by_row: [], plain: []}
    by_row(law, *measured(9))
    for _ in range(turns):
        began = process_time()
        found = by_row(law, columns, sigmas)
        seconds[by_row].append(process_time() - began)
        began = process_time()
        expected = plain(columns, sigmas)
        seconds[plain].append(process_time() - began)
    ours, theirs = (1e3 * float(np.median(times)) for times in seconds.values())
    off = float(max(np.abs(a / b - 1.0).max() for a, b in zip(found, expected, strict=True)))
    print(f"{rows} rows: {ours:.1f} ms, recording included; by hand in NumPy {theirs:.1f} ms")
    print(f"first row {found[0][0]:.4f} ± {found[1][0]:.4f}; largest difference {off:.0e}")
    return found, expected, ours / theirs


if __name__ == "__main__":
    main()
