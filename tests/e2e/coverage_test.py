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

# What breaks a client's rules are the clients of tests/peers/clients.
CLIENTS = os.path.join(ROOT, "tests", "peers", "clients")
sys.path.insert(0, CLIENTS)
import gateway  # noqa: E402

raw = subprocess.run(["/usr/bin/python3", f"{CLIENTS}/raw_client.py", "--list-misbehaviours"], capture_output=True, text=True, check=True)
broken = set(raw.stdout.split()) | {rule for rules in gateway.MISBEHAVIOURS.values() for rule in rules}
rows = [[cell.strip() for cell in line.split("|")[1:]] for line in page.splitlines() if line.startswith("| ")]
rows = [row for row in rows if re.fullmatch(r"C\d+|RFC6455-.*-X\d+", row[0])]
check("there are rules of clients", len(rows) > 40)
for rule, level, _, scenarios, *_ in rows:
    check(f"{rule} has a scenario", scenarios)
    check(f"{rule} has a client that breaks it", level == "MAY" or rule in broken)

for hole in (untested_must, new_must, no_requirement, requirement_left_out, dangling_id, dangling_in_fault, without_fault):
    with tempfile.TemporaryDirectory() as top:
        copy = os.path.join(top, "scenarios")
        shutil.copytree(os.path.join(ROOT, "scenarios"), copy)
        wanted = hole(copy)
        code, text = coverage("--scenarios", copy)
        told = wanted in text and (code != 0 or hole is without_fault)
        check(f"{hole.__name__.replace('_', ' ')} is told", told, f"exit code {code}, wanted: {wanted}\n{text}")
print(f"{checks} checks, {bad} bad")
sys.exit(1 if bad else 0)
