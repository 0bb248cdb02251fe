# Every command a person runs. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test audit check golden explain bench lock clean test-services test-browser another-python

PYTHON ?= python3
PORT ?= 8000
PROCESSES ?= 2
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=$(VENV) $(BIN)/uv
UV_VERSION := 0.13.9

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z\/.-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is newer than everything that decides what stands in .venv.
$(VENV)/.ready: dev.lock pyproject.toml
	@$(NEW_ENOUGH)
	test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	$(UV) pip sync --quiet --compile-bytecode dev.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

NEW_ENOUGH := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Atrium needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2])'

# A PYTHON that is named, on the command line or in the environment, takes the place of another one in .venv.
WHICH = $(shell { $(1) -c 'import sys; print(sys.base_prefix, sys.version)'; } 2>/dev/null)
ifneq ($(filter command environment,$(origin PYTHON)),)
ifneq ($(call WHICH,$(PYTHON)),$(call WHICH,$(BIN)/python))
$(VENV)/.ready: another-python
endif
endif
another-python:
	@$(NEW_ENOUGH)
	rm -rf $(VENV)

# GraphiQL, built once with Node from the environment TOOLS; the stamp is newer than its sources.
TOOLS := $(VENV)
EXPLORER := router/http/static/explorer/.stamp
$(EXPLORER): $(wildcard dashboard/explorer/*.js* dashboard/explorer/index.html dashboard/explorer/src/*) | $(TOOLS)/.ready
	cd dashboard/explorer && PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" npm ci --no-audit --no-fund --loglevel=error
	cd dashboard/explorer && PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" npm run --silent build -- --logLevel error
	touch $@

# Another composer and other gateways, which tests compare ours with, and clients that the router is asked with.
PEERS := tests/federation/node_modules/.ready tests/federation/hive/node_modules/.ready tests/clients/node_modules/.ready
$(PEERS): %/node_modules/.ready: %/package-lock.json | $(VENV)/.ready
	cd $* && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	touch $@

setup: $(VENV)/.ready $(EXPLORER)  ## build .venv with everything, and the explorer (PYTHON=... for another than python3)

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes pyproject.toml
lock:  ## resolve the dependencies anew: image.lock (services), build.lock (what builds them), dev.lock (everything)
	$(COMPILE) -o image.lock
	$(COMPILE) --group build --group dev --extra embedded -c image.lock -o dev.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --group build -c dev.lock -o build.lock

run: setup  ## start the platform on http://127.0.0.1:8000 (PORT=... for another)
	exec $(BIN)/atrium up --port $(PORT)

check: setup  ## format, lint, types, import contracts, fresh and well-formed schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/atrium schema check
	$(BIN)/atrium schema lint --rules pyproject.toml
	$(BIN)/hadolint docker/*.Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

explain: setup  ## how the router would answer: make explain Q='{ viewer { name } }'
	@$(BIN)/atrium explain '$(Q)'

clean:  ## remove what setup and the tools made; the data in .atrium stays
	rm -rf $(VENV) build router/http/static/explorer dashboard/explorer/node_modules
	rm -rf tests/federation/node_modules tests/federation/hive/node_modules tests/clients/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

golden: setup  ## write the golden files anew; read the diff as if a stranger wrote it
	ATRIUM_GOLDEN=rewrite $(BIN)/pytest -q tests/unit

test: setup $(PEERS)  ## the test suite, on what the wheels bring (PROCESSES=... side by side, 2)
	@$(BIN)/python -m tests.federation.cases
	$(BIN)/pytest -m "not browser" --numprocesses $(PROCESSES) --dist loadfile

test-services: setup  ## the integration tests again, on Debian's PostgreSQL 15 and Redis 7
	$(BIN)/python -m tests.services.run

docker/.env: setup  ## secrets for docker/compose.yaml, made once and readable by you alone
	@test ! -e $@ || { echo "$@ is there already; remove it to make new secrets" >&2; exit 1; }
	@umask 077; { $(BIN)/atrium keys; echo "ATRIUM_MAIL_SMTP_HOST="; \
	  for name in POSTGRES_PASSWORD ATRIUM_DATABASE_APP_PASSWORD; do \
	    echo "$$name=$$($(BIN)/python -c 'import secrets; print(secrets.token_hex(24))')"; done; } > $@
	@echo "Wrote $@: say in it where mail goes (ATRIUM_MAIL_SMTP_HOST)."

# What the containers' only RUN step calls (docker/*.Dockerfile); it needs no tools but those of build.lock.
DEST ?= build/atrium
image: build/tools/.ready  ## the product alone, without tools and embedded stores, installed into DEST
	$(MAKE) --no-print-directory TOOLS=build/tools $(EXPLORER)
	$(IMAGE_UV) build --quiet --wheel --no-build-isolation --python build/tools/bin/python --out-dir build/dist .
	$(IMAGE_UV) venv --quiet --allow-existing --python build/tools/bin/python $(DEST)
	VIRTUAL_ENV=$(DEST) $(IMAGE_UV) pip sync --quiet --compile-bytecode image.lock
	VIRTUAL_ENV=$(DEST) $(IMAGE_UV) pip install --quiet --no-deps --compile-bytecode build/dist/atrium-*.whl

IMAGE_UV := UV_PYTHON_DOWNLOADS=never build/tools/bin/uv
build/tools/.ready: build.lock
	$(PYTHON) -m venv build/tools
	build/tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=build/tools $(IMAGE_UV) pip sync --quiet build.lock
	touch $@

test-browser: setup  ## the explorer in a real browser, Debian's Chromium
	$(BIN)/python -m tests.browser.run

audit: setup $(PEERS)  ## compose the federation audit's suites like another composer: make audit CHECKOUT=...
	@$(BIN)/python -m tests.federation.audit '$(CHECKOUT)'

bench: bench-compose bench-planning bench-fresh bench-memory bench-compiled bench-persisted bench-gateway bench-limits bench-realtime bench-platform  ## every benchmark; rewrites benchmarks/results

bench-compose: setup  ## composition of made-up subgraphs in several sizes
	$(BIN)/python -m benchmarks.compose

bench-planning: setup  ## how planning and execution grow, with plots; what others feel while expensive plans are made
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.planning.health

bench-fresh: setup  ## what queries cost that the router has never seen
	$(BIN)/python -m benchmarks.planning.fresh

bench-memory: setup  ## what the router holds in memory over 100,000 requests
	$(BIN)/python -m benchmarks.memory

bench-compiled: setup  ## compiled plans against the interpreter, with and without failing entities
	$(BIN)/python -m benchmarks.compiled

bench-gateway: setup  ## the router over fixed subgraphs
	$(BIN)/python -m benchmarks.gateway

bench-persisted: setup  ## operations by id and by hash beside their text
	$(BIN)/python -m benchmarks.persisted

bench-limits: setup  ## what rate limits and IP rules cost, and how exact leases are
	$(BIN)/python -m benchmarks.limits

bench-realtime: setup  ## subscriptions, idle sockets and overload on one router process
	$(BIN)/python -m benchmarks.realtime

bench-platform: setup  ## the whole platform: signing in, a list crossing three subgraphs
	$(BIN)/python -m benchmarks.platform
