# The commands of Gen3D. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUNCTIONS := extract notify api sweep
STACK ?= dev
PULUMI_FLAGS ?=
ARGS ?=
FUZZTIME ?= 30s

# Nothing here needs cgo. Without it programs, functions, tests and the linter share
# their compiled packages; only the race detector's tests compile theirs.
export CGO_ENABLED := 0

# Python keeps what it compiles, whatever the caller's settings: the tests start hundreds of
# interpreters, and packages are installed without being compiled. Empty is as if not set.
export PYTHONDONTWRITEBYTECODE :=

##@ Everyday

.PHONY: run
run: bin/gen3d webapp/dist/index.html ## Start the whole service on this machine (ARGS='--addr …')
	@exec bin/gen3d local $(ARGS)

.PHONY: check
check: webapp/node_modules/.package-lock.json model-image/worker/.venv/ready ## Formatting, linters and quick tests, for use while developing
	@tests/parts check-go lint-go test-page lint-page lint-python format

# What more than one part needs is built once, before those parts. The others begin
# in this order, the longest first; test-engine mostly waits, so that what it needs
# comes before all else.
.PHONY: test
test: ## Every test, the linters and the vulnerability check; prints the time of each part
	@tests/parts prepare-gen3d prepare-infra:prepare-gen3d prepare-engine prepare-page prepare-worker prepare-python \
	  test-engine:prepare-infra,prepare-engine test-browser:prepare-gen3d,prepare-page test-go:prepare-worker \
	  prepare-go:prepare-infra test-worker:prepare-worker,prepare-page \
	  test-programs:prepare-go,prepare-worker,prepare-python test-contract:prepare-gen3d,prepare-python \
	  lint-go:prepare-go vulncheck:prepare-go test-page:prepare-page test-mesh:prepare-python,prepare-page,prepare-go \
	  test-infra:prepare-go,prepare-engine functions:prepare-infra lint-page:prepare-page lint-python:prepare-worker format

# go list compiles packages and tests without the race detector, and links none.
.PHONY: prepare-gen3d prepare-infra prepare-go prepare-page prepare-python prepare-worker prepare-engine
prepare-gen3d: bin/gen3d
prepare-infra:
	go list -export -test $$(go list ./... | grep -E '$(PULUMI_PACKAGES)') >/dev/null
prepare-go:
	go list -export -test ./... >/dev/null
prepare-page: webapp/dist/index.html tests/mesh/node_modules/.package-lock.json
prepare-python: .venv/ready
prepare-worker: model-image/worker/.venv/ready
prepare-engine:
	tests/engine/setup

.PHONY: bench
bench: bin/gen3d functions-native ## Run the benchmarks and print a table of their results (minutes)
	go run ./tests/bench

.PHONY: simulation
simulation: ## Simulate the policies that start and stop the GPU; prints docs/scaling.md (ARGS='-startup 600')
	@go run ./tests/simulation $(ARGS)

.PHONY: pictures
pictures: bin/gen3d webapp/dist/index.html ## Take the pictures of the user guide (docs/pictures)
	@mkdir -p docs/pictures
	GEN3D_PICTURES=$(CURDIR)/docs/pictures tests/browser pictures.spec.ts

.PHONY: build
build: bin/gen3d webapp/dist/index.html functions bin/model-server ## Build every program and the page

##@ Parts

# The Pulumi program and its tests run without the race detector, which would
# double the minutes that the SDK takes to compile. They have no concurrency.
PULUMI_PACKAGES := ^gen3d($$|/infra$$|/tests/engine)
# Packages that check leaves out: their tests take the processor longer than a few
# seconds without the race detector, or wait.
SLOW_PACKAGES := ^gen3d/(tests/(build|documents|functions|modelserver|service|support/permissions)|cmd/gen3d|local/objectstore|internal/weights/transfer|model-image/server(/sam3d)?)$$
# Packages without concurrency, and tests that run programs as processes: the race
# detector would only make the former five times as slow, and it does not watch the
# latter. The packages of the programs have tests of their own, which it watches.
NO_RACE_PACKAGES := ^gen3d/(webapp|cmd/gen3d/(cost|redact|redrive|smoke/meshfile|target|userdata|users|version)|handlers/(api/route|notify/email/markup)|internal/(endpointstate|environment|modelimage|scene|stackoutput|weights|weights/site)|local/layout|model-image/server/(mask|mesh|relief)|tests/(build|citations|documents|functions|modelserver|service|simulation))$$
# lint includes vet. The race detector needs cgo, and makes each program sleep for a
# second before it exits, unless told otherwise (https://go.dev/doc/articles/race_detector).
GO_TEST = GEN3D_TEST_PYTHON=$(CURDIR)/model-image/worker/.venv/bin/python tests/inmemory go test -vet=off -timeout 60m

# The packages that take longest begin first; go test runs each package once.
.PHONY: test-go test-programs
test-go: model-image/worker/.venv/ready ## Go tests, with the race detector
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=20 $(GO_TEST) -race ./cmd/gen3d $$(go list ./... | grep -vE '$(PULUMI_PACKAGES)|$(NO_RACE_PACKAGES)')
test-programs: .venv/ready model-image/worker/.venv/ready ## Go tests that run programs as processes, or have no concurrency
	$(GO_TEST) ./tests/service $$(go list ./... | grep -E '$(NO_RACE_PACKAGES)')

.PHONY: check-go
check-go: model-image/worker/.venv/ready ## Go tests that take seconds, without the race detector
	$(GO_TEST) $$(go list ./... | grep -vE '$(PULUMI_PACKAGES)|$(SLOW_PACKAGES)')

.PHONY: test-infra
test-infra: ## Unit tests of the Pulumi program
	tests/engine/setup
	go test -vet=off -timeout 60m . ./infra

.PHONY: test-engine
test-engine: ## Both stacks and every switch with the real Pulumi engine, against an AWS emulator (minutes)
	tests/engine/setup
	cd tests/engine && .venv/bin/python -X pycache_prefix=.venv/pycache -m unittest
	go test -vet=off -timeout 60m -parallel 6 -v ./tests/engine

.PHONY: test-worker
test-worker: model-image/worker/.venv/ready tests/mesh/node_modules/.package-lock.json ## The worker that runs SAM 3D, without its weights
	OMP_NUM_THREADS=1 model-image/worker/.venv/bin/python -m pytest -q model-image/worker # more threads only wait for each other

.PHONY: test-page
test-page: webapp/node_modules/.package-lock.json ## Unit tests of the page
	cd webapp && npm test

.PHONY: test-mesh
test-mesh: .venv/ready tests/mesh/node_modules/.package-lock.json webapp/node_modules/.package-lock.json ## Mesh files, checked by third-party programs
	.venv/bin/python -m pytest -q tests/mesh

.PHONY: test-contract
test-contract: .venv/ready bin/gen3d ## The API against its OpenAPI description, with thousands of generated requests
	.venv/bin/python -m pytest -q tests/contract

.PHONY: test-browser
test-browser: bin/gen3d webapp/dist/index.html ## The page in a real Chromium, against the whole service
	tests/browser

.PHONY: format
format: ## Check the formatting of Go (the page's is part of lint)
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "Run gofmt -w on:"; echo "$$unformatted"; exit 1; fi

.PHONY: lint lint-go lint-page lint-python
lint: lint-go lint-page lint-python ## golangci-lint with vet; the linters and types of the page and of Python
lint-go: prepare-go # the linter reads compiled packages
	go run $(GOLANGCI) run --allow-parallel-runners
lint-page: webapp/node_modules/.package-lock.json
	cd webapp && npm run lint && npx tsc --noEmit
lint-python: model-image/worker/.venv/ready
	model-image/worker/.venv/bin/ruff check .
	model-image/worker/.venv/bin/mypy

.PHONY: vulncheck
vulncheck: ## Check for known vulnerabilities in reachable code (GOVULNDB=file://… for a copy of the database)
	tests/vulncheck $(GOVULNCHECK) ./cmd/... ./handlers/... ./model-image/... .

.PHONY: lint-ci
lint-ci: ## Check the workflows of .github
	go run $(ACTIONLINT)

.PHONY: release
release: webapp/dist/index.html ## Build gen3d of the current tag for Linux and macOS, and draft its release
	go run $(GORELEASER) release --clean

.PHONY: release-check
release-check: webapp/dist/index.html ## Build what a release has, without publishing (dist/release)
	go run $(GORELEASER) check
	go run $(GORELEASER) release --snapshot --clean

.PHONY: check-packages
check-packages: ## Resolve every package of the model image by its hash (downloads about 3 GB)
	python3 model-image/requirements/check.py

.PHONY: rehearse
rehearse: ## Run the worker with SAM 3D's source on the CPU and random weights (FOLDER=…, an hour the first time)
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
GORELEASER := github.com/goreleaser/goreleaser/v2@v2.17.0

.PHONY: functions
functions: $(FUNCTIONS:%=dist/lambda/%/bootstrap) ## Lambda programs as deployed: provided.al2023, arm64

.PHONY: functions-native
functions-native: $(FUNCTIONS:%=dist/native/%) ## The same programs for this machine

.PHONY: artifacts
artifacts: functions webapp/dist/index.html ## Build what a deployment uploads: the functions and the page

.PHONY: preview
preview: pulumi-ready artifacts ## Show what make up would change in AWS (STACK=dev or prod)
	pulumi stack select --create $(STACK)
	pulumi preview --diff --stack $(STACK) $(PULUMI_FLAGS)

.PHONY: up
up: pulumi-ready bin/gen3d artifacts ## Deploy the service to AWS (STACK=dev or prod; FORCE=1 despite what the check finds)
	bin/gen3d check --stack $(STACK)$(if $(FORCE), || true)
	pulumi stack select --create $(STACK)
	bin/gen3d image push --stack $(STACK)
	pulumi up --stack $(STACK) $(PULUMI_FLAGS)
	bin/gen3d endpoint check --stack $(STACK)

.PHONY: pulumi-ready
pulumi-ready:
	@command -v pulumi >/dev/null || { echo "The pulumi command is not on the PATH; install it from https://www.pulumi.com/docs/install/ and run make again." >&2; exit 1; }
	@[ -f Pulumi.$(STACK).yaml ] || { echo "There is no Pulumi.$(STACK).yaml; set STACK to a stack that has a file of settings, such as dev." >&2; exit 1; }

.PHONY: clean
clean: ## Delete build outputs (not .gen3d/, the local data)
	rm -rf bin dist webapp/dist webapp/node_modules tests/mesh/node_modules .venv tests/engine/.venv model-image/worker/.venv

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Programs. go build runs every time: only it knows all inputs of a program
# (embedded files, modules, settings), and it rebuilds only what has changed.
.PHONY: always
bin/gen3d: always
	go build -o $@ ./cmd/gen3d

bin/model-server: always
	go build -o $@ ./model-image/server/cmd

# -trimpath and an empty build ID make builds reproducible.
dist/lambda/%/bootstrap: always
	GOOS=linux GOARCH=arm64 go build -trimpath -tags lambda.norpc -ldflags '-s -w -buildid=' -o $@ ./handlers/$*/cmd

dist/native/%: always
	go build -trimpath -tags lambda.norpc -ldflags '-s -w -buildid=' -o $@ ./handlers/$*/cmd

# The page.
webapp/node_modules/.package-lock.json: webapp/package-lock.json
	cd webapp && npm ci --no-audit --no-fund
	@touch $@

# The names and checksums of the page's sources, written when they change: by their
# times alone, a file that is deleted, or copied with an old time, would not rebuild it.
dist/page-sources: always
	@mkdir -p $(@D)
	@find webapp -type d \( -name node_modules -o -name dist -o -name e2e -o -name test-results -o -name playwright-report \) -prune \
	  -o -type f -not -name '*.go' -print0 | LC_ALL=C sort -z | xargs -0 cksum >$@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

webapp/dist/index.html: webapp/node_modules/.package-lock.json dist/page-sources
	cd webapp && npm run build
	@touch $@

# Python environments: one for the mesh checks, the AWS CLI and schemathesis; one
# for the worker, with the package versions of its image.
.venv/ready: tests/mesh/requirements.txt tests/service/requirements.txt tests/contract/requirements.txt
model-image/worker/.venv/ready: model-image/worker/requirements-test.txt
.venv/ready model-image/worker/.venv/ready:
	tests/environment $(@D) $^

tests/mesh/node_modules/.package-lock.json: tests/mesh/package-lock.json
	cd tests/mesh && npm ci --no-audit --no-fund
	@touch $@
