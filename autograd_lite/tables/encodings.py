"""Encodings of text, and files that are no text though they are given as a table."""

import codecs

from autograd_lite.errors import TableError

PARQUET = b"PAR1\x15"  #: How Parquet files begin; a column may be called PAR1.
MARK = "\ufeff"  #: What may stand at the beginning of a text, and is none of it.
_SAVE = "save the table as CSV in UTF-8"
#: How such files begin, what they are, and the way out.
_OTHERS = {
    b"PK\x03\x04": f"a zip file or a workbook such as .xlsx; {_SAVE}",
    b"\xd0\xcf\x11\xe0": f"an old workbook (.xls); {_SAVE}",
    b"\x1f\x8b": "compressed by gzip; unpack it (gunzip)",
    PARQUET: "a Parquet file; give it a name that ends with .parquet",
    codecs.BOM_UTF32_LE: "text in UTF-32; name its encoding (--encoding utf-32)",
    codecs.BOM_UTF16_LE: "text in UTF-16; name its encoding (--encoding utf-16)",
    codecs.BOM_UTF16_BE: "text in UTF-16; name its encoding (--encoding utf-16)",
}


def checked_encoding(name: str, source: str, head: bytes) -> str:
    """An encoding of text, for a file that begins with those bytes.

    A TableError if it is none, or the file is known to be something else.
    """
    try:
        "x".encode(name)
        known = codecs.lookup(name).name
    except (LookupError, ValueError):  # also of "undefined", and of a name that holds \0
        known = ""
    if known in ("", "idna", "punycode"):  # those two are of names in the internet
        raise TableError(f"{name!r} is no encoding of text; name one such as cp1252")
    wide = known.startswith(("utf-16", "utf-32"))
    for begin, what in _OTHERS.items():
        if head.startswith(begin) and not (wide and "UTF-" in what):
            raise TableError(f"{source} is {what}")
    return name


def decoded(content: bytes, encoding: str, source: str) -> str:
    """The text of a file; a TableError names the first byte that is none."""
    try:
        return content.decode(checked_encoding(encoding, source, content[: len(PARQUET)]))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TableError(
            f"{source} is no {encoding.upper()} text (byte {content[error.start]:#04x} at "
            f"position {error.start:,}, line {line:,}); save it as CSV in UTF-8, or name its "
            "encoding, such as --encoding cp1252"
        ) from None
