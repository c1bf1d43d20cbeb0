# `make demo` and `make test` are all that a fresh machine needs: Python 3.11 and make. Both are safe to run twice.

PYTHON ?= python3
VENV := .venv
SPARK_VENV := .venv-spark
BIN := $(VENV)/bin
STATE ?= var
# What dbt parses: a state that is new takes up what was parsed once, if it is of these files as they are.
PROJECT := $(shell find dbt_project seeds tests/dbt -name target -prune -o -name logs -prune -o \
	'(' -name '*.sql' -o -name '*.yml' -o -name '*.csv' ')' -print)

# A machine that forbids bytecode would compile every library again in every process.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick faults engines spark-test lint check book install clean help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.parsed  ## a small centre's exports, one whole night, a scorecard and a traced bonus
	$(BIN)/meritline --state $(STATE) demo

test: $(VENV)/.parsed  ## the tests
	$(BIN)/python -m pytest -n auto --dist loadfile --durations=40 --durations-min=20

quick: $(VENV)/.installed  ## what a new KPI, mechanism, plan or table left out, a sentence each
	$(BIN)/python -m pytest tests/project -q

faults: $(VENV)/.parsed  ## every fault: kills, full disks, damaged files … (the tests do a sample; hours on a busy machine)
	MERITLINE_FAULTS=all $(BIN)/python -m pytest tests/faults -n auto --show-capture=no -v

engines: $(SPARK_VENV)/.installed  ## the same models on Sail, which reads Spark's SQL: every published relation equal (minutes, no Java)
	$(SPARK_VENV)/bin/python -m pytest tests/engines

spark-test: $(SPARK_VENV)/.installed  ## the same on a cluster of Apache Spark on this machine (Java 17, 6 GB, many minutes)
	MERITLINE_SPARK=1 $(SPARK_VENV)/bin/python -m pytest tests/engines/test_engine_spark.py tests/engines/test_night_on_spark.py -v

lint: $(VENV)/.installed  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy orchestration expectations

check: lint test  ## what CI runs

book: $(VENV)/.installed  ## the policy book, the glossary and the exposures from the policy rows
	$(BIN)/python -m orchestration.book

install: $(VENV)/.parsed  ## the virtual environment from the lock

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "meritline needs Python 3.11, this is " + sys.version.split()[0] + ": name it with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m orchestration.warehouse
	$(BIN)/python -m orchestration.board
	touch $@ $(VENV)/.parsed

# Asked again in the recipe: an installation has just parsed it.
$(VENV)/.parsed: $(PROJECT) | $(VENV)/.installed
	@if [ ! -e $@ ] || [ -n "$$(find $(PROJECT) -newer $@ -print -quit)" ]; then \
		echo $(BIN)/python -m orchestration.warehouse; $(BIN)/python -m orchestration.warehouse; fi
	@touch $@

# Beside the other: the default installation has nothing of Spark.
$(SPARK_VENV)/.installed: requirements-spark.lock pyproject.toml
	$(PYTHON) -m venv $(SPARK_VENV)
	$(SPARK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	$(SPARK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:  ## remove the virtual environment and the caches of tools; a state folder stays: it holds what was paid
	rm -rf $(VENV) $(SPARK_VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dbt_project/target dbt_project/logs
	find . -name __pycache__ -type d -prune -not -path './var/*' -exec rm -rf {} +
