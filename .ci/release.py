"""Refuse a release in which versions, dates, figures or pages do not agree.

``make release`` runs it first. With ``--version`` it prints the version.
"""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: What a page of the package on an index links to.
ADDRESSES = ("Documentation", "Source", "Issues", "Changelog")


def found(root: Path, path: str, pattern: str) -> str:
    """The first match of a pattern in a file, or "nothing"."""
    match = re.search(pattern, (root / path).read_text(encoding="utf-8"), re.MULTILINE)
    return match[1] if match else "nothing"


def version(root: Path) -> str:
    """The package's version."""
    return found(root, "autograd_lite/__init__.py", r'^__version__ = "(.+)"$')


def addresses(root: Path) -> dict[str, str]:
    """The addresses in the metadata, by name."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(root / "setup.cfg", encoding="utf-8")
    lines = metadata.get("metadata", "project_urls", fallback="").splitlines()
    pairs = [line.partition("=") for line in lines if line]
    return {name.strip(): address.strip() for name, _, address in pairs}


def complaints(root: Path) -> list[str]:
    """A line for each thing that does not agree."""
    said = []
    release, day = version(root), found(root, "CHANGELOG.md", r"^## \S+ \((.+)\)$")
    for path, pattern in (
        ("CHANGELOG.md", r"^## (\S+)"),
        ("CITATION.cff", r"^version: (\S+)$"),
        ("docs/static/versions.js", r'^const VERSIONS = \["([^"]+)"'),
        ("benchmarks/RESULTS.md", r"; autograd_lite (\S+), engine"),
    ):
        told = found(root, path, pattern)
        if told != release:
            said.append(f"{path} is about {told}, and the package is {release}")
    if not re.fullmatch(r"\d+\.\d+\.\d+", release):
        said.append(f"{release} is no version such as 1.2.3")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        said.append(f"CHANGELOG.md gives {day!r} in place of the day of {release}")
    cited = found(root, "CITATION.cff", r'^date-released: "?([^"\s]+)"?$')
    if cited != day:
        said.append(f"CITATION.cff says {cited!r} was the day, and CHANGELOG.md {day!r}")
    known = addresses(root)
    for name in ADDRESSES:
        if not re.fullmatch(r"https://\S+\.\S+", known.get(name, "")):
            said.append(
                f"setup.cfg has no address for {name} ({known.get(name)}): write `{name} = "
                "https://…` in a line below `project_urls =`, in [metadata]"
            )
    results = (root / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8").splitlines()
    for line in (root / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|") and line not in results:
            said.append(f"README.md has a figure that benchmarks/RESULTS.md has not: {line}")
    tried = json.loads((root / "docs" / "trust.json").read_text(encoding="utf-8"))
    counts = {part: one["unexplained"] for part, one in tried["parts"].items()}
    counts = {part: n for part, n in counts.items() if n}
    if tried["unexplained"] or counts:
        finds = f"{tried['unexplained']} unexplained finds ({counts})"
        said.append(f"docs/trust.json tells of {finds}; mend them, and run `make soak` again")
    for page in sorted((root / "notebooks").glob("*.py")):
        if not page.with_suffix(".ipynb").exists():
            said.append(f"{page.name} has no executed notebook beside it")
    return said


def uncommitted(root: Path) -> list[str]:
    """A line for each file that is not as it was committed."""
    command = ["git", "-c", "safe.directory=*", "status", "--porcelain"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [f"not committed: {line[3:]}" for line in done.stdout.splitlines()]


def main() -> int:
    """Print the complaints; the exit status is 1 if there are any."""
    if sys.argv[1:] == ["--version"]:
        print(version(ROOT))
        return 0
    said = complaints(ROOT) + uncommitted(ROOT)
    print("\n".join([*said, "no release" if said else f"{version(ROOT)} can be released"]))
    return bool(said)


if __name__ == "__main__":
    sys.exit(main())
