#!/usr/bin/python3
"""The client on Debian's python3-websockets. Its own keep-alive Pings are off: the gateway's heartbeat does that work."""

import asyncio
import os
import signal
import sys
import traceback

import websockets
from gateway import Backoff, Gateway, read_command_line

GOING_AWAY = 4000


class SilentProtocol(websockets.WebSocketClientProtocol):
    """Never answers a Ping."""

    async def pong(self, data=b""):
        pass


async def serve(socket, misbehave):
    """One connection, until it ends. Returns whether hello came."""
    clock, outbox, tasks = asyncio.get_running_loop().time, [], set()
    gateway = Gateway(misbehave, outbox.append, lambda: outbox.append(None))

    async def flush():
        while outbox:
            text = outbox.pop(0)
            if text is None:
                tasks.add(asyncio.ensure_future(socket.close(GOING_AWAY)))
            else:
                await socket.send(text)

    gateway.opened(clock())
    incoming = None
    try:
        while True:
            await flush()
            incoming = incoming or asyncio.ensure_future(socket.recv())
            wait = gateway.next_at() - clock()
            await asyncio.wait([incoming], timeout=None if wait == float("inf") else max(0, wait))
            if incoming.done():
                text, incoming = incoming.result(), None
                gateway.on_message(text, clock())
            gateway.on_time(clock())
    except websockets.ConnectionClosed:
        return gateway.interval is not None
    finally:
        if incoming:
            incoming.cancel()


async def run(url, misbehave):
    protocol = SilentProtocol if misbehave == "no-answer-ping" else websockets.WebSocketClientProtocol
    backoff, wait = Backoff(), 0
    while wait is not None:
        await asyncio.sleep(wait)
        had_hello = False
        try:
            socket = await websockets.connect(url, create_protocol=protocol, ping_interval=None, compression=None, open_timeout=20)
            had_hello = await serve(socket, misbehave)
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
            pass
        except Exception:
            # The end of the loop would wait for a closing handshake that nobody answers.
            traceback.print_exc()
            os._exit(1)
        wait = backoff.next(had_hello)


def main():
    url, misbehave = read_command_line({"no-answer-ping": ["RFC6455-5.5.2-X22"], "connects-elsewhere": ["C1"]})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(run(f"{url}/elsewhere" if misbehave == "connects-elsewhere" else url, misbehave))


if __name__ == "__main__":
    main()
