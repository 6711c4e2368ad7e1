# `make demo` runs the main job on embedded data, `make test` the tests; both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow faults cluster-test check format bench soak clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

install: $(INSTALLED)  ## Create .venv with everything, at the versions of constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -c constraints.txt uv
	$(BIN)/uv pip install --quiet --compile-bytecode --system-certs --python $(BIN)/python -c constraints.txt -e '.[dev]' || { \
		echo "uv cannot install the packages; pip takes longer"; \
		$(BIN)/pip install --quiet --upgrade-strategy only-if-needed -c constraints.txt -e '.[dev]'; }
	touch $@

demo: $(INSTALLED)  ## Run the demo sweep, export it, draw its figures and write its report
	$(BIN)/sweep run demo
	$(BIN)/sweep export demo -o out/demo
	$(BIN)/sweep figures demo -o out/demo
	$(BIN)/sweep report demo -o out/demo/report.html
	@echo
	@echo "Tables:   out/demo/epochs.parquet, out/demo/points.parquet"
	@echo "Figures:  out/demo/fig4a.png, fig4b.png, fig5a.png, fig5b.png, learning_curves.png"
	@echo "Report:   out/demo/report.html"
	@echo "MLflow:   $(BIN)/sweep ui"

test: $(INSTALLED)  ## Run the tests of minutes; those on MNIST need SWEEP_DATA_DIR
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

test-slow: $(INSTALLED)  ## Run the others: real sweeps, clusters, servers, other backends; twenty minutes
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m 'slow and not cluster'

faults: $(INSTALLED)  ## Run those tests alone that use a Ray cluster of several nodes
	$(BIN)/pytest -m faults

cluster-test: $(INSTALLED)  ## Run the tests that take minutes of a cluster; that of several hosts needs root
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
