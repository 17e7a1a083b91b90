"""Networks in a graph as layers of neurons: `finding`, `drawing`, and the view and page of them."""
