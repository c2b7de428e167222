# Gen3D: every command a person needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUNCTIONS := extract notify api sweep
STACK ?= dev
PULUMI_FLAGS ?=
ARGS ?=
FUZZTIME ?= 30s

# Files whose change makes the page out of date.
PAGE_SOURCES := $(shell find webapp -type d \( -name node_modules -o -name dist -o -name e2e -o -name test-results -o -name playwright-report \) -prune -o -type f -not -name '*.go' -print)

##@ Everyday

.PHONY: run
run: bin/gen3d webapp/dist/index.html ## Start the whole service on this machine (ARGS='--addr …')
	@exec bin/gen3d local $(ARGS)

.PHONY: check
check: webapp/node_modules/.package-lock.json ## Formatting, linters and the quick tests, for the loop while one works
	@tests/parts format lint check-go test-page

# Everything that more than one part needs is built first, so that no two build it.
.PHONY: test
test: ## Every test, the linters and the check for known vulnerabilities; prints the time of each part
	@tests/parts prepare
	@tests/parts test-engine test-go test-infra lint test-worker test-mesh test-browser test-contract test-page format vulncheck

.PHONY: prepare
prepare: build .venv/ready model-image/worker/.venv/ready tests/mesh/node_modules/.package-lock.json
	go build ./...
	tests/engine/setup

.PHONY: bench
bench: bin/gen3d functions-native ## Print the table of measured figures (minutes)
	go run ./tests/bench

.PHONY: build
build: bin/gen3d webapp/dist/index.html functions bin/model-server ## Build every program and the page

##@ Parts

# The Pulumi program and its tests stand apart: the race detector would double
# the minutes that its SDK takes to compile, and nothing in it runs at once.
PULUMI_PACKAGES := ^gen3d($$|/infra|/tests/engine)
# Packages whose tests take more than a few seconds.
SLOW_PACKAGES := ^gen3d/(tests/(functions|modelserver|service)|cmd/gen3d)$$
GO_TEST = GEN3D_TEST_PYTHON=$(CURDIR)/model-image/worker/.venv/bin/python go test -race -timeout 30m

.PHONY: test-go
test-go: .venv/ready model-image/worker/.venv/ready ## Go tests, with the race detector
	$(GO_TEST) $$(go list ./... | grep -vE '$(PULUMI_PACKAGES)')

.PHONY: check-go
check-go: model-image/worker/.venv/ready ## Go tests that take seconds
	$(GO_TEST) $$(go list ./... | grep -vE '$(PULUMI_PACKAGES)|$(SLOW_PACKAGES)')

.PHONY: test-infra
test-infra: functions webapp/dist/index.html ## The Pulumi program's rules on every registration
	tests/engine/setup
	go test -timeout 30m . ./infra

.PHONY: test-engine
test-engine: ## Both stacks and every switch in the real Pulumi engine, against an AWS emulator (minutes)
	tests/engine/setup
	go test -timeout 50m -parallel 6 -v ./tests/engine

.PHONY: test-worker
test-worker: model-image/worker/.venv/ready tests/mesh/node_modules/.package-lock.json ## The worker that runs SAM 3D, without its weights
	model-image/worker/.venv/bin/python -m pytest -q model-image/worker

.PHONY: test-page
test-page: webapp/node_modules/.package-lock.json ## Unit tests of the page
	cd webapp && npm test

.PHONY: test-mesh
test-mesh: .venv/ready tests/mesh/node_modules/.package-lock.json ## Meshes, judged by other people's programs
	.venv/bin/python -m pytest -q tests/mesh

.PHONY: test-contract
test-contract: .venv/ready bin/gen3d ## The API against its description: thousands of made-up requests
	.venv/bin/python -m pytest -q tests/contract

.PHONY: test-browser
test-browser: bin/gen3d webapp/dist/index.html ## The page in a real Chromium, against the whole service
	tests/browser

.PHONY: format
format: ## Check the formatting of Go (the page's is part of lint)
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "Run gofmt -w on:"; echo "$$unformatted"; exit 1; fi

.PHONY: lint
lint: webapp/node_modules/.package-lock.json ## golangci-lint with vet, and the page's linter and types
	go run $(GOLANGCI) run
	cd webapp && npm run lint && npx tsc --noEmit

.PHONY: vulncheck
vulncheck: ## Known vulnerabilities that the programs reach (GOVULNDB=file://… for a copy of the database)
	tests/vulncheck $(GOVULNCHECK) ./cmd/... ./handlers/... ./model-image/... .

.PHONY: lint-ci
lint-ci: ## Check the workflows of .github
	go run $(ACTIONLINT)

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
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

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

# Programs. go build runs every time: it alone knows all that goes into a program
# (embedded files, modules, settings), and does again only what has changed.
# -trimpath and no build ID make the same source give the same bytes.
.PHONY: always
bin/gen3d: always
	go build -trimpath -o $@ ./cmd/gen3d

bin/model-server: always
	go build -trimpath -o $@ ./model-image/server/cmd

dist/lambda/%/bootstrap: always
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -trimpath -tags lambda.norpc -ldflags '-s -w -buildid=' -o $@ ./handlers/$*/cmd

dist/native/%: always
	CGO_ENABLED=0 go build -trimpath -tags lambda.norpc -ldflags '-s -w -buildid=' -o $@ ./handlers/$*/cmd

# The page.
webapp/node_modules/.package-lock.json: webapp/package-lock.json
	cd webapp && npm ci --no-audit --no-fund
	@touch $@

webapp/dist/index.html: webapp/node_modules/.package-lock.json $(PAGE_SOURCES)
	cd webapp && npm run build
	@touch $@

# Python environments: one for the mesh checks, the AWS CLI and schemathesis, one
# for the worker, whose packages have the versions of its image.
.venv/ready: tests/mesh/requirements.txt tests/service/requirements.txt tests/contract/requirements.txt
model-image/worker/.venv/ready: model-image/worker/requirements-test.txt
.venv/ready model-image/worker/.venv/ready:
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check $(addprefix -r ,$^)
	@touch $@

tests/mesh/node_modules/.package-lock.json: tests/mesh/package-lock.json
	cd tests/mesh && npm ci --no-audit --no-fund
	@touch $@
