"""Activations: an op of the table by its name, ``"linear"``, or a user's function."""

from collections.abc import Callable
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import shown, typed
from autograd_lite.ops import TABLE, Op

#: An op's name, ``"linear"`` for none, or a function from Value to Value.
Activation = str | Callable[[Any], Any]

LINEAR = "linear"
_FAR = 30.0  # from 0, where activations are what they tend to
#: Those that the playground offers.
OFFERED = ("tanh", "relu", "sigmoid", "softplus", "sin", LINEAR)


def checked(activation: Activation) -> Activation:
    """A known activation by its name; a function that is no row of the op table as it is."""
    name: Any = activation
    if isinstance(activation, Op) and not activation.custom:
        name = activation.name
    if isinstance(name, str):
        known = [LINEAR, *[r.name for r in TABLE.values() if r.public and r.arity == 1]]
        if name not in known:
            raise ValueError(f"unknown activation {shown(name)}; choose one of: {', '.join(known)}")
        # A row with attributes of its own (a slope) is a function that its name would not give.
        return name if activation is name or TABLE[name] is activation else activation
    if not callable(activation):
        raise TypeError(
            f"an activation is the name of an op or a function and was given "
            f"{typed(activation)}; write nonlin=False for none"
        )
    return activation


def row_named(activation: str) -> Op | None:
    """The row of an activation given by its name; None for the linear one."""
    return None if activation == LINEAR else TABLE[activation]


def activate(activation: Activation, out: Any) -> Any:
    """The activation at one Value."""
    if isinstance(activation, str):
        row = row_named(activation)
        return out if row is None else row(out)
    result = activation(out)
    if type(result) is not type(out):
        raise TypeError(
            f"the activation {shown(activation)} must return a Value and returned {typed(result)}"
        )
    return result


def bends(activation: Activation) -> bool:
    """Whether it lets pass large numbers above 0 and holds back those below, as a rectifier."""
    above, below = (float(activate(activation, Value(x)).data) for x in (_FAR, -_FAR))
    return 0.5 * _FAR < above < 2.0 * _FAR and abs(below) < 0.5 * _FAR


def symbol_of(activation: Activation) -> str:
    """Its name in a neuron's repr: the row's symbol if that is a word."""
    if not isinstance(activation, str):
        return getattr(activation, "__name__", type(activation).__name__)
    symbol = TABLE[activation].symbol if activation != LINEAR else LINEAR
    return symbol if symbol.isidentifier() else activation
