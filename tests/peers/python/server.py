#!/usr/bin/python3
"""The gateway on Debian's python3-websockets: one foreign stack that the tester is tried against.

The WebSocket behaviour is the library's own, deviations and its keep-alive pings included; only the payload limit
(which is also its default) and compression are set. The control API stands on aiohttp.
"""

import argparse
import asyncio
import http
import json
import os
import signal
import sys
import time
import urllib.parse

import websockets
from aiohttp import web
from websockets.legacy.server import WebSocketServerProtocol, serve

HOST = "127.0.0.1"
PATH = "/gateway"
DEFAULT_ROOM = "lobby"
MAX_BYTES = 1024 * 1024
LATE_HELLO_S = 7

HELLO, HEARTBEAT, HEARTBEAT_ACK, LAST_ID = 0, 1, 2, 7

CLOSE_NORMAL = 1000
CLOSE_BINARY = 1003
CLOSE_TIMED_OUT = 4000
CLOSE_UNKNOWN_EVENT = 4001
CLOSE_UNDECODABLE = 4002
CLOSE_FORBIDDEN_EVENT = 4003

MISBEHAVIOURS = {"never-times-out": "S6", "late-hello": "S2", "wrong-field-type": "S12"}

# The gateway document's events that the control API may send: id, and each field's type; '?' marks an optional one.
EVENTS = {
    "heartbeat_ack": (HEARTBEAT_ACK, {}),
    "message_create": (3, {"authorId": "string", "content": "string", "sentAt": "number?"}),
    "room_update": (4, {"chatLocked": "boolean?", "roomLocked": "boolean?", "maxParticipants": "number?",
                        "discordWebhookLink": "string?"}),
    "participant_kick": (5, {"userId": "string"}),
    "participant_change": (6, {"userId": "string", "banned": "boolean?", "color": "boolean?", "admin": "boolean?"}),
    "room_close": (7, {}),
}
TYPE_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number",
              type(None): "null"}


def type_name(value):
    return TYPE_NAMES[type(value)]


def envelope(event_id, data):
    return json.dumps({"e": event_id, "d": data}, separators=(",", ":"))


def find_fault(place, value, fields):
    """The first way in which value is not an object of these fields, as place and cause, or None."""
    if not isinstance(value, dict):
        return f"{place}: expected object, got {type_name(value)}"
    for key, inner in value.items():
        if key not in fields:
            return f"{place}.{key}: unknown field"
        expected = fields[key].rstrip("?")
        if type_name(inner) != expected:
            return f"{place}.{key}: expected {expected}, got {type_name(inner)}"
    for key, kind in fields.items():
        if not kind.endswith("?") and key not in value:
            return f"{place}.{key}: missing"
    return None


class Participant:
    def __init__(self, participant_id, is_transient):
        self.id = participant_id
        self.is_transient = is_transient
        self.connections = set()


class Room:
    def __init__(self, room_id):
        self.id = room_id
        self.participants = {}

    def connections(self):
        """Those that can still be reached; the others are in their closing handshake."""
        return [c for p in self.participants.values() for c in p.connections if c.open and not c.is_closing]


class Rooms:
    """Rooms and who is in them. The room without a query always exists: closing it empties it."""

    def __init__(self, misbehave):
        self.misbehave = misbehave
        self.rooms = {DEFAULT_ROOM: Room(DEFAULT_ROOM)}
        self.last_room = 0
        self.last_participant = 0
        self.closing = set()

    def create(self):
        self.last_room += 1
        room = Room(f"r{self.last_room}")
        self.rooms[room.id] = room
        return room

    def add_participant(self, room, is_transient=False):
        self.last_participant += 1
        participant = Participant(f"p{self.last_participant}", is_transient)
        room.participants[participant.id] = participant
        return participant

    def close_connection(self, connection, code):
        # The library's close() waits for the peer's answer; whoever asks for it here must not.
        connection.is_closing = True
        task = asyncio.get_running_loop().create_task(connection.close(code))
        self.closing.add(task)
        task.add_done_callback(self.closing.discard)

    def remove(self, room):
        del self.rooms[room.id]
        self.rooms.setdefault(DEFAULT_ROOM, Room(DEFAULT_ROOM))
        for connection in room.connections():
            self.close_connection(connection, CLOSE_NORMAL)

    def publish(self, room, name, data):
        """Sends the event to everyone in the room and does what it announces; returns how many got it."""
        sent = data
        if self.misbehave == "wrong-field-type" and "sentAt" in data:
            sent = {**data, "sentAt": str(data["sentAt"])}
        receivers = room.connections()
        websockets.broadcast(receivers, envelope(EVENTS[name][0], sent))
        if name == "room_close":
            self.remove(room)
        if name == "participant_kick" and data["userId"] in room.participants:
            for connection in room.participants[data["userId"]].connections:
                self.close_connection(connection, CLOSE_NORMAL)
        return len(receivers)


# --- WebSocket ---


def judge(text):
    """What a message asks for: (event id, None), or (None, code to close with)."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None, CLOSE_UNDECODABLE
    if not isinstance(message, dict) or type(message.get("e")) is not int:
        return None, CLOSE_UNDECODABLE
    event_id = message["e"]
    if not 0 <= event_id <= LAST_ID:
        return None, CLOSE_UNKNOWN_EVENT
    if event_id not in (HEARTBEAT, HEARTBEAT_ACK):
        return None, CLOSE_FORBIDDEN_EVENT
    if not isinstance(message.get("d"), (dict, type(None))):
        return None, CLOSE_UNDECODABLE
    return event_id, None


class Connection(WebSocketServerProtocol):
    """One connection: where it belongs, and its two timers."""

    def __init__(self, handler, server, *, rooms, interval_ms, misbehave, killed_beyond, **options):
        super().__init__(handler, server, **options)
        self.killed_beyond = killed_beyond
        self.rooms = rooms
        self.interval_s = interval_ms / 1000
        self.timeout_s = (interval_ms + max(25, interval_ms * 0.025)) / 1000
        self.misbehave = misbehave
        self.room = None
        self.participant = None
        self.is_closing = False
        self.timers = {}

    def find_seat(self, path):
        """(room, participant or None for a fresh one) that the request's query names, or None when unknown."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query, keep_blank_values=True)
        room = self.rooms.rooms.get(query.get("room", [DEFAULT_ROOM])[0])
        if room is None:
            return None
        if "participant" not in query:
            return room, None
        participant = room.participants.get(query["participant"][0])
        return (room, participant) if participant else None

    async def process_request(self, path, request_headers):
        if path.split("?", 1)[0] != PATH:
            cause = f"no such path: {path}"
        elif self.find_seat(path) is None:
            cause = "room or participant is unknown"
        else:
            return None
        body = json.dumps({"error": cause}).encode()
        return http.HTTPStatus.NOT_FOUND, [("Content-Type", "application/json")], body

    def start_timer(self, name, delay_s, action):
        if name in self.timers:
            self.timers[name].cancel()
        self.timers[name] = self.loop.call_later(delay_s, action)

    def stop_timers(self):
        for timer in self.timers.values():
            timer.cancel()

    def beat(self):
        websockets.broadcast([self], envelope(HEARTBEAT, {}))
        self.start_timer("beat", self.interval_s, self.beat)

    def expect_heartbeat(self):
        if self.misbehave != "never-times-out":
            self.start_timer("deadline", self.timeout_s, lambda: self.rooms.close_connection(self, CLOSE_TIMED_OUT))

    async def greet(self):
        if self.misbehave == "late-hello":
            try:
                await asyncio.wait_for(self.wait_closed(), LATE_HELLO_S)
            except asyncio.TimeoutError:
                pass  # the peer stayed for its hello
        await self.send(envelope(HELLO, {"heartbeatInterval": round(self.interval_s * 1000)}))
        if self.find_seat(self.path) is None:  # removed while the hello was under way
            await self.close(CLOSE_NORMAL)
            return
        # Only now: nothing may overtake the hello.
        self.participant.connections.add(self)
        self.start_timer("beat", self.interval_s, self.beat)
        self.expect_heartbeat()

    async def converse(self):
        async for message in self:
            if self.is_closing:
                return
            if isinstance(message, bytes):
                await self.close(CLOSE_BINARY)
                return
            if self.killed_beyond and len(message) > self.killed_beyond:
                os._exit(137)  # what a container that limits memory would do
            event_id, code = judge(message)
            if code is not None:
                await self.close(code)
                return
            if event_id == HEARTBEAT:
                self.expect_heartbeat()
            else:
                await self.send(envelope(HEARTBEAT, {}))

    async def serve_client(self):
        seat = self.find_seat(self.path)
        if seat is None:  # removed while the handshake was under way
            await self.close(CLOSE_NORMAL)
            return
        self.room, named = seat
        self.participant = named or self.rooms.add_participant(self.room, is_transient=True)
        try:
            await self.greet()
            await self.converse()
        except websockets.ConnectionClosed:
            pass  # the ordinary end of a conversation, whoever ended it
        finally:
            self.stop_timers()
            self.participant.connections.discard(self)
            if self.participant.is_transient:
                self.room.participants.pop(self.participant.id, None)


# --- Control API ---


def refusal(status, message, headers=None):
    return web.json_response({"error": message}, status=status, headers=headers)


@web.middleware
async def errors_as_json(request, handler):
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        return refusal(405, error.reason, {"Allow": error.headers["Allow"]})
    except web.HTTPException as error:
        return refusal(error.status, error.text or error.reason)


async def read_json(request):
    text = await request.text()
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text=f"body: {error}") from error


def unprocessable(cause):
    return web.HTTPUnprocessableEntity(text=cause)


class Control:
    def __init__(self, rooms):
        self.rooms = rooms

    def application(self):
        app = web.Application(middlewares=[errors_as_json], client_max_size=MAX_BYTES)
        app.router.add_get("/health", self.health, allow_head=False)
        app.router.add_get("/rooms", self.list_rooms, allow_head=False)
        app.router.add_post("/rooms", self.create_room)
        app.router.add_delete("/rooms/{room}", self.delete_room)
        app.router.add_post("/rooms/{room}/participants", self.add_participant)
        app.router.add_post("/rooms/{room}/events", self.send_event)
        return app

    def find_room(self, request):
        room = self.rooms.rooms.get(request.match_info["room"])
        if room is None:
            raise web.HTTPNotFound(text=f"room '{request.match_info['room']}' is unknown")
        return room

    async def read_named(self, request):
        fault = find_fault("body", await read_json(request), {"name": "string?"})
        if fault:
            raise unprocessable(fault)

    async def health(self, request):
        return web.json_response({"status": "ok"})

    async def list_rooms(self, request):
        rows = [{"id": r.id, "participants": len(r.participants), "connections": len(r.connections())}
                for r in self.rooms.rooms.values()]
        return web.json_response({"rooms": rows})

    async def create_room(self, request):
        await self.read_named(request)
        return web.json_response({"id": self.rooms.create().id}, status=201)

    async def delete_room(self, request):
        self.rooms.remove(self.find_room(request))
        return web.Response(status=204)

    async def add_participant(self, request):
        await self.read_named(request)
        participant = self.rooms.add_participant(self.find_room(request))
        return web.json_response({"id": participant.id}, status=201)

    async def send_event(self, request):
        body = await read_json(request)
        room = self.find_room(request)
        if not isinstance(body, dict):
            raise unprocessable(f"body: expected object, got {type_name(body)}")
        for key in body:
            if key not in ("event", "data"):
                raise unprocessable(f"body.{key}: unknown field")
        event, data = body.get("event"), body.get("data", {})
        if not isinstance(event, str):
            raise unprocessable(f"event: expected string, got {type_name(event)}")
        if event not in EVENTS:
            raise unprocessable(f"event: '{event}' is not an event that can be sent")
        fault = find_fault("data", data, EVENTS[event][1])
        if fault:
            raise unprocessable(fault)
        if event == "message_create":
            data.setdefault("sentAt", time.time_ns() // 1_000_000)
        return web.json_response({"event": event, "data": data, "delivered": self.rooms.publish(room, event, data)})


# --- Program ---


def ranged(least, most):
    def convert(text):
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"expected {least} to {most}, got '{text}'")
        return int(text)
    return convert


def read_options():
    parser = argparse.ArgumentParser(description="The gateway on python3-websockets: a test peer.")
    parser.add_argument("--port", type=ranged(0, 65535), default=0, help="WebSocket port, 0: any free one")
    parser.add_argument("--control-port", type=ranged(0, 65535), default=0, help="control API port, 0: any free one")
    parser.add_argument("--interval", type=ranged(1, 3600000), default=1000, help="heartbeat interval in ms")
    parser.add_argument("--compression", choices=("bounded", "unbounded"),
                        help="permessage-deflate; unbounded: messages of any length, and killed for its memory beyond 16 MiB")
    parser.add_argument("--misbehave", choices=sorted(MISBEHAVIOURS))
    parser.add_argument("--list-misbehaviours", action="store_true")
    return parser.parse_args()


async def run(options):
    stopped = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopped.set)

    rooms = Rooms(options.misbehave)
    unbounded = options.compression == "unbounded"

    def protocol(handler, server, **kwargs):
        return Connection(handler, server, rooms=rooms, interval_ms=options.interval, misbehave=options.misbehave,
                          killed_beyond=16 << 20 if unbounded else None, **kwargs)

    runner = web.AppRunner(Control(rooms).application())
    await runner.setup()
    site = web.TCPSite(runner, HOST, options.control_port, shutdown_timeout=1)
    await site.start()
    control_port = runner.addresses[0][1]
    server = await serve(Connection.serve_client, HOST, options.port, create_protocol=protocol,
                         max_size=None if unbounded else MAX_BYTES, compression="deflate" if options.compression else None)
    port = server.sockets[0].getsockname()[1]
    print(f"ready ws=ws://{HOST}:{port}{PATH} control=http://{HOST}:{control_port}", flush=True)
    await stopped.wait()
    await runner.cleanup()
    server.close()
    # A client that does not answer the library's Close would hold it for its close timeout.
    try:
        await asyncio.wait_for(server.wait_closed(), 1)
    except asyncio.TimeoutError:
        for connection in list(server.websockets):
            connection.transport.abort()
        await server.wait_closed()


def main():
    options = read_options()
    if options.list_misbehaviours:
        for name, requirement in MISBEHAVIOURS.items():
            print(name, requirement)
        return 0
    try:
        asyncio.run(run(options))
    except OSError as error:
        print(f"server.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
