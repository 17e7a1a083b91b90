"""Ctrl-C and threads: under the GIL every recording and every pass of the C engine is one step."""

import _thread
import operator
import os
import random
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
from foreign import product_row

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine import (
    Builder,
    adjoints,
    adjoints_in,
    hessian_products,
    tangents,
    topological_order,
)

if ag.engine != "native":
    pytest.skip("the C engine does not run here", allow_module_level=True)

N = 300_000


@pytest.fixture(scope="module")
def chain():
    """x and a long chain from it, where each node's derivative by the next is -1."""
    x = y = Value(1.0)
    for _ in range(N):
        y = -y
    return x, y


@pytest.fixture(scope="module")
def wide():
    """Nodes of three parents each: a walk counts them by two."""
    x = y = Value(1.0)
    one = Value(1.0)
    for _ in range(N):
        y = ag.dot([y], [one], 0.0)
    return x, y


def after_ctrl_c(step):
    """Do something with Ctrl-C pressed just before: no Python code in between looks for it."""
    return list(map(operator.call, [_thread.interrupt_main, step]))[1]


def recorded_from(y):
    nodes = topological_order([y])
    return nodes, {y: 1.0}, {*nodes}


PASSES = {
    "backward": lambda x, y: y.backward,
    "refresh": lambda x, y: y.refresh,
    "zero_grad": lambda x, y: y.zero_grad,
    "topological_order": lambda x, y: partial(topological_order, [y]),
    "adjoints": lambda x, y: partial(adjoints, y, 1.0, [x]),
    "tangents": lambda x, y: partial(tangents, [y], [x], [2.0]),
    "adjoints_in": lambda x, y: partial(adjoints_in, None, *recorded_from(y)),
    "hessian_products": lambda x, y: partial(hessian_products, y, [x, y], [[1.0, 0.0]] * 2),
    "instructions": lambda x, y: partial(Builder(1).enter, [x], [y]),
}


@pytest.mark.parametrize("name", PASSES)
@pytest.mark.parametrize("shape", ["chain", "wide"])
def test_ctrl_c_stops_a_pass_and_undoes_it(name, shape, request):
    x, y = request.getfixturevalue(shape)
    y.zero_grad()
    y.backward()
    middle = topological_order([y])[N // 2]
    before = x.data, x.grad, y.grad, middle.grad, y.data, middle.data
    x.data = 2.0
    with pytest.raises(KeyboardInterrupt):
        after_ctrl_c(PASSES[name](x, y))
    x.data = 1.0
    assert (x.data, x.grad, y.grad, middle.grad, y.data, middle.data) == before
    y.backward()
    assert (x.grad, y.grad, middle.grad) == (2 * before[1], 2.0, 2 * before[3])
    assert len(topological_order([y])) > N
    y.refresh()
    assert y.data == before[4]


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_begins_again_when_the_handler_does_not_raise(name, chain):
    x, y = chain
    y.zero_grad()
    calls = []

    def handler(*_):
        calls.append(topological_order([y])[-1] is y)  # the graph is usable here

    former = signal.signal(signal.SIGINT, handler)
    try:
        answer = after_ctrl_c(PASSES[name](x, y))
    finally:
        signal.signal(signal.SIGINT, former)
    assert calls == [True]
    assert (x.grad, y.grad) == ((1.0, 1.0) if name == "backward" else (0.0, 0.0))
    assert name != "topological_order" or (answer[0], answer[-1], len(answer)) == (x, y, N + 1)
    assert name != "adjoints" or answer == [1.0]
    assert name != "tangents" or answer == [2.0]
    assert name != "hessian_products" or answer == [[0.0, 0.0]] * 2
    assert y.data == 1.0


def test_the_handler_may_change_the_list_that_adjoints_reads(chain):
    x, y = chain
    nodes = [x] * 1000
    former = signal.signal(signal.SIGINT, lambda *_: nodes.clear())
    try:
        answer = after_ctrl_c(partial(adjoints, y, 1.0, nodes))
    finally:
        signal.signal(signal.SIGINT, former)
    assert (answer, nodes) == ([1.0] * 1000, [])


def test_ctrl_c_in_a_rule_of_python_undoes_the_refresh():
    armed = []

    def before():
        if armed:
            _thread.interrupt_main()

    x = Value(2.0)
    y = product_row(before=before)(x * x, x) * x
    armed.append(True)
    x.data = 3.0
    with pytest.raises(KeyboardInterrupt):
        y.refresh()
    assert (y.data, y.parents[0].data, y.parents[0].parents[0].data) == (16.0, 8.0, 4.0)
    armed.clear()
    y.refresh()
    assert y.data == 81.0


def storm(parent, n):
    """Press Ctrl-C again and again, at random times."""
    for _ in range(n):
        time.sleep(random.uniform(0.005, 0.04))
        os.kill(parent, signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process there")
@pytest.mark.parametrize("raising", [True, False])
def test_a_storm_of_ctrl_c_anywhere_in_the_passes(raising, chain):
    """Also in the middle of a sweep, which a signal set off before the pass never reaches."""
    x, y = chain
    middle = topological_order([y])[N // 2]
    armed, count = False, 0

    def handler(*_):
        nonlocal armed, count
        count += 1
        if raising and armed:
            armed = False
            raise KeyboardInterrupt

    former = signal.signal(signal.SIGINT, handler)
    code = f"from test_interrupts import storm; storm({os.getpid()}, 60)"
    presser = subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        while presser.poll() is None:
            y.zero_grad()
            finished = False
            try:
                armed = True
                y.backward()
                finished = True
                armed = False
            except KeyboardInterrupt:
                pass
            grads = abs(x.grad), abs(middle.grad), y.grad
            assert grads == (1.0, 1.0, 1.0) or (grads == (0.0, 0.0, 0.0) and not finished)
            try:
                armed = True
                y.refresh()
                assert adjoints(y, 1.0, [x]) == [1.0]
                assert hessian_products(y, [x], [[1.0]]) == [[0.0]]
                armed = False
            except KeyboardInterrupt:
                pass
            assert (x.data, y.data) == (1.0, 1.0)
    finally:
        armed = False
        presser.wait()
        signal.signal(signal.SIGINT, former)
    assert count >= 10  # some come too close together to be told apart


def test_threads_with_graphs_of_their_own_and_leaves_in_common():
    """All contributions to a shared leaf's gradient arrive: a pass cannot be divided."""
    shared = [Value(float(i)) for i in range(5)]
    row = product_row()
    n_rounds, problems = 300, []

    def work(k):
        try:
            for i in range(n_rounds):
                own = Value(float(i))
                y = ag.dot(shared, [own, 1.0, 2.0, 3.0, 4.0]) + row(own, shared[1]) + own * own
                for _ in range(50):
                    y = y + shared[0] * 1.0
                y.backward()
                assert own.grad == 0.0 + 1.0 + 2.0 * i, (own.grad, i)
                assert len(topological_order([y])) > 100
                assert adjoints(y, 1.0, [own]) == [own.grad]
                with ag.scope(f"thread {k}"):
                    assert (own + 1.0)._scope == (f"thread {k}",)
                y.refresh()
        except BaseException as error:
            problems.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert problems == []
    sums = sum(range(n_rounds))
    expected = [
        sums + 50.0 * n_rounds,
        n_rounds + sums,
        2.0 * n_rounds,
        3.0 * n_rounds,
        4.0 * n_rounds,
    ]
    assert [leaf.grad for leaf in shared] == [4.0 * e for e in expected]
