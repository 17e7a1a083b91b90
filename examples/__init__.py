"""Real programs, each in one file: see README.md."""
