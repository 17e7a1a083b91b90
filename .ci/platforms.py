"""Write down what the tests came to on a platform: docs/platforms.json, and the table of a page.

``make bare TESTS=all``, ``make aarch64`` and ``make pyodide`` call it with the result of a run, in
JUnit's XML, as pytest writes it. Without arguments it writes the table again.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PLATFORMS, PAGE = Path("docs/platforms.json"), Path("docs/howto/install.md")
_TABLE = re.compile(r"(?<=<!-- platforms -->\n).*?(?=<!-- end -->)", re.DOTALL)


def read(path: Path) -> tuple[dict[str, int], Counter[str]]:
    """The numbers of a run, and for each reason to skip tests how many it skipped."""
    tree = ElementTree.parse(path)
    counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    seconds = 0.0
    for suite in tree.iter("testsuite"):
        seconds += float(suite.get("time", 0))
        for name in counts:
            counts[name] += int(suite.get(name, 0))
    reasons = Counter(each.get("message", "") for each in tree.iter("skipped"))
    failed = counts["failures"] + counts["errors"]
    passed = counts["tests"] - failed - counts["skipped"]
    figures = {"passed": passed, "skipped": counts["skipped"], "failed": failed}
    return figures | {"seconds": round(seconds)}, reasons


def table(platforms: list[dict[str, Any]]) -> str:
    """The platforms as a table in Markdown."""
    head = ["platform", "command", "tests passed", "skipped", "without", "seconds", "day", "commit"]
    lines = [head, ["---"] * len(head)]
    for each in platforms:
        without = ", ".join(map(str, each["without"]))
        figures = [each[name] for name in ("passed", "skipped")]
        rest = [each[name] for name in ("seconds", "day", "commit")]
        row = [each["platform"], f"`{each['command']}`", *figures, without or "–", *rest]
        lines.append([str(cell) for cell in row])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def known(root: Path) -> list[dict[str, Any]]:
    """The platforms that runs have told of."""
    file = root / PLATFORMS
    return list(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else []


def render(root: Path, platforms: list[dict[str, Any]]) -> str:
    """The page, with a table of these platforms."""
    text = (root / PAGE).read_text(encoding="utf-8")
    if not _TABLE.search(text):
        raise ValueError(f"{PAGE} has no place for the table: <!-- platforms --> … <!-- end -->")
    return _TABLE.sub(lambda _: f"\n{table(platforms)}\n\n", text)


def record(root: Path, new: dict[str, Any]) -> None:
    """Put a platform in the place of what was known of it, and write the page again."""
    others = [each for each in known(root) if each["platform"] != new["platform"]]
    platforms = sorted([*others, new], key=lambda each: str(each["platform"]))
    page = render(root, platforms)
    told = json.dumps(platforms, indent=1, ensure_ascii=False) + "\n"
    (root / PLATFORMS).write_text(told, encoding="utf-8")
    (root / PAGE).write_text(page, encoding="utf-8")


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Record a run; the exit status is 1 if a test failed, and nothing is written then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path, nargs="?", help="the XML that pytest wrote")
    parser.add_argument("--platform", help="what it ran on")
    parser.add_argument("--command", help="what runs it again")
    parser.add_argument("--commit", help="what was tested")
    parser.add_argument("--without", default="", help="oracles that were not there")
    given = parser.parse_args(arguments)
    if given.result is None:
        (root / PAGE).write_text(render(root, known(root)), encoding="utf-8")
        return 0
    figures, reasons = read(given.result)
    for reason, count in reasons.most_common():
        print(f"  {count} skipped: {reason}")
    if figures.pop("failed") or not figures["passed"]:
        print("  tests failed or none ran: nothing is written to docs/platforms.json")
        return 1
    about = {name: getattr(given, name) for name in ("platform", "command", "commit")}
    day = datetime.now(UTC).date().isoformat()
    record(root, about | figures | {"without": given.without.split(), "day": day})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
