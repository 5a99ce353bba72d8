#!/usr/bin/python3
"""Runs every test peer and checks that it is the gateway that it claims to be, and that each misbehaviour shows.

Exit codes: 0 all passed, 1 something failed, 77 a peer could not run here (the reason is printed; the others ran).
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

SKIPPED = 77
try:
    import aiohttp
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-aiohttp), so no peer can be tried")
    sys.exit(SKIPPED)

HERE = os.path.dirname(os.path.abspath(__file__))
INTERVAL_MS = 300
INTERVAL_S = INTERVAL_MS / 1000
GRACE_S = 0.025
SLACK_S = 0.25  # what a busy machine may add
PATIENCE_S = 5
READY = re.compile(r"^ready ws=(ws://127\.0\.0\.1:\d+/gateway) control=(http://127\.0\.0\.1:\d+)\n$")

MISBEHAVIOURS = {
    "node-ws": {"silent-heartbeat": "S5", "string-interval": "S4", "dies-on-bad-json": "S21"},
    "python": {"never-times-out": "S6", "late-hello": "S2", "wrong-field-type": "S12"},
    "lws-role": {"event-twice": "S17", "no-ack-answer": "S11", "wrong-room": "S17"},
}
HELLO = {"e": 0, "d": {"heartbeatInterval": INTERVAL_MS}}
HEARTBEAT = {"e": 1, "d": {}}
ASK = {"e": 2, "d": {}}
EVENTS = [
    ("message_create", 3, {"authorId": "p1", "content": "h\u00e9llo \"\\\n\U0001f600", "sentAt": 1700000000123}),
    ("room_update", 4, {"chatLocked": True, "maxParticipants": 0, "discordWebhookLink": ""}),
    ("room_update", 4, {}),
    ("participant_change", 6, {"userId": "p1", "banned": False, "color": True, "admin": True}),
]


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def same(got, expected, what):
    check(got == expected, f"{what}: expected {expected!r}, got {got!r}")


class Client:
    """One WebSocket client that remembers what it heard and when."""

    def __init__(self, socket):
        self.socket = socket
        self.opened_at = time.monotonic()
        self.heard = []
        self.closed_at = None
        self.close_code = None
        self.news = asyncio.Condition()
        self.tasks = [asyncio.create_task(self.listen())]

    async def listen(self):
        while (message := await self.socket.receive()).type == aiohttp.WSMsgType.TEXT:
            async with self.news:
                self.heard.append((time.monotonic(), json.loads(message.data)))
                self.news.notify_all()
        # Read off the frame: the client library forgets the code when the peer hangs up before the answer.
        self.close_code = message.data if message.type == aiohttp.WSMsgType.CLOSE else None
        await self.socket.close()
        async with self.news:
            self.closed_at = time.monotonic()
            self.news.notify_all()

    async def beat(self):
        while not self.socket.closed:
            await self.say(HEARTBEAT)
            await asyncio.sleep(INTERVAL_S / 2)

    def stay_alive(self):
        self.tasks.append(asyncio.create_task(self.beat()))

    async def say(self, message):
        try:
            await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))
        except ConnectionResetError:
            pass  # the close is what the test looks at

    async def until(self, condition, what, patience_s=PATIENCE_S):
        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(condition), patience_s)
            except asyncio.TimeoutError:
                raise AssertionError(f"{what}: not within {patience_s} s; heard {self.messages()}") from None

    def messages(self):
        return [message for _, message in self.heard]

    def count(self, event_id):
        return sum(message["e"] == event_id for message in self.messages())

    async def hear(self, event_id, patience_s=PATIENCE_S):
        await self.until(lambda: self.count(event_id), f"event {event_id}", patience_s)
        return next(message for message in self.messages() if message["e"] == event_id)

    async def barrier(self):
        """Returns when everything that was sent to this client before has arrived."""
        before = self.count(1)
        await self.say(ASK)
        await self.until(lambda: self.count(1) > before, "the answer to an ask")

    async def closed(self, code, patience_s=PATIENCE_S):
        await self.until(lambda: self.closed_at is not None, f"close {code}", patience_s)
        same(self.close_code, code, "close code")

    async def leave(self):
        await self.socket.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Peer:
    """One peer process, its control API and its clients."""

    def __init__(self, command, misbehave=None):
        self.command = [*command, "--port", "0", "--control-port", "0", "--interval", str(INTERVAL_MS)]
        if misbehave:
            self.command += ["--misbehave", misbehave]
        self.clients = []

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(*self.command, stdout=asyncio.subprocess.PIPE)
        self.session = aiohttp.ClientSession()
        line = await asyncio.wait_for(self.process.stdout.readline(), 15)
        ready = READY.match(line.decode())
        check(ready, f"ready line: got {line!r}")
        self.url, self.control = ready.groups()
        return self

    async def __aexit__(self, *_):
        for client in self.clients:
            await client.leave()
        await self.session.close()
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def connect(self, room=None, participant=None, is_beating=True):
        query = {"room": room, "participant": participant}
        socket = await self.session.ws_connect(self.url, params={k: v for k, v in query.items() if v}, timeout=2, autoclose=False)
        client = Client(socket)
        self.clients.append(client)
        if is_beating:
            client.stay_alive()
        return client

    async def ask(self, method, path, body=None, data=None):
        async with self.session.request(method, self.control + path, json=body, data=data) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None, answer.headers

    async def make(self, path):
        status, body, _ = await self.ask("POST", path, {})
        same(status, 201, f"POST {path}")
        return body["id"]

    async def send(self, room, event, data):
        status, body, _ = await self.ask("POST", f"/rooms/{room}/events", {"event": event, "data": data})
        same(status, 200, f"POST {event}: {body}")
        return body

    async def room_of(self, connections):
        """A room with one participant, connected this many times."""
        room = await self.make("/rooms")
        participant = await self.make(f"/rooms/{room}/participants")
        clients = [await self.connect(room, participant) for _ in range(connections)]
        for client in clients:
            await client.hear(0)
        return room, participant, clients


# --- What every peer does ---


async def check_hello_and_heartbeats(peer):
    client = await peer.connect()
    same(await client.hear(0), HELLO, "hello")
    same(client.messages()[0], HELLO, "first message")
    await client.until(lambda: client.count(1) >= 4, "four heartbeats")
    times = [at for at, message in client.heard if message == HEARTBEAT]
    gaps = [b - a for a, b in zip([client.opened_at, *times], times)]
    check(max(gaps) < INTERVAL_S + SLACK_S, f"heartbeat gaps: {gaps}")
    check(min(gaps[1:]) > INTERVAL_S / 2, f"heartbeat gaps: {gaps}")
    check(not client.socket.closed, "a client that heartbeats was dropped")
    same(client.count(0), 1, "hellos")


async def check_asks(peer):
    room, _, (client,) = await peer.room_of(1)
    await client.hear(1)
    asked_at = time.monotonic()
    await client.barrier()
    check(client.heard[-1][0] - asked_at < INTERVAL_S * 0.7, "an ask was answered late")
    same((await peer.send(room, "heartbeat_ack", {}))["delivered"], 1, "delivered asks")
    same(await client.hear(2), ASK, "ask of the server")


async def check_timeout(peer):
    client = await peer.connect(is_beating=False)
    await client.hear(0)
    await client.say(ASK)
    await client.closed(4000)
    after_s = client.closed_at - client.opened_at
    check(INTERVAL_S - 0.01 < after_s < INTERVAL_S + GRACE_S + SLACK_S, f"timed out after {after_s:.3f} s")


async def check_events(peer):
    room, participant, clients = await peer.room_of(2)
    clients.append(await peer.connect(room))
    await clients[2].hear(0)
    _, _, (stranger,) = await peer.room_of(1)
    for event, event_id, data in EVENTS:
        before = [client.count(event_id) for client in clients]
        answer = await peer.send(room, event, data)
        same(answer, {"event": event, "data": data, "delivered": 3}, "answer")
        for client, count in zip(clients, before):
            await client.barrier()
            same(client.count(event_id), count + 1, f"{event} arrived")
            check({"e": event_id, "d": data} in client.messages(), f"{event} {data}: heard {client.messages()}")
    stamped = await peer.send(room, "message_create", {"authorId": "p", "content": ""})
    check(abs(stamped["data"]["sentAt"] - time.time() * 1000) < 5000, f"sentAt: {stamped}")
    await peer.send(room, "participant_kick", {"userId": participant})
    for client in clients:
        same(await client.hear(5), {"e": 5, "d": {"userId": participant}}, "kick")
    await asyncio.gather(clients[0].closed(1000), clients[1].closed(1000))
    await clients[2].barrier()
    same((await peer.send(room, "room_close", {}))["delivered"], 1, "delivered room_close")
    same(await clients[2].hear(7), {"e": 7, "d": {}}, "room_close")
    await clients[2].closed(1000)
    same((await peer.ask("DELETE", f"/rooms/{room}"))[0], 404, "DELETE of a closed room")
    await stranger.barrier()
    check(all(m["e"] <= 1 for m in stranger.messages()), f"another room heard {stranger.messages()}")


async def check_rooms(peer):
    room, _, (client,) = await peer.room_of(1)
    status, body, _ = await peer.ask("GET", "/rooms")
    same(status, 200, "GET /rooms")
    check({"id": room, "participants": 1, "connections": 1} in body["rooms"], f"rooms: {body}")
    same((await peer.ask("DELETE", f"/rooms/{room}"))[0], 204, "DELETE")
    await client.closed(1000)
    same(client.count(7), 0, "room_close events of a DELETE")
    same((await peer.ask("DELETE", f"/rooms/{room}"))[0], 404, "second DELETE")
    status, _, _ = await peer.ask("POST", "/rooms")
    same(status, 201, "POST /rooms without a body")


async def check_refused_handshakes(peer):
    room = await peer.make("/rooms")
    base = peer.url.rsplit("/", 1)[0]
    for url in (f"{base}/other", f"{base}/gateway/", f"{peer.url}?room=nowhere", f"{peer.url}?room={room}&participant=nobody"):
        try:
            await peer.session.ws_connect(url)
            raise AssertionError(f"{url}: was accepted")
        except aiohttp.WSServerHandshakeError as error:
            same(error.status, 404, url)


async def check_refused_requests(peer):
    room = await peer.make("/rooms")
    events = f"/rooms/{room}/events"
    message = {"authorId": "a", "content": "c"}
    for method, path, body, expected in (
        ("GET", "/nowhere", None, 404),
        ("POST", "/rooms/nowhere/participants", {}, 404),
        ("POST", "/rooms/nowhere/events", {"event": "room_close", "data": {}}, 404),
        ("DELETE", "/rooms", None, 405),
        ("GET", events, None, 405),
        ("POST", "/health", {}, 405),
        ("POST", "/rooms", {"nam": "x"}, 422),
        ("POST", "/rooms", [], 422),
        ("POST", events, {"data": {}}, 422),
        ("POST", events, {"event": "hello", "data": {}}, 422),
        ("POST", events, {"event": "room_close", "data": {"x": 1}}, 422),
        ("POST", events, {"event": "room_close", "data": None}, 422),
        ("POST", events, {"event": "message_create", "data": {"authorId": "a"}}, 422),
        ("POST", events, {"event": "message_create", "data": {**message, "sentAt": "1"}}, 422),
        ("POST", events, {"event": "message_create", "data": {**message, "sentAt": True}}, 422),
        ("POST", events, {"event": "participant_change", "data": {"userId": "a", "color": "red"}}, 422),
    ):
        status, answer, headers = await peer.ask(method, path, body)
        same(status, expected, f"{method} {path} {body}")
        check(isinstance(answer.get("error"), str) and answer["error"], f"{method} {path}: {answer}")
        check(headers["Content-Type"].startswith("application/json"), f"{method} {path}: {headers}")
        check(expected != 405 or headers.get("Allow"), f"{method} {path}: no Allow")
    for text, expected in (("{", 400), ("{} x", 400), ("[" * 100000, 400), ("\"" + "x" * 1100000 + "\"", 413)):
        status, answer, _ = await peer.ask("POST", events, data=text)
        same(status, expected, f"POST {text[:10]}: {answer}")
    same((await peer.ask("GET", "/health"))[1], {"status": "ok"}, "health")


async def check_malformed_messages(peer):
    for text, code in (
        ("{", 4002), ("", 4002), ("null", 4002), ("[]", 4002), ("[" * 100000, 4002), ('{"e":"1","d":{}}', 4002),
        ('{"e":true}', 4002), ('{"e":1,"d":"x"}', 4002), ('{"e":1}x', 4002), ('{"d":{}}', 4002), ('{"e":99,"d":{}}', 4001),
        ('{"e":-1,"d":{}}', 4001), ('{"e":0,"d":{}}', 4003), ('{"e":3,"d":{"authorId":"a","content":"c","sentAt":1}}', 4003),
        ("x" * (1024 * 1024 + 1), 1009),
    ):
        client = await peer.connect(is_beating=False)
        await client.hear(0)
        await client.say(text)
        try:
            await client.closed(code)
        except AssertionError as error:
            raise AssertionError(f"{text[:60]!r}: {error}") from None
    client = await peer.connect(is_beating=False)
    await client.hear(0)
    await client.socket.send_bytes(b"{}")
    await client.closed(1003)
    client = await peer.connect()
    await client.hear(0)
    await client.say('{"e":1}' + " " * 1000000)
    await client.barrier()


async def check_stop(peer):
    client = await peer.connect()
    await client.hear(0)
    peer.process.send_signal(signal.SIGTERM)
    same(await asyncio.wait_for(peer.process.wait(), PATIENCE_S), 0, "exit code after SIGTERM")


GOOD = [check_hello_and_heartbeats, check_asks, check_timeout, check_events, check_rooms, check_refused_handshakes,
        check_refused_requests, check_malformed_messages, check_stop]


# --- Misbehaviours ---


async def shows_silent_heartbeat(peer):
    client = await peer.connect()
    await client.hear(0)
    await asyncio.sleep(3 * INTERVAL_S)
    same(client.messages(), [HELLO], "messages within three intervals")


async def shows_string_interval(peer):
    client = await peer.connect()
    same(await client.hear(0), {"e": 0, "d": {"heartbeatInterval": str(INTERVAL_MS)}}, "hello")


async def shows_dies_on_bad_json(peer):
    client = await peer.connect()
    await client.hear(0)
    await client.say("{")
    code = await asyncio.wait_for(peer.process.wait(), PATIENCE_S)
    check(code != 0, "exited as if nothing had happened")


async def shows_never_times_out(peer):
    client = await peer.connect(is_beating=False)
    await client.until(lambda: client.count(1) >= 4, "four heartbeats to a silent client")
    check(not client.socket.closed, "closed")


async def shows_late_hello(peer):
    client = await peer.connect(is_beating=False)
    await client.hear(0, patience_s=10)
    check(client.heard[0][0] - client.opened_at > 6.5, "hello came early")


async def shows_wrong_field_type(peer):
    room, _, (client,) = await peer.room_of(1)
    await peer.send(room, "message_create", {"authorId": "a", "content": "c", "sentAt": 5})
    same((await client.hear(3))["d"]["sentAt"], "5", "sentAt")


async def shows_event_twice(peer):
    room, _, (client,) = await peer.room_of(1)
    await peer.send(room, "room_update", {"chatLocked": True})
    await client.barrier()
    same(client.count(4), 2, "copies")


async def shows_no_ack_answer(peer):
    client = await peer.connect()
    await client.hear(1)
    await client.say(ASK)
    await client.until(lambda: client.count(1) >= 4, "four heartbeats")
    times = [at for at, message in client.heard if message == HEARTBEAT]
    check(min(b - a for a, b in zip(times, times[1:])) > INTERVAL_S / 2, "the ask was answered")


async def shows_wrong_room(peer):
    room, _, (client,) = await peer.room_of(1)
    _, _, (stranger,) = await peer.room_of(1)
    await peer.send(room, "room_update", {"chatLocked": True})
    await client.hear(4)
    await stranger.hear(4)


async def run_case(name, case, command, misbehave=None):
    try:
        async with Peer(command, misbehave) as peer:
            await asyncio.wait_for(case(peer), 60)
        print(f"pass  {name}", flush=True)
        return True
    except Exception as error:  # every failure is reported and makes the run fail
        print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
        return False


async def run_peer(name, command):
    good = True
    for case in GOOD:
        good &= await run_case(f"{name} {case.__name__}", case, command)
    listed = subprocess.run([*command, "--list-misbehaviours"], capture_output=True, text=True, timeout=30, check=True).stdout
    expected = "".join(f"{key} {requirement}\n" for key, requirement in MISBEHAVIOURS[name].items())
    if listed != expected:
        print(f"FAIL  {name} --list-misbehaviours: expected {expected!r}, got {listed!r}")
        good = False
    unknown = subprocess.run([*command, "--misbehave", "no-such"], capture_output=True, text=True, timeout=30, check=False)
    if unknown.returncode != 2 or "no-such" not in unknown.stderr:
        print(f"FAIL  {name} --misbehave no-such: exit {unknown.returncode}, said {unknown.stderr!r}")
        good = False
    for misbehave in MISBEHAVIOURS[name]:
        case = globals()["shows_" + misbehave.replace("-", "_")]
        good &= await run_case(f"{name} {case.__name__}", case, command, misbehave)
    return good


def reason_to_skip(name, command):
    if not command or not shutil.which(command[0]):
        return f"{command[0] if command else 'its program'} is not here"
    if name == "node-ws" and not os.path.isdir(os.path.join(HERE, "node-ws", "node_modules", "ws")):
        return "node modules are missing: run `npm ci` in tests/peers/node-ws"
    if name == "python" and subprocess.run(["/usr/bin/python3", "-c", "import websockets"], capture_output=True, check=False).returncode:
        return "python3-websockets is not installed"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lws", help="path of peer_lws_gateway")
    parser.add_argument("--only", choices=sorted(MISBEHAVIOURS), help="try this peer alone")
    options = parser.parse_args()
    commands = {
        "node-ws": ["node", os.path.join(HERE, "node-ws", "server.js")],
        "python": ["/usr/bin/python3", os.path.join(HERE, "python", "server.py")],
        "lws-role": [options.lws] if options.lws else [],
    }
    outcome = 0
    for name, command in commands.items():
        if options.only not in (None, name):
            continue
        reason = reason_to_skip(name, command)
        if reason:
            print(f"skipped: {name}: {reason}", flush=True)
            outcome = outcome or SKIPPED
        elif not asyncio.run(run_peer(name, command)):
            outcome = 1
    return outcome


if __name__ == "__main__":
    sys.exit(main())
