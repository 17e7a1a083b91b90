"""The figures of README and RESULTS.md: `make bench`, or `python -m benchmarks --help`."""
