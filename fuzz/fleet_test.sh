#!/usr/bin/env bash
# Runs .clusterfuzzlite/build.sh as a fleet would, with libFuzzer as the engine, and each program that comes out for a
# moment from its seed archive alone. The result must hold everything that a fleet looks for.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

instrument="-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize=fuzzer-no-link"
export CC=clang CXX=clang++ CFLAGS=$instrument CXXFLAGS=$instrument LIB_FUZZING_ENGINE=-fsanitize=fuzzer
export OUT=$scratch/out WORK=$scratch/work SRC=$scratch/src
mkdir -p "$OUT" "$WORK" "$SRC"
"$root/.clusterfuzzlite/build.sh"

targets=0
while read -r target _; do
  case "$target" in ''|\#*) continue ;; esac
  targets=$((targets + 1))
  program=$OUT/fuzz_$target
  for file in "$program" "${program}_seed_corpus.zip" "$program.dict" "$program.options"; do
    [ -s "$file" ] || { echo "fleet: $file is missing or empty" >&2; exit 1; }
  done
  if ldd "$program" | grep -E 'libyaml|libpcre2|libjansson|libcurl|libwebsockets'; then
    echo "fleet: $program needs a shared library that the machines of a fleet lack" >&2
    exit 1
  fi
  mkdir -p "$scratch/seeds/$target" "$scratch/new"
  python3 -m zipfile -e "${program}_seed_corpus.zip" "$scratch/seeds/$target"
  if ! (cd "$scratch/new" && "$program" -runs=2000 -max_len=512 -dict="$program.dict" "$scratch/seeds/$target" >"$scratch/log" 2>&1); then
    tail -n 20 "$scratch/log" >&2
    exit 1
  fi
  runs=$(sed -n 's/^#\([0-9]*\).*DONE.*/\1/p' "$scratch/log")
  [ "${runs:-0}" -ge 2000 ] || { echo "fleet: $target ran ${runs:-0} times" >&2; exit 1; }
  echo "fleet: fuzz_$target $runs executions"
done <"$root/fuzz/targets.txt"
[ "$targets" -gt 0 ]
