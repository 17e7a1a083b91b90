"""Learning on Dask: bits of one process, whatever workers there are; and what is refused."""

import doctest
import itertools
import os
import pickle
import random
import re
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import distributed, nn
from autograd_lite.distributed import on_workers
from autograd_lite.distributed.on_workers import At, Reading, RowSums

array = pytest.importorskip("dask.array")
from distributed import Client, LocalCluster  # noqa: E402

NATIVE = pytest.mark.skipif(ag.engine != "native", reason="one engine is enough, at a third")
RNG = np.random.default_rng(0)
INPUTS = RNG.standard_normal((18_000, 4))
OUTPUTS = np.sin(INPUTS).sum(axis=1)
GIVEN = {"epochs": 3, "progress": False}
LIMIT = 400_000_000  # bytes of a worker


@pytest.fixture(scope="module")
def client():
    """Two processes on this machine."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=LIMIT
        ) as cluster,
        Client(cluster) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def expected():
    """A training in this process."""
    model = network()
    return model.learn(INPUTS, OUTPUTS, batch_size=None, **GIVEN).loss, numbers(model)


def network(*parts):
    return nn.Sequential(nn.Layer(4, 8, "tanh", seed=1), *parts, nn.Layer(8, 1, "linear", seed=2))


def numbers(model):
    return [parameter.data for parameter in model.parameters()]


def learnt(inputs=INPUTS, outputs=OUTPUTS, model=None, **given):
    model = model or network()
    history = distributed.learn(model, inputs, outputs, **{**GIVEN, **given})
    return history.loss, numbers(model)


# --- without workers ------------------------------------------------------------------------------


def test_without_dask_or_a_client_it_says_what_to_do(monkeypatch):
    with pytest.raises(ValueError, match=r"no Dask client; client = distributed.Client"):
        learnt()
    with pytest.raises(TypeError, match=r"takes of learn: callback, .*; not threads"):
        learnt(threads=2)
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(ImportError, match=r'pip install "autograd-lite\[dask\]"'):
        learnt()


def test_a_program_runs_from_a_pickle_at_any_byte():
    """As Dask sends them; the machine in C takes numbers at their own places alone."""
    x = ag.Value(3.0)
    parts = []
    data = pickle.dumps(ag.freeze(x * x + 2.0, [x]), 5, buffer_callback=parts.append)
    program = pickle.loads(data, buffers=[odd(bytes(part)) for part in parts])
    assert parts
    assert program(4.0) == 18.0


def odd(data):
    """Bytes that begin at an odd place."""
    return memoryview(bytearray(b"-" + data))[1:]


def test_data_may_begin_at_any_byte():
    inputs = np.frombuffer(odd(INPUTS.tobytes())).reshape(INPUTS.shape)
    assert not inputs.flags.aligned
    one, two = network(), network()
    one.learn(inputs, OUTPUTS, seed=1, **GIVEN)
    two.learn(INPUTS, OUTPUTS, seed=1, **GIVEN)
    assert numbers(one) == numbers(two)
    assert (one.predict(inputs) == two.predict(INPUTS)).all()


@pytest.mark.parametrize("n", [1, 127, 129, 5_000])
def test_parts_cut_anywhere_give_the_sums_of_all_rows(n):
    """To the last bit, whichever of them are brought together first."""
    w, x, y = map(ag.Value, (1.0, 2.0, 3.0))
    program = ag.freeze([(w * x - y) ** 2, x * y], [w, x, y])
    given, rng = INPUTS[:n, :2], random.Random(n)
    columns = [(given[:, [0]], False), (given[:, [1]], False)]
    expected = program.run_rows([(np.array([0.3]), True), *columns], n, "sum").tolist()
    job = RowSums(program, Reading("squared_error", 1, None, None, 0, on_workers.facts()))
    for pieces in range(min(n, 9)):
        cuts = sorted([0, *rng.sample(range(1, n), pieces), n])
        at = At(np.array([0.3]), 50, 50 + n)
        parts = [job.over(at, 50 + a, *given[a:b].T) for a, b in itertools.pairwise(cuts)]
        while len(parts) > 1:
            rng.shuffle(parts)
            parts[:3] = [job.together(at, parts[:3])]
        [(nodes, left)] = parts
        assert [sums.tolist() for sums in nodes.values()] == [expected]
        assert not left


@NATIVE
@pytest.mark.parametrize("workers", [1, 3])
def test_threads_as_workers_give_the_bits_of_one_process(workers, expected):
    """From frames too, whose lengths are not known."""
    frames, pandas = map(pytest.importorskip, ("dask.dataframe", "pandas"))
    whole = pandas.DataFrame(INPUTS, columns=[*"abcd"]).assign(y=OUTPUTS)
    frame = frames.from_pandas(whole, npartitions=3)
    given = {"processes": False, "threads_per_worker": 1, "dashboard_address": ":0"}
    with Client(n_workers=workers, **given) as client:
        assert learnt(client=client) == expected
        assert learnt(frame[[*"abcd"]], frame["y"], client=client) == expected


# --- on two processes -----------------------------------------------------------------------------


@NATIVE
@pytest.mark.parametrize("n", [int(os.environ.get("DASK_BLOCKS", 8))])
def test_data_may_be_larger_than_the_memory_of_a_worker(client, n):
    """Four times as large in `make dask`."""
    shape = 2**17, 20
    inputs = array.map_blocks(
        lambda block_info=None: np.full(shape, block_info[None]["chunk-location"][0] / n),
        chunks=((shape[0],) * n, (20,)), dtype=float,
    )  # fmt: skip
    model = nn.Neuron(20, "linear", seed=1)
    distributed.learn(model, inputs, inputs.sum(axis=1), epochs=1, progress=False)
    twin = nn.Neuron(20, "linear", seed=1)
    few = np.repeat(np.arange(n)[:, None] / n, 20, axis=1)
    twin.learn(few, few.sum(axis=1), batch_size=None, epochs=1, progress=False)
    assert numbers(model) == pytest.approx(numbers(twin), rel=1e-9)


rows = array.from_array


@NATIVE
@pytest.mark.parametrize(("inputs", "outputs"), [
    (INPUTS, OUTPUTS),
    (rows(INPUTS, chunks=(7_777, 3)), rows(OUTPUTS, chunks=4_096)),
    (rows(INPUTS, chunks=-1), OUTPUTS[:, None].tolist()),
    (rows(INPUTS.T, chunks=(4, 999)).T, rows(OUTPUTS, chunks=9_000)),
    (rows(INPUTS, chunks=((6_000, 7, 50, 1, 5_942, 6_000), 4)), OUTPUTS),
])  # fmt: skip
def test_the_bits_are_those_of_one_process(client, expected, inputs, outputs):
    """However the data lie."""
    assert learnt(inputs, outputs) == expected


@NATIVE
def test_options_mean_what_they_mean_in_one_process(client, tmp_path):
    """A loss of one's own, a schedule, early stopping, validation, a penalty, and going on."""
    given = {
        "loss": "huber", "optimizer": "sgd", "schedule": "cosine", "l2": 0.01, **GIVEN,
        "validation": (INPUTS[:50], OUTPUTS[:50]), "early_stopping": nn.EarlyStopping(9),
    }  # fmt: skip
    one, two = network(), network()
    alone = one.learn(INPUTS, OUTPUTS, batch_size=None, **given)
    folder = {"checkpoint": tmp_path, "resume": True}
    stopped = {"callback": lambda history: len(history) == 1}
    distributed.learn(two, INPUTS, OUTPUTS, **given, **folder, **stopped)
    together = distributed.learn(network(), INPUTS, OUTPUTS, **given, **folder)
    assert (together.loss, together.learning_rate) == (alone.loss, alone.learning_rate)
    assert together.validation_loss == pytest.approx(alone.validation_loss, rel=1e-12)


@NATIVE
def test_batches_are_rows_side_by_side_in_an_order_by_the_seed(client):
    model, order, generator = network(), [*range(0, 18_000, 7_000)], random.Random(5)
    cut = {i: (INPUTS[i : i + 7_000], OUTPUTS[i : i + 7_000]) for i in order}

    class Shuffled:
        def __iter__(self):
            new = [*order]
            generator.shuffle(new)
            return iter([cut[i] for i in new])

    history = model.learn(batches=Shuffled(), **GIVEN)
    assert learnt(batch_size=7_000, seed=5) == (history.loss, numbers(model))


BAD = INPUTS.copy()
BAD[9_000, 2] = np.inf
INDEX = np.arange(18_000)
MIXED = np.array(["a"] * 9_000 + [1.0] * 9_000, dtype=object)


class Choosing(nn.Layer):
    def __call__(self, x):
        out = super().__call__(x)
        return out if out > 0.0 else 2.0 * out


@NATIVE
@pytest.mark.parametrize(("given", "error", "text"), [
    ({"inputs": BAD}, ValueError, "rows 8192 to 12287: inputs: sample 808, column 2, is inf"),
    ({"inputs": BAD[:9]}, ag.ShapeError, "there are 9 inputs and 18,000 outputs"),
    ({"inputs": INPUTS[:0], "outputs": OUTPUTS[:0]}, ag.ShapeError, "inputs are empty"),
    ({"inputs": np.ma.masked_less(INPUTS, 0.0)}, TypeError, "mask"),
    ({"inputs": INPUTS[:, :2]}, ag.ShapeError, "takes 4 inputs and was given 2"),
    ({"inputs": INPUTS[:, :, None]}, ag.ShapeError, "were float64 of shape .18000, 4, 1."),
    ({"outputs": ["a"] * 18_000}, TypeError, "outputs are numbers .* and were <U1 of"),
    ({"loss": "hinge"}, ValueError, "targets of hinge are -1 or 1"),
    ({"loss": lambda outputs, targets: sum(outputs)}, ValueError, "nn.per_sample"),
    ({"validation": 0.1}, ValueError, "no share of batches"),
    ({"client": 5}, TypeError, "client is a distributed.Client and was given int: 5"),
    ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
    ({"sample_weight": INDEX - 9.0}, ValueError, "rows 0 to 4095: .* and number 0 is -9.0"),
    ({"sample_weight": 0.0 * OUTPUTS}, ValueError, "weights of all samples to learn from are 0"),
    ({"sample_weight": OUTPUTS[:9]}, ag.ShapeError, "18,000 inputs and 9 weights; give one weight"),
    ({"sample_weight": INPUTS}, ag.ShapeError, r"one number for each of \S+ samples"),
    ({"class_weight": "balanced"}, ValueError, "class_weight goes with a loss of classes"),
    ({"loss": "hinge", "outputs": np.sign(INPUTS), "class_weight": {1: 2.0}}, ag.ShapeError,
     "these have 4 targets each"),
    ({"loss": "hinge", "outputs": [*"abc"] * 6_000}, ag.ShapeError, "there are 3 classes"),
    ({"loss": "hinge", "outputs": rows(MIXED, chunks=9_000)}, TypeError, "are texts, such as 'a'"),
    ({"loss": "hinge", "outputs": [None] * 18_000}, TypeError, "to .*: outputs must be plain num"),
    ({"model": nn.Sequential(Choosing(4, 1, "linear"))}, ag.ProgramError, "choose with ag.where"),
    ({"optimizer": "lbfgs"}, ValueError, "give arrays in place of batches"),
    ({"learning_rate": 1e200, "epochs": 2}, ag.AnomalyError, r"rows \d+ to \d+: the loss turned"),
])  # fmt: skip
def test_what_workers_cannot_take_is_refused(client, given, error, text):
    with pytest.raises(error, match=text):
        learnt(**given)


@NATIVE
def test_class_indices_are_checked_on_workers(client):
    model = nn.MLP(4, [3], seed=1)
    labels = np.arange(18_000) % 3
    learnt(outputs=labels, model=model, loss="cross_entropy", epochs=1)
    assert model.classes_ is None
    labels = labels + 0.0
    labels[-1] = 0.5
    with pytest.raises(ValueError, match=r"rows 16384 to 17999: .* number 1615 is 0.5"):
        learnt(outputs=labels, model=model, loss="cross_entropy", epochs=1)
    model.classes_ = ["a", "b", "c"]
    text = r"rows 0 to 4095: outputs: number 5 is 'd', which is none of"
    with pytest.raises(ValueError, match=text):
        learnt(outputs=[*"aaaaad", *"ab" * 8_997], model=model, loss="cross_entropy", epochs=1)


FEW = INPUTS[:6_000]
COLOURS = np.array(["blue", "green", "red"])[np.digitize(FEW[:, 0], [-0.5, 0.5])]
WEIGHTS = FEW[:, 1] ** 2


def plain(thing):
    return thing.compute() if isinstance(thing, array.Array) else thing


@NATIVE
@pytest.mark.parametrize(("width", "outputs", "given"), [
    (3, COLOURS, {"class_weight": "balanced", "sample_weight": WEIGHTS, "metrics": ["f1"]}),
    (3, rows(COLOURS.astype(object)[:, None], chunks=(2_500, 1)), {"class_weight": {"red": 3.0}}),
    (3, (COLOURS[:, None] == np.unique(COLOURS)), {"sample_weight": WEIGHTS}),
    (1, rows(FEW[:, 0] > 0.3, chunks=3_000), {"loss": "binary_cross_entropy", "metrics": "auc"}),
    (1, FEW[:, 0], {"loss": "huber", "sample_weight": rows(WEIGHTS, chunks=4_000),
                    "metrics": ["mae", "r2"], "validation": (FEW[:50], FEW[:50, 0])}),
])  # fmt: skip
def test_labels_weights_metrics_and_dropout_are_those_of_one_process(client, width, outputs, given):
    """To the last bit, with random numbers that each worker draws for its rows."""
    seen = []
    for learn in (distributed.learn, nn.Module.learn):
        parts = (
            nn.Layer(4, 3, "tanh", seed=1),
            nn.Dropout(0.3),
            nn.Layer(3, width, "linear", seed=2),
        )
        model = nn.Sequential(*parts)
        options = {"loss": "cross_entropy", "seed": 5, "batch_size": None, "epochs": 2} | given
        if learn is nn.Module.learn:
            options = {name: plain(thing) for name, thing in options.items()}
        labels = plain(outputs) if learn is nn.Module.learn else outputs
        history = learn(model, FEW, labels, progress=False, **options)
        classes = None if model.classes_ is None else model.classes_.tolist()
        seen.append((history.loss, history.metrics, numbers(model), classes))
    assert seen[0] == seen[1]


@NATIVE
def test_metrics_change_no_order_of_batches(client):
    """They are computed over the rows as they lie."""
    given = {"batch_size": 7_000, "seed": 5, "epochs": 2}
    assert learnt(**given) == learnt(**given, metrics="mae")


def pretend(name, fact):
    """On a worker: it has another processor, or the like, from now on."""
    there = on_workers.facts.__wrapped__() | {name: fact}
    on_workers.facts = lambda: there


def admit():
    on_workers.facts = there


there = on_workers.facts


@NATIVE
def test_workers_whose_bits_could_differ_are_refused_by_name(client):
    """Before work begins, and in a step when they come later."""
    address = sorted(client.scheduler_info()["workers"])[1]
    text = rf"the worker {address} would give other bits: C library is 'musl' there and"
    client.run(pretend, "C library", "musl", workers=[address])
    try:
        with pytest.raises(ag.ProgramError, match=text):
            learnt()
        client.run(admit)
        spoil = lambda _: client.run(pretend, "C library", "musl", workers=[address]) and None  # noqa: E731
        with pytest.raises(ag.ProgramError, match=text) as caught:
            learnt(callback=spoil)
        assert len(caught.value.history) == 1
    finally:
        client.run(admit)


def rows_or_death(block, flag):
    """A block of data, which costs the first worker that computes it in a step its life."""
    try:
        os.unlink(flag)
    except FileNotFoundError:
        return block
    os.kill(os.getpid(), signal.SIGKILL)
    return block


@NATIVE
def test_a_worker_that_is_killed_costs_no_bit(client, expected, tmp_path):
    """In the middle of the second step; its blocks are computed again."""
    flag = tmp_path / "flag"
    inputs = rows(INPUTS, chunks=(2_000, 4)).map_blocks(rows_or_death, str(flag), dtype=float)

    def kill(history):
        if len(history) == 1:
            flag.touch()

    assert learnt(inputs, callback=kill) == expected
    assert not flag.exists()


@NATIVE
def test_trainings_run_beside_each_other_as_futures(client):
    """A model, its history and its numbers travel."""

    def train(seed):
        model = nn.MLP(4, [3, 1], "tanh", seed=seed)
        history = model.learn(INPUTS[:100], OUTPUTS[:100], epochs=2, progress=False, seed=seed)
        return model, history

    for seed, (model, history) in enumerate(client.gather(client.map(train, range(3)))):
        twin, expected = train(seed)
        assert (history.loss, numbers(model)) == (expected.loss, numbers(twin))


@NATIVE
def test_the_page_says_what_is_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[3] / "docs" / "larger_data.md").read_text(encoding="utf-8")
    plain = re.sub("^```.*$", "", text, flags=re.M)
    examples = doctest.DocTestParser().get_doctest(plain, {}, "larger_data.md", None, 0)
    assert len(examples.examples) > 15
    assert doctest.DocTestRunner().run(examples).failed == 0


@NATIVE
def test_a_grid_of_estimators_is_searched_by_the_same_workers(client):
    """joblib takes Dask's workers in place of processes of its own."""
    pytest.importorskip("sklearn")
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV

    from autograd_lite.estimators import MLPRegressor

    few = MLPRegressor(hidden_layer_sizes=(3,), max_iter=3, random_state=0)
    grid = {"learning_rate_init": [0.001, 0.1]}
    search = GridSearchCV(few, grid, cv=2, n_jobs=2)
    with parallel_config("dask"):
        search.fit(INPUTS[:200], OUTPUTS[:200])
    scores = search.cv_results_["mean_test_score"].tolist()
    alone = GridSearchCV(few, grid, cv=2).fit(INPUTS[:200], OUTPUTS[:200])
    assert scores == alone.cv_results_["mean_test_score"].tolist()
    assert search.best_params_ == {"learning_rate_init": 0.1}
