#!/usr/bin/env bash
# Installs the web client's packages when the lock file has changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/../web-client"

installed=node_modules/.installed-lock
if ! cmp --silent package-lock.json "$installed"; then
  npm ci --no-audit --no-fund
  cp package-lock.json "$installed"
fi
