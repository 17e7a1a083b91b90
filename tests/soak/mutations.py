"""Files and texts of strangers: good ones, changed at random, each change from its seed.

Whatever it has become, it is read, or refused with an error that is documented; it runs no code.
"""

import atexit
import copy
import json
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


def changed_container(choose: random.Random, content: bytes, key: str) -> bytes:
    """A safetensors file with other bytes, texts, descriptions or numbers.

    Most are without the checksum, as files of before it were: so what they hold is read.
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
        texts[key] = json.dumps(changed(choose, json.loads(texts[key])))
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


def models(seed: int, seen: Counter[str]) -> None:
    """A model file is loaded and predicts, or is a ModelFileError."""
    choose = random.Random(seed)
    kind, content = choose.choice(good_models())
    place().write_bytes(changed_container(choose, content, "autograd_lite"))
    with watch().reading(), np.errstate(all="ignore"):
        try:
            if kind == "table":
                TableModel.load(place())
                seen["read"] += 1
                return
            model = nn.load(place())
        except ag.ModelFileError as error:
            refused(error, seen)
            return
        seen["read"] += 1
        repr(model)
        try:
            model([0.5, 1.0])
        except (ag.ShapeError, IndexError):  # it may have other inputs by now
            seen["other inputs"] += 1


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
TOKEN = re.compile(r"\w+|\*\*|//|\s+|.", re.S)


def expressions(seed: int, seen: Counter[str]) -> None:
    """A formula is a Value, or an ExpressionError."""
    choose = random.Random(seed)
    tokens = TOKEN.findall(choose.choice(FORMULAS))
    for _ in range(choose.choice([1, 1, 1, 2, 5])):
        at, how = choose.randrange(len(tokens) + 1), choose.randrange(5)
        if how == 0:
            tokens.insert(at, choose.choice([*PIECES, choose.choice([*FUNCTIONS])]))
        elif how == 1:
            tokens[at : at + 1] = [choose.choice([*PIECES, choose.choice([*FUNCTIONS])])]
        elif how == 2:
            del tokens[at : at + choose.choice([1, 1, 3])]
        elif how == 3:
            tokens[at:at] = tokens[at : at + 3] * choose.choice([1, 2, 5])
        elif choose.random() < 0.1:
            tokens[at:at] = [choose.choice(PIECES)] * choose.choice([20, 300, 3000])
    text = "".join(tokens)
    # `ast` parses by way of compile; nothing of that is run.
    with watch().reading(allowed="compile"):
        try:
            found = parse(text, {"x": 0.5, "y": ag.Value(-2.0, "y")})
            assert isinstance(found, ag.Value), found
            seen["read"] += 1
        except ag.ExpressionError as error:
            refused(error, seen)


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
        # Of a plain one the first line is shown as it is.
        line = label.partition("\n")[0]
        if line.isprintable() and len(line) < 30 and line.strip() and label.count("\n") < 3:
            seen["seen in the picture"] += 1
            assert line.strip() in shown, f"{label!r} is not shown: {sorted(shown)}"


def refused(error: Exception, seen: Counter[str]) -> None:
    """A message says something, in a few lines that can be printed."""
    seen["refused"] += 1
    text = str(error)
    assert text, "an error without words"
    assert len(text) < 20_000, f"a message of {len(text)} characters"
