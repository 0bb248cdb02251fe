"""Runs the browser tests on Debian's Chromium, which it installs where it is missing (needs root then).

Arguments go to pytest.
"""

import subprocess
import sys
from pathlib import Path

from tests.services.debian import ensure

CHROMIUM = Path("/usr/bin/chromium")


def main(pytest_arguments: list[str]) -> int:
    """The exit status of pytest, or 1 with a sentence when there is no browser to be had."""
    ensure({CHROMIUM: "chromium"}, "make test-browser")
    version = subprocess.run([CHROMIUM, "--version"], capture_output=True, text=True, check=True)
    print(f"Browser: {version.stdout.strip()}", flush=True)
    print("Left out: every test without the marker `browser`; `make test` runs those.", flush=True)
    command = [sys.executable, "-m", "pytest", "-m", "browser", *pytest_arguments]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
