# `make demo` and `make test` do all of their own set-up; PYTHON chooses the interpreter (3.11 to 3.13).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

# `make test` leaves out what is marked slow; `make slow` runs that alone. CI runs both.
.PHONY: demo test slow soak check check-page pictures clean

demo: $(READY)
	$(BIN)/seg compare configs/compare/demo.yaml
	BENTOML_HOME=runs/demo/bentoml $(BIN)/seg promote runs/demo
	BENTOML_HOME=runs/demo/bentoml $(BIN)/python -m service.demo runs/demo
	@echo "report: runs/demo/report.html"

test: check
	$(BIN)/pytest -m "not slow" -n 2 --max-worker-restart 0 --dist loadfile --cov

slow: $(READY)
	$(BIN)/pytest -m slow -n 2 --max-worker-restart 0 --dist loadfile

# The pictures in README, from the report of the demo.
pictures: runs/demo/bentoml
	mkdir -p docs/pictures
	for picture in cells ranking; do \
	  $(BIN)/python -c "from PIL import Image; Image.open('runs/demo/figures/$$picture.png').convert('RGB').quantize(128).save('docs/pictures/$$picture.png', optimize=True)"; \
	done

soak: runs/demo/bentoml
	SEPTUM_EXAMPLES=200 $(BIN)/pytest tests/service/test_openapi.py
	BENTOML_HOME=runs/demo/bentoml $(BIN)/python -m tests.soak

runs/demo/bentoml:
	$(MAKE) demo

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) check-page

# Types and style of the web page, where node is there and finds its tools.
TSC := npx --yes --package typescript@5.9.3 tsc
ESLINT := npx --yes --package eslint@9.39.1 eslint

check-page:
	@if $(TSC) --version > /dev/null 2>&1 && $(ESLINT) --version > /dev/null 2>&1; then \
	  $(TSC) -p tests/service/page/tsconfig.json && $(ESLINT) -c tests/service/page/eslint.config.mjs service/page; \
	else echo "node, typescript or eslint is not there: service/page is not checked"; fi

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Septum needs Python 3.11 to 3.13, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --progress-bar on --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) runs build dist *.egg-info
