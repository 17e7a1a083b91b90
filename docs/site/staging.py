"""The pages that exist, put together as the source of the site, with links that lead there."""

import os
import re
import shutil
from itertools import chain, zip_longest
from pathlib import Path

import nbformat

from autograd_lite.ops import TABLE, SequenceOp

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
#: Files outside of docs/ that are pages of the site, with their places there.
ELSEWHERE = {
    "ARCHITECTURE.md": "explanation/architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/RESULTS.md": "explanation/results.md",
    "examples/README.md": "examples.md",
    # no page of its own: others show parts of it
    "README.md": "parts/readme.md",
}
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|<)([^)\s#]+)(#[^)\s]*)?(?=\))")
_CODE = re.compile(r"^(```+|~~~+).*?^\1|(?<!`)(`+)[^`\n]+\2", re.M | re.S)
#: Lines of the benchmarks' results that a page shows, by their first cells.
_FIGURES = re.compile(r"^```\{figures\}\n(.*?)^```", re.M | re.S)
#: A whole table of them, by its heading.
_RESULTS = re.compile(r"^```\{results\}\n(.*)\n```", re.M)
#: What programs are made of, from the op table.
_INSTRUCTIONS = "```{instructions}\n```"
#: Files of which a page shows a part.
_SHOWN = re.compile(r"^```\{literalinclude\} /files/(\S+)", re.M)


def pages() -> dict[str, str]:
    """Each page by its path in the repository, with its place on the site."""
    found = {}
    for path in sorted(DOCS.rglob("*.md")):
        found[path.relative_to(ROOT).as_posix()] = path.relative_to(DOCS).as_posix()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        found[f"notebooks/{path.name}"] = f"notebooks/{path.name}"
    return found | ELSEWHERE


def _figures(asked: re.Match[str]) -> str:
    lines = (ROOT / "benchmarks" / "RESULTS.md").read_text().splitlines()
    known = {line.split(" | ")[0].removeprefix("| "): line for line in lines if "|" in line}
    head = next(line for line in lines if line.startswith("| figure | measured"))
    rule = "|---" * (head.count("|") - 1) + "|"
    return "\n".join([head, rule, *[known[name] for name in asked[1].splitlines()]])


def _results(asked: re.Match[str]) -> str:
    text = (ROOT / "benchmarks" / "RESULTS.md").read_text()
    found = re.search(rf"^## {re.escape(asked[1])}\n\n((?:\|.*\n)+)", text, re.M)
    if found is None:
        raise ValueError(f"the results have no table under {asked[1]!r}")
    return found[1].rstrip()


def instructions() -> str:
    """The rows that stand in programs, with the order of their operands, as a table."""
    lines = ["| instruction | operands | attributes | gives |", "|---|---|---|---|"]
    for row in [row for row in TABLE.values() if row.is_kernel]:
        several = row.vectors if isinstance(row, SequenceOp) else ()
        operands = [f"all of {each}" if each in several else each for each in row.arguments]
        attributes = ", ".join(f"`{each}`" for each in row.attrs)
        gives = row.doc.partition("\n\n")[0].replace("|", "\\|").replace("*", "\\*")
        lines.append(f"| `{row.name}` | {', '.join(operands)} | {attributes} | {gives} |")
    return "\n".join(lines)


class Stage:
    """A folder that Sphinx reads, filled from the repository.

    Attributes
    ----------
    folder : Path
    pages : dict of str to str
        As `pages` gives them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.pages = folder, pages()
        self.written: set[Path] = set()

    def write(self, place: str, text: str) -> None:
        """Write a page; one that says the same keeps its date, so that it is not built again."""
        path = self.folder / place
        self.written.add(path)
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def fill(self, executed: Path | None = None) -> None:
        """Put every page that exists into its place; notebooks come from a folder, if given."""
        for source, place in self.pages.items():
            path = ROOT / source
            if path.suffix == ".ipynb":
                notebook = nbformat.read((executed or path.parent) / path.name, as_version=4)
                for cell in notebook.cells:
                    if cell.cell_type == "markdown":
                        cell.source = self.relinked(cell.source, source)
                self.write(place, nbformat.writes(notebook))
            else:
                text = path.read_text().replace(_INSTRUCTIONS, instructions())
                text = _RESULTS.sub(_results, _FIGURES.sub(_figures, text))
                for name in _SHOWN.findall(text):
                    self._copy(name)
                self.write(place, self.relinked(text, source))

    def _copy(self, name: str) -> None:
        """Put a file that is no page where pages find it."""
        copy = self.folder / "files" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy)

    def sweep(self, html: Path) -> None:
        """Remove pages that were not written this time, also from the site."""
        for path in [*self.folder.rglob("*.md"), *self.folder.rglob("*.ipynb")]:
            if path not in self.written and "files" not in path.relative_to(self.folder).parts:
                path.unlink()
                for ending in (".html", ".md"):
                    built = html / path.relative_to(self.folder).with_suffix(ending)
                    built.unlink(missing_ok=True)
                shutil.rmtree(html / "_modules", ignore_errors=True)  # which link to such pages

    def relinked(self, text: str, source: str) -> str:
        """A page's text with links that are right at its place on the site.

        Pages become pages, other files become files to download, and links to folders just text.
        Code is left as it is.
        """
        code = [match[0] for match in _CODE.finditer(text)]
        found = self._relinked(_CODE.sub("\0", text), source)
        return "".join(chain.from_iterable(zip_longest(found.split("\0"), code, fillvalue="")))

    def _relinked(self, text: str, source: str) -> str:
        here = Path(self.pages[source]).parent
        if source == "README.md":  # shown by pages at the top
            here = Path()

        def link(match: re.Match[str]) -> str:
            target, anchor = match[1], match[2] or ""
            path = (ROOT / source).parent / target
            name = os.path.relpath(path, ROOT).replace(os.sep, "/")
            if name in self.pages:
                return os.path.relpath(self.pages[name], here).replace(os.sep, "/") + anchor
            if name.startswith("docs/reference/"):  # written when the site is built
                return target + anchor
            if not path.exists():
                raise FileNotFoundError(f"{source} links to {target}, which is not there")
            if path.is_dir():
                return "#"
            self._copy(name)
            return os.path.relpath(f"files/{name}", here).replace(os.sep, "/")

        text = _LINK.sub(link, text)
        return re.sub(r"(?<!!)\[([^\]]*)\]\(#\)", r"\1", text)
