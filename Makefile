# The developer's commands. On Windows, CONTRIBUTING.md has the same ones without make.

PYTHON ?= python3
BIN := .venv/bin
# The environment is made again when what it is made from changes.
READY := .venv/.ready-$(shell cksum < pyproject.toml | cut -d' ' -f1)
# Two processes at least: each has a studio of its own.
TESTS ?= -n auto --maxprocesses=8 --dist=loadfile

# Blenders as Python modules that the contract of hosts is run in: make bpy-lane BPY=4.5.*
BPY ?= 4.5.15 5.0.1
# These modules are made for one Python alone.
BPY_PYTHON ?= $(shell command -v python3.11 || echo $(PYTHON))

# Chooses the moments of the fault batteries: make torture SEED=7
SEED ?= 1

.PHONY: help bpy-lane venv demo test bench torture gui lint clean

help:
	@echo "make venv      .venv with every extra, and onepiece in it"
	@echo "make demo      publish a small show on this machine and look at the result"
	@echo "make test      all tests"
	@echo "make bpy-lane  the contract of hosts in newer Blenders, from the package registry"
	@echo "make lint      ruff, mypy, import-linter"
	@echo "make bench     measure against the peers, in interleaved pairs"
	@echo "make gui       an artist's clicks in Blender's window, on a screen of its own"
	@echo "make torture   the long fault batteries (SEED=n)"
	@echo "make clean     remove what the others made"

venv: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "OnePiece needs Python 3.11 or newer; name one with: make venv PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev,opencue]'
	@rm -f .venv/.ready-*
	@touch $@

demo: venv
	$(BIN)/onepiece demo --dir demo

test: venv
	$(BIN)/python -m pytest -m "not torture and not gui" $(TESTS)

bench: venv
	$(BIN)/python -m tests.benchmarks

gui: venv
	$(BIN)/python -m pytest -m gui --no-skips -rs tests/hosts/gui

torture: venv
	$(BIN)/python -m tests.torture --seed $(SEED)

bpy-lane: venv
	@for version in $(BPY); do \
		test -x .venv/bpy-$$version/bin/python || { $(BPY_PYTHON) -m venv .venv/bpy-$$version && \
			.venv/bpy-$$version/bin/pip install --quiet "bpy==$$version" pytest; } || exit 1; \
		echo "bpy $$version"; PYTHONPATH=.:hosts:shelves .venv/bpy-$$version/bin/python -m pytest -q --noconftest \
			-p no:cacheprovider -p no:warnings -o addopts= tests/hosts/in_blender/contract.py || exit 1; \
	done

lint: venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	@test ! -x $(BIN)/onepiece || $(BIN)/onepiece sandbox down --dir demo/sandbox
	rm -rf .venv demo dist build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
