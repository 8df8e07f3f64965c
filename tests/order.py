"""In which order the tests run, which processes share them, and which have the machine alone.

`make test` runs the tests in two processes. A test whose bound is in seconds of a clock is marked
`alone`: while it runs, no other does.
"""

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSER = "tests/browser/"


def is_alone(item: pytest.Item | None) -> bool:
    return item is not None and item.get_closest_marker("alone") is not None


def arrange(items: list[pytest.Item]) -> None:
    """Put first those that want the machine to themselves, and last the browser's.

    Playwright keeps an event loop, beside which no other can run in its process.
    """
    items.sort(key=lambda item: (item.nodeid.startswith(BROWSER), not is_alone(item)))


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Return what hands out tests to processes, in their order: a file's together.

    They share what their file has made once. All files in the browser share the same; handed out
    one by one, its tests let the processes end together.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return Files(config, log)


class Turns:
    """Let a test that is marked `alone` wait until no other process runs one, and others for it.

    Parameters
    ----------
    folder : Path
        One that all processes of these tests have.
    """

    def __init__(self, folder: Path) -> None:
        self._machine = (folder / "machine.lock").open("w")
        self._next = (folder / "next.lock").open("w")
        self._kept = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        """Hold the lock around a test: what its timeout measures begins after the waiting."""
        if not self._kept:
            fcntl.flock(self._next, fcntl.LOCK_EX)  # nobody overtakes who waits for the machine
            fcntl.flock(self._machine, fcntl.LOCK_EX if is_alone(item) else fcntl.LOCK_SH)
            fcntl.flock(self._next, fcntl.LOCK_UN)
        try:
            return (yield)
        finally:
            self._kept = is_alone(item) and is_alone(nextitem)
            if not self._kept:
                fcntl.flock(self._machine, fcntl.LOCK_UN)

    def pytest_unconfigure(self) -> None:
        self._machine.close()
        self._next.close()
