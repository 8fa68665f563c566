# `make` alone lists the targets. Nothing but Python 3.11+ and make has to be installed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
export PORT ?= 8000

.PHONY: help
help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found. Name it: make PYTHON=/path/to/python3 run" >&2; exit 1; }

.PHONY: install
install: python  ## Create .venv with what the demo needs
	@$(PYTHON) demo/install.py demo

.PHONY: install-dev
install-dev: python
	@$(PYTHON) demo/install.py dev

.PHONY: run
run: install  ## Start the whole portal on this machine (PORT=8000)
	@exec $(BIN)/python -m demo.run

.PHONY: test
test: install-dev  ## Run the tests on fresh servers; ARGS="tests/booking -k hold" chooses
	@$(BIN)/python -m demo.run_tests $(ARGS)

.PHONY: check
check: install-dev  ## Run the whole gate: style, types, layers, settings, files, tests
	@status=0; $(BIN)/python -m demo.check || status=1; $(BIN)/python -m demo.run_tests || status=1; exit $$status

.PHONY: bench
bench: install-dev  ## Measure page and booking times, print the table
	@$(BIN)/python -m bench

.PHONY: chaos
chaos: install-dev  ## Kill the processes at every point and count what is wrong; ARGS="--seed 7" repeats
	@$(BIN)/python -m chaos $(ARGS)

.PHONY: trace
trace: install-dev  ## Say which test carries out which requirement, write docs/requirements-trace.md
	@$(BIN)/python -m demo.trace

.PHONY: screenshots
screenshots: install-dev  ## Take the pictures of the README anew
	@$(BIN)/python -m docs.screenshots

.PHONY: requirements
requirements: install-dev  ## Lock the packages of requirements*.in anew
	@for kind in requirements requirements-demo requirements-dev; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11.0 --generate-hashes --no-emit-index-url \
			--custom-compile-command "make requirements" $$kind.in --output-file $$kind.txt || exit 1; \
	done
