#!/usr/bin/env bash
# docs/coverage.md is what `gwspec coverage --markdown` prints, and coverage finds no problem.
#   tests/e2e/coverage.sh BIN          (to write it anew: BIN/gwspec coverage --markdown >docs/coverage.md)
set -euo pipefail
"$1/gwspec" coverage --markdown | diff -u docs/coverage.md - || {
  echo "docs/coverage.md is out of date: run $1/gwspec coverage --markdown >docs/coverage.md"
  exit 1
}
