# Needs python3.11 or newer with its venv module; all else goes into $(VENV).
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
ARGS ?=
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
T ?= tests/rules

.DEFAULT_GOAL := help
.PHONY: help run test check docs gallery bench bench-quick lock clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.installed ## start the bot with a local Slack look-alike and print the address of its page
	$(BIN)/dogwatch sandbox $(ARGS)

# Bytecode is kept wherever this runs: hundreds of tests start the bot as a process of its own.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
PARALLEL = --numprocesses=$(WORKERS) --dist=worksteal

test: $(VENV)/.dev-installed ## every test, in parallel; ARGS="-k outbox" selects, ARGS=--db=sqlite leaves PostgreSQL out, WORKERS=0 is serial
	$(PYTEST) $(PARALLEL) $(ARGS)

fast: $(VENV)/.dev-installed ## rules with few examples, and the flows of declaring and of the timeline, on SQLite
	$(PYTEST) $(PARALLEL) tests/rules tests/flows/incidents/test_declare.py tests/flows/timeline/test_entries.py \
		--db=sqlite --examples=20 $(ARGS)

one: $(VENV)/.dev-installed ## one file, folder or test: make one T=tests/rules/times/test_dates.py
	$(PYTEST) $(T) -p no:xdist $(ARGS)

check: $(VENV)/.dev-installed ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

hooks: ## check style and commit messages before each commit of this clone
	git config core.hooksPath .githooks

docs: $(VENV)/.dev-installed ## build the documentation as a site into build/site; a broken link is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html docs build/site
	@echo "Open build/site/index.html"

gallery: $(VENV)/.installed ## show every message and form of the bot on a page, from examples
	$(BIN)/python -m tests.support.gallery $(ARGS)

bench: $(VENV)/.dev-installed ## measure in a quarter of an hour: figures, each with its limit as a ratio, and bench/RESULTS.md
	$(BIN)/python -m bench $(ARGS)

bench-quick: $(VENV)/.dev-installed ## statements, transactions, rows and Slack calls of each act; fails above a budget; ARGS="--statements declare" lists them
	$(BIN)/python -m bench.quick $(ARGS)

# The environment is made anew when what it is locked to changes. A stamp is written last, so that a broken install is
# not taken for a whole one. `run` needs the runtime packages and the build backend only: it is there in seconds.
$(VENV)/.locked: requirements.lock requirements-build.lock
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.installed requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# Pins stay as they are unless pyproject.toml asks for more; `make lock ARGS=--upgrade` moves them all.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-annotate \
	--allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options $(ARGS)
lock: $(VENV)/.dev-installed ## write the lock files anew from pyproject.toml
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --all-build-deps --only-build-deps --output-file requirements-build.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --extra apprise --constraint requirements-dev.lock --output-file requirements-image.lock pyproject.toml

clean: ## remove everything that was made, the sandbox's state excepted
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
