# Swiftline: every command a person needs. `make` alone shows them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
S ?= pothole
SIZE ?= ci
SEED ?= 1
T ?=
# A program that may not keep its bytecode compiles all it imports at each start: five seconds of
# a core, hundreds of times in the tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run call test test-quick check bench prove docs lock clean

help: ## Show these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready ## Make .venv and var/, fetch the speech model, speak the prompts
	@$(BIN)/swiftline setup

run: .venv/ready ## Start the whole line on this machine
	@$(BIN)/swiftline run

call: .venv/ready ## Let a scripted caller phone the line: make call S=pothole
	@$(BIN)/swiftline call $(S)

test: .venv/dev ## Run every test, and the proof in its short form; T=tests/tickets: one piece
	@scripts/browser
	@$(BIN)/python -m tests --seed $(SEED) $(T)

test-quick: .venv/dev ## Run the tests that take a minute together; T=tests/tickets: one piece
	@$(BIN)/python -m tests --seed $(SEED) --quick $(T)

check: .venv/dev ## Lint, types (Python and JavaScript) and layers
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy . && $(BIN)/lint-imports && scripts/check-js

bench: .venv/dev ## Measure: ours beside an anchor, in one run
	@$(BIN)/python -m bench

prove: .venv/dev ## Prove under chaos that nothing is lost: make prove SIZE=ci, hour or night
	@$(BIN)/python -m bench.proof --size $(SIZE) --seed $(SEED) $(PROVE)

docs: .venv/dev ## Draw docs/settings.md and docs/call-flow.md from the code
	@$(BIN)/python -m ops.docs

lock: .venv/ready ## Resolve requirements*.in again
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes requirements-dev.in -o requirements-dev.txt

clean: ## Remove .venv; var/ with its tickets stays
	@rm -rf .venv

.venv/bin/uv:
	@scripts/venv "$(PYTHON)"

.venv/ready: requirements.txt pyproject.toml | .venv/bin/uv
	@test -e .venv/dev || $(BIN)/uv pip sync -q requirements.txt
	@$(BIN)/uv pip install -q --no-deps --config-settings editable_mode=compat -e . && touch $@

.venv/dev: requirements-dev.txt pyproject.toml | .venv/bin/uv
	@$(BIN)/uv pip sync -q --compile-bytecode requirements-dev.txt
	@$(BIN)/uv pip install -q --no-deps --config-settings editable_mode=compat -e . && touch $@ .venv/ready
