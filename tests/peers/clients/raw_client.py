#!/usr/bin/python3
"""The client on bare sockets, with a WebSocket codec of its own: strict in everything that RFC 6455 asks of a client, and able to break
each of its rules, which finished stacks do not let one do. Its codec shares nothing with the tester's.
"""

import base64
import codecs
import hashlib
import os
import select
import signal
import socket
import struct
import sys
import time
from urllib.parse import urlsplit

from gateway import NEVER, Backoff, Gateway, read_command_line

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MAX_MESSAGE_BYTES = 1 << 20
MAX_HEAD_BYTES = 16384
CONNECT_S, DRAIN_S = 20, 2
GOING_AWAY = 4000

MISBEHAVIOURS = {
    "connects-elsewhere": ["C1"],
    "counts-pings": ["C5"],
    # The request
    "no-host": ["RFC6455-4.1-X7"],
    "no-version": ["RFC6455-4.1-X7"],
    "old-version": ["RFC6455-4.1-X7"],
    "no-upgrade": ["RFC6455-4.1-X7"],
    "no-connection": ["RFC6455-4.1-X7"],
    "no-key": ["RFC6455-4.1-X7"],
    "short-key": ["RFC6455-4.1-X7"],
    "same-key": ["RFC6455-4.1-X7"],
    "lower-method": ["RFC6455-4.1-X7"],
    "other-method": ["RFC6455-4.1-X7"],
    "old-http": ["RFC6455-4.1-X7"],
    # The response
    "follows-wrong-accept": ["RFC6455-4.1-X1"],
    "follows-missing-accept": ["RFC6455-4.1-X1"],
    "follows-wrong-upgrade": ["RFC6455-4.1-X2"],
    "follows-missing-upgrade": ["RFC6455-4.1-X2"],
    "follows-missing-connection": ["RFC6455-4.1-X3"],
    "follows-status-200": ["RFC6455-4.1-X4"],
    "accepts-unrequested-extension": ["RFC6455-4.1-X5"],
    "accepts-unrequested-subprotocol": ["RFC6455-4.1-X6"],
    "needs-whole-response": ["RFC6455-4.1-X8"],
    "loses-early-frames": ["RFC6455-4.1-X9"],
    "minds-letter-case": ["RFC6455-4.1-X23"],
    # What it sends
    "unmasked-frames": ["RFC6455-5.1-X11"],
    "fixed-mask-key": ["RFC6455-5.1-X11"],
    "zero-mask-key": ["RFC6455-5.1-X11"],
    "counted-mask-keys": ["RFC6455-5.1-X11"],
    "sends-reserved-bits": ["RFC6455-5.2-X12"],
    "sends-reserved-opcodes": ["RFC6455-5.2-X13"],
    "sends-long-lengths": ["RFC6455-5.2-X14"],
    "sends-long-pings": ["RFC6455-5.5-X15"],
    "sends-fragmented-pings": ["RFC6455-5.5-X15"],
    "sends-orphan-continuations": ["RFC6455-5.4-X16"],
    "sends-invalid-utf8": ["RFC6455-8.1-X17"],
    "wrong-pong-payload": ["RFC6455-5.5.3-X18"],
    "sends-one-byte-close": ["RFC6455-5.5.1-X19"],
    "sends-bad-close-code": ["RFC6455-7.4-X20"],
    "sends-after-close": ["RFC6455-5.5.1-X21"],
    "no-answer-ping": ["RFC6455-5.5.2-X22"],
    "no-close-echo": ["RFC6455-5.5.1-X34"],
    # What it takes
    "accepts-masked-frames": ["RFC6455-5.1-X10"],
    "accepts-reserved-bits": ["RFC6455-5.2-X24"],
    "accepts-reserved-opcodes": ["RFC6455-5.2-X25"],
    "accepts-long-lengths": ["RFC6455-5.2-X26"],
    "accepts-top-bit": ["RFC6455-5.2-X27"],
    "accepts-fragmented-control": ["RFC6455-5.5-X28"],
    "accepts-long-control": ["RFC6455-5.5-X29"],
    "accepts-orphan-continuation": ["RFC6455-5.4-X30"],
    "accepts-text-inside": ["RFC6455-5.4-X30"],
    "accepts-invalid-utf8": ["RFC6455-8.1-X31"],
    "accepts-cut-utf8": ["RFC6455-8.1-X31"],
    "accepts-one-byte-close": ["RFC6455-5.5.1-X32"],
    "accepts-bad-close-reason": ["RFC6455-5.5.1-X32"],
    "accepts-bad-close-code": ["RFC6455-7.4-X33"],
    # What it does not take, though it should
    "refuses-long-messages": ["RFC6455-5.2-X35"],
    "misreads-16-bit-length": ["RFC6455-5.2-X35"],
    "loses-split-frames": ["RFC6455-5.2-X36"],
    "loses-fragments": ["RFC6455-5.4-X37"],
    "refuses-control-inside": ["RFC6455-5.4-X37"],
    "refuses-unasked-pong": ["RFC6455-5.5.3-X38"],
    "dies-on-close": ["RFC6455-5.5.1-X34", "C9"],
}
last_key = None  # of an earlier connection, for one misbehaviour
mask_count = 0


class Failed(Exception):
    """The connection has to be failed (RFC 6455 section 7.1.7), with this code."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Refused(Exception):
    """No connection came to be."""


# --- Opening handshake (RFC 6455 section 4.1) ---


def make_request(url, misbehave, key):
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    if misbehave == "connects-elsewhere":
        path = "/elsewhere"
    method = {"lower-method": "get", "other-method": "POST"}.get(misbehave, "GET")
    version = "1.0" if misbehave == "old-http" else "1.1"
    fields = {
        "no-host": f"Host: {url.netloc}",
        "no-upgrade": "Upgrade: websocket",
        "no-connection": "Connection: Upgrade",
        "no-key": f"Sec-WebSocket-Key: {key}",
        "no-version": f"Sec-WebSocket-Version: {8 if misbehave == 'old-version' else 13}",
    }
    fields.pop(misbehave, None)
    return "\r\n".join([f"{method} {path} HTTP/{version}", *fields.values(), "", ""]).encode()


def tokens(values):
    return [token.strip().lower() for value in values for token in value.split(",")]


def check_response(head, key, misbehave):
    """Raises Refused unless it is the answer that RFC 6455 section 4.1 asks for."""
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ", 2)
    status = parts[1] if len(parts) > 1 and parts[0].startswith("HTTP/1.") else ""
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise Refused("a malformed header line")
        fields.setdefault(name if misbehave == "minds-letter-case" else name.lower(), []).append(value.strip())
    if misbehave == "minds-letter-case":
        fields = {name.lower(): values for name, values in fields.items() if name[:1].isupper()}
    upgrade, accept = fields.get("upgrade"), fields.get("sec-websocket-accept")
    right = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    broken = {
        "follows-status-200": status != "101",
        "follows-missing-upgrade": not upgrade,
        "follows-wrong-upgrade": bool(upgrade) and (len(upgrade) != 1 or upgrade[0].lower() != "websocket"),
        "follows-missing-connection": "upgrade" not in tokens(fields.get("connection", [])),
        "follows-missing-accept": not accept,
        "follows-wrong-accept": bool(accept) and accept != [right],
        "accepts-unrequested-extension": any(tokens(fields.get("sec-websocket-extensions", []))),
        "accepts-unrequested-subprotocol": "sec-websocket-protocol" in fields,
    }
    for name, is_broken in broken.items():
        if is_broken and misbehave != name and not (misbehave == "follows-status-200" and status == "200"):
            raise Refused(name)


def handshake(sock, url, misbehave):
    """Upgrades the connection; returns what came behind the response's head."""
    global last_key
    key = base64.b64encode(os.urandom(8 if misbehave == "short-key" else 16)).decode()
    if misbehave == "same-key":
        key = last_key = last_key or key
    sock.sendall(make_request(url, misbehave, key))
    got = b""
    while b"\r\n\r\n" not in got:
        if got and misbehave == "needs-whole-response":
            raise Refused("the response came in pieces")
        more = sock.recv(65536)
        got += more
        if not more or (b"\r\n\r\n" not in got and len(got) > MAX_HEAD_BYTES):
            raise Refused("no complete response")
    head, rest = got.split(b"\r\n\r\n", 1)
    check_response(head, key, misbehave)
    return b"" if misbehave == "loses-early-frames" else rest


# --- Frames ---


def mask_key(misbehave):
    global mask_count
    mask_count += 1
    fixed = {"fixed-mask-key": b"\x12\x34\x56\x78", "zero-mask-key": bytes(4), "counted-mask-keys": struct.pack("!I", mask_count)}
    return fixed.get(misbehave) or os.urandom(4)


def encode(opcode, payload, misbehave=None, fin=True, rsv=0, long=False):
    size, first = len(payload), fin << 7 | rsv << 4 | opcode
    if size < 126 and not long:
        length = bytes([size])
    elif size < 65536:
        length = struct.pack("!BH", 126, size)
    else:
        length = struct.pack("!BQ", 127, size)
    if misbehave == "unmasked-frames":
        return bytes([first]) + length + payload
    key = mask_key(misbehave)
    masked = bytes(byte ^ key[i & 3] for i, byte in enumerate(payload))
    return bytes([first, length[0] | 0x80]) + length[1:] + key + masked


def may_be_sent(code):
    """Close codes that may be on the wire (section 7.4, and the IANA registry)."""
    return 1000 <= code <= 1014 and code not in (1004, 1005, 1006) or 3000 <= code <= 4999


class Reader:
    """Bytes in, frames out; every rule on what a server may send is checked here."""

    def __init__(self, misbehave):
        self.misbehave = misbehave
        self.bytes = bytearray()
        self.opcode = None  # of the message that is under way
        self.message = ""
        self.size = 0
        self.text = None

    def fail_unless(self, name, code=1002):
        if self.misbehave != name:
            raise Failed(code)

    def feed(self, data):
        """Yields (opcode, payload) of control frames, and (TEXT, text) or (BINARY, None) of messages."""
        if self.misbehave == "loses-split-frames":
            self.bytes.clear()
        self.bytes += data
        while (frame := self.take()) is not None:
            whole = self.judge(*frame)
            if whole:
                yield whole

    def take(self):
        """The next frame as (fin, opcode, payload), or None: more bytes are needed. Fails as early as the header tells."""
        data = self.bytes
        if len(data) < 2:
            return None
        fin, rsv, opcode = data[0] >> 7, data[0] >> 4 & 7, data[0] & 15
        is_masked, short = data[1] >> 7, data[1] & 127
        if rsv:
            self.fail_unless("accepts-reserved-bits")
        if 3 <= opcode <= 7 or opcode > PONG:
            self.fail_unless("accepts-reserved-opcodes")
        if is_masked:
            self.fail_unless("accepts-masked-frames")
        if opcode >= CLOSE and not fin:
            self.fail_unless("accepts-fragmented-control")
        if opcode >= CLOSE and short > 125:
            self.fail_unless("accepts-long-control")
        extra = {126: 2, 127: 8}.get(short, 0)
        start = 2 + extra + (4 if is_masked else 0)
        if len(data) < 2 + extra:
            return None
        size = int.from_bytes(data[2:2 + extra], "big") if extra else short
        if extra == 8 and size >> 63:
            self.fail_unless("accepts-top-bit")
            size &= (1 << 63) - 1
        elif extra and size < (126 if extra == 2 else 65536):
            self.fail_unless("accepts-long-lengths")
        if extra == 2 and self.misbehave == "misreads-16-bit-length":
            size = int.from_bytes(data[2:4], "little")
        if size > MAX_MESSAGE_BYTES or (size > 65535 and self.misbehave == "refuses-long-messages"):
            raise Failed(1009)
        if len(data) < start + size:
            return None
        payload = bytes(data[start:start + size])
        if is_masked:
            payload = bytes(byte ^ data[start - 4 + (i & 3)] for i, byte in enumerate(payload))
        del data[:start + size]
        return fin, opcode, payload

    def judge(self, fin, opcode, payload):
        if opcode >= CLOSE:
            if self.opcode is not None and self.misbehave == "refuses-control-inside":
                raise Failed(1002)
            return (opcode, payload) if opcode <= PONG else None
        if opcode > BINARY:
            return None
        if opcode == CONTINUATION and self.opcode is None:
            self.fail_unless("accepts-orphan-continuation")
            return None
        if opcode != CONTINUATION:
            if self.opcode is not None:
                self.fail_unless("accepts-text-inside")
            self.opcode, self.message, self.size = opcode, "", 0
            lenient = "replace" if self.misbehave == "accepts-invalid-utf8" else "strict"
            self.text = codecs.getincrementaldecoder("utf-8")(lenient)
        if not fin and self.misbehave == "loses-fragments":
            return None
        self.size += len(payload)
        if self.size > MAX_MESSAGE_BYTES:
            raise Failed(1009)
        if self.opcode == TEXT:
            self.message += self.decode(payload, fin)
        if not fin:
            return None
        whole = (self.opcode, self.message if self.opcode == TEXT else None)
        self.opcode = None
        return whole

    def decode(self, payload, fin):
        try:
            return self.text.decode(payload, final=bool(fin) and self.misbehave != "accepts-cut-utf8")
        except UnicodeDecodeError:
            raise Failed(1007) from None

    def close_code(self, payload):
        """The code to echo, or None; fails on a body that may not be (section 5.5.1)."""
        if not payload:
            return None
        if len(payload) == 1:
            self.fail_unless("accepts-one-byte-close")
            return None
        code = int.from_bytes(payload[:2], "big")
        if not may_be_sent(code):
            self.fail_unless("accepts-bad-close-code")
            return 1000
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            self.fail_unless("accepts-bad-close-reason", 1007)
        return code


# --- One connection ---


class Connection:
    def __init__(self, sock, misbehave):
        self.sock = sock
        self.misbehave = misbehave
        self.reader = Reader(misbehave)
        self.gateway = Gateway(misbehave, self.send_text, self.leave)
        self.has_sent_close = self.is_over = False
        self.give_up_at = NEVER
        self.has_slipped = False  # what it sends against the rules once a connection, it has sent

    def send(self, opcode, payload=b"", **form):
        if not self.has_sent_close:
            self.sock.sendall(encode(opcode, payload, self.misbehave, **form))

    def send_text(self, text):
        self.send(TEXT, text.encode(), rsv=2 if self.misbehave == "sends-reserved-bits" else 0, long=self.misbehave == "sends-long-lengths")
        if not self.has_slipped:
            self.has_slipped = True
            self.slip()

    def slip(self):
        if self.misbehave == "sends-reserved-opcodes":
            self.send(11, b"x")
        elif self.misbehave == "sends-long-pings":
            self.send(PING, b"x" * 126)
        elif self.misbehave == "sends-fragmented-pings":
            self.send(PING, b"x", fin=False)
        elif self.misbehave == "sends-orphan-continuations":
            self.send(CONTINUATION, b'{"e":1,"d":{}}')
        elif self.misbehave == "sends-invalid-utf8":
            self.send(TEXT, b'{"e":1,"d":{},"x":"\xff"}')

    def leave(self):
        body = {"sends-one-byte-close": b"\x03", "sends-bad-close-code": struct.pack("!H", 1005)}
        self.close(body.get(self.misbehave, struct.pack("!H", GOING_AWAY)))

    def close(self, body):
        """Sends a Close; the server is to end the TCP connection, in a bounded time (section 7.1.1)."""
        if self.has_sent_close:
            return
        self.send(CLOSE, body)
        if self.misbehave == "sends-after-close":
            self.sock.sendall(encode(TEXT, b'{"e":1,"d":{}}'))
        self.has_sent_close = True
        self.give_up_at = time.monotonic() + DRAIN_S

    def fail(self, code):
        """Section 7.1.7: a Close with the code, then the end, without a look at anything more."""
        self.close(struct.pack("!H", code))
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.is_over = True

    def take(self, data, now):
        try:
            for opcode, payload in self.reader.feed(data):
                self.take_one(opcode, payload, now)
                if self.give_up_at != NEVER and opcode == CLOSE:
                    return
        except Failed as failed:
            self.fail(failed.code)

    def take_one(self, opcode, payload, now):
        if opcode == PING:
            if self.misbehave == "counts-pings":
                self.gateway.heard(now)
            if self.misbehave != "no-answer-ping":
                self.send(PONG, payload[::-1] + b"!" if self.misbehave == "wrong-pong-payload" else payload)
        elif opcode == PONG:
            if self.misbehave == "refuses-unasked-pong":
                raise Failed(1002)
        elif opcode == CLOSE:
            self.take_close(payload)
        elif not self.has_sent_close:
            self.gateway.on_message(payload, now)

    def take_close(self, payload):
        if self.misbehave == "dies-on-close":
            raise RuntimeError("a Close came")
        code = self.reader.close_code(payload)
        if self.misbehave == "no-close-echo":
            self.has_sent_close = True
            self.give_up_at = time.monotonic() + DRAIN_S
            return
        self.close(b"" if code is None else struct.pack("!H", code))

    def run(self, early):
        """Until the connection ended."""
        self.gateway.opened(time.monotonic())
        if early:
            self.take(early, time.monotonic())
        while not self.is_over:
            now = time.monotonic()
            wake = self.give_up_at if self.has_sent_close else self.gateway.next_at()
            if now >= self.give_up_at:
                return
            readable, _, _ = select.select([self.sock], [], [], None if wake == NEVER else max(0, wake - now))
            if readable:
                data = self.sock.recv(65536)
                if not data:
                    return
                self.take(data, time.monotonic())
            if not self.has_sent_close:
                self.gateway.on_time(time.monotonic())

    def drain(self):
        """After failing: what the server still sends is thrown away, so that no reset overtakes the Close."""
        self.sock.settimeout(DRAIN_S)
        while self.sock.recv(65536):
            pass


def attempt(url, misbehave):
    """One connection from first to last byte. Returns whether hello came."""
    connection = None
    try:
        with socket.create_connection((url.hostname, url.port or 80), CONNECT_S) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            early = handshake(sock, url, misbehave)
            sock.settimeout(None)
            connection = Connection(sock, misbehave)
            connection.run(early)
            if connection.is_over:
                connection.drain()
    except (OSError, Refused):
        pass
    return connection is not None and connection.gateway.interval is not None


def main():
    url, misbehave = read_command_line(MISBEHAVIOURS)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    backoff, wait = Backoff(), 0
    while wait is not None:
        time.sleep(wait)
        wait = backoff.next(attempt(urlsplit(url), misbehave))


if __name__ == "__main__":
    main()
