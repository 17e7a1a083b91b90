"""Pages as plain text beside the HTML, and `llms.txt`, which lists them."""

import ast
import inspect
import re
import shutil
from pathlib import Path

import name_pages
import nbformat

_TITLE = re.compile(r"^# +(.+)$", re.M)
_FRONT = re.compile(r"\A---\n.*?\n---\n+", re.S)
#: Directives as pages here write them: what is in braces, what stands beside it, and the body.
_FENCED = re.compile(r"^```\{([\w:-]+)\} *(.*?)\n(.*?)^```$", re.M | re.S)
_COLONS = re.compile(r"^:::+(?:\{(?:grid-item-card|tab-item)\} *(.*)|\{.*)?$", re.M)
#: Links to notebooks, of which the text lies beside them.
_NOTEBOOK = re.compile(r"(?<=\]\()([^)\s:]+)\.ipynb(?=[)#])")
_OPTIONS = re.compile(r"(?:^ *:[\w-]+:.*\n)+", re.M)


def documented(name: str) -> str:
    """A public name with its signature and documentation; of a class, its methods as well."""
    found, members = name_pages._thing(name), []
    if inspect.isclass(found):
        others = name_pages._from_others(found)
        members = [each for each in inspect.getmembers(found) if each[0] not in others]
    parts = []
    for title, each in [(name, found), *[(f"{name}.{m}", each) for m, each in members]]:
        text = name_pages.documentation(name) if each is found else inspect.getdoc(each)
        is_one = inspect.isroutine(each) or inspect.isdatadescriptor(each)
        if each is found or (text and is_one and not title.rpartition(".")[2].startswith("_")):
            parts.append(f"`{title}{_signature(each)}`\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _signature(found: object) -> str:
    try:
        return str(name_pages.signature_of(found)) if callable(found) else ""
    except ValueError:  # what C code takes is not always known
        return "(…)"


def _part(code: str, asked: dict[str, str]) -> str:
    """The part of a file that a page shows: one function, or from a text to before another."""
    if name := asked.get("pyobject"):
        [node] = [n for n in ast.walk(ast.parse(code)) if getattr(n, "name", None) == name]
        return ast.get_source_segment(code, node) or ""
    rest = asked["start-at"] + code.partition(asked["start-at"])[2]
    return rest.partition(asked["end-before"])[0].strip()


def _shown(code: str, asked: dict[str, str]) -> str:
    """A file, or the part of it that is asked for, as a block of code."""
    language = asked.pop("language", "python")
    return f"```{language}\n{_part(code, asked) if asked else code.strip()}\n```"


def _plain(match: re.Match[str], source: Path) -> str:
    """A directive as what it shows, as far as that is text."""
    kind, beside, body = match.groups()
    if kind == "eval-rst":
        [name] = re.findall(r"^\.\. auto\w+:: autograd_lite\.(\S+)", body, re.M)
        return documented(name)
    if kind == "literalinclude":
        code = (source / beside.lstrip("/")).read_text()
        return _shown(code, dict(re.findall(r":([a-z-]+): (.+)", body)))
    if kind in ("toctree", "raw"):  # pictures, and pages that one can only touch
        return "\n".join(f"({title})" for title in re.findall(r'title="([^"]+)"', body))
    body = _OPTIONS.sub("", body, count=1).strip("\n")
    if kind.startswith("py:"):
        return f"`{beside}`\n\n{body}"
    return f"```{'python' if kind == 'code-cell' else beside}\n{body}\n```"


def plain(text: str, source: Path) -> str:
    """A page of the site without what only Sphinx understands."""
    text = _FENCED.sub(lambda match: _plain(match, source), _FRONT.sub("", text))
    pieces = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    for i in range(0, len(pieces), 2):  # between blocks of code
        bare = _OPTIONS.sub("", pieces[i])
        bare = _COLONS.sub(lambda match: f"\n**{match[1]}**\n" if match[1] else "", bare)
        pieces[i] = re.sub(r"\n{3,}", "\n\n", _NOTEBOOK.sub(r"\1.md", bare))
    return "".join(pieces).strip() + "\n"


def of_notebook(path: Path, source: Path) -> str:
    """A notebook as text: its words, its code, and what that prints."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        words = cell.cell_type == "markdown"
        parts.append(plain(cell.source, source) if words else f"```python\n{cell.source}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown = output.get("text") or (data.get("text/plain") if len(data) == 1 else None)
            if shown:
                parts.append(f"```text\n{shown.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def write(source: Path, html: Path) -> list[str]:
    """Put each page's text beside it, as ``.md``, and the list of them at the top.

    Pages with code that Sphinx has run are read from where it keeps what that printed.
    """
    lines, executed = [], source.parent / "jupyter_execute"
    if (source / "files").exists():
        shutil.copytree(source / "files", html / "files", dirs_exist_ok=True)
    for page in sorted([*source.rglob("*.md"), *source.rglob("*.ipynb")]):
        place = page.relative_to(source).with_suffix(".md")
        if place.parts[0] in ("parts", "files"):
            continue
        run = executed / place.with_suffix(".ipynb")
        notebook = page if page.suffix == ".ipynb" else run if run.exists() else None
        text = of_notebook(notebook, source) if notebook else plain(page.read_text(), source)
        (html / place).write_text(text)
        title = _TITLE.search(text)
        lines.append(f"- [{title[1] if title else place.stem}]({place.as_posix()})")
    head = (
        "# autograd_lite\n\n> Scalar automatic differentiation in Python: expressions, their "
        "graphs and gradients, derivatives as functions, programs, tiny networks.\n\n## Pages\n\n"
    )
    (html / "llms.txt").write_text(head + "\n".join(lines) + "\n")
    return lines
