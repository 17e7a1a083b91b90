"""Files and texts of strangers: good ones, changed at random, each change from its seed.

Whatever it has become, it is read, or refused with an error that is documented; it runs no code.
"""

import ast
import atexit
import copy
import json
import math
import os
import random
import re
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import safetensors.numpy

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.expressions import FUNCTIONS, parse
from autograd_lite.tables.learning import TableModel, train
from autograd_lite.tables.reading import read_csv
from autograd_lite.view.dot import draw_dot

# --- nothing runs ---------------------------------------------------------------------------------

#: Events of Python's audit that nothing which only reads may cause.
FORBIDDEN = re.compile(
    r"exec|compile|import|marshal\.|pickle\.|code\.__new__|function\.__new__|os\.(system|exec|fork|"
    r"forkpty|posix_spawn|spawn|startfile|remove|rename|rmdir|mkdir|link|symlink|truncate|chmod|kill)"
    r"|subprocess\.|socket\.|ctypes\.|shutil\.|webbrowser\.|urllib\."
)


class Watch:
    """Python's audit events while something is read; a hook can be added, never removed."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.allowed: str | None = None
        sys.addaudithook(self.look)

    def look(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what must not happen; encodings of the standard library are loaded by name."""
        if self.allowed is None or event == self.allowed:
            return
        if event == "open":
            writes = args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        else:
            writes = FORBIDDEN.match(event) and not str(args[0]).startswith("encodings.")
        if writes:
            self.ran.append(f"{event}{repr(args)[:200]}")

    @contextmanager
    def reading(self, allowed: str = "") -> Iterator[None]:
        """In the block nothing runs, is written or sent; warnings are errors, too."""
        self.ran.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.allowed = allowed
            try:
                yield
            finally:
                self.allowed = None
        assert not self.ran, f"code ran: {self.ran[:5]}"


@cache
def watch() -> Watch:
    """The hook of this process."""
    return Watch()


# --- how something is changed ---------------------------------------------------------------------

WORDS = [
    b"\0", b"\xff", b'"', b"'", b"\n", b"\r\n", b"\t", b",", b";", b"|", b"\\", b"{", b"}", b"[",
    b"]", b"<", b"&", b"%", b"nan", b"inf", b"-1", b"1e999", b"9223372036854775807",
    b"__import__('os')", b"null", b"true", b"0", b"\xef\xbb\xbf", b"\xe2\x82\xac", b"=1+1",
    b"../..", b"sep=;",
]  # fmt: skip
WHOLE = [-1, 0, 1, 2, 3, 7, 80, 255, 2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**62, 2**63 - 1]


def mutated(choose: random.Random, content: bytes, words: list[bytes] = WORDS) -> bytes:
    """Bytes with one to four changes."""
    found = bytearray(content)
    for _ in range(choose.choice([1, 1, 1, 2, 4])):
        at = choose.randrange(len(found) + 1)
        length = choose.choice([1, 1, 2, 4, 8, 40])
        how = choose.randrange(7)
        if how == 0 and at < len(found):
            found[at] ^= 1 << choose.randrange(8)
        elif how == 1:
            found[at : at + 1] = choose.randbytes(1)
        elif how == 2:
            found[at:at] = choose.choice(words) * choose.choice([1, 1, 1, 3, 50])
        elif how == 3:
            found[at : at + length] = choose.choice(words)
        elif how == 4:
            del found[at : at + length]
        elif how == 5:
            to = choose.randrange(len(found) + 1)
            found[to:to] = found[at : at + length]
        elif choose.random() < 0.2:
            del found[at:]
    return bytes(found)


def anything(choose: random.Random, depth: int = 0) -> Any:
    """A small document of JSON."""
    how = choose.randrange(9 if depth < 3 else 7)
    if how < 2:
        return choose.choice(WHOLE)
    if how == 2:
        return choose.choice([None, True, False, 0.5, -0.0, 1e300, float("nan"), float("inf")])
    if how < 5:
        names = [*FUNCTIONS, "Layer", "MLP", "Sequential", "Dropout", "LayerNorm", "Residual", ""]
        return choose.choice(names)
    if how < 7:
        return choose.choice(WORDS).decode("latin-1")
    inside = [anything(choose, depth + 1) for _ in range(choose.randrange(4))]
    return inside if how == 7 else {str(anything(choose, 3)): thing for thing in inside}


def places(document: Any) -> list[tuple[Any, Any]]:
    """Everything in a document, as its holder and key."""
    found, waiting = [], [document]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def changed(choose: random.Random, document: Any) -> Any:
    """A document of JSON with one to three entries changed, copied from elsewhere, or gone."""
    document = copy.deepcopy(document)
    for _ in range(choose.choice([1, 1, 1, 2, 3])):
        known = places(document)
        if not known:
            return anything(choose)
        holder, key = choose.choice(known)
        how = choose.randrange(4)
        if how == 0:
            holder[key] = anything(choose)
        elif how == 1:
            other, there = choose.choice(known)
            holder[key] = copy.deepcopy(other[there])
        elif how == 2:
            del holder[key]
        elif isinstance(holder, dict):
            holder[str(anything(choose, 3))] = anything(choose)
        else:
            holder.insert(key, copy.deepcopy(holder[key]))
    return document


def altered(choose: random.Random, arrays: dict[str, Any]) -> dict[str, Any]:
    """Arrays with other numbers, shapes, kinds or names, or without one."""
    arrays = {name: array.copy() for name, array in arrays.items()}
    for _ in range(choose.choice([1, 1, 1, 2, 3])):
        if not arrays:
            break
        name = choose.choice([*arrays])
        array, how = arrays[name], choose.randrange(8)
        if how < 3 and array.size:
            number = choose.choice([*WHOLE, np.nan, np.inf, -0.0, 1e-310])
            if array.dtype.kind in "iu":
                ends = np.iinfo(array.dtype)
                number = max(min(choose.choice(WHOLE), ends.max), ends.min)
            array.flat[choose.randrange(array.size)] = number
        elif how == 3:
            arrays[name] = array[: choose.randrange(len(array) + 1)] if array.ndim else array
        elif how == 4:
            arrays[name] = np.concatenate([array, array]) if array.ndim else array.reshape(1)
        elif how == 5:
            kinds = [np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_]
            with np.errstate(invalid="ignore"):
                arrays[name] = array.astype(choose.choice(kinds))
        elif how == 6:
            arrays[choose.choice(["", "w", name + "0", "\u03bb"])] = arrays.pop(name)
        else:
            del arrays[name]
    return arrays


def changed_container(
    choose: random.Random, content: bytes, key: str, field: str | None = None
) -> bytes:
    """A safetensors file with other bytes, texts, descriptions or numbers.

    Most are without the checksum, as files of before it were: so what they hold is read. A field of
    the description that is named is the one that is changed there.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    how = choose.randrange(6)
    if how == 0:
        return mutated(choose, content)
    if how == 1:  # its header, of which the length is right
        header = mutated(choose, content[8:end])
        return len(header).to_bytes(8, "little") + header + content[end:]
    texts = json.loads(content[8:end])["__metadata__"]
    arrays = safetensors.numpy.load(content)
    texts.pop("checksum")
    if how < 4:
        described = json.loads(texts[key])
        if field:
            described[field] = changed(choose, described[field])
        texts[key] = json.dumps(described if field else changed(choose, described))
    if how == 2:
        texts[key] = mutated(choose, texts[key].encode()).decode("latin-1")
    if how >= 4:
        arrays = altered(choose, arrays)
    return safetensors.numpy.save(arrays, metadata=texts)


# --- each kind ------------------------------------------------------------------------------------


@cache
def place() -> Path:
    """A file of this process, in memory where that is possible."""
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = tempfile.mkdtemp(prefix="soak", dir=shared)
    atexit.register(shutil.rmtree, folder)
    return Path(folder) / "file.csv"


def saved(save: Callable[[Path], object]) -> bytes:
    """The bytes that something writes."""
    save(place())
    return place().read_bytes()


@cache
def good_models() -> list[tuple[str, bytes]]:
    """Networks of every part, one that has learnt classes, and a model of a table."""
    rng = np.random.default_rng(0)
    deep = nn.Sequential(
        nn.Layer(2, 3, "elu", seed=1), nn.LayerNorm(3), nn.Dropout(0.2),
        nn.Residual(nn.Layer(3, 3, "tanh", seed=2)), nn.Neuron(3, seed=3),
    )  # fmt: skip
    words = nn.Sequential(nn.Embedding(3, 2), nn.Layer(2, 2, "linear", seed=1))
    classes = nn.MLP(2, [2, 1], "tanh", seed=1)
    classes.learn(
        rng.standard_normal((8, 2)), ["yes", "no"] * 4, loss="binary_cross_entropy", epochs=1,
        progress=False,
    )  # fmt: skip
    columns = {"a": np.arange(20.0), "b": np.array(["x", "y"] * 10, dtype=object)}
    table = train(columns | {"y": np.arange(20.0)}, "y", hidden=(2,), epochs=1, progress=False)
    found = [nn.MLP(2, [3, 1], "tanh", seed=1), deep, words, classes, classes.freeze()]
    files = [("model", saved(lambda path, m=m: m.save(path, {"to": "us"}))) for m in found]
    return [*files, ("table", saved(table.model.save))]


#: To be predicted, by the model of a table.
ROWS: Any = {"a": np.array([0.5, 7.0]), "b": np.array(["y", "unseen"], dtype=object)}


def models(seed: int, seen: Counter[str]) -> None:
    """A model file is loaded and predicts, or is a ModelFileError."""
    choose = random.Random(seed)
    kind, content = choose.choice(good_models())
    place().write_bytes(changed_container(choose, content, "autograd_lite"))
    with watch().reading(), np.errstate(all="ignore"):
        try:
            if kind == "table":
                found = TableModel.load(place())
                seen["read"] += 1
                repr(found), found.network.summary()
                try:
                    seen["rows predicted"] += len(found.predict(ROWS))
                except ag.TableError:  # it may have other columns by now
                    seen["other inputs"] += 1
                return
            model = nn.load(place())
        except ag.ModelFileError as error:
            refused(error, seen)
            return
        seen["read"] += 1
        repr(model), model.summary()
        try:
            model([0.5, 1.0])
        except (ag.ShapeError, IndexError):  # it may have other inputs by now
            seen["other inputs"] += 1


class Resumed(Exception):  # noqa: N818 - no error
    """Out of the callback after the first epoch: nothing is written then."""


def train_on(which: int, epochs: int, **given: Any) -> Any:
    """One of three trainings: eager, by programs; of numbers, of classes; with every column."""
    x, classes = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    options: list[dict[str, Any]] = [
        {"optimizer": "sgd", "seed": 1, "batch_size": 2},
        {"seed": np.random.Generator(np.random.MT19937(1)), "validation": 0.5, "metrics": "mae",
         "early_stopping": nn.EarlyStopping(9), "schedule": nn.schedules.reduce_on_plateau(1)},
        {"seed": random.Random(1), "outputs": classes, "loss": "binary_cross_entropy",
         "metrics": ["f1"], "class_weight": "balanced", "l2": 0.1},
    ]  # fmt: skip
    given = {"outputs": [1.0, 3.0, 5.0, 7.0], "progress": False} | options[which] | given
    model = nn.Neuron(1, "linear", seed=2)
    folder = place().parent
    return model.learn(x, epochs=epochs, compile=which > 0, checkpoint=folder, **given)


@cache
def good_checkpoints() -> list[bytes]:
    """Checkpoints of these trainings, after two epochs; each is gone on with once."""
    found = []
    for which in range(3):
        file = place().with_name("checkpoint.safetensors")
        file.unlink(missing_ok=True)
        train_on(which, 2)
        found.append(file.read_bytes())
        train_on(which, 4, resume=True)
    return found


def checkpoints(seed: int, seen: Counter[str]) -> None:
    """A training goes on from a checkpoint file, or is a ModelFileError that changes nothing."""
    choose = random.Random(seed)
    which = choose.randrange(3)
    field = choose.choice([None, "facts", "epochs", "epochs"])  # or most were a generator's numbers
    good = good_checkpoints()[which]
    content = changed_container(choose, good, "autograd_lite_training", field)
    file = place().with_name("checkpoint.safetensors")
    file.write_bytes(content)

    def end(history: Any) -> None:
        raise Resumed

    # The folder is made unless it is there.
    with watch().reading(allowed="os.mkdir"), np.errstate(all="ignore"):
        try:
            history = train_on(which, 3, resume=True, callback=end)
            assert len(history) == 3
            seen["read to the end"] += 1
        except Resumed as told:
            [*_, last] = told.history  # type: ignore[attr-defined]
            assert np.isfinite(last.loss)
            seen["read"] += 1
            repr(told.history), told.history.metrics  # type: ignore[attr-defined]
        except ag.ModelFileError as error:
            refused(error, seen)
        except ag.AnomalyError:
            # Of numbers that are finite, and that no training of these samples comes to.
            for array in safetensors.numpy.load(content).values():
                assert array.max(initial=0.0) > 1e9 or 0.0 < abs(array).min(initial=1.0) < 1e-9
            seen["diverged"] += 1
    assert file.read_bytes() == content


@cache
def good_programs() -> list[bytes]:
    """Programs of every kernel, of a gradient, and of a network."""
    from test_program_files import PROGRAM

    x, y = ag.Value(0.5), ag.Value(2.0)
    network = nn.MLP(2, [3, 1], "tanh", seed=1)([x, y])
    slopes = ag.gradient(ag.gelu(x * y) / ag.norm([x, y]), [x, y], create_graph=True)
    made = [PROGRAM, ag.freeze(slopes, [x, y]), ag.freeze(network, [x, y])]
    return [saved(program.save) for program in made]


def programs(seed: int, seen: Counter[str]) -> None:
    """A program file is loaded and runs once and over rows, or is a ProgramError."""
    choose = random.Random(seed)
    content = changed_container(choose, choose.choice(good_programs()), "autograd_lite_program")
    place().write_bytes(content)
    with watch().reading(), np.errstate(all="ignore"):
        try:
            program = ag.load_program(place())
        except ag.ProgramError as error:
            refused(error, seen)
            return
        seen["read"] += 1
        if program.n_inputs < 100:
            found = program(*[0.5] * program.n_inputs)
            assert len([found] if program.single else found) == len(program.outputs)
            if program.n_inputs:
                program.map(*[[0.5, -1.0]] * program.n_inputs)
            str(program)


TABLES = [
    "a,b,c\n1,2,x\n3,4,y\n5,6,x\n",
    "name;price;when\nBob;1.234,50 €;2024-01-31\nEve;2.000,00 €;2024-02-28\n",
    '"a b"\t"c, d"\t e\n1\t"x\ny"\t0.5\n2\t"z ""q"""\t-1e-3\n',
    "sep=;\na;b\n1;2\n3;4\n",
    "x|y\n0|1\n1|\n|3\n",
    "5.1,3.5,setosa\n4.9,3.0,setosa\n6.0,3.1,other\n",
    "n,share\n1,10%\n2,20%\n3,30%\n",
    "\ufeffa,b\r\n1,NA\r\n2,true\r\n3,4\r\n",
    "one\n1\n\n2\n3\n",
]


def tables(seed: int, seen: Counter[str]) -> None:
    """A CSV file is read, and each column as what it is, or is a TableError."""
    choose = random.Random(seed)
    text = choose.choice(TABLES).encode(
        choose.choice(["utf-8"] * 4 + ["utf-16", "cp1252"]), "replace"
    )
    place().write_bytes(mutated(choose, text))
    with watch().reading():
        try:
            table = read_csv(place())
            for missing in ("error", "keep"):
                table.columns({name: table.kind(name) for name in table.names}, missing)
            seen["read"] += 1
        except ag.TableError as error:
            refused(error, seen)


FORMULAS = [
    "tanh(w*x + b)", "x**2 + 3*x - 1", "-x / (y + 1e-3) % 2 // 0.5", "sum([x, y, 2*x])",
    "where(less(x, y), x, -y)", "log(exp(x) + exp(y))", "dot([x, y], [1, 2], bias=0.5)",
    "softmax([x, y])[0]", "norm([x, y], order=3)", "max([x, 0.0]) * pi + e", "((x))",
    "x if y else 1", "lambda: x", "[x for x in y]", "x.__class__", "'x' * 9", "f'{x}'", "x := 1",
    "x and y < 3",
]  # fmt: skip
PIECES = [
    *["x", "y", "(", ")", "[", "]", ",", "+", "-", "*", "**", "/", "//", "%", "=", ".", ":", " "],
    *["0", "1e309", "1_0", "0x1f", "1j", "9" * 400, "nan", "λ", "\n", "\t", "\0", "#", "'", "\\"],
    *["__import__('os').system('x')", "eval", "lambda", "not ", "~", "!", "@", "\ud800", "𝑥", "x1"],
]
WORD = re.compile(r"[^\W\d]\w*")
TOKEN = re.compile(r"\w+|\*\*|//|\s+|.", re.S)


VARIABLES = {"x": 0.5, "y": -2.0, "w": 1.5, "b": -0.25, "x1": 3.0}
#: Of Python's `math`, which knows nothing of ours; other functions are read, but not compared.
KNOWN: dict[str, Any] = {
    name: getattr(math, name) for name in (
        "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1", "log1p", "log2", "log10",
        "sqrt", "floor", "ceil", "trunc", "erf", "erfc", "degrees", "radians", "pi", "e", "prod",
    )
} | {
    **{f"arc{name}": getattr(math, f"a{name}") for name in ("sin", "cos", "tan", "sinh", "tanh")},
    "abs": abs, "absolute": abs, "pow": pow, "power": pow, "square": lambda x: x * x,
    "log": lambda x: math.log(x), "negative": lambda x: -x, "reciprocal": lambda x: 1.0 / x,
    "sum": lambda xs: sum(listed(xs)), "max": lambda xs: max(listed(xs)),
    "min": lambda xs: min(listed(xs)), "mean": lambda xs: sum(listed(xs)) / len(xs),
    "maximum": lambda x, y: max(x, y), "minimum": lambda x, y: min(x, y),
    "less": lambda x, y: float(x < y), "less_equal": lambda x, y: float(x <= y),
    "equal": lambda x, y: float(x == y), "where": lambda c, x, y: x if c else y,
    "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)), "relu": lambda x: max(x, 0.0),
    "dot": lambda xs, ys, bias=0.0: sum(x * y for x, y in zip(xs, ys, strict=True)) + bias,
    "softmax": lambda xs: [math.exp(x) / sum(map(math.exp, xs)) for x in xs],
    "logsumexp": lambda xs: math.log(sum(map(math.exp, xs))),
    "norm": lambda xs, order=2: sum(abs(x) ** order for x in xs) ** (1.0 / order),
}  # fmt: skip


def listed(xs: Any) -> list[float]:
    """The numbers of a list; a function of one sequence takes nothing else."""
    return [float(x) for x in xs]


def compared(text: str, found: float, seen: Counter[str]) -> None:
    """The number of a formula is that of Python, where Python has one and knows all functions."""
    tree = ast.parse(f"(\n{text}\n)".strip(), mode="eval")  # in parentheses lines may end anywhere
    indices = {id(node.slice) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    try:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in indices:
                node.value = float(node.value)  # as ours: the powers of ints have no end
        code = compile(tree, "formula", "eval")
        expected = eval(code, {"__builtins__": {}}, KNOWN | VARIABLES)
    except NameError:
        seen["with another function"] += 1
        return
    except (ArithmeticError, ValueError):
        seen["where Python raises"] += 1
        return
    if isinstance(expected, complex):
        assert math.isnan(found), f"{text!r} is {found}, and complex to Python"
    else:
        close = math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)
        assert close or (found != found and expected != expected), f"{text!r}: {found}, {expected}"
    seen["compared"] += 1


def expressions(seed: int, seen: Counter[str]) -> None:
    """A formula is a Value with Python's number, or an ExpressionError."""
    choose = random.Random(seed)
    tokens = TOKEN.findall(choose.choice(FORMULAS))
    for _ in range(choose.choice([1, 1, 1, 2, 5])):
        at, how = choose.randrange(len(tokens) + 1), choose.randrange(8)
        if how == 0:
            tokens.insert(at, choose.choice([*PIECES, choose.choice([*FUNCTIONS])]))
        elif how == 1:
            tokens[at : at + 1] = [choose.choice([*PIECES, choose.choice([*FUNCTIONS])])]
        elif how == 2:
            del tokens[at : at + choose.choice([1, 1, 3])]
        elif how == 3:
            tokens[at:at] = tokens[at : at + 3] * choose.choice([1, 2, 5])
        elif how > 4:  # one name or number in place of another: most of these can be read
            words = [i for i, token in enumerate(tokens) if token[0].isalnum()]
            for i in words[:1] and [choose.choice(words)]:
                alike = FUNCTIONS if tokens[i] in FUNCTIONS else [*VARIABLES, "2", "0.1", "1e3"]
                tokens[i] = choose.choice([*alike])
        elif choose.random() < 0.1:
            tokens[at:at] = [choose.choice(PIECES)] * choose.choice([20, 300, 3000])
    text = "".join(tokens)
    # `ast` parses by way of compile; nothing of that is run.
    with watch().reading(allowed="compile"):
        try:
            given = {name: VARIABLES[name] for name in VARIABLES.keys() & {*WORD.findall(text)}}
            found = parse(text, given)
            assert isinstance(found, ag.Value), found
            seen["read"] += 1
        except ag.ExpressionError as error:
            refused(error, seen)
            return
    compared(text, found.data, seen)


SIGNS = [
    *[
        "{",
        "}",
        "|",
        "<",
        ">",
        '"',
        "\\",
        "&",
        "&amp;",
        "&#955;",
        "<b>",
        "</table>",
        "<script>",
        "\n",
    ],
    *["\\N", "\\G", "\\l", "->", ";", "]", "'", "%", "😀", "λ", "\u202e", "\0", "\x1b", "\ud800"],
    *[
        "\uffff",
        "e\u0301",
        " ",
        "\t",
        "--",
        "/*",
        "//",
        "#",
        "<!--",
        "]]>",
        "a",
        "x1",
        "javascript:",
    ],
]
#: Of pictures: anything else would have come out of a label.
TAGS = {"svg", "g", "title", "polygon", "path", "text", "a", "ellipse", "polyline", "desc", "style"}
TAGS |= {"rect", "line", "defs", "linearGradient", "stop", "metadata", "tspan"}


@cache
def loaded() -> None:
    """What loads when it is used for the first time."""
    root = ag.sum([ag.Value(1.0, "x")])
    ag.latex(root), str(ag.explain(root)), draw_dot(root).source


def labels(first: int, seen: Counter[str], pack: int = 1) -> None:
    """Labels and a scope are text in DOT and in the picture: each is shown, nothing else is."""
    written = []
    for seed in range(first, first + pack):
        choose = random.Random(seed)
        written.append("".join(choose.choices(SIGNS, k=choose.randint(1, 12))))
    loaded()
    with watch().reading():
        leaves = [ag.Value(1.0, label) for label in written]
        with ag.scope(written[0]):
            root = ag.sum(leaves)
        drawing = draw_dot(root)
        drawing.source.encode()
        tables = re.findall(r"label=<(<table.*?</table>)> ", drawing.source, re.DOTALL)
        for markup in tables:
            ElementTree.fromstring(markup)
        assert len(tables) > pack, f"{pack} labels, {len(tables)} boxes"
        ag.latex(root)
        str(ag.explain(root))
    if first // pack % 10:  # a layout takes as long as a hundred labels
        return
    picture = ElementTree.fromstring(drawing.pipe("svg"))  # by Graphviz, which is a program
    tags = {element.tag.rpartition("}")[2] for element in picture.iter()}
    assert tags <= TAGS, f"the picture holds {tags - TAGS}"
    shown = {
        # The second of two spaces is one that does not break a line: it would be lost.
        "".join(element.itertext()).replace("\xa0", " ").strip()
        for element in picture.iter("{http://www.w3.org/2000/svg}text")
    }
    for label in written:
        for line in lines_of(label):
            assert line in shown, f"{line!r} of {label!r} is not shown: {sorted(shown)}"
        seen["seen in the picture"] += 1


def lines_of(label: str) -> list[str]:
    """The lines that are to be shown: three of 40 characters, others in place of forbidden."""
    lines = [line if len(line) <= 40 else f"{line[:39]}…" for line in label.splitlines()]
    shown = [re.sub("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", x) for x in lines]
    return [x.strip() for x in (shown if len(shown) < 4 else [*shown[:3], "…"]) if x.strip()]


def refused(error: Exception, seen: Counter[str]) -> None:
    """A message says something, in a few lines that can be printed."""
    seen["refused"] += 1
    text = str(error)
    assert text, "an error without words"
    assert len(text) < 20_000, f"a message of {len(text)} characters"
    assert text.replace("\n", "").isprintable(), f"a message with control characters: {text!r}"
