"""A page for every public name that is no op, and for every command of the command line."""

import argparse
import inspect
import re
import sys
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from types import GenericAlias, ModuleType

from staging import DOCS

import autograd_lite as ag
from autograd_lite.cli import command_line
from autograd_lite.nn.losses import LOSSES
from autograd_lite.nn.optim import Optimizer
from autograd_lite.ops import Op

#: Rooms whose names have pages, beside those of the package itself: what each lists as public.
ROOMS = ("nn", "nn.optim", "nn.losses", "nn.schedules", "nn.init", "estimators", "exercises")
ROOMS += ("tables", "distributed", "view.plots")
#: A function of a room without a list of names, and classes of what public functions give.
OTHERS = ("expressions.parse", "program.Compiled", "view.GraphView", "playgrounds.Playground")
OTHERS += ("explanations.Explanation", "explanations.Explanations", "explanations.Path")
OTHERS += ("diagnosis.Diagnosis", "diagnosis.Finding", "transforms.uncertainty.Uncertain")


def public_names() -> list[str]:
    """Every public name that is no op and no module, dotted, without ``autograd_lite``."""
    found = [name for name in ag.__all__ if not isinstance(getattr(ag, name), Op | str)]
    for room in ROOMS:
        module = import_module(f"autograd_lite.{room}")
        found += [f"{room}.{name}" for name in module.__all__]
    found += OTHERS
    known = {id(thing): name for name in reversed(found) if (thing := _thing(name)) is not None}
    return [name for name in known.values() if not isinstance(_thing(name), ModuleType)][::-1]


def _thing(name: str) -> object:
    *rooms, last = name.split(".")
    try:
        return import_module(".".join(["autograd_lite", *rooms, last]))
    except ModuleNotFoundError:
        return getattr(import_module(".".join(["autograd_lite", *rooms])), last)


def documentation(name: str) -> str:
    """The documentation of a name; of data, the comment that stands above them.

    Python has that of their type for them: of a dict, how one is made.
    """
    thing = _thing(name)
    if inspect.isclass(thing) or inspect.isroutine(thing):
        return inspect.getdoc(thing) or ""
    room, _, last = f"autograd_lite.{name}".rpartition(".")
    comment = re.compile(rf"((?:^#: .*\n)+){last}\b", re.M)
    for module in sorted(each for each in sys.modules if f"{each}.".startswith(f"{room}.")):
        if found := comment.search(inspect.getsource(sys.modules[module])):
            return re.sub(r"^#: ", "", found[1], flags=re.M).strip()
    raise LookupError(f"nothing says what {name} is: write a comment above it that begins with #:")


@cache
def _examples() -> dict[str, list[str]]:
    """Examples that stand in no docstring, by the names that they show."""
    found: dict[str, list[str]] = {}
    text = (DOCS / "parts" / "examples.md").read_text()
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        heads, _, body = section.partition("\n")
        for name in heads.split(", "):
            found.setdefault(name, []).append(body.strip())
    return found


def page(name: str) -> str:
    """The page of a name: what autodoc finds, by numpydoc, and what a signature or a rule says."""
    parts = [_documented(name), *_typed(_thing(name)), *_formulas(_thing(name))]
    if name in _examples():
        parts += ["## Examples", *_examples()[name]]
    return "\n\n".join(parts) + "\n"


def _typed(thing: object) -> list[str]:
    """Types that the documentation of a name leaves to its annotations: parameters and results."""
    text, parts = inspect.getdoc(thing) or "", []
    if not (inspect.isroutine(thing) or is_dataclass(thing)):
        return []
    signature = signature_of(thing)
    if not re.search(r"^(Attributes|Parameters)\n-", text, re.M):
        what = "Takes" if inspect.isroutine(thing) else "Its fields:"
        told = [f"- `{each}`" for each in map(_annotated, signature.parameters.values())]
        parts += [what, "\n".join(told)] if told else []
    found = signature.return_annotation
    if inspect.isroutine(thing) and not re.search(r"^(Returns|Yields)\n-", text, re.M):
        parts += [f"Returns `{_type(found)}`."] * (found not in (None, "None", signature.empty))
    return parts


def signature_of(thing: object) -> inspect.Signature:
    """A signature as readers see it: types are spelt out, not called by names of the code's own."""
    found = inspect.signature(thing)
    names = getattr(inspect.unwrap(getattr(thing, "__init__", thing)), "__globals__", {})
    names = getattr(inspect.unwrap(thing), "__globals__", names)

    def told(annotation: object) -> object:
        if isinstance(annotation, str):
            with suppress(NameError):  # of names that type checkers alone have: `index` tells them
                annotation = eval(annotation, names)
        return annotation if annotation is inspect.Parameter.empty else _Text(_type(annotation))

    parameters = [p.replace(annotation=told(p.annotation)) for p in found.parameters.values()]
    return found.replace(parameters=parameters, return_annotation=told(found.return_annotation))


class _Text(str):
    """A type in words, which a signature shows as it is."""

    __repr__ = str.__str__


def _annotated(parameter: inspect.Parameter) -> str:
    empty, default = parameter.empty, parameter.default
    told = f"{parameter.name}: {_type(parameter.annotation)}"
    is_plain = isinstance(default, int | float | str | tuple) or default is None
    return told + (f" = {default!r}" if default is not empty and is_plain else "")


def _type(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"(?:\w+\.)+(?=\w)", "", text)


def _formulas(thing: object) -> list[str]:
    """The rule of a loss, for one sample, or of an optimiser, in LaTeX."""
    if inspect.isclass(thing) and issubclass(thing, Optimizer) and thing is not Optimizer:
        return ["## Formula", *_steps(thing)]
    loss = next((loss for loss in LOSSES.values() if loss.function is thing), None)
    if loss is None:
        return []
    if loss.classes is range:
        targets, said = [0], "the class 0"
    elif loss.name == "gaussian_nll":  # of a mean and the logarithm of a variance
        targets, said = _leaves("t_1"), "the target $t_1$"
    else:
        targets, said = _leaves("t_1", "t_2"), "the targets $t_1$ and $t_2$"
    formula = ag.latex(loss.sample(_leaves("o_1", "o_2"), targets))
    return [
        "## Formula",
        f"Of a sample with the outputs $o_1$ and $o_2$ and {said}:",
        _block(formula),
    ]


def _steps(kind: type[Optimizer]) -> list[str]:
    """What a parameter becomes, and the numbers that are remembered of it."""
    optimizer = kind([ag.Value(1.0)], 0.1)
    for setting in kind.settings:
        setattr(optimizer, setting, *_leaves(setting.replace("_", " ")))
    names = [f"s_{i}" for i, _ in enumerate(kind.start, 1)]
    parameter, gradient, step, *state = _leaves("p", "g", "t", *names)
    after, state = optimizer.update(parameter, gradient, tuple(state), step)
    parts = ["A parameter $p$ with the gradient $g$ becomes, in step $t$:", _block(ag.latex(after))]
    for name, each in zip(names, state, strict=True):
        if each.op:  # else it stays
            parts += [f"What is remembered of it, ${name}$, becomes", _block(ag.latex(each))]
    return parts


def _leaves(*names: str) -> list[ag.Value]:
    return [ag.Value(0.5, label=name) for name in names]


def _block(formula: str) -> str:
    return f"$$\n{formula}\n$$"


def _documented(name: str) -> str:
    thing = _thing(name)
    if inspect.isclass(thing):
        kind = "autoexception" if issubclass(thing, BaseException) else "autoclass"
        options = "\n   :members:\n   :inherited-members: object"
        if others := _from_others(thing):
            options += f"\n   :exclude-members: {', '.join(others)}"
    elif inspect.isroutine(thing):
        kind, options = "autofunction", ""
    else:
        said = f"{documentation(name)}\n\n"
        if isinstance(thing, GenericAlias):
            said += f"A type: `{thing}`."
        elif isinstance(thing, dict):
            said += f"Its keys: {', '.join(f'`{key!r}`' for key in thing)}."
        return f"# {name}\n\n```{{py:data}} autograd_lite.{name}\n{said}\n```"
    return f"# {name}\n\n```{{eval-rst}}\n.. {kind}:: autograd_lite.{name}{options}\n```"


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
    text = documentation(name)
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
        "In types, `P` stands for the parameters of a function that is given, `R` for its result; "
        "`Axes` are Matplotlib's. Structures of numbers, which types cannot describe, are `Any`.",
    ]
    for room, names in rooms.items():
        title = f"autograd_lite.{room}" if room else "autograd_lite"
        lines = [f"- [{name}]({name}.md): {summary(name)}" for name in names]
        parts += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def commands() -> str:
    """The page of the command line, from its parser."""
    parser = command_line._parser()
    _, _, ends = (inspect.getdoc(command_line) or "").partition("\n\n")
    parts = ["# The command line", _shown(parser), re.sub(r"``(.+?)``", r"`\1`", ends)]
    [subparsers] = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for name, command in subparsers.choices.items():
        parts += [f"## {name}", _shown(command)]
    return "\n\n".join(parts) + "\n"


def _shown(parser: argparse.ArgumentParser) -> str:
    return f"```text\n{parser.format_help().strip()}\n```"
