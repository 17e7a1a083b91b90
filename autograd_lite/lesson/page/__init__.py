"""The lesson as one page."""
