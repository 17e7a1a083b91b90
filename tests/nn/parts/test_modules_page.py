"""docs/modules.md says what is true: its examples run, and its classes compile and are right."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn

TEXT = (Path(__file__).parents[3] / "docs" / "modules.md").read_text(encoding="utf-8")
RNG = np.random.default_rng(7)
NUMBERS, TOKENS = RNG.normal(size=(20, 3)), RNG.integers(0, 3, size=(20, 4)).astype(float)


@pytest.fixture(scope="module")
def page():
    """The names that the examples define, after they ran."""
    plain = re.sub("^```.*$", "", TEXT, flags=re.M)
    examples = doctest.DocTestParser().get_doctest(plain, {}, "modules.md", None, 0)
    assert len(examples.examples) > 15
    assert doctest.DocTestRunner().run(examples, clear_globs=False).failed == 0
    return examples.globs


def made(page):
    recurrent, attention = page["Recurrent"](3, seed=2), page["Attention"](3, 4, 2, seed=2)
    return [(recurrent, NUMBERS, NUMBERS[:, 0], {}), (attention, TOKENS, TOKENS[:, 2], CLASSES)]


CLASSES = {"loss": "cross_entropy"}


def test_programs_of_the_classes_learn_what_eager_steps_learn(page):
    for i in range(2):
        ends = []
        for compile in (True, False):
            model, inputs, targets, given = made(page)[i]
            history = model.learn(
                inputs, targets, optimizer="sgd", epochs=3, batch_size=8, seed=1, compile=compile,
                check=True, progress=False, **given,
            )  # fmt: skip
            ends.append([*history.loss, *[p.data for p in model.parameters()]])
        np.testing.assert_allclose(ends[0], ends[1], rtol=1e-10, atol=1e-12)


def test_compiled_calls_of_the_classes_have_their_bits(page):
    for model, inputs, _, _ in made(page):
        compiled = ag.compile(model)
        for row in inputs[:3].tolist():
            out = model(row)
            right = [y.data for y in out] if isinstance(out, list) else out.data
            assert compiled(row) == right


def test_gradients_of_the_classes_are_right_to_second_order(page):
    model = made(page)[0][0]
    ag.check_grad(lambda x: model(x), NUMBERS[0])
    attention = made(page)[1][0]
    tokens = RNG.normal(size=(4, 2))
    ag.check_grad(lambda tokens: ag.sum(attention.attend(tokens.tolist())), tokens)


def test_the_recurrent_cell_is_pytorchs(page):
    torch = pytest.importorskip("torch", reason="needs torch (extra: peers)")
    model, theirs = page["Recurrent"](3, seed=2), torch.nn.RNN(1, 3, dtype=torch.float64)
    weights, biases = torch.tensor(model.cell.weights), torch.tensor(model.cell.biases)
    theirs.load_state_dict({
        "weight_ih_l0": weights[:, :1], "weight_hh_l0": weights[:, 1:],
        "bias_ih_l0": biases, "bias_hh_l0": torch.zeros_like(biases),
    })  # fmt: skip
    for row in NUMBERS[:3]:
        _, state = theirs(torch.tensor(row).reshape(-1, 1))
        right = state.detach().numpy()[0] @ model.head.weights + model.head.biases
        assert model(row.tolist()).data == pytest.approx(right, rel=1e-12)


def test_the_attention_head_is_pytorchs(page):
    torch = pytest.importorskip("torch", reason="needs torch (extra: peers)")
    head, tokens = page["Attention"](3, 4, 2, seed=2), RNG.normal(size=(4, 2))

    def of(layer, rows):
        return torch.tensor(rows @ layer.weights.T + layer.biases)[None]

    right = torch.nn.functional.scaled_dot_product_attention(
        of(head.query, tokens[-1:]), of(head.key, tokens), of(head.value, tokens)
    )
    found = [y.data for y in head.attend(tokens.tolist())]
    np.testing.assert_allclose(found, right.numpy()[0, 0], rtol=1e-12)


def test_every_part_of_the_package_is_named(page):
    parts = [name for name, thing in vars(nn).items() if isinstance(thing, type)]
    parts = [name for name in parts if issubclass(getattr(nn, name), nn.Module)]
    assert len(parts) >= 9
    assert [name for name in parts if f"`{name}" not in TEXT] == []
