#!/usr/bin/python3
"""End to end: lists of expected failures and retries, as a user walks through them.

    expected_test.py BIN
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import xml.etree.ElementTree as ET

BIN = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SILENT = "heartbeat/silent-client-is-dropped"
NEVER = ("--simulate", "--seed", "1", "--fault", "timeout-late")  # drops silent clients much too late


def gwspec(*args):
    done = subprocess.run([f"{BIN}/gwspec", *args], capture_output=True, text=True, timeout=60, cwd=ROOT, env=dict(os.environ, NO_COLOR="1"))
    return done.returncode, done.stdout, done.stderr


class Flaky:
    """The reference gateway behind a relay that holds back what the server says on the first `bad` connections."""

    def __init__(self, bad):
        self.bad, self.seen = bad, 0
        self.server = subprocess.Popen([f"{BIN}/gwspec-server", "--port", "0", "--control-port", "0", "--quiet"], stdout=subprocess.PIPE,
                                       text=True)
        self.port = int(re.search(r"ws=ws://127.0.0.1:(\d+)", self.server.stdout.readline()).group(1))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/gateway"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            request = client.recv(4096)
            self.seen += bool(request)
            # The first is the look whether somebody is there.
            threading.Thread(target=self.relay, args=(client, request, 1 < self.seen <= 1 + self.bad), daemon=True).start()

    def relay(self, client, request, spoilt):
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            if request:
                server.sendall(request)
            threading.Thread(target=self.pump, args=(client, server), daemon=True).start()
            if spoilt:  # the 101 passes, hello is lost, and the connection ends
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += server.recv(1)
                client.sendall(head)
                client.shutdown(socket.SHUT_RDWR)
                return
            self.pump(server, client)

    @staticmethod
    def pump(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.server.terminate()
        self.server.wait(10)
        self.server.stdout.close()


class ExpectedFailures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "known.yaml")
        self.report = os.path.join(folder.name, "report")

    def write(self, text):
        with open(self.path, "w") as f:
            f.write(text)
        return "--expected-failures", self.path

    def test_a_baseline_is_written_and_then_holds(self):
        code, out, err = gwspec("run", "heartbeat", *NEVER, "--write-expected-failures", self.path)
        self.assertEqual(code, 1, out + err)
        with open(self.path) as f:
            entries = [line for line in f if line.startswith("- ")]
        self.assertEqual(len(entries), int(re.search(r"(\d+) fail", out.splitlines()[-2]).group(1)))
        code, out, err = gwspec("run", "heartbeat", *NEVER, "--expected-failures", self.path)
        self.assertEqual(code, 0, out + err)
        self.assertIn(f"Conforms. Known failures: {len(entries)}.", out)
        # Again from the baseline: the reasons that somebody wrote are kept.
        with open(self.path) as f:
            text = f.read()
        self.write(re.sub(r'(silent-client-is-dropped", reason: )"[^"]*"', r'\1"ticket 7"', text))
        again = self.path + ".again"
        code, out, err = gwspec("run", "heartbeat", *NEVER, "--expected-failures", self.path, "--write-expected-failures", again)
        self.assertEqual(code, 0, out + err)
        with open(again) as f:
            self.assertIn(f'- {{scenario: "{SILENT}", reason: "ticket 7"}}', f.read())

    def test_a_baseline_is_empty_where_nothing_fails(self):
        code, out, err = gwspec("run", "hello", "--simulate", "--seed", "1", "--write-expected-failures", self.path)
        self.assertEqual(code, 0, out + err)
        with open(self.path) as f:
            self.assertNotIn("- {", f.read())
        code, out, err = gwspec("run", "hello", "--simulate", "--seed", "1", "--expected-failures", self.path)
        self.assertEqual(code, 0, out + err)
        code, out, err = gwspec("check", self.path)
        self.assertEqual(code, 0, out + err)
        known = self.write("# the last entry was removed\n")
        code, out, err = gwspec("run", "hello", "--simulate", "--seed", "1", *known)
        self.assertEqual(code, 0, out + err)

    def test_entries_that_still_hold_are_kept_whole(self):
        folder, passing = os.path.dirname(SILENT), "heartbeat/keeps-alive"
        entries = [f'- {{scenario: "{SILENT}", reason: "ticket 7", observed: "still open"}}',
                   '- {scenario: "hello/*", reason: "now \\"and\\" then", flaky: true}',
                   f'- {{scenario: "{passing}", reason: "it passes now"}}',
                   '- {scenario: "nothing/*", reason: "gone"}',
                   '- {scenario: "events/*", reason: "not run this time"}']
        text = self.refresh("\n".join(entries), SILENT, "hello/at-once", passing)
        self.assertEqual(text, [entries[0], entries[1], entries[4]])
        code, out, err = gwspec("run", SILENT, "hello/at-once", *NEVER, *self.write("\n".join(text)))
        self.assertEqual(code, 0, out + err)
        # A pattern of which one scenario passes holds for the others only.
        text = self.refresh(f'- {{scenario: "{folder}/*", reason: "ticket 8", observed: "still open"}}', SILENT, passing)
        self.assertIn(entries[0].replace("ticket 7", "ticket 8"), text)
        self.assertNotIn(passing, [json.loads(line.split(", ")[0].split(": ")[1]) for line in text])
        self.assertGreater(len(text), 2)
        # Another failure than the pinned one is on the list as it is seen, not as it was.
        text = self.refresh(f'- {{scenario: "{SILENT}", reason: "ticket 9", observed: "closed with 1006"}}', SILENT)
        self.assertEqual([line.split('"')[1] for line in text], [SILENT])
        self.assertNotIn("1006", text[0])

    def refresh(self, entries, *patterns):
        code, out, err = gwspec("run", *patterns, *NEVER, *self.write(entries + "\n"), "--write-expected-failures", self.path)
        self.assertEqual(code, 1, out + err)
        with open(self.path) as f:
            return [line.rstrip("\n") for line in f if line.startswith("- ")]

    def test_a_list_outlives_a_run_that_is_not_complete(self):
        text = f'- {{scenario: {SILENT}, reason: "ticket 7"}}\n'
        self.write(text)
        with socket.socket() as taken:  # bound and not listening: connections are refused
            taken.bind(("127.0.0.1", 0))
            code, out, err = gwspec("run", "hello", "--url", f"ws://127.0.0.1:{taken.getsockname()[1]}/", "--write-expected-failures", self.path)
        self.assertEqual(code, 3, out + err)
        self.assert_kept(text)
        self.assertIn(f"gwspec: {self.path} is not written: the target was not reached\n", err)
        for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
            with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts and never answers, so that the run is still going
                run = subprocess.Popen([f"{BIN}/gwspec", "run", "hello", "--url", f"ws://127.0.0.1:{silent.getsockname()[1]}/",
                                        "--write-expected-failures", self.path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                connection, _ = silent.accept()
                run.send_signal(number)
                _, err = run.communicate(timeout=60)
                connection.close()
            self.assertEqual(run.returncode, code, err)
            self.assert_kept(text)
            self.assertEqual("is not written: the run was interrupted" in err, code == 130, err)

    def assert_kept(self, text):
        with open(self.path) as f:
            self.assertEqual(f.read(), text)
        self.assertEqual(os.listdir(os.path.dirname(self.path)), [os.path.basename(self.path)])

    def test_a_list_is_replaced_where_it_stands_and_told_at_the_start_where_it_cannot_be(self):
        text = f'- {{scenario: {SILENT}, reason: "ticket 7"}}\n'
        self.write(text)
        os.chmod(self.path, 0o640)
        with open(self.path) as old:
            self.refresh(text.rstrip(), SILENT, "heartbeat")
            self.assertEqual(old.read(), text)  # another file has taken its place
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o640)
        link = self.path + ".link"
        os.symlink("known.yaml", link)
        code, out, err = gwspec("run", "hello", "--simulate", "--seed", "1", "--write-expected-failures", link)
        self.assertEqual(code, 0, out + err)
        self.assertTrue(os.path.islink(link))
        with open(self.path) as f:
            self.assertIn("[]", f.read())
        code, out, err = gwspec("run", "hello", "--simulate", "--seed", "1", "--write-expected-failures", "/dev/stdout")
        self.assertEqual(code, 0, out + err)
        self.assertIn("[]", out)
        for path, why in ((self.path + "/below", "Not a directory"), (os.path.dirname(self.path), "Is a directory"),
                          (self.path + ".none/list", "No such file or directory")):
            code, out, err = gwspec("run", "hello", "--simulate", "--write-expected-failures", path)
            self.assertEqual((code, out, err), (2, "", f"gwspec: {path}: cannot be written: {why}\n"))

    def test_a_listed_failure_does_not_fail_the_run_but_another_does(self):
        known = self.write(f'- {{scenario: {SILENT}, reason: "ticket 7"}}\n')
        code, out, err = gwspec("run", SILENT, *NEVER, *known, "--report", f"junit={self.report}")
        self.assertEqual(code, 0, out + err)
        self.assertIn("1 known-fail", out)
        case = ET.parse(self.report).getroot().find(".//testcase")
        self.assertIsNone(case.find("failure"))
        self.assertIn("ticket 7", case.find("skipped").get("message"))
        code, out, err = gwspec("run", "heartbeat", *NEVER, *known)
        self.assertEqual(code, 1, out + err)
        self.assertIn("Does not conform: S6.", out)

    def test_a_listed_scenario_that_passes_fails_the_run(self):
        known = self.write(f'- {{scenario: {SILENT}, reason: "ticket 7"}}\n')
        code, out, err = gwspec("run", SILENT, "--simulate", "--seed", "1", *known, "--report", f"json={self.report}")
        self.assertEqual(code, 1, out + err)
        self.assertIn(f"UNEXPECTED-PASS  {SILENT}", out)
        block = re.search(r"UNEXPECTED-PASS  .*\n(?:  .*\n)*", out).group(0)
        self.assertEqual(re.findall(r"^  (expected|observed)   (.*)", block, re.M),
                         [("expected", "a failure: ticket 7"), ("observed", "it passes; the expected failure is to be removed from the list")])
        self.assertIn("Expected failures that pass: 1.", out)
        with open(self.report) as f:
            verdicts = [row["verdict"] for row in map(json.loads, f) if row["type"] == "result"]
        self.assertEqual(verdicts, ["unexpected-pass"])
        code, out, err = gwspec("run", SILENT, "--simulate", "--seed", "1",
                                *self.write(f'- {{scenario: {SILENT}, reason: "ticket 7", flaky: true}}\n'))
        self.assertEqual(code, 0, out + err)

    def test_a_pattern_that_matches_nothing_fails_the_run(self):
        code, out, err = gwspec("run", SILENT, "--simulate", "--seed", "1", *self.write('- {scenario: "nothing/*", reason: "ticket 8"}\n'))
        self.assertEqual(code, 1, out + err)
        self.assertIn("expected failure 'nothing/*' matches no scenario (ticket 8)", out)

    def test_a_pinned_text_lets_only_that_failure_through(self):
        pin = f'- {{scenario: {SILENT}, reason: "ticket 7", observed: "%s"}}\n'
        code, out, err = gwspec("run", SILENT, *NEVER, *self.write(pin % "still open after 2050"))
        self.assertEqual(code, 0, out + err)
        code, out, err = gwspec("run", SILENT, *NEVER, *self.write(pin % "closed with 1006" + pin % "still open"))
        self.assertEqual(code, 0, out + err)
        code, out, err = gwspec("run", SILENT, *NEVER, *self.write(pin % "closed with 1006"))
        self.assertEqual(code, 1, out + err)
        self.assertIn(f"FAIL  {SILENT}", out)
        self.assertIn('on the list of expected failures, with "closed with 1006"', re.sub(r"\s+", " ", out))

    def test_a_list_stands_alone_or_below_its_key(self):
        entry = f'- {{scenario: {SILENT}, reason: "ticket 7"}}\n'
        for text in (entry, f"expected-failures:\n  {entry}"):
            known = self.write(text)
            code, out, err = gwspec("run", SILENT, *NEVER, *known)
            self.assertEqual((code, "1 known-fail" in out), (0, True), out + err)
            code, out, err = gwspec("check", self.path)
            self.assertEqual((code, out), (0, f"{self.path}: ok\n"), err)
        self.write(f"expected-failures:\n  {entry}limit: 3\n")
        for words in (("check", self.path), ("run", SILENT, "--simulate", *known)):
            code, out, err = gwspec(*words)
            self.assertEqual(code, 2, out + err)
            self.assertIn(f"{self.path}:3:1: error: unknown key 'limit' in a file of expected failures", err)

    def test_a_wrong_list_is_told_with_its_place(self):
        code, out, err = gwspec("run", SILENT, "--simulate", *self.write(f"- {{scenario: {SILENT}, reasons: x}}\n"))
        self.assertEqual(code, 2, out + err)
        self.assertIn(f"{self.path}:1:{len(SILENT) + 16}: error: unknown key 'reasons'", err)
        code, out, err = gwspec("run", SILENT, "--simulate", "--expected-failures", self.path + ".none")
        self.assertEqual(code, 2, out + err)
        self.assertIn(".none: error: No such file or directory", err)

    def run_flaky(self, bad, *options):
        with Flaky(bad) as gateway:
            code, out, err = gwspec("run", "hello/at-once", "--url", gateway.url, "--report", f"json={self.report}", *options)
        with open(self.report) as f:
            return code, out + err, next(row for row in map(json.loads, f) if row["type"] == "result")

    def test_without_retries_one_failure_decides(self):
        code, text, result = self.run_flaky(1)
        self.assertEqual((code, result["verdict"], result["retries"], result["flaky"]), (1, "fail", 0, None), text)

    def test_a_retry_that_passes_is_marked_flaky(self):
        code, text, result = self.run_flaky(1, "--retries", "2")
        self.assertEqual((code, result["verdict"], result["retries"]), (0, "pass", 1), text)
        self.assertIn("S2: ", result["flaky"])
        self.assertIn("Flaky, passed when run again: hello/at-once (1).", text)

    def test_retries_that_all_fail_leave_a_failure(self):
        code, text, result = self.run_flaky(100, "--retries", "2")
        self.assertEqual((code, result["verdict"], result["retries"], result["flaky"]), (1, "fail", 2, None), text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
