"""Make committed notebooks small: `make notebooks` runs it on what it has executed.

A page keeps its picture and loses its script, which a site that shows notebooks does not run;
running the cell brings it back. Figures keep 64 colours, all that lines and text on white need.
"""

import base64
import io
import re
import sys
from pathlib import Path

import nbformat
from PIL import Image

COLOURS = 64


def without_scripts(html: str) -> str:
    """The pictures of an output."""
    return re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


def with_few_colours(png: str) -> str:
    """A PNG in base64, with a palette, if that is smaller."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    small = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return min(png, base64.b64encode(small.getvalue()).decode(), key=len)


def shrink(path: Path) -> None:
    """Write a notebook anew with small outputs."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = without_scripts(data["text/html"])
            if "image/png" in data:
                data["image/png"] = with_few_colours(data["image/png"])
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        shrink(Path(name))
