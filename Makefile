# Two commands: `make run` serves the API with a fictive municipality; `make test` runs every test.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WORKERS ?= 2

.PHONY: run test lint drill mutants demo lock openapi clean help
.DEFAULT_GOAL := help

help:  ## show the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(BIN)/.ready  ## set everything up and serve the API on http://127.0.0.1:8000/docs
	@INDGANG_MODE=$${INDGANG_MODE:-tryout} $(BIN)/indgang serve

test: $(BIN)/.ready  ## run all tests on a real PostgreSQL
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope -q $(ARGS)

lint: $(BIN)/.ready  ## style, types, import contracts, migration drift, contract equality
	@echo "lint: style";            $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "lint: types";            $(BIN)/mypy
	@echo "lint: import contracts"; $(BIN)/lint-imports
	@echo "lint: migration drift";  $(BIN)/indgang migrate --check
	@echo "lint: contract";         $(BIN)/indgang openapi --check

drill: $(BIN)/.ready  ## the long crash and load drills
	@$(BIN)/python -m pytest -m drill -q $(ARGS)

mutants: $(BIN)/.ready  ## make the policy wrong in one place at a time; docs/mutants.md
	@$(BIN)/python -m tests.policy.mutants $(ARGS)

demo: $(BIN)/.ready  ## tell the story over HTTP against the running server
	@INDGANG_MODE=$${INDGANG_MODE:-tryout} $(BIN)/indgang demo

openapi: $(BIN)/.ready  ## write openapi/v1.json from the app
	@$(BIN)/indgang openapi --write

lock: $(BIN)/.ready  ## make the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header -o requirements.lock
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --extra embedded --extra dev -c requirements.lock -o requirements-dev.lock

clean:  ## remove the environment and the try-out database (a running server must be stopped first)
	rm -rf $(VENV) var

$(BIN)/.ready: requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and '$(PYTHON)' was not found. Install it, or name one: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) -V). Name another: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "[1/2] making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "[2/2] installing the locked dependencies (a minute the first time)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
