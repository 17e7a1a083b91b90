"""Valgrind's memcheck over a selection of the tests: no error may have passed through our C code.

`make valgrind` runs this inside a copy of the package that is compiled for debugging. CPython and
the libraries under it are not free of complaints, which are nobody's business here: an error counts
if a frame of its stacks lies in `_engine` or `_machine`.
"""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

#: Small graphs of everything: each instruction takes thirty times as long here.
USUAL = [
    *["engine/test_native.py", "engine/test_native_rows.py", "engine/test_engine.py"],
    *["graphs/test_value.py", "program/native/test_machine.py", "program/test_program.py"],
    *["program/test_program_files.py", "program/test_bind.py"],
]
LEFT_OUT = (
    "million or process or thousand_slopes or without_memory or engine_is_refused or large_graph "
    "or deepcopy or pickle or linear_time or edges or every_allocation or 5000 or 300000"
)
OURS = ("_engine", "_machine")


def ours(report: Path, leaks: bool) -> list[str]:
    """The errors of a report whose stacks pass through our C code, as text.

    What is lost at the end counts only if nothing points to it: Python itself leaves much behind.
    """
    found = []
    for error in ET.parse(report).getroot().iter("error"):
        frames = [
            (frame.findtext("fn", "?"), frame.findtext("file", "?"), frame.findtext("line", "?"))
            for frame in error.iter("frame")
            if any(name in frame.findtext("obj", "") for name in OURS)
        ]
        kind = error.findtext("kind", "")
        counts = not kind.startswith("Leak") or (leaks and kind == "Leak_DefinitelyLost")
        if frames and counts:
            what = error.findtext("what") or error.findtext("xwhat/text") or kind
            stack = "\n".join(f"    {name} ({file}:{line})" for name, file, line in frames)
            found.append(f"{what}\n{stack}")
    return found


def check(tests: list[str], leaks: bool) -> bool:
    """Run some tests under memcheck: whether they passed without an error of ours."""
    report = Path("memcheck.xml")
    shown = "definite" if leaks else "none"
    command = [
        *["valgrind", "--quiet", "--xml=yes", f"--xml-file={report}", "--num-callers=40"],
        *[f"--show-leak-kinds={shown}", "--error-limit=no", "--child-silent-after-fork=yes"],
        *[sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        *["-k", f"not ({LEFT_OUT})", *[f"tests/{name}" for name in tests]],
    ]
    status = subprocess.run(command).returncode
    errors = ours(report, leaks)
    print("\n".join(errors))
    print(f"memcheck: {len(errors)} errors with a frame of our C code", flush=True)
    return status == 0 and not errors


def main() -> int:
    """Run, report, and return an exit status.

    Where allocations fail, leaks do not count, because CPython 3.11 then loses arguments of calls.
    """
    good = [check(USUAL, leaks=True), check(["engine/test_faults.py"], leaks=False)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
