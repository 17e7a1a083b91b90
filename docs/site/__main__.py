"""Write the source of the site, and have Sphinx build it: ``python docs/site [OUTPUT]``."""

import os
import subprocess
import sys
from pathlib import Path

import executing
import name_pages
import op_pages
import plain_text
import references
from staging import DOCS, ROOT, Stage

import autograd_lite as ag
from autograd_lite.lesson.page.document import document as lesson_page

#: On the pages of ops the curve is above the graph, and what is said elsewhere is left out.
CURVE_FIRST = (
    ".columns.columns { display: flex !important; flex-direction: column; } "
    ".columns .main-of, .columns .side { display: contents; } "
    ".columns [aria-label=Curve] { order: -2 !important; } "
    ".fields, :has(> .legend) { display: none !important; } "
)
#: On the front page as well, but for the expression itself; without what one needs later.
AT_FRONT = CURVE_FIRST.replace(".fields, ", "header, .desk > .row-of, ") + (
    "[aria-label='Gradient in letters'] { display: none !important; } "
)


def beside(name: str, names: list[str], kind: str) -> str:
    """Links to the pages before and after one of many.

    Those pages stand in no table of contents: 220 entries at the side of every page would be most
    of it, and most of the time that Sphinx takes.
    """
    i = names.index(name)
    ways = [f"[All {kind}](index.md)"]
    ways += [f"before: [{each}]({each}.md)" for each in names[max(i - 1, 0) : i]]
    ways += [f"next: [{each}]({each}.md)" for each in names[i + 1 : i + 2]]
    return "---\n\n" + " · ".join(ways) + "\n"


def stage(folder: Path, html: Path) -> None:
    """Write the whole source of the site, and the live pages into a folder beside it."""
    made = Stage(folder)
    how = os.environ.get("NOTEBOOKS")
    if how == "off":
        made.fill()
    else:
        executing.execute_all(sorted((ROOT / "notebooks").glob("*.py")), again=how == "force")
        made.fill(executing.KEPT)
    rows = {row.name: op_pages.page(row) for row in op_pages.public_rows()}
    names = {name: name_pages.page(name) for name in name_pages.public_names()}
    for kind, found in (("ops", rows), ("names", names)):
        for name, text in found.items():
            ways = beside(name, [*found], kind)
            made.write(f"reference/{kind}/{name}.md", f"---\norphan: true\n---\n\n{text}\n{ways}")
    made.write("reference/ops/index.md", op_pages.index())
    made.write("reference/names/index.md", name_pages.index())
    made.write("reference/commands.md", name_pages.commands())
    made.sweep(html)
    live = folder.parent / "live"
    live.mkdir(exist_ok=True)
    page = ag.playground().save(live / "playground.html").read_text()
    start = '"style":".playground'  # of the style sheet within the page
    before, found, after = page.partition(start)
    assert found, "the playground writes its style sheet in another way"
    for name, style in (("curve", CURVE_FIRST), ("front", AT_FRONT)):
        text = before + start.removesuffix(".playground") + style + ".playground" + after
        (live / f"{name}.html").write_text(text)
    (live / "lesson.html").write_text(lesson_page())
    # that of "How back-propagation works"
    a, b = ag.Value(2.0, label="a"), ag.Value(-3.0, label="b")
    (output := (a * b) * a + a * a).backward()
    ag.draw(output).save(live / "graph.html")


def build(output: Path) -> int:
    """Stage and build; the status of Sphinx, for which a warning is an error."""
    source = ROOT / "build" / "docs" / "source"
    stage(source, output)
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs=2", "--conf-dir", str(DOCS)]
    options += ["--write-all"]  # the list of pages stands at the side of each
    options += ["--doctree-dir", str(ROOT / "build" / "docs" / "doctrees")]
    sphinx = [sys.executable, "-m", "sphinx", *options, str(source), str(output)]
    known = os.environ | {"PYTHONPATH": str(ROOT)}
    status = subprocess.run(sphinx, env=known, cwd=ROOT, check=False).returncode
    if status == 0:
        references.mend_back_links(output)
        plain_text.write(source, output)
        print(f"the site: {output / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1] if sys.argv[1:] else ROOT / "build" / "docs" / "html")))
