"""Ten million nodes, built, ordered, differentiated, refreshed, copied and freed: `make giants`.

Prints time and memory of every step; too large for the suite, which does the same with a million.
"""

import copy
import gc
import os
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine import topological_order

N = 10_000_000


def resident() -> float:
    """Gigabytes of memory that this process occupies now; nan where that is not known."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return float("nan")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e9


def step(name: str, do: Callable[..., Any], *args: Any) -> Any:
    """Do something, and print how long it took and what memory is in use after it."""
    start = time.perf_counter()
    result = do(*args)
    print(f"  {name:28} {time.perf_counter() - start:7.2f} s {resident():7.2f} GB", flush=True)
    return result


def chain(x: Value, n: int) -> Value:
    """Each node the negative of the one before it."""
    y = x
    for _ in range(n):
        y = -y
    return y


def check_chain() -> None:
    """A graph as deep as it is large."""
    print(f"a chain of {N:,} nodes")
    x = Value(1.0)
    y = step("build", chain, x, N)
    order = step("order", topological_order, [y])
    assert (len(order), order[0], order[-1]) == (N + 1, x, y)
    del order
    step("backward", y.backward)
    assert (x.grad, y.grad, y.parents[0].grad) == (1.0, 1.0, -1.0)
    x.data = 2.0
    step("refresh", y.refresh)
    assert y.data == 2.0
    step("zero_grad", y.zero_grad)
    assert x.grad == 0.0
    assert step("gradient", ag.gradient, y, [x]) == [1.0]
    twin = step("deepcopy", copy.deepcopy, y)
    twin.backward()
    assert (twin.data, twin.grad, x.grad) == (2.0, 1.0, 0.0)
    graph = [twin]
    del twin
    step("free the copy", graph.clear)
    text = step("pickle", pickle.dumps, [y, x], 5)
    print(f"  {'':28} {len(text) / N:7.1f} bytes a node")
    graph = [y]
    del y
    step("free", graph.clear)
    [loaded, leaf] = step("unpickle", pickle.loads, text)
    del text
    loaded.backward()
    assert (loaded.data, leaf.grad) == (2.0, 1.0)
    graph = [loaded]
    del loaded
    step("free", graph.clear)


def ones(n: int) -> list[Value]:
    """So many leaves."""
    return [Value(1.0) for _ in range(n)]


def check_fan() -> None:
    """One node of so many parents."""
    print(f"a sum of {N:,} leaves")
    leaves = step("build the leaves", ones, N)
    y = step("build the sum", ag.sum, leaves)
    assert y.data == N
    order = step("order", topological_order, [y])
    assert (len(order), order[0], order[-2], order[-1]) == (N + 1, leaves[0], leaves[-1], y)
    del order
    step("backward", y.backward)
    assert (leaves[0].grad, leaves[-1].grad) == (1.0, 1.0)
    leaves[7].data = 8.0
    step("refresh", y.refresh)
    assert y.data == N + 7
    twin = step("deepcopy", copy.deepcopy, y)
    assert twin.data == y.data
    del twin
    text = step("pickle", pickle.dumps, y, 5)
    loaded = step("unpickle", pickle.loads, text)
    assert (loaded.data, len(loaded.parents)) == (N + 7, N)
    del text, loaded
    graph = [y]
    del y
    step("free the sum", graph.clear)
    step("free the leaves", leaves.clear)


def main() -> int:
    """Both shapes; no node may be left."""
    if ag.engine != "native":
        print("this takes the C engine; compile it (pip install .)")
        return 1
    from autograd_lite.engine.native import living

    before = living()
    check_chain()
    gc.collect()
    check_fan()
    gc.collect()
    assert living() == before
    print(f"every node is gone; {resident():.2f} GB in use")
    return 0


if __name__ == "__main__":
    sys.exit(main())
