"""Pictures of graphs.

A picture is made in four rooms: `steps` decides which nodes are shown, `fold` and `picture` turn
them into boxes and arrows, `dot` and `listing` write those down as a drawing and as text, `layout`
runs Graphviz; `display` is what a user holds in hand.
"""

from autograd_lite.view.diff import draw_diff
from autograd_lite.view.digraph import Digraph
from autograd_lite.view.display import GraphView, draw
from autograd_lite.view.dot import draw_dot

__all__ = ["Digraph", "GraphView", "draw", "draw_diff", "draw_dot"]
