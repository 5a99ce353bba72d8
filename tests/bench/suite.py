#!/usr/bin/python3
"""Benchmark: the whole suite over sockets against the reference server, wall time against its longest scenario (the floor), and
how late the harness itself was; then the same suite simulated.

    suite.py BIN [ROUNDS]
"""
import json
import subprocess
import sys
import tempfile


def run(bin_dir, *options):
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as report:
        subprocess.run([f"{bin_dir}/gwspec", "run", "--report", f"json={report.name}", *options], capture_output=True, check=False)
        return json.loads(list(open(report.name))[-1])


def main():
    bin_dir, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(f"{'':10}{'verdict':>18}{'judged':>8}{'wall s':>8}{'longest s':>11}{'ratio':>7}{'scenarios/s':>13}{'late p50':>10}{'p99':>9}{'max':>9}")
    for n in range(rounds + 1):
        simulated = n == rounds
        row = run(bin_dir, "--seed", str(n + 1), *(["--simulate"] if simulated else []))
        wall, longest = row["elapsed_ns"] / 1e9, row["longest_ns"] / 1e9
        late = [f"{row[f'lateness_{k}_ns'] / 1e3:.0f} us" for k in ("p50", "p99", "max")]
        print(f"{'simulated' if simulated else 'sockets':10}{row['conformance']:>18}{row['judged']:>8}{wall:>8.2f}{longest:>11.2f}"
              f"{'' if simulated else f'{wall / longest:.2f}':>7}{row['judged'] / wall:>13.0f}"
              + ("" if simulated else f"{late[0]:>10}{late[1]:>9}{late[2]:>9}"))


if __name__ == "__main__":
    main()
