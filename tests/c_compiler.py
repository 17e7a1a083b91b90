"""The C compiler of this machine, for what `to_c` writes."""

import ctypes
import shutil
import subprocess

import pytest

from autograd_lite.program.exports import to_c

C99 = "-std=c99 -pedantic -Wall -Wextra -Werror -ffp-contract=off -fno-builtin-pow"
CPP17 = "-x c++ -std=c++17 -pedantic -Wall -Wextra -Werror"


def run(command, *more):
    """Run a compiler, or skip where there is none."""
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"no compiler ({command.split()[0]})")
    done = subprocess.run([*command.split(), *more], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]
    return done.stdout


def compiled(program, folder, name="program", library=False, optimize="-O2"):
    """The function of a program's C source: from inputs to outputs."""
    source, built = folder / f"{name}.c", folder / f"{name}.so"
    text = to_c(program, name)
    source.write_text(text)
    (folder / f"{name}.h").write_text(text.header)
    run(f"cc {C99} {optimize} -shared -fPIC", source, "-o", built, "-lm")
    function = getattr(ctypes.CDLL(str(built)), name)
    if library:
        return function

    def call(inputs):
        given = (ctypes.c_double * max(1, len(inputs)))(*inputs)
        found = (ctypes.c_double * max(1, len(program.outputs)))()
        function(given, found)
        return list(found)[: len(program.outputs)]

    return call
