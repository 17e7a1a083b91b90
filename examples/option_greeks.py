"""Options and their Greeks: what a price depends on, by derivatives.

One program gives the price of every option in a book (Black and Scholes, 1973), its gradient and
its Hessian. So the sensitivities to spot, volatility, rate and time, and those of second order,
need no formulas of their own; here they are compared with these.

    python -m examples.option_greeks
"""

import math
from pathlib import Path

import numpy as np

import autograd_lite as ag


def option(spot, volatility, rate, dividend, years, strike, sign, functions=ag):
    """The worth of a call (sign 1) or put (sign -1), or of arrays of them."""
    spread = volatility * functions.sqrt(years)
    forward = spot * functions.exp(-dividend * years)
    cash = strike * functions.exp(-rate * years)
    high = functions.log(forward / cash) / spread + 0.5 * spread
    low = high - spread
    return sign * (forward * normal(sign * high, functions) - cash * normal(sign * low, functions))


def normal(x, functions=ag):
    """The normal distribution function."""
    return 0.5 * functions.erfc(-math.sqrt(0.5) * x)


def all_orders(market, strike, sign):
    """Price, gradient and Hessian by the numbers of the market: spot, volatility, rate …."""

    def price(market):
        return option(*market, strike, sign)

    return *ag.value_and_grad(price)(market), ag.hessian(price)(market)


def greeks(market, strike, sign):
    """Prices and Greeks of a book: arrays by name."""
    price, first, second = ag.compile(all_orders).map(market, strike, sign)
    spot, volatility, rate, _, years = range(5)
    return {
        "price": price, "delta": first[:, spot], "vega": first[:, volatility],
        "rho": first[:, rate], "theta": -first[:, years],
        "gamma": second[:, spot, spot], "vanna": second[:, spot, volatility],
        "volga": second[:, volatility, volatility], "charm": -second[:, spot, years],
    }  # fmt: skip


def formulas(market, strike, sign):
    """The same by the formulas that books on finance list."""
    spot, volatility, rate, dividend, years = market.T
    spread = volatility * np.sqrt(years)
    held, paid = np.exp(-dividend * years), strike * np.exp(-rate * years)
    d1 = np.log(spot * held / paid) / spread + spread / 2
    d2 = d1 - spread
    n1, n2 = ag.erfc(-sign * d1 / 2**0.5) / 2, ag.erfc(-sign * d2 / 2**0.5) / 2
    bell = held * np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi)
    vega = spot * bell * np.sqrt(years)
    drift = 2 * (rate - dividend) * years - d2 * spread
    return {
        "price": sign * (spot * held * n1 - paid * n2), "delta": sign * held * n1, "vega": vega,
        "rho": sign * paid * years * n2,
        "theta": sign * (dividend * spot * held * n1 - rate * paid * n2)
        - spot * bell * volatility / (2 * np.sqrt(years)),
        "gamma": bell / (spot * spread), "vanna": -bell * d2 / volatility,
        "volga": vega * d1 * d2 / volatility,
        "charm": sign * dividend * held * n1 - bell * drift / (2 * years * spread),
    }  # fmt: skip


def book(size, seed=1):
    """Calls and puts in turn: the market of each, its strike and its sign."""
    rng = np.random.default_rng(seed)
    low, high = [80.0, 0.1, 0.0, 0.0, 0.1], [120.0, 0.4, 0.05, 0.03, 2.0]
    return rng.uniform(low, high, (size, 5)), rng.uniform(80, 120, size), (-1.0) ** np.arange(size)


def picture(path):
    """Six numbers of a call by its spot, from a month to two years before its end."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.5), layout="constrained")
    spots = np.linspace(60.0, 140.0, 161)
    shown = ("price", "delta", "gamma", "vega", "theta", "vanna")
    places = [*zip(figure.subplots(2, 3).flat, shown, strict=True)]
    for shade, years in zip((0.3, 0.5, 0.7, 0.9), (1 / 12, 0.25, 0.5, 2.0), strict=True):
        market = np.column_stack([spots, *np.full((4, 161), [[0.2], [0.03], [0.0], [years]])])
        found = greeks(market, np.full(161, 100.0), np.ones(161))
        for axes, name in places:
            axes.plot(spots, found[name], color=(0.8 - 0.8 * shade, 0.3, shade),
                      label=f"{years * 12:.0f} mo.")  # fmt: skip
    for axes, name in places:
        axes.axvline(100.0, color="0.8", zorder=0)
        axes.set(title=name, xlabel="spot" if name in shown[3:] else "")
    figure.axes[0].legend()
    figure.savefig(path)


def main(size=10_000, folder="out"):
    """The Greeks of a book; print how far they are from the formulas, and draw those of a call."""
    options = book(size)
    found, exact = greeks(*options), formulas(*options)
    errors = {name: np.abs(found[name] - exact[name]).max() for name in found}
    print(*(f"{name:6} of {size:,} options: at most {e:.0e} off" for name, e in errors.items()),
          sep="\n")  # fmt: skip
    Path(folder).mkdir(exist_ok=True)
    picture(Path(folder) / "option_greeks.png")
    return errors


if __name__ == "__main__":
    main()
