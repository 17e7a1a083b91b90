"""docs/conventions.md says what is true: its tables are evaluated row by row."""

import math
import re
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import Value, gradient

PAGE = Path(__file__).parent.parent / "docs" / "conventions.md"
ROWS = re.findall(r"^\| `(.+?)` \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE.read_text(), re.M)


def test_the_page_has_both_tables():
    assert len(ROWS) == 17


@pytest.mark.parametrize(("expression", "at", "ours", "pytorch", "jax"), ROWS)
def test_the_column_of_this_package(expression, at, ours, pytorch, jax):
    x = Value(float(at))
    [derivative] = gradient(eval(expression, {**vars(ag), "x": x}), [x])
    assert derivative == pytest.approx(float(ours), rel=1e-15, abs=0)


@pytest.mark.parametrize(("expression", "at", "ours", "pytorch", "jax"), ROWS)
def test_the_column_of_pytorch(expression, at, ours, pytorch, jax):
    torch = pytest.importorskip("torch", reason='pip install "autograd-lite[oracle]"')

    def tensor(x):
        return torch.as_tensor(x, dtype=torch.float64)

    names = {
        "where": torch.where,
        "less": lambda a, b: tensor(a) < tensor(b),
        "clip": torch.clamp,
        "power": lambda a, b: tensor(a) ** tensor(b),
        "maximum": lambda a, b: torch.maximum(tensor(a), tensor(b)),
        "hypot": lambda a, b: torch.hypot(tensor(a), tensor(b)),
        "arctan2": lambda a, b: torch.arctan2(tensor(a), tensor(b)),
        "norm": lambda xs: torch.linalg.vector_norm(torch.stack(xs)),
        "logsumexp": lambda xs: torch.logsumexp(torch.stack(xs), 0),
        "silu": torch.nn.functional.silu,
        "gelu": torch.nn.functional.gelu,
    }
    x = torch.tensor(float(at), dtype=torch.float64, requires_grad=True)
    eval(expression, {**vars(torch), **names, "x": x}).backward()
    expected = float(pytorch)
    assert x.grad.item() == expected or (math.isnan(expected) and math.isnan(x.grad.item()))
