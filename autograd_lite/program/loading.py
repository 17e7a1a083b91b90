"""Programs out of files."""

from __future__ import annotations

import os

from autograd_lite.program.files import read
from autograd_lite.program.program import Program


def load_program(path: str | os.PathLike[str]) -> Program:
    """The program that a file holds.

    Everything in the file is checked before a program is made of it, so a damaged or hostile one
    can at worst raise `ProgramError`.

    Parameters
    ----------
    path : str or path-like
        A file that ``Program.save`` wrote.

    Returns
    -------
    Program

    Raises
    ------
    ProgramError
        If the file is no program file, is damaged, or comes from another version.
    OSError
        If it cannot be read; FileNotFoundError if it is not there.
    """
    return Program(**read(path))
