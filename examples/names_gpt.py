"""A character GPT that makes up names: its loops on Values, and the same loops as one program.

A step is one name, Adam after each. Compiled, a name is filled up with marks that count nothing, so
one program serves all names.

    python -m examples.names_gpt
"""

import random
from pathlib import Path

import numpy as np

import autograd_lite as ag
from autograd_lite import Value
from examples.gpt import END, PLACES, SHAPES, adam, first_names, following, losses, weights


class OnValues:
    """The loops as they stand, on Values."""

    def __init__(self):
        self.weights = {k: [[Value(x) for x in row] for row in m] for k, m in weights().items()}
        self.parameters = [p for rows in self.weights.values() for row in rows for p in row]
        self.means = [(0.0, 0.0)] * len(self.parameters)

    def slopes(self, tokens):
        """The loss of a name; its gradient is added to the parameters'."""
        found = losses(self.weights, tokens)
        loss = sum(found) / len(found)
        loss.backward()
        return loss.data

    def plain(self):
        """The weights as floats."""
        return {k: [[p.data for p in row] for row in rows] for k, rows in self.weights.items()}

    def update(self, rate, step):
        """A step of Adam."""
        for i, p in enumerate(self.parameters):
            p.data, *self.means[i] = adam(p.data, p.grad, *self.means[i], rate, step)
            p.grad = 0.0


def mean_of_first(w, tokens, count):
    """The mean loss of so many places; those behind them count nothing."""
    found = losses(w, tokens)
    return sum(ag.where(ag.less(k, count), loss, 0.0) for k, loss in enumerate(found)) / count


class Compiled:
    """The same loops as one program, and Adam as one over all parameters."""

    def __init__(self):
        self.run, self.adam = ag.compile(ag.value_and_grad(mean_of_first)), ag.compile(adam)
        self.numbers = np.concatenate([np.ravel(matrix) for matrix in weights().values()])
        self.means = np.zeros((2, len(self.numbers)))

    def plain(self):
        """The weights as floats, matrices by name."""
        ends = np.cumsum([rows * columns for rows, columns in SHAPES.values()])
        parts = zip(SHAPES, np.split(self.numbers, ends[:-1]), strict=True)
        return {name: part.reshape(SHAPES[name]) for name, part in parts}

    def slopes(self, tokens):
        """The loss of a name; its gradient is kept."""
        filled = tokens + [END] * (PLACES + 1 - len(tokens))
        loss, slopes = self.run(self.plain(), filled, len(tokens) - 1.0)
        self.gradient = np.concatenate([matrix.ravel() for matrix in slopes.values()])
        return loss

    def update(self, rate, step):
        """A step of Adam."""
        given = self.numbers, self.gradient, *self.means, rate, step
        self.numbers, *self.means = self.adam.map(*given, shared=(4, 5))


def made_up(w, rng):
    """A name, letter by letter, each drawn by its chance."""
    keys, values, tokens = [], [], [END]
    while len(tokens) <= PLACES and (len(tokens) == 1 or tokens[-1] != END):
        shares = following(w, tokens[-1], len(tokens) - 1, keys, values)
        tokens += rng.choices(range(END + 1), shares)
    return "".join(chr(token + ord("a")) for token in tokens if token != END).capitalize()


def picture(history, names, path):
    """The loss of each step, their mean, and what the model made up."""
    from matplotlib.figure import Figure

    figure, n = Figure(figsize=(9, 4), layout="constrained"), max(1, len(history) // 20)
    left, right = figure.subplots(1, 2, width_ratios=[2, 1])
    left.plot(history, ".", color="0.8", label="each name")
    left.plot(range(n - 1, len(history)), np.convolve(history, np.ones(n) / n, "valid"), color="C0",
              label=f"mean of {n}")  # fmt: skip
    left.axhline(np.log(END + 1), color="C3", ls="--", lw=1, label="by chance")
    left.set(xlabel="step", ylabel="loss per letter", title="4,192 parameters learn names")
    left.legend()
    right.axis("off")
    right.set_title("and make up their own")
    right.text(0.5, 0.97, "\n".join(names), ha="center", va="top", fontsize=12)
    figure.savefig(path)


def main(steps=1000, samples=15, model=None, folder="out"):
    """Train on some names, print and draw what the model makes up; give that and the losses."""
    model, history, rate = model or Compiled(), [], 0.01
    for step, tokens in enumerate(random.Random(1).choices(first_names(1000), k=steps)):
        history.append(model.slopes(tokens))
        model.update(rate * (1.0 - step / steps), step + 1.0)
    rng = random.Random(1)
    names = [made_up(model.plain(), rng) for _ in range(samples)]
    print(f"loss {np.mean(history[-100:]):.3f} after {steps:,} names:", *names)
    Path(folder).mkdir(exist_ok=True)
    picture(history, names, Path(folder) / "names_gpt.png")
    return names, history


if __name__ == "__main__":
    main()
