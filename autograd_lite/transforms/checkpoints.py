"""`checkpoint`: a part of a computation kept as one node, and computed again when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd_lite.engine import (
    MADE,
    Value,
    adjoints,
    all_around,
    current_scope,
    dependent,
    fields,
    restore,
    topological_order,
    tracing,
)
from autograd_lite.errors import GraphError
from autograd_lite.graph import op_of
from autograd_lite.modes import noted, recording
from autograd_lite.ops import SequenceOp
from autograd_lite.ops.duals import value_of
from autograd_lite.ops.ieee import IEEE, number_system
from autograd_lite.transforms.nesting import differentiating
from autograd_lite.transforms.recordings import Function, also_in_no_grad, name_of, transformed
from autograd_lite.transforms.series import Series
from autograd_lite.transforms.sweeps import reverse_sweep
from autograd_lite.transforms.trees import Tree, setting, take_apart

if TYPE_CHECKING:
    from autograd_lite.transforms.signatures import P, R


def checkpoint(f: Callable[P, R]) -> Callable[P, R]:
    """The same function, of which a graph keeps one node for each number that it returns.

    Parameters
    ----------
    f : callable
        Of structures of numbers (other arguments reach it as they are), to any structure. It may
        close over Values: a network's parameters, say. It is called again by ``refresh()`` and by
        derivatives of higher order, so it must give the same graph for the same numbers.
        Derivatives that it takes inside are differentiable by what goes in.

    Returns
    -------
    callable
        It gives what `f` gives, recorded without the steps in between.

    Notes
    -----
    The graph of a call lives only until its partials are known: one recording and, for
    each number returned, one reverse sweep (preaccumulation: Griewank & Walther, Evaluating
    Derivatives, 2008, section 10.2). So first derivatives cost no second call of `f`; higher ones
    record it anew, each time, in the pass that needs it. n steps in √n parts of √n take memory of
    the order of √n nodes. The node holds one partial derivative for each number that goes in, so
    this pays for parts with few outputs.

    Such nodes cannot be pickled: they hold the function. In a program (`autograd_lite.compile`,
    `autograd_lite.freeze`) it is `f` itself.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> @ag.checkpoint
    ... def hundred_steps(x):
    ...     for _ in range(100):
    ...         x = x + 0.01 * ag.sin(x)
    ...     return x
    >>> x = ag.Value(1.0)
    >>> y = hundred_steps(x)
    >>> y.parents[0] is x, round(ag.gradient(y, [x])[0], 4)
    (True, 1.1064)
    """
    return transformed(_checkpoint, f)


@also_in_no_grad
def _checkpoint(f: Function, /, *args: Any, **keywords: Any) -> Any:
    call = Call(f, args, keywords)
    if tracing.get() or any(leaf._traced & MADE for leaf in call.values):
        return f(*args, **keywords)  # a program keeps no graph anyway
    inner = call.record([leaf.data for leaf in call.values])
    return inner.result.rebuilt([call.node(inner, i) for i in range(len(inner.outputs))])


class Inner:
    """The graph of one call: the nodes that go in, those that come out, and those between."""

    def __init__(self, inputs: list[Value], result: Tree, mark: Value) -> None:
        self.result, self.outputs = result, result.leaves
        outputs = [x for x in self.outputs if isinstance(x, Value)]
        order, since = topological_order(outputs, [mark]), mark._stamp
        outside = [x for x in order if x._stamp < since and not x.constant]
        self.inputs = [*inputs, *outside]
        self.between = [x for x in dependent(order, self.inputs) if x.op and x._stamp > since]
        self.enclosed = not any(x.op or x._traced for x in self.inputs)

    def partials(self, output: Value) -> list[float]:
        """The derivatives of one output by the inputs, each of them a variable by itself."""
        if self.enclosed:  # nothing lies above the inputs: the engine's sweep will do
            return adjoints(output, 1.0, self.inputs)
        numbers = {node: IEEE(number_in(node)) for node in (*self.inputs, *self.between)}
        adjoint = self.swept_back(output, numbers)
        return [float(adjoint.get(node, 0.0)) for node in self.inputs]

    def swept_back(self, output: Value, numbers: dict[Value, Any]) -> dict[Value, Any]:
        """Adjoints in any number system, up to the inputs and no further."""
        return reverse_sweep(self.between, {output: 1.0}, numbers, self.inputs)


class Call:
    """A function and its arguments, to record it again."""

    def __init__(self, f: Function, args: Sequence[Any], keywords: Mapping[str, Any]) -> None:
        self.f, self.keywords = f, keywords
        self.args = [(arg, _taken_apart(arg)) for arg in args]
        self.values = [x for _, tree in self.args for x in tree.leaves if isinstance(x, Value)]
        self.around = all_around()
        self.outside: list[Value] | None = None

    def given(self, inputs: Iterable[Any]) -> list[Any]:
        """The arguments with others in place of the Values among them."""
        rest = iter(inputs)
        return [
            tree.rebuilt([next(rest) if isinstance(x, Value) else x for x in tree.leaves])
            if any(isinstance(x, Value) for x in tree.leaves)
            else arg
            for arg, tree in self.args
        ]

    def record(self, numbers: Sequence[float]) -> Inner:
        """The graph at other numbers for the Values among the arguments.

        Derivatives taken inside know the differentiations around the first call, and these Values.
        """
        mark, inputs = Value(0.0), list(map(Value, numbers))
        with recording(), differentiating(inputs, outer=self.around):
            output = self.f(*self.given(inputs), **self.keywords)
        inner = Inner(inputs, take_apart(output, f"the result of {name_of(self.f)}"), mark)
        outside = inner.inputs[len(inputs) :]
        self.outside = outside if self.outside is None else self.outside
        if [*map(id, outside)] != [*map(id, self.outside)]:
            raise GraphError(
                f"{name_of(self.f)} was called again for derivatives and used other Values from "
                f"outside ({len(outside)}) than before ({len(self.outside)}); make them arguments"
            )
        return inner

    def node(self, inner: Inner, i: int) -> Any:
        """The node for one number that the function returned."""
        output = inner.outputs[i]
        if not isinstance(output, Value):
            return output
        parents = (*self.values, *inner.inputs[len(self.values) :])
        place = {node: k for k, node in enumerate(inner.inputs)}.get(output)
        if place is not None:
            return parents[place]
        if output not in {*inner.between}:
            return Value(output.data)
        row, partials, scope = Segment(self, i), inner.partials(output), current_scope.get()
        label, number = output.label, output.data
        return noted(restore(row, parents, tuple(partials), number, 0.0, label, False, scope))


def _taken_apart(arg: Any) -> Tree:
    try:
        return take_apart(arg, "argument")
    except TypeError:  # settings, data, text: they reach the function as they are
        return setting(arg)


class Segment(SequenceOp):
    """The row of one output: its rules are the function itself, recorded again and swept over."""

    custom = True
    name, doc = "checkpoint", "A part of a computation that is kept as one node."

    def __init__(self, call: Call, i: int) -> None:
        self.call, self.i = call, i
        self.__name__, self.__doc__ = self.name, self.doc
        self.symbol, self.symbol_constant = name_of(call.f), ""
        self.latex = rf"\operatorname{{{self.name}}}\left(#*\right)"
        self.rules, self.domain, self.operator, self.public = (call.f, ()), (), "", False
        self.attrs, self.attr_ranges, self.empty, self.scalars = {}, {}, False, {}
        self.arity, self.arguments, self.vectors = None, ("xs",), ("xs",)
        self.identities, self.exact, self.ignores_zero_sign = (), (), False
        self.latex_term, self.latex_between = "#1", ", "

    def __reduce__(self) -> Any:
        raise TypeError(
            f"a {self.name} of {self.symbol} holds a Python function and cannot be pickled; pickle "
            "the leaves, and build the graph again"
        )

    def on_floats(self, *numbers: float) -> float:  # noqa: D102
        inner, found = self._evaluated(numbers, numbers)
        output = inner.outputs[self.i]
        return float(found[output]) if output in found else float(output.data)

    def partials_on_floats(  # noqa: D102
        self, out: float, args: Sequence[float], wanted: Sequence[bool]
    ) -> tuple[float, ...]:
        return tuple(map(float, self.partials_on(IEEE(out), [*map(IEEE, args)], wanted)))

    def forward(self, *args: Any) -> Any:
        """The function's own steps; for what has no number, those at the numbers of the call."""
        try:
            numbers = [*map(number_in, args)]
        except TypeError:
            numbers = [own.data for own in self.call.values]
        inner, found = self._evaluated(args, numbers)
        return found.get(inner.outputs[self.i], inner.outputs[self.i])

    def expand(self, args: Sequence[Any]) -> Any:  # noqa: D102
        return self.forward(*args)

    def partials_on(self, out: Any, args: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
        """The gradient of the function, recorded again, in any number system."""
        inner, found = self._evaluated(args, [*map(number_in, args)])
        output = inner.outputs[self.i]
        adjoint = inner.swept_back(output, found)
        pairs = zip(inner.inputs, wanted, strict=True)
        return [adjoint.get(node, 0.0) if want else 0.0 for node, want in pairs]

    def _evaluated(
        self, args: Sequence[Any], numbers: Sequence[float]
    ) -> tuple[Inner, dict[Value, Any]]:
        """The graph at these numbers, and what its nodes are in the system of the arguments."""
        system = number_system(args) or IEEE
        inner = self.call.record(numbers[: len(self.call.values)])
        found: dict[Value, Any] = dict(zip(inner.inputs, args, strict=True))
        for node in inner.between:
            parts = tuple([found[p] if p in found else number_in(p) for p in node.parents])
            found[node] = system._apply_op(op_of(node), parts)
            if isinstance(found[node], Series):
                found[node].compute_like(parts)
        return inner, found


def number_in(thing: Any) -> float:
    """The plain number in one of any number system; of a traced Value without telling of it."""
    if isinstance(thing, Series):
        return number_in(thing[0])
    number = value_of(thing)
    return float(fields(number)[3] if isinstance(number, Value) else number)
