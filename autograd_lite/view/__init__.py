"""Pictures of graphs.

`steps` decides which nodes are shown; `picture` turns them into boxes and arrows, or, where they
are too many, `columns`, `likeness`, `cutting`, `boxes` and `fold` do so with groups; `dot`
writes those down, `layout` runs Graphviz; `network` draws layers of neurons; `diff` compares two,
`frames` lets the player's steps move; `display` is the object that a user gets.
"""

from autograd_lite.view.diff import draw_diff
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.display import GraphView, draw, draw_anomaly, value_mimebundle
from autograd_lite.view.dot import draw_dot

__all__ = [
    "Digraph", "GraphView", "draw", "draw_anomaly", "draw_diff", "draw_dot", "value_mimebundle",
]  # fmt: skip
