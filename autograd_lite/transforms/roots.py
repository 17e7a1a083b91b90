"""`root`: where a function is zero, with derivatives by the implicit function theorem."""

import math
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

from autograd_lite.engine import MADE, Value, constant, tracing
from autograd_lite.errors import GraphError, ProgramError, ShapeError, counted, shown
from autograd_lite.modes import unchecked
from autograd_lite.ops.choice import less, where
from autograd_lite.ops.ieee import IEEE, number_system
from autograd_lite.ops.reductions import dot
from autograd_lite.ops.reductions import max as largest
from autograd_lite.ops.rules import absolute, maximum, minimum, stop_gradient
from autograd_lite.transforms.checkpoints import Call, Segment, number_in
from autograd_lite.transforms.recordings import Function, Recording, also_in_no_grad, name_of
from autograd_lite.transforms.trees import floats_of, take_apart

_MOST_STEPS, _HALVINGS = 50, 20


@also_in_no_grad
def root(f: Function, x0: Any, /, *args: Any) -> Any:
    """The x near `x0` for which ``f(x, *args)`` is 0, by Newton's method.

    Parameters
    ----------
    f : callable
        Of a number it returns one number; of a list (or another structure of numbers) as many
        numbers as that has.
    x0 : number or list
        Where to begin.
    *args : structures of numbers
        As for `grad`. Values that `f` finds around it count like them.

    Returns
    -------
    float, Value or list
        Structured like `x0`; of Values where `x0`, `args` or what `f` finds around it holds some.
        Their derivatives are those of the implicit function theorem, dx = -(∂f/∂x)⁻¹ ∂f/∂a da,
        to any order; by `x0` they are 0.

    Raises
    ------
    GraphError
        If 50 steps find no root, or the Jacobian ∂f/∂x is singular; a note has the last x.
    ShapeError
        If there are not as many equations as unknowns.

    Notes
    -----
    A step is halved, up to 20 times, until it brings the equations nearer to 0, each measured by
    its largest derivative. The last step changes each unknown by at most 1e-8 of it, which leaves
    an error of the order of rounding; or rounding stops it before.

    In a compiled function the steps are part of the program: how many there are, and which are
    halved, is a path, and arguments that take another one are traced anew. The nodes cannot be
    pickled or frozen. A minimiser is ``root(grad(f), x0, *args)``, if it begins near enough.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.root(lambda x, a: x * x - a, 1.0, 9.0)
    3.0
    >>> round(ag.grad(lambda a: ag.root(lambda x: x * x - a, 1.0))(9.0), 12)
    0.166666666667
    """
    tree = take_apart(x0, "x0")
    if not tree.leaves:
        raise ShapeError(f"root begins at a number or a list of some, and was given {shown(x0)}")
    start = tree.rebuilt([x if isinstance(x, Value) else constant(x) for x in tree.leaves])
    call = _Equations(f, (start, *args), {})
    call.n, parents = len(tree.leaves), call.values
    call.in_program = tracing.get() or any(x._traced & MADE for x in parents)
    if call.in_program:
        found = call.solved([*map(stop_gradient, parents)])
        parents = [*map(stop_gradient, found), *parents[call.n :]]
    xs = call.known(tuple(map(number_in, parents)))[0]
    parents = [*parents, *(call.outside or ())]
    if all(x.constant for x in parents) and not call.in_program:
        return tree.rebuilt(xs)
    return tree.rebuilt([call.unknown(i, parents, Value) for i in range(call.n)])


class _Equations(Call):
    """A function of `n` unknowns, and of more, whose results are to be 0."""

    n: int
    in_program: bool
    _last: tuple[Any, ...] = (None,)

    def __init__(self, *call: Any) -> None:
        super().__init__(*call)
        #: Weakly, as a node has its row, and that has these equations.
        self._nodes: WeakValueDictionary[int, Value] = WeakValueDictionary()

    def known(self, numbers: tuple[float, ...]) -> tuple[Any, ...]:
        """The unknowns, all derivatives of the equations, and the inverse of those by unknowns."""
        if repr(numbers) != self._last[0]:  # tells 0.0 from -0.0
            n, count = self.n, len(self.values)
            xs = [*numbers[:n]] if self.in_program else self.solved(numbers[:count])
            inner = self.record([*xs, *numbers[n:count]])
            none = [0.0] * len(inner.inputs)
            rows = [inner.partials(y) if isinstance(y, Value) else none for y in inner.outputs]
            units = [[float(i == j) for j in range(n)] for i in range(n)]
            inverse = self.solutions([*zip(*rows, strict=True)][:n], units, xs)
            key = repr((*numbers[:count], *map(number_in, self.outside or ())))
            self._last = key, xs, rows, inverse
        return self._last[1:]

    def unknown(self, i: int, args: Sequence[Any], system: Any) -> Any:
        """An unknown in any number system: its node if that is still there, else a new one."""
        node = self._nodes.get(i)
        pairs = zip(node.parents if node else (), args, strict=False)
        if node is None or any(x is not y and not x.constant for x, y in pairs):
            node = system._apply_op(_Unknown(self, i), tuple(args))
            if isinstance(node, Value):
                self._nodes[i] = node
        return node

    def solved(self, numbers: Sequence[Any]) -> list[Any]:
        """The unknowns, from the first numbers on; the steps are recorded if these are Values."""
        with unchecked():
            keep: Any = list if isinstance(numbers[0], Value) else floats_of
            others = [x if isinstance(x, Value) else Value(x) for x in numbers[self.n :]]
            xs, best = [*numbers[: self.n]], math.inf
            scales, (here, left) = [*map(absolute, xs)], self._at(xs, others, keep)
            for step in range(_MOST_STEPS):
                rows = [keep(here.adjoints([(y, 1.0)])) for y in here.result.leaves]
                sizes = [largest([*map(absolute, row)]) for row in rows]
                [move] = self.solutions(rows, [left], xs)
                if largest([*map(absolute, left)]) == 0.0:
                    return xs
                before, is_last = _distance(left, sizes), _is_small(move, xs)
                for halvings in range(_HALVINGS + 1):
                    new = [x - 0.5**halvings * d for x, d in zip(xs, move, strict=True)]
                    here, left = self._at(new, others, keep)
                    after = _distance(left, sizes)
                    if after < before:
                        break
                    if not halvings and _is_small(move, scales):
                        return xs  # rounding is all that is left
                else:
                    if _is_small(move, [maximum(1.0, x) for x in scales]):
                        return xs
                    raise self._failed("no step brings the equations nearer to 0", xs)
                xs, best = new, minimum(best, after / before)
                scales = [maximum(s, absolute(x)) for s, x in zip(scales, xs, strict=True)]
                if is_last:
                    if step >= 10 and best > 0.05:  # steps to a multiple root are too short
                        break
                    return xs
        raise self._failed(f"{step + 1} steps do not lead to a simple one", xs)

    def _at(self, xs: list[Any], others: list[Value], keep: Any) -> tuple[Recording, list[Any]]:
        """The graph at some unknowns, and what is left of each equation."""
        recording = Recording(self.f, self.given([*xs, *others]), {}, [0])
        outputs = recording.result.leaves
        if len(outputs) != self.n:
            raise ShapeError(
                f"root takes as many equations as unknowns, and {name_of(self.f)} gives "
                f"{counted(len(outputs), 'number')} for {counted(self.n, 'unknown')}"
            )
        return recording, keep(outputs)

    def solutions(self, rows: Any, columns: Any, xs: list[Any]) -> list[list[Any]]:
        """For each column the y of rows · y = column, by elimination in any number system."""
        n, table = self.n, []
        for row, *others in zip(rows, *columns, strict=True):
            size = stop_gradient(largest([*map(absolute, row[:n])]))
            if not size > 0.0:
                raise self._failed("the Jacobian has a row of zeros or nan", xs)
            table.append([x / size for x in (*row[:n], *others)])
        sizes = [largest([absolute(row[k]) for row in table]) for k in range(n)]
        for k in range(n):  # each step takes the first column away
            for i in range(k + 1, n):
                other = less(absolute(table[k][0]), absolute(table[i][0]))
                if self.in_program:  # the largest pivot without a branch, which would be a path
                    pairs = [*zip(table[k], table[i], strict=True)]
                    table[k] = [where(other, y, x) for x, y in pairs]
                    table[i] = [where(other, x, y) for x, y in pairs]
                elif other:
                    table[k], table[i] = table[i], table[k]
            pivot, *rest = table[k]
            if not absolute(pivot) > 1e-13 * sizes[k]:
                raise self._failed("the Jacobian is singular", xs)
            table[k] = [x / pivot for x in rest]
            for i in {*range(n)} - {k}:
                first, *rest = table[i]
                table[i] = [x - first * y for x, y in zip(rest, table[k], strict=True)]
        return [[*column] for column in zip(*table, strict=True)]

    def _failed(self, why: str, xs: list[Any]) -> GraphError:
        said = f"root found no x where {name_of(self.f)} is 0: {why}; begin at another x0"
        error = GraphError(said)
        error.add_note(f"the last x was {', '.join([f'{x:.17g}' for x in xs])}")
        return error


class _Unknown(Segment):
    """The row of one unknown; beside where to begin, its arguments are all that goes into `f`."""

    name, doc = "root", "Where a function is zero."
    call: _Equations

    def forward(self, *args: Any) -> Any:
        """The unknown; in a program, the steps of which have found it, the first arguments."""
        if self.call.in_program:
            return args[self.i]
        if number_system(args) not in (None, IEEE, Value):  # of Values, too, there are no steps
            said = f"the root of {self.symbol} was found by steps that are in no graph; to have a "
            raise ProgramError(said + "program of them, call root in a function that is compiled")
        return self.call.known(tuple(map(number_in, args)))[0][self.i]

    def on_floats(self, *numbers: float) -> float:
        return float(self.forward(*numbers))

    def partials_on(self, out: Any, args: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
        """-(∂f/∂x)⁻¹ ∂f/∂a, in any number system."""
        call, i, n, system = self.call, self.i, self.call.n, number_system(args) or IEEE
        if system is IEEE:
            _, rows, inverse = call.known(tuple(map(float, args)))
            own = inverse[i]
        else:
            xs = [out if j == i else call.unknown(j, args, system) for j in range(n)]
            args = [*xs, *args[n:]]
            inner, found = self._evaluated(args, [*map(number_in, args)])
            swept = [inner.swept_back(y, found) for y in inner.outputs]
            rows = [[adjoint.get(x, 0.0) for x in inner.inputs] for adjoint in swept]
            unit = [float(i == j) for j in range(n)]
            [own] = call.solutions([*zip(*rows, strict=True)][:n], [unit], xs)
        columns = [*zip(*rows, strict=True)]
        return [-dot(own, columns[k]) if wanted[k] and k >= n else 0.0 for k in range(len(args))]


def _distance(left: list[Any], sizes: list[Any]) -> Any:
    """How far the equations are from 0, whatever their units."""
    return largest([absolute(y) / size for y, size in zip(left, sizes, strict=True)])


def _is_small(move: list[Any], scales: list[Any]) -> bool:
    parts = [absolute(d) - 1e-8 * absolute(x) for d, x in zip(move, scales, strict=True)]
    return bool(largest(parts) <= 0.0)
