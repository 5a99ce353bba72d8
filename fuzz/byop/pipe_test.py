#!/usr/bin/python3
"""gwspec-fuzz-pipe as a user has it: ws behind it, and parsers that answer what no parser may.

    pipe_test.py PATH/gwspec-fuzz-pipe
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "corpus")
WS = os.path.join(HERE, "../../tests/peers/node-ws/node_modules/ws")
PIPE = sys.argv[1]

# A parser in ten lines; CASE is what it answers to a feed.
CHILD = r'''
import os, struct, sys, time
def take(n):
    data = b""
    while len(data) < n:
        more = os.read(0, n - len(data))
        if not more: sys.exit(0)
        data += more
    return data
def answer(data): os.write(1, struct.pack("!I", len(data)) + data)
while True:
    request = take(struct.unpack("!I", take(4))[0])
    if request[:1] == b"H": answer(struct.pack("!IIII", VERSION, 2, 1, 0) + b"child")
    elif request[:1] == b"F" and len(request) > 1: CASE
    else: answer(b"")
'''


def run(command, *options, save):
    return subprocess.run([PIPE, "--save", save, *options, CORPUS, "--", *command], capture_output=True, text=True, timeout=120)


def child(case, version=1):
    return ["/usr/bin/python3", "-c", CHILD.replace("CASE", case).replace("VERSION", str(version))]


def main():
    event = 'struct.pack("!BBBBHBqI", {}, 4, 0, 1, 0, 0, 0, {})'
    wrong = [ # what the child does, exit code, what is said of it
        (child("os._exit(3)"), 1, "crash: the parser exited with status 3"),
        (child("os.abort()"), 1, "crash: the parser was ended by signal 6"),
        (child("time.sleep(60)"), 1, "timeout: no answer in time"),
        (child('os.write(1, b"\\xff\\xff\\xff\\xff")'), 1, "interface: an answer of more than 8 MiB"),
        (child('answer(b"abc")'), 1, "interface: an answer ends inside an event"),
        (child(f'answer({event.format(2, 9)})'), 1, "interface: an answer ends inside the bytes of an event"),
        (child(f'answer({event.format(77, 0)})'), 1, "interface: an event with a kind"),
        (child('answer(b"")'), 1, "verdict: "),
        (child("pass", version=9), 2, "the answer to the hello is no version 1"),
        (["/nonexistent/parser"], 2, "No such file or directory"),
        (["/bin/true"], 2, "exited with status 0"),
    ]
    bad = 0
    with tempfile.TemporaryDirectory() as save:
        for command, code, text in wrong:
            done = run(command, "--timeout-ms", "500", save=save)
            if done.returncode != code or text not in done.stderr:
                bad += 1
                print(f"exit {done.returncode}, expected {code} and '{text}':\n{done.stderr}")
        if shutil.which("node") and os.path.isdir(WS):
            node = ["node", os.path.join(HERE, "examples/node-ws/parser.js")]
            known = "non-minimal-length=ws takes a length in a longer form than needed"
            done = run(node, "--runs", "600", "--known", known, save=save)
            if done.returncode != 0:
                bad += 1
                print(f"ws: exit {done.returncode}\n{done.stderr}")
            done = run(node, "--runs", "3000", save=save)  # what is not known is found
            if done.returncode != 1 or "shortest form" not in done.stderr:
                bad += 1
                print(f"ws, nothing known: exit {done.returncode}\n{done.stderr}")
        else:
            print("ws is not installed: its part is left out")
    print(f"{len(wrong) + 2 - bad} of {len(wrong) + 2} good")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
