"""Messages of both engines for refused assignments to a Value."""

from collections.abc import Iterable
from typing import Any, NoReturn

from autograd_lite.engine.context import MADE, all_around, is_followed
from autograd_lite.errors import GraphError, ProgramError, shown, typed


def refuse_data(node: Any) -> None:
    """Raise if the data of this Value is not to be set: of one that was computed, or a constant.

    And of an argument, as long as a function is differentiated or compiled by it.
    """
    if _is_input(node) or node._traced & MADE:
        raise _followed(node)(
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
    _ = node.data  # which tells that it is read: a program holds where this changes nothing


def refuse_pickle(node: Any) -> None:
    """Raise if a Value depends on what is differentiated or compiled here and now."""
    if node._traced & MADE or is_followed(node):
        raise _followed(node)(
            "a pickle of what a function is differentiated or compiled by would lose that in "
            "silence; copy.deepcopy keeps it, or pickle what the function returns"
        )
    _ = node.data  # which tells that it is read


def refuse_frozen(node: Any) -> None:
    """Raise if a Value whose number a program would keep is differentiated by here and now."""
    if _is_input(node):
        raise _followed(node)(
            "what a function is differentiated or compiled by would become a constant of this "
            "program; name it among the inputs, or freeze what the function returns"
        )
    if not node.op:
        _ = node.data  # which tells that it is read


def refuse_values(things: Iterable[Any], name: str) -> None:
    """Raise if a Value is among what a program is to run on: it knows numbers alone."""
    for x in things:
        if hasattr(x, "_traced"):
            raise (_followed(x) if x._traced or is_followed(x) else TypeError)(
                f"{name} is, or holds, a Value, and a program keeps no derivatives: call the "
                "function that it was made of (for each row), or give numbers (.data)"
            )


def _is_input(node: Any) -> bool:
    return any(node is x for each in all_around() for x in each.inputs)


def _followed(node: Any) -> type[GraphError] | type[ProgramError]:
    return ProgramError if node._traced else GraphError


def refuse_label(label: object) -> NoReturn:
    """Raise: this is no label; perhaps the parents, as micrograd has them."""
    if isinstance(label, tuple | set | frozenset | list):
        raise TypeError(
            "Value(data, label) is a leaf, and takes no parents and no op: a node comes from "
            "operations on Values, such as a * b, or from an op of your own, ag.custom_op(...); "
            f"the label was {shown(label)}"
        )
    raise TypeError(f"a label is a str and was given {typed(label)}; write str(...)")
