"""An arm draws a heart: its joints' angles, found for every point by `ag.root`.

Four links, so many postures reach a point; the arm takes the one with the least bending. At it the
gradient of bending plus multipliers times what is missed is 0 (Lagrange): six equations for four
angles and two multipliers. `root` differentiates through them, so how fast each joint turns
follows from how the hand moves.

    python -m examples.arm
"""

from pathlib import Path

import numpy as np

import autograd_lite as ag

LENGTHS = (1.0, 0.9, 0.7, 0.4)
REST = (0.8, 0.4, 0.4, 0.4)  # each angle counts from the link before


def joints(angles):
    """Where the links end, the hand last."""
    x, y, direction, found = 0.0, 0.0, 0.0, [(0.0, 0.0)]
    for length, angle in zip(LENGTHS, angles, strict=True):
        direction = direction + angle
        x, y = x + length * ag.cos(direction), y + length * ag.sin(direction)
        found.append((x, y))
    return found


def bending(unknowns, target):
    """Half the squares of all bends; plus the multipliers times the way from target to hand."""
    *angles, first, second = unknowns
    x, y = joints(angles)[-1]
    bent = ag.sum([(angle - rest) ** 2 for angle, rest in zip(angles, REST, strict=True)])
    return 0.5 * bent + first * (x - target[0]) + second * (y - target[1])


def reached(target, start):
    """The angles, and the multipliers, at which the hand is at the target."""
    return ag.root(ag.grad(bending), start, target)


def turned(target, speed, start):
    """The same, and how fast they change while the target moves."""
    return ag.jvp(lambda target: reached(target, start), (target,), (speed,))


def heart(t):
    """A point of the curve, and its speed."""

    def curve(t):
        x = ag.sin(t) ** 3
        y = (13 * ag.cos(t) - 5 * ag.cos(2 * t) - 2 * ag.cos(3 * t) - ag.cos(4 * t)) / 16
        return [0.3 + 0.75 * x, 1.75 + 0.75 * y]

    return ag.jvp(curve, (t,), (1.0,))


def followed(points):
    """Times along the curve, and for each of them the unknowns and their speeds."""
    reach = ag.compile(turned)
    times, unknowns, found = np.linspace(0.0, 2.0 * np.pi, points), [*REST, 0.0, 0.0], []
    for t in times:
        unknowns, speeds = reach(*heart(float(t)), unknowns)  # begins where it was
        found.append((unknowns, speeds))
    return times, np.array(found)


def picture(times, found, path):
    """Postures of the arm along the curve; angles and their speeds over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    arm, angles, speeds = (figure.add_subplot(place) for place in (121, 222, 224))
    hands = np.array([joints(unknowns[:-2])[-1] for unknowns, _ in found])
    arm.plot(*hands.T, color="C3", lw=2)
    for i in range(0, len(times) - 1, max(1, len(times) // 12)):
        x, y = np.array(joints(found[i, 0, :-2])).T
        is_first = i == 0
        arm.plot(x, y, "o-", color="0.15" if is_first else "0.75", ms=5, lw=2.5 if is_first else 1,
                 zorder=3 if is_first else 1)  # fmt: skip
    arm.set(aspect="equal", title="Four links, the least bending that reaches each point")
    for axes, part, name in ((angles, 0, "angle"), (speeds, 1, "speed, by the implicit function")):
        for k in range(len(LENGTHS)):
            axes.plot(times, found[:, part, k], label=f"joint {k + 1}")
        axes.set_title(name)
    angles.legend(ncols=4, fontsize=8, loc="lower center")
    angles.set_ylim(-0.3)
    arm.locator_params(axis="x", nbins=5)
    speeds.set_xlabel("time")
    figure.savefig(path)


def main(points=121, folder="out"):
    """Follow the heart; print how far the hand and the speeds are off, and draw the arm."""
    times, found = followed(points)
    missed = max(
        np.abs(np.subtract(joints(unknowns[:-2])[-1], heart(float(t))[0])).max()
        for t, (unknowns, _) in zip(times, found, strict=True)
    )
    print(f"the hand is {missed:.0e} off at most, over {points} points")
    Path(folder).mkdir(exist_ok=True)
    picture(times, found, Path(folder) / "arm.png")
    return times, found


if __name__ == "__main__":
    main()
