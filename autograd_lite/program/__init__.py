"""Programs: computations that are recorded once and run over again, on one input or many rows."""

from autograd_lite.program.compiling import Compiled, compile
from autograd_lite.program.freezing import freeze
from autograd_lite.program.program import Program, load_program

__all__ = ["Compiled", "Program", "compile", "freeze", "load_program"]
