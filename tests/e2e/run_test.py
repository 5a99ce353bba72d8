#!/usr/bin/python3
"""End to end: the real programs, real sockets, and what a user sees of them.

    run_test.py BIN [CASE...]
"""
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET

BIN = os.path.abspath(sys.argv[1])
GWSPEC, SERVER = f"{BIN}/gwspec", f"{BIN}/gwspec-server"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = tempfile.mkdtemp(prefix="gwspec-e2e-")
ENV = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", NO_COLOR="1")


def gwspec(*args, timeout=120, **more):
    done = subprocess.run([GWSPEC, *args], capture_output=True, text=True, timeout=timeout, env=ENV, cwd=ROOT, **more)
    return done.returncode, done.stdout, done.stderr


def expect(condition, *what):
    if not condition:
        raise AssertionError("; ".join(str(w) for w in what))


def records(path):
    return [json.loads(line) for line in open(path)]


def findings(path):
    return [f for r in records(path) for f in r.get("findings", [])]


class Server:
    """gwspec-server on free ports, stopped by its process id."""

    def __init__(self, *args):
        self.process = subprocess.Popen([SERVER, "--port", "0", "--control-port", "0", "--quiet", *args], stdout=subprocess.PIPE,
                                        text=True)
        self.url = re.search(r"ws=(\S+)", self.process.stdout.readline()).group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        expect(self.process.wait(10) == 0, "the server did not stop cleanly")


def case_conforming_run_passes_and_reports():
    junit, jsonl = f"{HERE}/junit.xml", f"{HERE}/run.jsonl"
    code, out, err = gwspec("run", "hello", "framing", "events", "--seed", "1", "--report", f"junit={junit}", "--report", f"json={jsonl}")
    expect(code == 0 and "Conforms." in out, code, out, err)
    cases = ET.parse(junit).getroot().iter("testcase")
    expect(len(list(cases)) > 100, "JUnit has too few test cases")
    expect(len(records(jsonl)) > 100, "JSON lines are missing")


def case_faults_fail_under_their_rule():
    for fault, scenario, rule in (("timeout-never", "heartbeat/silent-client-is-dropped", "S6"),
                                  ("heartbeat-never", "heartbeat/server-keeps-its-cadence", "S5"),
                                  ("accepts-rsv1", "framing/reserved-bits", "RFC6455-5.2-R1"),
                                  ("message-time-string", "events/message-create", "S12"),
                                  ("dies-on-null", "robustness/not-an-object", "S21")):
        jsonl = f"{HERE}/fault.jsonl"
        code, out, err = gwspec("run", scenario, "--fault", fault, "--seed", "1", "--report", f"json={jsonl}")
        rules = {f["rule"] for f in findings(jsonl) if f["verdict"] in ("fail", "crash")}
        expect(code == 1 and rules == {rule}, fault, code, rules, out)


def case_simulation_is_the_same_every_time():
    runs = []
    for _ in range(2):
        jsonl = f"{HERE}/sim.jsonl"
        code, out, _ = gwspec("run", "--simulate", "--seed", "11", "--report", f"json={jsonl}")
        lines = [line for line in open(jsonl).read().splitlines() if '"findings"' in line]
        runs.append((code, re.sub(r"judged in [\d.]+ m?s", "", out), lines))
    expect(runs[0][0] == 0, runs[0][1])
    expect(runs[0] == runs[1], "two simulated runs with one seed differ")


def case_unreachable_is_one_line_and_exit_3():
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    code, _, err = gwspec("run", "hello", "--url", f"ws://127.0.0.1:{port}/gateway")
    expect(code == 3 and err.count("\n") == 1 and "Connection refused" in err, code, err)


def case_server_that_closes_at_once_is_told():
    listener = socket.create_server(("127.0.0.1", 0))

    def close_all():
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=close_all, daemon=True).start()
    code, out, err = gwspec("run", "hello/at-once", "--url", f"ws://127.0.0.1:{listener.getsockname()[1]}/gateway")
    listener.close()
    told = code == 3 and err.count("\n") == 1 and "reset" in err  # by the first look at the server, if that was reset
    expect(told or (code == 1 and "dropped without Close" in out), code, out, err)


def case_http_server_that_is_no_gateway_fails_s1():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    server.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code, out, err = gwspec("run", "hello/at-once", "--url", f"ws://127.0.0.1:{server.server_port}/gateway")
    server.shutdown()
    expect(code == 1 and "S1" in out and "status 404" in out, code, out, err)


def make_certificate(name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{HERE}/{name}.key", "-out", f"{HERE}/{name}.crt",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
    return f"{HERE}/{name}.crt", f"{HERE}/{name}.key"


def case_tls_is_verified():
    crt, key = make_certificate("localhost")
    other, _ = make_certificate("elsewhere")
    with Server("--tls-cert", crt, "--tls-key", key) as server:
        url = server.url.replace("ws://", "wss://").replace("127.0.0.1", "localhost")
        code, out, err = gwspec("run", "hello/at-once", "heartbeat/keeps-alive", "--url", url, "--ca", crt)
        expect(code == 0, code, out, err)
        for extra in ((), ("--ca", other), ("--ca", crt, "--sni", "elsewhere")):
            code, out, err = gwspec("run", "hello/at-once", "--url", url, *extra)
            expect(code == 3 and err.count("\n") == 1 and "certificate" in err.lower(), extra, code, err)
        code, out, err = gwspec("run", "hello/at-once", "--url", url, "--insecure")
        expect(code == 0, code, out, err)


def case_tls_client_certificate_is_sent():
    crt, key = make_certificate("localhost")
    client, client_key = make_certificate("client")
    with Server("--tls-cert", crt, "--tls-key", key, "--tls-client-ca", client) as server:
        url = server.url.replace("ws://", "wss://").replace("127.0.0.1", "localhost")
        code, out, err = gwspec("run", "hello/at-once", "--url", url, "--ca", crt, "--cert", client, "--key", client_key)
        expect(code == 0, code, out, err)
        code, out, err = gwspec("run", "hello/at-once", "--url", url, "--ca", crt)
        expect(code in (1, 3), code, out, err)


def forwarder(family, where, url):
    """A listener of another family in front of the server."""
    listener = socket.create_server((where, 0), family=family) if family == socket.AF_INET6 else socket.socket(family)
    if family == socket.AF_UNIX:
        listener.bind(where)
        listener.listen(64)
    port = int(re.search(r":(\d+)/", url).group(1))

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def case_ipv6_works():
    with Server() as server, forwarder(socket.AF_INET6, "::1", server.url) as listener:
        code, out, err = gwspec("run", "hello", "--url", f"ws://[::1]:{listener.getsockname()[1]}/gateway")
        expect(code == 0, code, out, err)


def case_unix_socket_works():
    path = f"{HERE}/gateway.sock"
    with Server() as server, forwarder(socket.AF_UNIX, path, server.url):
        code, out, err = gwspec("run", "hello", "--url", f"ws+unix:{path}:/gateway")
        expect(code == 0, code, out, err)


def case_wrong_files_are_told_with_their_place():
    path = f"{HERE}/mine.yaml"
    open(path, "w").write("title: t\nrequires: [S2]\nsteps:\n  - connect: {as: alice}\n  - expect: {on: alice, event: hello, witin: 1s}\n")
    code, _, err = gwspec("run", path)
    expect(code == 2 and ":5:39: error: unknown key 'witin' in expect (did you mean 'within'?)" in err, code, err)
    protocol = f"{HERE}/protocol.yaml"
    text = open(f"{ROOT}/scenarios/protocols/gateway.yaml").read()
    open(protocol, "w").write(text.replace("envelope: {", "envelope: 7 #{", 1) if "envelope: {" in text else "protocol: 7\n")
    code, _, err = gwspec("run", "hello", "--protocol", protocol)
    expect(code == 2 and "error:" in err and protocol in err, code, err)
    code, _, err = gwspec("run", "no/such/scenario")
    expect(code == 2 and "no/such/scenario" in err, code, err)


def case_interrupt_reports_what_there_is_and_leaves_nothing():
    run = subprocess.Popen([GWSPEC, "run", "heartbeat", "--seed", "1", "--verbose"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True, env=ENV)
    for line in run.stdout:
        if "ready ws=" in line:
            break
    port = int(re.search(r"ready ws=ws://127.0.0.1:(\d+)", line).group(1))
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)
    expect(run.returncode == 130 and "interrupted" in err and "Conforms." not in out, run.returncode, err, out)
    with socket.socket() as probe:
        expect(probe.connect_ex(("127.0.0.1", port)) != 0, "the server was left behind")


def case_server_killed_in_the_middle_is_lost():
    with tempfile.TemporaryFile() as sink:
        server = subprocess.Popen([SERVER, "--port", "0", "--control-port", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
        url = re.search(r"ws=(\S+)", server.stdout.readline()).group(1)
        run = subprocess.Popen([GWSPEC, "run", "heartbeat", "--url", url, "--report", f"junit={HERE}/lost.xml"], stdout=sink, stderr=subprocess.PIPE, text=True, env=ENV)
        time.sleep(1)  # the scenarios are under way; none of them ends by itself so early
        server.kill()
        server.wait()
        _, err = run.communicate(timeout=60)
    expect(run.returncode == 3 and "lost" in err, run.returncode, err)
    expect(ET.parse(f"{HERE}/lost.xml").getroot().find(".//error[@type='target-lost']") is not None, err)


def judge_peer(name, *options):
    code, out, err = gwspec("run", "--strict", "--seed", "5", "--target", f"tests/peers/{name}.yaml", *options, timeout=240)
    expect(code == 0 and "Known failures" in out, code, out[-3000:], err)


def misbehave(name, cases):
    for fault, rule, scenario in cases:
        jsonl = f"{HERE}/{name}.jsonl"
        code, out, err = gwspec("run", scenario, "--seed", "5", "--target", f"tests/peers/{name}.yaml", "--fault", fault, "--report",
                                f"json={jsonl}", timeout=240)
        rules = {f["rule"] for f in findings(jsonl) if f["verdict"] in ("fail", "crash", "non-strict")}
        expect(rules == {rule}, name, fault, rules, out[-2000:], err)


def case_peer_node_ws():
    judge_peer("node-ws")
    misbehave("node-ws", (("silent-heartbeat", "S5", "heartbeat/server-keeps-its-cadence"), ("string-interval", "S4", "hello/interval"),
                          ("dies-on-bad-json", "S21", "robustness/truncated")))


def case_peer_python():
    judge_peer("python")
    misbehave("python", (("never-times-out", "S6", "heartbeat/silent-client-is-dropped"), ("late-hello", "S2", "hello/at-once"),
                         ("wrong-field-type", "S12", "events/message-create")))


def compressing(name, program, *options):
    """The peer's target file, with options that let it agree on permessage-deflate."""
    text = open(f"{ROOT}/tests/peers/{name}.yaml").read()
    words = "".join(f", {word}" for word in options)
    changed = text.replace(f"{program}, --port", f"{program}{words}, --port").replace(f"cwd: {name}", f"cwd: {ROOT}/tests/peers/{name}")
    path = f"{HERE}/{name}{len(options)}{options[-1]}.yaml"
    with open(path, "w") as file:
        file.write(changed.split("expected-failures:")[0])
    jsonl = f"{HERE}/compressed.jsonl"
    code, out, err = gwspec("run", "robustness/compressed", "--seed", "5", "--target", path, "--report", f"json={jsonl}", "--verbose")
    return code, {(r["id"], f["rule"]) for r in records(jsonl) for f in r.get("findings", [])}, out + err


def case_what_cannot_be_inflated_is_survived_by_who_agreed_to_compress():
    for name, program, option in (("python", "server.py", ["--compression", "bounded"]), ("node-ws", "server.js", ["--compression"])):
        code, found, out = compressing(name, program, *option)
        expect(code == 0 and not found and "close 1009" in out, name, code, found, out[-2000:])  # it inflated up to its limit


def case_who_inflates_without_a_limit_is_caught():
    code, found, out = compressing("python", "server.py", "--compression", "unbounded")
    expect(code == 1 and found == {("robustness/compressed/grows", "S21")}, code, found, out[-2000:])
    expect("exited with code 137" in out, out[-2000:])


def case_peer_libwebsockets():
    judge_peer("lws-role", "--retries", "2")  # its loop turns some milliseconds late at times: beyond eps / 2, which is its own deadline
    misbehave("lws-role", (("event-twice", "S17", "events/reaches-all-once"), ("no-ack-answer", "S11", "heartbeat/ask-is-answered-at-once"),
                           ("wrong-room", "S17", "events/reaches-all-once")))


def case_peer_room_chat():
    """Names, numbers and an envelope of its own, a cookie in the upgrade; target_test.py has it die."""
    judge_peer("room-chat")


COMMANDS = """target: commands
fixtures:
  run:
    - command: {{run: [{python}, -c, "print('token-' + 'secret'[::-1])"], capture: {{token: {{regex: 'token-(\\w+)'}}}}}}
  room:
    - command: {{run: [{python}, -c, "import json, sys; print(json.dumps({{'id': 'lobby', 'given': sys.argv[1]}}))", "${{run.token}}"],
                capture: {{id: {{json: /id}}, given: {{json: /given}}}}}}
  participant:
    - command: {{run: [{python}, -c, "print('p1')"], capture: {{id: {{body: true}}}}}}
connect: {{url: "{url}", headers: {{X-Token: "${{room.given}}"}}}}
triggers:
  message_create:
    command: {{run: [{python}, -c, {script!r}, "${{data}}"], env: {{CONTROL: "{control}"}}}}
"""
SCRIPT = ("import json, os, sys, urllib.request; urllib.request.urlopen(urllib.request.Request(os.environ['CONTROL'] + '/rooms/lobby/events', "
          "json.dumps({'event': 'message_create', 'data': json.loads(sys.argv[1])}).encode(), {'Content-Type': 'application/json'}))")


def case_fixtures_and_triggers_may_be_commands():
    path = f"{HERE}/commands.yaml"
    process = subprocess.Popen([SERVER, "--port", "0", "--control-port", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
    try:
        ready = re.search(r"ws=(\S+) control=(\S+)", process.stdout.readline())
        fill = dict(python=json.dumps(sys.executable), url=ready.group(1), control=ready.group(2), script=SCRIPT)
        text = COMMANDS.format(**{**fill, "script": SCRIPT})
        open(path, "w").write(text)
        code, out, err = gwspec("run", "events/message-create", "hello/at-once", "--target", path, "--jobs", "1", "--seed", "1")
        expect(code == 0 and "pass" in out, code, out, err)
        open(path, "w").write(text.replace("import json, os, sys", "import nothing"))
        code, out, err = gwspec("run", "events/message-create", "--target", path, "--seed", "1")
        expect(code == 1 and "exited with code 1: ModuleNotFoundError" in re.sub(r"\s+", " ", out), code, out, err)
        open(path, "w").write(text.replace("import json, os, sys", "raise SystemExit('got ' + chr(0) + ' frame') #"))
        code, out, err = gwspec("run", "events/message-create", "--target", path, "--seed", "1")
        expect(code == 1 and r"exited with code 1: got \x00 frame" in re.sub(r"\s+", " ", out), code, out, err)
        open(path, "w").write(text.replace("print('token-' +", "import time; time.sleep(99) #").replace("capture: {token", "within: 300ms, capture: {token"))
        code, out, err = gwspec("run", "hello/at-once", "--target", path)
        expect(code == 3 and "did not end within 0.3 s" in err + out, code, out, err)
    finally:
        process.terminate()
        process.wait(10)


def main():
    wanted, passed, failed = sys.argv[2:], 0, 0
    for name, case in list(globals().items()):
        if not name.startswith("case_") or (wanted and not any(w in name for w in wanted)):
            continue
        try:
            case()
            passed += 1
            print(f"ok    {name[5:]}", flush=True)
        except Exception as error:  # a case that breaks is a case that fails
            failed += 1
            print(f"FAIL  {name[5:]}: {type(error).__name__}: {error}", flush=True)
    print(f"e2e: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
