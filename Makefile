# `make demo` and `make test` do all the set-up that they need, from a clean clone, in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Quiet also about setuptools' general advice on editable installations.
INSTALL := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet

.PHONY: help demo test lint docs notebooks playground accuracy bench build fuzz bare test-both test-on-native test-on-python test-pages test-notebooks test-beside test-site test-python asan asan-slabs asan-debug asan-faults asan-rest asan-modes valgrind faults giants kills soak dask tables firefox clean
.PHONY: pyright compare wheels release aarch64 pyodide

help:
	@echo "make demo       the seven steps in the terminal, then a network on real data; pictures and pages in out/"
	@echo "make test       all checks: ruff, mypy, tests on both engines with coverage, notebooks"
	@echo "make lint       ruff and mypy alone; sets .venv up with all that the tests need"
	@echo "make pyright    pyright over the programs of users in tests/typing (npm)"
	@echo "make bare       demo and some tests in a minimal Debian, without and with a C compiler (root; PYTHON=3.13);"
	@echo "                TESTS=all: all tests on the C engine there, in an hour or less"
	@echo "make aarch64    the C engine, cross-compiled for 64-bit ARM, and its tests by an emulator (root)"
	@echo "make pyodide    the pure wheel in a browser's Python, Pyodide, started by node (npm)"
	@echo "make accuracy   the worst error of every op beside PyTorch and JAX, and of programs, written to docs/; types of ops for checkers"
	@echo "make bench      speed beside plain floats and the peers, in one run (some minutes)"
	@echo "make compare    what has become more than 10% worse in benchmarks/RESULTS.md since the last commit"
	@echo "make fuzz       the random tests, many more examples than in make test; N=20000 of each law"
	@echo "make asan       the C engine under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make valgrind   the C engine under valgrind's memcheck"
	@echo "make faults     the C engine without memory, at every allocation"
	@echo "make giants     the C engine with graphs of 10,000,000 nodes (2 GB)"
	@echo "make kills      a training that is killed or interrupted at 50 random moments, and goes on"
	@echo "make soak       all laws at random for MINUTES=60: programs, files, faults, kills; totals in docs/trust.md"
	@echo "make dask       learning on two workers from four times as much data as one has memory"
	@echo "make tables     a table of 1,000,000 rows, trained on and predicted in less than 1 GB"
	@echo "make firefox    five actions on a page in Firefox; installs firefox-esr and npm (Debian, as root)"
	@echo "make notebooks  write the .ipynb files, executed, from their .py partners"
	@echo "make playground fetch Graphviz as WebAssembly, which lays out the playground's graphs (npm)"
	@echo "make docs       the site, in build/docs/html, with notebooks as make test has run them, or run now (NOTEBOOKS=force: again; off: as committed)"
	@echo "make build      wheel and sdist in dist/"
	@echo "make wheels     wheels for each Python on this platform, in dist/, by cibuildwheel (Linux: in containers)"
	@echo "make release    refuse unless versions, figures and pages agree; then all checks, site, wheel and sdist"
	@echo "make clean      remove .venv, build, dist and out"
	@echo "Parts of the above: make test-both test-python test-on-native test-on-python test-pages test-notebooks test-beside test-site,"
	@echo "make asan-slabs asan-debug asan-faults asan-rest asan-modes"

$(BIN)/python:
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"autograd_lite needs Python 3.11 or newer; this is {v[0]}.{v[1]}: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# One stamp per set of extras: installed again only when the packaging files change, or what the C
# engine is made of.
INPUTS := setup.cfg pyproject.toml setup.py $(wildcard autograd_lite/engine/native/*.c \
  autograd_lite/program/native/*.[ch] autograd_lite/writing/*.py autograd_lite/ops/*.py)
$(VENV)/demo: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[plot,data]"
	@touch $@

$(VENV)/test: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[test,oracle]"
	@touch $@ $(VENV)/demo

$(VENV)/test-site: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[test,oracle,docs]"
	@touch $@ $(VENV)/test $(VENV)/demo $(VENV)/docs

$(VENV)/bench: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[bench]"
	@touch $@

$(VENV)/docs: $(INPUTS) | $(BIN)/python
	$(INSTALL) --editable ".[docs]"
	@touch $@

demo: $(VENV)/demo
	$(BIN)/python -m autograd_lite demo

lint: $(VENV)/$(if $(filter test-site,$(ALSO)),test-site,test)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m mypy tests/typing

# The other type checker that people use, which is a program in JavaScript.
pyright: $(VENV)/test
	npm install --silent --no-audit --no-fund --prefix build/pyright pyright@1.1.414
	build/pyright/node_modules/.bin/pyright --pythonpath $(BIN)/python --project tests/typing

# The suite on both engines at once. Coverage is measured on the C engine, as it takes time, and not by tests
# marked no_cover, of which that is much. The tests in BESIDE run after those of an engine: browsers, notebooks and
# benchmarks, of which coverage tells nothing. What touches no engine (building packages, the C header), or both
# whichever runs, is tested once. Since the engines give equal bits, which test_agreement.py sees to, random tests
# need many examples on one of them only.
#
# What each of two at once said comes in one piece, where make can do that.
TWO_AT_ONCE = $(MAKE) --no-print-directory --keep-going --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider
PAGES := $(addprefix tests/,playgrounds/test_playground.py playgrounds/test_playground_page.py playgrounds/test_softmax_in_page.py view/test_page.py view/test_page_folded.py view/test_first_touch.py view/test_quiz.py lesson/test_lesson_page.py)
# What runs by itself: notebooks, and the site that is built from them, if it is.
NOTEBOOK_TESTS := tests/lesson/test_notebooks.py
SITE_TESTS := tests/package/test_built_site.py
BESIDE := $(PAGES) $(NOTEBOOK_TESTS) $(SITE_TESTS) $(addprefix tests/,benchmarks examples ops/test_oracles.py ops/test_peers.py program/test_program_oracles.py package/test_packaging.py view/test_jupyterlab.py view/test_nbconvert.py)
ONCE := $(BESIDE) $(addprefix tests/,engine/test_generate.py engine/test_rebuilding.py program/exports/test_exports.py engine/test_agreement.py explanations/test_latex.py view/test_plots.py view/test_network.py view/test_frames.py exercises/test_worksheets.py playgrounds/test_playground_files.py program/exports/test_exports_edges.py nn/learning/test_distributed.py estimators package/test_files.py package/test_packed.py package/test_site.py package/test_reference.py package/test_op_pages.py package/test_plurals.py package/test_streams.py package/test_architecture.py view/test_view_layout.py view/test_fold.py exercises/test_checker.py package/test_habits.py)
# Long tests of files that are tested on both engines, of what neither has a part in: which modules import which, the
# conventions of the table, the figures of a notebook, the weights of a network. Programs are recorded alike on both.
ONCE_OF := $(addprefix --deselect tests/,package/test_imports.py::test_no_order_of_importing_every_module_changes_a_name package/test_imports.py::test_a_module_may_be_the_first ops/test_conventions.py::test_the_column_of_jax nn/test_nn_layers.py::test_a_wide_network_learns_best_from_weights_that_suit_it nn/test_nn_predict.py::test_the_guilty_one_of_many_targets_is_named_at_once nn/learning/test_nn_schedules.py::test_factors_are_pytorchs nn/test_live.py::test_a_notebook_keeps_one_output_with_the_end_of_the_training program/test_compiled_bits.py::test_every_row)
test: lint
	@engine=$$(AUTOGRAD_LITE_ENGINE= $(BIN)/python -W error -c 'import autograd_lite; print(autograd_lite.engine)') && \
	$(MAKE) --no-print-directory test-$$(test "$$engine" = native && echo both || echo python)

# In pieces of which two run at once, the longest first, so that both cores are busy to the end: each runs when
# one before it has ended. CI has some of `make asan` ALSO among them, and the site.
test-both:
	@echo "testing on both engines, two pieces at once"
	+@$(TWO_AT_ONCE) test-on-native test-on-python test-pages test-notebooks test-beside $(ALSO)

test-on-native:
	@echo "on the C engine, with coverage:"; AUTOGRAD_LITE_ENGINE=native $(PYTEST) --cov $(addprefix --ignore ,$(BESIDE))

test-on-python:
	@echo "on the Python engine:"; AUTOGRAD_LITE_ENGINE=python HYPOTHESIS_PROFILE=few $(PYTEST) $(addprefix --ignore ,$(ONCE)) $(ONCE_OF)

test-pages:
	@echo "pages, in a browser:"; AUTOGRAD_LITE_ENGINE=native $(PYTEST) $(PAGES)

test-beside:
	@echo "beside the engines:"; AUTOGRAD_LITE_ENGINE=native $(PYTEST) $(filter-out $(PAGES) $(NOTEBOOK_TESTS) $(SITE_TESTS),$(BESIDE))

test-notebooks:
	@echo "notebooks:"; AUTOGRAD_LITE_ENGINE=native EXECUTED="$(CURDIR)/build/docs/executed" $(PYTEST) $(NOTEBOOK_TESTS)

test-site: $(VENV)/test-site test-notebooks
	@echo "the site:"; AUTOGRAD_LITE_ENGINE=native $(BIN)/python docs/site build/docs/html && $(PYTEST) $(SITE_TESTS)

# Without a C compiler. (Where there is one, tests/package/test_packaging.py wants the C engine to be compiled.)
test-python:
	@echo "The C engine was not compiled, so the tests run once, on the Python engine. Left out: the tests of"; \
	echo "the C engine and the machine, the comparison of both engines, and the gate of coverage. To have them,"; \
	echo "install a C compiler and Python's headers (Debian: gcc, libc6-dev, python3-dev), then make clean test."
	AUTOGRAD_LITE_ENGINE=python $(PYTEST)

# Of Debians, bookworm has Python 3.11, trixie (PYTHON=3.13) 3.13, forky 3.14 and 3.15.
bare:
	.ci/bare $(if $(filter all,$(TESTS)),suite,all) $(filter-out python3,$(PYTHON))

aarch64: | $(BIN)/python
	$(INSTALL) --upgrade setuptools numpy
	.ci/aarch64 $(BIN)/python

# With those that it needs that are written in Python.
PYODIDE := 314.0.7
pyodide: | $(BIN)/python
	npm install --silent --no-audit --no-fund --prefix build/pyodide pyodide@$(PYODIDE)
	rm -rf build/lib build/pyodide/wheels
	AUTOGRAD_LITE_PURE=1 $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/pyodide/wheels . graphviz tqdm
	node tests/pyodide.mjs build/pyodide
	$(BIN)/python .ci/platforms.py build/pyodide/junit.xml --command "make pyodide" \
	  --platform "Pyodide $(PYODIDE), the Python engine" --commit "$$(git describe --always --dirty --exclude '*')"

# A program that is compared with other libraries takes some times as long as a graph.
N := 20000
FUZZ := HYPOTHESIS_PROFILE=fuzz FUZZ_EXAMPLES=
fuzz: $(VENV)/test
	$(FUZZ)$(N) $(BIN)/python -m pytest -q tests/engine/test_random_graphs.py tests/engine/test_agreement.py
	$(FUZZ)$$(($(N) / 4)) $(BIN)/python -m pytest -q -rP tests/program/test_program_oracles.py
	$(FUZZ)$$(($(N) / 2)) $(BIN)/python -m pytest -q tests/program/jit/test_machine_code.py -k random_programs

kills: $(VENV)/test
	KILLS=50 $(BIN)/python -m pytest -q tests/nn/learning/test_resuming.py tests/nn/learning/test_interrupted.py -k "killed or whenever"

# Goes on where the last run stopped.
MINUTES := 60
soak: build/debug
	PYTHONPATH=. $(BIN)/python tests/soak --minutes $(MINUTES)

# A table of 1,000,000 rows and 20 columns, trained on and predicted in less than 1 GB of memory.
tables: $(VENV)/test
	TABLE_ROWS=1000000 $(BIN)/python -m pytest -s -q tests/tables/test_sources.py -k gigabyte

dask: $(VENV)/test
	DASK_BLOCKS=77 $(BIN)/python -m pytest -q tests/nn/learning/test_distributed.py

# The C engine's tests run on copies of the package that are compiled for the purpose. A copy is written
# by tests/compiled_copy.py, with AUTOGRAD_LITE_DEBUG=1 for every node in a piece of memory of its own.
# Where nodes lie makes no difference to the machine, whose tests run on one copy.
NATIVE_TESTS := $(addprefix tests/,engine/test_agreement.py graphs/test_freshness.py engine/test_second_order.py graphs/test_modes.py graphs/test_equality.py graphs/test_copies.py program/test_leaving.py engine/test_native.py engine/test_native_rows.py engine/test_leaves.py program/test_program.py program/test_calls.py program/test_program_files.py engine/test_interrupts.py engine/test_engine.py graphs/test_value.py transforms/test_transforms.py ops/test_table.py engine/test_random_graphs.py graphs/test_pickles.py program/test_followed.py)
MACHINE_TESTS := $(addprefix tests/,program/native/test_machine.py program/native/test_machine_rows.py program/native/test_vectors.py program/native/test_dense.py program/test_bind.py program/jit/test_machine_code.py nn/learning/test_descent.py)
IN_COPY = cd build/$(1) && PYTHONPATH="$(CURDIR)/build/$(1)" AUTOGRAD_LITE_ENGINE=native PYTHONMALLOC=malloc HYPOTHESIS_PROFILE=few
TEST_COPY := $(CURDIR)/$(BIN)/python -P -m pytest -q -p no:cacheprovider
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g

# The tests of the slabs are halved, so that both cores are busy to the end.
ASAN := asan-slabs asan-debug asan-faults asan-rest asan-modes
asan:
	@echo "the C engine's tests under sanitizers, on two builds at once"
	+@$(TWO_AT_ONCE) $(ASAN)

# Neither is optimised much: that takes the compiler most of its time, and sanitizers find no more by it.
build/asan-slabs: DEBUG = slabs
build/asan-debug: DEBUG = 1
build/asan-slabs build/asan-debug: $(VENV)/test
	CFLAGS="$(SANITIZE)" LDFLAGS="$(SANITIZE)" AUTOGRAD_LITE_DEBUG=$(DEBUG) $(BIN)/python tests/compiled_copy.py $@

asan-slabs asan-rest: build/asan-slabs
asan-debug asan-faults asan-modes: build/asan-debug
FAULTS := tests/engine/test_faults.py
DEEP := tests/engine/test_engine.py::test_a_chain_of_many_nodes_needs_no_recursion
asan-slabs: TESTS = $(filter tests/engine/%,$(NATIVE_TESTS)) --deselect $(DEEP)
asan-rest: TESTS = $(filter-out tests/engine/%,$(NATIVE_TESTS))
asan-debug: TESTS = $(NATIVE_TESTS) $(MACHINE_TESTS) --deselect $(DEEP)
asan-faults: TESTS = $(FAULTS) -k "not inside_a_mode"
asan-modes: TESTS = $(FAULTS) -k inside_a_mode

# The sanitizers' libraries are there before Python's, the C++ library for those extensions that need it.
$(ASAN):
	$(call IN_COPY,$(<F)) LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so) $$(gcc -print-file-name=libstdc++.so)" \
	  ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1 \
	  $(TEST_COPY) $(TESTS)

faults: build/debug
	$(call IN_COPY,debug) $(TEST_COPY) $(FAULTS)

valgrind: build/debug
	$(call IN_COPY,debug) $(CURDIR)/$(BIN)/python -P tests/memcheck.py

.PHONY: build/debug build/asan-slabs build/asan-debug
build/debug: $(VENV)/test
	AUTOGRAD_LITE_DEBUG=1 $(BIN)/python tests/compiled_copy.py $@

giants: $(VENV)/test
	PYTHONPATH=. $(BIN)/python tests/giants.py

# The suite drives Chromium; this shows that pages keep to what other browsers know.
firefox: $(VENV)/demo
	@command -v firefox-esr >/dev/null && command -v npm >/dev/null || apt-get install -y -qq firefox-esr npm
	npm install --silent --no-audit --no-fund --prefix build/firefox puppeteer-core@24
	$(BIN)/python -m autograd_lite explain '(a*b)*a + a*a' a=2 b=-3 --draw build/firefox/page.html
	node tests/firefox.mjs build/firefox

notebooks: $(VENV)/test
	$(BIN)/python -m jupytext --to ipynb notebooks/*.py
	$(BIN)/jupyter-execute --inplace notebooks/*.ipynb
	PYTHONPATH=. $(BIN)/python tests/static_notebooks.py notebooks/*.ipynb

# Graphviz as WebAssembly, as a file of the package: another version needs its sum and VIZ_LICENSE.txt.
VIZ := 3.31.0
VIZ_SUM := c9e0b310f9883910e01c66054b48b7ff4be3d8695141116635e72b0af152692e
playground:
	@mkdir -p build/viz
	cd build/viz && npm pack --silent @viz-js/viz@$(VIZ) && tar -xzf viz-js-viz-$(VIZ).tgz package/dist/viz-global.js
	echo "$(VIZ_SUM)  build/viz/package/dist/viz-global.js" | sha256sum --check --quiet
	cp build/viz/package/dist/viz-global.js autograd_lite/playgrounds/viz.js

accuracy: $(VENV)/test
	PYTHONPATH=. $(BIN)/python tests/worst_errors.py
	PYTHONPATH=. $(BIN)/python tests/signatures.py

docs: $(VENV)/docs
	NOTEBOOKS=$(NOTEBOOKS) $(BIN)/python docs/site build/docs/html

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks

compare:
	@mkdir -p build
	@git show HEAD:benchmarks/RESULTS.md > build/results-before.md
	@$(PYTHON) benchmarks/compare.py build/results-before.md benchmarks/RESULTS.md

build: $(VENV)/test
	$(BIN)/python -m build

wheels: | $(BIN)/python
	$(INSTALL) "cibuildwheel>=4"
	$(BIN)/python -m cibuildwheel --output-dir dist

release: $(VENV)/test
	$(BIN)/python .ci/release.py
	$(MAKE) --no-print-directory test
	$(MAKE) --no-print-directory docs
	$(MAKE) --no-print-directory build
	@echo "dist/ is ready. To publish it: git tag v$$($(BIN)/python .ci/release.py --version), push the tag; upload dist/*"

clean:
	rm -rf $(VENV) build dist out *.egg-info
