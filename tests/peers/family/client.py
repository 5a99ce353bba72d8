#!/usr/bin/python3
"""A client of a Discord-like gateway (discord-10), on Debian's python3-websockets: first beat after a random part of the interval,
the last sequence number in each, and away from a server that did not acknowledge the last one.

    client.py URL [MISBEHAVIOUR]
"""
import asyncio
import json
import random
import sys

import websockets


class Client:
    def __init__(self, socket, misbehave):
        self.socket, self.misbehave = socket, misbehave
        self.sequence, self.acknowledged, self.beats = None, True, None

    async def beat(self, interval):
        await asyncio.sleep(interval * random.random())
        while self.acknowledged or self.misbehave == "stays-with-a-zombie":
            self.acknowledged = False
            await self.say(1, 7 if self.misbehave == "wrong-sequence" else self.sequence)
            await asyncio.sleep(interval * (1.5 if self.misbehave == "beats-late" else 1))
        await self.socket.close(4000)

    async def say(self, op, data):
        await self.socket.send(json.dumps({"op": op, "d": data}))

    async def take(self, text):
        try:
            message = json.loads(text)
            op, sequence = message["op"], message.get("s")
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        if isinstance(sequence, int):
            self.sequence = sequence
        if op == 10 and not self.beats:
            self.beats = asyncio.ensure_future(self.beat(message["d"]["heartbeat_interval"] / 1000))
            await self.say(2, {"token": "x", "intents": 0, "properties": {}})
        elif op == 11:
            self.acknowledged = True
        elif op == 1 and self.misbehave != "ignores-asks":
            await self.say(1, self.sequence)


async def main(url, misbehave=None):
    async with websockets.connect(url, ping_interval=None, compression=None) as socket:
        client = Client(socket, misbehave)
        try:
            async for text in socket:
                await client.take(text)
        except websockets.ConnectionClosed:
            pass
        if client.beats:
            client.beats.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
