"""An installation in a few lines: what runs, why that, and what is missing."""

import os
import platform
import re
import subprocess
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from autograd_lite.engine import name as engine
from autograd_lite.engine import why
from autograd_lite.errors import LayoutError, some
from autograd_lite.program.jit.tiers import failure, reason_against
from autograd_lite.program.machine import native
from autograd_lite.view.layout import TIME_LIMIT, program_for

#: A requirement of an extra, or of none, for every platform.
_REQUIREMENT = re.compile(r"""([\w.-]+)[^;]*(?:; extra == ["']([\w.-]+)["'])?""")


def installed() -> tuple[str, list[str], list[str]]:
    """Version, requirements and extras of the installed package, as its metadata tell them."""
    try:
        package = distribution("autograd-lite")
    except PackageNotFoundError:  # a checkout, or a packed program
        return "(not installed)", [], []
    extras = package.metadata.get_all("Provides-Extra") or []
    return package.version, package.requires or [], extras


def findings() -> dict[str, str]:
    """Facts about this installation, one line each, by what they are about."""
    release, requirements, extras = installed()
    here, missing = _libraries(requirements)
    broken = reason_against()
    if not broken and (broken := failure()):
        missing["jit"].append(broken)
    ours = [name for name in sorted(os.environ) if name.startswith("AUTOGRAD_LITE_")]
    settings = [f"{name}={os.environ[name]!r}" for name in ours]
    return {
        "autograd-lite": f"{release}, in {Path(__file__).parents[1]}",
        "engine": f"{engine}: {why}",
        "machine": "in C" if native else "in Python: the machine in C was not compiled or chosen",
        "machine code": broken or "by LLVM, when it pays",
        "processor": f"{platform.machine()}, {processor()}",
        "instructions": _instructions(),
        "Graphviz": _graphviz("svg"),
        "PDF": _graphviz("pdf"),
        "libraries": ", ".join(here[""]) or "none is known",
        "extras": ", ".join(each for each in extras if not missing[each]) or "none is complete",
        "missing": "; ".join(
            f"{extra}: {some(missing[extra], 3)}" for extra in extras if missing[extra]
        ) or "nothing",
        "settings": ", ".join(settings) or "none",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.python_compiler()}",
        "platform": platform.platform(),
    }  # fmt: skip


def _libraries(requirements: list[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """By extra, or "" where there is none: libraries that are here, and those that are not.

    What only some platforms need is left out: whether this is one, pip knows.
    """
    here: dict[str, list[str]] = defaultdict(list)
    missing: dict[str, list[str]] = defaultdict(list)
    for requirement in requirements:
        if found := _REQUIREMENT.fullmatch(requirement):
            name, extra = found[1], found[2] or ""
            try:
                here[extra].append(f"{name} {version(name)}")
            except PackageNotFoundError:
                missing[extra].append(name)
    return here, missing


def processor() -> str:
    """The processor's name, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(errors="replace") if cpuinfo.exists() else ""
    found = re.search(r"^model name\s*: *(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or "of unknown name"


def _instructions() -> str:
    """The set of vector instructions that the machine has chosen, and its vector mathematics."""
    if native is None:
        return "none is chosen without the machine in C"
    chosen, lanes, functions = native.vectors()
    there = sum(address is not None for address in functions.values())
    return f"{chosen}, {lanes} numbers at once; {there} of {len(functions)} functions for them"


def _graphviz(output: str) -> str:
    """The program that writes a format, and its version, or why there is none."""
    try:
        program = program_for(output)
        done = subprocess.run(
            [program, "-V"], capture_output=True, text=True, errors="replace", timeout=TIME_LIMIT
        )
    except LayoutError as error:
        return str(error)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{program} does not run: {error}"
    said = (done.stdout + done.stderr).strip().partition("\n")[0]
    return f"{program}: {said or f'it ends with status {done.returncode}'}"
