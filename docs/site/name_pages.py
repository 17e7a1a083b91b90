"""A page for every public name that is no op, and for every command of the command line."""

import argparse
import inspect
import re
from importlib import import_module
from types import GenericAlias, ModuleType

import autograd_lite as ag
from autograd_lite.cli import command_line
from autograd_lite.ops import Op

#: Rooms whose names have pages, beside those of the package itself.
ROOMS = ("nn", "estimators", "exercises", "tables", "view.plots")
#: Functions of rooms without a list of names.
OTHERS = ("expressions.parse", "nn.optim", "nn.losses", "nn.schedules", "nn.init", "distributed")


def public_names() -> list[str]:
    """Every public name that is no op and no module, dotted, without ``autograd_lite``."""
    found = [name for name in ag.__all__ if not isinstance(getattr(ag, name), Op | str)]
    for room in ROOMS:
        module = import_module(f"autograd_lite.{room}")
        found += [f"{room}.{name}" for name in module.__all__]
    for each in OTHERS:
        thing = _thing(each)
        if isinstance(thing, ModuleType):
            found += [f"{each}.{name}" for name in _own_names(thing)]
        else:
            found.append(each)
    known = {id(thing): name for name in reversed(found) if (thing := _thing(name)) is not None}
    return [name for name in known.values() if not isinstance(_thing(name), ModuleType)][::-1]


def _own_names(module: ModuleType) -> list[str]:
    """What a module says is public, or has that is its own."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == module.__name__
    ]


def _thing(name: str) -> object:
    *rooms, last = name.split(".")
    try:
        return import_module(".".join(["autograd_lite", *rooms, last]))
    except ModuleNotFoundError:
        return getattr(import_module(".".join(["autograd_lite", *rooms])), last)


def page(name: str) -> str:
    """The page of a name: what autodoc finds, by numpydoc."""
    thing = _thing(name)
    if inspect.isclass(thing):
        kind = "autoexception" if issubclass(thing, BaseException) else "autoclass"
        options = "\n   :members:\n   :inherited-members: object"
        if others := _from_others(thing):
            options += f"\n   :exclude-members: {', '.join(others)}"
    elif isinstance(thing, GenericAlias):
        return f"# {name}\n\n```{{py:data}} autograd_lite.{name}\nA type: `{thing}`.\n```\n"
    else:
        kind = "autofunction" if inspect.isroutine(thing) else "autodata"
        options = ""
    return f"# {name}\n\n```{{eval-rst}}\n.. {kind}:: autograd_lite.{name}{options}\n```\n"


def _from_others(thing: type) -> list[str]:
    """What a class has from classes of other packages, whose documentation is elsewhere."""
    ours = [each for each in thing.__mro__ if each.__module__.startswith(ag.__name__)]
    own = {name for each in ours for name in vars(each)}
    return [
        name
        for name in dir(thing)
        if not name.startswith("_")
        and (name not in own or not _is_ours(inspect.getattr_static(thing, name)))
    ]


def _is_ours(member: object) -> bool:
    module = getattr(getattr(member, "__func__", member), "__module__", None)
    return module is None or module.startswith(ag.__name__)


def summary(name: str) -> str:
    """The first line of the documentation of a name."""
    text = inspect.getdoc(_thing(name)) or ""
    first = " ".join(text.partition("\n\n")[0].split())
    first = re.sub(r"`+(.+?)`+", r"`\1`", first)
    return re.sub(r"([*<_$])(?![^`]*`[^`]*$)", r"\\\1", first) if "`" not in first else first


def index() -> str:
    """The list of all names, by rooms."""
    rooms: dict[str, list[str]] = {}
    for name in public_names():
        rooms.setdefault(name.rpartition(".")[0], []).append(name)
    parts = [
        "# Names",
        "A page per public name. [Ops](../ops/index.md) have their own.",
    ]
    for room, names in rooms.items():
        title = f"autograd_lite.{room}" if room else "autograd_lite"
        lines = [f"- [{name}]({name}.md): {summary(name)}" for name in names]
        parts += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def commands() -> str:
    """The page of the command line, from its parser."""
    parser = command_line._parser()
    parts = ["# The command line", _shown(parser)]
    [subparsers] = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for name, command in subparsers.choices.items():
        parts += [f"## {name}", _shown(command)]
    return "\n\n".join(parts) + "\n"


def _shown(parser: argparse.ArgumentParser) -> str:
    return f"```text\n{parser.format_help().strip()}\n```"
