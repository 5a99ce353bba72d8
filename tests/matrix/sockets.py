#!/usr/bin/python3
"""The matrix over real sockets: the whole catalogue against the reference server with each fault in turn.

    sockets.py BIN [--interval MS] [FAULT...]

A fault is caught when at least one rule that it declares is named; a rule that is named and not declared is misblamed. What
only the simulation can see (a rule that depends on how bytes happen to be split) is not asked for here.
"""
import json
import os
import subprocess
import sys
import tempfile
import time


def faults(bin_dir):
    text = subprocess.run([f"{bin_dir}/gwspec-server", "--list-faults", "--json"], check=True, capture_output=True, text=True).stdout
    rows = json.loads(text)
    return {row["name"]: (row["rules"] if isinstance(row["rules"], list) else row["rules"].split()) for row in rows}


def run(bin_dir, fault, interval):
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as report:
        command = [f"{bin_dir}/gwspec", "run", "--strict", "--fault", fault, "--interval", str(interval), "--seed", "1",
                   "--report", f"json={report.name}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        results = [json.loads(line) for line in open(report.name)]
    named = {}
    for result in results:
        for finding in result.get("findings", []):
            if finding.get("verdict") in ("fail", "crash", "non-strict") and finding.get("rule"):
                named.setdefault(finding["rule"], f'{result.get("scenario") or result.get("id")}: {finding.get("observed")}')
    return done.returncode, named, results


def main():
    args = sys.argv[1:]
    bin_dir, interval, wanted = args[0], 500, []
    rest = iter(args[1:])
    for arg in rest:
        if arg == "--interval":
            interval = int(next(rest))
        else:
            wanted.append(arg)
    table = faults(bin_dir)
    total = caught = misblamed = 0
    started = time.monotonic()
    for name, rules in table.items():
        if wanted and name not in wanted:
            continue
        total += 1
        code, named, _ = run(bin_dir, name, interval)
        hit = [rule for rule in rules if rule in named]
        wrong = [rule for rule in named if rule not in rules]
        caught += bool(hit) and code == 1
        misblamed += bool(wrong)
        state = "caught" if hit and code == 1 else f"NOT CAUGHT (exit {code})"
        print(f"{name:34} {state}" + (", MISBLAMED" if wrong else ""), flush=True)
        for rule in wrong:
            print(f"    misblamed  {rule:20} {named[rule]}", flush=True)
    print(f"{time.monotonic() - started:.0f} s")
    print(f"faults {total} caught {caught} misblamed {misblamed}")
    return 0 if total and caught == total and not misblamed else 1


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    sys.exit(main())
