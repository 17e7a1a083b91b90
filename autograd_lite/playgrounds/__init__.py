"""The playground: a page in which one types expressions, sees their graphs, and trains networks.

`vocabulary` is what the page must know of the op table, `showing` the object a user gets; the
scripts read, build, draw and train. Layout is Graphviz as WebAssembly (`viz.js`, see
`VIZ_LICENSE.txt`), so the page needs no network.
"""

from autograd_lite.playgrounds.showing import Playground, playground

__all__ = ["Playground", "playground"]
