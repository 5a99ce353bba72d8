#!/usr/bin/python3
"""gwspec-fuzz-pipe as a user has it: the examples behind it, and parsers that answer what no parser may.

    pipe_test.py PATH/gwspec-fuzz-pipe [FOLDER OF THE EXAMPLES]
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
EXAMPLES = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "examples")

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
    if request[:1] == b"H": answer(struct.pack("!IIII", HELLO, 0) + b"child")
    elif request[:1] == b"F" and len(request) > 1: CASE
    else: answer(b"")
'''


def run(command, *options, save):
    return subprocess.run([PIPE, "--save", save, *options, CORPUS, "--", *command], capture_output=True, text=True, timeout=120)


def child(case, version=1, reports=2, roles=1):
    hello = f"{version}, {reports}, {roles}"
    return ["/usr/bin/python3", "-c", CHILD.replace("CASE", case).replace("HELLO", hello)]


def expect(command, options, code, text, save):
    """True if it ends with this exit code and says this on its standard error."""
    done = run(command, *options, save=save)
    good = done.returncode == code and text in done.stderr
    if not good:
        print(f"{' '.join(command)[:80]}: exit {done.returncode}, expected {code} and '{text}':\n{done.stderr}")
    return good


def examples(save):
    """Each passes as it ships, and a bug in it is found."""
    path = os.path.join(EXAMPLES, "python/parser.py")
    with open(path, encoding="utf-8") as f:
        last_wins = f.read().replace("object_pairs_hook=unique, ", "")
    yield expect(["/usr/bin/python3", path], ["--runs", "600"], 0, "", save)
    yield expect(["/usr/bin/python3", "-c", last_wins], ["--runs", "30000"], 1, "two event ids, or two data", save)
    if not shutil.which("node") or not os.path.isdir(WS):
        print("ws is not installed: its part is left out")
        return
    node = ["node", os.path.join(EXAMPLES, "node-ws/parser.js"), WS]
    known = "non-minimal-length=ws takes a length in a longer form than needed"
    yield expect(node, ["--runs", "600", "--known", known], 0, "", save)
    yield expect(node, ["--runs", "3000"], 1, "shortest form", save)  # what is not known is found


def replay(save):
    """What was found is told, and made smaller."""
    path = os.path.join(save, "input")
    with open(path, "wb") as f:
        f.write(b"\x00\x05\x02\x03\x8a\x00\x03abc\x05\x03")
    parser = child('os._exit(3) if request[1] == 0x8a else answer(b"")')
    for options, text in [[path], "  feed 9 bytes: 8a 83 37 fa 21 3d 56 98 42\n"], [["--minimize", path], "\n5 bytes, before 12\n"]:
        done = subprocess.run([PIPE, "--save", save, *options, "--", *parser], capture_output=True, text=True, timeout=60)
        good = done.returncode == 1 and text in done.stderr and "finding: crash: the parser exited with status 3" in done.stderr
        if not good:
            print(f"{options}: exit {done.returncode}, expected '{text}':\n{done.stderr}")
        yield good


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
        (child('answer(b""), answer(b"")'), 1, 'interface: an answer that nobody asked for: "\\x00\\x00\\x00\\x00'),
        (child('print("feeding", flush=True)'), 1, 'by its first bytes: "feeding'),
        (["/usr/bin/python3", "-c", 'print("starting", flush=True)' + CHILD], 2, 'by its first bytes: "starting'),
        (child("pass", version=9), 2, "the answer to the hello is no version 1"),
        (child("pass", roles=16), 2, "child: interface: roles is 0x10; it may have"),
        (child("pass", reports=64 | 2), 2, "child: interface: reports is 0x42"),
        (["/nonexistent/parser"], 2, "No such file or directory"),
        (["/bin/true"], 2, "exited with status 0"),
    ]
    none = subprocess.run([PIPE, CORPUS], capture_output=True, text=True, timeout=60)
    with tempfile.TemporaryDirectory() as save:
        done = [expect(command, ["--timeout-ms", "500"], code, text, save) for command, code, text in wrong]
        done.append(none.returncode == 2 and "no COMMAND is given" in none.stderr)
        before = os.listdir(save)
        done.append(expect(child("pass"), ["--known", "foo=bar"], 2, '"foo" is no rule; the rules are: non-minimal-length', save))
        done.append(os.listdir(save) == before)
        done += examples(save)
        done += replay(save)
    print(f"{sum(done)} of {len(done)} good")
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
