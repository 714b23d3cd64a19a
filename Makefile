# Every target is one line over a real command; the environment is .venv, made from a locked file.
# ENVIRONMENT=requirements|tensorflow-cuda|jax-cuda (a lock file in envs/)
# SCALE=demo|cpu|full   CORES=8   CONFIG="data_root=/data"   TESTS=tests/test_x.py   PYTHON=python3.12
# PAGES="1 5" (make publish)
# PROFILE=profiles/slurm   the study as jobs of a cluster; CORES is then the profile's business
SCALE ?= demo
CORES ?= all
ENVIRONMENT ?= requirements
export PYTHON
SNAKEMAKE := .venv/bin/snakemake --cores $(CORES)
MACHINE := $(if $(PROFILE),--workflow-profile $(PROFILE),--cores $(CORES))
SETTINGS := --config scale=$(SCALE) $(CONFIG)

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL: # set-up comes before what needs it
.PHONY: help environment latex report study estimate development bundle test test-thorough test-slurm benchmark lint format lock publish dag clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:[^#]*## /\t/' | expand -t 16

environment: ## .venv from the lock file of ENVIRONMENT (does nothing when it is up to date)
	@envs/setup.sh python $(ENVIRONMENT)

latex: ## latexmk, pdflatex and the LaTeX packages: checked, and installed where that is allowed
	@envs/setup.sh latex

report: latex environment ## the study at SCALE (demo: minutes, generated data), ending in report.pdf
	.venv/bin/python envs/study.py $(MACHINE) report.pdf $(SETTINGS)
	@echo "The report: $(CURDIR)/report.pdf"

study: ## the whole study on the real data: make report SCALE=full
	$(MAKE) report SCALE=full

estimate: environment ## what the jobs would cost that make report would run now
	PYTHONPATH=src .venv/bin/python envs/estimate.py --cores $(CORES) report.pdf $(SETTINGS)

development: environment ## examples/development.yaml tried, and entered in published/development.csv (SCALE=cpu or full)
	@test $(SCALE) != demo || { echo "development: say SCALE=cpu or full; the demo's pictures are made up" >&2; exit 1; }
	.venv/bin/python envs/study.py --cores $(CORES) develop --configfile examples/development.yaml $(SETTINGS)
	PYTHONPATH=src .venv/bin/python -m imagestudy.development published/development.csv \
	results/$(SCALE)/searches/develop_*/ledger.csv

bundle: environment ## the finished study at SCALE in one file: results/SCALE/bundle.zip
	.venv/bin/python envs/study.py --cores $(CORES) results/$(SCALE)/bundle.zip $(SETTINGS)

test: latex environment ## all tests, or those named by TESTS, on two processes
	.venv/bin/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(TESTS)

test-thorough: latex environment ## the tests that take too long for every day: kills and hostile input, many times
	.venv/bin/python -m pytest -m thorough $(TESTS)

test-slurm: latex environment ## the study, and its faults, on a throw-away Slurm cluster (as root)
	@if envs/setup.sh slurm; then set -x; .venv/bin/python -m pytest -m slurm $(TESTS); \
	else echo "test-slurm: skipped, since Slurm cannot be installed here (see above)" >&2; fi

benchmark: environment ## measure speed and limits: benchmarks/results.csv (installs PyTorch to compare with)
	@envs/setup.sh peer
	PYTHONPATH=src .venv/bin/python benchmarks

lint: environment ## ruff, snakefmt and snakemake --lint: all must be clean
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile rules
	.venv/bin/snakemake --lint

format: environment ## rewrite the code in the house style
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/snakefmt Snakefile rules

lock: ## compile the lock files in envs/ again from their .in files (needs uv)
	for name in requirements tensorflow-cuda jax-cuda; do \
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q envs/$$name.in -o envs/$$name.lock; done

publish: bundle ## the finished study at SCALE (not demo) in published/SCALE and README.md, with pictures of PAGES
	.venv/bin/python envs/publish.py $(SCALE) $(PAGES)

dag: environment ## docs/rulegraph.svg: the rules and what depends on what (needs graphviz)
	@command -v dot >/dev/null || { echo "dot is missing: apt-get install graphviz" >&2; exit 1; }
	set -o pipefail; $(SNAKEMAKE) report.pdf $(SETTINGS) --rulegraph | dot -Tsvg -o docs/rulegraph.svg

clean: ## remove the results and made-up data of SCALE (default: demo), and the root's report.pdf
	rm -rf results/$(SCALE) results/$(SCALE)-bundle resources/$(SCALE) report.pdf
