# One command for each thing one does here.  PYTHON=python3.12 chooses the interpreter,
# ARGS="…" is handed on to the command behind `run`, `rehearse`, `test` and `bench`.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help install run rehearse test check bench soak readme lock clean pictures

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

install: ## Make .venv/ what the lock says; does nothing when nothing changed
	@PYTHON='$(PYTHON)' .ci/environment run

run: install ## Start the whole service with demo data in instance/, till Ctrl-C
	@exec .venv/bin/refund demo $(ARGS)

rehearse: install ## Start a rehearsal with bots and a class on a clock of its own (ARGS="autumn --scenario golden-week")
	@exec .venv/bin/refund rehearse $(ARGS)

test: ## Install what tests need, check the code, run every test
	@.ci/system-packages
	@PYTHON='$(PYTHON)' .ci/environment test
	@exec .ci/test $(ARGS)

check: ## Lint, format, types, import contracts, templates, spelling
	@PYTHON='$(PYTHON)' .ci/environment test
	@exec .ci/check

bench: ## Measure; the figures and the method are in docs/performance.md
	@PYTHON='$(PYTHON)' .ci/environment test
	@set -e; for file in benchmarks/[a-z]*.py; do \
		name=$${file#benchmarks/}; .venv/bin/python -m "benchmarks.$${name%.py}" $(ARGS); \
	done

soak: ## Simulate random lives for HOURS=1, then kill processes in ROUNDS=200; see build/soak/
	@PYTHON='$(PYTHON)' .ci/environment test
	@failed=0; \
	.venv/bin/python -m tests.simulation.soak --hours $(or $(HOURS),1) $(ARGS) || failed=1; \
	.venv/bin/python -m tests.simulation.kills --rounds $(or $(ROUNDS),200) || failed=1; \
	.venv/bin/python -m tests.simulation.confirms || failed=1; \
	exit $$failed

readme: ## Write the README's lists and the page of the rules anew
	@PYTHON='$(PYTHON)' .ci/environment test
	@.venv/bin/python -m tests.house.readme
	@.venv/bin/python -m tests.house.rules
	@.venv/bin/python -m tests.house.scenarios

pictures: ## Take the pictures of the README anew, from the running service
	@.ci/system-packages
	@PYTHON='$(PYTHON)' .ci/environment test
	@exec .ci/pictures $(ARGS)

lock: ## Pin the dependencies anew, with hashes and without addresses (LOCK_FLAGS=-U: newer ones)
	@.ci/lock

clean: ## Remove what the tools made; instance/ stays
	@rm -rf .venv build dist .*_cache .hypothesis .coverage
	@find refund tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
