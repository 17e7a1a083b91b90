# `make demo` and `make test` do all the set-up that they need, from a clean clone, in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Quiet also about setuptools' general advice on editable installations.
INSTALL := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet

.PHONY: help demo test lint notebooks bench build fuzz clean

help:
	@echo "make demo       the seven steps in the terminal, then a network on real data; pictures in out/"
	@echo "make test       all checks: ruff, mypy, tests with coverage, notebooks"
	@echo "make bench      speed beside plain floats and the peers, in one run (some minutes)"
	@echo "make fuzz       the random tests, many more examples than in make test"
	@echo "make notebooks  write the .ipynb files, executed, from their .py partners"
	@echo "make build      wheel and sdist in dist/"

$(BIN)/python:
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"autograd_lite needs Python 3.11 or newer; this is {v[0]}.{v[1]}: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# One stamp per set of extras: installed again only when the packaging files change, or what the C
# engine is made of.
INPUTS := setup.cfg pyproject.toml setup.py $(wildcard autograd_lite/engine/native/*.c \
  autograd_lite/engine/*.py autograd_lite/ops/*.py)
$(VENV)/demo: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[plot,data]"
	@touch $@

$(VENV)/test: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[test,oracle]"
	@touch $@ $(VENV)/demo

$(VENV)/bench: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[bench]"
	@touch $@

demo: $(VENV)/demo
	$(BIN)/python -m autograd_lite demo

lint: $(VENV)/test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

# The suite on both engines at once, each output in one piece, and the coverage of both together.
# What touches no engine (building packages, the C header) is tested beside the C engine only.
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider --cov --cov-report= --cov-fail-under=0
test: lint
	@rm -f .coverage .coverage.*; mkdir -p build; \
	echo "testing on both engines; the C engine's output comes first"; \
	{ AUTOGRAD_LITE_ENGINE=python COVERAGE_FILE=.coverage.python $(PYTEST) \
	  --ignore tests/test_packaging.py --ignore tests/test_generate.py > build/test-python.txt 2>&1; \
	  echo $$? > build/test-python.status; } & \
	AUTOGRAD_LITE_ENGINE=native COVERAGE_FILE=.coverage.native $(PYTEST); native=$$?; \
	wait; cat build/test-python.txt; \
	test $$native = 0 -a "$$(cat build/test-python.status)" = 0
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

fuzz: $(VENV)/test
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -q tests/test_random_graphs.py tests/test_agreement.py

notebooks: $(VENV)/test
	$(BIN)/python -m jupytext --to ipynb notebooks/*.py
	$(BIN)/jupyter-execute --inplace notebooks/*.ipynb

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks

build: $(VENV)/test
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist out *.egg-info
