# On a machine with Python 3.11+, git and make: `make play` to try it, `make demo` to see it work, `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
AUDIT  := .venv-audit
BARE   := .venv-run
BENCH  := .venv-bench
KILLS  ?= 500
SEED   ?= 1

.PHONY: play demo run test torture sweep machine soak crowd fuzz ill outage fair latency trouble hardened deployment check format lock bench audit sbom clean

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

crowd: $(VENV)/.dev             ## ten thousand open tasks: how soon the bot is at work, how soon it ends
	$(BIN)/python -m tests.acceptance.crowd
hardened: $(VENV)/.dev          ## the bot at work under a container's restrictions, without one; needs root
	$(BIN)/python -m tests.acceptance.confined

deployment: $(VENV)/.deployment ## Dockerfile, compose.yaml and the systemd unit, by their linters
	$(VENV)/deployment/bin/hadolint Dockerfile
	$(VENV)/deployment/bin/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	@# The unit's own command stands where it is installed, not here.
	sed 's|^ExecStart=.*|ExecStart=/bin/true|' deploy/rushes.service > $(VENV)/deployment/rushes.service
	systemd-analyze verify $(VENV)/deployment/rushes.service
	systemd-analyze security --offline=true --threshold=20 deploy/rushes.service > $(VENV)/deployment/exposure.txt
	tail -1 $(VENV)/deployment/exposure.txt
fuzz: $(VENV)/.dev              ## the way in for programs, driven from its own OpenAPI document
	$(BIN)/python -m tests.acceptance.fuzz
ill: $(VENV)/.dev               ## eight minutes: one gateway answers in every wrong way
	$(BIN)/python -m tests.acceptance.ill

outage: $(VENV)/.dev            ## twelve minutes: a gateway with a thousand tasks is away
	$(BIN)/python -m tests.acceptance.outage

latency: $(VENV)/.dev           ## two minutes: from the gateway's word to Telegram, amid a thousand tasks
	$(BIN)/python -m tests.acceptance.latency

fair: $(VENV)/.dev              ## three minutes: what a healthy gateway's tasks feel of three ill ones
	$(BIN)/python -m tests.acceptance.fair

trouble: $(VENV)/.dev           ## eight minutes: full disk, locked database, no names
	$(BIN)/python -m tests.acceptance.roomless
sweep: $(VENV)/.dev             ## every call in the life of a task fails once; some minutes
	$(BIN)/python -m tests.acceptance.sweep

machine: $(VENV)/.dev           ## two thousand random histories of the bot, each held against what is promised
	$(BIN)/python -m tests.acceptance.machine --seed $(SEED)

soak: $(VENV)/.dev              ## a day with ten thousand tasks, in ten minutes
	$(BIN)/python -m tests.acceptance.soak --seed $(SEED)

check: $(VENV)/.dev             ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(BENCH)/.done           ## measured against peers in the same run; a quarter of an hour, PARTS="polling --quick" for two minutes
	$(BENCH)/bin/python -m benchmarks $(PARTS)

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header

# The largest first, and the others by its versions: what runs is what was tested.
lock: $(VENV)/.dev              ## resolve the lock files anew, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --group deployment -o requirements/deployment.txt
	$(LOCK) pyproject.toml --extra sandbox --group dev -o requirements/dev.txt
	$(LOCK) pyproject.toml --extra sandbox -c requirements/dev.txt -o requirements/sandbox.txt
	$(LOCK) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	$(LOCK) pyproject.toml --extra sandbox --group bench -c requirements/dev.txt -o requirements/bench.txt
	$(LOCK) --group audit -o requirements/audit.txt

audit: $(AUDIT)/.done           ## known weaknesses in what runs; needs the package index, and fails where it does not tell
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements/run.txt

sbom: $(AUDIT)/.done $(BARE)/.done ## sbom.json: everything that runs, with versions and licences (CycloneDX)
	$(AUDIT)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o sbom.json $(BARE)/bin/python
	$(BARE)/bin/python .ci/sbom_complete.py sbom.json

# One environment, three sizes; each larger one contains the smaller ones.
$(VENV)/.run: requirements/run.txt
$(VENV)/.sandbox: requirements/sandbox.txt
$(VENV)/.dev: requirements/dev.txt
$(VENV)/.run $(VENV)/.sandbox $(VENV)/.dev:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rushes needs Python 3.11 or newer; say PYTHON=python3.12 make ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Tools that nothing else needs, in an environment of their own.
$(VENV)/.deployment: requirements/deployment.txt
	@test -x $(VENV)/deployment/bin/python || $(PYTHON) -m venv $(VENV)/deployment
	$(VENV)/deployment/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# What the product is measured beside is never installed beside it.
$(BENCH)/.done: requirements/bench.txt
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Apart from the environment above: the tools bring many packages, and the list is to hold nothing but what runs.
$(AUDIT)/.done: requirements/audit.txt
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(BARE)/.done: requirements/run.txt $(AUDIT)/.done
	@rm -rf $(BARE) && $(PYTHON) -m venv --without-pip $(BARE)
	$(AUDIT)/bin/python -m pip --python $(BARE)/bin/python install --quiet --require-hashes -r $<
	@touch $@

clean:
	rm -rf $(VENV) $(AUDIT) $(BARE) $(BENCH) sbom.json demo-output .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
