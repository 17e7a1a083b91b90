"""Files of the package in words: models of tables and others, programs, checkpoints."""

import os
import sys
from collections.abc import Sequence

from autograd_lite import nn
from autograd_lite.cli.training_page import mean_and_spread, plain_number
from autograd_lite.errors import counted, listed, visible
from autograd_lite.files import metadata
from autograd_lite.nn.learning.resuming import epochs_in
from autograd_lite.program import load_program
from autograd_lite.tables.facts import Score
from autograd_lite.tables.learning import TableModel
from autograd_lite.tables.preprocessing import NumericFeature, TextFeature
from autograd_lite.terminal import Terminal


def inspect_file(path: str) -> str:
    """Kind and contents of a file; a ModelFileError or ProgramError if it is none of ours."""
    told, named = metadata(path), visible(path)
    if "autograd_lite_program" in told:
        return f"{named}: a program (load_program reads it)\n{load_program(path)}"
    if "autograd_lite_training" in told:
        epochs = counted(epochs_in(path), "epoch")
        folder = os.path.dirname(path) or "."
        return (
            f"{named}: a checkpoint of a training after {epochs}; to go on, learn with the same "
            f"data, options and checkpoint={folder!r}, resume=True"
        )
    network = nn.load(path)  # or else it says that this is no file of ours
    extra = nn.read_extra(path)
    if "table" in extra:
        model = _of_table(TableModel.load(path))
        return f"{named}: a model of a table (autograd-lite predict uses it)\n{model}"
    more = f"\nextra: {listed([*extra])}" if extra else ""
    return f"{named}: a model (nn.load reads it)\n{network.summary()}{more}"


def _of_table(model: TableModel) -> str:
    screen, target, facts = Terminal(sys.stdout), model.preprocessing.target, model.facts
    rows = []
    for column in (*model.preprocessing.features, target):
        if isinstance(column, NumericFeature):
            center, width = plain_number(column.mean), plain_number(column.scale)
            kind, told = "number", f"mean {center}, standard deviation {width}"
        elif isinstance(column, TextFeature):
            kind, told = "category", listed(column.categories)
        else:
            kind, told = "target", f"one of {listed(column.classes)}"
        rows.append([column.name, "target" if column is target else kind, told])
    header = ["column", "kind", "in the rows trained on"]
    missing = f"missing cells: {model.preprocessing.missing}"
    parts = [screen.table(header, rows), missing, str(model.network.summary())]
    if facts is not None:
        versions = ", ".join(" ".join(pair) for pair in facts.versions.items())
        parts.append(score_table(facts.scores, facts.folds, facts.held_out))
        parts.append(
            f"trained on {counted(facts.trained, 'row')} of {visible(facts.source) or 'a table'}, "
            f"{counted(facts.epochs, 'epoch')}; {facts.held_out} held out\nby {visible(versions)}"
        )
    return "\n\n".join(parts)


def score_table(scores: Sequence[Score], folds: Sequence[Sequence[float]], held_out: int) -> str:
    """Scores on the rows held out, if any, and the mean and spread of folds, if there are any."""
    rows = [[s.name, plain_number(s.value), plain_number(s.baseline)] for s in scores]
    of = "held-out score" if held_out else "score on rows trained on"
    header = [of, "network", "without features"]
    if len(folds) > 1:
        header.append(f"{len(folds)} folds: mean ± standard deviation")
        rows = [[*row, both] for row, both in zip(rows, mean_and_spread(folds), strict=True)]
    return Terminal(sys.stdout).table(header, rows)
