# Commands for development and continuous integration; `make` lists them.
.DEFAULT_GOAL := help
# Only the parts of `check` run beside each other.
ifndef CHECK_PARTS
.NOTPARALLEL:
endif
.PHONY: audit sbom image-check helm-check licences help run test test-fast carrier-contract route-walk coverage check setup lint types imports frontend-lint production-check wheel locks-check packages migrations-lint unit browsers browser firefox webkit frontend-test db migrate widget bench bench-dashboard bench-outgoing bench-incoming bench-call bench-back-office bench-retention bench-events bench-partitions bench-call-partitions bench-call-scale bench-bad-day bench-pgbouncer bench-widget bench-paint drill docs reported-faults screenshots lock clean
MAKEFLAGS += --no-print-directory
# Python keeps its bytecode: without it, each of the hundreds of processes in the tests compiles the product again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Folders without tests are left out, because pytest fails when a folder has no test.
SERVER_TESTS := $(foreach kind,unit integration,$(if $(shell find tests/$(kind) -name 'test_*.py' 2>/dev/null),tests/$(kind)))
CONTRACT_TESTS := tests/contract
BROWSER_TESTS_FOLDER := $(if $(shell find tests/browser -name 'test_*.py' 2>/dev/null),tests/browser)
# Parallel test processes, each with separate databases and servers; a module's tests run in one process.
WORKERS ?= auto
PARALLEL = -n $(WORKERS) --dist loadfile --no-loadscope-reorder
COMPILE = "$$(tools/setup uv)" pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-21s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The last line of `run` is one plain command, so that make passes signals directly to it.
run: ## install what is missing and serve on http://localhost:8000 with a demo
	@tools/setup run
	@$(BIN)/epoch run

test: setup ## install what is missing and run every test: server, widget, browser
	@test -n "$(SERVER_TESTS)" || { echo 'no tests found'; exit 1; }
	@tools/setup carrier-contract
	$(BIN)/pytest $(PARALLEL) $(SERVER_TESTS) $(CONTRACT_TESTS)
	@$(MAKE) browsers frontend-test

# The branch or commit from which `test-fast` finds the changes.
BASE ?= main
test-fast: setup ## run the unit tests and those of changed packages, without the slow ones, for use while writing
	$(BIN)/pytest $(PARALLEL) -m "not slow" $$({ git diff --name-only $$(git merge-base HEAD $(BASE)); git ls-files --others --exclude-standard; } | $(BIN)/python tools/tests_of_changes.py)

carrier-contract: setup ## test the carrier's adapter and the sandbox carrier against the carrier's own description, errors and callbacks
	@tools/setup carrier-contract
	$(BIN)/pytest $(PARALLEL) $(CONTRACT_TESTS)

route-walk: setup ## send every invalid value to every route; `make test` sends a fifth of them
	EVERY_VALUE_ON_EVERY_ROUTE=1 $(BIN)/pytest $(PARALLEL) -s tests/integration/epoch/test_route_walk.py tests/integration/epoch/test_unstorable_text.py

# Measured in all processes: the tests, the product's workers and the sandbox carrier.
coverage: setup ## run the server, contract and browser tests and print the branch coverage of each package
	@tools/setup carrier-contract
	$(BIN)/coverage erase
	@mkdir -p .cache/coverage
	$(BIN)/coverage run -m pytest $(PARALLEL) $(SERVER_TESTS) $(CONTRACT_TESTS) $(BROWSER_TESTS_FOLDER)
	$(BIN)/coverage combine -q
	$(BIN)/coverage json -q -o .cache/coverage/report.json
	$(BIN)/coverage html -q -d .cache/coverage/html
	@$(BIN)/python tools/coverage_by_package.py .cache/coverage/report.json

check: setup ## check style, types, import contracts, migrations, locks and the production installation
	@$(MAKE) -j 2 --output-sync=target CHECK_PARTS=1 types lint imports migrations-lint frontend-lint locks-check production-check

setup: ## install what development needs
	@tools/setup dev

lint: ## check the Python code with ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: ## check the Python types with mypy, strict
	$(BIN)/mypy

imports: ## check the import contracts between packages
	$(BIN)/lint-imports

migrations-lint: ## lint the SQL of new migrations: locks, rewrites, changes that older workers notice
	$(BIN)/python -P tools/lint_migrations.py

frontend-lint: ## check lint rules, format and types of the frontend, the kits and the npm package
	@test ! -f frontend/package.json || (cd frontend && npm run --silent lint)

production-check: ## check that an installation from requirements.lock alone loads and runs
	@tools/setup production
	.cache/production/bin/python -P tools/check_production.py

locks-check: ## check that no lock file names a host
	@! grep -n '://' $(wildcard requirements*.lock)
	@! grep -nE '://|"resolved"' frontend/package-lock.json frontend/tests/salesforce/package-lock.json tools/browser/package-lock.json tools/prism/package-lock.json

licences: setup ## print the licence of each package of production; fail if one is not allowed
	$(BIN)/python tools/licences.py

# Needs the network, so it is no part of check or test. Status 3: advisories could not be reached.
audit: ## look up published security advisories on the locked packages
	@tools/setup audit
	.cache/audit/bin/python tools/advisories.py

unit: setup ## run the unit tests
	$(BIN)/pytest tests/unit

frontend-test: setup ## run the unit tests of the frontend and of the Salesforce kit
	cd frontend && npm run --silent test
	cd frontend/tests/salesforce && npm run --silent test

browsers: setup ## run the tests in Chromium, Firefox and WebKit, in one session
ifneq ($(BROWSER_TESTS_FOLDER),)
	$(BIN)/pytest $(PARALLEL) $(BROWSER_TESTS_FOLDER)
endif

browser: setup ## run the tests in Chromium
	$(BIN)/pytest $(PARALLEL) tests/browser -m "not firefox and not webkit"

firefox: setup ## run the core of the browser tests in Firefox
	$(BIN)/pytest $(PARALLEL) tests/browser -m firefox

webkit: setup ## run the browser tests that WebKit supports
	$(BIN)/pytest tests/browser -m webkit

db: ## keep the embedded PostgreSQL running and print its address
	@tools/setup run
	@$(BIN)/python -m epoch.server.embedded_postgres

migrate: ## bring the database to this version's schema
	@tools/setup run
	@$(BIN)/epoch migrate

widget: ## build phone.js into frontend/dist
	@tools/setup widget

# Built by the frontend's and Python's locked packages alone; the same commit gives the same bytes.
wheel: ## build the wheel for servers into dist, and put the lock of its dependencies beside it
	@tools/setup build
	@mkdir -p dist
	.cache/build/bin/python -P -m hatchling build -t wheel -d dist
	cp requirements.lock dist/

packages: setup ## build the npm package of the phone and pack it into dist
	node packages/phone-js/build.mjs dist

# Needs root, debootstrap and the network. BIND="/a /b" are folders of packages that this machine's pip or npm reads.
image-check: setup ## execute the Dockerfile's steps in Debian roots, serve from the result, measure its size
	PYTHONPATH=src:tests $(BIN)/python -P tools/check_image.py $(foreach folder,$(BIND),--bind $(folder))

helm-check: ## lint and render deploy/helm, and validate what it renders
	@tools/setup deploy
	.cache/deploy/bin/python -P tools/check_helm.py

sbom: setup ## write the list of everything in a release (CycloneDX) into dist
	@mkdir -p dist
	$(BIN)/python -m tools.sbom dist

bench: ## measure the exchange against the same in other frameworks
	@tools/setup bench
	.cache/bench/bin/python bench/run.py

bench-dashboard: ## measure the dashboard with 100,000 organizations
	@tools/setup bench
	.cache/bench/bin/python bench/dashboard_pages.py

bench-outgoing: ## measure the voice callback that admits calls
	@tools/setup bench
	.cache/bench/bin/python bench/outgoing.py

bench-incoming: ## measure the answers to incoming calls beside those to outgoing ones
	@tools/setup bench
	.cache/bench/bin/python bench/incoming.py

bench-call: ## measure the CPU and the statements of whole calls
	@tools/setup bench
	.cache/bench/bin/python bench/whole_call.py

bench-back-office: ## measure the back office with 100,000 organizations
	@tools/setup bench
	.cache/bench/bin/python bench/back_office.py

bench-retention: ## measure export, erasing a number and erasing by age
	@tools/setup bench
	.cache/bench/bin/python bench/retention.py

bench-events: ## measure the delivery of events to webhooks, and the log of deliveries with 10,000,000 rows
	@tools/setup bench
	.cache/bench/bin/python bench/event_delivery.py

bench-partitions: setup ## measure the event log in monthly partitions against one table
	PYTHONPATH=src:bench $(BIN)/python -P bench/partitions.py

bench-call-partitions: ## measure calls and their events in monthly partitions against one table each
	@tools/setup bench
	.cache/bench/bin/python bench/call_partitions.py

bench-call-scale: ## measure exchanges and calls by workers and by tokens, and 1,000 open phones
	@tools/setup bench
	.cache/bench/bin/python bench/call_scale.py

bench-pgbouncer: setup ## measure the exchange through PgBouncer against a direct connection
	PYTHONPATH=src:tests:bench $(BIN)/python -P bench/pgbouncer.py

bench-bad-day: ## measure how faults and overload by one tenant, or by strangers, slow down the others
	@tools/setup bench
	.cache/bench/bin/python bench/bad_day.py

bench-widget: setup ## measure a page with and without the phone in it
	PYTHONPATH=src:tests $(BIN)/python bench/host_page.py

bench-paint: setup ## measure the first paint of a page with the phone, and with an idle script
	PYTHONPATH=src:tests $(BIN)/python bench/first_paint.py

# CALLS=100 is a shorter drill of killed workers.
drill: setup ## run the drills (NAME="..." or all) on a two-node installation, and write their reports into docs/drills.md
	PYTHONPATH=src:tests:deploy $(BIN)/python -P -m drills --write $(if $(CALLS),--calls $(CALLS)) $(NAME)

docs: setup ## write the generated blocks of the documentation
	$(BIN)/python tools/make_docs.py

# Without a stop at a failure: the table names the failures.
reported-faults: setup ## run the tests of faults that people reported, and write their results into the documentation
	@rm -f .cache/reported-faults.json
	-$(BIN)/pytest -m reported_fault
	PYTHONPATH=src:tests $(BIN)/python tools/make_reported_faults.py

screenshots: setup ## take the documentation's pictures from the running product
	PYTHONPATH=src:tests $(BIN)/python tools/make_screenshots.py

lock: ## renew the lock files from pyproject.toml and package.json
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --extra sandbox -c requirements.lock -o requirements-sandbox.lock
	$(COMPILE) pyproject.toml --extra observability -c requirements.lock -o requirements-observability.lock
	$(COMPILE) pyproject.toml --extra sandbox --extra observability --group dev -c requirements-sandbox.lock -o requirements-dev.lock
	$(COMPILE) pyproject.toml --extra sandbox --group bench -c requirements-sandbox.lock -o requirements-bench.lock
	$(COMPILE) --group audit -o requirements-audit.lock
	$(COMPILE) --group build -o requirements-build.lock
	$(COMPILE) --group deploy -o requirements-deploy.lock
	cd frontend && npm run --silent lock
	cd frontend/tests/salesforce && npm run --silent lock
	cd tools/browser && npm install --package-lock-only && node ../lock.mjs .
	cd tools/prism && npm install --package-lock-only && node ../lock.mjs .

clean: ## remove what was installed and built; data in .local stays
	rm -rf .venv .cache dist frontend/node_modules frontend/dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
