#!/usr/bin/env python3
"""A decoder of packets over Python's json module, behind the pipe of gwspec-fuzz-pipe (docs/bring-your-own-parser.md).

It takes whole text messages and says what packet each is: {"e": id, "d": data}.
"""
import itertools
import json
import re
import struct
import sys

REPORTS_PACKETS, TAKES_MESSAGES = 1 << 2, 1 << 4
PACKET, REJECT = 6, 7
HAS_BYTES = 4
MAX_DEPTH = 200  # below the depth at which the json module runs out of stack


def unique(members):
    """An object, unless a name comes twice; json would keep the last."""
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a name comes twice")
    return found


def refuse(word):
    raise ValueError(word + " is no JSON")


def depth(text):
    """Open brackets at the deepest place, strings left out."""
    bare = re.sub(r'"(\\.|[^"\\])*"?', "", text, flags=re.DOTALL)
    return max(itertools.accumulate((c in "[{") - (c in "]}") for c in bare), default=0)


def decode(message):
    text = message.decode("utf-8")
    if depth(text) > MAX_DEPTH:
        raise ValueError("too deep")
    packet = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    if type(packet) is not dict or type(packet.get("e")) is not int or not -1 << 63 <= packet["e"] < 1 << 63:
        raise ValueError("no packet")
    return packet


def event(kind, number=0, data=None):
    flags = 0 if data is None else HAS_BYTES
    return struct.pack("!BBBBHBqI", kind, flags, 0, 0, 0, 0, number, len(data or b"")) + (data or b"")


def feed(message):
    try:
        packet = decode(message)
    except (ValueError, UnicodeDecodeError):
        return event(REJECT)
    data = json.dumps(packet["d"]).encode() if "d" in packet else None
    return event(PACKET, packet["e"], data)


def answer(data):
    sys.stdout.buffer.write(struct.pack("!I", len(data)) + data)
    sys.stdout.buffer.flush()


def main():
    while len(head := sys.stdin.buffer.read(4)) == 4:
        request = sys.stdin.buffer.read(*struct.unpack("!I", head))
        if request[:1] == b"H":
            answer(struct.pack("!IIII", 1, REPORTS_PACKETS | TAKES_MESSAGES, 0, MAX_DEPTH) + b"python-json")
        else:
            answer(feed(request[1:]) if request[:1] == b"F" else b"")


if __name__ == "__main__":
    main()
