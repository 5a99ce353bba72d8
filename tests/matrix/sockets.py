#!/usr/bin/python3
"""The matrix over real sockets: the whole catalogue against the reference server with each fault in turn.

    sockets.py BIN [--interval MS] [--jobs N] [--report PATH] [FAULT...]

First a run without faults has to conform. A fault is caught when the run does not conform and every rule that the fault
declares is named; a rule that is named and not declared is misblamed. A rule that is only observed (MAY) is named where a
scenario that passed without faults has not observed it. A fault that shows only when bytes happen to be split in some way is
asked for one of its rules alone. A busy machine makes servers late, which is no fault of the list: what is not as declared is
run again with less beside it, at most twice, and counts when each run shows it.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

RUN_SECONDS = 240
BLAMES = ("fail", "crash", "non-strict")
# The events of all scenarios that run beside reach each room: those on events run one after the other.
PARTS = {"event-to-all-rooms": [["--jobs", "1", "events/*"], ["--filter", "!events/"]]}
# How a machine splits bytes is not ours to say: these need not show all that they break.
SPLITS = {"bytewise-request-fails", "split-frames-lost", "split-header-fails", "mask-restarts"}
# The reference server's own 5 s for an opening request would be twice as long as any other scenario takes. Faults that are
# seen by that time need it.
OWN_TIME_OF = {"long-request-hangs", "stalled-request-kept"}
SHORT_TIME = ('--control-port, "0"]', '--control-port, "0", --handshake-timeout, "2000"]')


def faults(bin_dir):
    text = subprocess.run([f"{bin_dir}/gwspec-server", "--list-faults", "--json"], check=True, capture_output=True, text=True).stdout
    return {row["name"]: row["rules"] if isinstance(row["rules"], list) else row["rules"].split() for row in json.loads(text)}


def write_target(folder):
    text = pathlib.Path(__file__).parents[2].joinpath("scenarios/targets/reference.yaml").read_text()
    assert text.count(SHORT_TIME[0]) == 1, "scenarios/targets/reference.yaml starts the server in another way"
    path = os.path.join(folder, "target.yaml")
    pathlib.Path(path).write_text(text.replace(*SHORT_TIME))
    return ["--target", path]


def run(bin_dir, target, interval, arguments):
    """One run: (exit code, its results), or what went wrong and nothing. `target`: the options that say which."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as report:
        command = [f"{bin_dir}/gwspec", "run", *target, "--strict", "--interval", str(interval), "--seed", "1",
                   "--crash-search", "15s", "--report", f"json={report.name}", *arguments]
        try:
            code = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS).returncode
        except subprocess.TimeoutExpired:
            return f"no end within {RUN_SECONDS} s", []
        return code, [row for row in map(json.loads, open(report.name)) if row.get("type") == "result"]


def baseline(bin_dir, target, interval):
    """The scenarios that pass without faults."""
    for _ in range(3):
        code, results = run(bin_dir, target, interval, [])
        if code == 0:
            return {result["id"] for result in results if result["verdict"] == "pass"}
    sys.exit(f"sockets: without faults the run does not conform (exit {code}): nothing can be said of any fault")


def judge(bin_dir, target, name, interval, passing):
    """One fault: (exit code, rules named in blame, rules that are observed without it and not with it)."""
    worst, named, unseen = 0, {}, set()
    for part in PARTS.get(name, [[]]):
        own = [] if name in OWN_TIME_OF else target
        code, results = run(bin_dir, own, interval, ["--fault", name, *part])
        worst = code if isinstance(code, str) else worst if isinstance(worst, str) else max(worst, code)
        for result in results:
            for finding in result["findings"]:
                rule = finding["rule"]
                if rule and finding["verdict"] in BLAMES:
                    named.setdefault(rule, f'{result["id"]}: {finding["observed"]}')
                elif rule and finding["verdict"] == "skipped" and result["id"] in passing:
                    unseen.add(rule)
    return worst, named, unseen


class Row:
    """What the runs with one fault have shown so far."""

    def __init__(self, name, rules):
        self.name, self.rules = name, rules
        self.missing, self.wrong, self.caught, self.code, self.runs, self.seconds = set(rules), None, False, 0, 0, 0.0

    def run(self, bin_dir, target, interval, passing):
        started = time.monotonic()
        self.code, named, unseen = judge(bin_dir, target, self.name, interval, passing)
        self.missing -= named.keys() | unseen
        before = named if self.wrong is None else self.wrong
        self.wrong = {rule: text for rule, text in named.items() if rule not in self.rules and rule in before}
        seen = len(self.missing) < len(self.rules) if self.name in SPLITS else not self.missing
        self.caught = seen and (self.code == 1 or (self.code == 0 and not named))
        self.runs += 1
        self.seconds += time.monotonic() - started
        return self

    def is_as_declared(self):
        return self.caught and not self.wrong

    def lines(self):
        verdict = "caught" if self.caught else f"NOT CAUGHT (exit {self.code})"
        again = f", run {self.runs} times" if self.runs > 1 else ""
        yield f"{self.name:34} {self.seconds:5.1f} s  {verdict}{', MISBLAMED' if self.wrong else ''}{again}"
        for rule in sorted(self.missing) if not self.caught else []:
            yield f"    unnamed    {rule}"
        for rule, text in self.wrong.items():
            yield f"    misblamed  {rule:20} {text}"


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
    # Finding out who kills a server takes longest: that begins first, so that nothing is left to wait for at the end.
    wanted = sorted(args.fault or table, key=lambda name: "S21" not in table[name])
    lines = []

    def say(line):
        lines.append(line)
        print(line, flush=True)

    started = time.monotonic()
    rows = [Row(name, table[name]) for name in wanted]
    with tempfile.TemporaryDirectory() as folder:
        target = write_target(folder)
        passing = baseline(args.bin, target, args.interval)
        # What is not as declared runs once more with less beside it, and once more alone.
        for jobs in (args.jobs, min(args.jobs, 2), 1):
            left = [row for row in rows if not row.is_as_declared()]
            with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
                runs = [pool.submit(row.run, args.bin, target, args.interval, passing) for row in left]
                for done in concurrent.futures.as_completed(runs):
                    if done.result().is_as_declared() or jobs == 1:
                        for line in done.result().lines():
                            say(line)
    caught, misblamed = sum(row.caught for row in rows), sum(bool(row.wrong) for row in rows)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(f"{time.monotonic() - started:.0f} s, of processor time {used.ru_utime + used.ru_stime:.0f} s; "
        f"{sum(row.runs - 1 for row in rows)} runs were repeated")
    say(f"faults {len(wanted)} caught {caught} misblamed {misblamed}")
    if args.report:
        with open(args.report, "w") as out:
            out.write("\n".join(lines) + "\n")
    return 0 if wanted and caught == len(wanted) and not misblamed else 1


if __name__ == "__main__":
    sys.exit(main())
