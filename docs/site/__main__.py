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

#: Of a graph in a frame: as high as it needs, whatever the window, and without "How to read it".
FRAMED = (
    ".stage { height: min(var(--tall, 20em), max(26em, var(--need, 0px))) !important; } "
    ".panel:has(.legend) { display: none !important; } "
)
#: On the pages of ops the curve is above its slider and the graph; the expression is known.
CURVE_FIRST = (
    ".columns.columns { display: flex !important; flex-direction: column; } "
    ".columns .main-of, .columns .side { display: contents; } "
    ".columns [aria-label=Curve] { order: -3 !important; } "
    ".columns [aria-label=Variables] { order: -2 !important; position: static !important; } "
    ".fields { display: none !important; } "
)
#: On the front page as well, but for the expression itself; without what one needs later.
AT_FRONT = CURVE_FIRST.replace(".fields ", "header, .desk > .row-of ") + (
    "[aria-label='Gradient in letters'] { display: none !important; } "
    "@media (min-width: 600px) { [aria-label=Variables] { display: none !important; } } "
)
#: Tells the page around how high the frame must be for nothing to be hidden; see site.js.
HEIGHT = """<script>
if (parent !== window) {
  const { shadowRoot } = document.querySelector("[data-lm-suppress-shortcuts]");
  const parts = [...shadowRoot.querySelector(".app").children];
  const bottom = (part) => part.getBoundingClientRect().bottom + scrollY;
  const told = () => parent.postMessage({ live: Math.ceil(Math.max(...parts.map(bottom))) }, "*");
  const observer = new ResizeObserver(told);
  for (const part of parts) observer.observe(part);
}
</script>
"""
#: The way back from a page that fills the window.
HOME = '<a href="index.html">autograd_lite</a>'
HOME_STYLE = (
    ":root { color-scheme: light dark; } nav { padding: 0.5em 0.9em; font: 14px sans-serif; }"
)


def put(text: str, place: str, new: str) -> str:
    """A live page with something before a place that it has once."""
    assert text.count(place) == 1, f"live pages are written in another way: {place!r}"
    return text.replace(place, new + place)


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
    framed = put(put(page, "</body>", HEIGHT), ":host { display: block", FRAMED)
    for name, style in (("curve", CURVE_FIRST), ("front", AT_FRONT)):
        (live / f"{name}.html").write_text(put(framed, ".playground { overflow", style))
    home = put(page, "</style>\n</head>", HOME_STYLE).replace("<body>", f"<body><nav>{HOME}</nav>")
    (live / "playground.html").write_text(home)
    (live / "lesson.html").write_text(put(lesson_page(), "<h1>", f"<p>{HOME}</p>"))
    # that of "How back-propagation works"
    a, b = ag.Value(2.0, label="a"), ag.Value(-3.0, label="b")
    (output := (a * b) * a + a * a).backward()
    graph = ag.draw(output).save(live / "graph.html")
    graph.write_text(put(graph.read_text(), "</body>", HEIGHT))


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
