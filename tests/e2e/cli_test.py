#!/usr/bin/env python3
"""The real program, as a user calls it: exit codes, output, error lines, report files. No network but one refused port."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

PROGRAM = os.path.abspath(sys.argv.pop(1))
HERE = os.path.dirname(os.path.abspath(__file__))
# Scenarios only: protocol and requirements are the built-in ones, which always fit the program.
CATALOGUE = os.path.join(HERE, "cli_catalogue")
CLAUSE = "If a nonzero value is received and none of the negotiated extensions"
DEADLINE = 60


def gwspec(*words, catalogue=True, cwd=None, env=None):
    command = [PROGRAM, *words] + (["--scenarios", CATALOGUE] if catalogue else [])
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, cwd=cwd,
                          env={**os.environ, **(env or {})}, check=False)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)
        return self.path(name)

    def assert_run(self, result, code):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)

    def assert_complaint(self, result, line, code=2):
        self.assert_run(result, code)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr, "gwspec: " + line + "\n")


class Usage(Case):
    def test_help_and_version(self):
        for words in (["help"], ["--help"], ["help", "run"], ["run", "--help"]):
            result = gwspec(*words, catalogue=False)
            self.assert_run(result, 0)
            self.assertIn("Usage: gwspec", result.stdout)
        self.assertRegex(gwspec("--version", catalogue=False).stdout, r"^gwspec \d+\.\d+\.\d+\n$")

    def test_mistakes_are_one_line(self):
        self.assert_complaint(gwspec(catalogue=False), "no command, see 'gwspec help'")
        self.assert_complaint(gwspec("rnu", catalogue=False), "unknown command 'rnu' (did you mean 'run'?)")
        self.assert_complaint(gwspec("run", "--strct"), "unknown option '--strct' (did you mean '--strict'?)")
        self.assert_complaint(gwspec("run", "heartbaet", "--simulate"),
                              "no scenario matches 'heartbaet' (did you mean 'heartbeat'?)")
        self.assert_complaint(gwspec("run", "--tag", "none", "--simulate"), "no scenario is left by --tag none")
        self.assert_complaint(gwspec("run", "--simulate", "--fault", "accepts-rsv"),
                              "unknown fault 'accepts-rsv' (did you mean 'accepts-rsv1'?)")
        self.assert_complaint(gwspec("run", "--simulate", "--report", "json=/nonexistent/x"),
                              "report /nonexistent/x: No such file or directory")

    def test_a_protocol_that_is_not_there_is_told_by_the_option(self):
        for name, guess in (("nope", "there are: discord-10, engineio-4, "), ("gatway", "did you mean 'gateway'?); ")):
            result = gwspec("list", "--protocol", name)
            self.assert_run(result, 2)
            self.assertTrue(result.stderr.startswith(f"--protocol: error: there is no protocol '{name}' ({guess}"), result.stderr)

    def test_an_empty_folder_of_scenarios_is_named(self):
        for words in (["list"], ["run", "--simulate"], ["fuzz-convert", "hello"]):
            self.assert_complaint(gwspec(*words, "--scenarios", self.folder.name, catalogue=False),
                                  f"there are no scenarios in '{self.folder.name}'")

    def test_missing_files_are_named(self):
        for words in (["run", "--target", "/nonexistent/t.yaml"], ["check", "/nonexistent/s.yaml"],
                      ["run", "/nonexistent/s.yaml", "--simulate"]):
            result = gwspec(*words)
            self.assert_run(result, 2)
            self.assertIn(words[1] if words[1].startswith("/") else words[2], result.stderr)
            self.assertIn("No such file or directory", result.stderr)


class Convert(Case):
    # A server of the usual interval; a client that connects and sends one heartbeat in four frames, 20 times.
    SESSION = bytes([0x00, 0x40, 0xc5, 1, 12, 19])

    def test_there_and_back_and_there_again_is_the_same(self):
        with open(self.path("finding"), "wb") as stream:
            stream.write(self.SESSION)
        first, back, second = self.path("finding.yaml"), self.path("finding.bin"), self.path("again.yaml")
        self.assert_run(gwspec("fuzz-convert", self.path("finding"), "-o", first), 0)
        self.assert_run(gwspec("fuzz-convert", first, "-o", back), 0)
        self.assert_run(gwspec("fuzz-convert", back, "-o", second), 0)
        with open(first, encoding="utf-8") as one, open(second, encoding="utf-8") as other:
            text = one.read()
            self.assertEqual(text, other.read())
        self.assertIn('title: "the session finding"\n', text)
        self.assert_run(gwspec("check", first), 0)

    def test_of_several_scenarios_those_that_are_no_sessions_are_told_and_counted(self):
        folder = self.path("seeds")
        os.mkdir(folder)
        result = gwspec("fuzz-convert", "*", "-o", folder)
        self.assert_run(result, 0)
        self.assertEqual(result.stdout, f"5 of 5 scenarios are sessions in {folder}\n")
        mine = self.write("mine.yaml", "title: mine\nrequires: [S2]\nfor-each: {what: [x, '${a.id}']}\nsteps:\n"
                                       "  - connect: {as: a}\n  - send: {on: a, text: '${what}'}\n")
        result = gwspec("fuzz-convert", mine, "-o", folder)
        self.assert_run(result, 2)
        self.assertEqual(result.stdout, f"1 of 2 scenarios are sessions in {folder}; without a counterpart: 1\n")
        self.assertRegex(result.stderr, r"^gwspec: .*:6:5: a reference \$\{\.\.\.\} has no counterpart in a session\n$")
        self.assertEqual(len(os.listdir(folder)), 6)

    def test_what_cannot_be_written_ends_it(self):
        result = gwspec("fuzz-convert", "framing", "-o", "/proc")
        self.assert_run(result, 4)
        self.assertEqual(result.stdout, "0 of 3 scenarios are sessions in /proc\n")
        self.assertRegex(result.stderr, r"^gwspec: cannot write '/proc/[^\n]*\n$")


class Catalogue(Case):
    def test_list(self):
        ids = gwspec("list", "--ids").stdout.split()
        self.assertEqual(ids, ["framing/reserved-bit/1", "framing/reserved-bit/2", "framing/reserved-bit/3",
                               "heartbeat/silent-client-is-dropped", "hello/is-first"])
        self.assertEqual(gwspec("list", "framing/*/2", "--ids").stdout, "framing/reserved-bit/2\n")
        self.assertEqual(gwspec("list", "--tag", "quick", "--ids").stdout, "hello/is-first\n")
        self.assertRegex(gwspec("list", "hello").stdout, r"^hello/is-first  S2  MUST    hello is the first message\n$")

    def test_explain(self):
        scenario = gwspec("explain", "framing/reserved-bit/2").stdout
        self.assertIn('"' + CLAUSE, scenario)
        self.assertIn("(RFC 6455 section 5.2)", " ".join(scenario.split()))  # wherever the line was broken
        self.assertIn("reserved bits 2", scenario)
        self.assertIn("accepts-rsv1", scenario)
        requirement = gwspec("explain", "S6").stdout
        self.assertIn("heartbeat/silent-client-is-dropped", requirement)
        self.assertIn("timeout-never", requirement)
        fault = gwspec("explain", "timeout-never").stdout
        self.assertIn("S6  MUST", fault)
        self.assertIn("heartbeat/silent-client-is-dropped", fault)
        self.assert_complaint(gwspec("explain", "timeout-nevr"),
                              "no scenario, requirement or fault is named 'timeout-nevr' "
                              "(did you mean 'timeout-never'?)")

    def test_coverage_fails_on_an_untested_must(self):
        result = gwspec("coverage")
        self.assert_run(result, 1)
        self.assertIn("S1 is a MUST that can be observed, and no scenario tests it\n", result.stdout)
        self.assertNotIn("S6 is a MUST", result.stdout)
        self.assertIn("| S6 | MUST |", gwspec("coverage", "--markdown").stdout)

    def test_check(self):
        result = gwspec("check", CATALOGUE)
        self.assert_run(result, 0)
        self.assertEqual(len(result.stdout.splitlines()), 3)
        self.assertTrue(all(line.endswith(": ok") for line in result.stdout.splitlines()))

    def test_a_folder_of_its_own_tables_is_taken_at_its_word(self):
        os.mkdir(self.path("requirements"))
        self.write("requirements/few.yaml", "source: a document\nrequirements:\n"
                                            "  S1: {title: one, role: server, level: must, clause: one}\n")
        result = gwspec("list", "--scenarios", self.folder.name, catalogue=False)
        self.assert_run(result, 2)
        self.assertIn("names the unknown requirement", result.stderr)

    def test_check_tells_place_and_suggestion(self):
        wrong = self.write("mine.yaml", "title: mine\nrequires: [S2]\nsteps:\n  - connect: {as: alice}\n"
                                        "  - expect: {on: alice, event: hello, witin: 1s}\n")
        good = os.path.join(CATALOGUE, "hello", "is-first.yaml")
        result = gwspec("check", wrong, good)
        self.assert_run(result, 2)
        self.assertIn(f"{wrong}:5:", result.stderr)
        self.assertIn("(did you mean 'within'?)", result.stderr)
        self.assertIn("^~~~~", result.stderr)
        self.assertEqual(result.stdout, f"{good}: ok\n")


class Run(Case):
    def test_conforming_run(self):
        result = gwspec("run", "--simulate", "--seed", "1")
        self.assert_run(result, 0)
        self.assertIn("target simulation  seed 1\n", result.stdout)
        self.assertIn("  framing          3    3 pass\n", result.stdout)
        self.assertTrue(result.stdout.endswith("\nConforms.\n"))
        self.assertNotIn("\033", result.stdout)

    def test_failing_run_quotes_the_clause_and_can_be_repeated(self):
        words = ["--simulate", "--fault", "accepts-rsv1", "--seed", "7"]
        result = gwspec("run", *words)
        self.assert_run(result, 1)
        self.assertIn("FAIL  framing/reserved-bit/1", result.stdout)
        self.assertIn('"' + CLAUSE, result.stdout)
        self.assertTrue(result.stdout.endswith("\nDoes not conform: RFC 6455 5.2.\n"))
        rerun = [line.split() for line in result.stdout.splitlines() if line.startswith("  rerun")][0]
        self.assertEqual(rerun[1:3], ["gwspec", "run"])
        again = gwspec(*rerun[2:], catalogue=False)
        self.assert_run(again, 1)
        self.assertIn("FAIL  framing/reserved-bit/1", again.stdout)

    def test_own_file_is_run_by_its_path(self):
        self.write("mine.yaml", "title: mine\nrequires: [S2]\nsteps:\n  - connect: {as: alice}\n"
                                "  - expect-none: {on: alice, event: hello, for: 100ms}\n")
        result = gwspec("run", "mine.yaml", "--simulate", cwd=self.folder.name)
        self.assert_run(result, 1)
        self.assertIn("FAIL  mine", result.stdout)
        self.assertIn("gwspec run mine.yaml --simulate", result.stdout)
        self.assertIn("1 of 1 scenario judged", result.stdout)
        result = gwspec("list", "mine.yaml", cwd=self.folder.name)
        self.assertEqual(result.stdout, "mine  S2  MUST    mine\n", result.stderr)
        result = gwspec("explain", "mine.yaml", cwd=self.folder.name)
        self.assert_run(result, 0)
        self.assertRegex(result.stdout, r"(?s)^mine\n  mine\n\n  file       mine.yaml\n.*Steps\n   1\. ")
        self.write("wrong.yaml", "title: mine\nrequires: [S2]\n")
        for command in ("list", "explain"):
            result = gwspec(command, "wrong.yaml", cwd=self.folder.name)
            self.assert_run(result, 2)
            self.assertEqual(result.stdout, "")
            self.assertIn("wrong.yaml:1:1: error: ", result.stderr)
            self.assertNotIn("gwspec:", result.stderr)

    def test_reports_are_read_back(self):
        junit, lines, page = self.path("j.xml"), self.path("r.jsonl"), self.path("r.html")
        self.assert_run(gwspec("run", "--simulate", "--fault", "accepts-rsv1", "--report", f"junit={junit}",
                               "--report", f"json={lines}", "--report", f"html={page}"), 1)
        root = ElementTree.parse(junit).getroot()
        self.assertEqual((root.get("tests"), root.get("failures")), ("5", "1"))
        self.assertEqual([suite.get("name") for suite in root.iter("testsuite")], ["framing", "heartbeat", "hello"])
        failure = root.find(".//failure")
        self.assertIn("RFC6455-5.2-R1: expected", failure.get("message"))
        with open(lines, encoding="utf-8") as stream:
            records = [json.loads(line) for line in stream]
        self.assertEqual([record["type"] for record in records], ["run"] + ["result"] * 5 + ["summary"])
        self.assertEqual(records[-1]["exit"], 1)
        self.assertEqual(sorted(record["verdict"] for record in records[1:-1]), ["fail"] + ["pass"] * 4)
        body = ElementTree.parse(page).getroot().find("body")
        self.assertEqual(body.find("h1").text, "Does not conform: RFC 6455 5.2")
        tiles = [tile.get("class") for tile in body.iter() if tile.get("title")]
        self.assertEqual(sorted(tiles), ["fail"] + ["pass"] * 4)
        self.assertEqual(len(list(body.iter("svg"))), 1)

    def test_a_file_that_the_run_reads_is_not_written_over(self):
        texts = {"known.yaml": "[]\n", "own.yaml": "title: t\nrequires: [S1]\nsteps:\n  - connect: {as: alice}\n"}
        for name, text in texts.items():
            self.write(name, text)
        for option, words, named in (("--report", "junit=known.yaml", "--expected-failures known.yaml"), ("--report", "json=./own.yaml", "own.yaml"),
                                     ("--write-expected-failures", "own.yaml", "own.yaml")):
            self.assert_complaint(gwspec("run", "own.yaml", "--simulate", "--expected-failures", "known.yaml", option, words, cwd=self.folder.name),
                                  f"{option} {words} would write over {named}")
        for name, text in texts.items():
            with open(self.path(name), encoding="utf-8") as stream:
                self.assertEqual(stream.read(), text)
        # The list itself may be renewed.
        self.assert_run(gwspec("run", "own.yaml", "--simulate", "--expected-failures", "known.yaml", "--write-expected-failures", "known.yaml",
                               cwd=self.folder.name), 0)

    def test_two_outputs_in_one_file_are_refused(self):
        known = self.write("known.yaml", "[]\n")
        os.symlink(known, self.path("link.yaml"))
        os.symlink(self.folder.name, self.path("here"))
        for a, b in (("new", "new"), ("new", "./new"), ("new", "here/new"), ("known.yaml", "link.yaml"), ("known.yaml", known)):
            self.assert_complaint(gwspec("run", "--simulate", "--report", f"junit={a}", "--report", f"html={b}", cwd=self.folder.name),
                                  f"--report junit={a} and --report html={b} go to the same file")
            self.assert_complaint(gwspec("run", "--simulate", "--report", f"json={a}", "--write-expected-failures", b, cwd=self.folder.name),
                                  f"--report json={a} and --write-expected-failures go to the same file")
        with open(known, encoding="utf-8") as stream:
            self.assertEqual(stream.read(), "[]\n")
        self.assertFalse(os.path.exists(self.path("new")))
        os.mkdir(self.path("sub"))
        for a, b in (("new", "sub/new"), ("new", "new2"), ("/dev/null", "/dev/null"), ("known.yaml", "new")):
            self.assert_run(gwspec("run", "--simulate", "--report", f"junit={a}", "--report", f"html={b}", cwd=self.folder.name), 0)
            if a == "new":
                os.remove(self.path(a))

    def test_verbose_shows_the_wire_log_of_a_pass(self):
        result = gwspec("run", "hello", "--simulate", "--verbose")
        self.assert_run(result, 0)
        self.assertRegex(result.stdout, r"pass  hello/is-first\n  \+ +\d+\.\d ms  > GET /gateway")

    def test_unreachable_target_is_one_line(self):
        with socket.socket() as taken:  # bound and not listening: connections are refused
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            result = gwspec("run", "--url", f"ws://127.0.0.1:{port}/gateway", *self.reports())
        self.assert_run(result, 3)
        self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertIn(f"127.0.0.1:{port}", result.stderr)
        self.assertIn("refused", result.stderr)
        self.assert_early_end("target-unreachable", result.stderr.removeprefix("gwspec: ").rstrip(), 3)

    def reports(self):
        """The options that ask for one of each kind."""
        return [word for kind in ("junit", "json", "html") for word in ("--report", f"{kind}={self.path(kind)}")]

    def assert_early_end(self, end, message, code):
        """Each report says how the run ended; nobody's verdict stands in it."""
        root = ElementTree.parse(self.path("junit")).getroot()
        self.assertEqual((root.get("tests"), root.get("failures"), root.get("errors")), ("1", "0", "1"))
        error = root.find(".//testcase/error")
        self.assertEqual((error.get("type"), error.get("message"), error.text), (end, message, message))
        with open(self.path("json"), encoding="utf-8") as stream:
            summary = [json.loads(line) for line in stream][-1]
        self.assertEqual([summary[key] for key in ("type", "end", "message", "exit")], ["summary", end, message, code])
        body = ElementTree.parse(self.path("html")).getroot().find("body")
        self.assertEqual(body.find("p[@class='early']").text, "The run ended early: " + message)

    def test_a_reader_that_went_away_is_told_once(self):
        command = [PROGRAM, "run", "framing", "close", "--simulate", "--verbose", *self.reports()]  # more than fits into a pipe
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN)) as process:
            os.read(process.stdout.fileno(), 1)
            process.stdout.close()
            errors = process.stderr.read()
        self.assertEqual((process.returncode, errors), (4, "gwspec: standard output: Broken pipe\n"))
        with open(self.path("json"), encoding="utf-8") as stream:
            self.assertEqual(json.loads(stream.readlines()[-1])["exit"], 4)

    def test_interrupt_ends_with_130(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with socket.socket() as silent:  # accepts and never answers, so that the run is still going
                silent.bind(("127.0.0.1", 0))
                silent.listen(16)
                command = [PROGRAM, "run", *self.reports(), "--scenarios", CATALOGUE, "--url",
                           f"ws://127.0.0.1:{silent.getsockname()[1]}/gateway"]
                with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)) as process:
                    silent.settimeout(10)
                    connection, _ = silent.accept()
                    process.send_signal(number)
                    _, errors = process.communicate(timeout=DEADLINE)
                    connection.close()
            self.assertEqual(process.returncode, 130, errors)
            self.assertIn("interrupted", errors)
            self.assert_early_end("interrupted", "interrupted before the first scenario", 130)


if __name__ == "__main__":
    unittest.main()
