# The two commands of the quick start are `make verify` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help venv verify test test-portable lint format types pytest search bench bench-keep bench-compare clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-13s %s\n", $$1, $$2}'

venv: $(READY)  ## create .venv and install the project into it

# .ready is written last: a folder without it is an unfinished install and is built anew.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: '$(PYTHON)' is missing or older than the required Python 3.11;" \
	       "name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' cannot create virtual environments (no ensurepip);" \
	       "install its venv package (Debian, Ubuntu: apt install python3-venv)" \
	       "or name another Python: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -e $@ || $(PYTHON) -m venv --clear $(VENV)
	@rm -f $@
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint constraints.txt
	@touch $@

verify: $(READY)  ## check every claim
	$(BIN)/python -m verify all

test: lint types pytest  ## lint, types and the whole test suite

lint: $(READY)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)  ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)  ## mypy --strict on both packages
	$(BIN)/mypy

# One thread for each of pytest's processes: torch's own would wait for each other.
pytest: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto

# ONLY=1 runs the first combination alone.
test-portable: $(READY)  ## the float tests under other vector instructions and threads
	$(BIN)/python tests/portable.py $(if $(ONLY),--only $(ONLY))

search: $(READY)  ## the long random searches
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto -m search

bench: $(READY)  ## run every script in benchmarks/
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

# CPU seconds, so that a busy machine disturbs them little.
SUITE := $(BIN)/pytest benchmarks/suite -p no:xdist --benchmark-timer=time.process_time \
	--benchmark-storage=file://benchmarks/results --benchmark-sort=fullname \
	--benchmark-group-by=fullfunc --benchmark-columns=min,median,max,rounds \
	--benchmark-time-unit=ms --benchmark-max-time=0.5

bench-keep: $(READY)  ## time the suite and keep the figures in benchmarks/results
	OMP_NUM_THREADS=1 $(SUITE) --benchmark-save=figures

bench-compare: $(READY)  ## time the suite next to the last figures kept
	OMP_NUM_THREADS=1 $(SUITE) --benchmark-compare --benchmark-compare-fail=min:30%

clean:  ## remove the environment, caches and build outputs
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find hermiso verify tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
