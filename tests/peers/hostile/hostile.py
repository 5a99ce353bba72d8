"""Servers that mean harm: each misbehaves on every connection in one named way, for as long as the client bears it.

    with Hostile("flood-messages") as server: ... server.url ...

Plain sockets and threads: what they do must not depend on a library's good manners.
"""
import base64
import hashlib
import os
import socket
import struct
import threading
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HELLO = b'{"e":0,"d":{"heartbeatInterval":400}}'
BEAT = b'{"e":1,"d":{}}'
ASK = b'{"e":2,"d":{}}'


def frame(payload, first=0x81):
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 126, size)
    else:
        head = struct.pack("!BBQ", first, 127, size)
    return head + payload


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more or len(data) > 1 << 20:
            raise ConnectionError("no request")
        data += more
    return data


def response(request):
    key = next((line.split(b":", 1)[1].strip() for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")), b"")
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"


def upgrade(sock, then=frame(HELLO)):
    sock.sendall(response(read_request(sock)) + then)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def forever(sock, data):
    """Until the client has had enough."""
    while True:
        sock.sendall(data)


def swallow(sock):
    while sock.recv(65536):
        pass


def flood_messages(sock):
    upgrade(sock)
    forever(sock, frame(BEAT) * 2000)


def flood_pings(sock):
    upgrade(sock)
    forever(sock, frame(b"x" * 125, 0x89) * 500)


def flood_asks(sock):
    upgrade(sock)
    forever(sock, frame(ASK) * 2000)


def stall_connect(sock):
    swallow(sock)


def stall_handshake(sock):
    sock.sendall(response(read_request(sock))[:60])
    swallow(sock)


def stall_frame(sock):
    upgrade(sock, frame(HELLO)[:1])
    swallow(sock)


def stop_reading(sock):
    upgrade(sock)
    time.sleep(600)


def length_63_bits(sock):
    upgrade(sock, frame(HELLO) + b"\x81\x7f\x7f" + b"\xff" * 7)
    forever(sock, b"x" * 65536)


def length_64_bits(sock):
    upgrade(sock, frame(HELLO) + b"\x81\x7f" + b"\xff" * 8)
    forever(sock, b"x" * 65536)


def endless_fragments(sock):
    upgrade(sock, frame(HELLO) + frame(b'"', 0x01))
    forever(sock, frame(b"x" * 16, 0x00) * 4000)


def empty_fragments(sock):
    upgrade(sock, frame(HELLO) + frame(b'"', 0x01))
    forever(sock, frame(b"", 0x00) * 20000)


def endless_headers(sock):
    sock.sendall(response(read_request(sock))[:-2])
    forever(sock, b"X-Filler: 0123456789\r\n" * 1000)


def endless_status_line(sock):
    read_request(sock)
    sock.sendall(b"HTTP/1.1 101 ")
    forever(sock, b"a" * 65536)


def garbage_before(sock):
    read_request(sock)
    forever(sock, os.urandom(65536))


def garbage_after(sock):
    upgrade(sock)
    forever(sock, os.urandom(65536))


def close_at_once(sock):
    sock.close()


def reset_at_once(sock):
    reset(sock)


def reset_after_request(sock):
    read_request(sock)
    reset(sock)


def reset_in_handshake(sock):
    sock.sendall(response(read_request(sock))[:40])
    reset(sock)


def reset_in_hello(sock):
    upgrade(sock, frame(HELLO)[:9])
    reset(sock)


def reset_after_hello(sock):
    upgrade(sock)
    reset(sock)


def half_close(sock):
    upgrade(sock)
    sock.shutdown(socket.SHUT_WR)
    swallow(sock)


def drip(sock):
    for byte in response(read_request(sock)) + frame(HELLO):
        sock.sendall(bytes([byte]))
        time.sleep(0.001)
    swallow(sock)


def huge_message(sock):
    upgrade(sock)
    sock.sendall(b"\x81\x7f" + struct.pack("!Q", 1 << 28))
    for _ in range(1 << 12):
        sock.sendall(b"x" * 65536)


def deep_json(sock):
    upgrade(sock)
    forever(sock, frame(b'{"e":' + b"[" * 100000 + b"]" * 100000 + b"}"))


def many_events(sock):
    event = frame(b'{"e":3,"d":{"authorId":"a","content":"b","sentAt":1}}')
    upgrade(sock, frame(HELLO) + event * 20000)
    swallow(sock)


def trees(sock):
    """Small texts that are large trees."""
    event = frame(b'{"e":1,"d":[' + b"[],[]," * 10000 + b"0]}")
    upgrade(sock, frame(HELLO) + event * 30)
    swallow(sock)


def close_storm(sock):
    upgrade(sock)
    forever(sock, frame(b"\x03\xe8", 0x88) * 1000)


def redirect(sock):
    read_request(sock)
    sock.sendall(b"HTTP/1.1 302 Found\r\nLocation: /gateway\r\nContent-Length: 0\r\n\r\n")
    swallow(sock)


def endless_body(sock):
    read_request(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    forever(sock, b"y" * 65536)


def nul_bytes(sock):
    read_request(sock)
    forever(sock, b"\0" * 65536)


WAYS = {f.__name__.replace("_", "-"): f for f in (
    flood_messages, flood_pings, flood_asks, stall_connect, stall_handshake, stall_frame, stop_reading, length_63_bits, length_64_bits,
    endless_fragments, empty_fragments, endless_headers, endless_status_line, garbage_before, garbage_after, close_at_once,
    reset_at_once, reset_after_request, reset_in_handshake, reset_in_hello, reset_after_hello, half_close, drip, huge_message,
    deep_json, many_events, trees, close_storm, redirect, endless_body, nul_bytes)}


class Hostile:
    def __init__(self, way):
        self.way = WAYS[way]
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/gateway"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            self.way(sock)
        except OSError:
            pass
        finally:
            sock.close()
