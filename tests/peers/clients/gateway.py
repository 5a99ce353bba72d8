"""What a client of the gateway document does on one connection, and nothing of sockets: `client.py` and `raw_client.py` share it.

Messages and times (seconds on one clock) come in as arguments; texts go out by `send`, the wish to end the connection by `leave`.
The client waits for hello, heartbeats, answers asks, leaves a server that is silent, and survives whatever else comes.
"""

import json
import math
import os
import sys

HELLO, HEARTBEAT, HEARTBEAT_ACK, LAST_ID = 0, 1, 2, 7
MIN_INTERVAL_S, MAX_INTERVAL_S = 0.2, 2**31 / 1000
BEATS_PER_INTERVAL = 2  # early, so that a busy machine makes no heartbeat late
NEVER = math.inf

# Each breaks the requirements behind it, and no others; what breaks none conforms in another way.
MISBEHAVIOURS = {
    "beats-in-reply": [],
    "no-heartbeat": ["C3"],
    "late-heartbeat": ["C3"],
    "first-heartbeat-only": ["C3"],
    "keeps-old-interval": ["C3"],
    "heartbeat-storm": ["C9"],
    "answers-no-ask": ["C4"],
    "answers-first-ask-only": ["C4"],
    "slow-ask": ["C4"],
    "never-leaves": ["C5"],
    "counts-events": ["C5"],
    "leaves-too-early": ["C5", "C6"],
    "speaks-before-hello": ["C2"],
    "gives-up-without-hello": ["C2"],
    "dies-on-second-hello": ["C9"],
    "dies-on-bad-json": ["C9"],
    "dies-on-unknown-event": ["C9"],
    "dies-on-wrong-types": ["C9"],
    "leaves-on-optional-fields": ["C8"],
    "leaves-on-unicode": ["C8"],
    "sends-forbidden-ids": ["C7"],
    "extra-data": ["C7"],
    "wrong-envelope": ["C7"],
    "echoes-events": ["C7"],
}


class Backoff:
    """The wait before each new attempt; stops when so many in a row brought no hello."""

    FIRST_S, LONGEST_S, ATTEMPTS = 0.2, 2.0, 5

    def __init__(self):
        self.failed = 0

    def next(self, had_hello):
        """Seconds until the next attempt, or None: give up."""
        self.failed = 0 if had_hello else self.failed + 1
        if self.failed >= self.ATTEMPTS:
            return None
        return min(self.FIRST_S * 2 ** max(0, self.failed - 1), self.LONGEST_S)


def usable_interval(value):
    """Seconds, or None for what is no interval."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0 or value == math.inf:
        return None
    return min(max(value, MIN_INTERVAL_S * 1000), MAX_INTERVAL_S * 1000) / 1000


class Gateway:
    old_interval = None  # of any connection, for one misbehaviour

    def __init__(self, misbehave, send, leave):
        self.misbehave = misbehave
        self.send_text = send
        self.leave = leave
        self.interval = None
        self.hellos = self.beats = self.asks = 0
        self.beat_at = self.leave_at = self.answer_at = NEVER

    def opened(self, now):
        if self.misbehave == "speaks-before-hello":
            self.send(HEARTBEAT)
        if self.misbehave == "gives-up-without-hello":
            self.leave_at = now + 0.5

    def next_at(self):
        """When on_time() has something to do."""
        return min(self.beat_at, self.leave_at, self.answer_at)

    def on_time(self, now):
        if now >= self.leave_at:
            self.leave_at = self.beat_at = NEVER
            self.leave()
        if now >= self.answer_at:
            self.answer_at = NEVER
            self.send(HEARTBEAT)
        if now >= self.beat_at:
            every = self.interval * 1.6 if self.misbehave == "late-heartbeat" else self.interval / BEATS_PER_INTERVAL
            self.beat_at = NEVER if self.misbehave == "first-heartbeat-only" else max(self.beat_at + every, now)
            self.send(HEARTBEAT)

    def say(self, message):
        self.send_text(json.dumps(message, separators=(",", ":")))

    def send(self, event_id):
        self.say({"e": event_id, "d": {"at": 1} if self.misbehave == "extra-data" else {}})

    def on_message(self, text, now):
        if not isinstance(text, str):
            return
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            if self.misbehave == "dies-on-bad-json":
                raise
            return
        if self.misbehave == "dies-on-wrong-types":
            message["e"] + 0, message["d"].keys()
        if not isinstance(message, dict) or isinstance(message.get("e"), bool) or not isinstance(message.get("e"), (int, float)):
            return
        event_id = message["e"]
        if self.misbehave == "dies-on-unknown-event" and event_id > LAST_ID:
            raise ValueError(f"unknown event {event_id}")
        if self.misbehave == "counts-events" or event_id == HEARTBEAT:
            self.heard(now)
        if event_id == HEARTBEAT and self.misbehave == "beats-in-reply":
            self.send(HEARTBEAT)
        if event_id == HELLO:
            self.on_hello(message.get("d"), now)
        elif event_id == HEARTBEAT_ACK:
            self.on_ask(now)
        elif HEARTBEAT_ACK < event_id <= LAST_ID:
            self.on_event(message, text)

    def on_hello(self, data, now):
        self.hellos += 1
        if self.hellos > 1 and self.misbehave == "dies-on-second-hello":
            raise ValueError("hello twice")
        announced = data.get("heartbeatInterval") if isinstance(data, dict) else None
        interval = usable_interval(announced)
        if self.misbehave == "heartbeat-storm" and interval is None:
            interval = 0.001  # what a timer makes of a number that is none
        if self.misbehave == "keeps-old-interval":
            interval = Gateway.old_interval = Gateway.old_interval or interval
        if interval is None:
            return
        self.interval = interval
        if self.misbehave == "sends-forbidden-ids":
            self.say({"e": 5, "d": {"userId": "you"}})
        if self.misbehave == "wrong-envelope":
            self.say({"op": HEARTBEAT, "data": {}})
        self.heard(now)
        if self.misbehave == "heartbeat-storm" and interval < MIN_INTERVAL_S:
            self.leave_at = NEVER
        if self.misbehave not in ("no-heartbeat", "beats-in-reply"):
            self.beat_at = now + (interval * 1.6 if self.misbehave == "late-heartbeat" else interval / BEATS_PER_INTERVAL)

    def heard(self, now):
        """A server that stays silent for I is left; a fifth of the tolerance, max(50 ms, 5 % of I), is for lateness of the server."""
        if self.interval is None or self.misbehave == "never-leaves":
            return
        early = self.misbehave == "leaves-too-early"
        self.leave_at = now + (0.6 * self.interval if early else self.interval + max(0.01, self.interval * 0.01))

    def on_ask(self, now):
        self.asks += 1
        if self.misbehave == "answers-no-ask" or (self.misbehave == "answers-first-ask-only" and self.asks > 1):
            return
        if self.misbehave == "slow-ask":
            self.answer_at = min(self.answer_at, now + 0.6)
        else:
            self.send(HEARTBEAT)

    def on_event(self, message, text):
        if self.misbehave == "echoes-events":
            self.say(message)
        data = message.get("d")
        if self.misbehave == "leaves-on-optional-fields" and message["e"] == 4 and isinstance(data, dict) and "chatLocked" not in data:
            self.leave()
        if self.misbehave == "leaves-on-unicode" and not text.isascii():
            self.leave()


def read_command_line(more):
    """(url, misbehaviour or None); `more` are the misbehaviours that a stack adds."""
    table = {**MISBEHAVIOURS, **more}
    url, misbehave, args = os.environ.get("GWSPEC_URL"), None, sys.argv[1:]
    while args:
        arg = args.pop(0)
        if arg == "--list-misbehaviours":
            for name, rules in table.items():
                print(name, *rules)
            sys.exit(0)
        if arg == "--misbehave" and args:
            misbehave = args.pop(0)
            if misbehave not in table:
                fail(f"--misbehave: '{misbehave}' is unknown; --list-misbehaviours names them")
        elif arg.startswith("-"):
            fail(f"{arg}: unknown option, or one without its value")
        else:
            url = arg
    if not url:
        fail("no URL: give it as an argument or in GWSPEC_URL")
    return url, misbehave


def fail(message):
    sys.stderr.write(f"{message}\n")
    sys.exit(2)
