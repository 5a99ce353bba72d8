#!/usr/bin/python3
"""The catalogue has no hole, and `gwspec coverage` would tell: docs/coverage.md is what it prints, and each planted hole in a copy of
the catalogue is found.

    coverage_test.py BIN          (to write the page anew: BIN/gwspec coverage --markdown >docs/coverage.md)
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

GWSPEC = os.path.join(sys.argv[1], "gwspec")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
bad = checks = 0


def check(what, good, text=""):
    global bad, checks
    checks += 1
    if not good:
        bad += 1
        print(f"BAD  {what}\n{text[-2000:]}")


def coverage(*args):
    done = subprocess.run([GWSPEC, "coverage", *args], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def edit(path, old, new):
    text = open(path).read()
    assert old in text, f"{path} no longer says {old!r}"
    with open(path, "w") as out:
        out.write(text.replace(old, new, 1))


def untested_must(folder):
    os.remove(f"{folder}/close/one-byte.yaml")
    return "RFC6455-5.5.1-K2 is a MUST that can be observed, and no scenario tests it"


def new_must(folder):
    edit(f"{folder}/requirements/gateway.yaml", "  S1:", '  S99:\n    {title: new, role: server, level: must, clause: "new"}\n  S1:')
    return "S99 is a MUST that can be observed, and no scenario tests it"


def no_requirement(folder):
    edit(f"{folder}/hello/only-once.yaml", "requires: [S3]", "requires: []")
    return "hello/only-once.yaml"


def requirement_left_out(folder):
    edit(f"{folder}/hello/only-once.yaml", "requires: [S3]\n", "")
    return "hello/only-once.yaml"


def dangling_id(folder):
    edit(f"{folder}/hello/only-once.yaml", "requires: [S3]", "requires: [S33]")
    return "S33"


def dangling_in_fault(folder):
    edit(f"{folder}/requirements/gateway.yaml", "  S20:", "  S20b:")
    edit(f"{folder}/events/in-order.yaml", "requires: [S20]", "requires: [S20b]")
    return "breaks S20, which is not in the catalogue"


def dangling_in_misbehaviour(folder):
    edit(f"{folder}/requirements/misbehaviours.yaml", "no-heartbeat: [C3]", "no-heartbeat: [S3]")
    return "misbehaviour no-heartbeat breaks S3, which is no requirement of a client"


def without_misbehaviour(folder):
    edit(f"{folder}/requirements/gateway.yaml", "  C1:", '  C99:\n    {title: new, role: client, level: must, clause: "new"}\n  C1:')
    edit(f"{folder}/client/hello/twice.yaml", "requires: [", "requires: [C99, ")
    return "C99 has no fault that shows its scenarios can fail"


def without_fault(folder):
    edit(f"{folder}/requirements/gateway.yaml", "  S1:", '  S99:\n    {title: new, role: server, level: should, clause: "new"}\n  S1:')
    edit(f"{folder}/hello/only-once.yaml", "requires: [S3]", "requires: [S3, S99]")
    return "S99 has no fault that shows its scenarios can fail"


code, page = coverage("--markdown")
shown = open(os.path.join(ROOT, "docs", "coverage.md")).read()
check(f"docs/coverage.md is as printed (else: {GWSPEC} coverage --markdown >docs/coverage.md)", code == 0 and page == shown)
code, text = coverage()
check("the catalogue has no problem", code == 0 and "Problems:" not in text, text)
check("each rule that can be broken has a fault that breaks it", "has no fault" not in text, text)

# The misbehaviours of clients in the catalogue are those of the clients of tests/peers/clients.
CLIENTS = os.path.join(ROOT, "tests", "peers", "clients")
sys.path.insert(0, CLIENTS)
import gateway  # noqa: E402

raw = subprocess.run(["/usr/bin/python3", f"{CLIENTS}/raw_client.py", "--list-misbehaviours"], capture_output=True, text=True, check=True)
listed = {name: rules for name, *rules in map(str.split, raw.stdout.splitlines()) if rules}
with open(os.path.join(ROOT, "scenarios", "requirements", "misbehaviours.yaml"), encoding="utf-8") as stream:
    stated = yaml.safe_load(stream)["misbehaviours"]
check("the misbehaviours of the catalogue are those of raw_client.py", len(listed) > 60 and stated == listed,
      str([name for name in {*stated, *listed} if stated.get(name) != listed.get(name)]))
for name, rules in gateway.MISBEHAVIOURS.items():
    check(f"{name} breaks the same rules in each client", not rules or list(rules) == stated.get(name), f"{rules} {stated.get(name)}")
rows = [[cell.strip() for cell in line.split("|")[1:]] for line in page.splitlines() if line.startswith("| ")]
rows = [row for row in rows if re.fullmatch(r"C\d+|RFC6455-.*-X\d+", row[0])]
check("there are rules of clients", len(rows) > 40)
for rule, level, _, scenarios, breakers, *_ in rows:
    check(f"{rule} has a scenario", scenarios)
    check(f"{rule} has a client that breaks it", level == "MAY" or breakers)

for hole in (untested_must, new_must, no_requirement, requirement_left_out, dangling_id, dangling_in_fault, dangling_in_misbehaviour, without_misbehaviour, without_fault):
    with tempfile.TemporaryDirectory() as top:
        copy = os.path.join(top, "scenarios")
        shutil.copytree(os.path.join(ROOT, "scenarios"), copy)
        wanted = hole(copy)
        code, text = coverage("--scenarios", copy)
        told = wanted in text and (code != 0 or hole in (without_fault, without_misbehaviour))
        check(f"{hole.__name__.replace('_', ' ')} is told", told, f"exit code {code}, wanted: {wanted}\n{text}")
print(f"{checks} checks, {bad} bad")
sys.exit(1 if bad else 0)
