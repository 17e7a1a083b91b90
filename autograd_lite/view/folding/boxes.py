"""The boxes of a folded picture: each group of values with what it holds, and the arrows."""

from collections import defaultdict
from dataclasses import replace
from functools import cache

import numpy as np

from autograd_lite.errors import counted
from autograd_lite.view.folding.columns import CONSTANT, KINDS, PARAMETER, VALUE, Columns, Ints
from autograd_lite.view.folding.cutting import Cut, Group
from autograd_lite.view.folding.likeness import Likeness
from autograd_lite.view.folding.summary import Summary, norm, sparkline, spread
from autograd_lite.view.picture import Arrow, Box, BoxLine, note_at, value_box
from autograd_lite.view.steps import Steps

_OPS_NAMED = 3
_WORDS = ("value", "input", "parameter", "constant")


class Boxes:
    """Maker of the boxes of one graph."""

    def __init__(self, graph: Steps, columns: Columns, like: Likeness) -> None:
        self.graph, self.columns, self.like = graph, columns, like
        self._where = np.full(len(columns), -1)

    def of(self, part: Cut, name: str, may_open: bool) -> tuple[list[Box], dict[str, Ints]]:
        """The boxes of a part, and the values in those that hold several.

        Names of boxes begin with that of the box that was opened. There may be no room for pictures
        inside them.
        """
        order = np.argsort(part.codes, kind="stable")
        ends = np.cumsum(np.bincount(part.codes, minlength=len(part.groups)))
        members = np.split(part.inside[order], ends[:-1])
        prefix = f"{name}_" if name else "g"
        names = [
            f"n{held[0]}" if len(held) == 1 else f"{prefix}{i}" for i, held in enumerate(members)
        ]
        inside = {name: held for name, held in zip(names, members, strict=True) if len(held) > 1}
        where = self._where  # one array for all parts, so that a small one takes little time
        where[part.inside] = part.codes
        drawn = self._around(part, prefix, names, where)
        outputs, arrows = self._arrows(names, part, members, where)
        for i, (held, group) in enumerate(zip(members, part.groups, strict=True)):
            box = self._box(group, names[i], held, outputs[i], tuple(arrows[i]))
            drawn.append(replace(box, opens=may_open and len(held) > 1))
        if part.outside.is_used:
            drawn.append(self._users(part, prefix, names, where))
        where[part.inside] = where[part.outside.tails] = -1
        return drawn, inside

    def _around(self, part: Cut, prefix: str, names: list[str], where: Ints) -> list[Box]:
        """Dashed boxes of what a part is computed from."""
        drawn = []
        for code, group in enumerate(part.outside.groups):
            tails = part.outside.tails[part.outside.codes == code]
            lines = (BoxLine(counted(len(tails), "value")),)
            box = Box(f"{prefix}from{code}", "outside", "", group.title, lines, (), ())
            if len(tails) == 1:
                one = value_box(self.graph, self.graph.order[tails[0]], f"n{tails[0]}", ())
                box = replace(one, kind="outside", scope=())
            where[tails] = len(names)
            names.append(box.name)
            drawn.append(box)
        return drawn

    def _users(self, part: Cut, prefix: str, names: list[str], where: Ints) -> Box:
        """A dashed box for all that a part is used by."""
        columns = self.columns
        leaving = columns.out_of(part.inside)
        leaving = leaving[(where[columns.heads[leaving]] < 0)]
        tails, numbers = np.unique(where[columns.tails[leaving]], return_counts=True)
        codes = np.unique(self.like.scopes.codes[columns.heads[leaving]])
        scopes = [self.like.scopes.names[code] for code in codes.tolist()]
        said = ["/".join(scope[-2:]) for scope in scopes if scope][:_OPS_NAMED]
        more = len(scopes) - len(said)
        title = "used by " + (", ".join(said) + " …" * bool(more) if said else "what follows")
        arrows = tuple(
            Arrow(names[tail], BoxLine(f"×{n:,}"))
            for tail, n in zip(tails.tolist(), numbers.tolist(), strict=True)
        )
        return Box(f"{prefix}to", "outside", "", title, (), (), arrows)

    def _arrows(
        self, names: list[str], part: Cut, members: list[Ints], where: Ints
    ) -> tuple[list[Ints], dict[int, list[Arrow]]]:
        """Members of each group that are used outside, and the arrows into each group."""
        columns = self.columns
        leaving = columns.out_of(part.inside)
        tails = columns.tails[leaving]
        is_used = np.zeros(len(columns), np.bool_)
        is_used[tails[where[columns.heads[leaving]] != where[tails]]] = True
        is_used[-1] = where[-1] >= 0
        used = np.flatnonzero(is_used)
        order = np.argsort(where[used], kind="stable")
        ends = np.cumsum(np.bincount(where[used], minlength=len(members)))
        outputs = np.split(used[order], ends[:-1])
        edges = columns.into(part.inside)
        edges = edges[where[columns.heads[edges]] != where[columns.tails[edges]]]
        edges = edges[where[columns.tails[edges]] >= 0]
        codes = where[columns.heads[edges]] * len(names) + where[columns.tails[edges]]
        pairs, first, numbers = np.unique(codes, return_index=True, return_counts=True)
        order = np.lexsort((first, pairs // len(names)))
        arrows: dict[int, list[Arrow]] = defaultdict(list)
        partials = cache(lambda node: dict(self.graph.edges(node)))  # of an op of many arguments
        for pair, edge, many in np.stack([pairs, edges[first], numbers])[:, order].T.tolist():
            head, tail = divmod(pair, len(names))
            note = BoxLine(f"×{many:,}")
            if len(members[head]) == many == 1 and names[tail].startswith("n"):
                ends_at = columns.heads[edge], columns.tails[edge]
                node, parent = (self.graph.order[end] for end in ends_at)
                note = note_at(parent, partials(node)[parent])
            arrows[head].append(Arrow(names[tail], note))
        return outputs, arrows

    def _box(
        self, group: Group, name: str, held: Ints, outputs: Ints, arrows: tuple[Arrow, ...]
    ) -> Box:
        columns = self.columns
        if len(held) == 1:
            box = value_box(self.graph, self.graph.order[held[0]], name, arrows)
            # The output lies in the same frames as the groups.
            return replace(box, scope=group.scope)
        kinds = np.bincount(columns.kinds[held], minlength=len(KINDS))
        alike = bool((self.like.classes[held] == self.like.classes[held[0]]).all())
        alike = alike and not group.title
        shown = outputs if outputs.size and not alike else held
        low, high, bars = spread(columns.data[shown])
        parameters = held[columns.kinds[held] == PARAMETER]
        with_grad = held[columns.kinds[held] != CONSTANT]
        summary = Summary(
            len(held), self._copies(held), len(parameters), low, high,
            norm(columns.grad[parameters if parameters.size else np.intersect1d(shown, with_grad)]),
            bars,
        )  # fmt: skip
        first = self.graph.order[held[0]]
        if alike:
            same_label = (columns.labels.codes[held] == columns.labels.codes[held[0]]).all()
            label = first.label if same_label else ""
            kind = KINDS[columns.kinds[held[0]]]
            symbol = str(self.graph.made_by(first)._op)
            lines, named = [BoxLine(f"×{len(held):,}")], "data"
        else:
            kind, symbol, label = "group", "", group.title
            summary = summary._replace(ops=self._ops(held, kinds))
            times = f", computed ×{summary.copies:,}" if summary.copies > 1 else ""
            lines = [BoxLine(counted(len(held), "value") + times), BoxLine(summary.ops)]
            if kinds[PARAMETER] and len(held) > kinds[PARAMETER]:
                lines.append(BoxLine(counted(summary.parameters, "parameter")))
            named = ("data", "output", "outputs")[min(outputs.size, 2)]
        if low == low:
            rest = f" {sparkline(bars)} {high:.4g}" if bars else ""
            lines.append(BoxLine(f"{named} {low:.4g}{rest}"))
        if with_grad.size:
            lines.append(BoxLine(self.graph.freshness.graded(summary.norm, "‖grad‖ ", size=True)))
        for what, numbers in (("data", columns.data[held]), ("grad", columns.grad[with_grad])):
            for fault, test in (("nan", np.isnan), ("inf", np.isinf)):
                if many := int(test(numbers).sum()):
                    lines.append(BoxLine(f"{what} {fault} in {many:,}", "nan"))
        return Box(name, kind, symbol, label, tuple(lines), group.scope, arrows, summary)

    def _copies(self, held: Ints) -> int:
        """How often a group's computation is repeated: once for each sample, say."""
        results = held[self.columns.kinds[held] == VALUE]
        numbers = np.unique(self.like.classes[results], return_counts=True)[1]
        return int(numbers[0]) if numbers.size and (numbers == numbers[0]).all() else 1

    def _ops(self, held: Ints, kinds: Ints) -> str:
        ops = self.columns.ops
        codes = ops.codes[held[self.columns.kinds[held] == VALUE]]
        found = {ops.names[code]: n for code, n in enumerate(np.bincount(codes).tolist()) if n}
        for kind, n in enumerate(kinds.tolist()):
            if n and kind != VALUE and (kind != PARAMETER or n == len(held)):
                found[counted(n, _WORDS[kind]).split()[1]] = n
        common = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        said = ", ".join(f"{n:,} {op}" for op, n in common[:_OPS_NAMED])
        more = len(common) - _OPS_NAMED
        return said + f", {more} more" * (more > 0)
