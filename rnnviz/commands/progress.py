"""How far a command has come: a bar on a terminal, lines in a file."""

import sys
from typing import TextIO

from rnnviz.training.progress_bar import Bar

TENTHS = 10


class ProgressBar(Bar):
    """Draw a bar on a terminal, or a line every tenth of the way into a file; on standard error.

    The lines are ours: tqdm would write its bar into a file again and again.

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
        super().__init__(what, total, out=self._out)
        self._what, self._total = what, max(1, total)
        self._lines = not self._out.isatty() and not quiet
        self._tenth = 0

    def __call__(self, done: int, says: str = "") -> None:
        """Say that `done` of all is done, and a word more."""
        super().__call__(done, says)
        tenth = TENTHS * done // self._total
        if self._lines and tenth > self._tenth:
            self._tenth = tenth
            told = f"{self._what} {done}/{self._total}{'  ' + says if says else ''}"
            print(told, file=self._out, flush=True)
