"""Jacobians, Hessians and their products with vectors, as functions."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, overload

from autograd_lite.engine import Value, hessian_products
from autograd_lite.errors import ShapeError, counted, shown
from autograd_lite.modes import check_adjoints, is_checked
from autograd_lite.transforms.recordings import (
    Argnums,
    Function,
    Recording,
    also_in_no_grad,
    check_scalar,
    named_positions,
    one_or_all,
    record,
    transformed,
)
from autograd_lite.transforms.sparse import csr_array, sparse_hessian, sparse_jacobian
from autograd_lite.transforms.sweeps import between, tangent_sweep
from autograd_lite.transforms.trees import Tree, array_of, floats_of, numbers_like

if TYPE_CHECKING:
    from autograd_lite.transforms.signatures import Gradient, Matrix

#: Directions of which the products are made, and kept, at once.
_AT_ONCE = 64
_WITH_A_VECTOR = inspect.signature(lambda *args, **keywords: None)


@overload
def jacobian(
    f: Function,
    argnums: Literal[0] = 0,
    has_aux: Literal[False] = False,
    sparse: Literal[False] = False,
) -> Matrix[Any]: ...
@overload
def jacobian(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, sparse: bool = False
) -> Function: ...
def jacobian(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, sparse: bool = False
) -> Function:
    """The Jacobian of a function, as a function of the same arguments.

    Parameters
    ----------
    f, argnums, has_aux
        See `grad`; `f` may return any structure of numbers.
    sparse : bool, default=False
        Give SciPy's ``csr_array`` (extra `sparse`), with a row for each number that `f` returns and
        a column for each of the argument. Stored are the derivatives that can be other than 0 by
        the graph, whatever the numbers are.

    Returns
    -------
    callable
        It returns an array of shape ``outputs + argument`` (a tuple of such for a tuple of
        `argnums`), where a number has shape () and what is no array, a dict say, counts as the
        vector of its numbers. Floats; Values where the argument holds Values (with `sparse` in a
        tuple, which programs make matrices of).

    Raises
    ------
    ImportError
        If SciPy is not installed and `sparse` is asked for.

    Notes
    -----
    One recording, shared by all outputs, and for each output a reverse sweep over that part of the
    graph which it depends on. With a float array as argument it is what
    ``scipy.optimize.least_squares`` and ``root`` want as ``jac``.

    With `sparse` the same sweeps, of which none takes longer for inputs that an output does not
    depend on. Where they would go over shared parts four times as often, there is a sweep
    forward for each colour of columns instead (Curtis, Powell & Reid 1974).

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.jacobian(lambda x: [x[0] * x[1], x[0] + x[1], x[1]])([2.0, 3.0])
    array([[3., 2.],
           [1., 1.],
           [0., 1.]])
    >>> ag.jacobian(lambda x: [x[0] * x[1], x[2]], sparse=True)([2.0, 3.0, 1.0]).data
    array([3., 2., 1.])
    """
    if sparse:
        csr_array()
    return transformed(_jacobian, f, argnums, has_aux, sparse)


@also_in_no_grad
def _jacobian(
    f: Function, argnums: Argnums, has_aux: bool, sparse: bool, /, *args: Any, **keywords: Any
) -> Any:
    recording = record(f, args, keywords, argnums, has_aux)
    if sparse:
        found = one_or_all(sparse_jacobian(recording), argnums)
    else:
        rows = [recording.adjoints([(leaf, 1.0)]) for leaf in recording.result.leaves]
        found = one_or_all(_blocks(recording, rows, _shape(recording.result)), argnums)
    return (found, recording.aux) if has_aux else found


@overload
def hessian(
    f: Function, argnums: Literal[0] = 0, sparse: Literal[False] = False
) -> Matrix[float]: ...
@overload
def hessian(f: Function, argnums: Argnums = 0, sparse: bool = False) -> Function: ...
def hessian(f: Function, argnums: Argnums = 0, sparse: bool = False) -> Function:
    """The Hessian of a function that returns one number, as a function of its arguments.

    Parameters
    ----------
    f, argnums
        See `grad`.
    sparse : bool, default=False
        See `jacobian`: give SciPy's ``csr_array`` of shape (n, n).

    Returns
    -------
    callable
        It returns an array of shape ``argument + argument``, (n, n) for n numbers; for a tuple of
        `argnums` a tuple of tuples of such blocks.

    Raises
    ------
    ImportError
        If SciPy is not installed and `sparse` is asked for.
    ShapeError
        By the returned function, if `f` returns more than one number.

    Notes
    -----
    One recording, and for each of the n numbers a product with the Hessian (see `hvp`): O(n)
    gradients. It is what ``scipy.optimize.minimize`` wants as ``hess``.

    With `sparse` a product for each of a few colours: star colouring (Gebremedhin, Manne & Pothen,
    What Color Is Your Jacobian?, 2005). Each number has the bits that it has in the dense matrix,
    or those across the diagonal there.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.hessian(lambda x: x[0] ** 2 * x[1])([3.0, 2.0])
    array([[4., 6.],
           [6., 0.]])
    >>> print(ag.hessian(lambda x: x[0] ** 2 + x[1] * x[2], sparse=True)([3.0, 2.0, 1.0]).toarray())
    [[2. 0. 0.]
     [0. 0. 1.]
     [0. 1. 0.]]
    """
    if sparse:
        csr_array()
    return transformed(_hessian, f, argnums, sparse)


@also_in_no_grad
def _hessian(f: Function, argnums: Argnums, sparse: bool, /, *args: Any, **keywords: Any) -> Any:
    recording = record(f, args, keywords, argnums)
    check_scalar(recording)
    if sparse:
        found = sparse_hessian(recording, _products)
        return one_or_all([one_or_all(rows, argnums) for rows in found], argnums)
    n = len(recording.inputs)
    columns = _products(recording, ([float(i == j) for j in range(n)] for i in range(n)))
    blocks = []
    for tree in recording.arguments:
        rows = [*islice(columns, len(tree.leaves))]
        blocks.append(one_or_all(_blocks(recording, rows, _shape(tree)), argnums))
    return one_or_all(blocks, argnums)


@overload
def hvp(f: Function, argnums: Literal[0] = 0) -> Gradient: ...
@overload
def hvp(f: Function, argnums: Argnums = 0) -> Function: ...
def hvp(f: Function, argnums: Argnums = 0) -> Function:
    """Hessian-vector product of a function that returns one number; no Hessian is made.

    Parameters
    ----------
    f, argnums
        See `grad`.

    Returns
    -------
    callable
        ``product(x, v, …)``: called like `f`, with the vector `v`, structured like `x`, after the
        differentiated argument (for a tuple of `argnums`: a tuple of vectors after the last of
        them). The result is structured like `x`.

    Raises
    ------
    ShapeError, TypeError
        As with `grad`, and if the vector does not have the form of the argument.

    Notes
    -----
    One recording, a sweep forward and one back: 2 to 4 gradients. It is what
    ``scipy.optimize.minimize`` wants as ``hessp``.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ag.hvp(lambda x: x[0] ** 2 * x[1])([3.0, 2.0], [1.0, 0.0])
    [4.0, 6.0]
    """
    product = transformed(_hvp, f, argnums)
    vars(product)["__signature__"] = _WITH_A_VECTOR
    return product


@also_in_no_grad
def _hvp(f: Function, argnums: Argnums, /, *args: Any, **keywords: Any) -> Any:
    several = isinstance(argnums, tuple | list)
    place = 1 + max(named_positions(argnums, len(args) - 1), default=-1)
    if not 0 < place < len(args):
        raise TypeError(
            f"hvp(f, argnums={shown(argnums)}) takes the vector after argument {place - 1}, as in "
            f"hvp(f)(x, v), and was given {counted(len(args), 'argument')}"
        )
    vectors = args[place] if several else (args[place],)
    recording = record(f, (*args[:place], *args[place + 1 :]), keywords, argnums)
    check_scalar(recording)
    if len(vectors) != len(recording.arguments):
        arguments = counted(len(recording.arguments), "argument")
        raise ShapeError(f"{arguments} and {counted(len(vectors), 'vector')}")
    direction = [
        number
        for tree, vector in zip(recording.arguments, vectors, strict=True)
        for number in numbers_like(tree, vector, "the vector")
    ]
    recording.follow(direction)
    [product] = _products(recording, [direction])
    return one_or_all(recording.like_arguments(product), argnums)


def _products(recording: Recording, directions: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """The products of the Hessian with each of some vectors; recorded with the same bits."""
    [root], inputs = recording.result.leaves, recording.inputs
    if not isinstance(root, Value):
        yield from ([0.0] * len(inputs) for _ in directions)
        return
    if not recording.recorded:
        if is_checked():
            check_adjoints(recording.dependent(), {root: 1.0})
        left = iter(directions)
        while some := [*islice(left, _AT_ONCE)]:
            yield from hessian_products(root, inputs, some)
        return
    partials = recording.adjoints([(root, 1.0)])
    nodes = between([partial for partial in partials if isinstance(partial, Value)], inputs)
    for direction in directions:
        moved = zip(inputs, [0.0 + v for v in direction], strict=True)  # none of them -0.0
        seeds = {x: v for x, v in moved if isinstance(v, Value) or v != 0.0}
        tangent = tangent_sweep(nodes, seeds)
        yield [tangent.get(partial, 0.0) for partial in partials]


def _blocks(recording: Recording, rows: Sequence[list[Any]], above: tuple[int, ...]) -> list[Any]:
    """For each argument an array of the derivatives by its numbers."""
    blocks, first = [], 0
    for tree in recording.arguments:
        last = first + len(tree.leaves)
        numbers = [number for row in rows for number in row[first:last]]
        numbers = numbers if recording.in_values(tree) else floats_of(numbers)
        block = array_of(numbers, (*above, *_shape(tree)))
        blocks.append(block if block.ndim else block.item())
        first = last
    return blocks


def _shape(tree: Tree) -> tuple[int, ...]:
    return (len(tree.leaves),) if tree.shape is None else tree.shape
