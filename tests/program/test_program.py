"""Programs: frozen graphs and compiled functions give what eager evaluation gives, bit for bit."""

import copy
import itertools
import math
import pickle
import struct
import threading
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from programs import programs

import autograd_lite as ag
from autograd_lite import ProgramError, ShapeError, Value
from autograd_lite.ops import TABLE, SequenceOp

PUBLIC = [row for row in TABLE.values() if row.public]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.75, -2.5, 1e300, -1e-300, 5e-324, math.inf, -math.inf, math.nan]


def bits(numbers):
    flat = np.ravel(np.asarray(numbers, dtype=float)).tolist()
    return ["nan" if math.isnan(number) else struct.pack("d", number) for number in flat]


def call(row, xs):
    if not isinstance(row, SequenceOp):
        return row(*xs)
    return row(xs, xs[::-1]) if len(row.vectors) == 2 else row(xs)


def as_called(row, args):
    return row(*row.groups(args)) if isinstance(row, SequenceOp) else row(*args)


def arity(row):
    return 3 if row.arity is None else row.arity


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_every_op_gives_eager_bits_at_edges_and_inside(row):
    n = arity(row)
    program = ag.compile(lambda *xs: call(row, list(xs)))
    rng = np.random.default_rng(1)
    inside = [
        [low + (high - low) * rng.random() for low, high in (row.domain * n)[:n]] for _ in range(5)
    ]
    if isinstance(row, SequenceOp):
        inside = rng.uniform(-3, 3, (5, n)).tolist()
    for xs in [*inside, *[[e] * n for e in EDGES], *rng.choice(EDGES, (20, n)).tolist()]:
        assert bits(program(*xs)) == bits(call(row, xs)), xs


@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.name)
def test_every_gradient_gives_eager_bits_and_rows_agree(row):
    n = arity(row)
    gradient = ag.grad(lambda xs: call(row, xs))
    compiled = ag.compile(gradient)
    rng = np.random.default_rng(2)
    domain = (row.domain * n)[:n] if not isinstance(row, SequenceOp) else [(-3.0, 3.0)] * n
    rows = np.array([[low + (high - low) * rng.random() for low, high in domain] for _ in range(9)])
    eager = [gradient(xs) for xs in rows.tolist()]
    for xs, right in zip(rows.tolist(), eager, strict=True):
        assert bits(compiled(xs)) == bits(right), xs
    found = np.array(compiled.map(rows.tolist())).T
    np.testing.assert_allclose(found, eager, rtol=1e-12, atol=1e-14)


@given(programs())
def test_random_programs_give_eager_bits(program):
    def f(xs):
        return program.run(xs, lambda row, args: as_called(row, args))[-1]

    compiled, slopes = ag.compile(f), ag.compile(ag.grad(f))
    rows = np.transpose(program.points).tolist()
    for x in rows[:5]:
        assert bits(compiled(x)) == bits(f(x))
        assert bits(slopes(x)) == bits(ag.grad(f)(x))
    eager = np.array([f(x) for x in rows])
    found = compiled.map(rows)
    np.testing.assert_allclose(found, eager, rtol=1e-7, atol=1e-7)


def rosenbrock(x):
    total = 0.0
    for a, b in itertools.pairwise(x):
        total = total + 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
    return total


@pytest.mark.parametrize(
    "transform",
    [
        ag.grad,
        ag.hessian,
        lambda f: ag.grad(lambda x: ag.grad(f)(x)[0]),
        lambda f: lambda x: ag.jvp(f, (x,), ([1.0] * 4,)),
        lambda f: lambda x: ag.hvp(f)(x, [1.0, 2.0, 3.0, 4.0]),
        lambda f: ag.jacobian(ag.grad(f)),
    ],
    ids=["grad", "hessian", "grad of grad", "jvp", "hvp", "jacobian of grad"],
)
def test_derivatives_compile(transform):
    function = transform(rosenbrock)
    compiled = ag.compile(function)
    compiled([0.5, 0.25, -1.0, 2.0])
    x = [1.5, 0.0, 0.75, -0.5]
    np.testing.assert_allclose(
        np.hstack([np.ravel(part) for part in compiled(x)]),
        np.hstack([np.ravel(part) for part in function(x)]),
        rtol=1e-13,
    )
    assert len(compiled.programs) == 1


class TestFreeze:
    def test_a_graph_is_run_at_other_numbers(self):
        x, y = Value(3.0), Value(4.0)
        program = ag.freeze([x * y, x + 1.0], [x, y])
        assert program(5.0, 6.0) == [30.0, 6.0]
        assert (x.data, y.data) == (3.0, 4.0)

    def test_an_inner_node_may_be_an_input(self):
        x = Value(3.0)
        inner = x * x
        program = ag.freeze(inner + 1.0, [inner])
        assert program(10.0) == 11.0
        assert len(program) == 1

    def test_other_leaves_become_constants(self):
        x, w = Value(3.0), Value(2.0)
        program = ag.freeze(w * x, [x])
        w.data = 100.0
        assert program(5.0) == 10.0

    @pytest.mark.parametrize(
        ("outputs", "inputs", "error"),
        [(1.0, 0, TypeError), (Value(1.0), [1.0], TypeError), ([Value(1.0), 2.0], [], TypeError)],
    )
    def test_what_is_no_value_is_refused(self, outputs, inputs, error):
        with pytest.raises(error):
            ag.freeze(outputs, inputs)

    def test_inputs_are_given_once_and_are_no_constants(self):
        x = Value(1.0)
        y = x + 2.0
        with pytest.raises(ValueError, match="input 1 is given twice"):
            ag.freeze(y, [x, x])
        with pytest.raises(ValueError, match="constant of an expression"):
            ag.freeze(y, [y.parents[1]])

    def test_the_number_of_inputs_is_checked(self):
        x = Value(1.0)
        with pytest.raises(TypeError, match="takes 1 input and was given 2"):
            ag.freeze(x + 1.0, [x])(1.0, 2.0)

    def test_columns_in_columns_out(self):
        x, y = Value(3.0), Value(4.0)
        program = ag.freeze([x * y, x - y], [x, y])
        product, difference = program.map([1, 2, 3], np.array([4.0, 5.0, 6.0]))
        assert product.tolist() == [4.0, 10.0, 18.0]
        assert difference.tolist() == [-3.0, -3.0, -3.0]
        assert program.map([1.0, 2.0], 3.0, shared=[1], reduce="sum") == [9.0, -3.0]
        assert program.map([1.0, 2.0], 3.0, shared=[1], reduce="mean") == [4.5, -1.5]

    def test_columns_are_views_of_one_array(self):
        """Nothing is copied: each output's rows lie one after the other."""
        x = Value(3.0)
        first, second = ag.freeze([x * x, x - 1.0], [x]).map(np.arange(200.0))
        assert first.base is not None
        assert first.base is second.base
        assert first.flags.c_contiguous
        assert second[7] == 6.0
        several = ag.compile(lambda xs: {"a": xs[0] * 2.0, "b": [xs[1], -xs[0]]})
        found = several.map(np.arange(12.0).reshape(6, 2))
        assert found["b"][0].tolist() == [1.0, 3.0, 5.0, 7.0, 9.0, 11.0]
        columns = [found["a"], *found["b"]]
        assert len({id(column.base) for column in columns}) == 1
        assert all(column.flags.c_contiguous for column in columns)

    @pytest.mark.parametrize(
        ("columns", "keywords", "error"),
        [
            (([1.0], [1.0, 2.0]), {}, ShapeError),
            ((1.0, 2.0), {"shared": (0, 1)}, ShapeError),
            (([1.0], 2.0), {}, ShapeError),
            (([1.0], ["a"]), {}, TypeError),
            (([1.0], [1.0]), {"reduce": "max"}, ValueError),
            (([1.0], [1.0]), {"threads": 0}, ValueError),
            (([1.0], 1.0), {"shared": [2]}, ValueError),
            (([], []), {"reduce": "mean"}, ShapeError),
        ],
    )
    def test_wrong_columns_are_refused(self, columns, keywords, error):
        x, y = Value(3.0), Value(4.0)
        with pytest.raises(error):
            ag.freeze(x * y, [x, y]).map(*columns, **keywords)

    def test_a_users_op_of_plain_arithmetic_is_taken(self):
        cubed = ag.custom_op("cubed", lambda x: x * x * x, [lambda out, x: 3.0 * x * x])
        assert ag.compile(cubed)(3.0) == 27.0
        assert ag.compile(ag.grad(lambda x: cubed(x) * x))(2.0) == 32.0
        x = Value(1.0)
        assert len(ag.freeze(cubed(x), [x])) == 2

    def test_a_checkpoint_is_its_function(self):
        f = ag.checkpoint(lambda x: ag.sin(x) * x)
        compiled = ag.compile(ag.grad(lambda x: f(x) + f(2.0 * x)))
        assert compiled(0.5) == pytest.approx(ag.grad(lambda x: f(x) + f(2.0 * x))(0.5), rel=1e-15)

    def test_a_users_python_op_is_refused_by_name(self):
        half = ag.custom_op("half_of_it", lambda x: float(f"{x / 2}"), [lambda out, x: 0.5])
        x = Value(1.0)
        with pytest.raises(ProgramError, match="half_of_it"):
            ag.freeze(half(x), [x])

    def test_a_long_chain_needs_no_recursion(self):
        x = Value(0.5)
        y = x
        for _ in range(20_000):
            y = y * 0.999 + 0.001
        program = ag.freeze(y, [x])
        assert program(0.25) > 0.999
        assert len(program) == 40_000
        assert str(program).count("\n") < 250


class TestSimplification:
    def test_constants_are_folded_and_equal_steps_shared(self):
        x = Value(3.0)
        two = Value(1.0) + 1.0
        program = ag.freeze(ag.sin(x) * two + ag.sin(x), [x])
        assert [step.op.name for step in program] == ["sin", "multiply", "add"]
        stats = program.stats()
        assert (stats["folded"], stats["equal"]) == (1, 1)

    def test_what_no_output_needs_is_left_out(self):
        program = ag.compile(lambda x: [x + 1.0, x.sin() * x.cos()][0])
        assert program(1.0) == 2.0
        assert len(program.programs[0]) == 1

    @pytest.mark.parametrize("edge", EDGES)
    def test_adding_zero_stays_as_it_may_change_a_sign(self, edge):
        program = ag.compile(lambda x: (x + 0.0, x * 1.0, x - 0.0, x / 1.0, x + -0.0))
        eager = (edge + 0.0, edge * 1.0, edge - 0.0, edge / 1.0, edge + -0.0)
        assert bits(program(edge)) == bits(eager)
        assert len(program.programs[0]) == 1

    def test_the_gradient_program_is_small(self):
        x = [0.1 * i for i in range(50)]
        function, gradient = ag.compile(rosenbrock), ag.compile(ag.grad(rosenbrock))
        function(x)
        gradient(x)
        assert len(gradient.programs[0]) <= 3.5 * len(function.programs[0])


@dataclass
class Point:
    x: float
    y: float
    name: str = "p"


class TestCompile:
    def test_structures_keep_their_form(self):
        def f(a, b, c, d):
            return {"sum": a[0] + a[1], "product": b["k"] * c.x, "array": d * 2.0}

        args = ([1.0, 2.0], {"k": 3.0}, Point(4.0, 5.0), np.array([[1.0], [2.0]]))
        found, eager = ag.compile(f)(*args), f(*args)
        assert found["sum"] == eager["sum"]
        assert found["product"] == eager["product"]
        np.testing.assert_array_equal(found["array"], eager["array"])

    def test_another_kind_of_arguments_gets_another_program(self):
        total = ag.compile(lambda x: ag.sum(x) * 1.5)
        assert total([1.0, 2.0]) == 4.5
        assert total([1.0, 2.0, 3.0]) == 9.0
        assert len(total.programs) == 2

    def test_keywords_and_statics_are_taken(self):
        f = ag.compile(lambda x, kind="sin": ag.sin(x) if kind == "sin" else ag.cos(x))
        assert f(1.0) == math.sin(1.0)
        assert f(x=1.0, kind="cos") == math.cos(1.0)
        with pytest.raises(TypeError):
            f(1.0, "sin", 3)

    def test_values_make_it_the_function_itself(self):
        f = ag.compile(lambda x: x * x)
        x = Value(3.0)
        f(x).backward()
        assert x.grad == 6.0
        assert ag.grad(f)(4.0) == 8.0

    def test_it_works_inside_no_grad(self):
        with ag.no_grad():
            assert ag.compile(ag.grad(lambda x: x**3.0))(2.0) == 12.0

    @pytest.mark.parametrize(
        "leak",
        [
            lambda x: x * x.data,
            lambda x: x * (x * 2.0).item(),
            lambda x: x * x.local_grads[0] if x.parents else (x * x).local_grads[0],
            lambda x: ((x * x).backward(), x.grad)[1],
            lambda x: float(f"{x * 2.0:.3f}"),
        ],
    )
    def test_reading_a_traced_number_is_refused(self, leak):
        with pytest.raises(ProgramError, match="bake"):
            ag.compile(leak)(1.0)
        assert Value(1.0).data == 1.0

    def test_numbers_of_other_values_may_be_read(self):
        w = Value(3.0)
        assert ag.compile(lambda x: x * w.data)(2.0) == 6.0

    def test_a_mapping_over_rows(self):
        f = ag.compile(lambda w, x: ag.dot(w, x) + 1.0)
        x = np.arange(12.0).reshape(4, 3)
        w = [1.0, 2.0, 3.0]
        np.testing.assert_array_equal(f.map(w, x, shared=(0,)), x @ w + 1.0)
        assert f.map(w, x, shared=0, reduce="sum") == (x @ w + 1.0).sum()
        slope = ag.compile(ag.grad(lambda w, x: ag.dot(w, x) ** 2.0))
        found = slope.map(np.array(w), x, shared=(0,), reduce="mean")
        np.testing.assert_allclose(found, 2.0 * (x @ w) @ x / 4.0, rtol=1e-14)

    def test_no_rows_give_no_results(self):
        f = ag.compile(lambda x: [x.sin(), x * 2.0] if x < 1.0 else [x, x])
        first, second = f.map(np.zeros(0))
        assert first.shape == second.shape == (0,)

    def test_rows_that_do_not_fit_are_refused(self):
        f = ag.compile(lambda x, y: x + y)
        with pytest.raises(ShapeError, match="same number of rows"):
            f.map([1.0, 2.0], [1.0])
        with pytest.raises(ShapeError, match="shared"):
            f.map([1.0, 2.0], 1.0)
        with pytest.raises(ShapeError, match="none"):
            f.map(1.0, 2.0, shared=(0, 1))
        with pytest.raises(ShapeError, match="differ"):
            f.map([[1.0], [1.0, 2.0]], [1.0, 2.0])

    def test_checking_notices_what_changes(self):
        factor = [2.0]
        f = ag.compile(lambda x: x * factor[0], check=True)
        assert f(3.0) == 6.0
        np.testing.assert_array_equal(f.map([1.0, 2.0]), [2.0, 4.0])
        factor[0] = 5.0
        with pytest.raises(ProgramError, match=r"gives 6\.0 where the function gives 15\.0"):
            f(3.0)
        with pytest.raises(ProgramError, match="in the rows"):
            f.map([1.0, 2.0])
        with pytest.raises(ProgramError, match="over the rows"):
            f.map([1.0, 2.0], reduce="sum")

    def test_what_is_no_function_is_refused(self):
        with pytest.raises(TypeError, match="to compile"):
            ag.compile(3.0)

    def test_threads_trace_side_by_side(self):
        found = {}

        def work(k):
            f = ag.compile(ag.grad(lambda x: x**2.0 if x > 0.0 else x * k))
            found[k] = [f(1.0), f(-1.0), Value(float(k)).data]

        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {k: [2.0, float(k), float(k)] for k in range(8)}


class TestGuards:
    def test_a_branch_is_traced_again_and_both_are_kept(self):
        calls = []

        def f(x):
            calls.append(1)
            return x * 2.0 if x > 0.0 else -x

        compiled = ag.compile(f)
        assert [compiled(x) for x in (3.0, -3.0, 4.0, -4.0, 0.0)] == [6.0, 3.0, 8.0, 4.0, 0.0]
        assert len(calls) == 2
        assert compiled.paths == ["an argument > 0", "not an argument > 0"]

    def test_rows_are_grouped_by_path(self):
        compiled = ag.compile(lambda x: x * 2.0 if x > 0.0 else -x)
        x = np.array([1.0, -2.0, 3.0, -4.0])
        assert compiled.map(x).tolist() == [2.0, 2.0, 6.0, 4.0]
        assert compiled.map(x, reduce="sum") == 14.0
        assert compiled.map(x, reduce="mean") == 3.5
        assert len(compiled.paths) == 2

    @pytest.mark.parametrize("x", [*EDGES, 2.0])
    @pytest.mark.parametrize(
        "decide",
        [
            lambda x: x < 1.0,
            lambda x: x <= 1.0,
            lambda x: x > 1.0,
            lambda x: x >= 1.0,
            lambda x: Value(1.0) < x,
            lambda x: bool(x),
            lambda x: x == 2.0,
            lambda x: x != 1.0,
            lambda x: x * 2.0 > x,
        ],
    )
    def test_comparisons_mean_what_they_mean(self, decide, x):
        compiled = ag.compile(lambda x: x + 1.0 if decide(x) else x - 1.0)
        compiled(0.5)
        assert bits(compiled(x)) == bits(x + 1.0 if decide(x) else x - 1.0)

    def test_a_loop_that_depends_on_numbers_is_followed(self):
        def root(a):
            x = a
            while abs(x * x - a) > 1e-12 * a:
                x = 0.5 * (x + a / x)
            return x

        compiled = ag.compile(root)
        for a in (2.0, 10.0, 2.0, 1e-3, 123.0):
            assert compiled(a) == root(a)

    def test_too_many_paths_are_dropped_and_reported_once(self):
        def count(x):
            n = 0
            while x > n:
                n += 1
            return x + n

        compiled = ag.compile(count, max_programs=3)
        with pytest.warns(UserWarning, match="max_programs=3 programs: its comparisons") as told:
            found = [[compiled(float(x)) for x in range(6)], compiled.map(np.arange(6.0)).tolist()]
        assert len(told) == 1
        assert told[0].filename == __file__
        assert found == [[2.0 * x for x in range(6)]] * 2
        assert compiled.map(np.arange(6.0), reduce="sum") == 30.0
        assert len(compiled.paths) == 3

    def test_paths_of_other_structures_do_not_mix_in_rows(self):
        compiled = ag.compile(lambda x: [x] if x > 0.0 else [x, x])
        assert compiled(1.0) == [1.0]
        assert compiled(-1.0) == [-1.0, -1.0]
        with pytest.raises(ShapeError, match="on one path"):
            compiled.map([1.0, -1.0])


class TestMethods:
    """What a program is written as; test_exports.py looks closer."""

    @pytest.fixture
    def program(self):
        x, y = Value(3.0), Value(4.0)
        return ag.freeze(ag.sqrt(x * x + y * y), [x, y])

    def test_a_program_is_saved_and_loaded(self, program, tmp_path):
        program.save(tmp_path / "distance.program")
        again = ag.load_program(tmp_path / "distance.program")
        assert again(6.0, 8.0) == 10.0
        assert str(again) == str(program)

    def test_it_is_written_in_other_languages(self, program):
        assert program.to_python()(6.0, 8.0) == 10.0
        assert program.to_numpy()(np.array([6.0, 3.0]), 8.0)[0] == 10.0
        assert "void distance(const double *inputs, double *outputs)" in program.to_c("distance")
        assert "sqrt" in program.to_latex()


# --- a program as a thing -------------------------------------------------------------------------


def triple():
    x = Value(1.0)
    return ag.freeze(x * 3.0, [x])


@pytest.mark.parametrize("around", [lambda f: f, ag.compile])
def test_a_program_among_arguments_is_a_setting(around):
    """It is no structure of its registers and codes; its own calls do not change it."""
    program = triple()
    product = around(lambda x, p: x * p(2.0))
    slope = around(ag.grad(lambda d: d["x"] * d["p"](2.0)))
    for x in (4.0, 5.0):
        assert product(x, program) == 6.0 * x
        assert slope({"x": x, "p": program}) == {"x": 6.0, "p": program}
    assert ag.compile(lambda x, p: x * p(2.0)).map([4.0], program).tolist() == [24.0]


def test_a_program_in_an_attribute_is_a_setting():
    class Scaled:
        def __init__(self):
            self.program = triple()

        @ag.compile
        def times(self, x):
            return x * self.program(2.0)

    scaled = Scaled()
    assert [scaled.times(4.0), scaled.times(5.0)] == [24.0, 30.0]


@pytest.mark.parametrize("called", [False, True])
def test_copies_and_pickles_of_a_program_run_whether_it_has_run_or_not(called):
    program = triple()
    if called:
        program(1.0), program.map([1.0])
    for again in (copy.copy(program), copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert str(again) == str(program)
        assert again.stats() == program.stats()
        assert again(2.0) == 6.0


def test_pickles_of_programs_whose_ops_were_called_rows_are_read():
    program = triple()
    state = {name: getattr(program, name) for name in type(program).__mro__[1].__slots__}
    state |= {"rows": state.pop("ops"), "_runner": None, "_quick": None}
    older = ag.Program.__new__(ag.Program)
    older.__setstate__((None, state))
    assert older(2.0) == 6.0
