"""Where the errors of a row are largest: places at random, and then nearer and nearer to the worst.

`make accuracy` writes what it finds: docs/accuracy.md, the table of docs/programs.md, and the worst
places, where the tests look again. A hundred places find half of what a function can be off by.
"""

import json
import random
import re
import sys

import accuracy
import exact
import vector_accuracy
from accuracy import errors_at, limit

from autograd_lite.ops import TABLE

#: Places at random for each row, by its number of arguments (each costs 0.4 to 12 ms).
COUNTS = {1: 900, 2: 300, 3: 100}
#: Steps of each climb, and how many climbs there are for each order of derivative.
STEPS, STARTS = 100, 2


def searched(name):
    """Argument tuples, with the errors there: at random, and on each climb.

    Returns
    -------
    dict
        From a place to its list of `accuracy.Error`.
    """
    choose, found = random.Random(name), {}
    domain = accuracy.domain(name)

    def look(xs):
        inside = all(low <= x <= high for x, (low, high) in zip(xs, domain, strict=True))
        if xs not in found and accuracy.is_smooth(name, xs) and (TABLE[name].public or inside):
            try:
                found[xs] = errors_at(name, xs)
            except exact.NotSmoothError:
                return None
        return found.get(xs)

    for xs in accuracy.places(name):  # with the worst of earlier searches
        look(xs)
    count = COUNTS.get(len(domain), 60)
    for k in range(count):
        look(_random(choose, domain, k % 3 if TABLE[name].public else 0))
    for order in range(3):

        def size(xs, order=order):
            there = look(xs)
            return max(e.size for e in there if len(e.wrt) == order) if there else -1.0

        for start in sorted(found, key=size, reverse=True)[:STARTS]:
            best = start
            for _ in range(max(20, STEPS * count // COUNTS[1])):
                best = max(best, _beside(choose, best), key=size)
    return found


def _random(choose, domain, kind):
    """A place in the domain, of sizes that numbers in formulas have, or of any size."""
    if kind == 0:
        return tuple([choose.uniform(*interval) for interval in domain])
    sizes = (-12.0, 2.9) if kind == 1 else (-320.0, 308.0)
    return tuple([choose.choice([-1, 1]) * 10.0 ** choose.uniform(*sizes) for _ in domain])


def _beside(choose, xs):
    """A place at a relative distance of any size, in one argument or in all."""
    only = choose.randrange(-len(xs), len(xs))
    steps = [choose.choice([-1, 1]) * 2.0 ** -choose.uniform(0.5, 52.0) for _ in xs]
    moved = [x * (1.0 + h) for x, h in zip(xs, steps, strict=True)]
    return tuple(
        [m if only < 0 or only == i else x for i, (m, x) in enumerate(zip(moved, xs, strict=True))]
    )


def worst_places(found):
    """Up to two for each order, of the errors that are not those of one rounding."""
    every = [error for errors in found.values() for error in errors if error.size > 0.6]
    chosen = {}
    for order in range(3):
        sizes = {e.place: e.size for e in every if len(e.wrt) == order}
        chosen |= dict.fromkeys(sorted(sizes, key=sizes.get)[-2:])
    return [*chosen]


def main(*names):
    """Measure these rows, or all of them, and write the pages."""
    page = vector_accuracy.PAGE
    lines, functions, worst, beyond = {}, {}, {}, []
    if names:  # the others stay as they are
        lines = dict(
            re.findall(r"^(?=\| [`*](\w+)[`*] \| \d)(.+)$", accuracy.PAGE.read_text(), re.M)
        )
        functions = dict(re.findall(vector_accuracy.LINE, page.read_text(), re.M))
        worst = json.loads(accuracy.WORST.read_text())
    for name in names or accuracy.tested_rows():
        found, cells = searched(name), []
        if name in vector_accuracy.tested_rows():
            place, cells = vector_accuracy.measured(name)
            found[place] = errors_at(name, place)
        beyond += [(name, e) for es in found.values() for e in es if e.size > limit(name, e)]
        lines[name] = accuracy.line(name, found)
        worst[name] = worst_places(found)
        if cells:
            # one measurement: what the other page says of the value
            cells.insert(0, lines[name].split(" | ")[2])
            functions[name] = f"| `{name}` | {' | '.join(cells)} |"
        sys.stderr.write(f"{lines[name]}\n")
    accuracy.PAGE.write_text(accuracy.page(lines.values()))
    accuracy.WORST.write_text(json.dumps({n: xs for n, xs in worst.items() if xs}, indent=1) + "\n")
    table = [f"{line}\n" for line in functions.values()]
    page.write_text(vector_accuracy.with_table(page.read_text(), table))
    sys.stdout.write(f"wrote {accuracy.PAGE}, {accuracy.WORST} and the table of {page}\n")
    if beyond:
        sys.exit(f"the page has no word of these, which are beyond all limits: {beyond}")


if __name__ == "__main__":
    main(*sys.argv[1:])
