"""Where training happens: worker processes beside the server, and who looks after them."""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from rnnviz.errors import RunError, StoreError
from rnnviz.runs import Run, RunStore

STORE = "RNNVIZ_WORKER_STORE"
"""The environment variable that tells a worker its store; a command line would show passwords."""
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

_ENDED = "The process that trained this run ended unexpectedly: resume to go on where it was."
_UNWRITTEN = (
    "The run store could not be written, its disk may be full: free some space and resume to go on."
)
_CLOSED = "Paused: the page that started it was closed."
_log = logging.getLogger(__name__)


class Engine:
    """Keep workers for a store: one in wait, as many as there are runs, at most `workers`.

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
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._could_not_write: set[int] = set()
        self._seen: dict[str, float] = {}
        self._noted: dict[str, float] = {}
        self._next_spawn = 0.0
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
        return list(self._processes)

    def supervise(self) -> None:
        """Find dead workers, pause runs that nobody sees, start workers that are needed."""
        self._bury()
        self._pause_unseen()
        self._spawn()

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
        for pid, process in list(self._processes.items()):
            if process.poll() is None:
                continue
            _close(process)
            del self._processes[pid]
            if process.returncode > 0:  # not killed: it could not do its work
                self._next_spawn = time.monotonic() + RESPAWN
            if process.returncode == STORE_FAILED:
                self._could_not_write.add(pid)
        for run in self.store.list(state="running"):
            if self._is_lost(run):
                reason = _UNWRITTEN if _local_pid(run) in self._could_not_write else _ENDED
                try:
                    self.store.release(run.id, "interrupted", reason, run.worker)
                except RunError:
                    pass  # deleted, or released just now

    def _is_lost(self, run: Run) -> bool:
        pid = _local_pid(run)
        if pid in self._processes:
            return False
        silent = time.time() - run.heartbeat > SILENCE
        return silent or (pid is not None and not _is_alive(pid))

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
        if time.monotonic() < self._next_spawn:
            return
        mine = [r for r in self.store.list(state="running") if _local_pid(r) in self._processes]
        needed = len(mine) + max(1, len(self.store.list(state="queued")))
        for _ in range(min(needed, self.workers) - len(self._processes)):
            process = _start_worker(self.store.url)
            self._processes[process.pid] = process


def _start_worker(url: str) -> subprocess.Popen[bytes]:
    # Not multiprocessing: its children import the parent's main module again, and under Streamlit
    # that is the app's script. A session of its own keeps the terminal's Ctrl-C away from it.
    package = Path(__file__).parent.parent
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {STORE: url, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "rnnviz.worker"],
        stdin=subprocess.PIPE,
        env=environment,
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


def _local_pid(run: Run) -> int | None:
    """Return the process id of the run's worker if it is on this machine."""
    host, _, rest = (run.worker or "").partition(":")
    pid = rest.partition(":")[0]
    return int(pid) if host == socket.gethostname() and pid.isdigit() else None


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
