#!/usr/bin/env bash
# Wrong use of script/fuzz, fuzz-proof, fuzz-smoke and fuzz-coverage: exit code 2 and one line that says what is wrong, before
# anything is built.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0 cases=0

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
wrong "no option '--bogus'" script/fuzz-coverage --bogus

for script in script/fuzz script/fuzz-proof script/fuzz-smoke script/fuzz-coverage; do
  cases=$((cases + 1))
  [[ $("$script" --help) == *"  $script"* ]] || { bad=$((bad + 1)); echo "$script --help says nothing"; }
done
echo "$((cases - bad)) of $cases good"
[ "$bad" -eq 0 ]
