"""The command line: ``autograd-lite demo | lesson | explain | playground | …``.

What a user gets wrong is told in one line on stderr (and, for an expression, the place), with exit
status 2. Ctrl-C ends with status 130, a closed pipe with 141, as a shell reports those signals.
"""

import argparse
import keyword
import math
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from copy import deepcopy
from functools import partial
from itertools import islice
from typing import Any, NoReturn, get_args

from autograd_lite import demo
from autograd_lite.cli import commands
from autograd_lite.cli.doctor import installed
from autograd_lite.engine import fault
from autograd_lite.errors import AutogradError
from autograd_lite.exercises.worksheets import FORMATS, LEVELS, MOST
from autograd_lite.expressions import FUNCTIONS
from autograd_lite.files import check_place, words
from autograd_lite.lesson import STEPS
from autograd_lite.tables.gaps import Missing
from autograd_lite.tables.numerals import DECIMALS
from autograd_lite.terminal import PLAINLY

_USER_ERROR, _INTERRUPTED, _CLOSED_PIPE = 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, of the process's arguments if left out, and return the exit status.

    A SystemExit of argparse ends it after ``--help`` and ``--version`` (0) and for wrong arguments
    (2).
    """
    with ExitStack() as standing_in:
        for stream, redirect in ((sys.stdout, redirect_stdout), (sys.stderr, redirect_stderr)):
            if stream is None:  # as in a windowed program; print() would take the other one
                nowhere = open(os.devnull, "w", errors="replace")  # noqa: SIM115 - entered below
                standing_in.enter_context(redirect(standing_in.enter_context(nowhere)))
            elif hasattr(stream, "reconfigure"):  # a terminal without ², or ∂ shows others
                stream.reconfigure(errors=PLAINLY)
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    try:
        try:
            options = _parser().parse_args(_in_order(sys.argv[1:] if argv is None else argv))
            if fault and options.run is not commands.doctor:
                return _fail(fault, _USER_ERROR)
            options.run(options)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return _fail("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        # Nobody reads on: the rest of the output must not fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    except OSError as error:
        words = error.strerror or str(error)
        between = " " if words.startswith("is ") else ": "
        file = f"{os.fsdecode(error.filename)!r}{between}" if error.filename else ""
        return _fail(f"{file}{words}", _USER_ERROR)
    except (AutogradError, ImportError) as error:  # ImportError: an extra that is not installed
        return _fail(str(error), _USER_ERROR)
    return 0


def _fail(message: str, status: int) -> int:
    print(f"autograd-lite: {message}", file=sys.stderr)
    return status


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(_USER_ERROR, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="autograd-lite",
        description="Scalar automatic differentiation: expressions, graphs, tiny networks.",
    )
    parser.add_argument("--version", action="version", version=f"autograd-lite {installed()[0]}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, told in deepcopy(words("commands.toml", "cli")).items():
        arguments, as_written = told.pop("arguments"), told.pop("as_written", False)
        formatter = argparse.RawDescriptionHelpFormatter if as_written else argparse.HelpFormatter
        about = {key: text.format_map(_WORDS) for key, text in told.items()}
        command = subparsers.add_parser(name, formatter_class=formatter, **about)
        command.set_defaults(run=getattr(commands, name))
        some = any("instead" in given for given in arguments.values())
        either = command.add_mutually_exclusive_group() if some else command
        for flag, given in arguments.items():
            group = either if given.pop("instead", False) else command
            known = {key: _KNOWN[given[key]] for key in ("type", "choices") if key in given}
            if "help" in given:
                known["help"] = given["help"].format_map(_WORDS)
            group.add_argument(*flag.split("/"), **given | known)
    return parser


def _in_order(argv: Sequence[str]) -> list[str]:
    """The arguments with options first where there is a formula, which may begin with a minus."""
    if not argv or argv[0] not in ("explain", "playground"):
        return list(argv)
    options: list[str] = []
    others: list[str] = []
    rest = iter(argv[1:])
    for argument in rest:
        if argument in ("--draw", "--output"):
            options += [argument, *islice(rest, 1)]
        elif argument == "-h" or (argument.startswith("--") and argument[2:3].isalpha()):
            options.append(argument)
        elif argument != "--":
            others.append(argument)
    return [argv[0], *options, "--", *others]


def _binding(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    name = name.strip()
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=NUMBER, such as x=0.5")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise argparse.ArgumentTypeError(f"{name!r} cannot be a name: letters, digits and _ can")
    return name, _float(number)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number, such as 0.5") from None


def _file(text: str) -> str:
    """A file to be written; if that is impossible, it is said before the work."""
    check_place(text)
    return text


def _page(text: str) -> str:
    if text.lower().endswith(".html"):
        return _file(text)
    raise argparse.ArgumentTypeError(f"a page is saved as .html, and {text!r} is none")


def _number(text: str, below: float, said: str, above: float = 0.0) -> float:
    number = _float(text)
    if not above < number < below:
        raise argparse.ArgumentTypeError(f"{text} is not {said}")
    return number


def _whole(text: str, least: int, said: str, most: float = math.inf) -> int:
    if not (text.isdecimal() and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is no {said}")
    return int(text)


def _hidden(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no list of layer sizes; write numbers with commas, such as 16,16"
        )
    return tuple(map(int, parts))


#: What ``commands.toml`` calls by a name, and what it leaves to be filled in.
_KNOWN: dict[str, Any] = {
    "binding": _binding, "file": _file, "hidden": _hidden, "int": int, "page": _page,
    "count": partial(_whole, least=1, said="positive whole number, such as 50"),
    "exercises": partial(_whole, least=1, most=MOST, said=f"whole number from 1 to {MOST:,}"),
    "folds": partial(_whole, least=2, said="whole number from 2"),
    "fraction": partial(_number, above=-math.ulp(0.0), below=1.0,
                        said="between 0 and 1, such as 0.2"),
    "rate": partial(_number, below=math.inf, said="positive and finite, such as 0.01"),
    "seed": partial(_whole, least=0, said="whole number from 0"),
    "formats": FORMATS, "levels": range(1, len(LEVELS) + 1),
    "decimals": DECIMALS, "missing": get_args(Missing), "yes or no": ["yes", "no"],
    "steps": [step.number for step in STEPS], "tasks": ["regression", "classification"],
}  # fmt: skip
_WORDS = {
    "demo": demo.__doc__,
    "functions": ", ".join(FUNCTIONS),
    "levels": "; ".join(f"{i}: {level}" for i, level in enumerate(LEVELS, 1)),
    "steps": "; ".join(f"{step.number}: {step.title}" for step in STEPS),
}
