"""The machine in C, which runs programs. Its rooms are the C files of this folder.

* ``lanes.h``: functions of the C library as kernels call them;
* ``code.c``: what a program is, how it is checked, where its numbers lie;
* ``scalar.c``: running it once;
* ``blocks.c``: instructions on blocks of rows, written once for each set of machine instructions;
* ``lanes.c``: functions that compute several numbers at once, for each of these sets;
* ``own.c``: the commonest of these, for where the C library has none;
* ``vectors.c``: which set runs, and where it finds these functions;
* ``dense.c``: products of matrices on blocks, in tiles that stay in registers;
* ``plan.c``: what is run once for all rows, and what for each block;
* ``map.c``: rows, chunks and threads;
* ``direct.c``: blocks of rows by machine code alone;
* ``forms.c``: numbers out of arguments, results out of numbers;
* ``networks.c``: the same for networks;
* ``call.c``: a program as a function;
* ``bound.c``: a program on arrays that stay;
* ``installing.c``: machine code in the place of instructions;
* ``machine.c``: includes them all; what Python sees.

Importing it raises ModuleNotFoundError where it was not compiled, and ImportError where it was
compiled from another op table.
"""

import autograd_lite.program.native._machine as _machine  # `from … import` says ImportError
from autograd_lite.ops.digest import is_outdated

if is_outdated(_machine.TABLE_DIGEST):
    raise ImportError(
        "the compiled machine was built from another op table than the one installed; build it "
        "again (pip install .)"
    )

BLOCK = _machine.BLOCK
Bound = _machine.Bound
Call = _machine.Call
Machine = _machine.Machine
FRAME, FULL_STRIDE = _machine.FRAME, _machine.FULL_STRIDE
LEAVES = _machine.LEAVES
use_vectors = _machine.use_vectors
vectors = _machine.vectors
