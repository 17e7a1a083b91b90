"""The command line: `program` reads the arguments, `commands` does what they ask for."""

from autograd_lite.cli.program import main

__all__ = ["main"]
