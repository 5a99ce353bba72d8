#!/usr/bin/python3
"""Small gateways of the family's other protocols, on Debian's python3-websockets: gateway-2, discord-10,
lanyard, flat-strings.

    server.py --protocol NAME [--port N] [--interval MS] [--misbehave NAME]
    server.py --list-misbehaviours

Prints `ready ws=ws://127.0.0.1:PORT` and runs until SIGTERM.
"""
import argparse
import asyncio
import http
import json
import random
import signal

import websockets

MAX_BYTES = 1 << 20
# protocol: {misbehaviour: the requirement that it breaks}
MISBEHAVIOURS = {
    "gateway-2": {"no-answer": "S11", "string-interval": "S4", "never-times-out": "S6", "stops-beating": "S5"},
    "discord-10": {"no-ack": "S11", "string-interval": "S4", "never-times-out": "S6", "hello-twice": "S3"},
    "lanyard": {"hello-late": "S2", "string-interval": "S4", "drops-at-once": "S7"},
    "flat-strings": {"wrong-nonce": "S8", "never-pings": "S5 S6", "no-pong": "S11"},  # who is never asked is never dropped
}


class Bad(Exception):
    """A message that is answered by closing with `code`."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def strict_json(text):
    def no_constant(word):
        raise ValueError(word)

    return json.loads(text, parse_constant=no_constant)


class Session:
    """One connection; a subclass is a protocol."""

    undecodable, unknown = 4002, 4001

    def __init__(self, socket, options):
        self.socket, self.interval, self.misbehave = socket, options.interval, options.misbehave
        self.loop = asyncio.get_running_loop()
        self.tasks = []

    async def say(self, message):
        try:
            await self.socket.send(json.dumps(message, separators=(",", ":")))
        except websockets.ConnectionClosed:
            pass

    def later(self, coroutine):
        self.tasks.append(asyncio.ensure_future(coroutine))

    async def watch(self, code):
        """Drops who does not beat in time."""
        limit = self.interval / 1000 + max(0.025, self.interval * 0.000025)
        while (rest := self.beat + limit - self.loop.time()) > 0:
            await asyncio.sleep(rest)
        await self.socket.close(code)

    async def run(self):
        try:
            await self.greet()
            async for text in self.socket:
                if isinstance(text, bytes):
                    raise Bad(1003)
                try:
                    message = strict_json(text)
                except (ValueError, RecursionError):
                    raise Bad(self.undecodable)
                if not isinstance(message, dict):
                    raise Bad(self.undecodable)
                await self.take(message)
        except Bad as bad:
            await self.socket.close(bad.code)
        except websockets.ConnectionClosed:
            pass
        finally:
            for task in self.tasks:
                task.cancel()


def whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


class Gateway2(Session):
    """hello 0, heartbeat 1 both ways, heartbeat_ack 2 asks for one; 3 to 8 are the server's alone."""

    async def greet(self):
        self.beat = self.loop.time()
        interval = str(self.interval) if self.misbehave == "string-interval" else self.interval
        await self.say({"e": 0, "d": {"heartbeatInterval": interval}})
        self.later(self.beats())
        if self.misbehave != "never-times-out":
            self.later(self.watch(4000))

    async def beats(self):
        due = self.loop.time()
        for count in range(1, 1 << 30):
            due += self.interval / 1000
            await asyncio.sleep(due - self.loop.time())
            if self.misbehave != "stops-beating" or count < 2:
                await self.say({"e": 1, "d": {}})

    async def take(self, message):
        event = message.get("e")
        if not whole(event):
            raise Bad(4002)
        if event == 1:
            self.beat = self.loop.time()
        elif event != 2:
            raise Bad(4003 if 0 <= event <= 8 else 4001)
        elif self.misbehave != "no-answer":
            await self.say({"e": 1, "d": {}})


class Discord(Session):
    DATA = {3: dict, 4: dict, 6: dict, 8: dict}

    async def greet(self):
        self.sequence, self.identified, self.beat = 0, False, self.loop.time()
        interval = str(self.interval) if self.misbehave == "string-interval" else self.interval
        hello = {"t": None, "s": None, "op": 10, "d": {"heartbeat_interval": interval}}
        await self.say(hello)
        if self.misbehave == "hello-twice":
            self.later(self.again(hello))
        if self.misbehave != "never-times-out":
            self.later(self.watch(4009))

    async def again(self, hello):
        await asyncio.sleep(self.interval / 1000)
        await self.say(hello)

    async def take(self, message):
        op, data = message.get("op"), message.get("d")
        if not whole(op):
            raise Bad(4002)
        if op == 1:
            if data is not None and not whole(data):
                raise Bad(4002)
            self.beat = self.loop.time()
            if self.misbehave != "no-ack":
                await self.say({"op": 11})
        elif op == 2:
            if self.identified:
                raise Bad(4005)
            if not isinstance(data, dict) or not {"token", "intents", "properties"} <= data.keys():
                raise Bad(4004 if isinstance(data, dict) else 4002)
            self.identified, self.sequence = True, self.sequence + 1
            await self.say({"op": 0, "t": "READY", "s": self.sequence, "d": {"v": 10, "session_id": "%08x" % random.getrandbits(32)}})
        elif op in self.DATA:
            if not isinstance(data, self.DATA[op]):
                raise Bad(4002)
            if not self.identified and op != 6:
                raise Bad(4003)
        else:
            raise Bad(4001)


class Lanyard(Session):
    undecodable, unknown = 4006, 4004

    async def greet(self):
        self.sequence = 0
        if self.misbehave == "hello-late":
            await asyncio.sleep(6)
        interval = str(self.interval) if self.misbehave == "string-interval" else self.interval
        await self.say({"op": 1, "d": {"heartbeat_interval": interval}})

    async def take(self, message):
        op, data = message.get("op"), message.get("d")
        if not whole(op):
            raise Bad(4006)
        if op == 2:
            if not isinstance(data, dict):
                raise Bad(4005)
            self.sequence += 1
            await self.say({"op": 0, "seq": self.sequence, "t": "INIT_STATE", "d": {}})
        elif op == 3:
            if self.misbehave == "drops-at-once":
                raise Bad(4006)
        else:
            raise Bad(4004)


class Flat(Session):
    everyone = set()
    FIELDS = {"ping": "nonce", "pong": "nonce", "message": "text"}

    async def greet(self):
        self.waits = None  # the nonce that was not answered yet
        await self.say({"type": "hello", "interval": self.interval / 1000})
        self.everyone.add(self)
        self.later(self.forget())

    async def forget(self):
        await self.socket.wait_closed()
        self.everyone.discard(self)

    @classmethod
    async def rounds(cls, options):
        """One timer for all: who has not answered by the next round is dropped."""
        while True:
            await asyncio.sleep(options.interval / 1000)  # of the last round, late or not: nobody has less time to answer
            for session in list(cls.everyone):
                if session.waits:
                    cls.everyone.discard(session)
                    asyncio.ensure_future(session.socket.close(4000))
                elif options.misbehave != "never-pings":
                    session.waits = "%08x" % random.getrandbits(32)
                    asyncio.ensure_future(session.say({"type": "ping", "nonce": session.waits}))  # who does not read delays nobody

    async def take(self, message):
        kind = message.get("type")
        field = self.FIELDS.get(kind) if isinstance(kind, str) else None
        if not field or not isinstance(message.get(field), str) or (field == "nonce" and len(message[field]) > 64):
            await self.say({"type": "error", "reason": "not understood"})
        elif kind == "pong" and message["nonce"] == self.waits:
            self.waits = None
        elif kind == "ping" and self.misbehave != "no-pong":
            nonce = "wrong" if self.misbehave == "wrong-nonce" else message["nonce"]
            await self.say({"type": "pong", "nonce": nonce})
        elif kind == "message":
            for session in list(self.everyone):
                await session.say({"type": "message", "text": message["text"], "from": "somebody"})


PROTOCOLS = {"gateway-2": (Gateway2, "/gateway"), "discord-10": (Discord, "/"), "lanyard": (Lanyard, "/socket"), "flat-strings": (Flat, "/ws")}


async def serve(options):
    session, path = PROTOCOLS[options.protocol]
    stopped = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: stopped.done() or stopped.set_result(None))

    async def check(request_path, _):
        return None if request_path.split("?")[0] == path else (http.HTTPStatus.NOT_FOUND, [], b"")

    async def connect(socket):
        await session(socket, options).run()

    async with websockets.serve(connect, "127.0.0.1", options.port, process_request=check, max_size=MAX_BYTES, compression=None,
                                ping_interval=None, close_timeout=2) as server:
        print(f"ready ws=ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        rounds = asyncio.ensure_future(Flat.rounds(options)) if session is Flat else None
        await stopped
        if rounds:
            rounds.cancel()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", choices=PROTOCOLS)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--interval", type=int, default=1000)
    parser.add_argument("--misbehave")
    parser.add_argument("--list-misbehaviours", action="store_true")
    options = parser.parse_args()
    if options.list_misbehaviours:
        for protocol, names in MISBEHAVIOURS.items():
            for name, rule in names.items():
                print(protocol, name, rule)
        return
    if not options.protocol:
        parser.error("--protocol is missing")
    if options.misbehave and options.misbehave not in MISBEHAVIOURS[options.protocol]:
        parser.error(f"{options.protocol} has no misbehaviour '{options.misbehave}'")
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
