# Needs Python 3.11 or later (with its venv module) and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Foreign implementations, on the newest Python at hand: some need more than 3.11 (or name one: ORACLES_PYTHON=…).
ORACLES        := .venv-oracles
ORACLES_PYTHON ?= $(shell $(PYTHON) tools/newest-python)
DEMO   ?= 2000
PORT   ?= 8315

# A test run starts some hundred processes: each would compile every source anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test unit bench lint format lock clean help

help:
	@echo "make run    the service with a sample campaign, on the embedded PostgreSQL (DEMO=2000 enterprises, PORT=8315)"
	@echo "make test   the whole test suite, on the embedded PostgreSQL (ARGS='…' goes to pytest)"
	@echo "make unit   the tests that need no database, in about a minute on two cores"
	@echo "make bench  the benchmarks, on the embedded PostgreSQL"
	@echo "make lint   style, types and import directions"
	@echo "make lock   write the lock files again from pyproject.toml (ARGS=--upgrade for the newest versions)"

run: $(VENV)/run
	$(BIN)/credit-ledger serve --demo $(DEMO) --port $(PORT)

test: $(VENV)/dev $(ORACLES)/installed
	# as files stand, drills first and unit tests last; pytest-xdist would begin with the files of most tests, and end
	# with a drill of minutes on one core
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

unit: $(VENV)/dev
	$(BIN)/python -m pytest tests/unit -n logical --dist worksteal $(ARGS)

bench: $(VENV)/dev
	$(BIN)/python -m tests.benchmarks $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:
	$(PYTHON) tools/lock $(ARGS)

clean:
	rm -rf $(VENV) $(ORACLES) build *.egg-info

# The two environments are one folder: `dev` holds the same versions as `run`, and more. A stamp newer than
# its lock file says that the folder holds what is locked.
$(VENV)/run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(call install,requirements.lock)
	touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(call install,requirements-dev.lock)
	touch $@ $(VENV)/run

$(ORACLES)/installed: requirements-oracles.lock
	$(ORACLES_PYTHON) -m venv --clear $(ORACLES)
	$(ORACLES)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "credit-ledger needs Python 3.11 or later; name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "$(PYTHON) has no venv module (on Debian: the package python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The locked packages by their hashes, then the project itself with the locked setuptools, fetching nothing.
define install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef
