"""nutpie: the No-U-Turn sampler on a compiled log-density, without PyMC or Stan.

`from_pyfunc` wants a function that gives the density's logarithm and its gradient for one vector:
`value_and_grad`, compiled. Here: Rubin's eight schools, how much coaching helps in each, with
effects written as mean + spread × standard normal numbers.

    python -m examples.recipes.with_nutpie
"""

import numpy as np

import autograd_lite as ag

EFFECTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def log_density(p):
    """Of mean, logarithm of the spread, and a standard normal number for each school.

    The spread is flat up to 50 or so: a half-normal prior of width 25, times the spread for its
    logarithm. The mean has a normal prior of width 20.
    """
    mean, log_spread, schools = p[0], p[1], p[2:]
    spread = ag.exp(log_spread)
    misses = (EFFECTS - mean - spread * schools) / ERRORS
    priors = (mean / 20.0) ** 2 + (spread / 25.0) ** 2 + ag.dot(schools, schools)
    return log_spread - 0.5 * (priors + ag.dot(misses, misses))


def model():
    """What `nutpie.sample` takes, with mean and spread as what is kept."""
    import nutpie

    both = ag.compile(ag.value_and_grad(log_density))

    def log_density_and_gradient():
        return lambda p: both(p)

    def kept(seed1, seed2, chain):
        return lambda p: {"mean": np.array(p[0]), "spread": np.array(np.exp(p[1]))}

    return nutpie.compiled_pyfunc.from_pyfunc(
        2 + len(EFFECTS), log_density_and_gradient, kept, ["float64"] * 2, [(), ()],
        ["mean", "spread"],
    )  # fmt: skip


def main(draws=1000, chains=2):
    """Sample; print the moments; give the draws by name."""
    import nutpie

    trace = nutpie.sample(
        model(), draws=draws, tune=500, chains=chains, seed=1, cores=1, progress_bar=False
    )
    found = {name: trace.posterior[name].values.ravel() for name in ("mean", "spread")}
    for name, drawn in found.items():
        print(f"{name:7} {drawn.mean():.1f} ± {drawn.std():.1f}")
    return found


if __name__ == "__main__":
    main()
