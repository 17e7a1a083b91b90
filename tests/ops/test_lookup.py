"""`take`: an entry by its number, whoever asks for it, and its gradient to that entry alone."""

import copy
import itertools
import pickle
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.ops import TABLE
from autograd_lite.ops.lookup import entry_at

N, WIDTH = 5, 3
TABLE_OF_FLOATS = [[0.3 * i - 0.7 * j + 0.1 * i * j for j in range(WIDTH)] for i in range(N)]
VECTOR = [0.5, -1.5, 2.0, 0.25]
INDICES = [*range(-N, N)]


def looked_up(table, i):
    """A function of the looked-up entry that is not linear in it, and of another one."""
    a, b, c = ag.take(table, i)
    return a * b * ag.exp(0.3 * c) + table[0][1] * a


def of_vector(xs, i):
    x = ag.take(xs, i)
    return x * x * x * xs[0] + ag.sin(x)


# --- what it gives --------------------------------------------------------------------------------


@pytest.mark.parametrize("i", INDICES)
def test_an_int_gives_the_entry_itself_and_records_nothing(i):
    table = [[Value(x) for x in row] for row in TABLE_OF_FLOATS]
    found = ag.take(table, i)
    assert [*map(id, found)] == [*map(id, table[i])]
    assert found is not table[i], "the list is the caller's own"
    assert ag.take(table[1], i % WIDTH) is table[1][i % WIDTH]


@pytest.mark.parametrize(
    ("rows", "i", "expected"),
    [
        ([1, 2, 3], 1, 2.0),
        ((1, 2, 3), -1, 3.0),
        ([1, 2, 3], [0, -1, 0], [1.0, 3.0, 1.0]),
        ([[1, 2], [3, 4]], 1, [3.0, 4.0]),
        ([[1, 2], (3, 4)], (1, 0), [[3.0, 4.0], [1.0, 2.0]]),
        (np.array([1.0, 2.0]), np.int64(1), 2.0),
        (np.array([1.0, 2.0]), np.array([1, 0]), [2.0, 1.0]),
        (range(4), 3.0, 3.0),
        ([1.0, 2.0], True, 2.0),
    ],
    ids=repr,
)
def test_plain_numbers_give_floats(rows, i, expected):
    found = ag.take(rows, i)
    assert found == expected
    assert repr(found) == repr(expected)


def test_of_an_array_an_entry_is_an_array_of_its_own():
    table = np.array(TABLE_OF_FLOATS)
    found = ag.take(table, 1)
    found += 1.0
    assert table.tolist() == TABLE_OF_FLOATS
    nodes = ag.take(table, Value(1.0))
    assert [v.data for v in nodes] == TABLE_OF_FLOATS[1]
    assert nodes.dtype == object


def test_a_value_makes_a_node_for_each_number():
    xs, i = [Value(x) for x in VECTOR], Value(2.0, label="i")
    out = ag.take(xs, i)
    assert (out.op, out.data) == ("take", 2.0)
    assert [*map(id, out.parents)] == [*map(id, [*xs, i])]
    assert out.local_grads == (0.0, 0.0, 1.0, 0.0, 0.0)


def test_refresh_looks_again():
    xs, i = [Value(x) for x in VECTOR], Value(2.0)
    out = ag.take(xs, i) * 1.0
    for index, expected in ((0, 0.5), (-1, 0.25), (3, 0.25)):
        i.data = index
        out.refresh()
        assert out.data == expected
        assert ag.gradient(out, [*xs, i]) == [float(k == index % 4) for k in range(4)] + [0.0]
    i.data = 4
    out.refresh()
    assert out.data != out.data, "nan where there is no entry any more"


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [float, Value], ids=["a float", "a Value"])
@pytest.mark.parametrize("i", [5, -6, 1.5, float("nan"), float("inf"), 1e300])
def test_a_wrong_index_is_an_index_error(i, wrap):
    table, said = [[Value(1.0)] * 3] * 5, "whole number from -5 to 4"
    with pytest.raises(IndexError, match=f"take was given 5 entries and the index .*{said}"):
        ag.take(table, wrap(i))


@pytest.mark.parametrize("i", [5, -6, 10**400])
def test_a_wrong_int_is_an_index_error(i):
    with pytest.raises(IndexError, match="take was given 5 entries and the index "):
        ag.take([*VECTOR, 1.0], i)


@pytest.mark.parametrize(
    ("rows", "i", "error", "says"),
    [
        ([], 0, ag.ShapeError, "was given no entries"),
        (np.zeros((2, 2, 2)), 0, ag.ShapeError, r"was given shape \(2, 2, 2\)"),
        ([[[1], [2]], [[3], [4]]], 1, TypeError, "one real number and was given list"),
        ([1, 2], [[0]], TypeError, "one real number and was given list"),
        ([[1, 2], [3]], Value(0.0), ag.ShapeError, "equal length and was given 2 and 1"),
        ([[1, 2], 3], Value(0.0), ag.ShapeError, "equal length"),
        (3.0, 0, TypeError, "take takes one sequence"),
        ([1, 2], "0", TypeError, "given str"),
        ([1, 2], None, TypeError, "given None"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), 1, TypeError, "masked"),
    ],
    ids=str,
)
def test_what_is_no_list_or_index_is_refused(rows, i, error, says):
    with pytest.raises(error, match=says):
        ag.take(rows, i)


def test_map_names_the_row_of_a_wrong_index():
    f = ag.compile(lambda i: ag.take(VECTOR, i))
    for rows, bad in (([7, 0], 0), ([0, 1, -5], 2), ([1.5], 0)):
        with pytest.raises(IndexError, match=f"row {bad}: take was given 4 entries"):
            f.map(rows)
    assert f.map([0, 1, -1]).tolist() == [0.5, -1.5, 0.25]
    assert len(f.programs) == 1


# --- derivatives: engine × eager, compiled, map × transform ---------------------------------------


def transforms(i):
    """Derivatives by the table of a function with that index, by name."""
    v = [[0.3, -1.1, 0.7][(k + j) % 3] for k in range(N) for j in range(WIDTH)]
    v = [v[k * WIDTH : (k + 1) * WIDTH] for k in range(N)]

    def f(table):
        return looked_up(table, i)

    def flat(xs):
        return f([xs[k * WIDTH : (k + 1) * WIDTH] for k in range(N)])

    xs = [x for row in TABLE_OF_FLOATS for x in row]
    return {
        "value_and_grad": (ag.value_and_grad(f), TABLE_OF_FLOATS),
        "hvp": (lambda table: ag.hvp(f)(table, v), TABLE_OF_FLOATS),
        "jvp": (lambda table: ag.jvp(f, (table,), (v,)), TABLE_OF_FLOATS),
        "jvp of grad": (lambda t: ag.jvp(ag.grad(f), (t,), (v,))[1], TABLE_OF_FLOATS),
        "vjp": (lambda table: ag.vjp(f, table)[1](2.0)[0], TABLE_OF_FLOATS),
        "hessian": (ag.hessian(flat), xs),
        "jacobian": (ag.jacobian(lambda t: ag.take(t, i)), TABLE_OF_FLOATS),
        "taylor": (lambda t: ag.taylor(lambda s: of_vector([s, s * s, 2.0, s], i), t, 4), 0.7),
        "derivative 3": (ag.derivative(lambda s: of_vector([s, s * s, 2.0, s], i), 3), 0.7),
    }


def numbers(found):
    """All of a structure in a list."""
    if isinstance(found, list | tuple):
        return [x for part in found for x in numbers(part)]
    return np.ravel(found).tolist()


@pytest.mark.parametrize("name", transforms(0))
def test_every_transform_is_that_of_the_entry_taken(name):
    """With an int, a Value and as an input of a program: one set of bits, and one program."""

    def of_index(at, index):
        return transforms(index)[name][0](at)

    program = ag.compile(of_index)
    for i in (0, 2, 3, -1, -3):
        function, at = transforms(i)[name]
        expected = numbers(function(at))
        function, _ = transforms(Value(float(i)))[name]
        assert numbers(function(at)) == expected
        assert numbers(program(at, i)) == expected
    assert len(program.programs) == 1


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_rows_have_the_gradient_of_each(reduce, threads):
    """Of a table that all rows share, and of one of their own; more rows than a block has."""
    rng = np.random.default_rng(0)
    n, table = 300, np.array(TABLE_OF_FLOATS)
    indices, scales = rng.integers(-N, N, n), rng.uniform(-1, 1, n)
    slope = ag.grad(lambda table, i, x: x * ag.sum([a * a for a in ag.take(table, i)]))
    expected = np.zeros((n, N, WIDTH))
    for k, (i, x) in enumerate(zip(indices, scales, strict=True)):
        expected[k, i] = 2.0 * x * table[i]
    if reduce:
        expected = getattr(np, reduce)(expected, axis=0)
    program = ag.compile(slope)
    shared = program.map(table, indices, scales, shared=(0,), reduce=reduce, threads=threads)
    np.testing.assert_allclose(shared, expected, rtol=1e-12, atol=1e-13)
    own = program.map(np.stack([table] * n), indices, scales, reduce=reduce, threads=threads)
    np.testing.assert_allclose(own, expected, rtol=1e-12, atol=1e-13)
    assert len(program.programs) == 1


def test_an_index_that_is_differentiated_has_derivative_0():
    found = ag.grad(of_vector, argnums=(0, 1))(VECTOR, 1)
    assert found[1] == 0.0
    assert found[0] == ag.grad(lambda xs: of_vector(xs, 1))(VECTOR)


def test_check_grad_agrees_to_the_third_order():
    ag.check_grad(lambda table: looked_up(table, Value(2.0)), TABLE_OF_FLOATS, order=3)


def test_several_lookups_of_an_entry_add_up():
    table = [[Value(x) for x in row] for row in TABLE_OF_FLOATS]
    for index in (1, Value(1.0)):
        out = ag.sum([x for _ in range(3) for x in ag.take(table, index)])
        assert ag.gradient(out, table[1]) == [3.0] * WIDTH
        assert ag.gradient(out, table[2]) == [0.0] * WIDTH


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_an_embedding_has_the_gradient_of_peers(library):
    peer = pytest.importorskip(library, reason=f"{library} is not installed (extra: test)")
    tokens = [3, 0, 3, 2]

    def ours(table, tokens):
        return ag.sum(
            [ag.tanh(x) * (k + 1) for k, t in enumerate(tokens) for x in ag.take(table, t)]
        )

    found = ag.compile(ag.grad(ours))(np.array(TABLE_OF_FLOATS), tokens)
    weights = np.arange(1.0, 5.0)[:, None]
    if library == "torch":
        table = peer.tensor(TABLE_OF_FLOATS, dtype=peer.float64, requires_grad=True)
        chosen = peer.nn.functional.embedding(peer.tensor(tokens), table)
        (chosen.tanh() * peer.tensor(weights)).sum().backward()
        expected = table.grad.numpy()
    else:
        peer.config.update("jax_enable_x64", True)
        jnp = peer.numpy
        expected = peer.grad(
            lambda table: (jnp.tanh(jnp.take(table, jnp.array(tokens), axis=0)) * weights).sum()
        )(jnp.array(TABLE_OF_FLOATS))
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_detect_anomaly_and_diagnose_see_nothing_wrong_in_it():
    with ag.detect_anomaly():
        out = ag.take([Value(x) for x in VECTOR], Value(1.0)) * 2.0
        out.backward()
    assert not ag.diagnose(out).findings


# --- programs -------------------------------------------------------------------------------------


def test_a_lookup_is_one_instruction():
    xs, i = [Value(x) for x in VECTOR], Value(0.0)
    program = ag.freeze(ag.take(xs, i), [*xs, i])
    assert len(program) == 1
    assert [program(*VECTOR, k) for k in range(-4, 4)] == VECTOR * 2
    assert [str(program(*VECTOR, k)) for k in (-5, 4, float("nan"))] == ["nan"] * 3


def test_the_time_of_a_lookup_depends_on_no_number_of_entries():
    """In steps of the machine: 10,000 entries are one instruction as four are."""
    f = ag.compile(lambda xs, i: ag.take(xs, i))
    assert f([*map(float, range(10_000))], 9_999) == 9_999.0
    assert f.programs[0].stats()["instructions"] < 10


def test_a_character_model_is_one_program_for_all_characters():
    rng = random.Random(0)
    table = [[rng.uniform(-1, 1) for _ in range(2)] for _ in range(6)]
    out = [[rng.uniform(-1, 1) for _ in range(2)] for _ in range(6)]

    def loss(table, out, tokens):
        total = 0.0
        for token, following in itertools.pairwise(tokens):
            x = ag.take(table, token)
            logits = [ag.dot(row, x) for row in out]
            total = total + nn.losses.cross_entropy([logits], [following])
        return total

    slope = ag.compile(ag.value_and_grad(loss, argnums=(0, 1)))
    for _ in range(8):
        tokens = [rng.randrange(6) for _ in range(4)]
        found, eager = slope(table, out, tokens), ag.value_and_grad(loss, argnums=(0, 1))
        assert found == eager(table, out, [*map(Value, tokens)])
        with_ints = eager(table, out, tokens)  # another graph, so sums in another order
        np.testing.assert_allclose(numbers(found), numbers(with_ints), rtol=1e-12, atol=1e-15)
    assert len(slope.programs) == 1


def test_a_class_is_an_input_of_a_program():
    logits = [0.3, -1.0, 2.0]
    f = ag.compile(ag.value_and_grad(lambda z, c: nn.losses.cross_entropy([z], [c])))
    for c in range(3):
        eager = ag.value_and_grad(lambda z, c=c: nn.losses.cross_entropy([z], [c]))
        assert f(logits, c) == eager(logits)
    assert len(f.programs) == 1
    for bad in (-1, 3, 0.5):
        with pytest.raises(ValueError, match="class indices from 0 to 2, and number 0 is"):
            f(logits, bad)


def test_an_index_where_python_wants_one_names_take():
    with pytest.raises(ag.ProgramError, match=r"or ag\.take for an entry"):
        ag.compile(lambda xs, i: xs[i])(VECTOR, 1)


# --- seeing and keeping ---------------------------------------------------------------------------


def test_it_is_drawn_explained_and_written():
    xs = [Value(x, label=name) for x, name in zip(VECTOR, "abcd", strict=True)]
    i = Value(1.0, label="i")
    out = ag.take(xs, i)
    assert "take" in str(ag.draw(out).to_graphviz())
    assert ag.latex(out) == r"\operatorname{take}\left(a, b, c, d, i\right)"
    assert "dv1/db = 1" in str(ag.explain(out)) or "= 1: 1 path from b" in str(ag.explain(out))
    expanded = entry_at.expand([*xs, i])
    assert expanded.data == out.data
    assert ag.gradient(expanded, xs) == ag.gradient(out, xs)


def test_copies_and_pickles_look_again():
    xs, i = [Value(x) for x in VECTOR], Value(1.0)
    for found, index in (
        copy.deepcopy((ag.take(xs, i), i)),
        pickle.loads(pickle.dumps((ag.take(xs, i), i))),
    ):
        index.data = 2.0
        found.refresh()
        assert found.data == 2.0


def test_the_row_is_no_function_for_users():
    assert not TABLE["take"].public
    assert ag.take is not TABLE["take"]
    assert "take" in ag.__all__
