"""Files in other encodings, with other separators, or that are no text: read, or told by name."""

import codecs

import pytest

from autograd_lite.cli import main
from autograd_lite.errors import TableError
from autograd_lite.tables import sources
from autograd_lite.tables.sources import open_table


@pytest.fixture(params=[False, True], ids=["small", "large"], autouse=True)
def size(request, monkeypatch):
    monkeypatch.setattr(sources, "_LARGE", 0 if request.param else 2**26)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.csv"


@pytest.mark.parametrize("name", ["rot13", "hex", "", "undefined", "odd", "punycode"])
def test_a_name_that_is_no_encoding_is_told_in_a_line(path, capsys, name):
    path.write_text("a,b\n1,2\n")
    assert main(["train", str(path), "--target", "b", "--encoding", name]) == 2
    assert capsys.readouterr().err == (
        f"autograd-lite: {name!r} is no encoding of text; name one such as cp1252\n"
    )


@pytest.mark.parametrize(
    ("name", "codec", "mark"),
    [
        ("UTF-8", "utf-8", codecs.BOM_UTF8), ("utf8", "utf-8", codecs.BOM_UTF8),
        ("utf-16-le", "utf-16-le", codecs.BOM_UTF16_LE), ("utf-16", "utf-16", b""),
        ("UTF-16BE", "utf-16-be", codecs.BOM_UTF16_BE), ("utf-8", "utf-8", b""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("header", ["é,b\n", '"é",b\n'])
def test_a_mark_at_the_beginning_is_no_part_of_the_first_name(path, name, codec, mark, header):
    path.write_bytes(mark + (header + "1,2\n3,4\n").encode(codec))
    with open_table(str(path), encoding=name) as table:
        assert table.names == ("é", "b")
        assert table.texts("é").tolist() == ["1", "3"]


def test_a_mark_before_data_without_names_is_no_part_of_it(path):
    path.write_bytes(codecs.BOM_UTF8 + b"1,2\n3,4\n")
    with open_table(str(path), header=False) as table:
        assert table.texts("column1").tolist() == ["1", "3"]


@pytest.mark.parametrize(
    ("begin", "encoding", "told"),
    [
        (b"PK\x03\x04", "utf-8", "x.csv is a zip file or a workbook such as .xlsx; save"),
        (b"\xd0\xcf\x11\xe0", "cp1252", "an old workbook"),
        (b"\x1f\x8b", "latin-1", "compressed by gzip; unpack it"),
        (codecs.BOM_UTF32_LE, "utf-8", "--encoding utf-32"),
        (codecs.BOM_UTF16_LE, "utf-8", "--encoding utf-16"),
        (codecs.BOM_UTF16_BE, "cp1252", "--encoding utf-16"),
    ],
)
def test_a_file_that_is_no_csv_is_told_by_what_it_is(path, begin, encoding, told):
    path.write_bytes(begin + b"a,b\n1,2\n")
    with pytest.raises(TableError, match=told), open_table(str(path), encoding=encoding):
        pass


def test_a_column_may_be_called_as_parquet_files_begin(path):
    path.write_text("PAR1,y\n1,2\n")
    with open_table(str(path)) as table:
        assert table.names == ("PAR1", "y")


@pytest.mark.parametrize("large", [False, True])
def test_utf_16_without_a_mark_is_told_with_the_way_out(path, monkeypatch, large):
    monkeypatch.setattr(sources, "_LARGE", 0 if large else 2**26)
    path.write_bytes("a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(TableError, match=r"line 1: .*--encoding utf-16-le"), open_table(str(path)):
        pass
    with open_table(str(path), encoding="utf-16-le") as table:
        assert table.names == ("a", "b")
    path.write_bytes("a,b\n1,2\n".encode("utf-16-be"))
    if large:  # a stream has no mark then, which is no UnicodeDecodeError
        with pytest.raises(TableError, match="no UTF-16 text"), \
                open_table(str(path), encoding="utf-16"):  # fmt: skip
            pass
    path.write_text("a,b\n1,2\nx,\0\n")
    with pytest.raises(TableError, match="line 3: a character of code 0"), open_table(str(path)):
        pass


@pytest.mark.parametrize(("given", "character"), [(":", ":"), ("tab", "\t"), (";", ";")])
def test_a_separator_that_is_given_is_taken(path, tmp_path, capsys, given, character):
    lines = [f"{i},5{character}{i % 2}" for i in range(20)]  # numbers with a comma
    path.write_text("\n".join([f"x,y{character}k", *lines]))
    model = str(tmp_path / "m.safetensors")
    argv = ["train", str(path), "--target", "k", "--save", model, "--epochs", "1", "--quiet"]
    assert main([*argv, "--separator", given]) == 0
    assert "x,y" in capsys.readouterr().out
    assert main(["predict", model, str(path), "--separator", given]) == 0
    assert len(capsys.readouterr().out.split()) == 21


@pytest.mark.parametrize("given", ["", "ab", '"', "\n"])
def test_what_can_separate_no_cells_is_told(path, capsys, given):
    path.write_text("a,b\n1,2\n")
    assert main(["train", str(path), "--target", "b", "--separator", given]) == 2
    assert f"{given!r} separates no cells; give one character" in capsys.readouterr().err


def test_a_column_that_is_not_found_is_told_with_the_separator(path, capsys):
    path.write_text("a:b,c\n1:2,3\n")
    assert main(["train", str(path), "--target", "b"]) == 2
    assert (
        "no column 'b'; it has 'a:b', 'c' (separator: comma; see --separator)"
        in capsys.readouterr().err
    )
