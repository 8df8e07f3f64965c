"""Find the Chromium or Chrome that the browser tests drive, or install Debian's.

python tools/browser.py [--install]     prints its path
"""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from choreographer.browsers.chromium import Chromium

MISSING = (
    "No Chromium or Chrome was found for the browser tests: install one "
    "(Debian: apt-get install chromium), or set BROWSER_PATH to its path."
)


def find_browser() -> str | None:
    """Return the path of a browser: BROWSER_PATH, or what choreographer finds."""
    path = os.environ.get("BROWSER_PATH") or Chromium.find_browser(skip_local=False)
    return path if path and Path(path).is_file() else None


def find_shell() -> str | None:
    """Return the path of a Chromium that has no windows, of the same build; None if there is none.

    Debian has it as chromium-headless-shell, Playwright beside its own Chromium.
    """
    path = shutil.which("chromium-headless-shell") or shutil.which("chrome-headless-shell")
    kept = Path.home() / ".cache" / "ms-playwright"
    found = sorted(kept.glob("chromium_headless_shell-*/*/*headless*shell"))
    return path or (str(found[-1]) if found else None)


def install(package: str) -> None:
    """Install a package of Debian's with apt; needs root."""
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", package]):
        subprocess.run(command, stdout=sys.stderr, check=True)


def main(arguments: list[str]) -> str | None:
    """Print the browser's path, or return the sentence that says how to get one."""
    path = find_browser()
    may_install = (
        "--install" in arguments
        and not os.environ.get("BROWSER_PATH")
        and shutil.which("apt-get")
        and os.geteuid() == 0
    )
    if path is None and may_install:
        install("chromium")
        path = find_browser()
    if may_install and find_shell() is None:
        with suppress(subprocess.CalledProcessError):  # the tests are only slower without
            install("chromium-headless-shell")
    if path is None:
        return MISSING
    print(path)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
