"""The README's code runs, its figures come from the benchmark's file, its links lead somewhere."""

import ast
import doctest
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.cli import main
from autograd_lite.ops import TABLE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def test_the_python_blocks_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    assert len(blocks("python")) == 4
    for block in blocks("python"):
        exec(block, names)
    assert {path.name for path in tmp_path.iterdir()} == {"graph.svg", "double.safetensors"}
    assert names["model"].predict([2.5])[0] == pytest.approx(5.0, abs=0.5)
    printed = capsys.readouterr().out.splitlines()
    assert "Program: 3 instructions, 2 inputs, 1 output" in printed
    assert len(printed) == 8


def test_the_numbers_in_comments_are_those_of_their_lines(tmp_path, monkeypatch, capsys):
    """A comment that begins with a digit or a bracket is what the line before it gives."""
    monkeypatch.chdir(tmp_path)
    names, compared = {}, 0
    for block in blocks("python"):
        for part in ast.parse(block).body:
            source = ast.get_source_segment(block, part)
            line = block.splitlines()[part.end_lineno - 1]
            told = re.search(r"  # ([\d\[][^:]*)", line)
            if not told:
                exec(source, names)
                continue
            found, compared = eval(source, names), compared + 1
            if str(found) != told[1]:
                assert np.asarray(found) == pytest.approx(np.array(ast.literal_eval(told[1])))
    assert compared == 4


def test_the_command_lines_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{i},{'ab'[i % 2]},{i * 3}" for i in range(40))
    Path("data.csv").write_text(f"size,kind,price\n{rows}\n")
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("autograd-lite ")]
    names = ["explain", "playground", "lesson", "worksheet"]
    names += ["train", "predict", "inspect", "doctor"]
    assert [command[0] for command in commands] == names
    for command in commands:
        command = command[: command.index(">")] if ">" in command else command
        assert main(command) == 0, command
    assert Path("out.svg").exists()
    assert Path("lesson.html").exists()
    assert Path("playground.html").exists()
    assert Path("model.safetensors").exists()
    assert len(Path("predictions.csv").read_text().splitlines()) == 41


def test_the_figures_are_lines_of_the_benchmarks_run():
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text().splitlines()
    figures = [line for line in README.splitlines() if line.startswith("|")]
    assert len(figures) == 2 + 5
    assert [line for line in figures if line not in results] == []


def test_the_number_of_ops_is_that_of_the_table():
    assert f"**{sum(hasattr(ag, name) for name in TABLE)} ops**" in README


def test_it_is_read_in_a_few_minutes():
    assert len(README.splitlines()) <= 150


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#]+)\)", README + (ROOT / "ARCHITECTURE.md").read_text())
    assert len(links) > 8
    for link in links:
        assert (ROOT / link).exists(), link


def test_the_examples_of_the_page_about_migrating_hold():
    found = doctest.testfile(str(ROOT / "docs" / "migrating.md"), module_relative=False)
    assert (found.failed, found.attempted > 4) == (0, True)
