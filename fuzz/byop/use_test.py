#!/usr/bin/python3
"""The program that a parser becomes without libFuzzer, as a user has it: what a replay tells, findings made smaller. And
print_session.

    use_test.py PARSER WITH A BUG (surrogates are text) USE_PARSER PRINT_SESSION
"""
import os
import re
import subprocess
import sys
import tempfile

SURROGATES, USE, PRINT = sys.argv[1:4]
TEXT = b"\x22\x64\x05\xed\xbf\xbf"  # limit 125, interval 1 ms; a packet in two frames
SHOWN = r'''role server, max_message_bytes 125, heartbeat_interval_ms 1
steps of the input:
  2: packet in 2 frames "\xed\xbf\xbf"
what the parser gets:
  feed 15 bytes: 01 81 37 fa 21 3d da 80 82 37 fa 21 3d 88 45
finding: verdict: '''
EVENT, LATER, PIECES, PONG, LONG = b"\x05\x02", b"\x06\x02\x08", b"\x07\x03", b"\x03\x8a\x00\x03abc", b"\x02\xf1\x2c" + 300 * b"\x81"

failures = 0


def run(program, *arguments, **environment):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def expect(done, code, *texts):
    """Ends with this exit code and says each of these on its standard error."""
    global failures
    for text in [t for t in texts if t not in done.stderr] or ([None] if done.returncode != code else []):
        failures += 1
        print(f"{done.args}: exit {done.returncode}, expected {code}{f' and {text!r}' if text else ''}:\n{done.stderr}")


def write(data):
    with open("input", "wb") as f:
        f.write(data)
    return "input"


def expect_saved(done, wanted):
    global failures
    with open(re.search("input: (.*)", done.stderr).group(1), "rb") as f:
        got = f.read()
    if got != wanted:
        failures += 1
        print(f"{done.args}: wrote {got.hex(' ')}, expected {wanted.hex(' ')}")


def replays():
    expect(run(SURROGATES, write(TEXT)), 1, SHOWN)
    expect(run(SURROGATES, write(b"\x00" + EVENT)), 0, "  0: event 2 in 1 frames\n", "no finding")
    expect(run(SURROGATES, write(b"\x00" + LATER + PIECES + EVENT)), 0, "  tick 500 ms\n  feed 20 bytes in pieces of 3: 81 8e ")
    expect(run(SURROGATES, write(b"\x00" + EVENT + b"\x0c\x64" + LATER)), 0, "  feed 20 bytes, 101 times: 81 8e ", "\n  tick 500 ms\n")
    expect(run(SURROGATES, write(b"\x00" + LONG)), 0, "\\x81 ... 1009 characters more\n", " 81 ... 236 bytes more\n")


def smaller():
    done = run(SURROGATES, "--minimize", write(b"\x22" + EVENT + LATER + b"\x44\x08ab\xed\xbf\xbfcde" + EVENT), "--save", ".")
    expect(done, 1, "finding: verdict: ", "section 8.1", "6 bytes, before 18")
    expect_saved(done, b"\x00\x04\x03\xed\xbf\xbf")
    done = run(USE, "--minimize", write(b"\x00" + EVENT + LATER + PONG + EVENT), "--save", ".")
    expect(done, 1, "finding: crash: Aborted")
    expect_saved(done, b"\x00\x03\x8a\x00\x00")
    expect(run(SURROGATES, "--minimize", write(b"\x00" + EVENT)), 2, "input shows no finding")
    expect(run(SURROGATES, "--minimize", "input", "input"), 2, "--minimize takes one FILE")


def wrong_use():
    """No finding: exit 2, and nothing is tried or written."""
    global failures
    mistakes = {
        "abi": "abi is 9",
        "name": "gwspec_parser: interface: name is NULL",
        "tick": "use: interface: REPORTS_TIMEOUT needs tick()",
        "roles": "roles is 0x10; it may have",
        "reports": "reports is 0x42, but its bits end with 0x1f",
        "rule": 'known divergence "foo" is no rule; the rules are: non-minimal-length any-mask ',
        "reason": 'known divergence "any-mask" has no reason',
    }
    before = os.listdir()
    for mistake, text in mistakes.items():
        expect(run(USE, "--runs", "3", write(b"\x00"), MISTAKE=mistake), 2, text)
    expect(run(USE, "--runs", "3", "--max-findings", "0", "input"), 2, '--max-findings takes a number from 1 to 1000000, not "0"')
    expect(run(USE, "--runs", "3", "--max-len", "0", "input"), 2, "--max-len takes a number from 1 ")
    expect(run(USE), 2, "no SEED is given\nusage: ")
    if os.listdir() != before:
        failures += 1
        print(f"wrong use wrote files: {os.listdir()}, before {before}")


def sessions():
    done = run(PRINT, write(TEXT))
    expect(done, 0)
    if '2: packet in 2 frames "\\xed' not in done.stdout:
        expect(done, None, "the steps")
    expect(run(PRINT), 2, "usage: print_session FILE")
    expect(run(PRINT, "."), 2, ".: Is a directory")
    expect(run(PRINT, write(bytes(64 << 10))), 2, "input: it is too long")


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        replays()
        smaller()
        wrong_use()
        sessions()
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
