"""emcee: all walkers at once, by `map` of a compiled log-density.

With `vectorize=True` emcee hands half of its walkers over in one array, a row each. That is what
`map` takes; the data are shared by all rows. It pays where a density is a loop, as in the filter
here, which tells what a river's level does from year to year (`q`) and what its gauge adds (`r`).
A density that is one formula over a long array needs no more than NumPy.

    python -m examples.recipes.with_emcee
"""

from math import exp, log
from time import process_time

import numpy as np

import autograd_lite as ag


def log_density(p, levels, log=ag.log, exp=ag.exp):
    """Of log q and log r: a walk seen through noise, by Kalman's filter; normal priors."""
    q, r = exp(p[0]), exp(p[1])
    mean, variance, total = 0.0, 100.0, 0.0
    for level in levels:
        variance = variance + q
        spread, miss = variance + r, level - mean
        total = total - 0.5 * (log(spread) + miss * miss / spread)
        mean = mean + variance / spread * miss
        variance = variance * r / spread
    return total - 0.5 * (p[0] * p[0] + p[1] * p[1]) / 4.0


def sampler(levels, walkers=100):
    """An ensemble of walkers whose densities are one run of a program."""
    import emcee

    program = ag.compile(log_density)
    return emcee.EnsembleSampler(
        walkers, 2, lambda points: program.map(points, levels, shared=1), vectorize=True
    )


def one_by_one(levels, walkers=100):
    """The same on floats: a call for each walker."""
    import emcee

    numbers = levels.tolist()
    return emcee.EnsembleSampler(
        walkers, 2, lambda p: log_density(p.tolist(), numbers, log=log, exp=exp)
    )


def measured(years=60):
    """A level that walks by 0.5 a year, read to 1."""
    rng = np.random.default_rng(7)
    return np.cumsum(rng.normal(0.0, 0.5, years)) + rng.normal(0.0, 1.0, years)


def main(steps=500):
    """Run both from the same start; print moments and times; give the samples."""
    levels, found = measured(), {}
    start = np.random.default_rng(1).normal(0.0, 0.1, (100, 2))
    for name, make in (("vectorize=True, map", sampler), ("a call for each walker", one_by_one)):
        ensemble = make(levels)
        ensemble.random_state = np.random.RandomState(1).get_state()
        ensemble.run_mcmc(start, 1)  # which records the program
        began = process_time()
        ensemble.run_mcmc(None, steps)
        seconds = process_time() - began
        sample = ensemble.get_chain(discard=steps // 5, flat=True)
        mean, spread = sample.mean(axis=0), sample.std(axis=0)
        moments = ", ".join(f"{m:.2f} ± {s:.2f}" for m, s in zip(mean, spread, strict=True))
        print(f"{name:23} log q and log r {moments} in {seconds:.2f} s")
        found[name] = sample
    return found


if __name__ == "__main__":
    main()
