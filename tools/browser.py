"""Find the Chromium or Chrome that the browser tests drive, or install Debian's.

python tools/browser.py [--install]     prints its path
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
MISSING = (
    "No Chromium or Chrome was found for the browser tests: install one "
    "(Debian: apt-get install chromium), or set BROWSER_PATH to its path."
)


def find_browser() -> str | None:
    """Return the path of a browser: BROWSER_PATH, or the first known name on the PATH."""
    named = os.environ.get("BROWSER_PATH")
    if named:
        return named if Path(named).is_file() else None
    found = [path for path in map(shutil.which, NAMES) if path]
    found += [path for path in MACOS if Path(path).is_file()]
    return found[0] if found else None


def install_browser() -> None:
    """Install Debian's Chromium with apt; needs root."""
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "chromium"]):
        subprocess.run(command, stdout=sys.stderr, check=True)


def main(arguments: list[str]) -> str | None:
    """Print the browser's path, or return the sentence that says how to get one."""
    path = find_browser()
    may_install = "--install" in arguments and not os.environ.get("BROWSER_PATH")
    if path is None and may_install and shutil.which("apt-get") and os.geteuid() == 0:
        install_browser()
        path = find_browser()
    if path is None:
        return MISSING
    print(path)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
