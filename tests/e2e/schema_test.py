#!/usr/bin/python3
"""The JSON Schemas against the loaders: every good file of this project is good for both, and every wrong file of tests/golden is
wrong for its schema too, unless it is of those that only the loader can see. The errors of the loader are golden: with
GWSPEC_GOLDEN_UPDATE set in the environment they are written anew (look at the difference before you commit it).

    schema_test.py GWSPEC
"""
import glob
import json
import os
import re
import subprocess
import sys

import jsonschema
import yaml

GWSPEC = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
# Wrong in a way that no schema can express: names that must exist, texts in texts, places, YAML itself.
LOADER_ONLY = set(open("tests/golden/loader-only.txt").read().split())


class Loader(yaml.SafeLoader):
    """YAML 1.2 as gwspec reads it: true and false are the only booleans, no dates, keys are texts."""


Loader.yaml_implicit_resolvers = {}
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|Null|NULL|~|)$"), ["n", "N", "~", ""])
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), list("-+.0123456789"))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def with_text_keys(value):
    if isinstance(value, dict):
        return {str(key): with_text_keys(item) for key, item in value.items()}
    return [with_text_keys(item) for item in value] if isinstance(value, list) else value


def read(path):
    return with_text_keys(yaml.load(open(path, encoding="utf-8"), Loader))


def good_files():
    kinds = {"scenario": [], "protocol": glob.glob("scenarios/protocols/*.yaml") + glob.glob("tests/peers/*/*.yaml"),
             "target": glob.glob("scenarios/targets/*.yaml") + glob.glob("tests/peers/*.yaml")}
    others = ("protocols", "requirements", "targets", "schema")
    for folder in sorted(os.listdir("scenarios")):
        if folder not in others:
            kinds["scenario"] += glob.glob(f"scenarios/{folder}/**/*.yaml", recursive=True)
    return kinds


def check(paths):
    """What gwspec check says of each of these wrong files; one that it accepts is not there."""
    done = subprocess.run([GWSPEC, "check", *paths], capture_output=True, text=True, timeout=60, check=False)
    said, current = {}, None
    for line in done.stderr.splitlines(keepends=True):
        start = re.match(r"(tests/golden/\S+\.yaml):", line)
        current = start.group(1) if start else current
        said[current] = said.get(current, "") + line
    return said if done.returncode == 2 and not done.stdout else {}


def golden(path, said):
    """What is said of a wrong file, word for word; each error has its place, line and caret."""
    name = path[:-5] + ".txt"
    if os.environ.get("GWSPEC_GOLDEN_UPDATE"):
        open(name, "w", encoding="utf-8").write(said)
    wanted = open(name, encoding="utf-8").read() if os.path.exists(name) else ""
    problems = [] if said == wanted else [f"{name}: wanted\n{wanted}got\n{said}"]
    if not re.match(re.escape(path) + r":\d+:\d+: error: .+\n +\d+ \| .*\n +\| +\^", said):
        problems.append(f"{path}: no place, line and caret: {said}")
    return problems


def main():
    failures, counted = [], 0
    for kind, paths in good_files().items():
        schema = json.load(open(f"scenarios/schema/{kind}.schema.json"))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        printed = subprocess.run([GWSPEC, "schema", kind], capture_output=True, text=True, timeout=30, check=True).stdout
        if json.loads(printed) != schema:
            failures.append(f"gwspec schema {kind} is not scenarios/schema/{kind}.schema.json")
        for path in paths:
            counted += 1
            error = next(validator.iter_errors(read(path)), None)
            if error:
                failures.append(f"{path}: good, and its schema says: {error.json_path}: {error.message[:200]}")
        wrong = sorted(glob.glob(f"tests/golden/{kind}-errors/*.yaml"))
        if len(wrong) < 20:
            failures.append(f"only {len(wrong)} wrong files of the kind {kind}")
        said = check(wrong)
        for path in wrong:
            counted += 1
            name = f"{kind}/{os.path.basename(path)[:-5]}"
            try:
                refused = not validator.is_valid(read(path))
            except yaml.YAMLError:
                refused = True
            if path not in said:
                failures.append(f"{path}: gwspec check finds nothing wrong with it")
            elif kind != "scenario":  # those have a test of their own, tests/unit/scenario/load_errors_test.c
                failures += golden(path, said[path])
            if refused == (name in LOADER_ONLY):
                failures.append(f"{path}: the schema {'refuses it: take it out of' if refused else 'accepts it: it belongs into'} tests/golden/loader-only.txt")
    print("\n".join(failures) if failures else f"schemas and loaders agree on {counted} files")
    return 1 if failures else 0


sys.exit(main())
