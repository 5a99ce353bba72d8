#!/usr/bin/python3
"""gwspec client in a user's words: clients that behave, and clients that do not; after each, nothing is left running.

    client_test.py BIN [PATTERN | !PATTERN]
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.normpath(os.path.join(HERE, "..", "peers", "clients"))
RAW = ["/usr/bin/python3", f"{CLIENTS}/raw_client.py"]
BIN = sys.argv[1]
MAX_RSS_KIB = 160 * 1024
LIMIT_S = 60
MARK = f"gwspec-client-test-{os.getpid()}"  # stands in the words of what a hostile client leaves behind


class Outcome:
    def __init__(self, code, text, results, rss, seconds):
        self.code, self.text, self.results, self.rss, self.seconds = code, text, results, rss, seconds

    def blames(self):
        """{scenario: [(verdict, rule, observed)]}"""
        return {r["id"]: [(f["verdict"], f["rule"], f["observed"]) for f in r["findings"]] for r in self.results}


def left_behind():
    """Processes that carry the mark, but for this test and what it is."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline", "rb").read()
        except OSError:
            continue
        if MARK.encode() in words and b"gwspec\0client" not in words:
            found.append(int(pid))
    return found


def start(words, **more):
    return subprocess.Popen([f"{BIN}/gwspec", "client", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def finish(process, report=None, started=None):
    text = process.stdout.read()  # until it ends: nobody else holds its output
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    results = [json.loads(line) for line in open(report)] if report and os.path.exists(report) else []
    return Outcome(process.returncode, text, [r for r in results if r["type"] == "result"], usage.ru_maxrss,
                   time.monotonic() - (started or time.monotonic()))


def run(*words, **more):
    with tempfile.TemporaryDirectory(prefix="gwspec-client-") as folder:
        report = f"{folder}/report.jsonl"
        split = words.index("--") if "--" in words else len(words)
        command = [*words[:split], "--seed", "7", "--report", f"json={report}", *words[split:]]
        started = time.monotonic()
        outcome = finish(start(command, **more), report, started)
    assert outcome.seconds < LIMIT_S, f"{outcome.seconds:.1f} s\n{outcome.text}"
    assert not left_behind(), f"left running: {left_behind()}\n{outcome.text}"
    return outcome


def check(condition, outcome):
    assert condition, f"exit code {outcome.code} after {outcome.seconds:.1f} s\n{outcome.text}"


def script(text):
    """A client as a shell script. The mark is $0, so that each process that stays behind is found."""
    return ["--", "sh", "-c", text, MARK]


def test_a_client_that_conforms_passes():
    o = run("client/heartbeat/cadence/200ms", "client/handshake/early-hello", "client/ping", "--", *RAW)
    check(o.code == 0 and "Conforms." in o.text and len(o.results) == 10, o)


def test_a_failure_names_rule_place_and_the_command_that_shows_it_again():
    o = run("client/heartbeat/cadence/200ms", "--", *RAW, "--misbehave", "no-heartbeat")
    check(o.code == 1 and o.blames()["client/heartbeat/cadence/200ms"][0][:2] == ("fail", "C3"), o)
    check("Does not conform: C3." in o.text, o)
    again = re.search(r"rerun +gwspec (client client/heartbeat/cadence/200ms .*)", o.text)
    check(again is not None, o)
    for _ in range(3):  # on a busy machine it may be inconclusive, and says so
        same = subprocess.run([f"{BIN}/gwspec", *again.group(1).split()], capture_output=True, text=True)
        if "inconclusive" not in same.stdout:
            break
    check(same.returncode == 1 and "Does not conform: C3." in same.stdout, Outcome(same.returncode, same.stdout, [], 0, 0))


def test_the_url_is_in_the_environment_and_in_the_words():
    o = run("client/handshake/early-hello", *script(f'test "$GWSPEC_URL" = "$1" && exec /usr/bin/python3 {CLIENTS}/raw_client.py "$1"'), "{url}")
    check(o.code == 0, o)


def test_a_known_failure_does_not_fail_the_run():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as known:
        known.write('- {scenario: "client/heartbeat/cadence/*", reason: "a listener only"}\n')
        known.flush()
        o = run("client/heartbeat/cadence/200ms", "--expected-failures", known.name, "--", *RAW, "--misbehave", "no-heartbeat")
    check(o.code == 0 and o.results[0]["verdict"] == "known-fail", o)


def test_a_knob_decides_whether_a_client_may_speak_before_hello():
    with tempfile.TemporaryDirectory() as folder:
        for word, code, verdict in [("must", 1, "fail"), ("should", 0, "non-strict"), ("may", 1, "skipped")]:  # nothing is judged then
            with open(f"{folder}/mine.yaml", "w") as out:
                out.write(f'protocol: mine\nversion: "1"\nextends: gateway\nknobs: {{waits-for-hello: {word}}}\n')
            o = run("client/hello/is-waited-for/500ms", "--protocol", f"{folder}/mine.yaml", "--", *RAW, "--misbehave", "speaks-before-hello")
            check(o.code == code and o.results[0]["verdict"] == verdict and o.results[0]["findings"][0]["rule"] == "C2", o)


def test_a_client_that_only_answers_heartbeats_conforms():
    o = run("client/heartbeat/cadence", "client/heartbeat/stays", "client/heartbeat/leaves-a-silent-server", "--", *RAW, "--misbehave", "beats-in-reply")
    check(o.code == 0, o)


def test_a_client_that_never_connects_is_told_once_for_all():
    o = run("client/ping", "client/close", "--timeout-scale", "0.1", *script("sleep 1000; :"))
    verdicts = [r["verdict"] for r in o.results]
    check(o.code == 1 and "fail" in verdicts and "skipped" in verdicts and set(verdicts) <= {"fail", "skipped"}, o)
    check(any(f[1] == "C1" and "no connection within" in f[2] for fs in o.blames().values() for f in fs), o)


def test_a_client_that_connects_a_thousand_times_fails():
    hammer = ("import os,socket,urllib.parse\nu=urllib.parse.urlsplit(os.environ['GWSPEC_URL'])\nheld=[]\n"
              "while True:\n try: held.append(socket.create_connection((u.hostname,u.port),1))\n except OSError: break\n"
              " del held[1:-50]")
    o = run("client/hello/never", "client/ping/answered/text", "--", "/usr/bin/python3", "-c", hammer, MARK)
    check(o.code == 1 and any(f[1] == "C9" and "101 in" in f[2] for fs in o.blames().values() for f in fs), o)
    check(o.rss < MAX_RSS_KIB, o)


def test_a_client_that_prints_megabytes_is_judged_in_bounded_memory():
    o = run("client/heartbeat/cadence/200ms", "client/ping/answered/text",
            *script(f'head -c 60000000 /dev/zero | tr "\\0" x & head -c 60000000 /dev/zero | tr "\\0" "\\n" >&2 & exec /usr/bin/python3 {CLIENTS}/raw_client.py'))
    check(o.code == 0 and o.rss < MAX_RSS_KIB, o)


def test_a_client_that_ignores_sigterm_is_killed_and_its_verdict_stands():
    o = run("client/handshake/early-hello", *script(f"trap '' TERM; /usr/bin/python3 {CLIENTS}/raw_client.py; sleep 1000"))
    check(o.code == 0 and "was killed" in o.text, o)


def test_what_a_client_forks_ends_with_it():
    o = run("client/handshake/early-hello", "client/ping/answered/text",
            *script(f'sh -c "sleep 1000; :" {MARK} & setsid sh -c "sleep 1000; :" {MARK} & exec /usr/bin/python3 {CLIENTS}/raw_client.py'))
    check(o.code == 0, o)


def test_a_client_that_exits_at_once_is_told_apart_from_one_that_dies():
    o = run("client/ping/answered/text", *script("exit 0"))
    check(o.code == 1 and o.results[0]["findings"][0]["rule"] == "C1" and "exited with code 0" in o.text, o)
    o = run("client/ping/answered/text", *script("echo 'cannot find the config' >&2; exit 3"))
    check(o.code == 1 and o.results[0]["verdict"] == "crash" and o.results[0]["findings"][0]["rule"] == "C9", o)
    check("exited with code 3; its last line: cannot find the config" in o.text, o)
    o = run("client/ping/answered/text", *script(r"printf 'got \0 frame' >&2; exit 3"))
    check(r"its last line: got \x00 frame" in o.text, o)
    o = run("client/ping/answered/text", *script("kill -SEGV $$"))
    check(o.code == 1 and o.results[0]["verdict"] == "crash" and "signal 11" in o.text, o)


def test_a_client_that_floods_is_stopped():
    flood = ("import os,socket,urllib.parse,base64\nu=urllib.parse.urlsplit(os.environ['GWSPEC_URL'])\n"
             "s=socket.create_connection((u.hostname,u.port))\n"
             "s.sendall(('GET '+u.path+' HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n'"
             "'Sec-WebSocket-Key: '+base64.b64encode(os.urandom(16)).decode()+'\\r\\n\\r\\n').encode())\n"
             "s.recv(4096)\nb=bytes([0x8a,0x80,1,2,3,4])*10000\n"
             "try:\n while True: s.sendall(b)\nexcept OSError: pass\nimport time; time.sleep(1000)")
    o = run("client/hello/never", "--", "/usr/bin/python3", "-c", flood, MARK)
    check(o.code == 1 and o.rss < MAX_RSS_KIB, o)
    check(o.results[0]["verdict"] == "fail" and any(f["rule"] == "C9" and "floods" in f["observed"] for f in o.results[0]["findings"]), o)


def test_wrong_use_is_one_line():
    for words, code, text in [(["client/ping"], 2, "--listen"), (["no/such", "--", "true"], 2, "no scenario matches"),
                              (["heartbeat", "--", "true"], 2, "run it by 'gwspec run'"),
                              (["client/ping/answered/text", "--listen", "nowhere"], 2, "--listen needs"),
                              (["client/ping/answered/text", "--cert", "x", "--", "true"], 2, "--cert and --key"),
                              (["client/ping/answered/text", "--", "/no/such/program"], 3, "/no/such/program: start: No such file")]:
        o = finish(start(words))
        assert o.code == code and text in o.text, f"{words}: exit code {o.code}\n{o.text}"
    other = subprocess.run([f"{BIN}/gwspec", "run", "client/ping"], capture_output=True, text=True)
    assert other.returncode == 2 and "run it by 'gwspec client'" in other.stderr, other.stderr


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listening(words, clients, **more):
    """gwspec client --listen, and clients that somebody else starts."""
    port = free_port()
    process = start(["--listen", f"127.0.0.1:{port}", *words], **more)
    url = f"ws://127.0.0.1:{port}/gateway"
    started = [subprocess.Popen([*client, url], stderr=subprocess.DEVNULL) for client in clients]
    try:
        return finish(process)
    finally:
        for one in started:
            one.kill()
            one.wait()


def test_a_client_that_somebody_starts_is_judged_scenario_after_scenario():
    o = listening(["client/heartbeat/cadence/200ms", "client/ping/answered", "client/close/echoed/1000"], [RAW])
    check(o.code == 0 and "4 of 4 scenarios judged" in o.text and "waiting for a client: client/ping/answered/text" in o.text, o)


def test_without_deadlines_a_slow_client_passes():
    slow = [*RAW, "--misbehave", "late-heartbeat"]
    o = listening(["client/heartbeat/cadence/1s"], [slow])
    check(o.code == 1, o)
    o = listening(["--no-deadlines", "client/heartbeat/cadence/1s"], [slow])
    check(o.code == 0, o)


def test_an_interrupt_ends_client_and_run():
    process = start(["client/hello/never", *script("sleep 1000; :")])
    deadline = time.monotonic() + 20
    while not left_behind() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    o = finish(process)
    check(o.code == 130 and not left_behind(), o)


def test_tls():
    if not shutil.which("openssl"):
        return "no openssl"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        words = ["client/heartbeat/cadence/200ms", "client/close/echoed/1000", "--cert", f"{folder}/cert.pem", "--key", f"{folder}/key.pem"]
        o = run(*words, "--", "/usr/bin/python3", f"{CLIENTS}/client.py", env={**os.environ, "SSL_CERT_FILE": f"{folder}/cert.pem"})
        check(o.code == 0, o)
        o = run(*words, "--timeout-scale", "0.2", "--", "/usr/bin/python3", f"{CLIENTS}/client.py")  # a client that does not trust it
        check(o.code == 1 and any(f[1] == "C1" for fs in o.blames().values() for f in fs), o)


def test_chromium():
    command = ["/usr/bin/python3", f"{CLIENTS}/chromium.py"]
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))):
        return "no Chromium: install the package chromium"
    o = run("client/heartbeat/cadence/1s", "client/heartbeat/leaves-a-silent-server", "client/close/echoed/1000", "client/frames/masked-ping",
            "client/handshake/wrong-accept/missing", "client/survival/unknown-event/99", "--jobs", "2", "--retries", "2", "--", *command)
    check(o.code == 0, o)


def main():
    pattern = sys.argv[2] if len(sys.argv) > 2 else ""
    unwanted, word = pattern.startswith("!"), pattern.lstrip("!")
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_") and (word in name) != unwanted]
    failed = 0
    for name, test in tests:
        started = time.monotonic()
        try:
            skipped = test()
            print(f"{'skip' if skipped else 'ok  '} {name[5:].replace('_', ' ')} ({time.monotonic() - started:.1f} s){': ' + skipped if skipped else ''}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"FAIL {name[5:].replace('_', ' ')}\n{error}", flush=True)
    print(f"{len(tests) - failed} of {len(tests)} passed")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
