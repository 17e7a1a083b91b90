"""The op table as a page of one's own expressions needs it: names, rules as JavaScript, wording.

And optimisers and first weights, whose rules are programs, for the networks that it trains.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from autograd_lite.engine import Value, topological_order
from autograd_lite.expressions import CONSTANTS, FUNCTIONS, INSTEAD, SAID, SYNTAX
from autograd_lite.graph import op_of
from autograd_lite.nn.activation import OFFERED, row_named
from autograd_lite.nn.init import SCHEMES, drawing
from autograd_lite.nn.losses import LOSSES
from autograd_lite.nn.optim import SGD, Adam, Optimizer
from autograd_lite.ops import Op, SequenceOp
from autograd_lite.ops.activations import sigmoid
from autograd_lite.ops.reductions import dot
from autograd_lite.view.page.wording import Template, Templates
from autograd_lite.view.steps import steps
from autograd_lite.writing.javascript import script

#: Sequences up to this length have formulas of their partials.
_LONGEST = 4
#: Last arguments for which a row that writes them into its symbol has formulas of its own.
_USUAL = (2.0, 3.0, 4.0, -1.0, -2.0, 0.5, 1.0, 0.0)
#: Sequences up to this length are read by the functions that are no rows.
_MOST = 6
_LINEAR = "The sum itself: no bend, so many layers can do what one can."
#: The losses of the page, which has words for each.
_LOSSES = ("squared_error", "absolute_error", "hinge", "binary_cross_entropy")
#: The optimisers of the page, by what it calls them.
_OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: SGD(p, 0.1),
    "SGD with momentum": lambda p: SGD(p, 0.1, momentum=0.9),
    "SGD with Nesterov's momentum": lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: Adam(p, 0.1),
}


def _wording(row: Op, args: list[Value | float]) -> tuple[Template | None, list[Template | None]]:
    """Templates of a row's call and of its partials: an argument is its place, the result the next.

    A result that is no Value, or one of the arguments, has none.
    """
    root = row(*(row.groups(args) if isinstance(row, SequenceOp) else args))
    graph = steps(root)
    templates = Templates(graph, {node: i for i, node in enumerate([*root.parents, root])})
    return templates.made(root), templates.derivatives(root)


def _leaves(count: int) -> list[Value | float]:
    # where no rule meets a number that it would have to explain
    return [Value(0.5, label=f"x{i}") for i in range(count)]


def _templates(row: Op) -> dict[str, Any]:
    """Wording by the number of arguments, and by the last one where that is a usual number."""
    if isinstance(row, SequenceOp):
        many, single = len(row.vectors), len(row.scalars)
        counts = [many * length + single for length in range(1, _LONGEST + 1)]
        found = {str(n): _wording(row, _leaves(n)) for n in counts}
        for n in counts if single == 1 else ():  # which is left out where it is as if not given
            (usual,) = row.scalars.values()
            found[f"{n},{usual:g}"] = _wording(row, [*_leaves(n - 1), usual])
        return found
    count = row.arity or 0
    found = {str(count): _wording(row, _leaves(count))}
    for number in _USUAL if row.symbol_constant else ():
        found[f"{count},{number:g}"] = _wording(row, [*_leaves(count - 1), number])
    return found


def _entry(row: Op, index: int) -> dict[str, Any]:
    ranges = {attr: row.attr_ranges.get(attr, (None, None)) for attr in row.attrs}
    sequence = row if isinstance(row, SequenceOp) else None
    return {
        "name": row.name, "row": index, "symbol": row.symbol,
        "symbolConstant": row.symbol_constant, "arity": row.arity or 0,
        "vectors": len(sequence.vectors) if sequence else 0,
        "scalars": [*sequence.scalars.values()] if sequence else [],
        "empty": bool(sequence and sequence.empty),
        # for 0, 1, … arguments in place of one sequence; more than 9 are said as 9
        "listed": [*map(sequence.takes_one, range(10))] if sequence else [],
        "attrs": [
            {"name": attr, "value": value, "low": ranges[attr][0], "high": ranges[attr][1]}
            for attr, value in row.attrs.items()
        ],
        "signature": str(row.__signature__), "written": _templates(row),
    }  # fmt: skip


def _recorded(function: Callable[..., Any], count: int, places: dict[Op, int]) -> dict[str, Any]:
    """A function of so many numbers as the ops that it records, to be recorded again.

    An op is the place of its row and those of its arguments; an input its number, and a constant a
    text. Rows that have no place yet get one.
    """
    inputs = {Value(0.5): i for i in range(count)}
    outputs = function([*inputs])
    order = {node: i for i, node in enumerate(topological_order(outputs))}
    nodes = [
        [places.setdefault(row, len(places)), *[order[parent] for parent in node.parents]]
        if (row := op_of(node))
        else inputs.get(node, str(node.data))
        for node in order
    ]  # fmt: skip
    return {"nodes": nodes, "results": [order[node] for node in outputs]}


@cache
def vocabulary() -> tuple[str, str, dict[str, Any]]:
    """The ops that an expression can name.

    Returns
    -------
    functions, entries : str
        The rules as JavaScript, as `script` gives them.
    table : dict
        By name, what is known of each op.
    """
    rows = {name: row for name, row in FUNCTIONS.items() if isinstance(row, Op)}
    places = {row: i for i, row in enumerate(dict.fromkeys(rows.values()))}
    composed = {
        name: [_recorded(function, n, places) for n in range(_MOST + 1)[1:]]
        for name, function in FUNCTIONS.items() if name not in rows
    }  # fmt: skip
    chosen: dict[str, Any] = {name: LOSSES[name] for name in _LOSSES}
    losses = {
        name: _recorded(lambda x, f=loss.sample: [f(x[:1], x[1:])], 2, places)
        | {"classes": loss.classes and [*loss.classes(1)]}
        for name, loss in chosen.items()
    }
    entries = [_entry(row, i) for row, i in places.items()]
    entries += [{"name": name, "recorded": found} for name, found in composed.items()]
    ops = {name: places[row] for name, row in rows.items()}
    table = {
        "functions": ops | {name: i for i, name in enumerate(composed, len(places))},
        "neuron": {"sum": places[dot], "chance": places[sigmoid]},  # of class 1, from a logit
        "activations": {name: row.doc if (row := row_named(name)) else _LINEAR for name in OFFERED},
        "operators": {kind.__name__: ops[name] for kind, name in SYNTAX.items()},
        "entries": entries,
        "losses": losses,
        "constants": CONSTANTS,
        "words": SAID | INSTEAD,
    }
    return (*script(tuple(places)), table)


def _beginnings() -> list[str]:
    """Of schemes that draw from a range its ends, in JavaScript, and an object of these."""
    names = {function.__name__: drawing(name) for name, function in SCHEMES.items()}
    ranges = {name: program for name, (method, program) in names.items() if method == "uniform"}
    entries = ", ".join(f"{name}: begin_{name}" for name in ranges)
    written = [program.to_javascript(f"begin_{name}") for name, program in ranges.items()]
    return [*written, f"const BEGINNINGS = {{{entries}}};"]


@cache
def trainers() -> tuple[str, str]:
    """The rules of optimisers as JavaScript: functions, and an object with what each begins with.

    A function takes a parameter, its gradient and state, the number of the step, and settings.
    """
    written, entries = _beginnings(), []
    for i, (name, made) in enumerate(_OPTIMIZERS.items()):
        optimizer: Optimizer = made([Value(0.0)])
        settings = [[setting, getattr(optimizer, setting)] for setting in optimizer.settings]
        written.append(optimizer.program().to_javascript(f"update{i}"))
        entries.append(
            f'"{name}": {{update: update{i}, start: {[*optimizer.start]}, settings: {settings}}}'
        )
    return "\n".join(written), f"{{{', '.join(entries)}}}"
