#!/usr/bin/env bash
# Everything that must hold, in the order in which it is cheapest to fail; ends with one line: "N passed, N failed".
#
# The first step that fails ends the run; the closing line is printed all the same.
set -euo pipefail
cd "$(dirname "$0")/.."

# One profile for all cargo steps, or everything would be built twice.
profile=dev
[ -z "${CI:-}" ] || profile=ci
folder=$profile
[ "$profile" != dev ] || folder=debug
target=${CARGO_TARGET_DIR:-target}

log=$(mktemp)
finish() {
  local status=$?
  echo
  # A run that failed before or between the tests must not look like a good one.
  [ "$status" = 0 ] || echo "Failed: $name"
  scripts/count-tests.sh "$log"
  rm -f "$log"
  exit "$status"
}
trap finish EXIT

name='start'
step() {
  name=$1
  shift
  printf '\n== %s (%s)\n' "$name" "$(date +%H:%M:%S)"
  "$@" 2>&1 | tee -a "$log"
}
web() { (cd web-client && npm run --silent "$@"); }
schema_is_current() {
  "$target/$folder/tributary" schema | diff schema.graphql - || {
    echo 'schema.graphql is not what the server serves: make schema'
    return 1
  }
}

step 'programs that the tests start' scripts/install-test-needs.sh

step 'web client: packages' scripts/web-install.sh
step 'web client: generated documents' web codegen -- --check
step 'web client: types' web typecheck
step 'web client: lint' web lint
step 'web client: tests' web test
# Before the server, which embeds the files.
step 'web client: build' web build
step 'web client: size' web size

step 'format' cargo fmt --all --check
step 'lint' cargo clippy --locked --workspace --all-targets --all-features --profile "$profile" -- -D warnings
if command -v cargo-deny >/dev/null; then
  # Advisories come from the network and change by themselves: `cargo deny check` asks for them too.
  step 'licences and bans' cargo deny check bans licenses sources
fi
# The whole workspace, or the features of its dependencies would differ from those of the tests and all be built again.
step 'build' cargo build --locked --workspace --bins --profile "$profile"
step 'schema' schema_is_current
step 'tests' cargo test --locked --workspace --profile "$profile" --no-fail-fast

TRIBUTARY_BINARY=$(realpath "$target/$folder/tributary")
export TRIBUTARY_BINARY
step 'other clients' web clients
step 'browser' web browser
