"""What takes a visitor longer than a file: lectures and animations, made while they wait.

    POST   /rnnviz/make/<what>/<run>/<view>?...   begins; the answer names the work
    GET    /rnnviz/made/<work>                    how far it is
    GET    /rnnviz/made/<work>/file               the file, when it is there
    DELETE /rnnviz/made/<work>                    stops it, and forgets the file

A work is its visitor's alone: to others it does not exist. One at a time for a visitor, `MOST` for
all; a file that nobody fetches is forgotten.
"""

import asyncio
import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path

from rnnviz.errors import ExportError, RnnvizError
from rnnviz.words import N_, Words, t

log = logging.getLogger(__name__)

MOST = 12
"""Works in hand or waiting to be fetched, of all visitors."""
AT_ONCE = 2
"""Works that are made at the same time; others wait."""
KEPT = 600.0
"""Seconds until a file that nobody fetched is forgotten."""
STOPPED = N_("It was stopped.")
FAULT = N_("This could not be made: a fault of rnnviz's, the server's log has the details.")


@dataclass(eq=False)
class Work:
    """Something that is being made for a visitor."""

    owner: str
    name: str
    """Of the file, for the visitor."""
    path: Path
    done: int = 0
    total: int = 1
    says: str | Words = Words("waiting for its turn")
    error: str = ""
    ready: bool = False
    ended: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def tell(self, done: int, total: int, says: str | Words) -> None:
        """Note how far it is.

        Raises
        ------
        ExportError
            If the visitor does not want it any more.
        """
        if self.stop.is_set():
            raise ExportError(STOPPED)
        self.done, self.total, self.says = done, total, says


class Workshop:
    """Make what visitors want, in threads of its own, and keep it until it is fetched."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="rnnviz-made-"))
        self._hands = ThreadPoolExecutor(AT_ONCE, "rnnviz-make")

    def begin(self, owner: str, name: str, make: Callable[[Work], object]) -> str:
        """Begin a work, and return what it is called.

        Parameters
        ----------
        owner : str
            The visitor.
        name : str
            Of the file.
        make : callable
            Writes `work.path`, and says how far it is with `work.tell`.

        Raises
        ------
        ExportError
            If the visitor has one in hand, or there are too many.
        """
        self.sweep()
        if any(work.owner == owner and work.ended is None for work in self._works.values()):
            raise ExportError("Wait until what you asked for last is made, or stop it.")
        if len(self._works) >= MOST:
            raise ExportError("Many are packing lectures just now: try again in a minute.")
        token = secrets.token_urlsafe(16)
        work = Work(owner, name, self._folder / token)
        self._works[token] = work
        self._hands.submit(copy_context().run, self._make, work, make)  # it speaks as the visitor
        return token

    def find(self, owner: str, token: str) -> Work | None:
        """Return a visitor's work."""
        work = self._works.get(token)
        return work if work is not None and work.owner == owner else None

    def forget(self, token: str) -> None:
        """Stop a work, and remove its file."""
        work = self._works.pop(token, None)
        if work is not None:
            work.stop.set()
            if work.ended is not None:
                work.path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Forget what nobody has fetched."""
        before = time.monotonic() - KEPT
        for token, work in list(self._works.items()):
            if work.ended is not None and work.ended < before:
                self.forget(token)

    def close(self) -> None:
        """Stop all works and remove all files."""
        for token in list(self._works):
            self.forget(token)
        self._hands.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self, work: Work, make: Callable[[Work], object]) -> None:
        try:
            work.tell(0, 1, Words("beginning"))
            make(work)
            work.done, work.ready = work.total, True
        except RnnvizError as error:
            work.error = str(error)
        except asyncio.CancelledError:
            work.error = t(STOPPED)
        except Exception:  # one visitor's fault is not another's
            log.exception("%s could not be made", work.name)
            work.error = t(FAULT)
        finally:
            work.ended = time.monotonic()
            if work.stop.is_set():
                work.path.unlink(missing_ok=True)
