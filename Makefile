# `make run` and `make test` work in a fresh clone on a machine with Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# make run CUDA=1 takes PyTorch's CUDA build where the package index would give it
ENVIRONMENT = $(PYTHON) tools/environment.py $(VENV) $(if $(CUDA),--cuda)

.PHONY: run test lint bench words

run: $(VENV)/.run
	@exec $(BIN)/python -m rnnviz $(ARGS)

test: $(VENV)/.test
	BROWSER_PATH="$$($(BIN)/python tools/browser.py --install)" && export BROWSER_PATH && \
	$(BIN)/python -m pytest -n 2 --durations=25 $(ARGS)

lint: $(VENV)/.test
	$(BIN)/python tools/lint.py

# The messages of Python and JavaScript, collected for translators.
words: $(VENV)/.test
	PYTHONPATH=. $(BIN)/python tools/words.py

bench: $(VENV)/.test
	BROWSER_PATH="$$($(BIN)/python tools/browser.py --install)" && export BROWSER_PATH && \
	{ failed=; for script in tests/benchmarks/bench_*.py; do \
	PYTHONPATH=. $(BIN)/python $$script || failed=1; done; test -z "$$failed"; }

$(VENV)/.run: requirements.txt
	$(ENVIRONMENT) requirements.txt
	@touch $@

$(VENV)/.test: requirements.txt requirements-test.txt
	$(ENVIRONMENT) requirements.txt requirements-test.txt
	@touch $@ $(VENV)/.run
