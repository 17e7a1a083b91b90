"""The report of a diagnosis: findings and measurements as data, text and HTML."""

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

from autograd_lite.engine import Value
from autograd_lite.errors import counted
from autograd_lite.terminal import Terminal, on_screen

Severity = Literal["error", "warning", "note"]
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

#: Findings of one kind and severity that a report shows; the rest are counted.
_SHOWN = 5
_SCOPE_HEADER = (
    "scope", "nodes", "leaves", "mean |data|", "mean |grad|", "leaf |grad|", "max |grad|",
)  # fmt: skip
_FINDING_HEADER = ("severity", "kind", "finding")


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is wrong, or worth a look.

    Attributes
    ----------
    kind : str
        See `diagnose`.
    severity : {"error", "warning", "note"}
    nodes : tuple of Value
        Whom it is about, the most telling first.
    message : str
        One sentence.
    """

    kind: str
    severity: Severity
    nodes: tuple[Value, ...]
    message: str


@dataclass(frozen=True)
class ScopeSummary:
    """Measurements over the nodes of one scope, constants left out.

    Attributes
    ----------
    scope : str
        Names, outermost first, joined by ``/``.
    nodes, leaves : int
        All, and those among them that were not computed.
    mean_data, max_grad : float
        Mean |data| and largest |gradient|.
    mean_grad, leaf_grad : float or None
        Mean |gradient| of the nodes that were computed, by which `diagnose` judges, and of the
        others; None where there are none.
    """

    scope: str
    nodes: int
    leaves: int
    mean_data: float
    mean_grad: float | None
    leaf_grad: float | None
    max_grad: float


class Diagnosis:
    """The report of `diagnose`: prints as text, shows as tables in a notebook.

    Attributes
    ----------
    nodes : int
        How many the graph has.
    findings : list of Finding
        Most severe first.
    scopes : list of ScopeSummary
        From the leaves' side to the root's. Deep scopes are taken together with those around them
        where there would be more than 20.
    """

    def __init__(self, nodes: int, findings: Iterable[Finding], scopes: list[ScopeSummary]) -> None:
        self.nodes = nodes
        self.findings = sorted(findings, key=lambda found: _SEVERITIES.index(found.severity))
        self.scopes = scopes

    @property
    def healthy(self) -> bool:
        """Whether there is no error and no warning."""
        return all(found.severity == "note" for found in self.findings)

    @property
    def summary(self) -> str:
        """The report in one line."""
        counts = Counter(found.severity for found in self.findings)
        said = [counted(counts[severity], severity) for severity in _SEVERITIES if counts[severity]]
        return f"{counted(self.nodes, 'node')}: {', '.join(['healthy'] * self.healthy + said)}"

    def of(self, kind: str) -> list[Finding]:
        """The findings of one kind."""
        return [found for found in self.findings if found.kind == kind]

    def __repr__(self) -> str:
        table = Terminal(None).table
        tables = [table(*parts) for parts in self._tables()]
        return on_screen("\n\n".join([self.summary, *tables]))

    def _repr_html_(self) -> str:
        tables = [_html_table(*parts) for parts in self._tables()]
        return f"<p><b>{self.summary}</b></p>{''.join(tables)}"

    def _tables(self) -> list[tuple[Sequence[str], list[list[str]]]]:
        scopes = [
            [name, f"{nodes}", f"{leaves}", *["" if x is None else f"{x:.3g}" for x in numbers]]
            for name, nodes, leaves, *numbers in map(astuple, self.scopes)
        ]
        tables = [(_FINDING_HEADER, self._finding_cells()), (_SCOPE_HEADER, scopes)]
        return [(header, cells) for header, cells in tables if cells]

    def _finding_cells(self) -> list[list[str]]:
        groups: dict[tuple[str, str], list[str]] = {}
        for found in self.findings:
            groups.setdefault((found.severity, found.kind), []).append(found.message)
        cells = []
        for group, messages in groups.items():
            cells += [[*group, message] for message in messages[:_SHOWN]]
            if len(messages) > _SHOWN:
                more = f"… and {len(messages) - _SHOWN:,} more, in .of({group[1]!r})"
                cells.append([*group, more])
        return cells


def _html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in header)]
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
