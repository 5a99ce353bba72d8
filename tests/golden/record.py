#!/usr/bin/python3
"""Records what a gateway says, for tests/unit/scenario/engine_recorded_test.c.

    record.py GWSPEC SCENARIO URL OUT [--seed N]

A proxy stands between gwspec and the gateway at URL (ws://HOST:PORT/PATH) and writes down every piece that the gateway sends, with
its time since the run's first connection. The same scenario with the same seed sends the same bytes, so that the record can be
replayed through the engine without a network.
"""
import json
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlparse


def main():
    gwspec, scenario, url, out = sys.argv[1:5]
    seed = sys.argv[6] if len(sys.argv) > 6 else "7"
    target = urlparse(url)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    lines, peers, order = [], {}, {}
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    report = tempfile.NamedTemporaryFile(suffix=".jsonl")
    # The probe for life and the first look are connections too: only those that send an upgrade are numbered.
    run = subprocess.Popen([gwspec, "run", scenario, "--url", f"ws://127.0.0.1:{port}{target.path}", "--seed", seed, "--strict",
                            "--report", f"json={report.name}"], stdout=subprocess.DEVNULL)
    start = None
    while run.poll() is None:
        for key, _ in selector.select(0.1):
            if key.fileobj is listener:
                client, _ = listener.accept()
                server = socket.create_connection((target.hostname, target.port))
                for a, b, from_server in ((client, server, False), (server, client, True)):
                    a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(a, selectors.EVENT_READ)
                    peers[a] = (b, from_server, client)
                continue
            source = key.fileobj
            other, from_server, client = peers[source]
            now = time.monotonic_ns()
            try:
                data = source.recv(1 << 16)
                kind = "FIN"
            except ConnectionResetError:
                data, kind = b"", "RST"
            if not from_server and b"Upgrade" in data and client not in order:
                start = start or now
                order[client] = len(order)
            if from_server and client in order:
                lines.append(f"{order[client]} {now - start} {data.hex() if data else kind}")
            try:
                if data:
                    other.sendall(data)
                else:
                    selector.unregister(source)
                    other.shutdown(socket.SHUT_WR)
            except OSError:
                pass
    results = [json.loads(line) for line in open(report.name)]
    result = next(r for r in results if scenario in (r.get("scenario"), r.get("id")))
    findings = result.get("findings", [])
    rule = findings[0].get("rule") if findings else None
    with open(out, "w") as f:
        f.write(f"# {scenario} against a recorded gateway\nscenario {scenario}\nseed {seed}\nverdict {result['verdict']}\nrule {rule or '-'}\n")
        f.write("".join(line + "\n" for line in lines))
    print(f"{out}: {result['verdict']} {rule or ''} ({len(lines)} pieces)")


if __name__ == "__main__":
    main()
