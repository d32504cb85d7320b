# What a user needs: `make demo` and `make test`. Each sets up .venv first if it is not there.
.PHONY: setup agents demo test lint bench clean
VENV := .venv/.installed

setup: $(VENV)

$(VENV): requirements.lock pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh

agents: $(VENV)
	@sh scripts/setup-agents.sh

demo: $(VENV)
	@mkdir -p out
	@.venv/bin/gioconda demo -o out/demo.mp4 --force

test: $(VENV)
	@.venv/bin/python -m pytest

lint: $(VENV)
	@.venv/bin/ruff format --check src tests
	@.venv/bin/ruff check src tests
	@.venv/bin/mypy

bench: $(VENV)
	@.venv/bin/gioconda bench

clean:
	rm -rf out .pytest_cache .mypy_cache .ruff_cache .hypothesis
