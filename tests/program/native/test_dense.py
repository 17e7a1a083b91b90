"""Dense groups: folds over the same blocks and sums of products have the bits of each alone."""

import math

import numpy as np
import pytest
from machines import bits, mapped, native, program

from autograd_lite.ops import TABLE

LONGEST = ["plain", "avx2", "avx512"]
VARIANTS = [name for name in LONGEST if native.use_vectors(name) == name]
native.use_vectors("")
FOLDS = [TABLE["dot"], TABLE["carried_dot"]]
PRODUCTS = [TABLE["multiply"], TABLE["carry"]]
POISON = [math.nan, math.inf, -math.inf, 0.0, -0.0]
#: Results and elements, or left and right blocks; then rows: at ends of tiles, blocks, chunks.
SIZES = [
    (2, 2, 1), (3, 4, 8), (4, 3, 32), (5, 70, 40), (8, 2, 104), (7, 33, 127), (16, 16, 128),
    (70, 6, 129), (33, 20, 300), (2, 65, 9), (6, 9, 2049), (70, 70, 63),
]  # fmt: skip


@pytest.fixture(params=VARIANTS)
def vectors(request):
    """Kernels for vectors of one length that the processor has."""
    yield native.use_vectors(request.param)
    native.use_vectors("")


def poisoned(rng, *shape):
    """Random numbers, half of the time some that are special among them."""
    numbers = rng.normal(size=shape)
    for _ in range(rng.integers(0, 12) * rng.integers(2)):
        numbers[tuple(rng.integers(shape))] = rng.choice(POISON)
    return numbers


@pytest.mark.parametrize("layout", ["rows", "columns", "shuffled", "shared"])
@pytest.mark.parametrize("row", FOLDS, ids=lambda row: row.name)
def test_folds_over_the_same_blocks_have_the_bits_of_each_alone(row, layout, vectors):
    """Wherever their numbers lie, and whether they start with a number, a block or a constant."""
    rng = np.random.default_rng(len(layout))
    for outs, elements, n_rows in SIZES:
        weights = np.arange(outs * elements).reshape(outs, elements)
        if layout == "columns":
            weights = weights.reshape(elements, outs).T
        elif layout == "shuffled":
            weights = rng.permutation(weights.ravel()).reshape(outs, elements)
        if layout == "shared":
            weights = weights[:, rng.integers(elements, size=elements)]
        first = outs * elements + outs  # of what differs from row to row
        numbers = [poisoned(rng, first), poisoned(rng, n_rows, elements + 1)]
        constant = first + elements + 1
        starts = rng.choice([first - outs, first - 1, first + elements, constant], outs)
        blocks = first + rng.permutation(elements)
        forwards = rng.integers(2)
        steps = [
            (row, *([*ws, *blocks] if forwards else [*blocks, *ws]), start)
            for ws, start in zip(weights.tolist(), starts.tolist(), strict=True)
        ]
        n_inputs = first + elements + 1
        together = program(steps, n_inputs, [*range(constant + 1, constant + 1 + outs)], [-0.0])
        found = mapped(together, numbers, n_rows).T
        for k in {0, outs - 1, *rng.integers(outs, size=12).tolist()}:
            alone = program([steps[k]], n_inputs, [constant + 1], [-0.0])
            assert bits(found[k]) == bits(mapped(alone, numbers, n_rows)[:, 0]), (outs, elements, k)


@pytest.mark.parametrize("row", PRODUCTS, ids=lambda row: row.name)
def test_sums_of_products_have_the_bits_of_each_alone(row, vectors):
    """If left blocks are computed meanwhile, or are right ones, or have rights of their own."""
    rng = np.random.default_rng(7)
    for lefts, rights, n_rows in SIZES:
        n_inputs = lefts + rights
        ys = rng.integers(n_inputs, size=rights)
        steps, outputs, made = [], [], n_inputs
        for k in range(lefts):
            steps.append((TABLE["negative"], k))
            left = made
            made += 1
            few = rights if rng.random() < 0.9 else int(rng.integers(1, rights + 1))
            for y in ys[:few].tolist():
                steps.append((row, left, y))
                outputs.append(made)
                made += 1
        order = np.arange(len(outputs))
        if rng.integers(2):
            rng.shuffle(order)
        data = poisoned(rng, n_rows, n_inputs)
        together = program(steps, n_inputs, [outputs[i] for i in order])
        found = mapped(together, [data], n_rows, reduce=True)
        assert bits(mapped(together, [data], n_rows, True, 3)) == bits(found)
        for i in {0, len(order) - 1, *rng.integers(len(order), size=20).tolist()}:
            _, left, right = steps[outputs[order[i]] - n_inputs]
            negative = steps[left - n_inputs]
            alone = program([negative, (row, n_inputs, right)], n_inputs, [n_inputs + 1])
            assert bits(found[i : i + 1]) == bits(mapped(alone, [data], n_rows, reduce=True))


def test_layers_of_any_depth_have_the_bits_of_each_fold_alone(vectors):
    """Results of dense groups are elements of others; some weights are computed before."""
    rng = np.random.default_rng(8)
    width, n_rows = 11, 77
    shared = 3 * width * width
    steps, signal, made = [], [*range(shared, shared + width)], shared + width
    for layer in range(3):
        weights = [*range(layer * width * width, (layer + 1) * width * width)]
        steps.append((TABLE["negative"], weights[5]))
        weights[5] = made
        made += 1
        parts = [weights[s * width : (s + 1) * width] for s in range(width)]
        steps += [(FOLDS[layer % 2], *part, *signal, 0) for part in parts]
        signal = [*range(made, made := made + width)]
    arguments = [rng.normal(size=shared), rng.normal(size=(n_rows, width))]
    found = mapped(program(steps, shared + width, signal), arguments, n_rows)
    inputs, weights = arguments[1], arguments[0].copy().reshape(3, width, width)
    for layer in range(3):
        weights[layer].flat[5] *= -1.0
        total = np.full((n_rows, width), arguments[0][0])
        for k in range(width):
            total = total + inputs[:, [k]] * weights[layer][:, k]
        inputs = total
    assert bits(found) == bits(inputs)
