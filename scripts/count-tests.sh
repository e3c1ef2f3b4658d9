#!/usr/bin/env bash
# Reads the output of all test runs and prints one line: "N passed, N failed".
#
# Counted are the summaries of cargo ("test result: ok. 5 passed; 0 failed; …"), of vitest ("Tests  1 failed | 5 passed (6)")
# and of the browser tests and the clients' tests ("5 passed, 0 failed", alone on its line).
set -euo pipefail

sed 's/\x1b\[[0-9;]*m//g' "$@" | awk '
  function number_before(word,    i) { for (i = 2; i <= NF; i++) if (index($i, word) == 1) return $(i - 1) + 0; return 0 }
  /^test result: / || /^ *Tests  +[0-9]/ || /^[0-9]+ passed, [0-9]+ failed$/ {
    passed += number_before("passed"); failed += number_before("failed")
  }
  END { printf "%d passed, %d failed\n", passed, failed }
'
