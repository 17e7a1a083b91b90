"""How benchmarks are measured, held against what they must reach, and written down."""
