"""Say which figures of one RESULTS.md are more than 10% worse than in another.

``make compare`` runs it on the last commit's and the working tree's. The exit status is 1 if there
is any. Figures of two machines, or Pythons, are not compared, which is said. It imports nothing of
the package, so that any Python runs it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

#: Worse by more than this factor is told.
ALLOWED = 1.1


def figures(page: str) -> dict[str, tuple[float, bool]]:
    """By the words of a figure: its number, and whether more of it is better."""
    found = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if len(cells) == 5 and cells[2][:1] in ("≤", "≥"):
            number = re.match(r"[\d.]+(?:e[-+]?\d+)?", cells[1])
            if number:
                found[cells[0]] = float(number[0]), cells[2][0] == "≥"
    return found


def machine(page: str) -> str:
    """The machine that a page was measured on, with its Python and compiler; empty if unsaid."""
    found = re.search(r"^Machine: (.+?); autograd_lite ", page, re.MULTILINE)
    return found[1] if found else ""


def worse(before: str, now: str) -> list[str]:
    """A line about each figure that has become worse, or that is gone."""
    old, new = figures(before), figures(now)
    said = [f"gone: {name}" for name in old if name not in new]
    for name in old.keys() & new.keys():
        (was, more), (is_, _) = old[name], new[name]
        factor = (was / is_ if is_ else float("inf")) if more else (is_ / was if was else 1.0)
        if factor > ALLOWED:
            said.append(f"{(factor - 1) * 100:.0f}% worse: {name}: {was:g} before, {is_:g} now")
    return sorted(said)


def main(arguments: Sequence[str]) -> int:
    """Compare two files; their paths are the arguments."""
    before, now = (Path(path).read_text(encoding="utf-8") for path in arguments)
    if not figures(before) or not figures(now):
        print("one of these is no RESULTS.md with figures:", *arguments, file=sys.stderr)
        return 2
    if not machine(now) or machine(before) != machine(now):
        print("these were measured on two machines, whose figures cannot be compared:")
        print(machine(before) or "(not told)", machine(now) or "(not told)", sep="\n")
        return 0
    said = worse(before, now)
    print("\n".join(said) or f"no figure is more than {(ALLOWED - 1) * 100:.0f}% worse")
    return bool(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
