"""Pages as plain text beside the HTML, and `llms.txt`, which lists them."""

import re
import shutil
from pathlib import Path

_TITLE = re.compile(r"^# +(.+)$", re.M)


def write(source: Path, html: Path) -> list[str]:
    """Put each page's Markdown beside it, as ``.md``, and the list of them at the top."""
    lines = []
    for page in sorted(source.rglob("*.md")):
        place = page.relative_to(source)
        if place.parts[0] in ("parts", "files"):
            continue
        target = html / place
        shutil.copyfile(page, target)
        title = _TITLE.search(page.read_text())
        lines.append(f"- [{title[1] if title else place.stem}]({place.as_posix()})")
    head = (
        "# autograd_lite\n\n> Scalar automatic differentiation in Python: expressions, their "
        "graphs and gradients, derivatives as functions, programs, tiny networks.\n\n## Pages\n\n"
    )
    (html / "llms.txt").write_text(head + "\n".join(lines) + "\n")
    return lines
