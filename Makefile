# `make` lists the targets. Each sets up what it needs, and does nothing twice.
.DEFAULT_GOAL := help
.PHONY: help lab test lint types unit nbval peers notebooks score ledger lock clean

# What to hand on to JupyterLab, such as LAB_ARGS="--no-browser --port=8889".
LAB_ARGS ?=
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$python" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: .venv/lab.done  ## open the notebooks in JupyterLab, on the sandbox (LAB_ARGS are passed on)
	@$(BIN)/fbnb lab $(LAB_ARGS)

test: lint types unit nbval peers  ## run everything: lint, types, unit tests, notebooks, other people's SDKs

lint: .venv/dev.done  ## ruff, on the package, the tests and the notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.done  ## mypy --strict
	$(BIN)/mypy

unit: .venv/dev.done  ## the tests of the package
	$(BIN)/pytest -n 2 --dist loadfile

nbval: .venv/dev.done  ## every notebook, each output compared with the committed one
	$(BIN)/pytest --nbval -n 2 --dist loadscope --no-loadscope-reorder notebooks

peers: .venv/peers.done .venv/lab.done  ## other people's SDKs against the sandbox
	.venv/peers/bin/python -m pytest -c tests/peers/pytest.ini tests/peers

notebooks: .venv/dev.done  ## run the notebooks again and save their outputs
	$(BIN)/python tests/run_notebooks.py notebooks/*.ipynb

score: .venv/dev.done  ## how well diagnose tells the labelled errors apart
	@$(BIN)/python tests/score.py

ledger: .venv/dev.done  ## how well the sandbox's answers are known, counted into the README
	@$(BIN)/python tests/count_ledger.py --write

lock: .venv/dev.done  ## work out the exact versions again, from the ranges in pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade --no-emit-index-url \
		--python-version 3.11 pyproject.toml requirements/build.in --output-file requirements/lab.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --extra dev \
		--python-version 3.11 --constraint requirements/lab.txt pyproject.toml requirements/build.in \
		--output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade --no-emit-index-url \
		--python-version 3.11 requirements/peers.in --output-file requirements/peers.txt

clean:  ## remove the virtual environment and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

.venv/made.done:
	@test -n "$(PYTHON)" || { echo "fbnb needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fbnb needs Python 3.11 or newer, and $(PYTHON) is older."; exit 1; }
	@echo "Setting up .venv with $(PYTHON); the first time takes a minute or two."
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; echo "This Python lacks venv: on Debian, apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/lab.done: requirements/lab.txt pyproject.toml | .venv/made.done
	$(PIP) --require-hashes --requirement requirements/lab.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.done: requirements/dev.txt .venv/lab.done | .venv/made.done
	$(PIP) --require-hashes --requirement requirements/dev.txt
	@touch $@

.venv/peers.done: requirements/peers.txt | .venv/made.done
	@rm -rf .venv/peers
	@$(BIN)/python -m venv .venv/peers
	.venv/peers/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement requirements/peers.txt
	@touch $@
