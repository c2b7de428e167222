# Gen3D: every command a person needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUNCTIONS := extract notify api sweep
STACK ?= dev
PULUMI_FLAGS ?=
ARGS ?=
FUZZTIME ?= 30s

# Sources whose change makes the page or a program out of date.
PAGE_SOURCES := $(shell find webapp/src webapp/public webapp/index.html webapp/vite.config.ts webapp/tsconfig.json -type f 2>/dev/null)
GO_SOURCES := go.mod go.sum $(shell find . -name '*.go' -not -path './webapp/node_modules/*' -o -name '*.html' \( -path './internal/*' -o -path './local/*' \) -o -name '*.yaml' -path './handlers/*' 2>/dev/null)

##@ Everyday

.PHONY: run
run: bin/gen3d webapp/dist/index.html ## Start the whole service on this machine (ARGS='--addr …')
	@exec bin/gen3d local $(ARGS)

# The engine's tests wait most of their time, so they run beside the others.
.PHONY: test
test: ## Run every test
	@mkdir -p bin; \
	$(MAKE) --no-print-directory test-engine >bin/test-engine.log 2>&1 & engine=$$!; \
	failed=; \
	for part in test-go test-page test-mesh test-browser test-worker test-infra; do \
	  echo "== $$part"; $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	echo "== test-engine"; wait $$engine || failed="$$failed test-engine"; cat bin/test-engine.log; \
	if [ -n "$$failed" ]; then echo; echo "Failed:$$failed" >&2; exit 1; fi; \
	echo; echo "All tests passed."

.PHONY: bench
bench: bin/gen3d functions-native ## Print the table of measured figures (minutes)
	go run ./tests/bench

.PHONY: build
build: bin/gen3d webapp/dist/index.html functions bin/model-server ## Build every program and the page

##@ Parts

# The Pulumi program and its tests stand apart: the race detector would double
# the minutes that its SDK takes to compile, and nothing in it runs at once.
PULUMI_PACKAGES := ^gen3d($$|/infra|/tests/engine)

.PHONY: test-go
test-go: .venv/ready model-image/worker/.venv/ready ## Go tests, with the race detector
	go vet $$(go list ./... | grep -vE '$(PULUMI_PACKAGES)')
	GEN3D_TEST_PYTHON=$(CURDIR)/model-image/worker/.venv/bin/python go test -race -timeout 30m $$(go list ./... | grep -vE '$(PULUMI_PACKAGES)')

.PHONY: test-infra
test-infra: functions webapp/dist/index.html ## The Pulumi program's rules on every registration
	tests/engine/setup
	go vet $$(go list ./... | grep -E '$(PULUMI_PACKAGES)')
	go test -timeout 30m . ./infra

.PHONY: test-engine
test-engine: ## Both stacks and every switch in the real Pulumi engine, against an AWS emulator (minutes)
	tests/engine/setup
	go test -timeout 50m -parallel 5 -v ./tests/engine

.PHONY: test-worker
test-worker: model-image/worker/.venv/ready tests/mesh/node_modules/.package-lock.json ## The worker that runs SAM 3D, without its weights
	model-image/worker/.venv/bin/python -m pytest -q model-image/worker

.PHONY: test-page
test-page: webapp/node_modules/.package-lock.json ## Unit tests of the page
	cd webapp && npm test

.PHONY: test-mesh
test-mesh: .venv/ready tests/mesh/node_modules/.package-lock.json ## Meshes, judged by other people's programs
	.venv/bin/python -m pytest -q tests/mesh

.PHONY: test-browser
test-browser: bin/gen3d webapp/dist/index.html ## The page in a real Chromium, against the whole service
	tests/browser

.PHONY: lint
lint: webapp/node_modules/.package-lock.json ## gofmt, vet, golangci-lint and the page's linter
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	go vet ./...
	go run $(GOLANGCI) run
	cd webapp && npm run lint

.PHONY: check-packages
check-packages: ## Resolve every package of the model image by its hash (downloads about 3 GB)
	python3 model-image/requirements/check.py

.PHONY: rehearse
rehearse: ## Run the worker over the real sources on the CPU, with made-up weights (FOLDER=…, an hour the first time)
	model-image/rehearsal/run $(FOLDER)

.PHONY: fuzz
fuzz: ## Run each fuzz test for FUZZTIME
	@for file in $$(git grep -lE '^func Fuzz' -- '*_test.go'); do \
	  for name in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' $$file); do \
	    echo "== $$name in $$(dirname $$file)"; \
	    go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file); \
	  done; \
	done

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: functions
functions: $(FUNCTIONS:%=dist/lambda/%/bootstrap) ## Lambda programs as deployed: provided.al2023, arm64

.PHONY: functions-native
functions-native: $(FUNCTIONS:%=dist/native/%) ## The same programs for this machine

.PHONY: preview
preview: pulumi-ready functions webapp/dist/index.html ## Show what up would change in AWS (STACK=dev or prod)
	pulumi stack select --create $(STACK)
	pulumi preview --diff --stack $(STACK) $(PULUMI_FLAGS)

.PHONY: up
up: pulumi-ready functions webapp/dist/index.html ## Build or change the service in AWS (STACK=dev or prod)
	pulumi stack select --create $(STACK)
	pulumi up --stack $(STACK) $(PULUMI_FLAGS)

.PHONY: pulumi-ready
pulumi-ready:
	@command -v pulumi >/dev/null || { echo "The pulumi command is not on the PATH; install it from https://www.pulumi.com/docs/install/ and run make again." >&2; exit 1; }
	@[ -f Pulumi.$(STACK).yaml ] || { echo "There is no Pulumi.$(STACK).yaml; set STACK to a stack that has a file of settings, such as dev." >&2; exit 1; }

.PHONY: clean
clean: ## Delete what was built (not .gen3d/, the local data)
	rm -rf bin dist webapp/dist webapp/node_modules tests/mesh/node_modules .venv tests/engine/.venv model-image/worker/.venv

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Programs. -trimpath and no build ID make the same source give the same bytes.
bin/gen3d: $(GO_SOURCES)
	go build -trimpath -o $@ ./cmd/gen3d

bin/model-server: $(GO_SOURCES)
	go build -trimpath -o $@ ./model-image/server/cmd

dist/lambda/%/bootstrap: $(GO_SOURCES)
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -trimpath -tags lambda.norpc -ldflags '-s -w -buildid=' -o $@ ./handlers/$*/cmd

dist/native/%: $(GO_SOURCES)
	CGO_ENABLED=0 go build -trimpath -tags lambda.norpc -ldflags '-s -w -buildid=' -o $@ ./handlers/$*/cmd

# The page.
webapp/node_modules/.package-lock.json: webapp/package-lock.json
	cd webapp && npm ci --no-audit --no-fund
	@touch $@

webapp/dist/index.html: webapp/node_modules/.package-lock.json $(PAGE_SOURCES)
	cd webapp && npm run build
	@touch $@

# Python environments: one for the mesh checks and the AWS CLI, one for the
# worker, whose packages have the versions of its image.
.venv/ready: tests/mesh/requirements.txt tests/service/requirements.txt
model-image/worker/.venv/ready: model-image/worker/requirements-test.txt
.venv/ready model-image/worker/.venv/ready:
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check $(addprefix -r ,$^)
	@touch $@

tests/mesh/node_modules/.package-lock.json: tests/mesh/package-lock.json
	cd tests/mesh && npm ci --no-audit --no-fund
	@touch $@
