"""Where training happens: worker processes beside the server, and who looks after them."""

import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from rnnviz.data_store import UNCLAIMED
from rnnviz.errors import RunError, StoreError
from rnnviz.keeping import BIN_DAYS
from rnnviz.runs import Run, RunStore

STORE, TOKEN = "RNNVIZ_WORKER_STORE", "RNNVIZ_WORKER_TOKEN"
"""Environment variables that tell a worker its store (a command line would show passwords), and
the last part of its name, by which its engine knows it; process ids are used again."""
STORE_FAILED = 3
"""The exit status of a worker that could not write what it trained."""
SUPERVISE = 0.5
"""Seconds between two looks at workers, runs and viewers."""
SILENCE = 10.0
"""Seconds without a sign of life after which the worker of another server is taken for dead."""
STOPPING = 1.5
"""Seconds that workers have to put down their run when the server ends."""
RESPAWN = 5.0
"""Seconds to wait after a worker failed, so that what cannot start does not start all the time."""
SPARE = 5.0
"""Seconds after the last idle worker took a run until another is started to wait in its place: its
start keeps a processor busy for seconds, in which the run shall show its first pictures."""
PURGE = 3600.0
"""Seconds between two looks at what has been in the bin for too long."""

_ENDED = "The process that trained this run ended unexpectedly: resume to go on where it was."
_UNWRITTEN = (
    "The run store could not be written, its disk may be full: free some space and resume to go on."
)
_CLOSED = "Paused: the page that started it was closed."
_log = logging.getLogger(__name__)


class Engine:
    """Keep workers for a store: as many as there are runs and one in wait, at most `workers`.

    Parameters
    ----------
    url : str, optional
        The run store; the one in the user's data folder if none is given.
    workers : int, optional
        Most processes that train at a time; the number of processors if none is given.
    grace_seconds : float
        How long runs go on after the last page of their owner was closed.

    Raises
    ------
    StoreError
        If the store cannot be opened.
    """

    def __init__(
        self, url: str | None = None, workers: int | None = None, grace_seconds: float = 30.0
    ) -> None:
        self.store = RunStore(url)
        self.workers = workers or os.cpu_count() or 1
        self.grace_seconds = grace_seconds
        self._processes: dict[str, subprocess.Popen[bytes]] = {}  # by token
        self._could_not_write: set[str] = set()
        self._seen: dict[str, float] = {}
        self._noted: dict[str, float] = {}
        self._next_spawn = self._next_spare = 0.0
        self._next_purge = 0.0
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._run, name="rnnviz-engine", daemon=True)

    def start(self) -> None:
        """Start looking after the store, with one worker in wait."""
        self._supervisor.start()

    def stop(self) -> None:
        """End all workers within two seconds; their runs pause."""
        self._stopping.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        deadline = time.monotonic() + STOPPING
        for process in self._processes.values():
            _say_stop(process)
        for process in self._processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        try:
            self._bury()
        except StoreError as error:
            _log.warning("%s", error)
        self.store.close()

    def __enter__(self) -> Self:
        """Start the engine for the time of a `with`."""
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop the engine."""
        self.stop()

    def seen(self, owner: str) -> None:
        """Note that this owner has a page open now; returns at once."""
        self._seen[owner] = time.time()

    def pids(self) -> list[int]:
        """Return the process ids of the workers."""
        return [process.pid for process in list(self._processes.values())]

    def supervise(self) -> None:
        """Find dead workers, pause runs that nobody sees, start needed workers, purge the bin."""
        self._bury()
        self._pause_unseen()
        self._spawn()
        if time.monotonic() >= self._next_purge:
            self._next_purge = time.monotonic() + PURGE
            self.store.purge(before=time.time() - BIN_DAYS * 86400)
            self.store.purge_data(before=time.time() - UNCLAIMED)

    def find_lost(self) -> None:
        """Mark the runs whose worker has ended without a word."""
        self._bury()

    def _run(self) -> None:
        problem = ""
        while True:
            try:
                self.supervise()
            except (StoreError, OSError) as error:  # it may pass: a full disk may have space later
                if str(error) != problem:
                    _log.warning("%s", error)
                problem = str(error)
            if self._stopping.wait(SUPERVISE):
                return

    def _bury(self) -> None:
        """Drop workers that have ended, and mark what they were training."""
        for token, process in list(self._processes.items()):
            if process.poll() is None:
                continue
            _close(process)
            del self._processes[token]
            if process.returncode > 0:  # not killed: it could not do its work
                self._next_spawn = time.monotonic() + RESPAWN
            if process.returncode == STORE_FAILED:
                self._could_not_write.add(token)
        for run in self.store.list(state="running"):
            if self._is_lost(run):
                reason = _UNWRITTEN if _name(run)[2] in self._could_not_write else _ENDED
                try:
                    self.store.release(run.id, "interrupted", reason, run.worker)
                except RunError:
                    pass  # deleted, or released just now

    def _is_lost(self, run: Run) -> bool:
        host, pid, token = _name(run)
        if token in self._processes:
            return False
        silent = time.time() - run.heartbeat > SILENCE
        return silent or (host == socket.gethostname() and not _is_alive(pid))

    def _pause_unseen(self) -> None:
        now, seen = time.time(), dict(self._seen)
        # Other servers may look after the same store, so who is seen is noted there, now and then.
        fresh = [o for o, t in seen.items() if t - self._noted.get(o, 0.0) > self.grace_seconds / 5]
        if fresh:
            self.store.seen(fresh)
            self._noted |= {owner: now for owner in fresh}
        for run in self.store.unseen(before=now - self.grace_seconds):
            if now - seen.get(run.owner, 0.0) > self.grace_seconds:
                try:
                    self.store.pause(run.id, run.owner, _CLOSED)
                except RunError:
                    pass  # deleted just now

    def _spawn(self) -> None:
        """Have a worker for each run in training or in line and one in wait, up to the limit."""
        now = time.monotonic()
        if now < self._next_spawn:
            return
        mine = [run for run in self.store.list(state="running") if _name(run)[2] in self._processes]
        waiting = self.store.waiting()
        if not mine or len(self._processes) > len(mine) + waiting:
            self._next_spare = now + SPARE
        needed = len(mine) + max(waiting, not mine or now >= self._next_spare)
        for _ in range(min(needed, self.workers) - len(self._processes)):
            token = secrets.token_hex(4)
            self._processes[token] = _start_worker(self.store.url, token)


def _start_worker(url: str, token: str) -> subprocess.Popen[bytes]:
    # Not multiprocessing: its children import the parent's main module again, and under Streamlit
    # that is the app's script. A session of its own keeps the terminal's Ctrl-C away from it.
    package = Path(__file__).parent.parent
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    given = {STORE: url, TOKEN: token, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "rnnviz.worker"],
        stdin=subprocess.PIPE,
        env=os.environ | given,
        start_new_session=True,
    )


def _say_stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(b"stop\n")
        process.stdin.flush()
    except OSError:
        pass  # it has ended already


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.close()
    except OSError:
        pass


def worker_name(token: str) -> str:
    """Return what a worker, in whose process this is called, is called in the run store."""
    return f"{socket.gethostname()}:{os.getpid()}:{token}"


def _name(run: Run) -> tuple[str, int, str]:
    """Return host, process id and token of the run's worker; nothing of the kind if it has none."""
    parts = (run.worker or "").split(":")
    return (parts[0], int(parts[1]), parts[2]) if len(parts) == 3 else ("", 0, "")


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # os.kill would end it there; the heartbeat will tell
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
