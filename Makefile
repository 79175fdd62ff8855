# Two commands on a bare machine: `make demo` and `make test`. Everything else is listed by `make help`.
BIN := .venv/bin
ARGS ?=
STEPS ?= 20000
SEED ?=
MAKEFLAGS += --no-print-directory
# Compiled once, also where the environment says not to write it: what starts a process would compile everything again.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.build/pycache

.DEFAULT_GOAL := help
.PHONY: help demo up test fuzz soak faults check lint types contract bench bench-matching bench-accuracy load protos install clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 22

demo: install  ## the whole story on example data: import, duplicates, merge, undo, sales
	@$(BIN)/patronage demo $(ARGS)

up: install  ## the three services on ports 50051 to 50053, until Ctrl-C
	@$(BIN)/patronage up $(ARGS)

test: install  ## every test; choose with ARGS="-m unit" or ARGS=tests/unit/identity
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: install  ## 12,000 hostile messages over all methods, new ones each time
	PATRONAGE_FUZZ_MESSAGES=12000 $(BIN)/pytest -q tests/system/test_fuzz.py $(ARGS)

soak: install  ## 20,000 random steps in companies that merge and undo, each looked at; STEPS=100000 for more
	$(BIN)/python -m tests.system.soak --steps $(STEPS) $(if $(SEED),--seed $(SEED)) $(ARGS)

faults: install  ## 500 merges and undos under kills of each service and of PostgreSQL; `make test` has 500 in all
	PATRONAGE_FAULTS_MERGES=500 $(BIN)/pytest -q tests/faults/test_merges_killed.py $(ARGS)

check: lint types contract  ## all of: lint, types, contract

lint: install  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install  ## mypy, strict, also of the tests and the examples
	$(BIN)/mypy

contract: install  ## buf lint, stubs current, imports one way
	$(BIN)/python protos/generate.py --lint
	$(BIN)/python protos/generate.py --check
	$(BIN)/pytest -q tests/contract

bench: install  ## speeds, each as calls a second and as a ratio to the echo
	@$(BIN)/python -m tests.benchmarks $(ARGS)

bench-matching: install  ## duplicates of a customer and of a record among 100,000 and a million, beside the echo
	@$(BIN)/python -m tests.benchmarks.matching_bench $(ARGS)

bench-accuracy: install  ## precision, recall, F1, time and memory of `dedupe` on files whose truth is known
	@$(BIN)/python -m tests.benchmarks.accuracy $(ARGS)

load: install  ## mixed calls on the matching service at 80 % of its maximum: errors, memory, p99, an HTML report
	@$(BIN)/python -m tests.load $(ARGS)

protos: install  ## write the stubs under protos/gen from the contract
	$(BIN)/python protos/generate.py

install: .venv/.installed  ## .venv from requirements.lock, each hash checked

clean:  ## remove .venv and every cache; data of `make up` stay
	rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

.venv/.installed: requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" .ci/install
