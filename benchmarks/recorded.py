"""What programs are compared on: derivatives, recorded once and run at many numbers.

Each is one text for ours and for the peers: `library` is what differentiates (ours, or one with
the same names), `functions` has `sin`, `exp` and so on for its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.programs import Program, option, product_with_sine, rosenbrock


class Recorded(NamedTuple):
    """Derivatives of a function at some inputs.

    Attributes
    ----------
    name : str
    loop, arrays : callable
        ``form(library, functions, *inputs)`` on numbers and lists of them, or on arrays.
    inputs : list of float or float array
    rows : int
        Each input has a leading axis of so many rows; with 0, there is one run.
    by_hand : callable or None
        ``by_hand(functions, *inputs)`` gives the same by formulas, for all rows at once.
    threads : int
        Ours may use so many; others use what they want.
    calls : int
        So many calls make one lap, for those that are short beside looking at the clock.
    rounds : int or None
        At most so many rounds, if each takes long.
    """

    name: str
    loop: Callable[..., Any]
    arrays: Callable[..., Any]
    inputs: list[Any]
    rows: int = 0
    by_hand: Callable[..., Any] | None = None
    threads: int = 1
    calls: int = 1
    rounds: int | None = None


def derivative(name: str, form: Any, data: Any, library: Any, functions: Any, xs: Any) -> Any:
    """What the library's function of this name makes of one form of a program."""
    return getattr(library, name)(lambda xs: form(xs, data, functions))(xs)


def forms(name: str, program: Program) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Of a program's derivative: its loop, and over arrays."""
    return (
        partial(derivative, name, program.loop, program.data),
        partial(derivative, name, program.arrays, [*map(np.array, program.data)]),
    )


def at_one_point(program: Program, by_hand: Callable[..., Any], calls: int = 1) -> Recorded:
    """A program's gradient, where it is differentiated."""
    point = np.array(program.point) if isinstance(program.point, list) else program.point
    both = forms("grad", program)
    name = f"gradient of {program.name}, one point"
    return Recorded(name, *both, [point], by_hand=by_hand, calls=calls)


def slope_at_a_float() -> Recorded:
    """The smallest derivative: what a call costs."""
    return at_one_point(product_with_sine(), sine_by_hand, calls=1000)


def in_lists(task: Recorded) -> Recorded:
    """The same with lists of numbers in place of arrays."""
    inputs = [thing.tolist() for thing in task.inputs]
    return task._replace(name=f"{task.name}, in lists", inputs=inputs)


def rosenbrock_at_a_point(n: int) -> Recorded:
    """One long program, run once."""
    return at_one_point(rosenbrock(n), rosenbrock_by_hand, calls=10)


def over_rows(program: Program, rows: int) -> Recorded:
    """A program's value and gradient around its point."""
    factors = np.random.default_rng(1337).uniform(0.8, 1.2, (rows, len(program.point)))
    points = np.array(program.point) * factors
    name = f"value and gradient of {program.name}, {rows:,} rows"
    return Recorded(name, *forms("value_and_grad", program), [points], rows)


def options(rows: int) -> Recorded:
    """European calls by Black and Scholes: price and five Greeks, on two threads."""
    rng = np.random.default_rng(1337)
    ends = [(80.0, 120.0), (0.1, 0.4), (0.0, 0.05), (0.0, 0.03), (0.25, 2.0), (80.0, 120.0)]
    columns = [rng.uniform(*pair, rows) for pair in ends]
    return Recorded(
        f"price and five Greeks by Black and Scholes, {rows:,} rows",
        greeks, greeks, columns, rows, greeks_by_hand, threads=2, rounds=10,
    )  # fmt: skip


def greeks(library: Any, functions: Any, *numbers: Any) -> tuple[Any, ...]:
    """Price, delta, gamma, vega, theta and rho, as derivatives of the price.

    The numbers are spot, volatility, rate, dividend yield, years and strike.
    """

    def price(*numbers: Any) -> Any:
        return option(*numbers, 1.0, functions)

    worth, slopes = library.value_and_grad(price, argnums=(0, 1, 2, 4))(*numbers)
    delta, vega, rho, by_years = slopes
    gamma = library.grad(library.grad(price))(*numbers)
    return worth, delta, gamma, vega, -by_years, rho


# --- by hand --------------------------------------------------------------------------------------


def sine_by_hand(functions: Any, x: float) -> float:
    """The derivative of x·x·sin x."""
    return 2.0 * x * functions.sin(x) + x * x * functions.cos(x)


def rosenbrock_by_hand(_: Any, xs: Any) -> Any:
    """As `scipy.optimize.rosen_der` does."""
    spread = xs[1:] - xs[:-1] ** 2
    found = np.zeros_like(xs)
    found[1:] = 200.0 * spread
    found[:-1] -= 400.0 * spread * xs[:-1] + 2.0 * (1.0 - xs[:-1])
    return found


def greeks_by_hand(
    functions: SimpleNamespace,
    spot: Any,
    volatility: Any,
    rate: Any,
    dividend: Any,
    years: Any,
    strike: Any,
) -> tuple[Any, ...]:
    """The closed forms of `greeks`, what they have in common computed once."""
    root = functions.sqrt(years)
    spread = volatility * root
    growth = functions.exp(-dividend * years)
    forward, cash = spot * growth, strike * functions.exp(-rate * years)
    high = functions.log(forward / cash) / spread + 0.5 * spread
    likely = 0.5 * functions.erfc(-math.sqrt(0.5) * high)
    paid = cash * (0.5 * functions.erfc(-math.sqrt(0.5) * (high - spread)))
    density = growth * functions.exp(-0.5 * high * high) / math.sqrt(2.0 * math.pi)
    vega = spot * density * root
    price = forward * likely - paid
    theta = dividend * forward * likely - rate * paid - 0.5 * vega * volatility / years
    return price, growth * likely, density / (spot * spread), vega, theta, years * paid
