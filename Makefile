# Patchwork: two commands are enough, `make run` and `make test`. `make help` explains the rest.

PYTHON ?= python3
PORT ?= 8000
PYTEST_ARGS ?= tests
PYTEST_WORKERS ?= 2
RESIDENTS ?= 400000
ASSETS ?= 1000000
CONFIRM ?=

PY := .venv/bin/python
SETUP := $(PY) -m app.setup
WITH_DATABASE := $(SETUP) with-database

.DEFAULT_GOAL := help
# The steps build on each other, and the tests use both cores by themselves.
.NOTPARALLEL:
.PHONY: help run test lint types format bench bench-national audit load-real db-shell notebooks lock \
	environment front-end clean clean-data

help: ## Explain every target
	@echo "Patchwork. From nothing to a running map: make run. Everything tested: make test."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Set DATABASE_URL to use a PostgreSQL of your own instead of the private one."

run: environment front-end ## Start Patchwork with the sample town at http://127.0.0.1:8000 (PORT=9000 for another port; Ctrl-C stops it)
	@$(SETUP) pdf
	@exec $(WITH_DATABASE) -- .venv/bin/patchwork demo --serve --port $(PORT)

test: environment ## Run all tests (PYTEST_ARGS="tests/geo -k postcode" narrows; PYTEST_WORKERS=0 for one process)
	@$(SETUP) vendor --with-tests
	@$(SETUP) pdf
	@$(SETUP) chromium
	@$(SETUP) exiftool
	@exec $(WITH_DATABASE) --database patchwork_test -- $(PY) -m pytest -n $(PYTEST_WORKERS) --dist loadfile $(PYTEST_ARGS)

lint: environment ## Check style, imports between the parts, and known insecure patterns
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/lint-imports
	@.venv/bin/bandit -q -c pyproject.toml -r app geo

types: environment ## Check the types (mypy, strict)
	@.venv/bin/mypy

format: environment ## Put the code into its common layout and repair what ruff can
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

bench: environment ## Measure matching, imports, lists and maps on 1,000,000 made-up assets and print a table
	@$(SETUP) vendor --with-tests
	@$(SETUP) chromium
	@exec $(WITH_DATABASE) --database patchwork_bench -- $(PY) -m tests.benchmarks

bench-national: environment ## Measure matching everybody in the country (RESIDENTS=20000 ASSETS=50000 for a small one)
	@exec $(WITH_DATABASE) --database patchwork_bench -- $(PY) -m tests.benchmarks.national \
		--residents $(RESIDENTS) --assets $(ASSETS)

audit: environment front-end ## Measure pages with Lighthouse, as a slow phone sees them, and print a table
	@$(SETUP) chromium
	@$(SETUP) audit
	@exec $(WITH_DATABASE) --database patchwork_test -- $(PY) -m tests.audit

load-real: environment ## Load a folder of real open data (make load-real DATA=../shared/data)
	@test -d "$(DATA)" || { echo "Name the folder of files to load: make load-real DATA=folder" >&2; exit 2; }
	@exec $(WITH_DATABASE) -- sh -c '.venv/bin/patchwork migrate && exec .venv/bin/patchwork load folder "$$1"' sh "$(DATA)"

db-shell: environment ## Open the database in psql
	@exec $(WITH_DATABASE) -- $(SETUP) psql

notebooks: environment ## Run every notebook from top to bottom, without saving its output
	@exec .venv/bin/jupyter execute notebooks/*.ipynb

lock: environment ## Write requirements.lock anew from pyproject.toml, with hashes
	@$(SETUP) lock

environment: ## Only make .venv from requirements.lock (PYTHON=python3.12 for another Python)
	@command -v $(PYTHON) > /dev/null || { echo "Patchwork needs Python 3.11 or newer: install python3." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Patchwork needs Python 3.11 or newer, and $(PYTHON) is older: name another, as in make PYTHON=python3.12." >&2; exit 1; }
	@$(PYTHON) -m app.setup environment

front-end: environment ## Only bring the third-party front-end files to app/static/vendor
	@$(SETUP) vendor

clean: ## Delete .venv, caches and front-end files; the database is kept
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	@rm -rf app/static/vendor .local/axe-core .local/ical.js .local/ogc-client .local/audit .local/vendor-stamp
	@find app geo tests alembic -name __pycache__ -type d -prune -exec rm -rf {} + 2> /dev/null || true
	@if [ -e .local/postgres ]; then echo "Kept: the database in .local/postgres (make clean-data deletes it)."; fi

clean-data: ## Delete the private database and everything in it (asks for CONFIRM=yes)
	@$(PYTHON) -m app.setup remove-data --confirm "$(CONFIRM)"
