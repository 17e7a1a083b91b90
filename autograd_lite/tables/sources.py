"""Where a table comes from: a file by its name, or ``-`` for standard input."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from autograd_lite.errors import TableError

_STANDARD = "-"


@contextmanager
def as_file(path: str) -> Iterator[str]:
    """A file that can be read several times; standard input, for ``-``, is copied into one."""
    if path != _STANDARD:
        yield path
        return
    if sys.stdin is None:
        raise TableError("there is no standard input to read from; name a file in place of -")
    with TemporaryDirectory() as folder:
        place = os.path.join(folder, "standard input")  # its name, in messages
        with open(place, "wb") as file:  # temporary
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield place
