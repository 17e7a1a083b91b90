"""Totals of all soaks, kept in docs/trust.json, and the page that shows them."""

import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from laws import PARTS, Part

import autograd_lite as ag
from autograd_lite.files import write_whole

ROOT = Path(__file__).resolve().parents[2]
MOST_WORDS = 2000  # characters of a find that are kept


def commit() -> str:
    """The version that is tried: its number, and the commit where git knows it."""

    def said(*command: str) -> str:
        if not shutil.which("git"):
            return ""
        done = subprocess.run(
            ["git", *command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    known = said("rev-parse", "--short=12", "HEAD")
    known += " with changes" * bool(said("status", "--porcelain", "--", "autograd_lite", "tests"))
    return f"{ag.__version__} {known or os.environ.get('SOAK_COMMIT', '')}".strip()


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


class Totals:
    """How often each law was tried, by which versions, and what was found.

    Attributes
    ----------
    path : Path
        The file, which is written beside its place and renamed.
    parts : dict of str to dict
        By the part's name: trials ``done``, ``seconds``, and counts of what was ``seen``.
    finds : list of dict
        Every trial that did not hold. It stays here when it is mended, and says so. ``why`` is
        written by hand: where the fault was.
    runs : list of dict
        Trials by version, processor and day.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.parts = {part.name: kept.get("parts", {}).get(part.name, {}) for part in PARTS}
        for one in self.parts.values():
            one.setdefault("done", 0)
            one.setdefault("seconds", 0.0)
            one.setdefault("seen", {})
        self.finds: list[dict[str, Any]] = kept.get("finds", [])
        self.runs: list[dict[str, Any]] = kept.get("runs", [])

    def share(self, part: Part) -> float:
        """How much of a part's total is done."""
        return float(self.parts[part.name]["done"]) / part.wanted

    def unexplained(self, part: Part) -> list[dict[str, Any]]:
        """Finds of a part that were not mended."""
        return [find for find in self.finds if find["part"] == part.name and "mended" not in find]

    def add(
        self, part: Part, done: int, seconds: float, seen: dict[str, int],
        finds: Sequence[dict[str, Any]],
    ) -> None:  # fmt: skip
        """Count some trials, and keep them."""
        kept = self.parts[part.name]
        kept["done"] += done
        kept["seconds"] = round(kept["seconds"] + seconds, 1)
        for name, count in seen.items():
            kept["seen"][name] = kept["seen"].get(name, 0) + count
        now = {"version": commit(), "processor": processor(), "day": time.strftime("%Y-%m-%d")}
        now["python"] = platform.python_version()
        for find in finds:
            words = find["what"][:MOST_WORDS]
            self.finds.append({"part": part.name, "seed": find["seed"], "what": words} | now)
        run = next((r for r in self.runs if {k: r[k] for k in now} == now), None)
        if run is None:
            run = now | {"seconds": 0.0, "done": {}}
            self.runs.append(run)
        run["seconds"] = round(run["seconds"] + seconds, 1)
        run["done"][part.name] = run["done"].get(part.name, 0) + done
        self.write()

    def write(self) -> None:
        """Write file and page, each whole or not at all."""
        counts = {part.name: len(self.unexplained(part)) for part in PARTS}
        kept = {
            "unexplained": sum(counts.values()),
            "parts": {
                name: {"done": one["done"], "wanted": part.wanted, "unexplained": counts[name],
                       "seconds": one["seconds"], "seen": dict(sorted(one["seen"].items()))}
                for part in PARTS for name, one in [(part.name, self.parts[part.name])]
            },
            "finds": self.finds,
            "runs": self.runs,
        }  # fmt: skip
        text = json.dumps(kept, indent=1, ensure_ascii=True) + "\n"
        write_whole(self.path, text.encode())
        write_whole(self.path.with_suffix(".md"), page(self).encode())


def command(part: str, seed: int) -> str:
    """What repeats one trial."""
    return f".venv/bin/python tests/soak --part {part} --seed {seed}"


def page(totals: Totals) -> str:
    """The page of the totals."""
    table = [
        "| part | tried | wanted | unexplained | mended | seconds |",
        "|---|---|---|---|---|---|",
    ]
    laws, finds = [], []
    for part in PARTS:
        one, bad = totals.parts[part.name], len(totals.unexplained(part))
        mended = sum(find["part"] == part.name for find in totals.finds) - bad
        cells = [f"{one['done']:,} {part.noun}", f"{part.wanted:,}", f"{bad:,}", f"{mended:,}"]
        cells += [f"{one['seconds']:,.0f}"]
        table.append(f"| [{part.name}](#{part.name}) | {' | '.join(cells)} |")
        laws += ["", f"### {part.name}", "", part.told.strip()]
        if one["seen"]:
            counts = ", ".join(f"{name} {count:,}" for name, count in sorted(one["seen"].items()))
            laws += ["", f"Counted: {counts}."]
    for find in totals.finds:
        words = " ".join(find["what"].split())[:300].replace("`", "'")
        state = f"mended in {find['mended']}" if "mended" in find else "**unexplained**"
        state += f" ({find['why']})" if "why" in find else ""
        finds += [
            f"- {state}: `{command(find['part'], find['seed'])}` at {find['version']}",
            f"  ({find['day']}): `{words}`",
        ]
    runs = ["| version | processor | Python | day | hours | trials |", "|---|---|---|---|---|---|"]
    for run in totals.runs:
        cells = [run["version"], run["processor"], run["python"], run["day"]]
        cells += [f"{run['seconds'] / 3600:.2f}", f"{sum(run['done'].values()):,}"]
        runs.append(f"| {' | '.join(cells)} |")
    platforms = ["| platform | tests passed | skipped | day |", "|---|---|---|---|"]
    elsewhere = ROOT / "docs" / "platforms.json"
    for each in json.loads(elsewhere.read_text()) if elsewhere.exists() else ():
        cells = [each["platform"], f"{each['passed']:,}", f"{each['skipped']:,}", each["day"]]
        platforms.append(f"| {' | '.join(cells)} |")
    return Path(__file__).with_name("page.txt").read_text(encoding="utf-8").format(
        found=sum(len(totals.unexplained(part)) for part in PARTS),
        hours=sum(one["seconds"] for one in totals.parts.values()) / 3600,
        command=command("engines", 12345), table="\n".join(table), laws="\n".join(laws),
        finds="\n".join(finds or ["None."]), runs="\n".join(runs),
        platforms="\n".join(platforms),
    )  # fmt: skip
