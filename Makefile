# Holdfast: `make run` shows it, `make test` checks it. Everything is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TESTABLE := $(VENV)/.testable
NODE_FOLDER := tests/browser/node
# Two at a time, each file by itself: the tests wait for browsers and networks more than they compute. Those that measure
# media as it runs come after them, one by one.
PYTEST_FLAGS ?= -n 2 --dist loadfile
BENCH ?= rtp_cost webm_close join power_cut liveness kill interruptions resume roaming rolling_restart loss throttle sync cpu downloads export uploads audit faults

# A Mac keeps its browser off the path.
MAC_CHROME := /Applications/Google Chrome.app/Contents/MacOS/Google Chrome
ifeq ($(shell test -x "$(MAC_CHROME)" && echo yes),yes)
CHROMIUM ?= $(MAC_CHROME)
export CHROMIUM
endif

.PHONY: run test lint types front-end-types bench clean

run: $(INSTALLED)
	@exec $(BIN)/python -m web.demonstration $(if $(PHONE),--phone) $(if $(PORT),--port $(PORT)) $(if $(DATA),--data $(DATA))

# pytest comes last: its closing line is the verdict.
test: $(TESTABLE)
	@sh scripts/test-programs.sh
	@$(MAKE) --no-print-directory lint types front-end-types
	@$(BIN)/python scripts/known_vulnerabilities.py
	@$(BIN)/python -m pytest $(PYTEST_FLAGS) -m "not real_time"
	@$(BIN)/python -m pytest -m real_time

lint: $(TESTABLE)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(TESTABLE)
	$(BIN)/mypy

front-end-types:
	@sh scripts/front-end-types.sh $(NODE_FOLDER)

# More than an hour in all; `make bench BENCH=kill` runs one.
bench: $(TESTABLE)
	@for name in $(BENCH); do echo "== bench.$$name"; $(BIN)/python -m bench.$$name || exit 1; done

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache $(NODE_FOLDER)/node_modules

# A stamp is older than these files exactly when something has to be installed.
$(INSTALLED): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh scripts/install.sh "$(VENV)" .
	@touch $@

$(TESTABLE): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh scripts/install.sh "$(VENV)" ".[test]"
	@touch $(INSTALLED) $@
