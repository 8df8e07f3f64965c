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

import rnnviz
from rnnviz.errors import RunError, StoreError
from rnnviz.store.bin import BIN_DAYS
from rnnviz.store.data_sets import UNCLAIMED
from rnnviz.store.rows import Run
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import State
from rnnviz.words import Words

STORE, TOKEN = "RNNVIZ_WORKER_STORE", "RNNVIZ_WORKER_TOKEN"
"""Environment variables that tell a worker its store (a command line would show passwords), and
the last part of its name, by which its engine knows it; process ids are used again."""
WAKE = b"w"
"""What a worker is told when there may be something new to do."""
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

_ENDED = Words(
    "The process that trained this run ended unexpectedly: resume to go on where it was."
)
_UNWRITTEN = Words(
    "The run store could not be written, its disk may be full: free some space and resume to go on."
)
_CLOSED = Words("Paused: the page that started it was closed.")
_log = logging.getLogger(__name__)
_PIPES = threading.Lock()
"""Held by who writes into a worker's pipe or closes it: its number may be another file's then."""


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
            _tell(process, b"stop")
        for process in self._processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        try:
            self.reap()
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

    def wake(self) -> None:
        """Let this engine's workers look at once for what is wanted; returns at once.

        The workers of other engines that look after the same store see it when they next poll.
        """
        for process in list(self._processes.values()):
            _tell(process, WAKE)

    def pids(self) -> list[int]:
        """Return the process ids of the workers."""
        return [process.pid for process in list(self._processes.values())]

    def supervise(self) -> None:
        """Find dead workers, pause runs that nobody sees, start needed workers, purge the bin."""
        self.reap()
        self._pause_unseen()
        self._spawn()
        if time.monotonic() >= self._next_purge:
            self._next_purge = time.monotonic() + PURGE
            self.store.bin.purge(before=time.time() - BIN_DAYS * 86400)
            self.store.data.purge(before=time.time() - UNCLAIMED)

    def reap(self) -> None:
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
        for run in self.store.runs.list(state=State.RUNNING):
            if self._is_lost(run):
                reason = _UNWRITTEN if _name(run)[2] in self._could_not_write else _ENDED
                try:
                    self.store.queue.release(run.id, State.INTERRUPTED, reason, run.worker)
                except RunError:
                    pass  # deleted, or released just now

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
            self.store.queue.mark_seen(fresh)
            self._noted |= {owner: now for owner in fresh}
        for run in self.store.queue.unseen(before=now - self.grace_seconds):
            if now - seen.get(run.owner, 0.0) > self.grace_seconds:
                try:
                    self.store.orders.pause(run.id, run.owner, _CLOSED)
                except RunError:
                    pass  # deleted just now

    def _spawn(self) -> None:
        """Have a worker for each queued or running run and a spare one, up to the limit."""
        now = time.monotonic()
        if now < self._next_spawn:
            return
        running = self.store.runs.list(state=State.RUNNING)
        mine = [run for run in running if _name(run)[2] in self._processes]
        waiting = self.store.queue.waiting()
        if not mine or len(self._processes) > len(mine) + waiting:
            self._next_spare = now + SPARE
        needed = len(mine) + max(waiting, not mine or now >= self._next_spare)
        for _ in range(min(needed, self.workers) - len(self._processes)):
            token = secrets.token_hex(4)
            self._processes[token] = _start_worker(self.store.url, token)


def _start_worker(url: str, token: str) -> subprocess.Popen[bytes]:
    # Not multiprocessing: its children import the parent's main module again, and under Streamlit
    # that is the app's script. A session of its own keeps the terminal's Ctrl-C away from it.
    above = Path(rnnviz.__file__).parents[1]
    path = os.pathsep.join(filter(None, (str(above), os.environ.get("PYTHONPATH"))))
    given = {STORE: url, TOKEN: token, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "rnnviz.engine.worker"],
        stdin=subprocess.PIPE,
        bufsize=0,
        env=os.environ | given,
        start_new_session=True,
    )
    assert process.stdin is not None
    if os.name != "nt":  # a worker that hangs reads nothing, and must not hold up who tells it
        os.set_blocking(process.stdin.fileno(), False)
    return process


def _tell(process: subprocess.Popen[bytes], what: bytes) -> None:
    assert process.stdin is not None
    with _PIPES:
        try:
            process.stdin.write(what)
        except (OSError, ValueError):
            pass  # it has ended already, and the pipe may be closed


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with _PIPES:
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
