"""Hamiltonian sampling: points of a distribution, found by rolling over its surface.

A chain gets a random push and rolls for some steps (the leapfrog method) over minus the logarithm
of the density, of which it needs the gradient; where it ends is taken or refused so that energy
errors do no harm (Neal, MCMC using Hamiltonian dynamics, 2011). One program does all steps of a
move, over all chains at once.

    python -m examples.hamiltonian_sampling
"""

from pathlib import Path

import numpy as np

import autograd_lite as ag


def gaussian(x):
    """Minus the logarithm of a normal density: standard deviations 1 and 2, correlation 0.6."""
    a, b = x[0], (x[1] / 2.0 - 0.6 * x[0]) / 0.8
    return 0.5 * (a * a + b * b)


def banana(x):
    """A normal density, bent: x₁ varies around x₀²/2 - 1."""
    bent = x[1] - 0.5 * x[0] * x[0] + 1.0
    return 0.5 * (x[0] * x[0] + bent * bent / 0.09)


class Samples:
    """Moves of many chains over one surface, of which all are one compiled function.

    Parameters
    ----------
    surface : callable
        Minus the logarithm of a density, up to a constant, of a vector.
    step : float
        Short enough that most moves are taken.
    steps : int
        So many in a move.
    """

    def __init__(self, surface, step=0.15, steps=12):
        def move(x, push):
            height, slope = ag.value_and_grad(surface)(x)
            before = height + 0.5 * ag.dot(push, push)
            for _ in range(steps):
                push = [p - 0.5 * step * s for p, s in zip(push, slope, strict=True)]
                x = [a + step * p for a, p in zip(x, push, strict=True)]
                height, slope = ag.value_and_grad(surface)(x)
                push = [p - 0.5 * step * s for p, s in zip(push, slope, strict=True)]
            return x, height + 0.5 * ag.dot(push, push) - before

        self.move = ag.compile(move)

    def drawn(self, start, moves, rng):
        """All points of all chains, moves × chains × numbers, and the part of moves taken."""
        x, points, taken = np.array(start, float), [], 0.0
        for _ in range(moves):
            ends, gained = self.move.map(x, rng.standard_normal(x.shape))
            is_taken = rng.random(len(x)) < np.exp(np.minimum(0.0, -gained))
            x = np.where(is_taken[:, None], np.column_stack(ends), x)
            points.append(x)
            taken += is_taken.mean() / moves
        return np.array(points), taken


def picture(found, path):
    """The points of each distribution over its contours, and the way of one chain."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.6), layout="constrained")
    for axes, (surface, (points, taken)) in zip(figure.subplots(1, 2), found.items(), strict=True):
        cloud = points.reshape(-1, 2)[:: max(1, points.size // 8000)]
        low, high = cloud.min(axis=0) - 0.3, cloud.max(axis=0) + 0.3
        across, up = np.meshgrid(
            np.linspace(low[0], high[0], 150), np.linspace(low[1], high[1], 150)
        )
        heights = surface(np.array([across, up]))
        axes.contour(across, up, heights, levels=[0.5, 2.0, 4.5], colors="0.4", linewidths=1)
        axes.plot(*cloud.T, ".", ms=2, alpha=0.4)
        axes.plot(*points[-15:, 0].T, "o-", color="C3", ms=3, lw=0.8, label="15 moves of a chain")
        axes.set_title(f"{surface.__name__}: {taken:.0%} of moves taken")
    axes.legend(loc="upper center")
    figure.savefig(path)


def main(chains=100, moves=300, folder="out"):
    """Sample both surfaces; print means and covariances, draw the points, and give them."""
    found = {}
    for surface in (gaussian, banana):
        rng = np.random.default_rng(1)
        start = rng.standard_normal((chains, 2))
        points, taken = Samples(surface).drawn(start, moves, rng)
        cloud = points[moves // 10 :].reshape(-1, 2)
        covariance = np.cov(cloud.T).round(3).tolist()
        print(f"{surface.__name__:8} mean {cloud.mean(axis=0).round(3)}, covariance {covariance}")
        found[surface] = points, taken
    Path(folder).mkdir(exist_ok=True)
    picture(found, Path(folder) / "hamiltonian_sampling.png")
    return found


if __name__ == "__main__":
    main()
