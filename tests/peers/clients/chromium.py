#!/usr/bin/python3
"""The client on a headless Chromium: page.html, opened with the URL. Runs until SIGTERM, or until Chromium ends.

Exit code 77: no Chromium here.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from urllib.parse import urlencode

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if not program:
        sys.stderr.write("no Chromium: install the package chromium\n")
        return 77
    url = sys.argv[1] if len(sys.argv) > 1 else os.environ["GWSPEC_URL"]
    with tempfile.TemporaryDirectory(prefix="gwspec-chromium-", ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-extensions", "--disable-sync", f"--user-data-dir={profile}"]
        # A process group of its own: Chromium's children are stopped with it.
        browser = subprocess.Popen([program, *options, f"file://{HERE}/page.html?{urlencode({'url': url})}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os.killpg(browser.pid, signal.SIGKILL))
        browser.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
