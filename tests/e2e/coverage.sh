#!/usr/bin/env bash
# docs/coverage.md is what `gwspec coverage --markdown` prints, and coverage finds no problem.
#   tests/e2e/coverage.sh BIN          (to write it anew: BIN/gwspec coverage --markdown >docs/coverage.md)
set -euo pipefail
"$1/gwspec" coverage --markdown | diff -u docs/coverage.md - || {
  echo "docs/coverage.md is out of date: run $1/gwspec coverage --markdown >docs/coverage.md"
  exit 1
}

# Every requirement of a client has a scenario, and a client of tests/peers/clients that breaks it.
broken=$(/usr/bin/python3 tests/peers/clients/raw_client.py --list-misbehaviours; /usr/bin/python3 -c 'import sys; sys.path.insert(0, "tests/peers/clients")
import gateway
for name, rules in gateway.MISBEHAVIOURS.items(): print(name, *rules)')
missing=0
while IFS='|' read -r _ id level _ scenarios _; do
  id=$(echo $id)
  case "$id" in C[0-9]*|RFC6455-*-X[0-9]*) ;; *) continue ;; esac
  [ -n "$(echo $scenarios)" ] || { echo "$id has no scenario"; missing=1; }
  [ "$(echo $level)" = MAY ] && continue
  grep -qw -- "$id" <<<"$broken" || { echo "$id has no client that breaks it"; missing=1; }
done <docs/coverage.md
exit $missing
