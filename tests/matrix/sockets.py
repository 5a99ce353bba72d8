#!/usr/bin/python3
"""The matrix over real sockets: the whole catalogue against the reference server with each fault in turn.

    sockets.py BIN [--interval MS] [--jobs N] [--report PATH] [FAULT...]

A fault is caught when the run does not conform and every rule that the fault declares is named; a rule that is named and not
declared is misblamed. A fault that shows only when bytes happen to be split in some way is asked for one of its rules alone.
A busy machine makes servers late, which is no fault of the list: what is not as declared is run again, at most twice, and counts
when each run shows it.
"""
import argparse
import concurrent.futures
import json
import subprocess
import sys
import tempfile
import time

RUN_SECONDS = 240
BLAMES = ("fail", "crash", "non-strict")
# It reaches the rooms of all scenarios that run beside, so they run one after the other.
ALONE = {"event-to-all-rooms": ["--jobs", "1", "events/*"]}
# How a machine splits bytes is not ours to say: these need not show all that they break.
SPLITS = {"bytewise-request-fails", "split-frames-lost", "split-header-fails", "mask-restarts"}


def faults(bin_dir):
    text = subprocess.run([f"{bin_dir}/gwspec-server", "--list-faults", "--json"], check=True, capture_output=True, text=True).stdout
    return {row["name"]: row["rules"] if isinstance(row["rules"], list) else row["rules"].split() for row in json.loads(text)}


def judge(bin_dir, name, rules, interval):
    """One run: (exit code, rules named in blame, rules that were looked at and not observed, scenarios cut short)."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as report:
        command = [f"{bin_dir}/gwspec", "run", "--strict", "--fault", name, "--interval", str(interval), "--seed", "1",
                   "--crash-search", "15s", "--report", f"json={report.name}", *ALONE.get(name, [])]
        try:
            code = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS).returncode
        except subprocess.TimeoutExpired:
            return f"no end within {RUN_SECONDS} s", {}, set()
        results = [json.loads(line) for line in open(report.name)]
    named, unseen = {}, set()
    for result in results:
        for finding in result.get("findings", []):
            rule = finding.get("rule")
            if rule and finding.get("verdict") in BLAMES:
                named.setdefault(rule, f'{result.get("scenario") or result.get("id")}: {finding.get("observed")}')
            elif rule and finding.get("verdict") == "skipped":
                unseen.add(rule)  # a rule that is only observed (MAY) is broken silently
    return code, named, unseen


def row(bin_dir, name, rules, interval):
    started = time.monotonic()
    missing, wrong, code = set(rules), None, 0
    for _ in range(3):
        code, named, unseen = judge(bin_dir, name, rules, interval)
        missing -= named.keys() | unseen
        wrong = {rule: text for rule, text in named.items() if rule not in rules and (wrong is None or rule in wrong)}
        seen = len(missing) < len(rules) if name in SPLITS else not missing
        caught = seen and (code == 1 or (code == 0 and not named))
        if caught and not wrong:
            break
    return name, caught, code, sorted(missing), wrong, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("--interval", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--report")
    parser.add_argument("fault", nargs="*")
    args = parser.parse_args()
    table = faults(args.bin)
    unknown = [name for name in args.fault if name not in table]
    if unknown:
        parser.error(f"no such fault: {unknown[0]}")
    wanted = args.fault or list(table)
    caught = misblamed = 0
    lines = []

    def say(line):
        lines.append(line)
        print(line, flush=True)

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = [pool.submit(row, args.bin, name, table[name], args.interval) for name in wanted]
        for done in concurrent.futures.as_completed(runs):
            name, ok, code, missing, wrong, seconds = done.result()
            caught += ok
            misblamed += bool(wrong)
            verdict = "caught" if ok else f"NOT CAUGHT (exit {code})"
            say(f"{name:34} {seconds:5.1f} s  {verdict}{', MISBLAMED' if wrong else ''}")
            if not ok:
                for rule in missing:
                    say(f"    unnamed    {rule}")
            for rule, text in wrong.items():
                say(f"    misblamed  {rule:20} {text}")
    print(f"{time.monotonic() - started:.0f} s")
    say(f"faults {len(wanted)} caught {caught} misblamed {misblamed}")
    if args.report:
        with open(args.report, "w") as out:
            out.write("\n".join(lines) + "\n")
    return 0 if wanted and caught == len(wanted) and not misblamed else 1


if __name__ == "__main__":
    sys.exit(main())
