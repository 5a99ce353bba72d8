#!/usr/bin/env bash
# Builds every fuzz target the way fleets (ClusterFuzzLite, OSS-Fuzz) do: CC, CXX, CFLAGS, CXXFLAGS and LIB_FUZZING_ENGINE
# bring compiler, sanitizer and engine; OUT takes the programs, their seeds, dictionaries and options; WORK is scratch.
#
# fuzz/fleet_test.sh runs the same script with libFuzzer's flags.
set -euo pipefail
: "${CC:?}" "${CXX:?}" "${OUT:?}" "${LIB_FUZZING_ENGINE:?}"
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# A fleet copies this script out of the tree; it then runs in the tree.
[ -f "$root/fuzz/targets.txt" ] || root=$(pwd)
work=${WORK:-$(mktemp -d)}
deps=$work/gwspec-deps
export PKG_CONFIG_PATH=$deps/lib/pkgconfig:$deps/lib64/pkgconfig:${PKG_CONFIG_PATH:-}

# Libraries whose packages have no archive, from the sources that the Dockerfile fetched. Without them (on a developer's
# machine) the shared ones of the system will do.
archive() { # SOURCE OPTIONS...
  [ -d "$1" ] || return 0
  cmake -S "$1" -B "$work/$(basename "$1")" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX="$deps" \
    -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF "${@:2}" >/dev/null
  cmake --build "$work/$(basename "$1")" --target install >/dev/null
}
archive "${SRC:-/nonexistent}/cjson" -DENABLE_CJSON_TEST=OFF -DENABLE_CJSON_UTILS=OFF -DENABLE_CUSTOM_COMPILER_FLAGS=OFF \
  -DBUILD_SHARED_AND_STATIC_LIBS=OFF
archive "${SRC:-/nonexistent}/wslay" -DWSLAY_STATIC=ON -DWSLAY_SHARED=OFF -DWSLAY_EXAMPLES=OFF -DWSLAY_TESTS=OFF

cmake -S "$root" -B "$work/gwspec" -G Ninja -Wno-dev -DCMAKE_BUILD_TYPE=None -DGWSPEC_FUZZ=ON -DGWSPEC_FUZZ_ONLY=ON \
  -DGWSPEC_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DCMAKE_PREFIX_PATH="$deps" >/dev/null
cmake --build "$work/gwspec" >/dev/null

while read -r target dict longest; do
  case "$target" in ''|\#*) continue ;; esac
  cp "$work/gwspec/bin/fuzz_$target" "$OUT/"
  mapfile -t inputs < <(find "$root/fuzz/corpus/$target" "$root/fuzz/crashes/$target" -type f 2>/dev/null)
  python3 -m zipfile -c "$OUT/fuzz_${target}_seed_corpus.zip" "${inputs[@]}"
  cp "$root/fuzz/dict/$dict.dict" "$OUT/fuzz_$target.dict"
  { printf '[libfuzzer]\nmax_len = %s\ndict = fuzz_%s.dict\n' "$longest" "$target"
    awk '!/^#/ {print $1 " = " $2}' "$root/fuzz/engine.txt"; } >"$OUT/fuzz_$target.options"
done <"$root/fuzz/targets.txt"
