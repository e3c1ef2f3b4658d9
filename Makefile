# Everything a developer does, by one word each. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help run test soak bench fmt lint schema web clean needs
SHELL := /bin/bash

help: ## List these words
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: web ## Build and start everything with demo data; needs Rust and Node, no other service
	cargo build --locked --workspace --bins
	$${CARGO_TARGET_DIR:-target}/debug/tributary serve --demo

test: ## Check and test everything; installs what the tests need, ends with "N passed, N failed"
	@scripts/test.sh

needs: ## Install the servers and the browser that tests start
	@scripts/install-test-needs.sh

soak: needs ## Run the long fault tests in full (a hundred thousand messages, ten minutes of load); takes half an hour
	cargo build --locked --release --workspace --bins --tests
	TRIBUTARY_TESTS=full cargo test --locked --release --workspace --test it -- --test-threads 1 faults::nodes faults::soak

bench: needs ## Measure the live engine against a raw limit, on servers of its own; see docs/performance.md
	cargo build --locked --release --workspace --bins --examples
	$${CARGO_TARGET_DIR:-target}/release/examples/bench $(SCENARIOS)

fmt: ## Format the Rust code
	cargo fmt --all

lint: ## Warnings of Rust and TypeScript
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	scripts/web-install.sh
	cd web-client && npm run --silent typecheck && npm run --silent lint

schema: ## Write schema.graphql and the web client's types from what the server serves
	cargo build --locked --workspace --bins
	$${CARGO_TARGET_DIR:-target}/debug/tributary schema > schema.graphql.new
	mv schema.graphql.new schema.graphql
	scripts/web-install.sh
	cd web-client && npm run --silent codegen

web: ## Build the web client and the widget
	scripts/web-install.sh
	cd web-client && npm run --silent build

clean: ## Remove everything that was built
	cargo clean
	rm -rf web-client/dist web-client/node_modules
