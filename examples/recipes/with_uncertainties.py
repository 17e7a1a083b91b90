"""The uncertainties package: numbers that carry their errors, beside a function of plain ones.

There, each number remembers what it was computed from, wherever it goes. Here, `ag.uncertainty`
takes a function and knows what happens inside it; from call to call it knows nothing, so that what
belongs together goes into one function. Both are of first order: where a slope is 0, infinite or
not defined within the errors, as in some rows of this table, none of the numbers is to be trusted.

    python -m examples.recipes.with_uncertainties
"""

from time import process_time

import numpy as np

import autograd_lite as ag
from examples.recipes.uncertain_columns import by_row


def on_uncertain(f, *numbers):
    """`ag.uncertainty` of numbers of that package, their correlations included: value, deviation.

    The way back: ``uncertainties.correlated_values(found.value, found.covariance)``.
    """
    import uncertainties

    values = [number.nominal_value for number in numbers]
    return ag.uncertainty(f, values, np.array(uncertainties.covariance_matrix(numbers)))


def shown(compute):
    """A number with its deviation as text, or the name of the error."""
    try:
        value, deviation = compute()
    except (ValueError, ZeroDivisionError) as error:
        return type(error).__name__
    return f"{value:.4g} ± {deviation:.2g}"


def differences():
    """Rows of a table: what is computed, what comes out here, and there."""
    from uncertainties import correlated_values, ufloat, umath

    def there(f, *pairs):
        def compute():
            found = f(*[ufloat(*pair) for pair in pairs])
            return found.nominal_value, found.std_dev

        return shown(compute)

    def here(f, *pairs):
        return shown(lambda: ag.uncertainty(f, *map(list, zip(*pairs, strict=True))))

    def both(what, f, *pairs, theirs=None):
        return what, here(f, *pairs), there(theirs or f, *pairs)

    covariance = np.array([[0.04, 0.03], [0.03, 0.09]])
    pair = correlated_values([2.0, 3.0], covariance)
    x, double = (2.0, 0.1), ag.uncertainty(lambda x: 2.0 * x, [2.0], [0.1])
    noted = ufloat(*x)
    apart = 2.0 * noted
    rest = apart - 2.0 * noted
    return [
        both("u / i, 5 ± 0.03 over 0.2 ± 0.002", lambda u, i: u / i, (5.0, 0.03), (0.2, 0.002)),
        both("x - x", lambda x: x - x, x),
        (
            "y - 2x, y = 2x computed before",
            here(lambda y, x: y - 2.0 * x, tuple(double), x),
            f"{rest.nominal_value:.4g} ± {rest.std_dev:.2g}",
        ),
        (
            "a - b of two correlated numbers",
            shown(lambda: ag.uncertainty(lambda a, b: a - b, [2.0, 3.0], covariance)),
            shown(lambda: ((pair[0] - pair[1]).nominal_value, (pair[0] - pair[1]).std_dev)),
        ),
        both("x², x = 0 ± 0.1", lambda x: x * x, (0.0, 0.1)),
        both("√x, x = 0 ± 0.1", lambda x: ag.sqrt(x), (0.0, 0.1), theirs=lambda x: umath.sqrt(x)),
        both(
            "√(x² + y²), both 0 ± 0.1",
            lambda x, y: ag.sqrt(x * x + y * y),
            (0.0, 0.1),
            (0.0, 0.1),
            theirs=lambda x, y: umath.sqrt(x * x + y * y),
        ),
        both("1 / x, x = 0 ± 0.1", lambda x: 1.0 / x, (0.0, 0.1)),
        both("2x, x = 2 ± nan", lambda x: 2.0 * x, (2.0, float("nan"))),
    ]


def seconds(rows):
    """Processor time of log(u / i) over columns: here, and with unumpy."""
    from uncertainties import unumpy

    rng = np.random.default_rng(0)
    u, i = rng.uniform(4.0, 6.0, rows), rng.uniform(0.1, 0.3, rows)
    began = process_time()
    here = by_row(lambda u, i: ag.log(u / i), [u, i], [0.01 * u, 0.01 * i])
    middle = process_time()
    there = unumpy.log(unumpy.uarray(u, 0.01 * u) / unumpy.uarray(i, 0.01 * i))
    columns = unumpy.nominal_values(there), unumpy.std_devs(there)
    return middle - began, process_time() - middle, here, columns


def main(rows=10_000):
    """Print the table and the times; give both."""
    table = differences()
    for what, ours, theirs in (("", "ag.uncertainty", "uncertainties"), *table):
        print(f"{what:38} {ours:18} {theirs}")
    ours, theirs, here, there = seconds(rows)
    print(f"{f'log(u / i) over {rows} rows':38} {f'{ours:.3f} s':18} {theirs:.3f} s")
    return table, here, there


if __name__ == "__main__":
    main()
