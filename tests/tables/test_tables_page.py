"""docs/tables.md says what is true: its examples run, and commands print its lines."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from autograd_lite.cli import main

TEXT = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def sales(tmp_path, monkeypatch):
    """The file of the page: its rows, over and over, numbered on."""
    monkeypatch.chdir(tmp_path)
    told, header, *rows = re.search("```csv\n(.*?)```", TEXT, re.S)[1].splitlines()
    cells = [row.split(";", 1)[1] for row in rows]
    lines = [told, header, *[f"{i + 1};{cells[i % len(cells)]}" for i in range(24)]]
    Path("sales.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_examples_run():
    plain = re.sub("^```.*$", "", TEXT, flags=re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest(plain, {"Path": Path}, "tables.md", None, 0)
    assert len(examples.examples) > 15
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_commands_print_the_lines_of_the_page(capsys):
    blocks = re.findall("```console\n(.*?)```", TEXT, re.S)
    assert blocks
    for block in blocks:
        command, *lines = block.splitlines()
        assert main(shlex.split(command.removeprefix("$ autograd-lite "))) == 0
        told = capsys.readouterr().out.splitlines()
        assert [line for line in lines if line not in told] == []
