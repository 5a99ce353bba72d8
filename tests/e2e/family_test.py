#!/usr/bin/python3
"""The protocols of the family: the mock serves each and conforms, peers on foreign stacks conform, and every fault of
either is found under the rules that it says it breaks, and under no other.

    family_test.py BIN simulated [--all]    the mock in memory; --all: with every fault that a protocol has
    family_test.py BIN mock [PROTOCOL...]   the mock over sockets, the whole catalogue
    family_test.py BIN peers [PEER...]      the peers, the whole catalogue and each misbehaviour
"""
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

BIN = os.path.abspath(sys.argv[1])
GWSPEC, SERVER = f"{BIN}/gwspec", f"{BIN}/gwspec-server"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = tempfile.mkdtemp(prefix="gwspec-family-")
ENV = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", NO_COLOR="1")
BEHAVIOUR = ["hello", "heartbeat", "events", "robustness"]  # where protocols differ; the rest is RFC 6455

# At least so many scenarios are judged: a description that says less would skip more. Simulated, over sockets.
JUDGED = {
    "gateway": (620, 580), "gateway-2": (620, 580), "discord-10": (530, 520), "lanyard": (480, 475), "flat-strings": (500, 490),
    "engineio-4": (495, 490), "graphql-ws": (465, 460),
}
# What a fault brings with it beside its own rules, because of how a protocol is made.
BESIDE = {
    ("flat-strings", "heartbeat-never"): {"S6"},  # who is never asked is never dropped
    ("engineio-4", "heartbeat-never"): {"S6"},
    ("flat-strings", "heartbeat-once"): {"S6"},
    ("engineio-4", "heartbeat-once"): {"S6"},
}
# Not found in this protocol, and why.
QUIET = {}
USUAL_FAULTS = {"hello-late", "interval-string", "hello-twice", "heartbeat-never", "timeout-never", "ask-ignored", "dies-on-binary"}

PEERS = {  # target: (protocol, command, packages that it needs)
    "discord-10": ("discord-10", ["/usr/bin/python3", "family/server.py"], None),
    "lanyard": ("lanyard", ["/usr/bin/python3", "family/server.py"], None),
    "flat-strings": ("flat-strings", ["/usr/bin/python3", "family/server.py"], None),
    "gateway-2": ("gateway-2", ["/usr/bin/python3", "family/server.py"], None),
    "engineio": ("engineio-4", ["node", "npm/engineio.js"], "npm/node_modules/engine.io"),
    "graphql-ws": ("graphql-ws", ["node", "npm/graphql.js"], "npm/node_modules/graphql-ws"),
}
FAST = ["--interval", "500"]  # of those peers that can be told
CAREFUL = ["--jobs", "8", "--retries", "2"]
# A client of discord-10: sequence numbers, jitter, asks, and servers that acknowledge nothing any more.
CLIENT = ["/usr/bin/python3", f"{ROOT}/tests/peers/family/client.py"]
CLIENT_FAULTS = {"wrong-sequence": "C7", "stays-with-a-zombie": "C5", "ignores-asks": "C4", "beats-late": "C3"}
CLIENT_SCENARIOS = [f"client/heartbeat/{name}" for name in ("ask-is-answered", "carries-nothing", "leaves-a-silent-server", "pings-do-not-count",
                                                            "stays-with-jitter", "cadence/200ms")]
BAD = {"fail", "crash", "non-strict", "error", "inconclusive", "unexpected-pass"}


def description(protocol):
    return f"{ROOT}/scenarios/protocols/{protocol}.yaml"


def report(name):
    return f"{HERE}/{name}.json"


def failed(name):
    with open(report(name), encoding="utf-8") as lines:
        return [r["id"] for r in map(json.loads, lines) if r["type"] == "result" and r["verdict"] in BAD]


def run(name, *args, command="run"):
    """Exit code, verdicts of the scenarios, and {rule: scenario} of what was found."""
    path = report(name)
    client = args.index("--") if "--" in args else len(args)
    done = subprocess.run([GWSPEC, command, *args[:client], "--seed", "1", "-r", f"json={path}", *args[client:]], capture_output=True, text=True, timeout=300, env=ENV,
                          cwd=ROOT, check=False)
    if not os.path.exists(path):
        return done.returncode, [], {"no run": done.stderr}
    results = [r for r in map(json.loads, open(path)) if r["type"] == "result"]
    rules = {f["rule"] or f["verdict"]: r["id"] for r in results if r["verdict"] in BAD for f in r["findings"] if f["verdict"] in BAD}
    return done.returncode, [r["verdict"] for r in results], rules


def told(name, good, what, wrong):
    print(f"{'ok' if good else 'later'}    {name}: {what}", flush=True)
    return bool(good) or wrong


def judge_conforming(name, floor, *args, only=()):
    """True, or what is wrong. `only`: the scenarios that failed before; a wrong server fails them again."""
    code, verdicts, rules = run(name, *only, *args, *(CAREFUL if only else ()))
    judged = sum(v != "skipped" for v in verdicts)
    idle = only and set(verdicts) == {"skipped"}  # a MAY that was not seen this time: nothing judged, nothing wrong
    good = idle or code == 0 and (only or judged >= floor)
    verdict = told(name, good, f"{judged} of {len(verdicts)} judged", f"{name}: exit {code}, {judged} judged (at least {floor}), {rules}")
    again = failed(name) if code == 1 and not only else []
    return (lambda: judge_conforming(name, floor, *args, only=again)) if again and judged >= floor else verdict


def judge_fault(name, declared, beside, *args, again=False):
    code, _, rules = run(name, *args, "--strict", *(CAREFUL if again else ()))
    found = set(rules)
    good = code == 1 and found & declared and found <= declared | beside
    wrong = told(name, good, " ".join(sorted(found)), f"{name}: exit {code}, breaks {sorted(declared)}, found {rules}")
    return wrong if good or again else lambda: judge_fault(name, declared, beside, *args, again=True)


def judge_client(fault, again=False):
    name, declared = f"client of discord-10, {fault or 'conforming'}", {CLIENT_FAULTS[fault]} if fault else set()
    code, verdicts, rules = run(name, *CLIENT_SCENARIOS, "--protocol", "discord-10", "--interval", "500", "--strict", "--", *CLIENT, "{url}",
                                *([fault] if fault else []), command="client")
    good = set(rules) == declared and code == bool(fault) and bool(fault or "pass" in verdicts)
    wrong = told(name, good, " ".join(sorted(rules)) or f"{len(verdicts)} judged", f"{name}: exit {code}, breaks {sorted(declared)}, found {rules}")
    return wrong if good or again else lambda: judge_client(fault, again=True)


def faults_of(protocol):
    listed = subprocess.run([SERVER, "--list-faults", "--json", "--protocol", description(protocol)], capture_output=True, text=True,
                            check=True)
    return {f["name"]: set(f["rules"]) for f in json.loads(listed.stdout) if f["layer"] == "gateway"}


def simulated(everything):
    for protocol, (floor, _) in JUDGED.items():
        yield judge_conforming, f"{protocol} simulated", floor, "--simulate", "--protocol", description(protocol)
        faults = faults_of(protocol) if protocol != "gateway" else {}  # those of the gateway document are in the matrix
        for fault, rules in faults.items():
            if not everything and fault not in USUAL_FAULTS:
                continue
            families = BEHAVIOUR if rules & {"S19", "S21"} else BEHAVIOUR[:3]
            yield (judge_fault, f"{protocol} simulated, {fault}", rules, BESIDE.get((protocol, fault), set()), *families, "--simulate",
                   "--protocol", description(protocol), "--fault", fault)


def mock(names):
    for protocol in names or JUDGED:
        yield judge_conforming, f"{protocol} served by the mock", JUDGED[protocol][1], "--protocol", description(protocol)


def misbehaviours(peer):
    protocol, command, _ = PEERS[peer]
    listed = subprocess.run([*command, "--list-misbehaviours"], capture_output=True, text=True, check=True, cwd=f"{ROOT}/tests/peers")
    rows = [line.split() for line in listed.stdout.splitlines()]
    own = [row[1:] for row in rows if row[0] == protocol] if "family" in command[1] else rows
    return {row[0]: set(row[1:]) for row in own}


def peers(names):
    conforming, faulty = [], []  # the long runs first
    for peer in names or PEERS:
        protocol, _, needs = PEERS[peer]
        if needs and not os.path.isdir(f"{ROOT}/tests/peers/{needs}"):
            print(f"skip  {peer}: its packages are not installed (npm ci in tests/peers/npm)")
            continue
        target = ["--target", f"tests/peers/{peer}.yaml", *(FAST if peer != "graphql-ws" else [])]
        floor = JUDGED[protocol][1] - 20 if protocol != "gateway-2" else 480
        conforming.append((judge_conforming, peer, floor, *target, "--strict"))
        faults = misbehaviours(peer)
        if len(faults) < 3:
            faulty.append(lambda peer=peer: f"{peer}: fewer than three misbehaviours")
        for name, rules in faults.items():
            faulty.append((judge_fault, f"{peer}, {name}", rules, set(), *BEHAVIOUR[:2], *target, "--fault", name))
    clients = [(judge_client, fault) for fault in (None, *CLIENT_FAULTS)] if not names else []
    return conforming + faulty + clients


def main():
    kind, names = sys.argv[2], sys.argv[3:]
    if kind == "simulated":
        jobs, at_once = simulated("--all" in names), 2
    else:
        jobs, at_once = mock(names) if kind == "mock" else peers(names), 3
    with ThreadPoolExecutor(at_once) as pool:
        results = list(pool.map(lambda job: job[0](*job[1:]) if isinstance(job, tuple) else job(), list(jobs)))
    # What went wrong beside others goes again by itself: a busy machine fails a window now and then, a wrong server always.
    results = [result() if callable(result) else result for result in results]
    wrong = [r for r in results if r is not True]
    print("\n".join(wrong) if wrong else f"{len(results)} runs, all as they should be")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
