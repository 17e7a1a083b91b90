"""A network that solves a differential equation: it is trained on the equation alone, without data.

A damped oscillator, u'' + 2 d u' + w² u = 0 with u(0) = 1 and u'(0) = 0. The network's derivatives
by time are inside the loss, and that is differentiated by the parameters: all in one program, which
runs over all times at once. The parameters are one array: a network as an argument would be read
and copied parameter by parameter at each call, which takes several times as long as the numbers.

    python -m examples.ode_network
"""

import time
from pathlib import Path

import numpy as np

import autograd_lite as ag

DAMPING, FREQUENCY = 0.25, 2.0
WIDTH = 16


def network(p, t):
    """A network 1-WIDTH-WIDTH-1 whose parameters are one vector."""
    rows = [p[k * WIDTH : (k + 1) * WIDTH] for k in range(WIDTH + 4)]
    first = [ag.tanh(w * t + b) for w, b in zip(rows[0], rows[1], strict=True)]
    second = [ag.tanh(ag.dot(w, first, b)) for w, b in zip(rows[4:], rows[2], strict=True)]
    return ag.dot(rows[3], second)


def wave(p, t):
    """The solution; it begins at 1 and at rest, whatever the network says."""
    return 1.0 + t * t * network(p, t)


def residual(p, t):
    """What is left of the equation at a time, squared."""

    def moving(s):
        return ag.jvp(lambda s: wave(p, s), (s,), (1.0,))

    (u, speed), (_, acceleration) = ag.jvp(moving, (t,), (1.0,))
    return (acceleration + 2.0 * DAMPING * speed + FREQUENCY**2 * u) ** 2


def exact(t):
    """The solution by pencil and paper."""
    w = np.sqrt(FREQUENCY**2 - DAMPING**2)
    return np.exp(-DAMPING * t) * (np.cos(w * t) + DAMPING / w * np.sin(w * t))


def trained(times, steps, seed=1):
    """Parameters with the least mean residual over some times, and the loss of each step."""
    from scipy.optimize import minimize

    loss = ag.compile(ag.value_and_grad(residual))
    start = np.random.default_rng(seed).normal(0.0, 1.0, (WIDTH + 4, WIDTH))
    start[4:] /= WIDTH**0.5
    start[3] /= WIDTH
    history = []
    found = minimize(
        lambda p: loss.map(p, times, shared=0, reduce="mean"), start.ravel(), jac=True,
        method="L-BFGS-B", callback=lambda intermediate_result: history.append(
            intermediate_result.fun),
        options={"maxiter": steps, "maxcor": 30, "ftol": 0.0, "gtol": 0.0},
    )  # fmt: skip
    return found.x, history


def picture(p, end, history, path):
    """The solution beside the exact one, and how the loss fell."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[2, 1])
    t = np.linspace(0.0, 1.25 * end, 400)
    left.plot(t, exact(t), color="0.75", lw=5, label="exact")
    left.plot(t, ag.compile(wave).map(p, t, shared=0), color="C3", label="network")
    left.axvspan(end, t[-1], color="0.95", zorder=0)
    left.text(end, 0.9, " not trained on", color="0.4")
    left.set(xlabel="time", ylabel="u", ylim=(-1.1, 1.1), title="u'' + u'/2 + 4u = 0, by a network")
    left.legend(loc="lower right")
    right.semilogy(history)
    right.set(xlabel="step", title="mean square of what is left of it")
    figure.savefig(path)


def main(steps=1500, end=8.0, points=200, folder="out"):
    """Train, print the largest error up to the end, draw; give the error and the losses."""
    times, begin = np.linspace(0.0, end, points), time.perf_counter()
    p, history = trained(times, steps)
    error = np.abs(ag.compile(wave).map(p, times, shared=0) - exact(times)).max()
    print(f"largest error {error:.1e} after {len(history)} steps in "
          f"{time.perf_counter() - begin:.1f} s")  # fmt: skip
    Path(folder).mkdir(exist_ok=True)
    picture(p, end, history, Path(folder) / "ode_network.png")
    return error, history


if __name__ == "__main__":
    main()
