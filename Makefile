# `make` alone explains itself: every target that is meant for people has its line after `##`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
STATE := .tollgate
VENV := .venv
BIN := $(VENV)/bin
UV := $(STATE)/bootstrap/bin/uv
PROJECTS := $(patsubst %/pyproject.toml,%,$(wildcard libs/*/pyproject.toml services/*/pyproject.toml))
EDITABLE := $(foreach project,$(PROJECTS),--editable ./$(project))
WORKERS ?= logical

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Running it

.PHONY: up
up: $(VENV)/.installed ## Start everything here; Ctrl-C stops it
	@exec $(BIN)/python -m deploy.local up

.PHONY: down
down: ## Stop everything, from any terminal
	@if [ -x $(BIN)/python ]; then exec $(BIN)/python -m deploy.local down; else echo "Nothing is running."; fi

.PHONY: status
status: $(VENV)/.installed ## List the processes and their state
	@exec $(BIN)/python -m deploy.local status

.PHONY: logs
logs: $(VENV)/.installed ## Follow the logs of all processes
	@exec $(BIN)/python -m deploy.local logs

.PHONY: migrate
migrate: $(VENV)/.installed ## Bring the databases up to date, with nothing else running
	@exec $(BIN)/python -m deploy.local migrate

.PHONY: reset
reset: $(VENV)/.installed ## Stop everything and delete all local data
	@exec $(BIN)/python -m deploy.local reset

# --- Working on it

.PHONY: test
test: $(VENV)/.installed ## Run all tests (one folder: make test T=tests/auth)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --maxprocesses 4 --dist loadgroup $(T)

.PHONY: bench
bench: $(VENV)/.installed ## Measure Tollgate beside other gateways (needs wrk and nginx; TOLLGATE_BENCH_QUICK=1)
	@exec $(BIN)/python -m tests.bench.bench_gateways

.PHONY: bench-auth
bench-auth: $(VENV)/.installed ## Measure what it costs to know who calls
	@exec $(BIN)/python -m tests.bench.bench_identity

.PHONY: bench-streams
bench-streams: $(VENV)/.installed ## Measure 2,000 open streams at once (TOLLGATE_BENCH_STREAMS, TOLLGATE_BENCH_SECONDS)
	@exec $(BIN)/python -m tests.bench.bench_streams

.PHONY: bench-ledger
bench-ledger: $(VENV)/.installed ## Measure how fast usage events are booked (10 GB, ten minutes; TOLLGATE_BENCH_QUICK=1)
	@exec $(BIN)/python -m tests.bench.bench_ledger

.PHONY: bench-tickets
bench-tickets: $(VENV)/.installed ## Measure what opening and closing tickets costs Redis
	@exec $(BIN)/python -m tests.bench.bench_tickets

.PHONY: test-proofs
test-proofs: $(VENV)/.installed ## Try what must never happen many times over (minutes)
	@TOLLGATE_PROOFS=1 $(BIN)/python -m pytest -q -n 0 $(or $(T),tests/auth/sequences tests/common/tickets tests/e2e/test_exactly_twenty.py tests/llm/inference/test_translated_streams.py)

.PHONY: test-api
test-api: $(VENV)/.installed ## Call the whole API at random, as five callers, and see who reaches what (TOLLGATE_API_TEST_SECONDS)
	@$(BIN)/python -m pytest -q -n 0 $(or $(T),tests/api/test_*.py tests/api/access/test_*.py)

.PHONY: fuzz
fuzz: $(VENV)/.installed ## Send the gateway garbage for ten minutes (TOLLGATE_FUZZ_SECONDS, TOLLGATE_FUZZ_SEED)
	@$(BIN)/python -m pytest -q -n 0 tests/fuzz/test_*.py

.PHONY: test-chaos
test-chaos: $(VENV)/.installed ## Kill everything once under load, and balance the books (TOLLGATE_CHAOS_REQUESTS)
	@$(BIN)/python -m pytest -q -n 0 tests/chaos/test_*.py

.PHONY: test-clients
test-clients: $(VENV)/.installed ## Run SDKs, frameworks, CLIs and coding agents against it (installs them)
	@$(BIN)/python -m tests.clients.install
	@$(BIN)/python -m pytest -q -n 0 --session-timeout 1800 $(or $(T),tests/clients/test_*.py)

.PHONY: test-compose
test-compose: $(VENV)/.installed ## Run the end-to-end tests against docker compose
	@exec deploy/docker/test-compose

.PHONY: check
check: $(VENV)/.installed ## Check style, types, imports, locks and architecture
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python requirements/lock.py --check
	@$(BIN)/python -m docs.make_configuration --check
	@$(BIN)/python -m docs.make_translation --check
	@$(BIN)/python -m pytest -q -n 0 tests/architecture

.PHONY: format
format: $(VENV)/.installed ## Format the code, and fix what can be fixed
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

.PHONY: docs
docs: $(VENV)/.installed ## Renew docs/configuration.md and docs/translation.md from the code
	@$(BIN)/python -m docs.make_configuration
	@$(BIN)/python -m docs.make_translation

.PHONY: lock
lock: $(VENV)/.installed ## Renew requirements/*.txt after a pyproject.toml has changed
	@$(BIN)/python requirements/lock.py

.PHONY: clean
clean: down ## Stop everything, delete the environment and all caches; keep the data
	@rm -rf $(VENV) $(STATE)/bootstrap build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment: Python's own venv and pip bring uv, and uv brings the rest.

$(UV): requirements/bootstrap.txt
	@command -v $(PYTHON) >/dev/null || { echo "Tollgate needs Python 3.11 or newer, and there is no $(PYTHON)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Tollgate needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1). Say which one to use: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Installing uv"
	@rm -rf $(STATE)/bootstrap && mkdir -p $(STATE)
	@$(PYTHON) -m venv $(STATE)/bootstrap
	@$(STATE)/bootstrap/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $(UV)

$(VENV)/.installed: $(UV) requirements/dev.txt pyproject.toml $(addsuffix /pyproject.toml,$(PROJECTS))
	@echo "Installing what Tollgate needs into $(VENV)"
	@[ -x $(BIN)/python ] || $(UV) venv --quiet --python $(STATE)/bootstrap/bin/python $(VENV)
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(EDITABLE)
	@touch $@
