"""`freeze`: a program out of a graph that exists."""

from collections.abc import Iterable
from typing import Any

from autograd_lite.engine import Builder, Value, going_on, refuse_frozen, topological_order
from autograd_lite.errors import shown
from autograd_lite.graph import check_value
from autograd_lite.program.program import Program
from autograd_lite.program.rolling import finished


def freeze(outputs: Any, inputs: Iterable[Value]) -> Program:
    """A program that computes some Values from others, made from their graph.

    Leaves that are not among the inputs become constants, at the numbers that they have now.

    Parameters
    ----------
    outputs : Value or sequence of Value
        One Value makes a program that gives a float; a sequence, one that gives a list.
    inputs : sequence of Value
        Nodes anywhere in the graph, each once. What they were computed from is left out.

    Returns
    -------
    Program

    Raises
    ------
    TypeError
        If an output or input is not a Value.
    ValueError
        If an input is given twice, or is a constant of an expression.
    ProgramError
        If the graph holds a user's own op that takes floats only.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> y = x * x + 1.0
    >>> print(freeze(y, [x]))
    Program: 2 instructions, 1 input, 1 output
        r0 = multiply(x0, x0)
        r1 = add(r0, 1.0)
        return r1
    """
    single = isinstance(outputs, Value)
    roots = [check_value(thing, "an output") for thing in ([outputs] if single else outputs)]
    nodes = [check_value(thing, "an input") for thing in inputs]
    for i, node in enumerate(nodes):
        if node.constant:
            raise ValueError(f"input {i} is a constant of an expression, {shown(node)}; use a leaf")
    if len({*nodes}) < len(nodes):
        first = {node: i for i, node in reversed([*enumerate(nodes)])}
        twice = next(i for i, node in enumerate(nodes) if first[node] < i)
        raise ValueError(f"input {twice} is given twice: {nodes[twice]!r}; give each Value once")
    if going_on:
        for node in topological_order(roots, without=nodes):
            refuse_frozen(node)
    builder = Builder(len(nodes))
    return finished(Program, builder, builder.enter(nodes, roots), single)
