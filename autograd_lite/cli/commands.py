"""The commands of the command line, given options that have been read."""

import argparse
import csv
import io
import os
import sys
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd_lite import demo as demonstration
from autograd_lite import exercises, expressions, playgrounds
from autograd_lite.cli.doctor import findings
from autograd_lite.cli.inspecting import inspect_file, score_table
from autograd_lite.cli.training_page import report
from autograd_lite.demo import save_figure
from autograd_lite.engine import Value
from autograd_lite.errors import ExpressionError, TableError, TrainingWarning, counted, listed
from autograd_lite.explanations import explain as explain_paths
from autograd_lite.explanations import latex
from autograd_lite.explanations.trace import trace
from autograd_lite.files import write_whole
from autograd_lite.lesson import STEPS
from autograd_lite.lesson.page.document import document
from autograd_lite.lesson.telling.parts import WIDTH
from autograd_lite.tables.kinds import look
from autograd_lite.tables.learning import TableModel, Training
from autograd_lite.tables.learning import train as train_on
from autograd_lite.tables.numerals import Notation
from autograd_lite.tables.preprocessing import ClassTarget
from autograd_lite.tables.reading import Columns, Table
from autograd_lite.tables.sources import as_parquet, open_table
from autograd_lite.terminal import Terminal
from autograd_lite.view import canvas, draw

#: Endings of files of predictions; any other promises neither CSV nor Parquet.
_TABLES = ("", ".csv", ".txt", ".parquet")
_ROWS = 2**14  # of predictions that are written at a time
#: Options of `train` that are arguments of the function.
_LEARNING = ("hidden", "epochs", "learning_rate", "test_size", "task", "seed", "folds", "missing")


def demo(options: argparse.Namespace) -> None:
    """Walk through the lesson, train on real data, and leave pictures behind."""
    demonstration.run(options.out)


def lesson(options: argparse.Namespace) -> None:
    """Print one step or all of them, or write them as a page; and save figures if asked to."""
    screen = Terminal(sys.stdout)
    if options.html:
        print("page:", write_whole(options.html, document().encode()))
    for step in STEPS:
        if options.step not in (None, step.number):
            continue
        if not options.html:
            title = textwrap.fill(f"Step {step.number}: {step.title}", screen.width)
            print(f"{screen.heading(title)}\n\n{step.text(min(screen.width, WIDTH))}\n")
        if options.figures:
            os.makedirs(options.figures, exist_ok=True)
            for name, figure in step.figures().items():
                path = os.path.join(options.figures, f"step{step.number}_{name}.png")
                print("figure:", save_figure(figure, path))
            print()


def explain(options: argparse.Namespace) -> None:
    """Print a formula's value, the gradient of every variable, and all steps in between."""
    screen = Terminal(sys.stdout)
    variables: dict[str, Value] = {}
    for name, number in options.bindings:
        if name in variables:
            raise ExpressionError(f"{name} is given more than once; give it one number")
        variables[name] = Value(number, label=name)
    root = expressions.parse(options.expression, variables)
    root.backward()
    formula = latex(root)  # before the trace names every step
    steps = trace(root)
    print(screen.heading(f"{options.expression} = {root.data:.6g}"))
    if variables:
        leaves = [(name, f"{x.data:.6g}", f"{x.grad:.6g}") for name, x in variables.items()]
        header = ["variable", "value", "gradient"]
        print("", screen.table(header, leaves, (None, None, screen.sign)), sep="\n")
    rows = [
        (name, written, f"{number:.6g}", f"{gradient:.6g}",
         ", ".join(f"∂/∂{parent} = {partial:.6g}" for parent, partial in partials))
        for name, written, number, gradient, partials in steps
    ]  # fmt: skip
    header = ["step", "formula", "value", "gradient", "partial derivatives"]
    print("", screen.table(header, rows, (None, None, None, screen.sign)), sep="\n")
    if options.paths:
        print("", explain_paths(root, variables.values()), sep="\n")
    if options.latex:
        print("", formula, sep="\n")
    if options.draw:  # last: where it fails, the numbers are there
        try:
            print(f"\ndrawn: {draw(root).save(options.draw)}")
        except ValueError as error:  # a file name that ends with no known format
            raise ExpressionError(f"--draw: {error}") from None


def playground(options: argparse.Namespace) -> None:
    """Write the page of the playground."""
    print("page:", playgrounds.playground(options.expression).save(options.output))


def worksheet(options: argparse.Namespace) -> None:
    """Write exercises in back-propagation by hand, and their key in a file beside them."""
    os.makedirs(options.out, exist_ok=True)
    name = f"worksheet-level{options.level}-seed{options.seed}.{options.format}"
    sheet = exercises.worksheet(options.level, options.seed, options.count)
    first, key = sheet.save(os.path.join(options.out, name))
    print(f"worksheet: {first}\nkey: {key}")


def train(options: argparse.Namespace) -> None:
    """Train a network on a table, print its scores, and save it and a report if asked to."""
    _spare([options.data], [options.save, options.report])
    if options.report:
        canvas.new_figure()  # or the ImportError of the report, before the work
    with open_table(options.data, **_how(options)) as table:
        _train(options, table)


def _train(options: argparse.Namespace, table: Table) -> None:
    target, told = options.target, vars(options)
    looked = {name: told[name] for name in ("task", "text", "ignore", "keep", "missing")}
    columns, looks = look(table, target, **looked)
    print(f"{table.source}: {counted(len(table), 'row')}, target {target!r}")
    for note in table.notes:
        print(f"note: {note}")
    lines = [(" ".join(each.name.split()), each.kind, each.told) for each in looks]
    print(Terminal(sys.stdout).table(("column", "kind", "cells"), lines))
    left_out = len(table) - len(columns[target])
    if left_out:
        print(f"note: {counted(left_out, 'row')} left out, because cells are missing")
    sys.stdout.flush()  # before the progress bar, which goes to stderr
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", TrainingWarning)
        training = train_on(
            columns, target, progress=not options.quiet, source=table.source,
            units=table.units(columns), signs=table.signs_of(columns),
            **{name: told[name] for name in _LEARNING},
        )  # fmt: skip
    tell(training, columns)
    for warning in said:
        print(f"note: {warning.message}")
    if options.save:
        training.model.save(options.save)
        print(f"saved: {options.save}")
    if options.report and len(training.history):  # else nothing was learnt
        page = report(training, columns, looks, options.seed)
        print("report:", write_whole(options.report, page.encode()))
    if training.history.interrupted:
        raise KeyboardInterrupt


def _how(options: argparse.Namespace) -> dict[str, Any]:
    """How a CSV file is written, as far as the user says so."""
    header = None if options.header is None else options.header == "yes"
    separator = "\t" if options.separator in ("tab", r"\t") else options.separator
    said = {"decimal": options.decimal, "encoding": options.encoding, "separator": separator}
    return {"header": header, **said}


def _spare(read: Sequence[str], written: Sequence[str | None]) -> None:
    """Raise a TableError for a file that is to be read and written, or written twice."""
    places = [os.path.realpath(path) for path in written if path]
    if len({*places}) < len(places):
        raise TableError(f"{written[0]!r} would be written twice; name another file")
    if "-" in written:
        raise TableError("'-' is no file to write to; give a name, such as model.safetensors")
    for path in filter(os.path.exists, filter(None, written)):
        if any(os.path.exists(other) and os.path.samefile(path, other) for other in read):
            raise TableError(f"{path!r} is read from, and would be overwritten; name another file")


def tell(training: Training, columns: Columns) -> None:
    """Print what was learnt, and how well it does on the rows that it never saw."""
    target = training.model.preprocessing.target
    classes = target.classes if isinstance(target, ClassTarget) else ()
    one = f"one of {len(classes)} classes: {listed(classes)}"
    print("predicts", one if classes else "a number")
    held_out = {name: column[training.held_out] for name, column in columns.items()}
    if training.dropped:
        print(f"note: constant columns left out: {listed(training.dropped)}")
    for name, texts in training.model.preprocessing.unseen(held_out).items():
        print(f"note: held-out rows have texts in {name!r} that training never saw, which count "
              f"as none of its categories: {listed(texts)}")  # fmt: skip
    if training.history.interrupted:
        epochs = counted(len(training.history), "epoch")
        folds = f" and {counted(len(training.folds), 'fold')}" if training.folds else ""
        print(f"note: interrupted after {epochs}{folds}; what was learnt is kept")
    print(f"trained on {counted(len(training.trained), 'row')}, held out {len(training.held_out)}:")
    print(score_table(training.scores, training.folds, len(training.held_out)))


def predict(options: argparse.Namespace) -> None:
    """Write a saved model's predictions for the rows of a table, as CSV or Parquet."""
    output = None if options.output == "-" else options.output
    _spare([options.data, options.model], [output])
    if output and Path(output).suffix.lower() not in _TABLES:
        raise TableError(
            f"predictions are CSV, or Parquet by the ending .parquet, and {output!r} says neither; "
            "let it end with .csv"
        )
    model = TableModel.load(options.model)
    with open_table(options.data, **_how(options)) as table:
        wanted = model.preprocessing.kinds
        further = [n for n in table.names if n not in {*wanted, model.preprocessing.target.name}]
        columns = _read_as_trained(table, model)
        target = model.preprocessing.target
        units = model.preprocessing.units
        theirs = table.units({target.name} & {*units} & {*table.names})
    if further:
        print(f"note: columns that the model does not use: {listed(further)}", file=sys.stderr)
    for name, texts in model.preprocessing.unseen(columns).items():
        print(f"note: texts in {name!r} that training never saw count as none of its categories: "
              f"{listed(texts)}", file=sys.stderr)  # fmt: skip
    for name, unit in theirs.items():
        if unit != units[name]:
            print(f"note: predictions are {Notation(unit=units[name]).in_words}, and the file has "
                  f"{name!r} {Notation(unit=unit).in_words}", file=sys.stderr)  # fmt: skip
    header, answers = [target.name], [model.predict(columns)]
    lost = sum(answer != answer or answer == "" for answer in answers[0].tolist())
    if lost:
        print(f"note: {counted(lost, 'row')} without a prediction: cells are missing, and training "
              "left such rows out (--missing drop)", file=sys.stderr)  # fmt: skip
    if options.probabilities:
        answers += [*model.probabilities(columns).T]
        header += [f"p_{name}" for name in getattr(target, "classes", ())]
    if output and output.lower().endswith(".parquet"):
        write_whole(output, as_parquet(header, answers))
        print(f"saved: {output}", file=sys.stderr)
        return
    out = io.StringIO(newline="\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for first in range(0, len(answers[0]), _ROWS):
        part = [column[first : first + _ROWS].tolist() for column in answers]
        writer.writerows(zip(*part, strict=True))
    if output:
        write_whole(output, out.getvalue().encode())
        print(f"saved: {output}", file=sys.stderr)
    elif hasattr(sys.stdout, "buffer"):  # whatever the terminal's encoding: labels stay as they are
        sys.stdout.flush()
        out.seek(0)  # in lines: of one large write Python loses the error of a closed pipe
        sys.stdout.buffer.writelines(map(str.encode, out))
    else:
        sys.stdout.write(out.getvalue())


def _read_as_trained(table: Table, model: TableModel) -> Columns:
    """The columns of a model; what its decimal signs make doubtful is told."""
    columns, known = model.read(table), model.preprocessing
    guessed = table.signs_of([name for name, kind in known.kinds.items() if kind == "numeric"])
    signs = {**known.signs, **table.signs}
    other = [name for name, sign in guessed.items() if signs.get(name, sign)[0] != sign[0]]
    if other and not table.decimal:
        print("note: the file seems to have another decimal sign than the one that "
              f"{listed(other)} had in training, and is read with (see --decimal)",
              file=sys.stderr)  # fmt: skip
    return columns


def inspect(options: argparse.Namespace) -> None:
    """Print what a file of ours holds."""
    print(inspect_file(options.file))


def doctor(options: argparse.Namespace) -> None:
    """Print what a report of a fault should tell about this installation."""
    found = findings()
    width = max(map(len, found))
    print("\n".join(f"{name:{width}}  {said}" for name, said in found.items()))
