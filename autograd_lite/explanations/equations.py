"""Explanations as equations in LaTeX."""

from collections.abc import Sequence

from autograd_lite.engine import Value
from autograd_lite.explanations.naming import Wording
from autograd_lite.explanations.paths import TOLD, Path, PathSum, Sweep, seen, which
from autograd_lite.writing.latex import LATEX, aligned
from autograd_lite.writing.templates import POWER, Piece

#: The line below the equations of a stale graph.
_STALE = r"&\text{stale: the numbers are those recorded; root.refresh() brings them up to date}"
#: Factors of a product that are written, and ops that are written out below.
_FACTORS, _DEFINITIONS = 6, 24


def latex(items: Sequence[PathSum], sweep: Sweep) -> str:
    """Explanations of one sweep: the chain rule in symbols, as formulas, and in numbers."""
    told = items[:TOLD]
    names = Wording(seen(told, _FACTORS), sweep, LATEX)
    formulas: dict[Value, list[Piece | None]] = {}
    lines = [line for item in told for line in _equations(item, names, formulas)]
    made = sorted(formulas, key=lambda node: -sweep.index[node])[:_DEFINITIONS]
    known = [node for node in made if names.recorded(node) is not None]
    lines += [f"{names[node]} &= {names.call(node).text}" for node in known]
    if sweep.freshness.stale:
        moved = dict.fromkeys(filter(None, [names.since(node, "$") for node in known]))
        lines += [*[rf"&\text{{{said}}}" for said in moved], _STALE]
    if len(items) > len(told):
        lines.append(rf"&\ldots\ \text{{{len(items) - len(told)} more}}")
    return aligned(lines)


def _equations(
    item: PathSum, names: Wording, formulas: dict[Value, list[Piece | None]]
) -> list[str]:
    left = rf"\frac{{\mathrm{{d}} {names[item.root]}}}{{\mathrm{{d}} {names[item.wrt]}}}"
    result = LATEX.number(item.gradient).text
    if not item.count or item.wrt is item.root:
        return [f"{left} &= {result}"]
    # the same sum of products three times: of symbols, of formulas, of numbers
    stages: list[list[str]] = [[], [], []]
    for path in item.paths:
        factors = [_factors(path, step, names, formulas) for step in _ends(len(path.partials))]
        for stage, pieces in zip(stages, zip(*factors, strict=True), strict=True):
            stage.append(LATEX.joined(r" \cdot ", pieces).text)
    others = item.count - len(item.paths)
    if others:
        more = LATEX.ellipsis(others)
        for stage, term in zip(stages, (more, more, LATEX.number(item.rest).text), strict=True):
            stage.append(term)
    lines: list[str] = []
    for i, stage in enumerate([*stages, [result]]):
        if i and stage == stages[i - 1]:
            continue  # formulas that are numbers, a sum that is one number
        for k, term in enumerate(stage):
            sign = "&=" if k == 0 else r"&\quad" if term.startswith("-") else r"&\quad +"
            lines.append(f"{sign} {term}")
    lines[0] = f"{left} {lines[0]}"
    return lines


def _factors(
    path: Path, step: int | None, names: Wording, formulas: dict[Value, list[Piece | None]]
) -> tuple[Piece, Piece, Piece]:
    """One step of a chain as a symbol, a formula and a number; None for steps left out."""
    if step is None:
        gap = Piece(LATEX.ellipsis(len(path.partials) - _FACTORS))
        return gap, gap, gap
    node, argument = path.nodes[step + 1], path.arguments[step]
    if node not in formulas:
        formulas[node] = names.partials(node)
    index = which(node, argument)
    symbol = rf"\partial_{{{index}}}" if index else r"\partial"
    below = names[path.nodes[step]]
    fraction = Piece(rf"\frac{{{symbol} {names[node]}}}{{\partial {below}}}", POWER)
    return fraction, formulas[node][argument] or fraction, LATEX.number(path.partials[step])


def _ends(many: int) -> list[int | None]:
    """The steps of a chain from the root down; None in place of those left out."""
    steps = list(reversed(range(many)))
    if many <= _FACTORS + 1:
        return [*steps]
    return [*steps[: _FACTORS // 2], None, *steps[-_FACTORS // 2 :]]
