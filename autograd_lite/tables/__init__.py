"""Learning from tables: a CSV file becomes columns, the columns become inputs, a network learns.

`reading` knows files and cells, `preprocessing` columns and the numbers that a network takes,
`learning` the network, its score and its file.
"""

from autograd_lite.errors import TableError
from autograd_lite.tables.facts import Facts, Score
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
    "choose_task", "read_csv", "score", "split", "train",
]  # fmt: skip
