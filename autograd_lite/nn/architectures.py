"""From a model file to a module: the file's description is checked before anything is built."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from autograd_lite.errors import ModelFileError, shown
from autograd_lite.nn import model_files
from autograd_lite.nn.labels import restore
from autograd_lite.nn.layers import Layer, Neuron
from autograd_lite.nn.module import Module
from autograd_lite.nn.networks import MLP, Sequential
from autograd_lite.nn.parts.blocks import Dropout, Embedding, LayerNorm, Residual
from autograd_lite.nn.tensors import with_repeated

#: How many parameters a described module has, and a function that builds it.
Plan = tuple[int, Callable[[], Module]]


def load(path: str | os.PathLike[str]) -> Module:
    """The module that a file describes, with its parameters.

    Parameters
    ----------
    path : str or path-like
        A file that ``Module.save`` wrote.

    Returns
    -------
    Module
        Of this package; ready to predict, or to learn on. What was frozen is.

    Raises
    ------
    ModelFileError
        If the file is no model file, is damaged, or describes a module that this package cannot
        build, such as one of your own class (make that yourself and call its ``load``).
    """
    saved = model_files.read(path)
    try:
        count, build = _plan(saved.description)
        held = sum(array.size for array in saved.tensors.values())
        if count != held:  # before building: a false description could claim any size
            raise ValueError(f"it describes {count} parameters and holds {held}")
        module = build()
        module.load_state_dict(saved.tensors)
        restore(module, saved.learnt)
        module._freeze_named(saved.learnt.get("frozen", []))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{os.fsdecode(path)}: {error}") from None
    return module


# No random number of a new module survives, so Python's global generator is left alone.
_SEED = 0


def _mlp(nin: int, nouts: list[int], activation: str, output: str) -> Plan:
    sizes = [nin, *nouts]
    count = sum((a + 1) * b for a, b in zip(sizes, nouts, strict=False))
    return count, lambda: MLP(nin, nouts, activation, output, seed=_SEED)


def _sequential(modules: list[Any]) -> Plan:
    plans = [_plan(module) for module in modules]
    return sum(count for count, _ in plans), lambda: Sequential(*[build() for _, build in plans])


def _residual(module: Any) -> Plan:
    count, build = _plan(module)
    return count, lambda: Residual(build())


def _shared(module: Any, runs: list[list[int]]) -> Plan:
    count, build = _plan(module)
    if not all(0 <= one < one + n <= other <= count - n for other, one, n in runs):
        raise ValueError(f"it describes {count} parameters and shares others: {shown(runs, 60)}")

    def built() -> Module:
        whole = build()
        shared: Module = with_repeated(whole, whole._places(), runs)
        return shared

    return count, built


_PLANS: dict[str, Callable[..., Plan]] = {
    "Neuron": lambda nin, activation: (nin + 1, lambda: Neuron(nin, activation, seed=_SEED)),
    "Layer": lambda nin, nout, activation: (
        (nin + 1) * nout, lambda: Layer(nin, nout, activation, seed=_SEED)
    ),
    "MLP": _mlp, "Sequential": _sequential, "Residual": _residual, "Shared": _shared,
    "Dropout": lambda rate: (0, lambda: Dropout(rate)),
    "LayerNorm": lambda n, eps: (2 * n, lambda: LayerNorm(n, eps)),
    "Embedding": lambda n, width: (n * width, lambda: Embedding(n, width, seed=_SEED)),
}  # fmt: skip


def _is_size(thing: Any) -> bool:
    return type(thing) is int and thing >= 1


_CHECKS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(["nin", "nout", "n", "width"], _is_size),
    "nouts": lambda thing: isinstance(thing, list) and bool(thing) and all(map(_is_size, thing)),
    **dict.fromkeys(["activation", "output"], lambda thing: isinstance(thing, str)),
    "modules": lambda thing: isinstance(thing, list) and bool(thing),
    "module": lambda thing: isinstance(thing, dict),
    **dict.fromkeys(["rate", "eps"], lambda thing: type(thing) in (int, float)),
    "runs": lambda thing: (
        isinstance(thing, list)
        and all(isinstance(run, list) and [*map(type, run)] == [int] * 3 for run in thing)
    ),
}


def _plan(description: Any) -> Plan:
    """Check a description, and say what it would build."""
    if not isinstance(description, dict) or not isinstance(description.get("type"), str):
        raise ValueError(f"it describes no module: {shown(description, 60)}")
    kind = description["type"]
    if kind not in _PLANS:
        raise ValueError(
            f"it describes a {kind}, which this package cannot build; make the module yourself and "
            f"call its load (known: {', '.join(_PLANS)})"
        )
    plan = _PLANS[kind]
    fields = {name: thing for name, thing in description.items() if name != "type"}
    wanted = plan.__code__.co_varnames[: plan.__code__.co_argcount]
    if set(fields) != set(wanted):
        raise ValueError(f"a {kind} is described by {list(wanted)} and not by {sorted(fields)}")
    for name, thing in fields.items():
        if not _CHECKS[name](thing):
            raise ValueError(f"the {name} of a {kind} cannot be {shown(thing, 60)}")
    return plan(**fields)
