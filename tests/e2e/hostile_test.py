#!/usr/bin/python3
"""The harness against servers that mean harm: a verdict on each scenario, in bounded time and memory, and never a crash.

    hostile_test.py BIN [--sanitized] [WAY...]

A way with `fixture-` in front is that of the HTTP server which the target's fixtures ask. A sanitized gwspec is slow and large: it gets
a part of the catalogue, and more memory.
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "peers", "hostile"))
from hostile import WAYS, Hostile  # noqa: E402

SECONDS, MIB, SANITIZED_MIB = 120, 250, 2000
JOBS = 6
# A little of everything; the nastiest get the whole catalogue.
SOME = ["hello", "ping/125-bytes", "heartbeat/silent-client-is-dropped", "heartbeat/server-keeps-its-cadence", "framing/length-125",
        "framing/reserved-bits", "fragmentation", "close/empty", "close/server-close-is-well-formed", "robustness/not-an-object"]
ALL = {"flood-messages", "endless-fragments", "many-events", "trees", "length-63-bits"}


FIXTURES = ["fixture-stall-connect", "fixture-endless-headers", "fixture-endless-body", "fixture-reset-at-once"]
TARGET = """target: hostile-fixtures
fixtures:
  room:
    - http: {{post: "http://{0}/rooms", json: {{}}, status: 201, capture: {{id: {{json: /id}}}}}}
connect: {{url: "ws://{0}/gateway?room=${{room.id}}"}}
"""


def target_of(way, url, folder):
    """The options that name the target."""
    if not way.startswith("fixture-"):
        return ["--url", url]
    path = os.path.join(folder, "target.yaml")
    with open(path, "w") as file:
        file.write(TARGET.format(url.split("/")[2]))
    return ["--target", path]


def run(bin_dir, way, sanitized):
    """Why it is not as it should be, or None; and a line of figures."""
    with Hostile(way.removeprefix("fixture-")) as server, tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        report = os.path.join(folder, "report.jsonl")
        limit_mib = SANITIZED_MIB if sanitized else MIB
        started = time.monotonic()
        process = subprocess.Popen([f"{bin_dir}/gwspec", "run", *([] if way in ALL and not sanitized else SOME),
                                    *target_of(way, server.url, folder), "--seed", "1", "--crash-search", "10s", "--report", f"json={report}"], stdout=log, stderr=subprocess.STDOUT)
        killer = threading.Timer(SECONDS, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds, mib = time.monotonic() - started, usage.ru_maxrss / 1024
        log.seek(0)
        text = log.read().decode(errors="replace")
        lines = [json.loads(line) for line in open(report)]
    results = [line for line in lines if line["type"] == "result"]
    summary = lines[-1] if lines and lines[-1]["type"] == "summary" else {"total": -1}
    verdicts = {verdict: n for verdict, n in summary.get("verdicts", {}).items() if n}
    figures = f"{way:22} exit {process.returncode:2}  {seconds:5.1f} s  {mib:5.0f} MiB  {verdicts}"
    if seconds >= SECONDS:
        return f"no end within {SECONDS} s", figures, text
    if process.returncode not in (1, 3) or "Sanitizer" in text or "runtime error" in text:
        return f"exit code {process.returncode}", figures, text
    if mib > limit_mib:
        return f"{mib:.0f} MiB, more than {limit_mib}", figures, text
    if process.returncode == 1 and (not results or len(results) != summary["total"]):
        return f"{len(results)} verdicts of {summary['total']}", figures, text
    if process.returncode == 3 and not text.strip():
        return "exit code 3 without a word", figures, text
    return None, figures, text


def main():
    args = sys.argv[1:]
    bin_dir = args.pop(0)
    sanitized = "--sanitized" in args
    ways = [arg for arg in args if arg != "--sanitized"] or [*WAYS, *FIXTURES]
    bad = 0
    with concurrent.futures.ProcessPoolExecutor(JOBS) as pool:
        for why, figures, text in pool.map(run, [bin_dir] * len(ways), ways, [sanitized] * len(ways)):
            print(figures + (f"  BAD: {why}" if why else ""), flush=True)
            if why:
                bad += 1
                print("    " + "\n    ".join(text.splitlines()[-30:]))
    print(f"{len(ways) - bad} of {len(ways)} hostile servers borne")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
