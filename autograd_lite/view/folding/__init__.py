"""Groups of a graph's nodes as boxes, for graphs too large to draw: `fold` has levels that open."""
