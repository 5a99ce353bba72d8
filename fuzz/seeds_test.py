#!/usr/bin/python3
"""The seeds are those that make_seeds.py writes, and the table of known bug classes in docs/fuzzing.md names only files and
scenarios that there are.

    seeds_test.py PATH/gwspec
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import make_seeds  # noqa: E402

DOC = os.path.join(os.path.dirname(HERE), "docs/fuzzing.md")
WORD = re.compile("`([^`]+)`")


def rows():
    """(class, seeds with their folder, scenarios) of the table."""
    with open(DOC, encoding="utf-8") as f:
        section = f.read().split("### Known bug classes\n")[1].split("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    for line in lines:
        name, seeds, scenarios = [cell.strip() for cell in line.strip("|").split(" | ")]
        folder, files = None, []
        for word in WORD.findall(seeds):
            folder, _, file = word.rpartition("/") if "/" in word else (folder, "", word)
            files.append(f"{folder}/{file}")
        yield name, files, WORD.findall(scenarios)


def main():
    bad = list(make_seeds.stale())
    listed = subprocess.run([sys.argv[1], "list", "--ids"], check=True, capture_output=True, text=True).stdout
    ids, table = set(listed.split()), list(rows())
    for name, files, scenarios in table:
        bad += [f"{name}: fuzz/corpus/{file} is not there" for file in files if not os.path.isfile(os.path.join(HERE, "corpus", file))]
        bad += [f"{name}: there is no scenario {scenario}" for scenario in scenarios if scenario not in ids]
        if not files or not scenarios:
            bad.append(f"{name}: no seed, or no scenario")
    if len(table) < 30:
        bad.append(f"docs/fuzzing.md: a table of {len(table)} rows only")
    print("\n".join(bad + [f"{len(table)} classes, {len(bad)} faults"]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
