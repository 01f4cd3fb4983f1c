# Two commands for a newcomer: `make demo` and `make test`. Both need Python 3.11+ and the package index only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test pictures browser lint types format bench screenshots lock clean

demo: $(READY)
	@$(BIN)/watchdesk demo $(ARGS)

# Hundreds of processes are started: what is compiled is kept, whatever the shell says.
test: $(READY)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

# The pictures of the screen as text, anew: after a change that is meant. Read the diff.
pictures: $(READY)
	@$(BIN)/python -m pytest tests/tui/test_pictures.py tests/tui/test_trends.py tests/tui/test_time_travel.py --snapshot-update $(ARGS)

# In a real browser: the one thing here that needs more than Python and the package index.
browser: $(READY)
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null \
	  || { echo "make browser needs Chromium and its driver; on Debian: apt-get install chromium chromium-driver" >&2; exit 2; }
	@$(BIN)/python -m pytest tests/browser $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	@$(BIN)/python -m tests.bench.resilience
	@$(BIN)/python -m tests.bench.keeping
	@$(BIN)/python -m tests.bench.blackbox
	@$(BIN)/python -m tests.bench.alerting
	@$(BIN)/python -m tests.bench.cost
	@$(BIN)/python -m tests.bench.scale
	@$(BIN)/python -m tests.bench.many
	@$(BIN)/python -m tests.bench.projects
	@$(BIN)/python -m tests.bench.idle

screenshots: $(READY)
	@$(BIN)/python -m tests.screenshots $(ARGS)

# Re-resolve the lock: every platform, hashes, no address of any index in it.
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra web --universal --python-version 3.11 \
	  --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	  --quiet --output-file requirements.lock $(UV_ARGS)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "watchdesk needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
