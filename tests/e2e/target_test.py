#!/usr/bin/python3
"""Anyone's gateway: target files as a user writes them, against the chat gateway of tests/peers and small servers of this file.

    target_test.py BIN [CASE...]
"""
import base64
import glob
import hashlib
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
import urllib.parse

BIN = os.path.abspath(sys.argv[1])
GWSPEC, SERVER = f"{BIN}/gwspec", f"{BIN}/gwspec-server"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHAT = f"{ROOT}/tests/peers/room-chat.yaml"
HERE = tempfile.mkdtemp(prefix="gwspec-target-")
ENV = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", NO_COLOR="1", TMPDIR=HERE)
SKIPPED = 77


def gwspec(*args, timeout=120, env=None, cwd=HERE):
    done = subprocess.run([GWSPEC, *args], capture_output=True, text=True, timeout=timeout, env={**ENV, **(env or {})}, cwd=cwd, check=False)
    return done.returncode, done.stdout, done.stderr


def expect(condition, *what):
    if not condition:
        raise AssertionError("; ".join(str(w) for w in what))


def write(name, text):
    with open(f"{HERE}/{name}", "w", encoding="utf-8") as file:
        file.write(text)
    return f"{HERE}/{name}"


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def results(path):
    return [r for r in map(json.loads, read(path).splitlines()) if r["type"] == "result"]


class Server:
    """gwspec-server on free ports."""

    def __init__(self, *args):
        self.process = subprocess.Popen([SERVER, "--port", "0", "--control-port", "0", "--quiet", *args], stdout=subprocess.PIPE, text=True)
        self.url, self.control = re.search(r"ws=(\S+) control=(\S+)", self.process.stdout.readline()).groups()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)


# ---- gwspec init ----


def case_init_writes_a_file_that_can_be_used_at_once():
    path = f"{HERE}/first.yaml"
    with Server("--interval", "700") as server:
        code, out, err = gwspec("init", server.url, "--output", path)
        expect(code == 0 and "hello of the protocol gateway, a heartbeat every 700.0 ms" in out and "next: gwspec run --target" in out, code, out, err)
        code, out, err = gwspec("check", path)
        expect(code == 0 and out == f"{path}: ok\n", code, out, err)
        code, out, err = gwspec("run", "hello", "events", "--target", path)
        expect(code == 0 and "no trigger for" in out and re.search(r"\d+ of \d+ scenarios judged", out), code, out, err)
        before = read(path)
        code, out, err = gwspec("init", server.url, "--output", path)
        expect(code == 2 and "exists already" in err and read(path) == before, code, err)


def uncommented(path):
    """The file with every example line made real."""
    text = re.sub(r"^# (?=(start|fixtures|cleanup|triggers|knobs|limits|expected-failures):)", "", read(path), flags=re.M)
    return re.sub(r"^#(?=   )", " ", text, flags=re.M)


def case_init_examples_are_valid_when_the_comments_go():
    path = f"{HERE}/examples.yaml"
    with Server() as server:
        code, out, err = gwspec("init", server.url, "--output", path)
    expect(code == 0, code, out, err)
    text = uncommented(path)
    expect(text.count("message_create:") == 1 and "\n    room:" in text, text)
    code, out, err = gwspec("check", write("examples-all.yaml", text))
    expect(code == 0, code, out, err, text)


def case_init_says_what_it_saw():
    code, out, err = gwspec("init", "ws://127.0.0.1:1/gateway", "--output", f"{HERE}/away.yaml")
    expect(code == 0 and "no connection: " in out and "Connection refused" in out, code, out, err)
    expect("Connection refused" in read(f"{HERE}/away.yaml"), read(f"{HERE}/away.yaml"))
    web = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    web.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=web.serve_forever, daemon=True).start()
    code, out, err = gwspec("init", f"ws://127.0.0.1:{web.server_port}/gateway", "-H", "Authorization: Bearer very-secret", "--output", f"{HERE}/web.yaml")
    web.shutdown()
    expect(code == 0 and "no upgrade: 404" in out, code, out, err)
    text = read(f"{HERE}/web.yaml")
    expect('Authorization: "${env.GWSPEC_AUTHORIZATION}"' in text and "very-secret" not in text, text)
    for name in ("away.yaml", "web.yaml"):
        code, out, err = gwspec("check", f"{HERE}/{name}")
        expect(code == 0, name, out, err)
    code, out, err = gwspec("init", "http://127.0.0.1/gateway")
    expect(code == 2 and err.count("\n") == 1 and "ws://" in err, code, err)


def closing_gateway(message):
    """Upgrades, sends the message if there is one, and a Close with its reason. The socket that listens, and the URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(conn):
        with conn:
            request = b""
            while b"\r\n\r\n" not in request:
                got = conn.recv(4096)
                if not got:
                    return
                request += got
            key = re.search(rb"(?i)Sec-WebSocket-Key: *(\S+)", request)
            if not key:
                return
            accept = base64.b64encode(hashlib.sha1(key.group(1) + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            conn.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
                         + (bytes([0x81, len(message)]) + message if message else b"") + b"\x88\x0e" + (4001).to_bytes(2, "big") + b"log in first")
            while conn.recv(4096):
                pass

    def accept_all():
        while True:
            try:
                conn = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(conn,), daemon=True).start()

    threading.Thread(target=accept_all, daemon=True).start()
    return listener, f"ws://127.0.0.1:{listener.getsockname()[1]}/gateway"


def case_init_says_that_it_waits_and_how_it_was_closed():
    listener, url = closing_gateway(b"")
    code, out, err = gwspec("init", url, "--output", f"{HERE}/closing.yaml")
    expect(code == 0 and out.startswith("looking: this takes up to 20 s when the gateway says nothing\n"), code, out, err)
    expect("connected, and no known hello came; it sent a Close: 4001 private  log in first\n" in out, code, out, err)
    text = read(f"{HERE}/closing.yaml")
    expect("# A first look: it upgrades, and sends a Close: 4001 private  log in first.\n# Does it want a cookie" in text, text)
    listener.close()
    listener, url = closing_gateway(b'{"error":"no"}')
    code, out, err = gwspec("init", url, "--output", f"{HERE}/refusing.yaml")
    listener.close()
    expect(code == 0 and 'hello came: {"error":"no"}; it sent a Close: 4001 private  log in first\n' in out, code, out, err)
    text = read(f"{HERE}/refusing.yaml")
    expect('\n# {"error":"no"}\n' in text and "\n# Then it sent a Close: 4001 private  log in first.\n" in text, text)
    code, out, err = gwspec("check", f"{HERE}/closing.yaml", f"{HERE}/refusing.yaml")
    expect(code == 0, code, out, err)


def case_init_knows_other_protocols():
    """Two peers on foreign stacks: what they are is found, or said; a file of the user's own too, which extends another one."""
    write("far.yaml", "protocol: far\nextends: lanyard\n")
    own = write("near.yaml", "protocol: near\nextends: ./far.yaml\nevents: {unsubscribe: {id: 4, from: client, data: {type: object}}}\n")
    for protocol, path in (("discord-10", "/"), ("lanyard", "/socket")):
        peer = subprocess.Popen(["/usr/bin/python3", f"{ROOT}/tests/peers/family/server.py", "--protocol", protocol, "--interval", "400"],
                                stdout=subprocess.PIPE, text=True)
        try:
            url = peer.stdout.readline().split("ws=")[1].strip() + path
            ways = [("found", [], protocol), ("named", ["--protocol", protocol], protocol)]
            ways += [("file", ["--protocol", "near.yaml"], "near.yaml")] if protocol == "lanyard" else []
            for way, args, written in ways:
                target = f"{protocol}-{way}.yaml"
                code, out, err = gwspec("init", url, "--output", target, *args)
                expect(code == 0 and f"hello of the protocol {written.removesuffix('.yaml')}, a heartbeat every 400.0 ms" in out, way, code, out, err)
                expect(f"\nprotocol: {written} " in read(f"{HERE}/{target}").replace('"', ""), way, read(f"{HERE}/{target}"))
                code, out, err = gwspec("check", target, own)
                expect(code == 0, way, code, out, err)
                code, out, err = gwspec("run", "hello/is-first", "--target", target)
                expect(code == 0 and "Conforms." in out, way, code, out, err)
            expect(ROOT not in read(f"{HERE}/{target}"), "the starter file names a folder of the build")
        finally:
            peer.terminate()
            peer.wait(10)


# ---- secrets ----

SECRET = 'p4ss/w0rd+"quoted" %\\end'
CERT = "-----BEGIN TOKEN-----\nAAAABBBBCCCCDDDD\nEEEEFFFFGGGGHHHH\n-----END TOKEN-----"
LEAKY = r'''
import base64, json, os, subprocess, sys, threading, urllib.parse
secret = os.environ["SERVER_SECRET"]
server = subprocess.Popen([sys.argv[1], "--port", "0", "--control-port", "0"], stdout=subprocess.PIPE, text=True)
print("starting with", secret, flush=True)
print("as json", json.dumps({"token": secret}), file=sys.stderr, flush=True)
print("as a query", urllib.parse.quote(secret, safe=""), flush=True)
print(os.environ["SERVER_CERT"], flush=True)
print("x" * 4090 + secret, flush=True)
print(server.stdout.readline(), end="", flush=True)
sys.exit(server.wait())
'''
LEAKY_TARGET = """target: leaky
start:
  command: [{python}, {script}, "${{gwspec-server}}"]
  env: {{SERVER_SECRET: "${{env.TEST_TOKEN}}", SERVER_CERT: "${{env.TEST_CERT}}"}}
  ready: {{line: 'ready ws=(?<ws>\\S+) control=(?<control>\\S+)'}}
  log: leaky.log
fixtures:
  run:
    - command: [{python}, -c, "import sys; print(sys.argv[1])", "${{env.TEST_TOKEN}}"]
  room:
    - http: {{post: "${{ready.control}}/rooms", headers: {{X-Token: "${{env.TEST_TOKEN}}"}}, json: {{}}, capture: {{id: {{json: /id}}}}}}
connect:
  url: "${{ready.ws}}"
  query: {{token: "${{env.TEST_TOKEN}}", room: "${{room.id}}"}}
  headers: {{X-Token: "${{env.TEST_TOKEN}}"}}
  cookies: {{session: "${{env.TEST_TOKEN}}"}}
triggers:
  message_create:
    http: {{post: "${{ready.control}}/rooms/no-such/events?key=${{env.TEST_TOKEN}}", json: {{key: "${{env.TEST_TOKEN}}"}}}}
  room_update:
    command: [{python}, -c, "import sys; sys.exit('refused: ' + sys.argv[1])", "${{env.TEST_TOKEN}}"]
"""


def leaks(text):
    """What of the secrets stands in a text, in any shape."""
    shapes = [SECRET, json.dumps(SECRET)[1:-1], urllib.parse.quote(SECRET, safe=""), urllib.parse.quote(SECRET, safe="").lower(),
              json.dumps(json.dumps(SECRET)[1:-1])[1:-1], SECRET.encode().hex(), SECRET[:12], "AAAABBBBCCCC", "EEEEFFFFGGGG", "header-secret-1"]
    return [shape for shape in shapes if shape in text]


def case_secrets_are_nowhere():
    fill = {"python": json.dumps(sys.executable), "script": json.dumps(write("leaky.py", LEAKY))}
    path = write("leaky.yaml", LEAKY_TARGET.format(**fill))
    env = {"TEST_TOKEN": SECRET, "TEST_CERT": CERT}
    chosen = ["hello/at-once", "events/message-create", "events/room-update", "handshake/old-http", "handshake/in-pieces", "robustness/not-an-object/null"]
    listed = gwspec("list", "--ids")[1].split()
    chosen = [name for name in chosen if any(entry == name or entry.startswith(name + "/") for entry in listed)]
    junit, jsonl, page, known = f"{HERE}/leaky.xml", f"{HERE}/leaky.jsonl", f"{HERE}/leaky.html", f"{HERE}/leaky-known.yaml"
    for more in ((), ("--verbose",)):
        code, out, err = gwspec("run", *chosen, "--target", path, "--seed", "1", "--report", f"junit={junit}", "--report", f"json={jsonl}", "--report", f"html={page}",
                                "-H", "X-Other: header-secret-1", "--write-expected-failures", known, *more, env=env)
        expect(code in (0, 1), code, out[-2000:], err)
        for where, text in (("terminal", out), ("errors", err), ("junit", read(junit)), ("json", read(jsonl)), ("page", read(page)), ("list of failures", read(known)),
                            ("server log", read(f"{HERE}/leaky.log"))):
            expect(not leaks(text), where, more, leaks(text), text[-3000:])
        expect("***" in out and "***" in read(f"{HERE}/leaky.log"), out)
    expect("--header 'X-Other: ***'" in out, "the rerun line tells of the header", out[-2000:])
    # a server that cannot start tells its last lines, and a wrong host its name
    broken = LEAKY_TARGET.replace("ready ws=(?<ws>\\S+) control", "never ws=(?<ws>\\S+) control").replace("\\S+)'}}", "\\S+)', within: 700ms}}", 1)
    code, out, err = gwspec("run", "hello/at-once", "--target", write("broken.yaml", broken.format(**fill)), env=env)
    expect(code == 3 and "its last lines" in err and "***" in err and not leaks(out + err), code, out, err)
    host = 'target: host\nconnect: {url: "ws://${env.TEST_HOST}.invalid/gateway"}\n'
    code, out, err = gwspec("run", "hello/at-once", "--target", write("host.yaml", host), env={"TEST_HOST": "header-secret-1"})
    expect(code == 3 and "***" in err and not leaks(out + err), code, out, err)
    code, out, err = gwspec("run", "hello/at-once", "--target", path)
    expect(code == 2 and "TEST_" in err and "not set" in err, code, err)


def case_a_crash_shows_no_secret():
    """The log of the server that died, and the bytes that did it."""
    fill = {"python": json.dumps(sys.executable), "script": json.dumps(write("leaky.py", LEAKY.replace('"--control-port", "0"', '"--control-port", "0", "--fault", "dies-on-null"')))}
    path = write("dying.yaml", LEAKY_TARGET.format(**fill).replace("leaky.log", "dying.log"))
    jsonl, junit = f"{HERE}/dying.jsonl", f"{HERE}/dying.xml"
    code, out, err = gwspec("run", "robustness/not-an-object", "hello/at-once", "--target", path, "--seed", "1", "--report", f"json={jsonl}",
                            "--report", f"junit={junit}", env={"TEST_TOKEN": SECRET, "TEST_CERT": CERT})
    crashed = [r for r in results(jsonl) if r["verdict"] == "crash"]
    expect(code == 1 and crashed, code, out[-3000:], err)
    expect(all(r["server_log"] and "***" in r["server_log"] and r["stimulus"] for r in crashed), crashed)
    expect("\n  server     " in out and "\n  stimulus   " in out and "Server log: " in out, out)
    for text in (out, err, read(jsonl), read(junit), read(f"{HERE}/dying.log")):
        expect(not leaks(text), leaks(text), text[-3000:])


class Echo(http.server.BaseHTTPRequestHandler):
    """Refuses everybody, and tells in its reason what it was given in a header."""
    header, told = "Authorization", staticmethod(lambda value: value)

    def do_GET(self):
        value = self.headers.get(self.header)
        self.wfile.write(f"HTTP/1.1 401 {self.told(value) if value else 'nothing'} is wrong\r\nContent-Length: 0\r\n\r\n".encode())

    def log_message(self, *_):
        pass


def echo(header, told):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (Echo,), {"header": header, "told": staticmethod(told)}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"ws://127.0.0.1:{server.server_port}/gateway"


def everywhere(*args, env=None):
    """All that a run writes, by place."""
    paths = {kind: f"{HERE}/echo.{kind}" for kind in ("junit", "json", "html")}
    code, out, err = gwspec("run", "hello/at-once", "--seed", "1", *(word for kind, path in paths.items() for word in ("--report", f"{kind}={path}")), *args, env=env)
    expect(code == 1 and "401 " in out, code, out, err)
    return {"terminal": out, "errors": err, **{kind: read(path) for kind, path in paths.items()}}


def case_parts_of_a_header_are_nowhere():
    """What stands behind a scheme, a cookie's value and the password of Basic, when a server tells of it alone."""
    last = lambda value: re.split("[ =]", value)[-1]
    basic = base64.b64encode(b"alice:tokval12345").decode()
    for header, value, told in (("Authorization", "Bearer tokval12345", last), ("Cookie", "a=b; session=tokval12345", last),
                                ("Authorization", f"Basic {basic}", lambda value: base64.b64decode(value.split()[1]).decode().split(":")[1])):
        server, url = echo(header, told)
        target, variable = f"{HERE}/{header}-{len(value)}.yaml", f"GWSPEC_{header.upper()}"
        code, out, err = gwspec("init", url, "-H", f"{header}: {value}", "--output", target)
        expect(code == 0 and "the answer was: 401 *** is wrong" in read(target) and "no upgrade: 401 *** is wrong" in out, code, out, err, read(target))
        for text in (out, err, read(target)):
            expect("tokval" not in text, value, text)
        for args, env in ((["--url", url, "-H", f"{header}: {value}"], {}), (["--target", target], {variable: value})):
            for place, text in everywhere(*args, env=env).items():
                expect("tokval" not in text and (place == "errors" or "***" in text), value, args, place, text[-3000:])
        server.shutdown()


def case_no_encoding_shows_a_secret():
    """As encoders of several languages write it by default."""
    ways = {"quote": urllib.parse.quote, "form": urllib.parse.quote_plus, "lower": lambda s: re.sub("%..", lambda hit: hit[0].lower(), urllib.parse.quote(s, safe="")),
            "json": json.dumps, "php": lambda s: json.dumps(s).replace("/", "\\/"), "utf8": lambda s: json.dumps(s, ensure_ascii=False), "twice": lambda s: json.dumps(json.dumps(s))}
    target = write("encoded.yaml", 'target: encoded\nconnect: {url: "${env.TEST_URL}", headers: {X-Token: "${env.TEST_TOKEN}"}}\n')
    for secret in ("q1/Ab+9d8Zk2w==", "pässword1", 'p4ss w0rd/"ü"\\\U0001f600zq9'):
        for name, way in ways.items():
            server, url = echo("X-Token", lambda value: way(value.encode("latin-1").decode()))
            for place, text in everywhere("--target", target, env={"TEST_TOKEN": secret, "TEST_URL": url}).items():
                found = [left for left in (way(secret).strip('"\\'), "Ab+9", "Ab%2", "9d8Z", "ssword1", "w0rd", "zq9") if left in text]
                expect(not found and (place == "errors" or "***" in text), name, secret, found, place, text[-3000:])
            server.shutdown()


# ---- the server ----


def case_log_is_kept_where_it_is_told():
    with_log = f"target: mine\nstart:\n  command: [{SERVER}, --port, \"0\", --control-port, \"0\"]\n  ready: {{line: 'ready ws=(?<ws>\\S+)'}}\n  log: mine.log\nconnect: {{url: \"${{ready.ws}}\"}}\n"
    path = write("mine.yaml", with_log)
    for _ in range(2):  # a second run begins anew
        code, out, err = gwspec("run", "hello/at-once", "--target", path)
        expect(code == 0 and f"Server log: {HERE}/mine.log" in out and read(f"{HERE}/mine.log").count("ready ws=") == 1, code, out, err)
    code, out, err = gwspec("run", "hello/at-once", "--target", write("mine.yaml", with_log.replace("  log: mine.log\n", "")))
    expect(code == 0 and "Server log" not in out and not glob.glob(f"{HERE}/gwspec-server-*.log"), code, out, err)
    silent = with_log.replace("  log: mine.log\n", "").replace("ready ws=", "never ws=").replace("\\S+)'", "\\S+)', within: 500ms")
    code, out, err = gwspec("run", "hello/at-once", "--target", write("mine.yaml", silent))
    kept = re.search(r"Server log: (\S+)", out)
    expect(code == 3 and "not ready within 500.0 ms; its last lines: ready ws=" in err and kept and "ready ws=" in read(kept.group(1)), code, out, err)


def case_children_of_the_server_go_with_it():
    wrapper = write("wrapper.sh", f"#!/bin/sh\n\"{SERVER}\" --port 0 --control-port 0 &\nsleep 600 &\necho child $!\nwait\n")
    os.chmod(wrapper, 0o755)
    path = write("wrapped.yaml", f"target: wrapped\nstart:\n  command: [{wrapper}]\n  ready: {{line: 'ready ws=(?<ws>\\S+)'}}\n  log: wrapped.log\nconnect: {{url: \"${{ready.ws}}\"}}\n")
    code, out, err = gwspec("run", "hello/at-once", "--target", path)
    expect(code == 0, code, out, err)
    child = int(re.search(r"child (\d+)", read(f"{HERE}/wrapped.log")).group(1))
    expect(not os.path.exists(f"/proc/{child}"), "a child of the server was left behind")


def case_a_server_is_stopped_by_its_own_signal():
    script = "import signal, subprocess, sys; s = subprocess.Popen(sys.argv[1:]); signal.signal(signal.SIGINT, lambda *_: (print('asked by INT', flush=True), s.kill()))\nsys.exit(s.wait() and 0)"
    path = write("signal.yaml", f"target: mine\nstart:\n  command: [{sys.executable}, -c, {json.dumps(script)}, {SERVER}, --port, \"0\", --control-port, \"0\"]\n"
                 "  ready: {line: 'ready ws=(?<ws>\\S+)'}\n  stop: {signal: INT}\n  log: signal.log\nconnect: {url: \"${ready.ws}\"}\n")
    code, out, err = gwspec("run", "hello/at-once", "--target", path)
    expect(code == 0 and "asked by INT" in read(f"{HERE}/signal.log"), code, out, err, read(f"{HERE}/signal.log"))


def case_a_foreign_server_that_is_gone_ends_the_run_with_all_verdicts():
    jsonl = f"{HERE}/lost.jsonl"
    with Server() as server:
        run = subprocess.Popen([GWSPEC, "run", "hello", "heartbeat", "--url", server.url, "--report", f"json={jsonl}"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=ENV, cwd=HERE)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (os.path.exists(jsonl) and '"verdict":"pass"' in read(jsonl)):
            time.sleep(0.02)
        server.process.send_signal(signal.SIGKILL)
        out, err = run.communicate(timeout=60)
    expect(run.returncode == 3 and "target lost after" in err and re.search(r"\d+ of \d+ scenarios have a verdict", err), run.returncode, err)
    expect(any(r["verdict"] == "pass" for r in results(jsonl)) and '"type":"summary"' in read(jsonl) and "Conforms." not in out, out)


SCOPES = """target: scopes
fixtures:
  run: [{{command: {{run: [{log}, run], capture: {{id: {{body: true}}}}}}}}]
  scenario: [{{command: {{run: [{log}, scenario, "${{scenario.name}}", "${{run.id}}"], capture: {{id: {{body: true}}}}}}}}]
  room: [{{command: {{run: [{log}, room, "${{scenario.id}}"], capture: {{id: {{body: true}}}}}}}}]
  participant: [{{command: {{run: [{log}, participant, "${{room.id}}", "${{client}}"], capture: {{id: {{body: true}}}}}}}}]
cleanup:
  run: [{{command: [{log}, end-run, "${{run.id}}"]}}]
  scenario: [{{command: [{log}, end-scenario, "${{scenario.id}}"]}}]
  room: [{{command: [{log}, end-room, "${{room.id}}"]}}]
  participant: [{{command: [{log}, end-participant, "${{participant.id}}"]}}]
connect: {{url: "{url}"}}
"""


def case_fixtures_have_their_scopes_and_are_cleaned_up_in_reverse():
    log, record = write("log.sh", f'#!/bin/sh\necho "$@" >> {HERE}/record\necho "$1-id"\n'), f"{HERE}/record"
    os.chmod(log, 0o755)
    with Server() as server:
        path = write("scopes.yaml", SCOPES.format(log=log, url=server.url))
        code, out, err = gwspec("run", "hello/at-once", "--target", path, "--jobs", "1")
    expect(code == 0, code, out, err)
    expect(read(record).split("\n")[:-1] == ["run", "scenario hello/at-once run-id", "room scenario-id", "participant room-id alice",
                                            "end-participant participant-id", "end-room room-id", "end-scenario scenario-id", "end-run run-id"], read(record))


# ---- somebody's chat gateway ----


def case_room_chat_is_judged_and_each_killer_is_named():
    """Rooms over HTTP, a cookie in the upgrade, names and numbers of its own; started again after each death."""
    if not os.path.isdir(f"{ROOT}/tests/peers/node-ws/node_modules/ws"):
        return SKIPPED
    code, out, err = gwspec("run", "hello", "events/reaches-all-once", "events/message-create", "heartbeat/silent-client-is-dropped", "handshake",
                            "--target", CHAT, "--seed", "5")
    expect(code == 0 and "Known failures" in out and re.search(r"\d+ of \d+ scenarios judged", out), code, out[-3000:], err)
    jsonl = f"{HERE}/chat.jsonl"
    code, out, err = gwspec("run", "robustness/truncated", "hello", "--target", CHAT, "--fault", "dies-on-bad-json", "--seed", "5", "--report", f"json={jsonl}")
    got = results(jsonl)
    crashed = [r for r in got if r["verdict"] == "crash"]
    expect(code == 1 and len(crashed) == 12 and all(r["id"].startswith("robustness/truncated/") for r in crashed), code, out[-3000:], err)
    for r in crashed:
        expect("exited with code 1" in r["findings"][0]["observed"] and "SyntaxError" in r["server_log"] and r["stimulus"], r)
        expect(f"rerun      gwspec run {r['id']} --target {CHAT} --fault dies-on-bad-json --seed 5" in out, "no rerun line of " + r["id"])
    expect(len({r["stimulus"] for r in crashed}) == 12, "two killers were told by the same bytes")
    expect(all(r["verdict"] == "pass" for r in got if r["id"].startswith("hello/")), "a death was blamed on others")
    again = gwspec("run", crashed[0]["id"], "--target", CHAT, "--fault", "dies-on-bad-json", "--seed", "5")
    expect(again[0] == 1 and "CRASH" in again[1], again)


def case_every_killer_is_named_and_nobody_else():
    """In memory each scenario has a server to itself, so that nobody has to be looked for: the same ones have to be named."""
    named = {}
    for where, args in (("alone", ["--simulate"]), ("together", ["--crash-search", "2s"])):
        code, out, err = gwspec("run", "robustness", "hello", *args, "--fault", "dies-on-bad-json", "--seed", "5", "--report", f"json={HERE}/killers.jsonl")
        got = results(f"{HERE}/killers.jsonl")
        named[where] = {r["id"] for r in got if r["verdict"] == "crash"}
        expect(code == 1 and not [r["id"] for r in got if "not judged" in str(r["findings"])], code, out[-3000:], err)
    alone, together = named["alone"], named["together"]
    expect(len(alone) > 80 and alone == together, "missed", sorted(alone - together), "blamed", sorted(together - alone))


def main():
    wanted, failed, passed = sys.argv[2:], 0, 0
    for name, case in list(globals().items()):
        if not name.startswith("case_") or (wanted and not any(w in name for w in wanted)):
            continue
        started = time.monotonic()
        try:
            skipped = case() == SKIPPED
            passed += 1
            print(f"{'skip' if skipped else 'ok'}    {name[5:]} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as error:  # a case that breaks is a case that fails
            failed += 1
            print(f"FAIL  {name[5:]}: {type(error).__name__}: {error}", flush=True)
    print(f"target: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
