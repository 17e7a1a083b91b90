"""A character GPT as loops over numbers: floats, Values, or what a program is traced with.

4,192 parameters: 16 wide, 4 heads, 1 layer, 16 places, the letters and one mark for both ends of a
name. `names_gpt` trains it.
"""

import random
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import autograd_lite as ag

WIDTH, HEADS, PLACES = 16, 4, 16
END = 26  # the letters are 0 to 25
SHAPES = {
    "tokens": (END + 1, WIDTH), "places": (PLACES, WIDTH), "queries": (WIDTH, WIDTH),
    "keys": (WIDTH, WIDTH), "values": (WIDTH, WIDTH), "heads": (WIDTH, WIDTH),
    "up": (4 * WIDTH, WIDTH), "down": (WIDTH, 4 * WIDTH), "outputs": (END + 1, WIDTH),
}  # fmt: skip


def first_names(count):
    """Names as tokens, sorted, each between two marks: of the package `names`, if it is there."""
    package = find_spec("names")
    path = Path(__file__).with_name("data") / "names.txt"
    if package and package.origin:
        path = Path(package.origin).with_name("dist.female.first")
    names = sorted(line.split()[0].lower() for line in path.read_text().splitlines()[:count])
    return [[END, *[ord(letter) - ord("a") for letter in name], END] for name in names]


def weights():
    """The matrices before the first step, by name, as lists of rows."""
    normal = random.Random(1337).gauss
    return {
        name: [[normal(0.0, 0.08) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


# --- the model ------------------------------------------------------------------------------------


def linear(x, matrix):
    """A matrix times a vector."""
    return [sum(w * a for w, a in zip(row, x, strict=True)) for row in matrix]


def added(x, y):
    """The sum of two vectors."""
    return [a + b for a, b in zip(x, y, strict=True)]


def normed(x):
    """A vector whose numbers have mean square 1."""
    scale = (sum(a * a for a in x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def chances(logits):
    """Positive numbers whose sum is 1."""
    top = ag.stop_gradient(ag.max(logits))
    powers = [ag.exp(x - top) for x in logits]
    total = sum(powers)
    return [power / total for power in powers]


def attended(query, keys, values):
    """For each head a mean of the values so far, weighted by how keys and query agree."""
    found, size = [], WIDTH // HEADS
    for head in range(0, WIDTH, size):
        own = range(head, head + size)
        shares = chances([sum(query[j] * key[j] for j in own) / size**0.5 for key in keys])
        found += [sum(s * v[j] for s, v in zip(shares, values, strict=True)) for j in own]
    return found


def following(w, token, place, keys, values):
    """The chance of each token to come next; keys and values of the places so far get one more."""
    x = normed(added(ag.take(w["tokens"], token), w["places"][place]))
    y = normed(x)
    keys.append(linear(y, w["keys"]))
    values.append(linear(y, w["values"]))
    x = added(x, linear(attended(linear(y, w["queries"]), keys, values), w["heads"]))
    y = [ag.relu(a) for a in linear(normed(x), w["up"])]
    return chances(linear(added(x, linear(y, w["down"])), w["outputs"]))


def losses(w, tokens):
    """At each place minus the logarithm of the chance that the model gave the next token."""
    keys, values = [], []
    return [
        -ag.log(ag.take(following(w, token, place, keys, values), target))
        for place, (token, target) in enumerate(pairwise(tokens))
    ]


def adam(p, slope, m, v, rate, step):
    """A parameter and its two running means after a step."""
    m = 0.85 * m + (1.0 - 0.85) * slope
    v = 0.99 * v + (1.0 - 0.99) * slope * slope
    mean, square = m / (1.0 - 0.85**step), v / (1.0 - 0.99**step)
    return p - rate * mean / (square**0.5 + 1e-8), m, v
