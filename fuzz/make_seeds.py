#!/usr/bin/env python3
"""Writes the named seeds of every target to fuzz/corpus/TARGET/: one input for each known class of bug, by name.

The names begin with a word of their class; files of the corpus whose names are 40 hexadecimal digits come from fuzzing and
are not touched. Run it from anywhere; it changes nothing when the seeds are there already. `--check` changes nothing
at all and fails when a seed is missing, left over or not what is written here; copies of the tree's files (`file-*`)
may be older than those, since an older file is as good an input.
"""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
KEY = bytes([0x37, 0xFA, 0x21, 0x3D])


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, key=KEY, form=None, length=None):
    """One frame; `length` is what the header declares, `form` 7, 16 or 64 how."""
    declared = len(payload) if length is None else length
    if form is None:
        form = 7 if declared < 126 else 16 if declared < 65536 else 64
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if masked else 0
    if form == 7:
        head = struct.pack("!BB", first, bit | declared)
    elif form == 16:
        head = struct.pack("!BBH", first, bit | 126, declared)
    else:
        head = struct.pack("!BBQ", first, bit | 127, declared)
    if masked:
        head += key
        payload = bytes(b ^ key[i % 4] for i, b in enumerate(payload))
    return head + payload


def text(s, **how):
    return frame(1, s.encode() if isinstance(s, str) else s, **how)


def close(code, reason=b"", **how):
    return frame(8, struct.pack("!H", code) + reason, **how)


BEAT = '{"e":1,"d":{}}'
FRAMES = {
    "length-64-top-bit": frame(2, b"x", form=64, length=1 << 63),
    "length-64-all-ones": frame(2, b"x", form=64, length=(1 << 64) - 1),
    "length-64-wraps-with-header": frame(2, b"x", form=64, length=(1 << 64) - 14),
    "length-63-largest": frame(2, b"x", form=64, length=(1 << 63) - 1),
    "length-32-sign": frame(2, b"x", form=64, length=1 << 31),
    "length-32-wraps": frame(2, b"x", form=64, length=(1 << 32) + 1),
    "allocation-from-declared-length": text(b"x", form=64, length=1 << 30),
    "reassembly-unbounded": frame(1, b"a" * 60, fin=False) + frame(0, b"b" * 60, fin=False) * 20,
    "message-beyond-4096": frame(2, b"m" * 3000, fin=False) + frame(0, b"m" * 3000),
    "amplification-empty-fragments": frame(1, b"", fin=False) + frame(0, b"", fin=False) * 100 + frame(0, b""),
    "amplification-byte-fragments": frame(1, b"{", fin=False) + frame(0, b" ", fin=False) * 60 + frame(0, b"}"),
    "compression-bit-without-extension": text(b"\x4a\x04\x00", rsv=4),
    "compression-bit-on-continuation": frame(1, b"a", fin=False) + frame(0, b"b", rsv=4),
    "reserved-bits-each": text("a", rsv=4) + text("a", rsv=2) + text("a", rsv=1),
    "reserved-opcodes": frame(3, b"a") + frame(7) + frame(11, b"b") + frame(15),
    "control-fragmented": frame(9, b"a", fin=False) + frame(0, b"b"),
    "control-too-long": frame(9, b"p" * 126),
    "control-interleaved": frame(1, b"he", fin=False) + frame(9, b"ping") + frame(0, b"llo"),
    "control-close-interleaved": frame(1, b"he", fin=False) + close(1000) + frame(0, b"llo"),
    "continuation-orphan": frame(0, b"a"),
    "continuation-interrupted": frame(1, b"a", fin=False) + frame(1, b"b"),
    "utf8-split-code-point": frame(1, b"\xe2", fin=False) + frame(0, b"\x82", fin=False) + frame(0, b"\xac"),
    "utf8-invalid": text(b"\xff"),
    "utf8-surrogate": text(b"\xed\xa0\x80"),
    "utf8-overlong": text(b"\xc0\x80"),
    "utf8-cut-at-end": text(b"ok\xf0\x9f\x98"),
    "utf8-invalid-in-second-fragment": frame(1, b"\xce", fin=False) + frame(0, b"\xff"),
    "mask-missing": text(BEAT, masked=False),
    "mask-both-kinds": text(BEAT) + text(BEAT, masked=False),
    "mask-of-a-server": text('{"e":0,"d":{"heartbeatInterval":1000}}') + text(BEAT),
    "mask-on-length-0": frame(1, b"") + frame(9, b""),
    "mask-zero-key": text(BEAT, key=bytes(4)),
    "incomplete-header": frame(1, b"x" * 300)[:3],
    "incomplete-payload": text(BEAT)[:-1],
    "length-form-16-for-125": frame(1, b"a" * 125, form=16),
    "length-form-16-for-126": frame(1, b"a" * 126, form=16),
    "length-form-64-for-126": frame(1, b"a" * 126, form=64),
    "length-form-64-for-0": frame(9, b"", form=64),
    "length-off-by-one-long": text(BEAT, length=len(BEAT) + 1) + frame(9, b"a"),
    "length-off-by-one-short": text(BEAT, length=len(BEAT) - 1) + frame(9, b"a"),
    "close-empty": frame(8),
    "close-one-byte": frame(8, b"\x03"),
    "close-code-0": close(0),
    "close-code-1005": close(1005),
    "close-code-1016": close(1016),
    "close-code-65535": close(65535),
    "close-reason-123": close(1000, b"r" * 123),
    "close-reason-grows-by-replacement": close(1000, b"\xff" * 123),
    "close-reason-cut-utf8": close(1000, b"ok\xe2\x82"),
    "close-then-data": close(1000) + text(BEAT),
    "ordinary-session": text(BEAT) + frame(9, b"hi") + frame(10) + frame(2, b"\x00\x01") + close(1000, b"bye"),
    "ordinary-server-frames": text('{"e":0,"d":{"heartbeatInterval":1000}}', masked=False) + text(BEAT, masked=False),
}

# What frame_wslay and json_oracles list as known differences, one seed each.
FRAME_DIFFERENCES = {
    "difference-header-at-the-end": frame(0, b"abcd")[:6],
    "difference-part-of-a-header": b"\x09\xff\x00\x00",
    "difference-part-of-a-close": close(1000, b"\xff" * 8)[:-4],
    "difference-close-of-one-byte": FRAMES["close-one-byte"],
}


def packet(e="1", d="{}"):
    return '{"e":%s,"d":%s}' % (e, d)


JSON = {
    "ordinary-hello": packet("0", '{"heartbeatInterval":1000}'),
    "ordinary-heartbeat": packet(),
    "ordinary-heartbeat-ack": packet("2"),
    "ordinary-message-create": packet("3", '{"authorId":"p1","content":"h\\u00e9\\n","sentAt":1700000000000}'),
    "ordinary-room-update": packet("4", '{"chatLocked":true,"maxParticipants":8,"discordWebhookLink":"u"}'),
    "ordinary-participant-kick": packet("5", '{"userId":"p1"}'),
    "ordinary-participant-change": packet("6", '{"userId":"p1","banned":true,"color":false,"admin":true}'),
    "ordinary-room-close": packet("7"),
    "truncated-in-object": '{"e":1,"d":{',
    "truncated-in-string": '{"e":1,"d":{"content":"abc',
    "truncated-in-key": '{"e":1,"d',
    "truncated-number": '{"e":-',
    "escape-at-end": '{"e":1,"d":"\\',
    "escape-unicode-at-end": '"\\u12',
    "escape-unicode-not-hex": '"\\u00zz"',
    "escape-unknown": '"\\x41"',
    "escape-nul": '{"e":1,"d":{"a":"x\\u0000y"}}',
    "escape-nul-in-key": '{"e\\u0000":1}',
    "escape-raw-nul-behind-u": b'"\\u\x0000"',
    "escape-surrogate-pair": '"\\ud83d\\ude00"',
    "escape-lone-high-surrogate": '"\\ud800"',
    "escape-lone-low-surrogate": '"\\udc00"',
    "escape-high-surrogate-then-letter": '"\\ud83d\\u0041"',
    "duplicate-id": '{"e":1,"e":2,"d":{}}',
    "duplicate-data": '{"e":1,"d":{},"d":{"a":1}}',
    "duplicate-by-escape": '{"e":1,"\\u0065":2}',
    "number-leading-zero": packet("01"),
    "number-no-fraction": packet("1."),
    "number-no-integer": packet(".5"),
    "number-1e999": packet("3", '{"sentAt":1e999}'),
    "number-minus-zero": packet("-0"),
    "number-2-53-minus-1": packet("3", '{"sentAt":9007199254740991}'),
    "number-2-53-plus-1": packet("3", '{"sentAt":9007199254740993}'),
    "number-2-63": "9223372036854775808",
    "number-2-64": "18446744073709551616",
    "number-denormal": "2.2250738585072011e-308",
    "number-plus": "+1",
    "number-hex": "0x10",
    "number-nan": "NaN",
    "control-character-raw": '"a\x01b"',
    "control-character-newline": '"a\nb"',
    "comment-line": packet() + "//c",
    "comment-block": "/**/" + packet(),
    "bom": b"\xef\xbb\xbf" + packet().encode(),
    "garbage-trailing": packet() + "x",
    "garbage-trailing-nul": packet() + "\0",
    "garbage-second-value": packet() + packet(),
    "comma-trailing": '{"e":1,"d":{},}',
    "bracket-mismatched": '{"e":[1}',
    "nesting-999": "[" * 999 + "]" * 999,
    "nesting-1000": "[" * 1000 + "]" * 1000,
    "nesting-1001": "[" * 1001 + "]" * 1001,
    "nesting-512": "[" * 512 + "]" * 512,
    "nesting-513": '{"d":' * 513 + "0" + "}" * 513,
    "nesting-100000": "[" * 100000,
    "key-proto": packet("1", '{"__proto__":{"admin":true}}'),
    "key-constructor": packet("1", '{"constructor":{"prototype":1}}'),
    "key-empty": '{"":1,"e":1,"d":{}}',
    "id-1.0": packet("1.0"),
    "id-1e0": packet("1e0"),
    "id-string": packet('"1"'),
    "id-8": packet("8"),
    "id-2-32-plus-1": packet("4294967297"),
    "id-object-with-toString": packet('{"toString":1}'),
    "id-null": packet("null"),
    "id-array": packet("[1]"),
    "id-missing": '{"d":{}}',
    "data-missing": '{"e":1}',
    "data-null": packet("1", "null"),
    "data-string": packet("1", '"{}"'),
    "data-array": packet("1", "[]"),
    "data-extra-member": packet("1", '{"x":1}'),
    "utf8-invalid": b'"\xff"',
    "utf8-overlong": b'"\xc0\x80"',
    "utf8-surrogate": b'"\xed\xa0\x80"',
    "utf8-cut": b'"\xe2\x82',
    "top-level-string": '"a"',
    "top-level-null": "null",
    "empty": " \t\r\n",
    "literal-cut": "nul",
    "literal-case": "True",
    "number-of-80-digits": "1" + "0" * 80,
    "number-of-80-decimals": '{"e":1,"d":{"x":-0.' + "1" * 80 + "}}",
    "number-of-400-digits": "-" + "9" * 400,
    "number-of-80-digits-and-lone-surrogate": '{"e":1,"d":{"a":"\\ud800","x":' + "1" * 80 + ',"y":-1e' + "0" * 80 + "999}}",
    "variant-welcome": '{"m":{"op":"welcome","body":{"every":5}},"trace":7}',
    "variant-note": '{"m":{"op":"note","body":{"kind":"a","fixed":"yes it is","tags":["ab","UP","",1],"deep":{"a/b~c":1},"level":0}}}',
    "variant-note-kinds": '{"m":{"op":"note","body":{"kind":2.5,"tags":[]}}}',
    "variant-note-null": '{"m":{"op":"note","body":{"kind":null,"tags":["a","b","c","d"]}}}',
    "variant-note-true": '{"m":{"op":"note","body":{"kind":true,"tags":"x"}}}',
    "variant-beat": '{"m":{"op":"beat","body":{"a":1,"b":"x"}}}',
    "variant-beat-null": '{"m":{"op":"beat","body":null}}',
    "variant-id-number": '{"m":{"op":1,"body":{}}}',
    "variant-id-unknown": '{"m":{"op":"nothing"}}',
    "variant-every-huge": '{"m":{"op":"welcome","body":{"every":1e300,"zone":1,"more":2}}}',
    "keys-many": "{" + ",".join('"k%d":%d' % (i, i) for i in range(300)) + "}",
}
JSON_DIFFERENCES = {
    "difference-jansson-trailing-nul": "null\0",
    "difference-jansson-big-integer": "[9223372036854775808]",
    "difference-jansson-nul-in-key": JSON["escape-nul-in-key"],
    "difference-cjson-unicode-escape": b'"\\u\xff\xff\xff\xff"',
    "difference-cjson-control-as-blank": b"[\x02]",
    "difference-cjson-number-cut": "[1.]",
}

REQUEST = ("GET /gateway HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")
ANSWER = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
HEADS = {
    "ordinary-request": REQUEST + "\r\n",
    "ordinary-answer": ANSWER + "\r\n",
    "ordinary-answer-then-frame": ANSWER.encode() + b"\r\n" + text(BEAT, masked=False),
    "flood-of-headers": REQUEST + "".join("X-%d: y\r\n" % i for i in range(140)) + "\r\n",
    "flood-one-long-line": REQUEST + "X: " + "y" * 9000 + "\r\n\r\n",
    "end-missing": REQUEST,
    "end-cut-in-crlf": REQUEST + "\r",
    "line-ends-lf": (REQUEST + "\r\n").replace("\r\n", "\n"),
    "line-ends-mixed": REQUEST + "X: a\nY: b\r\n\n",
    "line-bare-cr": REQUEST + "X: a\rb\r\n\r\n",
    "line-folded": REQUEST + "X: a\r\n b\r\n\r\n",
    "line-no-colon": REQUEST + "nothing\r\n\r\n",
    "line-space-before-colon": REQUEST + "X : a\r\n\r\n",
    "line-empty-name": REQUEST + ": a\r\n\r\n",
    "line-control-byte": REQUEST + "X: a\x01b\x7f\r\n\r\n",
    "line-leading-blanks": "\r\n\r\n" + REQUEST + "\r\n",
    "value-empty": REQUEST.replace(" dGhlIHNhbXBsZSBub25jZQ==", "") + "\r\n",
    "key-short": REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==") + "\r\n",
    "key-twice": REQUEST + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "key-not-base64": REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=!") + "\r\n",
    "version-list": REQUEST.replace("13", "8, 13") + "\r\n",
    "upgrade-list": REQUEST.replace("websocket", "h2c, WebSocket") + "\r\n",
    "connection-list": REQUEST.replace("Connection: Upgrade", "Connection: keep-alive, upgrade") + "\r\n",
    "extension-quoted-comma": REQUEST + 'Sec-WebSocket-Extensions: a; b="x, y", c\r\n\r\n',
    "start-line-http-1.0": REQUEST.replace("1.1", "1.0") + "\r\n",
    "start-line-http-2": REQUEST.replace("HTTP/1.1", "HTTP/2") + "\r\n",
    "start-line-two-spaces": REQUEST.replace("GET ", "GET  ") + "\r\n",
    "status-no-reason": ANSWER.replace("101 Switching Protocols", "101") + "\r\n",
    "status-long": ANSWER.replace("101", "1010") + "\r\n",
    "accept-wrong": ANSWER.replace("s3pP", "S3pP") + "\r\n",
}

BYTES = {
    "utf8-ascii": "hello",
    "utf8-all-lengths": "$\u00a3\u20ac\U00010348",
    "utf8-last-code-point": "\U0010ffff",
    "utf8-above-last": b"\xf4\x90\x80\x80",
    "utf8-surrogate": b"a\xed\xa0\x80",
    "utf8-overlong-2": b"\xc0\x80",
    "utf8-overlong-3": b"\xe0\x80\x80",
    "utf8-overlong-4": b"\xf0\x80\x80\x80",
    "utf8-lone-continuation": b"a\x80",
    "utf8-cut-2": b"a\xc3",
    "utf8-cut-4": b"a\xf0\x9f\x98",
    "utf8-five-bytes": b"\xf8\x88\x80\x80\x80",
    "utf8-long-run": "z" * 200 + "\u20ac" * 20,
    "close-1000": b"\x03\xe8bye",
    "close-one-byte": b"\x03",
    "close-reason-cut": b"\x03\xe8ok\xe2\x82",
    "close-reason-grows-by-replacement": b"\x03\xe8" + b"\xff" * 123,
    "close-from-client-only": b"\x03\xf2",
    "close-from-server-only": b"\x03\xf4",
    "base64-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "base64-spare-bits": "dGhlIHNhbXBsZSBub25jZR==",
    "base64-no-padding": "dGhlIHNhbXBsZSBub25jZQ",
    "base64-padding-inside": "dGhl=IHN",
}

# Messages of the other protocols.
PACKETS = {
    "prefix-open": '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
    "prefix-ping": "2",
    "prefix-pong-text": "3probe",
    "prefix-unknown": "9",
    "prefix-body-not-json": "0{",
    "prefix-nul": b"4a\x00b",
    "flat-ping": '{"type":"ping","nonce":"x"}',
    "flat-id-number": '{"type":1,"nonce":"x"}',
    "flat-id-last": '{"nonce":"x","type":"pong"}',
    "tagged-dispatch": '{"op":0,"d":{"v":10,"session_id":"s"},"s":1,"t":"READY"}',
    "tagged-other": '{"op":0,"d":{},"s":2,"t":"ANYTHING"}',
    "tagged-null": '{"op":10,"d":{"heartbeat_interval":41250},"s":null,"t":null}',
    "sequence-large": '{"op":0,"d":{},"s":9007199254740993,"t":"X"}',
    "sequence-of-another-kind": '{"op":0,"d":{},"s":"x","t":"X"}',
    "beat-with-a-number": '{"op":1,"d":251}',
    "greeting": '{"op":2,"d":{"token":"t","properties":{}}}',
    "members-beside": '{"id":"1","type":"next","payload":{"data":null}}',
    "members-missing": '{"type":"subscribe","payload":{"query":"{a}"}}',
}

# Session scripts; see harness/fuzzing/script.h.
OPEN, UPGRADE, RAW, FRAME, PACKET, EVENT, ADVANCE, CHUNK, READ, EOF, RST, CONTROL, AGAIN = range(13)
MS, SECONDS, SIXTEENTHS, BEFORE, AT, AFTER = range(6)


def step(op, *args, conn=0, flags=0, data=None):
    out = bytes([flags << 6 | conn << 4 | op]) + bytes(args)
    if data is not None:
        data = data.encode() if isinstance(data, str) else data
        assert len(data) < 4096
        out += (bytes([len(data)]) if len(data) < 0xF0 else bytes([0xF0 | len(data) >> 8, len(data) & 0xFF])) + data
    return out


CONNECT = step(OPEN, flags=1)


def session(*steps, config=0):
    return bytes([config]) + b"".join(steps)


def each(*groups):
    """Each group of steps on a connection of its own."""
    return session(*[CONNECT + group + step(RST) for group in groups])


def each_request(*requests):
    return session(*[step(OPEN) + step(RAW, data=request) + step(RST) for request in requests])


def padded(n):
    """A heartbeat of n bytes."""
    beat = '{"e":1,"d":{},"x":"%s"}'
    return beat % ("a" * (n - len(beat) + 2))


SESSIONS = {
    "ordinary": session(CONNECT, step(EVENT, 1), step(ADVANCE, SIXTEENTHS, 8), step(EVENT, 2),
                        step(FRAME, 0x88, 0, data=b"\x03\xe8")),
    "heartbeat-in-time": session(CONNECT, *[step(ADVANCE, SIXTEENTHS, 15) + step(EVENT, 1)] * 4),
    "heartbeat-just-in-time": session(CONNECT, step(ADVANCE, AT, 0), step(ADVANCE, BEFORE, 0), step(EVENT, 1), step(ADVANCE, SECONDS, 1)),
    "heartbeat-silent-client": session(CONNECT, step(ADVANCE, SECONDS, 3)),
    "heartbeat-interval-1-ms": session(CONNECT, step(ADVANCE, MS, 40), config=2),
    "heartbeat-with-asks": session(CONNECT, step(ADVANCE, SIXTEENTHS, 15), step(EVENT, 1), step(ADVANCE, SECONDS, 1), config=4),
    "ask-burst": session(CONNECT, step(EVENT, 2), step(AGAIN, 20)),
    "message-too-long": session(CONNECT, step(PACKET, data="[" + "1," * 100 + "1]"), config=0x20),
    "message-too-long-declared": session(CONNECT, step(FRAME, 0x81, 0xB0, data="x")),
    "message-limit-1": session(CONNECT, step(EVENT, 1), config=0x30),
    "message-in-fragments": session(CONNECT, step(EVENT, 1, flags=3), step(EVENT, 2, flags=1)),
    "message-binary": session(CONNECT, step(FRAME, 0x82, 0, data=BEAT)),
    "rate-too-high": session(CONNECT, step(EVENT, 1), step(AGAIN, 12), config=0x40),
    "fragments-empty-flood": session(CONNECT, step(FRAME, 0x01, 0, data=""), step(FRAME, 0x00, 0, data=""), step(AGAIN, 250)),
    "fragments-unbounded": session(CONNECT, step(FRAME, 0x01, 0, data="a" * 2000), step(FRAME, 0x00, 0, data="b" * 2000), step(AGAIN, 40), config=0x10),
    "pings-flood": session(CONNECT, step(FRAME, 0x89, 0, data="p" * 125), step(AGAIN, 100)),
    "pings-unread": session(CONNECT, step(READ, 0), step(FRAME, 0x89, 0, data="p" * 125), step(AGAIN, 250), step(AGAIN, 255),
                            step(FRAME, 0x89, 0, data="p" * 125), step(AGAIN, 255)),
    "slow-reader": session(CONNECT, step(READ, 1), step(ADVANCE, SECONDS, 1), step(EVENT, 1), step(ADVANCE, SECONDS, 1)),
    "byte-by-byte": session(step(OPEN), step(CHUNK, 1), step(UPGRADE, 0), step(EVENT, 1), step(FRAME, 0x89, 0, data="hi")),
    "unmasked": session(CONNECT, step(FRAME, 0x81, 4, data=BEAT)),
    "reserved-bit": session(CONNECT, step(FRAME, 0xC1, 0, data=BEAT)),
    "reserved-opcode-in-pieces": session(CONNECT, step(CHUNK, 4), step(FRAME, 0x0C, 3, data="pppppp")),
    "orphan-continuation": session(CONNECT, step(FRAME, 0x80, 0, data="a")),
    "control-fragmented": session(CONNECT, step(FRAME, 0x09, 0, data="a")),
    "utf8-split": session(CONNECT, step(CHUNK, 1), step(FRAME, 0x81, 0, data=b'"\xe2\x82\xac"')),
    "utf8-invalid": session(CONNECT, step(FRAME, 0x81, 0, data=b'{"e":\xff')),
    "close-one-byte": session(CONNECT, step(FRAME, 0x88, 0, data=b"\x03")),
    "close-then-data": session(CONNECT, step(FRAME, 0x88, 0, data=b"\x03\xe8"), step(EVENT, 1), step(ADVANCE, SECONDS, 5)),
    "close-1010-is-echoed": session(CONNECT, step(FRAME, 0x88, 0, data=b"\x03\xf2")),
    "close-wait-for-fin": session(CONNECT, step(FRAME, 0x88, 0, data=b"\x03\xe8"), step(ADVANCE, MS, 200), step(EOF)),
    "eof-in-a-frame": session(CONNECT, step(RAW, data=text(BEAT)[:7]), step(EOF), step(ADVANCE, SECONDS, 3)),
    "eof-in-the-request": session(step(OPEN), step(RAW, data=REQUEST[:40]), step(EOF), step(ADVANCE, SECONDS, 3)),
    "rst-in-the-request": session(step(OPEN), step(RAW, data=REQUEST[:40]), step(RST), CONNECT),
    "rst-then-new": session(CONNECT, step(RST), CONNECT, step(EVENT, 1)),
    "request-never-comes": session(step(OPEN), step(ADVANCE, SECONDS, 11), step(UPGRADE, 0)),
    "request-flood": session(step(OPEN), step(RAW, data="GET /gateway HTTP/1.1\r\n"), step(RAW, data="X: " + "y" * 1000 + "\r\n"), step(AGAIN, 20)),
    "request-variants": session(*[step(OPEN, conn=i % 4) + step(UPGRADE, i, conn=i % 4) + step(RST, conn=i % 4) for i in range(26)]),
    "request-and-frame-at-once": session(step(OPEN), step(RAW, data=REQUEST.encode() + b"\r\n" + text(BEAT) + text(packet("2")))),
    "room-events": session(CONNECT, step(OPEN, conn=1, flags=1), *[step(CONTROL, 2, i, data="") for i in range(3, 7)]),
    "room-close": session(CONNECT, step(OPEN, conn=1, flags=1), step(CONTROL, 2, 7, data=""), step(ADVANCE, SECONDS, 5)),
    "room-remove": session(CONNECT, step(CONTROL, 3, 0, data=""), step(OPEN, conn=1, flags=1)),
    "room-of-its-own": session(step(CONTROL, 0, 0, data=""), step(CONTROL, 1, 0, data=""), step(OPEN), step(UPGRADE, 1), step(CONTROL, 2, 3, flags=2, data="")),
    "room-event-bad-data": session(CONNECT, step(CONTROL, 2, 3, data='{"authorId":1}'), step(CONTROL, 2, 3, data="{"), step(CONTROL, 2, 6, data='{"userId":"a","color":1e999}')),
    "room-event-not-utf8": session(CONNECT, step(CONTROL, 2, 5, data=b'{"userId":"p\xb1"}')),
    "room-event-large": session(CONNECT, step(CONTROL, 2, 3, data='{"authorId":"a","content":"' + "z" * 3000 + '"}'), step(AGAIN, 30)),
    "kick": session(CONNECT, step(CONTROL, 2, 5, data='{"userId":"p1"}'), step(ADVANCE, SECONDS, 5)),
    "stop": session(CONNECT, step(OPEN, conn=1), step(CONTROL, 4, 0, data=""), step(OPEN, conn=2, flags=1), step(ADVANCE, SECONDS, 10)),
    "event-forbidden": session(CONNECT, step(EVENT, 0)),
    "event-unknown": session(CONNECT, step(PACKET, data=packet("8"))),
    "packet-not-json": session(CONNECT, step(PACKET, data="{")),
    "packet-nesting": session(CONNECT, step(PACKET, data="[" * 1001 + "]" * 1001)),
    "packet-id-1.0": session(CONNECT, step(PACKET, data=packet("1.0")), step(ADVANCE, SECONDS, 2)),
    "packet-duplicate-id": session(CONNECT, step(PACKET, data='{"e":1,"e":2,"d":{}}'), step(ADVANCE, SECONDS, 2)),
    "packet-data-null": session(CONNECT, step(PACKET, data=packet("1", "null")), step(ADVANCE, SECONDS, 2)),
    "rules-of-requests": each_request(
        REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=%") + "\r\n", REQUEST + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        REQUEST + "Origin: http://elsewhere.example\r\n\r\n", REQUEST + "\r\n"),
    "rules-of-lengths": each(*[step(PACKET, data=padded(n)) for n in (125, 126, 127, 128)]),
    "rules-of-lengths-65535": session(CONNECT, step(RAW, data=frame(1, b'{"e":1,"d":{},"x":"', key=bytes(4), length=65535)),
                                      step(RAW, data="a" * 234), step(AGAIN, 255), step(RAW, data="a" * 234), step(AGAIN, 22), step(RAW, data="a" * 228 + '"}')),
    "rules-of-length-forms": each(step(FRAME, 0x81, 2, data=BEAT), step(FRAME, 0x81, 3, data=BEAT), step(FRAME, 0x82, 0xE0, data="x")),
    "rules-of-control-frames": each(*[step(FRAME, a, 0, data=b"\x03\xe8") for a in (0x08, 0x09, 0x0A)], step(FRAME, 0x88, 0, data=b"\x03\xe8" + b"r" * 124)),
    "rules-of-masks": each(step(FRAME, 0x89, 4, data="a"), step(FRAME, 0x88, 4, data=b"\x03\xe8")),
    "rules-of-reserved-bits": each(*[step(FRAME, a, 0, data=BEAT) for a in (0xA1, 0x91, 0xF1)], *[step(FRAME, a, 0, data="a") for a in (0xC9, 0xCA)],
                                   step(FRAME, 0xD8, 0, data=b"\x03\xe8"), step(FRAME, 0x01, 0, data=BEAT) + step(FRAME, 0xC0, 0, data="")),
    "rules-of-reserved-opcodes": each(*[step(FRAME, 0x80 | a, 0, data="a") for a in (3, 7, 11, 15)], step(EVENT, 1) + step(FRAME, 0x83, 0, data="a")),
    "rules-of-pings": each(step(FRAME, 0x89, 0, data=b"a\0b"), step(FRAME, 0x89, 0, data=""), step(FRAME, 0x89, 0, data="p" * 125), step(FRAME, 0x89, 0, data="p" * 126),
                           step(RAW, data=frame(9, b"1") + frame(9, b"2") + frame(9, b"3")),
                           step(FRAME, 0x01, 0, data='{"e":1') + step(FRAME, 0x89, 0, data="in between") + step(FRAME, 0x80, 0, data=',"d":{}}')),
    "rules-of-pings-behind-the-request": session(step(OPEN), step(RAW, data=REQUEST.encode() + b"\r\n" + frame(9, b"early"))),
    "rules-of-pings-in-a-flood": session(CONNECT, step(OPEN, conn=1, flags=1), step(RAW, data=frame(9) * 20, conn=1), step(AGAIN, 220)),
    "rules-of-fragments": each(step(FRAME, 0x01, 0, data="{") + step(FRAME, 0x81, 0, data=BEAT),
                               step(FRAME, 0x01, 0, data='{"e":1') + step(ADVANCE, SIXTEENTHS, 12) + step(FRAME, 0x80, 0, data=',"d":{}}'),
                               step(FRAME, 0x01, 0, data="{") + step(ADVANCE, SECONDS, 4)),
    "rules-of-fragments-by-the-thousand": session(CONNECT, step(OPEN, conn=1, flags=1), step(FRAME, 0x01, 0, data="{", conn=1),
                                                  step(RAW, data=frame(0, fin=False) * 20, conn=1), step(AGAIN, 60)),
    "rules-of-utf8-in-fragments": each(step(FRAME, 0x01, 0, data=b'{"e":1,"d":{},"x":"\xe2') + step(FRAME, 0x80, 0, data=b'\x82\xac"}')),
    "rules-of-utf8": each(*[step(FRAME, 0x81, 0, data=b'{"e":1,"d":{},"x":"' + x + b'"}') for x in
                            (b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xef\xbf\xbe", b"\xc3\xa9")], step(FRAME, 0x81, 0, data=b'{"e":1}\xe2\x82'),
                          step(FRAME, 0x82, 0, data=b"\xff"), step(FRAME, 0x01, 0, data=b'"\xff')),
    "rules-of-closes": each(*[step(FRAME, 0x88, 0, data=struct.pack("!H", code) + reason) for code, reason in
                              ((1000, b"bye"), (1000, b"r" * 123), (1000, b"\xff"), (1012, b""), (1014, b""), (3000, b""), (4999, b""), (999, b""), (1004, b""), (5000, b""))]),
    "rules-of-closes-in-fragments": each(step(FRAME, 0x01, 0, data="{") + step(FRAME, 0x88, 0, data=b"\x03\xe8"), step(FRAME, 0x88, 0, data="")),
    "rules-of-ends-within-a-frame": session(CONNECT, step(OPEN, conn=1, flags=1), step(RAW, data=text(BEAT)[:9], conn=1), step(RST, conn=1), step(EVENT, 1)),
    "rules-of-what-beats": each(*[step(ADVANCE, SIXTEENTHS, 8) + x + step(ADVANCE, SECONDS, 4) for x in (step(FRAME, 0x89, 0, data=""), step(EVENT, 2), step(FRAME, 0x8A, 0, data=""), step(EVENT, 1))]),
    "rules-of-neighbours": session(CONNECT, step(OPEN, conn=1, flags=1), step(PACKET, data="{", conn=1), step(EVENT, 1)),
    "rules-of-packets": each(*[step(PACKET, data=x) for x in (packet("65536"), packet("-1"), packet("1") + " ", ' { "e" : 1 , "d" : { } } ', '{"e":1,"d":{},"x":[]}',
                                                                  '{"e":1,"d":{"a":"\\n\u007f"}}', '{"d":{}}', "null", '{"e":1,"d":[]}')]),
    "rules-of-packets-by-the-thousand": session(CONNECT, step(RAW, data=text(BEAT) * 5), step(AGAIN, 210)),
    "rules-of-rooms": session(step(CONTROL, 0, 0, data=""), step(CONTROL, 1, 0, data=""), *[step(OPEN, conn=c) + step(UPGRADE, v, conn=c) for c, v in enumerate((1, 1, 2, 0))],
                              step(CONTROL, 2, 3, data=""), step(CONTROL, 2, 3, flags=2, data=""), step(CONTROL, 2, 5, flags=2, data='{"userId":"p1"}'), step(ADVANCE, SIXTEENTHS, 1)),
    "rules-of-events": session(CONNECT, step(OPEN, conn=1, flags=1), *[step(CONTROL, 2, e, data=d) for e, d in (
        (3, '{"authorId":"a","content":"h\u00e9 \U0001f600","sentAt":1}'), (3, '{"authorId":"a","content":"\\"quoted\\" \\\\ \\n","sentAt":1}'), (3, '{"authorId":"a","content":"","sentAt":1}'),
        (3, '{"authorId":"\u2028\ufffe\x7f","content":"","sentAt":1}'), (4, '{"chatLocked":true}'), (6, '{"userId":"p1","color":false}'))]),
    "four-clients": session(*[step(OPEN, conn=i, flags=1) + step(EVENT, 1, conn=i) for i in range(4)], step(ADVANCE, SECONDS, 1)),
}

# Histories for the heartbeat model: (kind, time, interval or code) by the tables of protocol/heartbeat.h.
(HELLO_IN, HELLO_OUT, BEAT_IN, BEAT_OUT, ASK_IN, ASK_OUT, ANSWER_IN, ANSWER_OUT, GREETING_IN, GREETING_OUT, EVENT_IN, EVENT_OUT, TICK, DROP_IN,
 END) = range(15)
BY_CLOSE, CODE_4000, TO_TICK, INTERVAL = 0x40, 0x80, 0xC0, 0x40


def history(*inputs):
    return b"".join(bytes(i) for i in inputs)


HEARTBEATS = {
    "ordinary-server": history((HELLO_IN, 1, 100), *[(BEAT_IN, INTERVAL | 16, 0), (BEAT_OUT, 0, 0)] * 4, (END, 0, 0)),
    "ordinary-client": history((HELLO_OUT, 1, 100), *[(BEAT_OUT, INTERVAL | 8, 0), (BEAT_IN, INTERVAL | 7, 0)] * 4, (END, 0, 0)),
    "hello-late": history((HELLO_IN, 0x3F, 100), (HELLO_IN, 0x3F, 100)),
    "hello-after-the-deadline": history((TICK, TO_TICK, 0), (HELLO_IN, 0, 100)),
    "hello-never": history((TICK, TO_TICK, 0), (TICK, TO_TICK, 0), (TICK, 0x3F, 0)),
    "hello-never-and-end": history((TICK, 0x3F, 0), (DROP_IN, 0, 0)),
    "hello-twice": history((HELLO_IN, 1, 100), (HELLO_IN, 1, 50)),
    "hello-unusable": history((HELLO_IN, 1, 0), (TICK, 0x3F, 0)),
    "hello-after-another": history((EVENT_IN, 1, 0), (HELLO_IN, 1, 100)),
    "beat-before-hello": history((BEAT_IN, 1, 0), (BEAT_OUT, 1, 0), (HELLO_IN, 1, 100)),
    "cadence-missed": history((HELLO_IN, 1, 100), (TICK, TO_TICK, 0), (BEAT_IN, INTERVAL | 32, 0)),
    "cadence-too-fast": history((HELLO_IN, 1, 100), *[(BEAT_IN, 1, 0)] * 12),
    "cadence-too-fast-client": history((HELLO_OUT, 1, 100), *[(BEAT_IN, 1, 0)] * 12),
    "drop-missed": history((HELLO_IN, 1, 100), *[(BEAT_IN, INTERVAL | 16, 0)] * 4, (TICK, TO_TICK, 0)),
    "drop-early": history((HELLO_IN, 1, 100), (BEAT_IN, INTERVAL | 8, 0), (BY_CLOSE | CODE_4000 | DROP_IN, 0, 0)),
    "drop-early-after-a-beat": history((HELLO_IN, 1, 100), (BEAT_OUT, INTERVAL | 8, 0), (DROP_IN, 1, 0)),
    "drop-in-time": history((HELLO_IN, 1, 100), (BEAT_IN, INTERVAL | 16, 0), (BY_CLOSE | CODE_4000 | DROP_IN, 0x11, 0)),
    "drop-with-another-code": history((HELLO_IN, 1, 100), *[(BEAT_IN, INTERVAL | 16, 0)] * 3, (BY_CLOSE | DROP_IN, 0x11, 5)),
    "drop-without-close": history((HELLO_IN, 1, 100), *[(BEAT_IN, INTERVAL | 16, 0)] * 3, (DROP_IN, 0x11, 5)),
    "drop-for-an-ask": history((HELLO_IN, 1, 100), (ASK_IN, 1, 0), (BEAT_OUT, 0x2F, 0), (ASK_IN, 1, 0), (TICK, 0x3F, 0), (BEAT_OUT, 0, 0), (DROP_IN, 1, 0)),
    "ask-answered": history((HELLO_IN, 1, 100), (ASK_OUT, 1, 0), (BEAT_IN, 1, 0)),
    "ask-answered-late": history((HELLO_IN, 1, 100), (ASK_OUT, 1, 0), (BEAT_OUT, 0x35, 0), (BEAT_IN, 0, 0)),
    "ask-never-answered": history((HELLO_IN, 1, 250), (ASK_OUT, 1, 0), (BEAT_OUT, 0x3F, 0), (TICK, 0x3F, 0)),
    "asks-many": history((HELLO_IN, 1, 250), *[(ASK_OUT, 0, 0)] * 40, (TICK, 0x3F, 0)),
    "answer-in-time": history((HELLO_IN, 1, 100), (ASK_OUT, 1, 1), (ANSWER_IN, 1, 1)),
    "answer-with-another-echo": history((HELLO_IN, 1, 100), (ASK_OUT, 1, 0x41), (ANSWER_IN, 1, 0x42)),
    "answer-of-ours-late": history((HELLO_IN, 1, 100), (BEAT_IN, 1, 1), (TICK, 0x3F, 0), (ANSWER_OUT, 1, 1), (DROP_IN, 1, 0)),
    "greeting-in-time": history((GREETING_OUT, 1, 0), (HELLO_IN, 1, 100)),
    "greeting-never": history((TICK, TO_TICK, 0), (TICK, TO_TICK, 0), (BY_CLOSE | CODE_4000 | DROP_IN, 1, 255)),
    "greeting-twice": history((GREETING_IN, 1, 0), (HELLO_OUT, 1, 100), (GREETING_IN, 1, 0)),
    "sequence-of-the-past": history((HELLO_OUT, 1, 100), (EVENT_OUT, 1, 0x85), (BEAT_IN, 1, 0x25), (EVENT_OUT, 1, 0x89), (BEAT_IN, 1, 0x22)),
    "beat-crosses-the-drop": history((HELLO_IN, 1, 100), (BEAT_OUT, INTERVAL | 16, 0), (BY_CLOSE | CODE_4000 | DROP_IN, 0x11, 0)),
    "end-then-more": history((HELLO_IN, 1, 100), (END, 0, 0), (BEAT_IN, 1, 0), (TICK, TO_TICK, 0)),
}

EXPRESSIONS = {
    "plain": "250ms",
    "interval": "I",
    "difference": "I - eps",
    "product": "2*I + eps",
    "percent": "max(50ms, 5% of I)",
    "nested": "min(max(I, 2*eps), (I + eps) / 2)",
    "quotient": "I / 4 - 1us",
    "ratio": "3s * (I / eps)",
    "division-by-zero": "I / 0",
    "division-by-zero-time": "5ms * (I / 0s)",
    "overflow": "999999999999*I*I",
    "no-unit": "5",
    "no-factor": "2 I",
    "deep": "(" * 20 + "I" + ")" * 20,
    "long": "+".join(["I"] * 60),
    "minus": "-I",
    "open": "max(I",
    "comma": "max(I, )",
    "percent-of-nothing": "5% of",
    "unknown": "interval",
    "empty": "",
    "drop-and-greeting": "max(D, Dmax) + G",
    "fractions": "1.5s + .5*I + 0.25m",
    "number-difference": "(3 - 1) * I",
}

DOC = {
    "yaml-anchor": "a: &x 1\nb: *x\n",
    "yaml-merge": "a: {b: 1}\nc: {<<: 2}\n",
    "yaml-tag": "!!str 1\n",
    "yaml-two-documents": "a: 1\n---\nb: 2\n",
    "yaml-duplicate-key": "a: 1\na: 2\n",
    "yaml-complex-key": "? [a]\n: b\n",
    "yaml-scalars": "[~, null, true, False, 0, -0, 0x1F, 0o17, 1.5, .5, 1e3, .inf, -.INF, .nan, '1', \"\\u00e9\\n\"]\n",
    "yaml-blocks": "a: |\n  text\n   more\nb: >-\n  folded\n  text\n",
    "yaml-deep": "[" * 70 + "]" * 70 + "\n",
    "yaml-escaped-only": '["\\x7f\\x9f\\u2028\\ufeff\\uffff", {"\\x7f": 1}]\n',
    "yaml-tabs": "a:\n\t- b\n",
    "yaml-numbers": "[1, 12345678901234567890, 1e999, 9007199254740993, 007]\n",
    "json": '{"a": [1, "b\\u0000", {"c": null}]}\n',
    "empty": "\n",
}


SMALL = "protocol: p\nendpoint: /\nenvelope: {id: /e, data: /d}\nevents: {a: {id: 1, from: both%s}}\n%s"
BEATS = "heartbeat: {interval: {event: a, field: /i, unit: ms}, %s}\n"
PROTOCOLS = {
    "small": SMALL % ("", ""),
    "schema-all": SMALL % (", data: {type: [array, string], items: {const: 1}, minItems: 2, pattern: '^a', minLength: 1, enum: [a, ~, true]}", ""),
    "schema-rest": SMALL % (", data: {additionalProperties: {type: 'null'}, minProperties: 1, maximum: 2, exclusiveMaximum: 3, minimum: 0}", ""),
    "schema-bad-pattern": SMALL % (", data: {pattern: '('}", ""),
    "schema-bad-bound": SMALL % (", data: {minLength: -1}", ""),
    "schema-bad-enum": SMALL % (", data: {enum: [[1]]}", ""),
    "schema-empty-enum": SMALL % (", data: {enum: []}", ""),
    "schema-unknown-word": SMALL % (", data: {tpye: object}", ""),
    "envelope-overlaps": SMALL.replace("/d}", "/e/x}") % ("", ""),
    "envelope-too-deep": SMALL.replace("/e,", "/a/b/c/d/e/f/g/h/i,") % ("", ""),
    "envelope-string-ids": SMALL.replace("/d}", "/d, id-type: string, message: binary}") % ("", ""),
    "event-id-twice": SMALL.replace("%s}}", "}, b: {id: 1, from: server%s}}") % ("", ""),
    "events-none": SMALL.replace("{a: {id: 1, from: both%s}}", "{}%s") % ("", ""),
    "codes-list": SMALL % ("", "reactions: {malformed: {any-of: [close, ignore], codes: [1000, 4000-4999]}}\n"),
    "codes-bad": SMALL % ("", "reactions: {malformed: {any-of: close, codes: 5-1}}\n"),
    "codes-too-many": SMALL % ("", "reactions: {malformed: {any-of: close, codes: [%s]}}\n" % ", ".join(map(str, range(4000, 4020)))),
    "codes-none": SMALL % ("", "reactions: {malformed: {any-of: [], codes: []}}\n"),
    "close-meanings": SMALL % ("", "close: {4000: a, 99999: b, x: c}\nlimits: {message-bytes: 10}\n"),
    "limits-bad": SMALL % ("", "limits: {message-bytes: -1}\n"),
    "rules-unknown": SMALL % ("", "rules: {server: {cadense: X}, client: {answer: 5}}\n"),
    "knobs-bad": SMALL % ("", "knobs: {hello-once: never, nothing: 1}\n"),
    "beats-small": SMALL % ("", BEATS % "server: {send: a, every: I}"),
    "beats-hello-once": SMALL % ("", BEATS % "hello: {strict: 1s}"),
    "beats-hello-reversed": SMALL % ("", BEATS % "hello: {strict: 2s, non-strict: 1s}"),
    "beats-eps-of-eps": SMALL % ("", BEATS % "timer: {eps: eps}"),
    "beats-resets-many": SMALL % ("", BEATS % ("timer: {starts: connect, reset-by: [%s]}" % ", ".join(["a"] * 10))),
    "beats-data-long": SMALL % ("", BEATS % ('client: {send: a, every: I, data: "%s"}' % ("x" * 5000))),
    "beats-ask": SMALL % ("", BEATS % "ask: {event: a, by: client, answer: a, level: may, strict: 1ms}, miss: {ends-with: drop}"),
    "handshake-headers": SMALL % ("", "handshake: {query: {v: 10, x: 'a b'}, headers: {Authorization: 'Bearer x', X-Bad: \"a\\nb\"}}\n"),
    "envelope-flat-deep-id": "protocol: p\nendpoint: /\nenvelope: {form: flat, id: /a/b, data: /d}\nevents: {a: {id: 1, from: both, members: {x: {}}}}\n",
    "envelope-prefix-integers": "protocol: p\nendpoint: /\nenvelope: {form: prefix, id-type: integer, id: /t}\nevents: {a: {id: 1, from: both}}\n",
    "envelope-prefix-lengths": "protocol: p\nendpoint: /\nenvelope: {form: prefix, id-type: string}\nevents: {a: {id: x, from: both}, b: {id: xy, from: both}}\n",
    "event-body-nested": SMALL % (", body: text, name: b", ""),
    "event-tag-twice": "protocol: p\nendpoint: /\nenvelope: {id: /e, data: /d, name: /t}\nevents: {a: {id: 1, from: both, name: n}, b: {id: 1, from: both, name: n}}\n",
    "limits-messages-none": SMALL % ("", "limits: {messages: {count: 0, per: 1s}}\n"),
    "limits-messages": SMALL % ("", "limits: {messages: {count: 5, per: 1s}}\n"),
    "extends-unknown-event": "extends: gateway\nprotocol: p\nevents: {b: {was: no-such-event}}\n",
    "beats-hello-two": SMALL.replace("%s}}", "}, b: {id: 2, from: server%s}}") % ("", "heartbeat: {hello: {event: b}, interval: {event: a, field: /i}}\n"),
    "beats-constant": SMALL % ("", "heartbeat: {hello: {event: a}, interval: {constant: 1s}, server: {send: a, every: I}}\n"),
    "beats-constant-and-field": SMALL % ("", "heartbeat: {hello: {event: a}, interval: {constant: 1s, field: /i}}\n"),
    "beats-constant-none": SMALL % ("", "heartbeat: {hello: {event: a}, interval: {constant: 0s}}\n"),
    "beats-no-hello": SMALL % ("", "heartbeat: {interval: {field: /i}}\n"),
    "beats-unknown-reference": SMALL % ("", BEATS % "server: {send: a, every: I, data: '${nothing}'}"),
    "beats-reply-reversed": SMALL % ("", BEATS % "server: {send: a, every: I, reply: {event: a, strict: I, non-strict: 1ms}}"),
    "beats-reply-and-ask": SMALL % ("", BEATS % "server: {send: a, every: I, reply: {event: a}}, ask: {event: a, by: server, answer: a}"),
    "beats-wrong-side": SMALL.replace("both", "client") % ("", BEATS % "server: {send: a, every: I}"),
    "greeting-bad": SMALL.replace("both", "server") % ("", BEATS % "greeting: {send: a, when: after-hello, within: 0s}"),
    "requirements-same": "source: x\nrequirements:\n  A: {title: t, role: server, level: must, clause: c}\n  A: {title: t, role: server, level: must, clause: c}\n",
    "requirements-twice": "source: x\nrequirements:\n  A: {title: t, role: server, level: must, clause: c}\n",
    "requirements-no-source": "requirements:\n  A: {title: t, role: server, level: open, clause: c, knob: k, unobservable: u}\n",
    "requirements-misbehaviours": "misbehaviours: {late: [A, B], none: []}\n",
    "requirements-misbehaviours-bad": "misbehaviours: {late: A, none: [[]]}\n",
    "requirements-bad-level": "source: x\nrequirements:\n  A: {title: t, role: nobody, level: always, clause: c}\n",
}


def read(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        return f.read()


def files_below(folder):
    """The tree's own files are the best seeds of their loaders."""
    out = {}
    for base, _, names in sorted(os.walk(os.path.join(ROOT, folder))):
        for name in sorted(names):
            if name.endswith(".yaml"):
                path = os.path.relpath(os.path.join(base, name), ROOT)
                out["file-" + os.path.relpath(path, folder).replace("/", "-")] = read(path)
    return out


def small_scenarios(limit):
    """Of each folder the smallest, then of each the second smallest, and so on."""
    folders = {}
    for name, data in files_below("scenarios").items():
        if not name.startswith(("file-protocols", "file-requirements", "file-targets", "file-schema")):
            folders.setdefault("-".join(name.split("-")[:3 if name.startswith("file-client") else 2]), []).append((len(data), name))
    ranked = sorted((rank, name) for names in folders.values() for rank, (_, name) in enumerate(sorted(names)))
    return {name: data for name, data in files_below("scenarios").items() if name in {n for _, n in ranked[:limit]}}


def transcripts():
    """What servers said in the recorded runs that the tests judge again."""
    for name in sorted(os.listdir(os.path.join(ROOT, "tests/golden/transcripts"))):
        said = [line.split() for line in read("tests/golden/transcripts/" + name).decode().splitlines()]
        parts = [bytes.fromhex(words[2]) for words in said if len(words) == 3 and words[0].isdigit() and words[2] not in ("FIN", "RST")]
        yield "recorded-" + name.removesuffix(".txt"), b"".join(parts)


def recorded(heads):
    out = {}
    for name, said in transcripts():
        head, _, rest = said.partition(b"\r\n\r\n")
        out[name] = head + b"\r\n\r\n" if heads else rest
    return {name: data for name, data in out.items() if data}


def targets():
    return {
        "frame": {**FRAMES, **recorded(heads=False)},
        "frame_wslay": {**FRAMES, **recorded(heads=False), **FRAME_DIFFERENCES},
        "json": JSON,
        "json_oracles": {**JSON, **JSON_DIFFERENCES},
        "packet": {**JSON, **PACKETS},
        "handshake": {**HEADS, **recorded(heads=True)},
        "utf8": BYTES,
        "session": SESSIONS,
        "heartbeat": HEARTBEATS,
        "expr": EXPRESSIONS,
        "doc": DOC,
        "protocol": {**files_below("scenarios/protocols"), **PROTOCOLS, "file-variant.yaml": read("fuzz/variant.yaml"),
                     "file-requirements.yaml": read("scenarios/requirements/gateway.yaml")},
        "scenario": small_scenarios(40),
        "target": files_below("scenarios/targets"),
    }


def is_seed(name):
    return not (len(name) == 40 and all(c in "0123456789abcdef" for c in name))


def content(data):
    return data.encode() if isinstance(data, str) else data


def write():
    for target, seeds in targets().items():
        folder = os.path.join(HERE, "corpus", target)
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            if is_seed(name) and name not in seeds:
                os.remove(os.path.join(folder, name))
        for name, data in seeds.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(content(data))
        print("%-14s %3d seeds" % (target, len(seeds)))


def stale():
    """What --check complains about, a line each."""
    for target, seeds in targets().items():
        there = {name: read(f"fuzz/corpus/{target}/{name}") for name in os.listdir(os.path.join(HERE, "corpus", target)) if is_seed(name)}
        for name in sorted(there.keys() | seeds.keys()):
            if name.startswith("file-"):
                continue
            if name not in there:
                yield f"fuzz/corpus/{target}/{name} is missing"
            elif name not in seeds:
                yield f"fuzz/corpus/{target}/{name} is not written by make_seeds.py"
            elif content(seeds[name]) != there[name]:
                yield f"fuzz/corpus/{target}/{name} is not what make_seeds.py writes"


def main():
    if sys.argv[1:] == ["--check"]:
        lines = list(stale())
        print("\n".join(lines + ["%d seeds differ; fuzz/make_seeds.py writes them" % len(lines)] if lines else ["all seeds are there"]))
        return 1 if lines else 0
    if sys.argv[1:]:
        print("usage: make_seeds.py [--check]", file=sys.stderr)
        return 2
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
