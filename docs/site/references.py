"""Names between single backquotes lead to their pages, also when they are written in short."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode


def _found(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, text: nodes.Element
) -> nodes.reference | None:
    """The page of `Module.learn` or `nn.MLP`; one word in small letters is a parameter."""
    target = node["reftarget"]
    if node.get("refdomain") != "py" or re.fullmatch(r"[a-z_]\w*", target):
        return None
    known = env.get_domain("py").objects
    names = [name for name in known if name.endswith(f".{target}")]
    if not names:
        return None
    thing = known[min(names, key=len)]  # `autograd_lite.Value`, not `autograd_lite.value.Value`
    where = node["refdoc"]
    return make_refnode(app.builder, where, thing.docname, thing.node_id, text, target)


def mend_back_links(output: Path) -> None:
    """Let links from source code lead to where a name is documented.

    Sphinx takes all names of one file for those of one module, and ours are documented as those of
    the package or of a room.
    """
    for page in (output / "_modules").rglob("*.html"):

        def mended(link: re.Match[str], page: Path = page) -> str:
            there, anchor = link[1], link[2]
            ids = re.findall(r'\bid="([^"]+)"', (page.parent / there).read_text(encoding="utf-8"))
            words = anchor.split(".")
            for k in range(len(words)):  # the longest end that one of them has
                for found in ids:
                    if f".{found}".endswith("." + ".".join(words[k:])):
                        return f'class="viewcode-back" href="{there}#{found}"'
            return f'class="viewcode-back" href="{there}"'

        text = page.read_text(encoding="utf-8")
        link = r'class="viewcode-back" href="([^"#]+)#([^"]+)"'
        page.write_text(re.sub(link, mended, text), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Ask here where Sphinx finds nothing."""
    app.connect("missing-reference", _found)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
