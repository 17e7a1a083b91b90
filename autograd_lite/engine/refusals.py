"""What both engines say when an assignment to a Value is refused."""

from __future__ import annotations

from typing import Any, NoReturn


def refuse_data(node: Any) -> NoReturn:
    """Raise: the data of this computed Value, or constant, is not to be set."""
    if node.op:
        raise AttributeError(
            f"this Value was computed by {node.op!r}, so its data is not to be set; set the data "
            "of its leaves and call refresh()"
        )
    raise AttributeError(
        f"this Value is the constant {node.data!r} of an expression; use a leaf, Value(number), "
        "for a number that changes"
    )


def refuse_label(label: object) -> NoReturn:
    """Raise: this is no label."""
    raise TypeError(
        f"a label is a str and was given {type(label).__name__}: {label!r}; write str(...)"
    )
