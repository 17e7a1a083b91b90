"""Programs as C99 that stands alone."""

from collections.abc import Sequence

from autograd_lite.program.code import Code
from autograd_lite.program.exports.language import Language, Listing, check_name

#: What the standards keep for libraries, or is usually a macro; other names are in c_names.txt.
_RESERVED = (
    r".*__.*|_[A-Z].*|[A-Z][A-Z0-9_]+(f\d*x?|l)?|(PRI|SCN)\w+|\w+_t|f\d+x?\w+f\d+x?|"
    r"(atomic|cnd|mtx|thrd|tss|memory_order|pthread|sched|s[ai]|sigev)_\w+"
)
#: With what a function of the library goes on for another type or argument.
_FORM = r"(f|l|[fd]\d+x?|64)?(_[lr]|_unlocked)?"
#: Registers that lie on the stack; more are asked from malloc.
_ON_STACK = 4096


class CSource(str):
    """C source; its `header` is what another file includes."""

    __slots__ = ("header",)
    header: str


class CLanguage(Language):
    """C99 and its library."""

    declare, end = "const double ", ";"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.prefix = f"{name}_"

    def definition(self, name: str, parameters: Sequence[str], text: str) -> str:
        """A static function."""
        doubles = ", ".join(f"double {parameter}" for parameter in parameters)
        return _function(f"static double {name}({doubles})", [f"return {text};"])


def to_c(program: Code, name: str = "program") -> CSource:
    """A program as C99 that includes only the C library.

    It defines ``void NAME(const double *inputs, double *outputs)``, which may run in many threads
    at once. Compiled with ``-ffp-contract=off -fno-builtin-pow`` and linked with the C library that
    Python uses (``-lm``) it gives exactly the bits of the program.

    Parameters
    ----------
    program : Program
    name : str, default="program"
        Of the function, and what the names of all others begin with.

    Returns
    -------
    str
        The source; its attribute `header` is the header.

    Raises
    ------
    ProgramError
        If `name` is no identifier, or means something in C, C++ or their libraries.
    """
    where = "C or C++, or in their libraries"
    check_name(name, "C", where, "c_names.txt", "to_c", rf"_*({{}}){_FORM}|{_RESERVED}")
    listing, language = Listing(program), CLanguage(name)
    prototype = f"void {name}(const double *inputs, double *outputs)"
    about = f"/* {listing.about} */"
    parts = _functions(listing, language, name, prototype)
    declared = f'#ifdef __cplusplus\nextern "C"\n#endif\n{prototype};'
    head = f"{about}\n#include <math.h>\n#include <stdlib.h>\n\n{declared}"
    source = CSource("\n\n".join([head, *language.definitions, *parts]) + "\n")
    guard = f"AUTOGRAD_LITE_{name}_H"
    source.header = f"""{about}
#ifndef {guard}
#define {guard}

{declared}

#endif
"""
    return source


def _functions(listing: Listing, language: CLanguage, name: str, prototype: str) -> list[str]:
    """The function, after those that it calls: a program of several parts becomes several."""
    program, written = listing.program, listing.written(language, "inputs")
    outputs = [f"outputs[{k}] = {text};" for k, text in enumerate(written.outputs)]
    # an output may lie where an input does: inputs first
    inputs = [
        f"const double {listing.name(r)} = inputs[{r}];"
        for r in dict.fromkeys(program.outputs.tolist())
        if r < program.n_inputs
    ]
    end = outputs or ["(void)outputs;"]
    if len(written.parts) == 1:
        [(loads, lines)] = written.parts
        loads = [*dict.fromkeys([*loads, *inputs])]
        return [_function(prototype, [*_loading(loads), *lines, *end])]
    room, freed = _room(written.n_kept, len(outputs))
    head = "static void {}_part{}(const double *inputs, double *kept)"
    parts = [
        _function(head.format(name, k), [*_loading(loads), *lines])
        for k, (loads, lines) in enumerate(written.parts, 1)
    ]
    calls = [f"{name}_part{k}(inputs, kept);" for k in range(1, len(parts) + 1)]
    return [*parts, _function(prototype, [*room, *calls, *inputs, *end, *freed])]


def _loading(loads: Sequence[str]) -> list[str]:
    """Statements that load; compilers want to hear of inputs that none of them reads."""
    unused = not any("= inputs[" in load for load in loads)
    return [*loads, *["(void)inputs;"] * unused]


def _room(count: int, n_outputs: int) -> tuple[list[str], list[str]]:
    """Statements that ask for room and that free it; without room every output is nan."""
    if count <= _ON_STACK:
        return [f"double kept[{count}];"], []
    asked = [
        f"double *kept = (double *)malloc({count} * sizeof *kept);",
        "if (kept == NULL) {",
        f"    for (int i = 0; i < {n_outputs}; i++)",
        "        outputs[i] = NAN;",
        "    return;",
        "}",
    ]
    return asked, ["free(kept);"]


def _function(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, "{", *[f"    {line}" for line in lines], "}"])
