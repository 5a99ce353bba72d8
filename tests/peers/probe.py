#!/usr/bin/python3
"""Sends a WebSocket server what RFC 6455 forbids (and some of what it allows) and prints what the server did.

Raw sockets, standard library only, no code of the tester: it is there to confirm by hand what the tester says.
It observes; it judges nothing. Usage: probe.py ws://127.0.0.1:PORT/gateway [PATTERN]
"""

import base64
import os
import select
import socket
import struct
import sys
import time
import urllib.parse

MASK = bytes.fromhex("37fa213d")
HEARTBEAT = b'{"e":1,"d":{}}'
NONCE = b"nonce"
PATIENCE_S = 1.0
QUIET_S = 0.3  # how long the server may stay silent before the barrier Ping goes out

FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", first=FIN, mask=MASK, length_form=None, declared=None):
    """One frame with any field wrong: length_form 16 or 64 forces that form, declared lies about the length."""
    size = len(payload) if declared is None else declared
    form = length_form or (0 if size < 126 else 16 if size < 65536 else 64)
    flag = 0x80 if mask else 0
    head = bytes([first | opcode, flag | (size if form == 0 else 126 if form == 16 else 127)])
    head += struct.pack(">H", size) if form == 16 else struct.pack(">Q", size) if form == 64 else b""
    if mask:
        payload = mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + payload


def close(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


class Link:
    """One TCP connection and what came back on it."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.target = parts.path + ("?" + parts.query if parts.query else "")
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = b""
        self.end = None  # "FIN" or "reset"

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            self.end = self.end or "reset"

    def read(self, deadline):
        """Takes in what comes next; False at the deadline or the end."""
        left = deadline - time.monotonic()
        if self.end or left <= 0 or not select.select([self.socket], [], [], left)[0]:
            return False
        try:
            chunk = self.socket.recv(65536)
        except OSError:
            self.end = "reset"
            return False
        if not chunk:
            self.end = "FIN"
        self.bytes += chunk
        return bool(chunk)

    def request(self, method="GET", version="HTTP/1.1", drop=(), extra=(), target=None, **replaced):
        headers = {"Host": self.host, "Upgrade": "websocket", "Connection": "Upgrade",
                   "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13"}
        headers.update({name.replace("_", "-"): value for name, value in replaced.items()})
        lines = [f"{method} {target or self.target} {version}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if name not in drop]
        lines += [f"{name}: {value}" for name, value in extra]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def head(self, patience_s=PATIENCE_S):
        """The response's head, or what came instead; the bytes after it stay."""
        deadline = time.monotonic() + patience_s
        while b"\r\n\r\n" not in self.bytes and self.read(deadline):
            pass
        head, found, rest = self.bytes.partition(b"\r\n\r\n")
        if not found:
            return None
        self.bytes = rest
        return head.decode("latin-1")

    def open(self):
        self.send(self.request())
        head = self.head()
        if not head or " 101 " not in head.split("\r\n")[0] + " ":
            raise SystemExit(f"probe.py: no upgrade at {self.host}{self.target}: {head or self.end or 'no answer'}")
        return self

    def frames(self):
        """(opcode, payload, complete) of every whole frame received; the server's frames are taken as unmasked."""
        found, at = [], 0
        while len(self.bytes) >= at + 2:
            size, start = self.bytes[at + 1] & 0x7F, at + 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                size, start = int.from_bytes(self.bytes[start:start + wide], "big"), start + wide
            if len(self.bytes) < start + size:
                break
            found.append((self.bytes[at] & 0x0F, self.bytes[start:start + size]))
            at = start + size
        return found

    def closing(self):
        """The server's Close in words, or None."""
        for opcode, payload in self.frames():
            if opcode == CLOSE:
                return "Close " + (str(struct.unpack(">H", payload[:2])[0]) if len(payload) >= 2 else "empty")
        return None

    def pongs(self):
        return [payload for opcode, payload in self.frames() if opcode == PONG]

    def wait(self, condition, patience_s):
        deadline = time.monotonic() + patience_s
        while not condition() and self.read(deadline):
            pass
        return condition()

    def fate(self):
        """How the connection ended, waiting for the end after a Close."""
        self.wait(lambda: self.closing(), QUIET_S)
        said = self.closing()
        self.wait(lambda: self.end, PATIENCE_S)
        ending = self.end or "still connected"
        return f"{said}, {ending}" if said else f"no Close, {ending}"


# --- Cases: each returns what it saw, in a few words ---


def handshake(build):
    def run(url):
        link = Link(url)
        link.send(build(link))
        head = link.head()
        if head is None:
            return f"no answer, {link.end or 'still connected'}"
        words = head.split("\r\n")[0].split(" ", 2)[1]
        names = [line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line]
        shown = [f"{n.strip()}: {v.strip()}" for n, v in names
                 if n.strip().lower() in ("sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions")]
        return ", ".join([words, *shown])
    return run


def by_bytes(url):
    link = Link(url)
    for byte in link.request():
        link.send(bytes([byte]))
    return (link.head() or "no answer").split("\r\n")[0]


def frame_with_request(url):
    link = Link(url)
    link.send(link.request() + frame(PING, NONCE))
    head = link.head()
    if not head:
        return "no answer"
    return "answered" if link.wait(lambda: NONCE in link.pongs(), PATIENCE_S) else "Ping not answered"


def stimulus(*pieces):
    """Sends the pieces, then, if the server stays quiet, a Ping in a segment of its own."""
    def run(url):
        link = Link(url).open()
        link.wait(lambda: link.frames(), PATIENCE_S)  # hello
        for piece in pieces:
            link.send(piece)
        if link.wait(lambda: link.closing() or link.end, QUIET_S):
            return link.fate()
        link.send(frame(PING, b"barrier"))
        if link.wait(lambda: b"barrier" in link.pongs() or link.closing() or link.end, PATIENCE_S):
            if link.closing() or link.end:
                return link.fate()
            return "accepted" if len(link.pongs()) == 1 else f"accepted, {len(link.pongs()) - 1} Pong before the barrier"
        return "open, but a Ping is not answered"
    return run


def pings(count, together, payload=lambda i: b"%d" % i):
    def run(url):
        link = Link(url).open()
        sent = [payload(i) for i in range(count)]
        batches = [b"".join(frame(PING, body) for body in sent)] if together else [frame(PING, body) for body in sent]
        for i, batch in enumerate(batches):
            link.send(batch)
            if not together:
                link.wait(lambda i=i: len(link.pongs()) > i, PATIENCE_S)
        link.wait(lambda: len(link.pongs()) >= count, PATIENCE_S)
        got = link.pongs()
        order = "" if got == [body for body in sent if body in got] else ", out of order"
        closing = f", {link.closing()}" if link.closing() else ""
        return f"{len(got)} of {count} answered{order}{closing}"
    return run


def codes(*values):
    """The reaction to a Close with each code, equal ones put together."""
    def run(url):
        seen = {}
        for value in values:
            link = Link(url).open()
            link.send(close(value))
            link.wait(lambda: link.closing() or link.end, PATIENCE_S)
            said = link.closing()
            seen.setdefault("echoed" if said == f"Close {value}" else said or f"no Close, {link.end or 'open'}", []).append(value)
        return "; ".join(f"{', '.join(map(str, got))}: {words}" for words, got in seen.items())
    return run


def after_close(extra):
    def run(url):
        link = Link(url).open()
        link.send(close(1000) + extra)
        link.wait(lambda: link.end, PATIENCE_S)
        return f"{len(link.pongs())} Pong, {len([f for f in link.frames() if f[0] == CLOSE])} Close, {link.end or 'still connected'}"
    return run


def fin_first(url):
    link = Link(url).open()
    link.send(close(1000))
    start = time.monotonic()
    link.wait(lambda: link.end, 3)
    return f"the server, {1000 * (time.monotonic() - start):.0f} ms after the Close" if link.end else "not the server within 3 s"


def unanswered_close(provocation):
    def run(url):
        link = Link(url).open()
        link.send(provocation)
        link.wait(lambda: link.closing() or link.end, PATIENCE_S)
        said, start = link.closing(), time.monotonic()
        link.wait(lambda: link.end, 35)
        waited = f"{link.end} {time.monotonic() - start:.1f} s later" if link.end else "still connected 35 s later"
        return f"{said}, {waited}"
    return run


def fail_fast(url):
    link = Link(url).open()
    link.send(frame(TEXT, b'{"e":"\xc0', first=0))
    link.wait(lambda: link.closing() or link.end, PATIENCE_S)
    if link.closing() or link.end:
        return f"at the fragment: {link.closing() or link.end}"
    link.send(frame(CONT, b'"}'))
    link.wait(lambda: link.closing() or link.end, PATIENCE_S)
    return f"at the end: {link.closing() or link.end or 'never'}"


def text(payload):
    return stimulus(frame(TEXT, payload))


CASES = [
    ("handshake: valid", handshake(lambda l: l.request())),
    ("handshake: permuted letter case", handshake(lambda l: l.request(Upgrade="WebSocket", Connection="uPGRADE"))),
    ("handshake: Connection: keep-alive, Upgrade", handshake(lambda l: l.request(Connection="keep-alive, Upgrade"))),
    ("handshake: byte by byte", by_bytes),
    ("handshake: Ping in the request's segment", frame_with_request),
    ("handshake: POST", handshake(lambda l: l.request(method="POST"))),
    ("handshake: POST, Content-Length: 0", handshake(lambda l: l.request(method="POST", extra=[("Content-Length", "0")]))),
    ("handshake: HTTP/1.0", handshake(lambda l: l.request(version="HTTP/1.0"))),
    ("handshake: no Host", handshake(lambda l: l.request(drop=["Host"]))),
    ("handshake: no Upgrade", handshake(lambda l: l.request(drop=["Upgrade"]))),
    ("handshake: Upgrade: other", handshake(lambda l: l.request(Upgrade="other"))),
    ("handshake: no Connection", handshake(lambda l: l.request(drop=["Connection"]))),
    ("handshake: Connection: keep-alive", handshake(lambda l: l.request(Connection="keep-alive"))),
    ("handshake: no Key", handshake(lambda l: l.request(drop=["Sec-WebSocket-Key"]))),
    ("handshake: Key of 15 bytes", handshake(lambda l: l.request(Sec_WebSocket_Key=base64.b64encode(b"x" * 15).decode()))),
    ("handshake: Key of 17 bytes", handshake(lambda l: l.request(Sec_WebSocket_Key=base64.b64encode(b"x" * 17).decode()))),
    ("handshake: Key not base64", handshake(lambda l: l.request(Sec_WebSocket_Key="!" * 22 + "=="))),
    ("handshake: Key twice", handshake(lambda l: l.request(extra=[("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]))),
    ("handshake: no Version", handshake(lambda l: l.request(drop=["Sec-WebSocket-Version"]))),
    ("handshake: Version 99", handshake(lambda l: l.request(Sec_WebSocket_Version="99"))),
    ("handshake: Version 8", handshake(lambda l: l.request(Sec_WebSocket_Version="8"))),
    ("handshake: unknown path", handshake(lambda l: l.request(target="/nowhere"))),
    ("handshake: subprotocol offered", handshake(lambda l: l.request(extra=[("Sec-WebSocket-Protocol", "chat")]))),
    ("handshake: unknown extension offered", handshake(lambda l: l.request(extra=[("Sec-WebSocket-Extensions", "x-none")]))),
    ("handshake: deflate offered",
     handshake(lambda l: l.request(extra=[("Sec-WebSocket-Extensions", "permessage-deflate")]))),
    ("framing: unmasked text", stimulus(frame(TEXT, HEARTBEAT, mask=None))),
    ("framing: unmasked Ping", stimulus(frame(PING, NONCE, mask=None))),
    ("framing: mask key zero", stimulus(frame(TEXT, HEARTBEAT, mask=bytes(4)))),
    ("framing: 16-bit length below 126", stimulus(frame(TEXT, HEARTBEAT, length_form=16))),
    ("framing: 64-bit length below 126", stimulus(frame(TEXT, HEARTBEAT, length_form=64))),
    ("framing: 64-bit length below 65536", stimulus(frame(TEXT, HEARTBEAT.ljust(1000), length_form=64))),
    ("framing: top bit of the length", stimulus(frame(TEXT, HEARTBEAT, length_form=64, declared=1 << 63))),
    ("framing: 2^40 bytes declared", stimulus(frame(TEXT, b"", length_form=64, declared=1 << 40))),
    ("framing: 1 MiB", stimulus(frame(TEXT, HEARTBEAT.ljust(1 << 20)))),
    ("framing: 1 MiB + 1", stimulus(frame(TEXT, HEARTBEAT.ljust((1 << 20) + 1)))),
    *[(f"framing: {name} on {on}", stimulus(*pieces)) for name, bits in
      (("RSV1", RSV1), ("RSV2", RSV2), ("RSV3", RSV3)) for on, pieces in
      (("text", [frame(TEXT, HEARTBEAT, first=FIN | bits)]),
       ("Ping", [frame(PING, NONCE, first=FIN | bits)]),
       ("continuation", [frame(TEXT, HEARTBEAT[:5], first=0), frame(CONT, HEARTBEAT[5:], first=FIN | bits)]))],
    *[(f"framing: opcode {opcode}, {name}", stimulus(frame(opcode, payload))) for opcode in (3, 7, 11, 15)
      for name, payload in (("empty", b""), ("with payload", b"x"))],
    ("ping: 3 in one segment", pings(3, together=True)),
    ("ping: 10 in one segment", pings(10, together=True)),
    ("ping: 10, each after the last Pong", pings(10, together=False)),
    ("ping: empty", pings(1, False, lambda i: b"")),
    ("ping: 125 bytes", pings(1, False, lambda i: b"\xff" * 125)),
    ("ping: 126 bytes", stimulus(frame(PING, b"x" * 126))),
    ("ping: unsolicited Pong", stimulus(frame(PONG, b"x"))),
    ("fragments: two", stimulus(frame(TEXT, HEARTBEAT[:5], first=0), frame(CONT, HEARTBEAT[5:]))),
    ("fragments: empty ones", stimulus(frame(TEXT, b"", first=0), frame(CONT, HEARTBEAT, first=0), frame(CONT, b""))),
    ("fragments: Ping inside",
     stimulus(frame(TEXT, HEARTBEAT[:5], first=0), frame(PING, NONCE), frame(CONT, HEARTBEAT[5:]))),
    ("fragments: fragmented Ping", stimulus(frame(PING, NONCE, first=0), frame(CONT, NONCE))),
    ("fragments: fragmented Pong", stimulus(frame(PONG, NONCE, first=0), frame(CONT, NONCE))),
    ("fragments: fragmented Close", stimulus(frame(CLOSE, b"\x03\xe8", first=0))),
    ("fragments: orphan continuation", stimulus(frame(CONT, HEARTBEAT))),
    ("fragments: orphan continuation without FIN", stimulus(frame(CONT, HEARTBEAT, first=0))),
    ("fragments: text inside text", stimulus(frame(TEXT, HEARTBEAT[:5], first=0), frame(TEXT, HEARTBEAT))),
    ("utf8: multibyte", text('{"e":1,"d":{},"x":"\u00e9\u20ac\U0001f600"}'.encode())),
    ("utf8: code point split over fragments",
     stimulus(frame(TEXT, b'{"e":1,"d":{},"x":"\xe2\x82', first=0), frame(CONT, b'\xac"}'))),
    ("utf8: invalid byte", text(b'{"e":1,"d":{},"x":"\xff"}')),
    ("utf8: surrogate", text(b'{"e":1,"d":{},"x":"\xed\xa0\x80"}')),
    ("utf8: overlong", text(b'{"e":1,"d":{},"x":"\xc0\xaf"}')),
    ("utf8: above U+10FFFF", text(b'{"e":1,"d":{},"x":"\xf4\x90\x80\x80"}')),
    ("utf8: truncated", text(b'{"e":1,"d":{}}\xe2\x82')),
    ("utf8: bad fragment", fail_fast),
    ("close: empty", stimulus(frame(CLOSE))),
    ("close: one byte", stimulus(frame(CLOSE, b"\x03"))),
    ("close: reason of 123 bytes", stimulus(close(1000, b"r" * 123))),
    ("close: reason of 124 bytes", stimulus(close(1000, b"r" * 124))),
    ("close: invalid UTF-8 reason", stimulus(close(1000, b"\xff"))),
    ("close: codes in use", codes(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)),
    ("close: codes 1012 - 1014", codes(1012, 1013, 1014)),
    ("close: codes never to be sent", codes(0, 999, 1005, 1006, 1015)),
    ("close: reserved codes", codes(1004, 1016, 1100, 2000, 2999)),
    ("close: codes above 4999", codes(5000, 65535)),
    ("close: Ping behind it", after_close(frame(PING, NONCE))),
    ("close: a second one behind it", after_close(close(1001))),
    ("close: who ends TCP", fin_first),
    ("close: the gateway's own is not answered", unanswered_close(frame(TEXT, b"{"))),
    ("close: the library's own is not answered", unanswered_close(frame(CONT, b"x"))),
    ("json: byte order mark", text(b"\xef\xbb\xbf" + HEARTBEAT)),
    ("json: id 1.0", text(b'{"e":1.0,"d":{}}')),
    ("json: id 1e0", text(b'{"e":1e0,"d":{}}')),
    ("json: id 01", text(b'{"e":01,"d":{}}')),
    ("json: NaN in the data", text(b'{"e":1,"d":{"x":NaN}}')),
    ("json: id twice, 1 then 99", text(b'{"e":1,"d":{},"e":99}')),
    ("json: control character in a string", text(b'{"e":1,"d":{},"x":"\x01"}')),
    ("json: lone surrogate", text(b'{"e":1,"d":{},"x":"\\ud800"}')),
    ("json: NUL and garbage behind", text(HEARTBEAT + b"\0garbage")),
]


def main():
    if len(sys.argv) not in (2, 3) or not sys.argv[1].startswith("ws://"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    pattern = sys.argv[2] if len(sys.argv) == 3 else ""
    chosen = [(name, case) for name, case in CASES if pattern in name]
    if not chosen:
        print(f"probe.py: no case contains '{pattern}'", file=sys.stderr)
        return 2
    for name, case in chosen:
        try:
            observed = case(sys.argv[1])
        except OSError as error:
            observed = f"no connection: {error}"
        print(f"{name:<46} {observed}", flush=True)
    try:
        Link(sys.argv[1]).open()
    except (OSError, SystemExit) as error:
        print(f"afterwards: the server is gone: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
