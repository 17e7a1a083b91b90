"""Faults of a graph, reported without raising.

`origins` finds where nan and inf come from, forward and backward; `flow` measures gradients by
scope; `units` finds activations that pass no gradient; `report` is what users hold.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from autograd_lite.diagnosis import flow, origins, units
from autograd_lite.diagnosis.names import Names
from autograd_lite.diagnosis.report import Diagnosis, Finding, ScopeSummary
from autograd_lite.engine import Value
from autograd_lite.errors import shown
from autograd_lite.graph import ancestors, check_value

__all__ = ["Diagnosis", "Finding", "ScopeSummary", "diagnose"]


def diagnose(root: Value, parameters: Any = None) -> Diagnosis:
    """Faults of a graph and its gradients: a report, and the findings as data.

    No fault of the graph is raised, and nothing in it is changed, no ``grad`` either: gradients are
    computed afresh.

    Parameters
    ----------
    root : Value
        Such as a loss.
    parameters : Module or iterable of Value, optional
        What `root` should depend on; of anything that has them, its ``named_parameters()``.

    Returns
    -------
    Diagnosis
        Prints as a report. Its ``findings``, most severe first, are of these kinds:

        ==================  =====================================================================
        ``nan``, ``inf``    an op that made one of better numbers, or a leaf that holds one;
                            an error if the root is not finite, else a note
        ``nan_gradient``,   the same in the backward pass: the contribution, or the sum of
        ``inf_gradient``    contributions; an error if it reaches a leaf, else a note
        ``stale``           a node that would be another number, had it been computed now: a leaf
                            was changed since recording
        ``repeated``        every ``grad`` is the same multiple of that of one pass from the root
        ``mixed``           the ``grad`` are neither those of one pass from the root nor a multiple
        ``vanishing``       a scope whose mean size of gradients (of computed nodes) is below 1e-3
                            times that of a scope between it and the root; or all are below 1e-10
        ``exploding``       a scope whose mean is above 1, and above 1e3 times that of a scope on
                            each way to the root; or one gradient is above 1e10
        ``dead``            an activation whose partial is 0 in every use of its unit
        ``saturated``       the same, with partials below 1e-3
        ``unreached``       a parameter that the root does not depend on
        ``no_gradient``     parameters that the root depends on, with gradient 0 all the same (note)
        ``zero_times_inf``  a place where 0 times inf or nan counted as 0 (note)
        ``hidden_second``   an op whose second derivative is not finite there and counts as 0 (or
                            1), by convention or times a gradient of 0 (note)
        ==================  =====================================================================

    Raises
    ------
    TypeError
        If `root`, or one of `parameters`, is not a Value.

    See Also
    --------
    gradient : In its contributions, too, zero carries nothing.

    Notes
    -----
    A *unit* is one activation in one scope under one label: in a network, a neuron over all samples
    of a batch. Off in fewer than 8 uses, a unit is only a note: healthy ones are off by chance.
    An activation is an op whose partial, with all arguments but one constant, is bounded, and 0
    from some point on. (An op of your own is not asked.) Linear time and memory.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> x = ag.Value(-1.0, label="x")
    >>> y = ag.log(x) * 2.0
    >>> found = diagnose(y)
    >>> found.findings[0].kind, found.findings[0].message
    ('nan', 'n1 log(x = -1) makes nan; the root is nan')
    >>> print(diagnose(ag.exp(x)).summary)
    2 nodes: healthy
    """
    order = ancestors(root)
    names = Names(order)
    freshness = names.freshness
    adjoint, backward = origins.backward(order, names)
    summaries, by_scope = flow.by_scope(order, adjoint)
    findings = [
        *origins.forward(order, names),
        *backward,
        *_stale(names),
        *by_scope,
        *units.flat(order),
        *([] if parameters is None else _parameters(parameters, adjoint)),
    ]
    if freshness.mismatch:
        kind = "mixed" if freshness.multiple is None else "repeated"
        findings.append(Finding(kind, "warning", (root,), freshness.mismatch))
    return Diagnosis(len(order), findings, summaries)


def _stale(names: Names) -> Iterator[Finding]:
    """Every stale node, with the leaves of which one must have been changed."""
    found = [(node, now, _suspects(node)) for node, now in names.freshness.stale.items()]
    certain = {leaves[0] for _, _, leaves in found if len(leaves) == 1}
    for node, now, suspects in found:
        leaves = [leaf for leaf in suspects if leaf in certain] or suspects
        said = " or ".join(names.with_number(leaf) for leaf in leaves[:4])
        more = f" or one of {len(leaves) - 4} more" if len(leaves) > 4 else ""
        yield Finding(
            "stale", "warning", (node, *leaves),
            f"{names.formula(node, now=True)} was {node.data:.6g} and would now be "
            f"{'nobody knows what' if now is None else f'{now:.6g}'}, because {said}{more} was "
            f"changed{names.since(node)}; root.refresh() recomputes",
        )  # fmt: skip


def _suspects(node: Value) -> list[Value]:
    """The parents that can have changed: leaves, else (after a refresh of theirs) any."""
    free = list(dict.fromkeys(parent for parent in node.parents if not parent.constant))
    return [parent for parent in free if not parent.op] or free


def _parameters(parameters: Any, adjoint: dict[Value, float]) -> Iterator[Finding]:
    if isinstance(parameters, Iterable):
        named = [
            (check_value(p, f"parameters[{i}]").label or f"parameters[{i}]", p)
            for i, p in enumerate(parameters)
        ]
    elif hasattr(parameters, "named_parameters"):
        named = parameters.named_parameters()
    else:
        raise TypeError(
            f"parameters is a Module or a sequence of Values and is {shown(parameters)}; write "
            "diagnose(loss, model), or [w, b]"
        )
    for name, p in named:
        if p not in adjoint:
            yield Finding("unreached", "warning", (p,), f"the root does not depend on {name}")
    idle = [(name, p) for name, p in named if adjoint.get(p) == 0.0]
    if idle:
        said = ", ".join(name for name, _ in idle[:4]) + (", …" if len(idle) > 4 else "")
        yield Finding(
            "no_gradient", "note", tuple(p for _, p in idle),
            f"{len(idle):,} of {len(named):,} parameters have gradient 0: {said}",
        )  # fmt: skip
