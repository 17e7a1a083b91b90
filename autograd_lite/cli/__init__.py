"""The command line: `command_line` reads the arguments, `commands` does what they ask for."""

import sys

try:
    from autograd_lite.cli.command_line import main
except KeyboardInterrupt:  # what the commands stand on takes a while to load
    sys.exit(130)

__all__ = ["main"]
