# Two commands do it all on a fresh clone: `make demo` and `make test`.
# Needed beforehand: Python 3.11 or later, Java 17 to 22, and the network once.

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JARS := $(VENV)/.jars
LOG := $(VENV)/install.log
CUSTOMERS ?= 10000

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Nothing is built by packages that are not pinned: pip would fetch the newest setuptools for pyspark's source.
PINNED := $(PIP) install --quiet --require-hashes --no-build-isolation --use-pep517
NO_PACKAGES := the pinned packages could not be installed: check this machine's network and pip's settings, then run make again

.PHONY: help env demo test coverage test-fast test-spark test-slow test-crash test-spark42 lint types imports format bench bench-linkage bi-server dist clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: $(STAMP) $(JARS) ## Make the environment: pinned packages and verified jars

$(STAMP): constraints-build.txt constraints.txt pyproject.toml
	@python=$$(./.ci/machine) && echo "Making $(VENV) with $$python" && "$$python" -m venv $(VENV)
	@echo "Installing the pinned packages (about 1 GB; once)"
	@{ $(PINNED) -r constraints-build.txt && $(PINNED) -r constraints.txt; } > $(LOG) 2>&1 \
	  || { echo "c360: $(NO_PACKAGES) ($(LOG) has pip's words)" >&2; exit 3; }
	@$(if $(REPLACED_PINS),$(PINNED) --no-deps -r $(REPLACED_PINS) >> $(LOG) 2>&1 \
	  || { echo "c360: $(NO_PACKAGES) ($(LOG) has pip's words)" >&2; exit 3; })
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable . >> $(LOG) 2>&1 \
	  || { echo "c360: the project itself could not be installed; $(LOG) says why" >&2; exit 1; }
	@touch $@

$(JARS): $(STAMP) conf/base/jars.yml
	@$(BIN)/c360 jars fetch
	@touch $@

demo: env ## Run the demo company through the lake, day by day, and report
	@$(BIN)/c360 demo run --customers $(CUSTOMERS)

test: env lint types imports ## Run every check: lint, types, import contracts, tests
	@# Side by side: a session plans on one core most of the time and leaves the other idle.
	@$(BIN)/python -m pytest tests/unit tests/contracts > $(VENV)/test-fast.log 2>&1 & fast=$$!; \
	  $(BIN)/python -m pytest tests/spark > $(VENV)/test-spark.log 2>&1 & spark=$$!; \
	  $(BIN)/python -m pytest tests/integration; whole=$$?; \
	  wait $$spark; spark=$$?; wait $$fast; fast=$$?; \
	  cat $(VENV)/test-spark.log $(VENV)/test-fast.log; \
	  test $$whole -eq 0 -a $$spark -eq 0 -a $$fast -eq 0

coverage: env ## Run the tests of `make test` and `make test-slow`; at least 95 % of the branches must be seen
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -m "not crash_matrix"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/coverage json --quiet -o $(VENV)/coverage.json
	@$(BIN)/python .ci/branches $(VENV)/coverage.json

test-fast: $(STAMP) ## Run the tests that need no JVM, but for tables of hundreds of attacks on conf and data
	@$(BIN)/python -m pytest tests/unit tests/contracts -m "not (crash_matrix or slow or exhaustive)"

test-spark: env ## Run the tests of transforms on a local session
	@$(BIN)/python -m pytest tests/spark

test-slow: env ## Run what takes minutes: a cluster, the whole demo, reverts, backfills
	@$(BIN)/python -m pytest -m slow

test-crash: env ## Kill runs at every point that they pass (an hour); `make test` takes two of them
	@$(BIN)/python -m pytest -m "crash or crash_matrix"

test-spark42: ## Run the whole suite on pyspark 4.2 in an environment of its own
	@$(MAKE) env VENV=.venv-spark42 REPLACED_PINS=constraints-spark42.txt
	@.venv-spark42/bin/python -m pytest

lint: $(STAMP) ## Check style and format
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

types: $(STAMP) ## Check types, strictly
	@$(BIN)/mypy

imports: $(STAMP) ## Check who may import whom
	@$(BIN)/lint-imports

format: $(STAMP) ## Format the code
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

bench: CUSTOMERS = 100000
bench: env ## Measure time per stage and rows per second (CUSTOMERS=100000); of linkage see bench-linkage
	@$(BIN)/c360 bench --customers $(CUSTOMERS)

bench-linkage: env ## Measure linkage against stock Splink and the cost and pairs of an increment, at 100,000 and 1,000,000 person records (an hour)
	@$(BIN)/c360 bench-linkage

bi-server: env ## Serve gold over JDBC with Spark's Thrift server until interrupted
	@$(BIN)/c360 bi-server

dist: $(STAMP) ## Build dist/: the wheel, and the zip for spark-submit --py-files
	@rm -rf dist
	@$(BIN)/python -m hatchling build --target wheel > /dev/null
	@cp dist/*.whl dist/c360_lakehouse.zip
	@ls dist

clean: ## Remove what was built and the lakes of demo and bench; environment and jars stay
	rm -rf dist build .c360/demo .c360/bench .c360/test .c360/logs .coverage .coverage.* \
	  .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find lakehouse jobs tests -name __pycache__ -type d -prune -exec rm -rf {} +
