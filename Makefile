# `make demo` and `make test` do all the set-up on a machine with Python (>= 3.11, headers) and a C compiler.
PYTHON ?= python3
# CPU levels to build: this machine's alone, see setup.py
export FASTLR_LEVELS ?= native
BIN := .venv/bin
WHEEL := .venv/wheel-$(FASTLR_LEVELS)
SOURCES := pyproject.toml setup.py README.md LICENSE $(shell find fastlr -name '*.py' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.pyi' -o -name py.typed)

.PHONY: demo test audit lint bench bench-compare bits docs sanitize clean

demo: .venv/fastlr
	$(BIN)/python -m bench.demo

test: .venv/test
	$(BIN)/pytest $(PYTEST_ARGS)

# 20,000 random problems against optima in 80-bit floats; one alone: make audit AUDIT_ARGS="--problem 12345"
audit: .venv/test
	cd tests && ../$(BIN)/python -m audit $(AUDIT_ARGS)

lint: .venv/lint
	$(BIN)/pre-commit run --all-files

bench: .venv/bench
	$(BIN)/python -m bench.race --selection quick

bench-compare: .venv/fastlr
	$(BIN)/python -m bench.compare $(BASE)

bits:
	$(MAKE) FASTLR_LEVELS=all .venv/fastlr
	$(BIN)/python -m bench.bits $(BASE)

docs: .venv/docs
	$(BIN)/sphinx-build -W -b html docs docs/_build
	! grep -rlE '<(script|link|img|iframe)[^>]*(src|href)="(https?:)?//' docs/_build --include='*.html'  # nothing from elsewhere

sanitize: .venv/test
	tests/sanitize.sh $(BIN)

clean:
	rm -rf .venv build dist fastlr_solver.egg-info docs/_build docs/api

# The package is tested as users get it: from a wheel, not from this folder.
.venv/fastlr: $(WHEEL)
	$(BIN)/pip install --quiet --force-reinstall --no-deps dist/*.whl
	$(BIN)/pip install --quiet dist/*.whl
	touch $@

$(WHEEL): .venv/pip $(SOURCES)
	rm -rf dist .venv/wheel-*
	$(BIN)/pip wheel --quiet --no-build-isolation --no-deps --wheel-dir dist .
	touch $@

.venv/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet "setuptools>=77" "cython>=3.2" wheel
	touch $@

.venv/test .venv/lint .venv/bench .venv/docs: .venv/%: .venv/fastlr
	$(BIN)/pip install --quiet "$$(echo dist/*.whl)[$*]"
	touch $@
