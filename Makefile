# On a machine with Python 3.11+, git and make: `make play` to try it, `make demo` to see it work, `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
KILLS  ?= 500
SEED   ?= 1

.PHONY: play demo run test torture check format lock bench clean

play: $(VENV)/.sandbox          ## a chat in your browser with the real bot: no token, no key, no network
	$(BIN)/python -m sandbox serve

demo: $(VENV)/.sandbox          ## the whole product against stand-ins: no token, no key, no network
	$(BIN)/python -m sandbox demo

run: $(VENV)/.run               ## the bot itself; reads .env
	$(BIN)/python -m bot run

test: $(VENV)/.dev              ## every test
	$(BIN)/python -m pytest

torture: $(VENV)/.dev           ## twenty minutes of kills; prints the table of docs/reliability.md
	$(BIN)/python -m tests.acceptance.torture --kills $(KILLS) --seed $(SEED)

check: $(VENV)/.dev             ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev             ## measured against a peer in the same run
	$(BIN)/python -m benchmarks

lock: $(VENV)/.dev              ## resolve the lock files anew, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml --extra sandbox -o requirements/sandbox.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml --extra sandbox --group dev -o requirements/dev.txt

# One environment, three sizes; each larger one contains the smaller ones.
$(VENV)/.run: requirements/run.txt
$(VENV)/.sandbox: requirements/sandbox.txt
$(VENV)/.dev: requirements/dev.txt
$(VENV)/.run $(VENV)/.sandbox $(VENV)/.dev:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rushes needs Python 3.11 or newer; say PYTHON=python3.12 make ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

clean:
	rm -rf $(VENV) demo-output .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
