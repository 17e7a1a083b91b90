"""Run all recipes and write docs/recipes.md: `python -m examples.recipes`.

It needs the extra `recipes`, and nutpie. The page holds what stands in the files (their first
words, and the functions named here), and what they printed. Nothing of it is written by hand but
the words below.
"""

import contextlib
import importlib
import inspect
import io
import platform
import re
import sys
import textwrap
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"

#: Each file, and the functions of it that a reader wants to see.
SHOWN = {
    "with_scipy": ["energy", "derivatives", "solved"],
    "with_iminuit": ["squares", "minuit"],
    "with_lmfit": ["Residuals", "fitted"],
    "with_emcee": ["log_density", "sampler"],
    "with_nutpie": ["log_density", "model"],
    "with_optuna": ["objective"],
    "with_sympy": ["same_names", "function_of", "formula_of"],
    "uncertain_columns": ["spread", "by_row"],
    "with_uncertainties": ["on_uncertain"],
}

HEAD = """# Recipes: with other tools

Each is a file of [examples/recipes](../examples/recipes) to copy from; a test compares it with
the tool's own result. `pip install "autograd-lite[recipes]"` brings the tools, but nutpie, which is
heavy: `pip install nutpie`.

Written by `python -m examples.recipes`; do not edit. Figures are processor seconds, and calls, of
one run on {machine}.
"""


def described(name):
    """Title, words, command and code of a recipe, from its file."""
    module = importlib.import_module(f"examples.recipes.{name}")
    title, words = module.__doc__.strip().split("\n\n", 1)
    words, command = words.rsplit("\n\n", 1)
    sources = [inspect.getsource(getattr(module, part)).rstrip() for part in SHOWN[name]]
    code = "\n\n\n".join(sources)
    link = f"The whole file: [{name}.py](../examples/recipes/{name}.py)."
    words = "\n\n".join(
        textwrap.fill(part, 100, break_on_hyphens=False)
        for part in f"{words}\n\n{link}".split("\n\n")
    )
    return f"\n## {title.rstrip('.')}\n\n{words}\n\n```python\n{code}\n```\n\n`{command.strip()}`\n"


def printed(name):
    """What a recipe prints."""
    module, text = importlib.import_module(f"examples.recipes.{name}"), io.StringIO()
    with contextlib.redirect_stdout(text):
        module.main()
    return re.sub(" +$", "", text.getvalue(), flags=re.M)


def machine():
    """The processor, as Linux calls it, and the Python."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", info.read_text() if info.exists() else "", re.M)
    return f"{found[1] if found else platform.machine()}, CPython {platform.python_version()}"


def main():
    """Write the page."""
    parts = [HEAD.format(machine=machine())]
    for name in SHOWN:
        print(name, file=sys.stderr)
        parts.append(f"{described(name)}\n```text\n{printed(name)}```\n")
    PAGE.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
