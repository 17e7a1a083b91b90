"""How Sphinx builds the site. `make docs` writes its source into build/docs and runs it."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "site"), str(HERE.parent)]

from pygments.lexers.special import TextLexer  # noqa: E402

import autograd_lite  # noqa: E402

project = author = "autograd_lite"
copyright = "autograd_lite's authors"
release = version = autograd_lite.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
    "references",
]
html_math_renderer = "mathml"
exclude_patterns = ["parts", "site", "files"]
suppress_warnings = ["config.cache"]
nitpicky = True  # a reference that leads nowhere is a warning, and so an error, but for:
nitpick_ignore_regex = [
    ("py:obj", r"[a-z_]\w*"),  # parameters
    ("py:obj", r"(graphviz|jax|numpy)\..*"),  # of others, who have sites of their own
    (
        "py:obj",
        r"autograd_lite\.view\.plots|nn\.(losses|schedules)",
    ),  # rooms: their names have pages
    ("py:class", r"autograd_lite\.nn\.samplewise\.PerSample"),  # a type of results, not public
    ("py:obj", r"FUNCTIONS|Code\.changed|nn\.init\.SCHEMES"),  # not public
]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "substitution"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # notebooks come executed, see site/executing.py; tutorials say "force"
nb_execution_timeout = 240
nb_execution_raise_on_error = True
nb_merge_streams = True

default_role = "py:obj"
autodoc_typehints = "none"  # numpydoc's sections say them
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_theme_options = {"top_of_page_buttons": []}
html_title = f"autograd_lite {release}"
html_static_path = ["static"]
html_favicon = "icon.svg"  # without one, browsers ask the host for its own
html_css_files = ["site.css"]
html_js_files = ["versions.js", "site.js"]
html_extra_path = ["../build/docs/live"]
html_copy_source = True
html_search_scorer = str(HERE / "static" / "scorer.js")
html_show_search_summary = False  # scorer.js says where there is one
html_show_sphinx = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}


def setup(app):
    """Let tables of text be shown as they are."""
    app.add_lexer("csv", TextLexer)
