# `make demo` runs the main job on embedded data, `make test` the tests; both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/runtime
INSTALLED := .venv/installed

# Installs $(1) into .venv, with uv (and its options $(2)) where it can be had; says every ten seconds how far it is.
define install_packages
trap 'kill $$beat 2> /dev/null' EXIT; \
(while sleep 10; do echo "  $$(du -sm .venv | cut -f1) MB so far"; done) & beat=$$!; \
$(PYTHON) -m venv .venv && $(BIN)/pip install --quiet -c constraints.txt uv && \
	$(BIN)/uv pip install --quiet $(2) --system-certs --python $(BIN)/python -c constraints.txt -e '$(1)' || { \
	echo "uv cannot install the packages: pip takes longer, 6 to 18 minutes on two busy cores"; \
	$(BIN)/pip install --quiet $(if $(2),,--no-compile) --upgrade-strategy only-if-needed -c constraints.txt -e '$(1)'; }
endef

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow faults cluster-test check format bench soak clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

install: $(INSTALLED)  ## Create .venv with everything, at the versions of constraints.txt

$(RUNTIME): pyproject.toml constraints.txt
	@echo "Installing what a run needs into .venv: 3 GB, half a minute with a quick registry, some minutes else"
	@$(call install_packages,.)
	@$(BIN)/pip uninstall -qq --yes uv
	@touch $@

$(INSTALLED): pyproject.toml constraints.txt
	@echo "Installing everything into .venv: 4.2 GB, half a minute with a quick registry, some minutes else"
	@$(call install_packages,.[dev],--compile-bytecode)
	@touch $@ $(RUNTIME)

demo: $(RUNTIME)  ## Run the demo sweep, export it, and write its report, with all figures
	$(BIN)/sweep run demo
	$(BIN)/sweep export demo -o out/demo
	$(BIN)/sweep report demo -o out/demo/report.html
	@echo
	@echo "Report:   out/demo/report.html (figures, claims, how far to trust them)"
	@echo "Tables:   out/demo/epochs.parquet, out/demo/points.parquet"
	@echo "Figures:  $(BIN)/sweep figures demo -o out/demo"
	@echo "MLflow:   $(BIN)/sweep ui demo"

test: $(INSTALLED)  ## Run the tests of minutes; those on MNIST need SWEEP_DATA_DIR
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slow: $(INSTALLED)  ## Run the others: real sweeps, clusters, servers, other backends; under twenty minutes
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'slow and not cluster'

faults: $(INSTALLED)  ## Run those tests alone that use a Ray cluster of several nodes
	$(BIN)/pytest -m faults

cluster-test: $(INSTALLED)  ## Run the long ones: every pair of deaths, many trials, several hosts (needs root); half an hour
	$(BIN)/pytest -m cluster -s

check: $(INSTALLED)  ## Lint, format and type checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)  ## Time the estimator and the overheads against their rivals
	$(BIN)/python -m benchmarks.mi

soak: $(INSTALLED)  ## Kill a sweep until it is done, and compare it with an undisturbed one (10 minutes)
	$(BIN)/python -m benchmarks.soak

clean:  ## Remove caches and build output; results stay
	rm -rf build *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -not -path './.venv/*' -exec rm -rf {} +
