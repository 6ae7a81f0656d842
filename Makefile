# Two commands from an empty clone: `make run` and `make test`. Needs Python 3.11 or later and make.

PYTHON ?= python3
CORES ?= all
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
READY := $(VENV)/ready
READY_TEST := $(VENV)/ready-test
# C++ headers and torch's own tests, 0.4 GB: nothing here compiles against them.
UNUSED := $(addprefix $(VENV)/lib/python3*/site-packages/,tensorflow/include torch/test)

.PHONY: help run test test-slurm lint docs site bench timelines bundle clean

help:  ## list these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(READY)  ## run the workflow on the corpus of the config and write results/report.html
	$(BIN)/python workflow/run.py --cores $(CORES)

test: $(READY_TEST)  ## run every test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 10

test-slurm: $(READY_TEST)  ## run the demo on a Slurm of its own: as root; apt installs Slurm if it is not there
	$(PIP_INSTALL) --requirement envs/slurm.txt
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs --durations 5 tests/slurm/check_slurm.py

lint: $(READY_TEST)  ## check style: ruff for Python, snakefmt for rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow

docs: $(READY)  ## write config/README.md and docs/columns.md from the code
	$(BIN)/python -c 'from scorelens import config; print(config.describe("workflow/schemas"), end="")' > config/README.md
	$(BIN)/python docs/columns.py > docs/columns.md

site: $(READY_TEST)  ## write the documentation as a site: site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(READY_TEST)  ## measure the speed of every stage
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

timelines: $(READY)  ## draw the figures of single films: results/cues/timelines/, overviews/, results/genres/explanations/
	$(BIN)/python workflow/run.py --cores $(CORES) timelines

bundle: $(READY)  ## pack tables, figures, report and environment of the last run: results/bundle.zip
	$(BIN)/python workflow/bundle.py

clean:  ## delete the results and the logs; the environment stays
	rm -rf results logs .snakemake

$(READY): envs/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "scorelens needs Python 3.11 or later; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test ! -L $(VENV) || { echo "$(VENV) is a link, and what it names would be emptied: take it away"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP_INSTALL) --requirement envs/requirements.txt
	$(PIP_INSTALL) --no-deps --editable .
	@rm -rf $(UNUSED)
	@touch $@

$(READY_TEST): $(READY) envs/test.txt
	$(PIP_INSTALL) --requirement envs/test.txt
	@touch $@
