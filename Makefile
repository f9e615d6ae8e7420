# make train : install chainrule into .venv and train the paper's network on real digits
# make test  : lint, types and the whole test suite, in .venv
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test quick lint types docs pictures clean

train: .venv/ready-to-train
	$(BIN)/chainrule train

test: .venv/ready-to-test lint types
	$(BIN)/python -m pytest -n 2

# The tests of a working day: no lint, nothing marked long.
quick: .venv/ready-to-test
	$(BIN)/python -m pytest -n 2 -m "not long"

lint: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready-to-test
	$(BIN)/mypy

docs: .venv/ready-to-test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The pictures of README and docs, made anew by chainrule itself.
pictures: .venv/ready-to-test
	$(BIN)/python docs/pictures/make.py

clean:
	rm -rf .venv site dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/ready-to-train: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[digits]"
	touch $@

.venv/ready-to-test: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@
