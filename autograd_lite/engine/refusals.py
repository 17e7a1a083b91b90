"""What both engines say when an assignment to a Value is refused."""

from __future__ import annotations

from typing import Any, NoReturn

from autograd_lite.engine.modes import around, is_followed, tracing
from autograd_lite.errors import GraphError, ProgramError, shown


def refuse_data(node: Any) -> None:
    """Raise if the data of this Value is not to be set: of one that was computed, or a constant.

    And of an argument, as long as a function is differentiated or compiled by it.
    """
    if any(each.is_input(node) for each in around.get()) or (tracing.get() and is_followed(node)):
        raise _followed()(
            "data of what a function is differentiated or compiled by is not to be set inside it: "
            "the derivatives and programs would not follow; compute a new Value instead, such as "
            "x = x + 1.0"
        )
    if node.op:
        raise AttributeError(
            f"this Value was computed by {node.op!r}, so its data is not to be set; set the data "
            "of its leaves and call refresh()"
        )
    if node.constant:
        raise AttributeError(
            f"this Value is the constant {node.data!r} of an expression; use a leaf, "
            "Value(number), for a number that changes"
        )


def refuse_pickle(node: Any) -> None:
    """Raise if a Value depends on what is differentiated or compiled here and now."""
    if is_followed(node):
        raise _followed()(
            "a pickle of what a function is differentiated or compiled by would lose that in "
            "silence; copy.deepcopy keeps it, or pickle what the function returns"
        )


def _followed() -> type[GraphError] | type[ProgramError]:
    return ProgramError if tracing.get() else GraphError


def refuse_attribute(name: str) -> NoReturn:
    """Raise: a Value has no such attribute, and none can be added."""
    if name.startswith("_"):
        raise AttributeError(
            f"a Value has no attribute {name!r}: partial derivatives are numbers here, "
            ".local_grads, and backward() of the result goes over the graph; for a rule of your "
            "own write ag.custom_op(...)"
        )
    raise AttributeError(
        f"a Value has no attribute {name!r}, and none can be added; keep what belongs to it in a "
        "list beside the parameters, or in a dict by Value (its hash is its identity)"
    )


def refuse_label(label: object) -> NoReturn:
    """Raise: this is no label; perhaps the parents, as micrograd has them."""
    if isinstance(label, tuple | set | frozenset | list):
        raise TypeError(
            "Value(data, label) is a leaf, and takes no parents and no op: a node comes from "
            "operations on Values, such as a * b, or from an op of your own, ag.custom_op(...); "
            f"the label was {shown(label)}"
        )
    raise TypeError(
        f"a label is a str and was given {type(label).__name__}: {shown(label)}; write str(...)"
    )
