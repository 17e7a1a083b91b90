"""Files as people have them: separators, decimal signs, units, headers, missing cells."""

import io
import re

import numpy as np
import pytest

from autograd_lite.tables.numerals import survey
from autograd_lite.tables.reading import TableError, read_csv


@pytest.fixture
def read(tmp_path):
    def of(content, **options):
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_csv(path, **options)

    return of


def numbers(table, name):
    return table.columns({name: table.kind(name)})[name].tolist()


# --- separators and headers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("a,b;c,d\n1,2;3,4\n5,6;7,8\n", ("a,b", "c,d")),  # as many of both: the rows decide
        ("a;b\n0,5;1,5\n0,7;2,5\n", ("a", "b")),
        ("a|b|c\n1|2|3\n", ("a", "b", "c")),
        ("x;note, long;y\n1;p, q, r;2\n", ("x", "note, long", "y")),
        ("sep=;\na;b\n1;2\n", ("a", "b")),
        ('"sep=|"\r\na|b\r\n1|2\r\n', ("a", "b")),
        ("sep=\t\r\na\tb\r\n1\t2\r\n", ("a", "b")),
        ('"a\nb";"c ""d""";"e;f"\n1;2;3\n', ("a\nb", 'c "d"', "e;f")),
        ("a,b,\n1,2,\n3,4,\n", ("a", "b")),  # Excel ends lines with separators
        (",a\n0,1\n1,2\n", ("Unnamed: 0", "a")),  # the index that pandas writes
        ("\ufeffa;b\n1;2\n", ("a", "b")),
        ("a\n1\n", ("a",)),
    ],
)
def test_the_separator_and_the_names_are_found(read, content, names):
    assert read(content).names == names


def test_messages_name_the_separator_and_lines_count_the_line_of_excel(read):
    with pytest.raises(TableError, match=r"line 3: 1 cell, .* 2 columns \(separator: semicolon\)"):
        read("sep=;\na;b\n1\n")
    assert read("sep=;\na;b\n1;2\n").lines == [3]
    assert read("a|b\n1|2\n").notes == ("separator: pipe",)
    with pytest.raises(TableError, match=r"has no column 'z'; it has 'a', 'b' .*separator: pipe"):
        read("a|b\n1|2\n").check_names(["z"])


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n6.0,3.1,other\n", False),
        ("0,0\n1,2\n2,4\n", False),
        ("0,5;1,5\n0,7;2,5\n", False),
        ("1,male,7.25\n2,female,8\n", False),
        ("yes,no\nno,yes\nyes,no\nno,no\n", False),
        ("1,1,x\n2,3,y\n", False),  # no two columns have one name
        (",3.5,setosa\n4.9,3.0,setosa\n", False),
        (",a,b\n0,5,x\n1,6,y\n", True),
        ("country,2019,2020\nFrance,1,2\nItaly,3,4\n", True),
        ("a,b\n1,x\n2,y\n", True),
        ("Input,Desired output\n0,0\n1,2\n", True),
        ("name,kind\nBob,a\nEve,b\n", True),
    ],
)
def test_a_first_row_of_data_names_no_columns(read, content, header):
    table = read(content)
    assert len(table) == content.count("\n") - header
    assert (table.names[0] == "column1") != header
    assert any("--header yes" in note for note in table.notes) != header
    assert len(read(content, header=True)) == content.count("\n") - 1 if header else True
    assert len(read(content, header=False)) == content.count("\n")


def test_the_header_can_be_forced(read):
    table = read("2019,2020\n1,2\n3,4\n", header=True)
    assert table.names == ("2019", "2020")
    assert table.rows == [["1", "2"], ["3", "4"]]


def test_other_encodings_are_named_with_the_place(read):
    content = "grün,y\n1,2\n".encode("cp1252")
    with pytest.raises(TableError, match=r"byte 0xfc at position 2, line 1\).*--encoding cp1252"):
        read(content)
    assert read(content, encoding="cp1252").names == ("grün", "y")
    assert read("a\tb\n1\t2\n".encode("utf-16"), encoding="utf-16").names == ("a", "b")
    with pytest.raises(TableError, match="'klingon' is no encoding"):
        read(content, encoding="klingon")


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0,5", "1,25", "3"], [0.5, 1.25, 3.0]),
        (["12%", "7.5 %", "-3%"], [12.0, 7.5, -3.0]),
        (["$5", "$1,234.50", "-$3"], [5.0, 1234.5, -3.0]),
        (["5 €", "1.234,50 €"], [5.0, 1234.5]),
        (["1,234,567.5", "0.25"], [1234567.5, 0.25]),
        (["1.234.567,5", "1"], [1234567.5, 1.0]),
        (["1 234", "12\u00a0345", "7"], [1234.0, 12345.0, 7.0]),
        (["1 234,5", "1\u202f234,5"], [1234.5, 1234.5]),
        (["1'234.5", "3"], [1234.5, 3.0]),
        (["1,234", "0.5"], [1234.0, 0.5]),
        (["1.234", "0,5"], [1234.0, 0.5]),
        (["1.234", "2.5"], [1.234, 2.5]),
        (["−5", "+3", "1e3", ".5", "5."], [-5.0, 3.0, 1000.0, 0.5, 5.0]),
        (["1,5e3", "2,0E-1"], [1500.0, 0.2]),
    ],
)  # fmt: skip
def test_numbers_are_read_as_the_column_writes_them(read, cells, expected):
    table = read("a;b\n" + "".join(f"{cell};x\n" for cell in cells), header=True)
    assert numbers(table, "a") == expected


@pytest.mark.parametrize(
    "cell", ["1,23,456", "1,234.5.6", "1.234,567,8", "$5%", "5kg", "5 rooms", "1 23", "$", "1_0",
             "0x10", "1,2345 6", "%", "--5", "12:30", "2024-01-05", "1e", ".", ",", "",
             "0.100,5", "0,100.5", "0 100", "0.100.100", "1.234,5e3", "4 353e+03",
             "192.168.110.210", "1234.567,8"]
)  # fmt: skip
def test_what_is_no_number_in_any_notation_stays_a_text(cell):
    assert survey([cell]).numbers == 0


def test_thousands_begin_with_no_0_and_have_no_exponent(read):
    assert numbers(read("a;b\n0.100;0,5\n1.250;1,5\n"), "a") == [0.1, 1.25]
    assert numbers(read("a;b\n4.353e+03;0,5\n1.250e+00;1,5\n"), "a") == [4353.0, 1.25]
    assert numbers(read("a;b\n192.168.110.256;x\n192.168.110.210;y\n"), "a")[0] == 192168110256.0


def test_a_unit_must_be_that_of_the_whole_column(read):
    table = read("a,b\n$5,1\n$6,2\n7,3\n€8,4\n$9,5\n")
    with pytest.raises(TableError, match=r"line 4 and 1 more below: '7' in the numeric column 'a'"):
        numbers(table, "a")


def test_an_ambiguous_column_follows_the_others_or_is_refused(read):
    """1,234 is 1234 or 1.234: never a wrong number in silence."""
    with pytest.raises(
        TableError, match=r"line 2 and 1 more .*'1,234'.* is 1234 or 1.234.*--decimal"
    ):
        numbers(read("a;b\n1,234;x\n2,345;y\n"), "a")
    with pytest.raises(TableError, match=r"'1,234' in the numeric column 'a' is 1234 or 1.234"):
        numbers(read("a;b\n1,234;x\n1,234.5;y\n1.234,5;z\n"), "a")  # of which one is none
    assert numbers(read("a;b\n1,234;0,5\n2,345;1\n"), "a") == [1.234, 2.345]
    assert numbers(read('a,b\n"1,234",0.5\n"2,345",1\n'), "a") == [1234.0, 2345.0]
    assert numbers(read("a;b\n1.234;0,5\n2.345;1\n"), "a") == [1234.0, 2345.0]
    assert numbers(read("a;b\n1.234;x\n2.345;y\n"), "a") == [1.234, 2.345]
    with pytest.raises(TableError, match="--decimal"):  # the others disagree
        numbers(read('a;b;c\n"1,234";0.5;0,5\n2,345;1;0,7\n'), "a")
    with pytest.raises(TableError, match="--decimal"):
        numbers(read('a;b;c\n"1.234";0.5;0,5\n2.345;1;0,7\n'), "a")


@pytest.mark.parametrize(("decimal", "number"), [(".", 1234.0), (",", 1.234)])
def test_the_decimal_sign_can_be_given(read, decimal, number):
    with pytest.raises(ValueError, match=r"is '\.' or ',', and was ';'"):
        read("a\n1\n", decimal=";")
    table = read('a,b\n"1,234",x\n', header=True, decimal=decimal)
    assert numbers(table, "a") == [number]
    assert numbers(read("a\n1.234\n", header=True, decimal=","), "a") == [1234.0]


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_pandas_reads_the_same_numbers_when_it_is_told_all_this(read, separator, decimal):
    pd = pytest.importorskip("pandas")
    random = np.random.default_rng(3)
    scales = 10.0 ** random.integers(-9, 9, 50)
    frame = pd.DataFrame({"a": random.normal(size=50), "b": random.integers(0, 9, 50)})
    frame["c"] = random.normal(size=50) * scales
    text = frame.to_csv(sep=separator, decimal=decimal, index=False)
    told = pd.read_csv(io.StringIO(text), sep=separator, decimal=decimal)
    table = read(text)
    for name in frame:
        assert numbers(table, name) == frame[name].tolist() == pytest.approx(told[name].tolist())


def test_signs_of_a_table_are_those_that_another_is_read_by(read):
    table = read("a;b;c;d\n1,5;1.234,5;7;x\n2,5;3;8;y\n")
    assert table.signs_of(table.names) == {"a": ",", "b": ",.", "c": ","}
    assert read("a;b\n1.5;1,5\n2;3\n").signs_of(["a", "b"]) == {"a": ".", "b": ","}
    assert read("a;b;c\n1.5;1,5;3\n2;3;4\n").signs_of("abc") == {"a": ".", "b": ","}
    assert read("a\n1\n2\n", header=True).signs_of(["a"]) == {}
    other = read("a;b\n1.250;3\n2.500;4\n")
    assert numbers(other, "a") == [1.25, 2.5]
    told = other.written_as({"a": ",.", "b": "."})
    assert numbers(told, "a") == [1250.0, 2500.0]
    assert numbers(other.written_as({"a": "."}), "a") == numbers(other, "a") == [1.25, 2.5]


# --- cells that cannot be read --------------------------------------------------------------------


def test_all_cells_that_cannot_be_read_are_told_at_once(read):
    rows = "".join(f"{i},{i},x{i % 3}\n" for i in range(10))
    table = read("a,b,c\n" + rows + "one,,x\ntwo,inf,\n3,NA,\n4,,\n5,,\n6,,\n")
    with pytest.raises(TableError) as caught:
        table.columns({name: table.kind(name) for name in table.names})
    lines = str(caught.value).splitlines()
    assert lines[0] == "data.csv: 13 cells cannot be read"
    assert re.fullmatch(r"  line 12, 13: 'one' in the numeric column 'a' is no number", lines[1])
    assert "  line 13: 'inf' in the numeric column 'b' is not finite" in lines
    assert "  line 14: 'NA' in the numeric column 'b' is missing" in lines
    assert "  line 12, 15, 16 and 1 more: the cell of column 'b' is empty" in lines
    assert "  line 13, 14, 15 and 2 more: the cell of column 'c' is empty" in lines
    assert "--missing" in lines[-1]
    assert "--text" in lines[-1]


def test_missing_numbers_are_nan_and_missing_texts_empty_if_they_may_be(read):
    table = read("a,b\n1,x\n,NA\nn/a,\n?,y\n2,z\n3,x\n")
    columns = table.columns({"a": "numeric", "b": "text"}, missing="mean")
    np.testing.assert_array_equal(columns["a"], [1.0, np.nan, np.nan, np.nan, 2.0, 3.0])
    assert columns["b"].tolist() == ["x", "NA", "", "y", "z", "x"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"header": "no"}, "header is True, False or None, and was 'no'"),
        ({"decimal": ";"}, "decimal sign"),
    ],
)
def test_options_that_are_none_are_refused(tmp_path, option, message):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=message):
        read_csv(path, **option)
