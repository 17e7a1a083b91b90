"""The interactive page of a graph: `page` writes it, its scripts run in the browser."""
