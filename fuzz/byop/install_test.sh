#!/usr/bin/env bash
# What a user does: install, build a parser of one's own against it in two ways, fuzz it a moment, drive the examples in other
# languages over the pipe. Argument: the build folder.
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --build "$build" --target gwspec gwspec-server gwspec_fuzz_pipe gwspec_byop >/dev/null
cmake --install "$build" --prefix "$prefix" >/dev/null
"$prefix/bin/gwspec" run hello --simulate --seed 1 | grep -q 'Conforms\.' || { echo "the installed gwspec does not conform" >&2; exit 1; }

# What lies beside it: schemas for editors, protocols to extend, scenarios to copy.
share=$prefix/share/gwspec/scenarios
printf 'protocol: mine\nextends: %s\n' "$share/protocols/lanyard.yaml" >"$work/mine.yaml"
"$prefix/bin/gwspec" check "$share/protocols" "$share/targets" "$work/mine.yaml" >/dev/null
"$prefix/bin/gwspec" run hello --simulate --seed 1 --scenarios "$share" --protocol "$work/mine.yaml" | grep -q 'Conforms\.' ||
  { echo "the installed scenarios are not found" >&2; exit 1; }
"$prefix/bin/gwspec" init ws://127.0.0.1:1/ --output "$work/target.yaml" >/dev/null
schema=$(sed -n 's/^# yaml-language-server: \$schema=//p' "$work/target.yaml")
"$prefix/bin/gwspec" schema target | cmp - "$schema"
[ "${schema#"$prefix"}" != "$schema" ] || { echo "the starter file names no installed schema: $schema" >&2; exit 1; }

# find_package; and the same parser without what is known of it
examples=$prefix/share/doc/gwspec/examples
mkdir "$work/consumer"
cp "$examples/wslay/parser.c" "$work/consumer/"
sed 's/\.known = known,//; /^static const gwspec_known/,/^};/d' "$work/consumer/parser.c" >"$work/consumer/unlisted.c"
cat >"$work/consumer/CMakeLists.txt" <<'CONSUMER'
cmake_minimum_required(VERSION 3.22)
project(consumer C)
find_package(gwspec 0.1 REQUIRED)
add_executable(mine parser.c)
target_link_libraries(mine PRIVATE gwspec::gwspec_byop wslay)
add_executable(unlisted unlisted.c)
target_link_libraries(unlisted PRIVATE gwspec::gwspec_byop wslay)
file(WRITE ${CMAKE_BINARY_DIR}/corpus "${gwspec_PARSER_CORPUS}")
CONSUMER
cmake -G Ninja -S "$work/consumer" -B "$work/consumer/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$work/consumer/build" >/dev/null
corpus=$(cat "$work/consumer/build/corpus")
"$work/consumer/build/mine" --runs 500 "$corpus"
mkdir "$work/found"
if said=$("$work/consumer/build/unlisted" --runs 40000 --save "$work/found" "$corpus" 2>&1); then
  echo "wslay without its list of known divergences is no finding" >&2; exit 1
fi
finding=$(sed -n 's/^finding: //p' <<<"$said") input=$(sed -n 's/^ *input: //p' <<<"$said")
again=$("$work/consumer/build/unlisted" "$input" 2>&1) && { echo "$input shows nothing" >&2; exit 1; }
[[ $again == *"$finding"* ]] || { echo "$input shows something else: $again" >&2; exit 1; }

# pkg-config, with libFuzzer
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name gwspec-byop.pc)")
if command -v clang >/dev/null; then
  # shellcheck disable=SC2046
  clang -fsanitize=fuzzer,address "$here/examples/wslay/parser.c" $(pkg-config --cflags --libs gwspec-byop) -lwslay -o "$work/fuzz"
  told=$(GWSPEC_MUTATOR=bogus "$work/fuzz" -runs=1 2>&1) && code=0 || code=$?
  [[ $code == 2 && $told == *'GWSPEC_MUTATOR is "bogus"; it may be'* ]] || { echo "a mutator that is none: $code, $told" >&2; exit 1; }
  told=$("$work/fuzz" "$corpus/text" 2>&1)
  [[ $told == *"what the parser gets:"* ]] || { echo "a replay under libFuzzer does not tell its input: $told" >&2; exit 1; }
  mkdir "$work/new"
  "$work/fuzz" -runs=2000 -max_len=512 "$work/new" "$(pkg-config --variable=corpus gwspec-byop)" 2>&1 | tail -n 1
fi

# The pipe, from an installed program with installed examples.
/usr/bin/python3 "$here/pipe_test.py" "$prefix/bin/gwspec-fuzz-pipe" "$examples"
