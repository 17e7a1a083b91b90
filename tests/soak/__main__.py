"""Trials of the package's laws for as long as there is time: `make soak MINUTES=60`.

Each part runs in slices of less than a minute, in a process of its own, the one that is furthest
from its total first; past all totals the one that is the least past its own. ``--once`` ends there.
Totals are kept in docs/trust.json; docs/trust.md shows them. One trial is repeated by
``--part NAME --seed N``.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:1] = [str(TESTS), *[str(folder) for folder in TESTS.rglob("*/")]]

from laws import BY_NAME, PARTS, Part  # noqa: E402
from slices import ENDING, home, repeated, run_slice, try_here  # noqa: E402
from trust import Totals, command, commit  # noqa: E402


def soak(totals: Totals, minutes: float, names: list[str], once: bool) -> int:
    """Run slices until the time is over, or all totals are reached; how many are unexplained.

    Finds of before are repeated first: one that holds by now is mended. Ctrl-C ends it after the
    trials that are at work, which are counted.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: ENDING.append(number))
    end = time.monotonic() + 60 * minutes
    for find in totals.finds:
        if "mended" not in find and repeated(find):
            find["mended"] = commit()
            print(f"mended: {command(find['part'], find['seed'])}", flush=True)
    totals.write()
    parts = [part for part in PARTS if part.name in names]
    for part in [part for part in parts if not home(part).is_dir()]:
        print(f"{part.name} is left out: it needs `make build/{part.build}`")
        parts.remove(part)
    while parts and not ENDING and time.monotonic() < end:
        part = min(parts, key=totals.share)
        first = totals.parts[part.name]["done"]
        if once and first >= part.wanted:
            print("all totals are reached")
            break
        left = end - time.monotonic()
        # not past a multiple of the total: then it is another part's turn
        told = run_slice(part, first, min(part.slice, left), part.wanted - first % part.wanted)
        totals.add(part, *told)
        print(
            f"{part.name:12} {first + told.done:>9,} of {part.wanted:>9,}, "
            f"{told.seconds / max(told.done, 1) * 1000:8.2f} ms each",
            flush=True,
        )
        for find in told.finds:
            print(f"  UNEXPLAINED {find['what'][:300]}\n  {command(part.name, find['seed'])}")
    return sum(len(totals.unexplained(part)) for part in PARTS)


def repeat(part: Part, seed: int) -> int:
    """One trial, here, with everything that it says."""
    seen = Counter[str]()
    part.law(seed, seen)
    print(f"{part.name} {seed} holds: {dict(seen)}")
    return 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="tests/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--once", action="store_true", help="end when all totals are reached")
    parser.add_argument("--parts", default=",".join(BY_NAME), help="of these alone")
    parser.add_argument("--totals", type=Path, default=TESTS.parent / "docs" / "trust.json")
    parser.add_argument("--part", choices=BY_NAME, help="one trial, or a slice of some")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--into", type=Path)
    given = parser.parse_args()
    if given.into is not None:
        part = BY_NAME[given.part]
        try_here(part, given.seed, given.most, given.seconds, given.into)
        return 0
    if given.part is not None:
        return repeat(BY_NAME[given.part], given.seed)
    unknown = {*given.parts.split(",")} - {*BY_NAME}
    if unknown:
        parser.error(f"there is no part {sorted(unknown)}; there are {', '.join(BY_NAME)}")
    return int(soak(Totals(given.totals), given.minutes, given.parts.split(","), given.once) > 0)


if __name__ == "__main__":
    sys.exit(main())
