"""Learning from tables: a CSV file becomes columns, the columns become inputs, a network learns.

`reading` knows files and cells, `kinds` which columns can be learnt from, `preprocessing` the
numbers that a network takes, `learning` the network, its score and its file: see docs/tables.md.
"""

from autograd_lite.errors import TableError
from autograd_lite.tables.facts import Facts, Score
from autograd_lite.tables.kinds import look
from autograd_lite.tables.learning import (
    TableModel,
    Training,
    choose_task,
    score,
    split,
    train,
)
from autograd_lite.tables.preprocessing import Preprocessing
from autograd_lite.tables.reading import Columns, Table, read_csv

__all__ = [
    "Columns", "Facts", "Preprocessing", "Score", "Table", "TableError", "TableModel", "Training",
    "choose_task", "look", "read_csv", "score", "split", "train",
]  # fmt: skip
