#!/usr/bin/python3
"""The matrix of clients: each client of tests/peers/clients in its conforming form, and in each way that it can misbehave.

    clients.py BIN [--all] [--jobs N] [--report PATH] [CLIENT[:MISBEHAVIOUR]...]

A misbehaviour is caught when the run does not conform and one of the rules that it declares is named; a rule that is named and not
declared is misblamed. Each is judged by the scenarios of its rules and by a sample of the others; --all takes all scenarios for all.
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
BLAMES = ("fail", "crash", "non-strict", "error", "inconclusive")
MOST = 8  # families of a rule that are looked at
# What the others are judged by too: one scenario of each kind.
SAMPLE = ["client/heartbeat/cadence/200ms", "client/heartbeat/ask-is-answered", "client/heartbeat/leaves-a-server-that-stops",
          "client/handshake/byte-by-byte", "client/frames/sends-well-formed", "client/ping/answered/text", "client/ping/payload/text",
          "client/close/echoed/1000", "client/events/participants", "client/survival/unknown-event/99", "client/frames/lengths/126",
          "client/hello/behind-an-event"]
# The one instance that shows it.
SHOWS = {"leaves-on-unicode": ["client/events/message/unicode"], "leaves-on-optional-fields": ["client/events/room-update"],
         "dies-on-wrong-types": ["client/survival/envelope", "client/survival/not-an-object"],
         "heartbeat-storm": ["client/survival/interval"], "accepts-cut-utf8": ["client/utf8/cut-at-the-end"],
         "refuses-long-messages": ["client/frames/lengths"], "misreads-16-bit-length": ["client/frames/lengths"],
         "dies-on-bad-json": ["client/survival/not-json"]}
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


def chosen(catalogue, name, rules):
    """What is run for one misbehaviour: of its rules one scenario for each family, and the sample."""
    ids = [s for s in SAMPLE if s in catalogue]
    for rule in rules:
        families = {}
        for scenario, its_rules in catalogue.items():
            if rule in its_rules[:1]:
                families.setdefault(family(scenario), scenario)
        if not families:
            families = {s: s for s, its_rules in catalogue.items() if rule in its_rules}
        ids += list(families.values())[:MOST]
    return sorted(set(ids)) + SHOWS.get(name, [])


def judge(gwspec, stack, misbehave, patterns, jobs):
    """One run: (exit code, {rule named in blame: where and why}, how many were judged, last lines)."""
    with tempfile.TemporaryDirectory(prefix="gwspec-clients-") as folder:
        report = f"{folder}/report.jsonl"
        command = [gwspec, "client", *patterns, "--strict", "--seed", "1", "--report", f"json={report}", *jobs]
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


def row(gwspec, name, stack, misbehave, rules, patterns, jobs):
    """(good, line)"""
    caught, wrong = False, None
    for _ in range(3):
        code, named, count, tail = judge(gwspec, stack, misbehave, patterns, jobs)
        caught |= bool(named.keys() & set(rules)) and code == 1
        seen = {rule: text for rule, text in named.items() if rule not in rules}
        wrong = seen if wrong is None else {rule: text for rule, text in wrong.items() if rule in seen}
        if not wrong and (caught or not misbehave):
            break
    good = not wrong and (caught if misbehave else code == 0)
    words = ["ok  " if good else "BAD ", f"{name:<7}", f"{misbehave or 'conforming':<32}", f"{count:>3} scenarios ", " ".join(rules)]
    line = " ".join(words).rstrip()
    for rule, text in (wrong or {}).items():
        line += f"\n       misblamed {rule}: {text}"
    if misbehave and not caught:
        line += "\n       not caught"
    if not misbehave and not good:
        line += f"\n       exit code {code}\n{tail}"
    return good, caught, len(wrong or {}), line


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
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--report")
    args = parser.parse_args()
    gwspec = f"{args.bin}/gwspec"
    catalogue = scenarios(gwspec)
    work, seen_names, lines = [], {}, []
    for name, stack in STACKS.items():
        reason = missing(stack)
        if reason:
            lines.append(f"skip {name:<7} {reason}")
            continue
        table = [line.split() for line in run([*stack["command"], "--list-misbehaviours"]).stdout.splitlines()]
        work.append((name, stack, None, []))
        for misbehave, *rules in table:
            # Three clients share one gateway logic: raw stands for its misbehaviours on a codec, the others for their own stack's.
            if name in ("python", "native") and seen_names.get(misbehave) and not args.all:
                continue
            seen_names[misbehave] = name
            work.append((name, stack, misbehave, rules))
    if args.only:
        work = [w for w in work if w[0] in args.only or f"{w[0]}:{w[2] or 'conforming'}" in args.only]
    for line in lines:
        print(line, flush=True)
    parallel = ["--jobs", "6"]

    def one(item):
        name, stack, misbehave, rules = item
        patterns = [] if args.all or not misbehave else chosen(catalogue, misbehave, rules)
        return row(gwspec, name, stack, misbehave, rules, patterns, parallel if misbehave else [])

    good = conforming = conforming_good = misbehaviours = caught = misblamed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        plain = [w for w in work if not w[2]]
        for item in plain:  # one after the other: they are held to account for every scenario
            ok, _, _, line = one(item)
            conforming += 1
            conforming_good += ok
            lines.append(line)
            print(line, flush=True)
        for ok, was_caught, wrong, line in pool.map(one, [w for w in work if w[2]]):
            misbehaviours += 1
            caught += was_caught
            misblamed += wrong
            lines.append(line)
            print(line, flush=True)
    lines.append(f"conforming {conforming_good} of {conforming}  misbehaviours {misbehaviours} caught {caught} misblamed {misblamed}")
    print(lines[-1])
    if args.report:
        with open(args.report, "w") as out:
            out.write("\n".join(lines) + "\n")
    if not work:
        return 77
    return 0 if conforming_good == conforming and caught == misbehaviours and misblamed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
