"""A fingerprint of the op table, by which a compiled engine is known to fit the one installed."""

import os  # every start comes by here: pathlib and hashlib take longer to load than this to run
from zlib import crc32

#: The files of ``writing/`` that a header depends on, besides the table.
_GENERATOR = (
    *("c_language", "dual_vectors", "machine_header", "printer", "rules_header", "statements"),
    "symbols",
)


def table_digest() -> str:
    """A fingerprint of the table and of its generator: a header of another one is outdated."""
    ops = os.path.dirname(__file__)
    writing = os.path.join(os.path.dirname(ops), "writing")
    table = sorted(name for name in os.listdir(ops) if name.endswith(".py"))
    digest = 0
    for folder, names in ((writing, [f"{name}.py" for name in _GENERATOR]), (ops, table)):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                digest = crc32(name.encode() + b"\0" + file.read(), digest)
    return f"{digest:08x}"


def is_outdated(digest: str) -> bool:
    """Whether the table has changed since; not where bytecode alone is, in packed programs."""
    try:
        return table_digest() != digest
    except OSError:
        return False
