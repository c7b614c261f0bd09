# Everything a newcomer needs: `make try`, `make demo` and `make test` set up what they use and say what they do.
.DEFAULT_GOAL := help
.PHONY: help try demo test test-all lint docs mutants bench clean
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=
SEED ?= 1
# Tests of containers wait for most of their time; a file's tests stay together and share what they set up.
SIDE_BY_SIDE := -n 6 --dist loadfile --no-loadscope-reorder
N ?= 300
ROOMS ?=
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

try: .venv/ready ## make an elasticsearch-conf image and show what comes out
	@tools/with_real_programs.sh tools/try.sh

demo: .venv/ready ## bring three real nodes of Elasticsearch up from an entry, scale them to five, take them down
	@tools/with_real_programs.sh tools/demo.sh

test: lint ## run every check, with a real engine and the real confd (ARGS: options of pytest)
	@tools/with_real_programs.sh pytest $(SIDE_BY_SIDE) $(ARGS)

test-all: lint ## run `make test`, and what takes longer: clusters of real software, the newest Python, a current engine
	@tools/test_all.sh $(SIDE_BY_SIDE) $(ARGS)

lint: .venv/ready ## check style, types and scripts
	@echo "== ruff, mypy, shellcheck"
	@ruff check --quiet .
	@ruff format --quiet --check .
	@mypy
	@shellcheck .ci/run tools/*.sh

docs: .venv/ready ## make the site of the pages: build/docs/index.html (search works without a server)
	@.venv/bin/python -m sphinx -q -W --keep-going -b html docs build/docs
	@echo "build/docs/index.html"

mutants: .venv/ready ## change the code at 300 places, one at a time, and see that a test fails (SEED: which places)
	@.venv/bin/pip install --quiet --group mutants
	@CATALOG_FORGE_CONFD=$$(tools/confd.sh) tools/mutants.py --seed $(SEED) --count $(N) --rooms "$(ROOMS)"

bench: .venv/ready ## measure speed against other tools
	@tools/with_real_programs.sh python benchmarks/run.py

clean: ## remove what was made in this folder (the engine and confd stay in the cache folder)
	@rm -rf .venv .cache build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml
	@echo "== .venv: a virtual environment with the package and its development tools"
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/pip install --quiet --upgrade 'pip>=25.1'
	@.venv/bin/pip install --quiet --editable . --group dev
	@touch $@
