"""Programs as JavaScript, in a browser; test_exports_edges.py compares all that they compute."""

import math

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from programs import programs, rounding

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import ProgramError

IN_BROWSER = settings(
    max_examples=12,
    parent=settings.get_profile("few"),
    phases=[Phase.explicit, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def run(page, program, *inputs, name="program"):
    """What the text gives in the browser for some inputs."""
    text = program.to_javascript(name)
    return page.page.evaluate(f"(rows) => {{ {text} return rows.map({name}); }}", [*inputs])


@IN_BROWSER
@given(programs(most_steps=12, points=4))
def test_any_program_and_its_gradient_give_pythons_numbers(page, drawn):
    leaves = [Value(float(x)) for x in drawn.points[:, 0]]
    root = drawn.run(leaves, Value._apply_op)[-1]
    program = ag.freeze([root, *ag.gradient(root, leaves, create_graph=True)], leaves)
    points = drawn.points.T.tolist()
    for point, found in zip(points, run(page, program, *points), strict=True):
        for leaf, x in zip(leaves, point, strict=True):
            leaf.data = x
        root.refresh()
        wanted = [root, *ag.gradient(root, leaves, create_graph=True)]
        for mine, node in zip(found, wanted, strict=True):
            error = 1e-13 * max(1.0, rounding(node)) if math.isfinite(node.data) else 0.0
            same = mine == node.data or (math.isnan(mine) and math.isnan(node.data))
            assert same or abs(mine - node.data) <= error + 1e-12 * abs(node.data), (drawn, point)


def test_arithmetic_choice_and_roots_keep_every_bit(page):
    x, y = leaves = [Value(1.0), Value(2.0)]
    parts = [x / y, ag.sqrt(ag.absolute(x)) - y, ag.where(ag.less(x, y), x, -y), x % y]
    program = ag.freeze([*parts, ag.sum(parts), ag.dot(parts, parts, x)], leaves)
    points = [[0.1 * i, 0.3 - 0.07 * j] for i in range(-4, 5) for j in range(9)]
    assert run(page, program, *points) == [program(*point) for point in points]


def test_a_program_of_one_output_gives_a_number_and_else_an_array(page):
    x = Value(3.0)
    assert run(page, ag.freeze(x * x, [x]), [4.0]) == [16.0]
    assert run(page, ag.freeze([x * x], [x]), [4.0]) == [[16.0]]
    # an input itself, and what depends on no input
    assert run(page, ag.freeze([x, Value(2.5) * 2.0], [x]), [4.0]) == [[4.0, 5.0]]


def test_text_and_integers_are_read_as_numbers(page):
    x = Value(3.0)
    assert run(page, ag.freeze([x + 1.0, x], [x]), ["4"], [True]) == [[5.0, 4.0], [2.0, 1.0]]


def test_another_number_of_inputs_is_refused(page):
    x = Value(3.0)
    text = ag.freeze(x * x, [x]).to_javascript("square")
    said = page.page.evaluate(
        f"""() => {{ {text}
          return [[], [1, 2], 3].map((x) => {{ try {{ return square(x); }} catch (error) {{
            return String(error); }} }}); }}"""
    )
    assert said == [
        f"TypeError: square takes 1 number and was given {given}" for given in (0, 2, "undefined")
    ]


def test_a_long_program_becomes_several_functions(page):
    leaves = registers = [Value(0.5), Value(-1.5)]
    for i in range(5000):
        registers = [*registers, ag.sin(registers[-1]) if i % 2 else registers[-1] + registers[i]]
    program = ag.freeze([registers[-1], registers[7], registers[0]], leaves)
    assert "function long_part_2(x, kept)" in program.to_javascript("long")
    [found] = run(page, program, [0.25, 2.0], name="long")
    assert found == pytest.approx(program(0.25, 2.0), rel=1e-12)


def test_programs_side_by_side_share_no_name(page):
    x, y = Value(3.0), Value(1.0)
    first = ag.freeze(ag.erf(x), [x]).to_javascript("first")
    second = ag.freeze(ag.erf(ag.sigmoid(x)) % y, [x, y]).to_javascript("second")
    found = page.page.evaluate(f"() => {{ {first} {second} return [first([1]), second([1, 2])]; }}")
    assert found == pytest.approx([math.erf(1.0), math.erf(1.0 / (1.0 + math.exp(-1.0)))])


def test_a_text_runs_strictly_and_on_one_line(page):
    """As a module runs; and where a host has put all of it on one line."""
    x = Value(3.0)
    text = " ".join(ag.freeze(ag.erf(x) ** x, [x]).to_javascript().split("\n"))
    [found] = page.page.evaluate(f'() => {{ "use strict"; {text} return [program([2])]; }}')
    assert found == pytest.approx(math.erf(2.0) ** 2)


@pytest.mark.parametrize("name", ["class", "Math", "eval", "2x", "a b", "", "é", "x;y"])
def test_a_name_that_means_something_else_is_refused(name):
    x = Value(3.0)
    with pytest.raises(ProgramError, match=r"JavaScript"):
        ag.freeze(x * x, [x]).to_javascript(name)
    with pytest.raises(TypeError, match="is a str, and not 3"):
        ag.freeze(x * x, [x]).to_javascript(3)


@pytest.mark.parametrize("name", ["x", "r0", "kept", "t0", "program_part", "_x1"])
def test_a_name_may_be_one_that_the_text_uses_inside(page, name):
    x = Value(3.0)
    program = ag.freeze(ag.erf(ag.softplus(x)), [x])
    assert run(page, program, [2.0], name=name) == pytest.approx([program(2.0)])
