#!/usr/bin/python3
"""The matrix of clients: each client of tests/peers/clients in its conforming form, and in each way that it can misbehave.

    clients.py [--full | --all] [--jobs N] [--report PATH] BIN [CLIENT[:MISBEHAVIOUR]...]

A misbehaviour is caught when the run does not conform and one of the rules that it declares is named; a rule that is named and not
declared is misblamed. Each is judged by a few scenarios of its rules and by another one in turn; --full takes more of both, --all takes
all scenarios. Conforming clients are judged by all scenarios (raw, and all of them with --full), by one of each file (ws), or by
one of every third file (python, native).
A busy machine makes clients late: what is not as declared is run again, at most twice, and counts when each run shows it.
The last line reads `conforming N of N  misbehaviours N caught N misblamed 0`.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.join(HERE, "..", "peers", "clients")
RUN_SECONDS = 300
RUNS = 3
BLAMES = ("fail", "crash", "non-strict", "error")
FAMILIES, FULL_FAMILIES = 2, 8  # of a rule that are looked at
OTHERS = 1
SCALE = "1.5"  # of tolerances and waits: eight clients and more start at once here
# What the others are judged by too: one scenario of each kind.
SAMPLE = ["client/heartbeat/cadence/200ms", "client/heartbeat/ask-is-answered", "client/heartbeat/leaves-a-server-that-stops",
          "client/handshake/byte-by-byte", "client/frames/sends-well-formed", "client/ping/answered/text", "client/ping/payload/text",
          "client/close/echoed/1000", "client/events/participants", "client/survival/unknown-event/99", "client/frames/lengths/126",
          "client/hello/behind-an-event"]
# The one instance that shows it.
SHOWS = {"leaves-on-unicode": ["client/events/message/unicode"], "leaves-on-optional-fields": ["client/events/room-update"],
         "beats-in-reply": ["client/heartbeat", "client/hello", "client/events"], "dies-on-wrong-types": ["client/survival/envelope", "client/survival/not-an-object"],
         "heartbeat-storm": ["client/survival/interval"], "accepts-cut-utf8": ["client/utf8/cut-at-the-end"],
         "refuses-long-messages": ["client/frames/lengths"], "misreads-16-bit-length": ["client/frames/lengths"],
         "dies-on-bad-json": ["client/survival/not-json/word"], "dies-on-second-hello": ["client/hello/twice"],
         "dies-on-unknown-event": ["client/survival/unknown-event/99"], "keeps-old-interval": ["client/heartbeat/other-interval-after-a-reconnect"],
         "answers-first-ask-only": ["client/heartbeat/ten-asks-are-answered"], "counts-events": ["client/heartbeat/events-do-not-count"],
         "counts-pings": ["client/heartbeat/pings-do-not-count"], "never-leaves": ["client/heartbeat/leaves-a-silent-server"],
         "leaves-too-early": ["client/heartbeat/stays-with-jitter"], "gives-up-without-hello": ["client/hello/is-waited-for"],
         "follows-wrong-accept": ["client/handshake/wrong-accept"], "follows-wrong-upgrade": ["client/handshake/wrong-upgrade"],
         "same-key": ["client/handshake/request"], "accepts-cut-utf8": ["client/utf8/cut-at-the-end"],
         "accepts-text-inside": ["client/fragments/text-inside"], "accepts-bad-close-reason": ["client/close/reason-not-utf8"],
         "sends-after-close": ["client/frames/sends-well-formed"], "refuses-control-inside": ["client/fragments/ping-inside"],
         "loses-split-frames": ["client/frames/in-pieces"], "dies-on-close": ["client/close/echoed/1000"],
         "echoes-events": ["client/heartbeat/carries-nothing"]}
# Known of the libraries themselves, told in docs/deviations.md.
STACKS = {
    "raw": {"command": ["/usr/bin/python3", f"{CLIENTS}/raw_client.py"], "expected": None},
    "python": {"command": ["/usr/bin/python3", f"{CLIENTS}/client.py"], "expected": "python.yaml"},
    "ws": {"command": ["node", f"{CLIENTS}/client.js"], "expected": "ws.yaml"},
    "native": {"command": ["node", "--experimental-websocket", f"{CLIENTS}/client-native.js"], "expected": "native.yaml"},
}


def run(command, seconds=RUN_SECONDS):
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds)


def scenarios(gwspec):
    """id -> its rules, in the catalogue's order."""
    rows = [line.split() for line in run([gwspec, "list", "client"]).stdout.splitlines()]
    return {row[0]: row[1].split(",") for row in rows}


def family(scenario):
    return "/".join(scenario.split("/")[:3])


def one_of_each(catalogue):
    """One scenario of each file."""
    families = {}
    for scenario in catalogue:
        families.setdefault(family(scenario), scenario)
    return list(families.values())


def chosen(catalogue, name, rules, number, full):
    """What is run for one misbehaviour, the number-th: of its rules one scenario of each file, and some others."""
    assert all(s in catalogue for s in SAMPLE), [s for s in SAMPLE if s not in catalogue]
    ids = SAMPLE if full else [SAMPLE[(number * OTHERS + i) % len(SAMPLE)] for i in range(OTHERS)]
    if name in SHOWS and not full:
        return sorted({*ids, *SHOWS[name]})
    ids = list(ids)
    for rule in rules:
        families = {}
        for scenario, its_rules in catalogue.items():
            if rule in its_rules[:1]:
                families.setdefault(family(scenario), scenario)
        if not families:
            families = {s: s for s, its_rules in catalogue.items() if rule in its_rules}
        ids += list(families.values())[:FULL_FAMILIES if full else FAMILIES]
    return sorted({*ids, *SHOWS.get(name, [])})


def judge(gwspec, stack, misbehave, patterns, jobs):
    """One run: (exit code, {rule named in blame: where and why}, how many were judged, last lines)."""
    with tempfile.TemporaryDirectory(prefix="gwspec-clients-") as folder:
        report = f"{folder}/report.jsonl"
        command = [gwspec, "client", *patterns, "--strict", "--seed", "1", "--timeout-scale", SCALE, "--report", f"json={report}", *jobs]
        if stack["expected"]:
            command += ["--expected-failures", os.path.join(HERE, "..", "peers", "clients", "expected", stack["expected"])]
        command += ["--", *stack["command"]] + (["--misbehave", misbehave] if misbehave else [])
        try:
            done = run(command)
        except subprocess.TimeoutExpired:
            return 4, {"(no end)": f"within {RUN_SECONDS} s"}, 0, ""
        results = [json.loads(line) for line in open(report)] if os.path.exists(report) else []
    results = [r for r in results if r.get("type") == "result"]
    named = {}
    for result in results:
        if result["verdict"] in ("known-fail",):
            continue
        for finding in result.get("findings", []):
            if finding["verdict"] in BLAMES:
                named.setdefault(finding["rule"] or f"({finding['verdict']})", f"{result['id']}: {finding['observed']}")
    return done.returncode, named, len(results), (done.stdout + done.stderr)[-2000:]


class Row:
    """A client in one form, and what its runs have shown so far."""

    def __init__(self, name, stack, misbehave, rules, patterns):
        self.name, self.stack, self.misbehave, self.rules, self.patterns = name, stack, misbehave, rules, patterns
        self.caught, self.wrong, self.runs = False, None, 0

    def run(self, gwspec, jobs):
        self.runs += 1
        self.code, named, self.count, self.tail = judge(gwspec, self.stack, self.misbehave, self.patterns, jobs)
        self.caught |= bool(named.keys() & set(self.rules)) and self.code == 1
        seen = {rule: text for rule, text in named.items() if rule not in self.rules}
        self.wrong = seen if self.wrong is None else {rule: text for rule, text in self.wrong.items() if rule in seen}
        return self

    def good(self):
        return not self.wrong and (self.caught if self.rules else self.code == 0)

    def lines(self):
        words = ["ok  " if self.good() else "BAD ", f"{self.name:<7}", f"{self.misbehave or 'conforming':<32}", f"{self.count:>3} scenarios ",
                 *self.rules, f"(run {self.runs} times)" if self.runs > 1 else ""]
        line = " ".join(words).rstrip()
        for rule, text in self.wrong.items():
            line += f"\n       misblamed {rule}: {text}"
        if self.rules and not self.caught:
            line += "\n       not caught"
        if not self.rules and not self.good():
            line += f"\n       exit code {self.code}\n{self.tail}"
        return line


def missing(stack):
    """Why a stack cannot be tried here, or None."""
    if not shutil.which(stack["command"][0]):
        return f"no {stack['command'][0]}"
    try:
        done = run([*stack["command"], "--list-misbehaviours"], 30)
    except subprocess.TimeoutExpired:
        return "it does not answer"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("only", nargs="*")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=8)  # runs of gwspec at once
    parser.add_argument("--report")
    args = parser.parse_args()
    gwspec = f"{args.bin}/gwspec"
    catalogue = scenarios(gwspec)
    work, lines = [], []
    for name, stack in STACKS.items():
        asked = args.full or args.all or any(word.split(":")[0] == name for word in args.only)
        # On a busy machine its first message takes 100 ms, so that it leaves a silent server too late.
        reason = missing(stack) or (None if asked or name != "native" else "only when named, or with --full: it needs an idle machine")
        if reason:
            lines.append(f"skip {name:<7} {reason}")
            continue
        table = [line.split() for line in run([*stack["command"], "--list-misbehaviours"]).stdout.splitlines()]
        every = name == "raw" or args.full or args.all
        some = one_of_each(catalogue)[:: 3 if name in ("python", "native") else 1]
        work.append(Row(name, stack, None, [], [] if every else some))
        for misbehave, *rules in table:
            patterns = [] if args.all else chosen(catalogue, misbehave, rules, len(work), args.full)
            work.append(Row(name, stack, misbehave, rules, patterns))
    if args.only:
        work = [w for w in work if w.name in args.only or f"{w.name}:{w.misbehave or 'conforming'}" in args.only]
    for line in lines:
        print(line, flush=True)

    def one(item):
        return item.run(gwspec, ["--jobs", "6"] if item.misbehave else [] if item.name == "raw" else ["--jobs", "4"])

    def say(item):
        lines.append(item.lines())
        print(lines[-1], flush=True)

    plain, misbehaving = [w for w in work if not w.rules], [w for w in work if w.rules]
    for item in plain:  # one after the other: they are held to account for every scenario
        while not one(item).good() and item.runs < RUNS:
            pass
        say(item)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for item in pool.map(one, misbehaving):
            if item.good():
                say(item)
    # What is not as declared goes again with less beside it.
    for jobs in (2, 1):
        again = [w for w in misbehaving if not w.good()]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for item in pool.map(one, again):
                if item.good() or item.runs == RUNS:
                    say(item)
    caught, misblamed = sum(w.caught for w in misbehaving), sum(len(w.wrong) for w in misbehaving)
    good = all(w.good() for w in work)
    lines.append(f"conforming {sum(w.good() for w in plain)} of {len(plain)}  misbehaviours {len(misbehaving)} caught {caught} misblamed {misblamed}")
    print(lines[-1])
    if args.report:
        with open(args.report, "w") as out:
            out.write("\n".join(lines) + "\n")
    if not work:
        return 77
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
