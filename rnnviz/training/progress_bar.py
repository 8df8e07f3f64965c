"""A bar that says how far a work is: on a terminal, or in a notebook, and nowhere else."""

import sys
import warnings
from typing import Any, Self, TextIO

FORM = "{desc} {n_fmt}/{total_fmt} |{bar}| {remaining} left{postfix}"
NOTEBOOK = "ipykernel.zmqshell"
"""The module that is loaded where a notebook runs this."""


class Bar:
    """Draw tqdm's bar on standard error; nothing is written into a file or a pipe.

    Parameters
    ----------
    what : str
        One word or two: what is being done.
    total : int
        How much there is to do.
    shown : bool
        False: draw nothing.
    """

    def __init__(
        self, what: str, total: int, *, shown: bool = True, out: TextIO | None = None
    ) -> None:
        with warnings.catch_warnings():  # a notebook without ipywidgets has a bar of letters
            warnings.filterwarnings("ignore", message="IProgress not found")
            from tqdm.auto import tqdm
        out = out or sys.stderr
        seen = out.isatty() or NOTEBOOK in sys.modules
        self._began = False
        self._bar: Any = tqdm(
            desc=what, total=max(1, total), file=out, disable=not (shown and seen),
            bar_format=FORM, miniters=1, dynamic_ncols=True,
        )  # fmt: skip

    def __call__(self, done: int, says: str = "") -> None:
        """Say that `done` of all is done, and a word more."""
        if not self._began:  # what was done before says nothing of how fast this is
            self._began = True
            self._bar.initial = self._bar.n = self._bar.last_print_n = done
        self._bar.set_postfix_str(says, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """End the line."""
        self._bar.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the line."""
        self.close()
