"""A line on the terminal that says how far a work has come."""

import sys
import time
from typing import TextIO

WIDTH = 24
"""Letters of the bar."""
REST = 0.1
"""Seconds between two pictures of it."""
TENTHS = 10


class Progress:
    """Draw a bar on a terminal, or a line every tenth of the way into a file; on standard error.

    Parameters
    ----------
    what : str
        One word or two: what is being done.
    total : int
        How much there is to do.
    quiet : bool
        Say nothing, unless it is a terminal.
    """

    def __init__(
        self, what: str, total: int, *, quiet: bool = False, out: TextIO | None = None
    ) -> None:
        self._out = out or sys.stderr
        self._what, self._total = what, max(1, total)
        self._terminal = self._out.isatty()
        self._silent = quiet and not self._terminal
        self._began = time.monotonic()
        self._first: int | None = None
        self._next = 0.0
        self._tenth = 0
        self._wide = 0

    def __call__(self, done: int, says: str = "") -> None:
        """Say that `done` of all is done, and a word more."""
        if self._first is None:
            self._first = done
        now = time.monotonic()
        if self._silent or (self._terminal and now < self._next and done < self._total):
            return
        self._next = now + REST
        if self._terminal:
            text = self._line(done, says, now)
            self._out.write(f"\r{text.ljust(self._wide)}")
            self._wide = len(text)
            self._out.flush()
        elif (tenth := TENTHS * done // self._total) > self._tenth:
            self._tenth = tenth
            print(f"{self._what} {done}/{self._total}{'  ' + says if says else ''}",
                  file=self._out, flush=True)  # fmt: skip

    def close(self) -> None:
        """End the line."""
        if self._terminal and self._wide:
            self._out.write("\n")
            self._out.flush()
            self._wide = 0

    def _line(self, done: int, says: str, now: float) -> str:
        full = WIDTH * done // self._total
        bar = "█" * full + "░" * (WIDTH - full)
        parts = [f"{self._what} {done}/{self._total} {bar}"]
        gained, passed = done - (self._first or 0), now - self._began
        if gained > 0 and done < self._total:
            parts.append(f"{(self._total - done) * passed / gained:.0f} s left")
        return "  ".join([*parts, *([says] if says else [])])
