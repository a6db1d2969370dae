# `make run` and `make test` need nothing but make and Python 3.11+; every target sets up .venv first.
# (Kept to what GNU make 3.81 understands, the one that macOS ships.)

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$p && break; done)
endif
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run demo test bench faults fuzz lint fmt migrate replay screenshots plugin lock
.PHONY: dependencies sbom clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## Create .venv with exactly the locked dependencies (at once when nothing changed)
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 was not found. Install one, or name one: make setup PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) scripts/make_venv.py

run: setup ## Start everything on this machine, with two demo stores
	@$(BIN)/afterglow run --demo

demo: setup ## Play one scenario on both demo stores and compare the end with what is expected
	@$(BIN)/afterglow demo --once --json

test: setup ## Run all tests (FILES=tests/unit for a part)
	@$(BIN)/python scripts/ensure_browser.py
	@$(BIN)/python scripts/ensure_php.py
	@$(BIN)/python -m pytest -n $(or $(WORKERS),auto) --maxprocesses 4 --dist loadgroup $(FILES)

bench: setup ## Measure what has to be fast (ONLY=receiving for a part, JSON=path to keep it elsewhere)
	@$(BIN)/python -m bench $(ONLY) $(if $(JSON),--json $(JSON))

faults: setup ## Kill, cut and fill for a while, then compare all ledgers (MINUTES=5 SEED=1 DATABASE=postgresql BEFORE=commit)
	@$(BIN)/python -m faults --minutes $(or $(MINUTES),3) --database $(or $(DATABASE),sqlite) $(if $(SEED),--seed $(SEED)) $(if $(BEFORE),--before $(BEFORE))

lint: setup ## Check style, types, architecture, dependencies, locks and documentation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(BIN)/python scripts/check_lock.py
	@$(BIN)/python scripts/check_docs.py
	@$(BIN)/python scripts/check_files.py

fmt: setup ## Format the code and apply safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

migrate: setup ## Bring the database of the current settings up to date
	@$(BIN)/afterglow migrate

replay: setup ## Post a recorded delivery, signed, to the running app: make replay FIXTURE=tests/fixtures/...
	@test -n "$(FIXTURE)" || { echo "Say which delivery: make replay FIXTURE=tests/fixtures/<platform>/<topic>__<case>.json"; exit 1; }
	@$(BIN)/afterglow replay "$(FIXTURE)"

screenshots: setup ## Take the pictures of the running product that the documentation shows
	@$(BIN)/python scripts/ensure_browser.py
	@$(BIN)/python scripts/screenshots.py

plugin: setup ## Pack the WordPress plugin into dist/ (APP_URL=https://... fills its address in)
	@$(BIN)/python scripts/build_plugin.py $(if $(APP_URL),--app-url $(APP_URL))

lock: setup ## Resolve the dependencies of pyproject.toml anew into requirements/*.lock
	@$(BIN)/python scripts/lock.py
	@$(PYTHON) scripts/make_venv.py

dependencies: setup ## List all packages with licence and age; fails for a licence that is not allowed
	@$(BIN)/python scripts/dependencies.py

sbom: setup ## Write dist/sbom.json: what the running application is made of (CycloneDX)
	@$(BIN)/python scripts/sbom.py

fuzz: setup ## Look for inputs that break something: make fuzz MINUTES=10 (TARGET=links for one, SEED=1)
	@$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10) $(if $(TARGET),--target $(TARGET)) $(if $(SEED),--seed $(SEED))

clean: ## Remove .venv and caches (var/, your data, stays)
	rm -rf .venv build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
