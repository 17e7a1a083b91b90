"""A training in a notebook, redrawn in place while it goes on."""
