# make demo: set up (first time) and build the reference study; make test: everything that must hold.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lock lint types layers docs check mutation clean

demo: $(VENV)/.runtime
	@if [ -e demo ]; then echo "building the study in demo/ as it is; remove demo/ to have it simulated anew"; \
	else $(BIN)/spectrail simulate blina_ball -o demo --seed 1 --profile trial; fi
	$(BIN)/spectrail build demo -o $(OUT) --only sdtm,adam,define
	@echo "to validate, too: $(BIN)/spectrail build demo -o $(OUT)"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types layers test

# plant every defect of benchmarks/mutation/*.csv into the built reference study and count what is found
mutation: $(VENV)/.dev
	$(BIN)/spectrail simulate blina_ball -o demo --seed 1 --profile trial
	$(BIN)/spectrail build demo -o $(OUT) --fail-on never
	$(BIN)/python -m benchmarks.mutation.score $(OUT)

COMPILE = $(BIN)/pip-compile -q --strip-extras --generate-hashes --no-annotate --no-header --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock: $(VENV)/bin/python
	$(COMPILE) --extra build -o requirements.lock pyproject.toml
	$(COMPILE) --extra build --extra dev --extra suites -c requirements.lock -o requirements-dev.lock pyproject.toml

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or later is needed: install it (Debian: apt-get install python3 python3-venv) or set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; $(PYTHON) is older. Set PYTHON=/path/to/a/newer/python3"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "The venv module is missing: install it (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(OUT) demo dist build .mypy_cache .ruff_cache .pytest_cache
