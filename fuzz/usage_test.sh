#!/usr/bin/env bash
# Wrong use of each file of script/: exit code 2 and one line that says what is wrong, before anything is installed, built or
# run: these programs only say that they were called here.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0 cases=0
stubs=$(mktemp -d)
trap 'rm -rf "$stubs"' EXIT
for program in apt-get clang-format cmake cppcheck ctest npm sudo; do
  # shellcheck disable=SC2016
  printf '#!/bin/sh\necho "$(basename "$0") was called"\nexit 99\n' >"$stubs/$program"
  chmod +x "$stubs/$program"
done
export PATH=$stubs:$PATH

wrong() { # WORDS-OF-THE-LINE SCRIPT ARGUMENT...
  local said status=0
  cases=$((cases + 1))
  said=$("${@:2}" 2>&1) || status=$?
  if [ "$status" -ne 2 ] || [ "$(printf '%s\n' "$said" | wc -l)" -ne 1 ] || [[ $said != *"$1"* ]]; then
    bad=$((bad + 1))
    printf '%s: exit %d, expected 2 and one line with "%s":\n%s\n' "${*:2}" "$status" "$1" "$said"
  fi
}

wrong "no target 'nosuch'" script/fuzz nosuch
wrong "no option '--bogus'" script/fuzz --bogus
wrong "'0' is no number of seconds" script/fuzz frame 0
wrong "'1h' is no number of seconds" script/fuzz frame 1h
wrong "'6' is too much" script/fuzz frame 5 6
wrong "'x' is no number of seconds" script/fuzz --all x
wrong "a second for each of" script/fuzz --all 3
wrong "--replay needs a target" script/fuzz --replay
wrong "--replay needs the file" script/fuzz --replay frame
wrong "'/nonexistent' is no file" script/fuzz --replay frame /nonexistent
wrong "'fuzz' is no file" script/fuzz --replay frame fuzz
wrong "--merge needs a target" script/fuzz --merge
wrong "no target 'nosuch'" script/fuzz --merge nosuch
wrong "'5' is too much" script/fuzz --merge frame 5
wrong "FUZZ_JOBS='many'" env FUZZ_JOBS=many script/fuzz frame 5
wrong "no bug is named NOSUCH" script/fuzz-proof NOSUCH
wrong "no option '--bogus'" script/fuzz-proof --bogus
wrong "--seconds needs a number" script/fuzz-proof --seconds
wrong "--jobs needs a number" script/fuzz-proof --jobs many
wrong "'lots' is no number of executions" script/fuzz-smoke lots
wrong "'6' is too much" script/fuzz-smoke 5 6
wrong "no option '--bogus'" script/fuzz-coverage --bogus
wrong "'x' is too much" script/fuzz-coverage --missing x
wrong "unknown benchmark '--bogus'" script/bench --bogus
wrong "unknown benchmark '5'" script/bench 5
wrong "'5' is too much" script/bench codec 5
wrong "'x' is no number" script/bench fuzz x
wrong "'0' is no number" script/bench suite 0
wrong "'3' is too much" script/bench server 1 2 3
wrong "holds no lib/wslay_frame.c" env WSLAY_SOURCE=/nonexistent script/bench fuzz
wrong "no option '--bogus'" script/bootstrap --bogus
wrong "'x' is too much" script/bootstrap --build x
wrong "'--bogus' is too much" script/check-floors --bogus
wrong "'--bogus' is too much" script/demo --bogus
wrong "no option '--bogus'" script/lint --bogus
wrong "'x' is too much" script/lint --fix x
wrong "no option '--bogus'" script/matrix --bogus
wrong "no fault 'handshake'" script/matrix accept-wrong handshake
wrong "no fault 'nosuch'" script/matrix --sockets nosuch
wrong "--every needs a number" script/matrix --every 0
wrong "--report needs a path" script/matrix --report
wrong "no option '--jobs'" script/matrix --jobs 2
wrong "no option '--every'" script/matrix --sockets --every 2
wrong "--sockets comes first" script/matrix --verbose --sockets
wrong "no option '--bogus'" script/test --bogus
wrong "'x' is too much" script/test --quick x

for script in script/*; do
  cases=$((cases + 1))
  [[ $("$script" --help) == *"  $script"* ]] || { bad=$((bad + 1)); echo "$script --help says nothing"; }
done
echo "$((cases - bad)) of $cases good"
[ "$bad" -eq 0 ]
