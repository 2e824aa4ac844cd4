PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup packages models demo test lint types eval bench ear-data ear train chaos clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## */\t/' | expand -t 12

setup: ## a virtual environment in .venv, the packages, the model weights; quick when nothing changed
	@$(PYTHON) scripts/setup.py

packages:
	@$(PYTHON) scripts/setup.py --no-weights

demo: setup ## replay a courier's recorded morning, stage by stage
	@$(BIN)/courier-voice demo

test: setup ## lint, types and tests, everything .ci/run checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q

lint: packages ## ruff, and its formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: packages ## mypy --strict
	$(BIN)/mypy

eval: setup ## score every set and the recorded turns: build/eval/report.html, and the same numbers as JSON
	@$(BIN)/courier-voice eval report --audio live --out build/eval

bench: setup ## against the plain stack and pipecat; hands free: response times, barge-in, endings, false wakes, noise (an hour)
	@$(BIN)/courier-voice bench
	@$(BIN)/courier-voice bench --outbox
	@$(PYTHON) scripts/peer.py
	@$(BIN)/courier-voice bench --hands-free --peer-python .venv-peer/bin/python
	@$(BIN)/courier-voice bench --barge-in
	@$(BIN)/courier-voice eval endpointing
	@$(BIN)/courier-voice eval wake
	@$(BIN)/courier-voice eval street

train: setup ## make the fast model of understanding anew, under 30 minutes on two cores; goes on where it was stopped
	@$(BIN)/courier-voice train nlu

ear-data: setup ## speak the recogniser's training sentences, about 45 minutes on two cores; goes on where it was stopped
	@$(BIN)/courier-voice train ear-data

ear: setup ## tune the recogniser on them, about an hour and a half; goes on where it was stopped
	@$(BIN)/courier-voice train ear

chaos: packages ## 10,000 effects under faults and kill -9: none lost, none twice
	@$(BIN)/courier-voice chaos

models: packages ## bring the model weights, and list them
	@$(BIN)/courier-voice models pull
	@$(BIN)/courier-voice models list

clean: ## remove the environment and every cache in this directory; weights stay
	rm -rf .venv .venv-peer build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
