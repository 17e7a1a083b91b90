"""Sparse Jacobians and Hessians: their structure, their numbers, and programs for them."""

import itertools
import pickle
import random
import struct
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import ROWS, programs

import autograd_lite as ag
from autograd_lite import ShapeError, Value, nn
from autograd_lite.ops import SequenceOp
from autograd_lite.transforms import sparse
from autograd_lite.transforms.sparse import disjoint_colours, star_colours

csr_array = pytest.importorskip("scipy.sparse", reason="needs SciPy (extra: sparse)").csr_array


def rosenbrock(x):
    """The chained one, whose Hessian has three diagonals."""
    return ag.sum(
        [100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(x)] or [0.0]
    )


def arrow(x):
    """The first number meets all others."""
    return x[0] * ag.sum([ag.sin(y) for y in x])


def bits(numbers):
    """Of each number; all that are nan count as equal."""
    return [struct.pack("d", np.nan if x != x else x) for x in np.ravel(numbers).tolist()]


def stored(matrix):
    """The places where numbers are stored."""
    assert type(matrix) is csr_array
    assert matrix.has_canonical_format
    rows, columns = matrix.tocoo().coords
    return {*zip(rows.tolist(), columns.tolist(), strict=True)}


def check_structure(matrix, dense):
    """Every number that is not 0 is stored, and has the bits that it has there."""
    assert matrix.shape == dense.shape
    assert stored(matrix) >= {*zip(*(i.tolist() for i in np.nonzero(dense)), strict=True)}


def check_hessian(f, x):
    """The numbers of a Hessian are those of the dense one, or those across its diagonal."""
    found, dense = ag.hessian(f, sparse=True)(x), ag.hessian(f)(x)
    check_structure(found, dense)
    whole = found.toarray()
    pairs = zip(bits(whole), bits(dense), bits(dense.T), strict=True)
    assert all(mine in both for mine, *both in pairs), (whole, dense)
    return found


def check_jacobian(f, x):
    """The numbers of a Jacobian are those of the dense one, to the bit unless it is very tall."""
    found, dense = ag.jacobian(f, sparse=True)(x), ag.jacobian(f)(x)
    check_structure(found, dense)
    if len(dense) <= 4 * np.diff(found.indptr).max(initial=0):
        assert bits(found.toarray()) == bits(dense)
    np.testing.assert_allclose(found.toarray(), dense, 1e-9, 1e-9)
    return found


def same(one, other):
    """Equal structures and equal bits."""
    return stored(one) == stored(other) and bits(one.data) == bits(other.data)


# --- rows and random graphs -----------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_every_row_has_the_numbers_of_the_dense_matrix(row):
    """Inside its domain, at ties and edges, with constants among the arguments; and compiled."""
    choose = random.Random(row.name)
    many = isinstance(row, SequenceOp)
    for trial in range(4):
        n = len(row.vectors) * choose.choice([1, 3]) + len(row.scalars) if many else row.arity
        numbers = [
            choose.uniform(*d) if trial % 2 else choose.choice([0.0, -0.0, 1.0, -1.0, 2.0])
            for d in row.domain * (n if many else 1)
        ]
        kept = [choose.random() < 0.2 for _ in numbers]

        def f(x, kept=kept, numbers=numbers, trial=trial):
            args = [n if keep else v for v, n, keep in zip(x, numbers, kept, strict=True)]
            out = Value._apply_op(row, [*args])
            return ag.sin(out) * x[0] if trial % 3 else out

        found = check_hessian(f, numbers)
        jacobian = check_jacobian(lambda x: [f(x), x[-1], 2.0], numbers)
        check_jacobian(lambda x: ag.grad(f)([*x]), numbers)
    assert same(ag.compile(ag.hessian(f, sparse=True))(numbers), found)
    compiled = ag.compile(ag.jacobian(lambda x: [f(x), x[-1], 2.0], sparse=True))
    assert same(compiled(numbers), jacobian)


@settings(max_examples=12)
@given(programs(most_inputs=5, points=3, most_steps=15))
def test_random_graphs_have_the_numbers_of_the_dense_matrix(program):
    """Also compiled."""

    def nodes(x):
        return program.run(x, lambda row, args: Value._apply_op(row, args))

    def f(x):
        return nodes(x)[-1]

    matrices = ag.compile(ag.hessian(f, sparse=True)), ag.compile(ag.jacobian(nodes, sparse=True))
    for x in program.points.T.tolist():
        hessian, jacobian = check_hessian(f, x), check_jacobian(nodes, x)
        for _ in range(2):
            assert same(matrices[0](x), hessian)
            assert same(matrices[1](x), jacobian)


#: Rules whose derivatives of first order are positive, and those of second order, but of the last.
POSITIVE = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: ag.square(a),
    lambda a, b: ag.expm1(0.1 * a), lambda a, b: ag.sum([a, b, a]),
    lambda a, b: ag.dot([a, 2.0], [b, a], b),
    lambda a, b: ag.arcsinh(ag.where(ag.less(a, b), a * 0.5 + b, b * 0.5 + a)),
]  # fmt: skip
steps = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 99), st.integers(0, 99)), max_size=12)


@settings(max_examples=40)
@given(steps, st.integers(1, 5))
def test_nothing_else_is_stored(steps, n):
    """All derivatives of these graphs are positive, so none cancels another."""

    def nodes(x):
        found = [*x]
        for kind, i, j in steps:
            found.append(POSITIVE[kind](found[i % len(found)], found[j % len(found)]))
        return found

    x = [0.5 + 0.03 * k for k in range(n)]
    assert check_jacobian(nodes, x).nnz == np.count_nonzero(ag.jacobian(nodes)(x))
    if all(kind != 6 for kind, _, _ in steps):  # its second derivative is negative
        root = lambda x: nodes(x)[-1]  # noqa: E731
        assert check_hessian(root, x).nnz == np.count_nonzero(ag.hessian(root)(x))


# --- colours --------------------------------------------------------------------------------------


def neighbours_of(edges, n):
    found = [[v] for v in range(n)]  # a vertex is its own, as a diagonal is stored
    for a, b in {(min(e), max(e)) for e in edges if e[0] != e[1]}:
        found[a].append(b)
        found[b].append(a)
    return found


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
def test_no_path_of_four_has_two_colours(edges):
    """And no two neighbours have one."""
    near = neighbours_of(edges, 12)
    colours = star_colours(near)
    for a, b in itertools.permutations(range(12), 2):
        assert b not in near[a] or colours[a] != colours[b]
        for c, d in itertools.product(near[b], near[a]):
            if len({a, b, c, d}) == 4 and b in near[a]:
                assert len({colours[x] for x in (a, b, c, d)}) > 2


@settings(max_examples=30)
@given(st.lists(st.sets(st.integers(0, 9)), max_size=12))
def test_columns_of_one_colour_share_no_row(columns):
    colours = disjoint_colours(columns)
    for a, b in itertools.combinations(range(len(columns)), 2):
        assert colours[a] != colours[b] or columns[a].isdisjoint(columns[b])


def grid(x):
    """The energy of a membrane over a square grid."""
    side = round(len(x) ** 0.5)
    rows = [x[k : k + side] for k in range(0, len(x), side)]
    pairs = [*map(itertools.pairwise, [*rows, *zip(*rows, strict=True)])]
    return ag.sum([ag.sqrt(1.0 + (a - b) ** 2) for a, b in itertools.chain(*pairs)])


@pytest.mark.parametrize(
    ("f", "n", "most"), [(rosenbrock, 24, 3), (arrow, 24, 2), (grid, 25, 6), (ag.prod, 9, 9)]
)
def test_few_products_make_a_hessian(f, n, most, monkeypatch):
    made = []

    def counted(recording, directions):
        made.extend(directions)
        return products(recording, made)

    products = ag.transforms.matrices._products
    monkeypatch.setattr(ag.transforms.matrices, "_products", counted)
    x = [0.1 + 0.01 * k for k in range(n)]
    found = ag.hessian(f, sparse=True)(x)
    assert len(made) <= most
    monkeypatch.undo()
    np.testing.assert_allclose(found.toarray(), ag.hessian(f)(x), 1e-12, 1e-12)


def test_the_bits_of_a_band_are_those_of_the_dense_matrix():
    """There no entry has to be read across the diagonal."""
    f = lambda x: ag.sum([ag.sin(a * b) / b for a, b in itertools.pairwise(x)])  # noqa: E731
    x = [0.3 + 0.1 * k for k in range(20)]
    dense = ag.hessian(f)(x)
    assert bits(ag.hessian(f, sparse=True)(x).toarray()) == bits(dense)


def test_outputs_of_one_long_computation_are_swept_from_the_inputs(monkeypatch):
    """A sweep from each output would go over the whole, again and again."""

    def trajectory(x):
        states = [(x[0], x[1])]
        for _ in range(40):
            p, q = states[-1]
            states.append((p + 0.1 * q, q - 0.1 * ag.sin(p)))
        return [y for pair in states for y in pair]

    dense = ag.jacobian(trajectory)([0.4, 0.1])
    monkeypatch.setattr(sparse.Recording, "adjoints", None)
    found = ag.jacobian(trajectory, sparse=True)([0.4, 0.1])
    np.testing.assert_allclose(found.toarray(), dense, 1e-12, 1e-12)
    compiled = ag.compile(ag.jacobian(trajectory, sparse=True))
    assert same(compiled([0.4, 0.1]), found)


def test_memory_is_that_of_the_graph():
    """A matrix of all numbers would be 3 MB."""
    n = 600
    x = np.linspace(-1.0, 2.0, n)
    f = ag.hessian(lambda x: sum(a * b for a, b in itertools.pairwise(x)), sparse=True)
    f(x[:3])
    tracemalloc.start()
    assert f(x).nnz == 2 * n - 2
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2e6
    jacobian = ag.jacobian(lambda x: [a * a for a in x], sparse=True)(x)
    assert (jacobian.diagonal() == 2.0 * x).all()
    one = ag.jacobian(lambda x: sum(x), sparse=True)(x)  # a chain of additions
    assert (one.shape, one.nnz) == ((1, n), n)


# --- arguments and results ------------------------------------------------------------------------


def test_shapes_are_those_of_numbers_in_a_row():
    """Of arrays and structures as of lists; a number is a matrix of one entry."""
    square = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = ag.jacobian(lambda m: (m @ m)[0], sparse=True)(square)
    dense = ag.jacobian(lambda m: (m @ m)[0])(square)
    assert bits(found.toarray()) == bits(dense.reshape(2, 4))
    pair = {"a": 2.0, "b": [3.0, 4.0]}
    found = ag.hessian(lambda d: d["a"] * d["b"][1], sparse=True)(pair)
    assert found.toarray().tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert ag.hessian(lambda x: x**3, sparse=True)(2.0).toarray().tolist() == [[12.0]]
    assert ag.jacobian(lambda x: {"y": x}, sparse=True)(2.0).toarray().tolist() == [[1.0]]


@pytest.mark.parametrize("argnums", [0, 1, (0, 1), (1, 0), slice(0, 2), (1,)])
def test_argnums_give_a_matrix_for_each_argument(argnums):
    def f(x, y):
        return x[0] * x[1] * y + y * y * x[0]

    args = [2.0, 3.0], 1.5
    for transform, g in ((ag.hessian, f), (ag.jacobian, lambda x, y: [f(x, y), y])):
        dense = transform(g, argnums)(*args)
        found = transform(g, argnums, sparse=True)(*args)
        if isinstance(argnums, tuple):
            for each, whole in zip(np.ravel(np.array(found, object)), _flat(dense), strict=True):
                assert bits(each.toarray()) == bits(whole)
        else:
            assert bits(found.toarray()) == bits(dense)


def _flat(blocks):
    return [block for x in blocks for block in (_flat(x) if isinstance(x, tuple) else [x])]


def test_aux_comes_beside_the_matrix():
    f = ag.jacobian(lambda x: ([x[0] * x[1]], x[1]), has_aux=True, sparse=True)
    matrix, aux = f([2.0, 3.0])
    assert matrix.toarray().tolist() == [[3.0, 2.0]]
    assert aux == 3.0


@pytest.mark.parametrize("f", [lambda x: 3.0, lambda x: ag.sum(x), lambda x: ag.Value(2.0)])
@pytest.mark.parametrize("x", [[], [1.0], np.ones((2, 2))])
def test_constants_store_nothing(f, x):
    """Nor do lines, in a Hessian."""
    n = np.size(x)
    x = x if isinstance(x, list) else x.ravel()
    for hessian in (ag.hessian(f, sparse=True), ag.compile(ag.hessian(f, sparse=True))):
        assert hessian(x).shape == (n, n)
        assert hessian(x).nnz == 0
    matrix = ag.jacobian(lambda x: [f(x)], sparse=True)(x)
    assert matrix.shape == (1, n)
    assert matrix.nnz in (0, n)
    assert ag.jacobian(lambda x: [], sparse=True)(x).shape == (0, n)


def test_nan_and_infinity_stay_where_they_are():
    """And zero carries nothing."""

    def f(x):
        return ag.sqrt(x[0]) * x[1] + ag.log(x[2]) * x[3] + x[3] * x[4]

    for x in ([0.0, 0.0, 0.0, 1.0, 2.0], [0.0, 1.0, -1.0, float("inf"), float("nan")]):
        check_hessian(f, x)
        check_jacobian(lambda x: [f(x), ag.sqrt(x[0]) * ag.sqrt(x[0]), x[4]], x)
        compiled = ag.compile(ag.hessian(f, sparse=True))
        assert same(compiled(x), ag.hessian(f, sparse=True)(x))


def test_an_argument_given_twice_and_parameters_used_twice():
    layer = nn.Neuron(2, activation="tanh", seed=1)
    f = lambda a, b: a([1.0, 2.0]) * b([0.5, 1.0])  # noqa: E731
    found = ag.hessian(f, (0, 1), sparse=True)(layer, layer)
    dense = ag.hessian(f, (0, 1))(layer, layer)
    for rows, whole in zip(found, dense, strict=True):
        for each, block in zip(rows, whole, strict=True):
            np.testing.assert_allclose(each.toarray(), block, 1e-12)
    x = [2.0, 3.0]
    check_hessian(
        lambda y: ag.hessian(lambda a, b: a[0] * b[1], (0, 1))(y, y)[0][1][0, 1] * y[0] ** 2, x
    )


def test_a_user_s_op_and_a_checkpoint_depend_on_all_arguments():
    cube = ag.custom_op(
        "cube", lambda x, y: x**3 + y, [lambda out, x, y: 3 * x * x, lambda *_: 1.0]
    )
    inner = ag.checkpoint(lambda a, b: a * a * b)
    for g in (cube, inner):
        check_hessian(lambda x, g=g: g(x[0], x[1]) + x[2] ** 2, [2.0, 3.0, 4.0])
        check_jacobian(lambda x, g=g: [g(x[0], x[1]), x[2]], [2.0, 3.0, 4.0])


def test_closures_and_nesting():
    """A Value around takes part; a Hessian is the Jacobian of a gradient."""
    x = [0.1, 0.2, 0.4]
    twice = ag.jacobian(ag.grad(rosenbrock), sparse=True)(x)
    np.testing.assert_allclose(twice.toarray(), ag.hessian(rosenbrock)(x), 1e-12)

    def total(k):
        return ag.sum([*ag.hessian(lambda y: k * k * rosenbrock(y), sparse=True)(x).data])

    assert ag.grad(total)(2.0) == pytest.approx(4.0 * ag.hessian(rosenbrock)(x).sum())
    third = ag.jacobian(lambda y: ag.hessian(rosenbrock, sparse=True)(y))(x)
    assert third.shape == (7, 3)
    with ag.no_grad():
        assert same(ag.hessian(rosenbrock, sparse=True)(x), ag.hessian(rosenbrock, sparse=True)(x))


@pytest.mark.parametrize(
    "use", [lambda h: h @ [1.0], lambda h: 2 * h, lambda h: h + h, lambda h: [1.0] @ h]
)
def test_values_are_held_by_no_matrix_of_scipy_s(use):
    found = ag.hessian(rosenbrock, sparse=True)([Value(1.0), Value(2.0)])
    assert [x.data for x in found.data] == [402.0, -400.0, -400.0, 200.0]
    with pytest.raises(TypeError, match="which SciPy has none for: return it"):
        use(found)
    with pytest.raises(AttributeError, match="no 'toarray' here"):
        found.toarray()


def test_one_number_is_wanted():
    with pytest.raises(ShapeError, match="returns one number"):
        ag.hessian(lambda x: [x, x], sparse=True)(1.0)


def test_scipy_missing_is_said_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    for transform in (ag.hessian, ag.jacobian):
        with pytest.raises(ImportError, match=r"autograd-lite\[sparse\]"):
            transform(rosenbrock, sparse=True)


def test_a_deep_chain_is_no_deep_recursion():
    def f(x):
        out = x[0]
        for _ in range(2000):
            out = out + x[1]
        return out * out

    found = ag.hessian(f, sparse=True)([1.0, 1e-5])
    assert stored(found) == {(0, 0), (0, 1), (1, 0), (1, 1)}


# --- programs -------------------------------------------------------------------------------------


def test_a_program_gives_the_same_matrix():
    """At the first call and later, along each path with its own structure; it can be changed."""

    def f(x):
        return x[0] * x[1] if x[0] > 0.0 else x[1] ** 2 + x[2] * x[0]

    matrix, compiled = ag.hessian(f, sparse=True), ag.compile(ag.hessian(f, sparse=True))
    for x in ([1.0, 2.0, 3.0], [-1.0, 2.0, 3.0], [2.0, 2.0, 3.0], [-3.0, 2.0, 3.0]) * 2:
        found = compiled(x)
        assert same(found, matrix(x))
        found.data[:] = 0.0
        found.eliminate_zeros()
    assert len(compiled.programs) == 2


def test_matrices_stand_in_structures_of_programs():
    def newton(x):
        return {
            "f": rosenbrock(x),
            "all": (ag.grad(rosenbrock)(x), ag.hessian(rosenbrock, sparse=True)(x)),
        }

    compiled, x = ag.compile(newton), np.array([0.5, 0.2, 0.1])
    for _ in range(3):
        x = x + 0.1
        found, eager = compiled(x), newton(x)
        assert found["f"] == eager["f"]
        assert same(found["all"][1], eager["all"][1])
    assert same(ag.compile(newton, check=True)(x)["all"][1], eager["all"][1])


def test_rows_are_added_and_not_listed():
    compiled = ag.compile(ag.hessian(rosenbrock, sparse=True))
    rows = np.array([[0.1, 0.2, 0.3], [1.0, 2.0, 3.0]])
    one, two = map(compiled, rows)
    for reduce, share in (("sum", 1.0), ("mean", 0.5)):
        for _ in range(2):
            total = compiled.map(rows, reduce=reduce).toarray()
            np.testing.assert_allclose(total, share * (one + two).toarray(), 1e-12)
    for _ in range(2):
        with pytest.raises(ShapeError, match="rosenbrock gives a sparse matrix, of which map"):
            compiled.map(rows)


def test_static_arguments_choose_the_structure():
    compiled = ag.compile(
        ag.hessian(lambda x, k: ag.sum(x[:k]) ** 2, sparse=True), static="k", check=True
    )
    for k in (1, 2, 1, 3):
        assert compiled([1.0, 2.0, 3.0], k).nnz == k * k


def test_they_can_be_pickled():
    f = pickle.loads(pickle.dumps(ag.hessian(rosenbrock, sparse=True)))
    assert f([1.0, 2.0]).nnz == 4
    again = pickle.loads(pickle.dumps(f([1.0, 2.0])))
    assert same(again, f([1.0, 2.0]))
