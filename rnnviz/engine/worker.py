"""The process that trains: it takes runs from the queue of a store, one after the other.

The supervisor starts it as `python -m rnnviz.engine.worker` and holds its standard input open:
`WAKE` asks the worker to look at once for what is wanted, anything else to put its run down and
end; when it closes, and it does however the server's process ends, the worker ends at once.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import torch

from rnnviz.engine.supervisor import STORE, STORE_FAILED, TOKEN, WAKE, worker_name
from rnnviz.errors import DivergedError, RnnvizError, RunError, StoreError
from rnnviz.settings import Settings
from rnnviz.store.orders import Wanted
from rnnviz.store.rows import Run
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import State, Wish
from rnnviz.tasks import task_of
from rnnviz.training.checkpoint import MEASURED
from rnnviz.training.trainer import Trainer
from rnnviz.words import NOTHING, Words

FLUSH = 0.175
"""Seconds between two writes to the store."""
POLL = 0.08
"""Seconds between two looks at what the owner wants, unless the worker is woken."""
IDLE_POLL = 0.1
"""Seconds between two looks at the queue while there is nothing to do, unless it is woken."""
BEAT = 1.0
"""Seconds between two signs of life during a long step."""
PATIENCE = 30.0
"""Seconds to wait while another program holds the store's lock."""
TURN = 0.0005
"""Seconds after which training lets the thread that hears the server have its turn."""
CHECKPOINT_SHARE = 0.03
"""Share of the time that writing checkpoints may take, one that the disk held up left out."""


class Session:
    """One run in the hands of this worker, from claim to release.

    Parameters
    ----------
    run : Run
        As `RunStore.claim` returned it.
    stopping : threading.Event
        Set when the worker has to end.
    woken : threading.Event, optional
        Set when there may be something new that the owner wants.
    """

    def __init__(
        self,
        store: RunStore,
        run: Run,
        stopping: threading.Event,
        woken: threading.Event | None = None,
    ) -> None:
        self._store = store
        self._run = run
        self._stopping = stopping
        self._woken = woken or threading.Event()
        self._seconds = run.seconds
        self._rows: list[dict[str, float | None]] = []
        kept = store.runs.checkpoint_steps(run.id)
        checkpoint = store.runs.checkpoint(run.id) if kept else None
        since = run.origin.step if run.origin else 0
        task = task_of(run.settings, store.data)
        self._trainer = Trainer(run.settings, checkpoint, since, task=task)
        # Steps that are committed but come after the newest checkpoint are trained again, with the
        # learning rates of then, and so give the same weights; their rows stay as they are.
        self._committed = store.runs.learning_rates(run.id, since=self._trainer.step)
        self._kept = self._trainer.step if kept else None
        self._next_flush = 0.0
        self._next_checkpoint = 0.0
        self._took: deque[float] = deque(maxlen=5)  # seconds for the newest checkpoints

    def work(self) -> None:
        """Train until the run's end, or until something else is wanted; then release the run.

        Raises
        ------
        RunError
            If the run was deleted or taken over meanwhile.
        StoreError
            If the store cannot be written.
        """
        trainer = self._trainer
        self._flush()
        next_poll, last = 0.0, time.perf_counter()
        while True:
            now = time.perf_counter()
            if now >= next_poll or self._woken.is_set():
                self._woken.clear()  # before the look, or what comes meanwhile would be missed
                wanted = self._store.orders.wanted(self._run.id)
                next_poll = now + POLL
            if end := self._end(wanted):
                self._flush(checkpoint=True)
                if trainer.finished:
                    self._keep_best()
                if self._store.queue.release(self._run.id, *end, self._run.worker, wanted.revision):
                    return
                next_poll = 0.0  # the owner wants something new since
                continue
            lr = self._committed.get(trainer.step + 1, wanted.lr)
            if trainer.lr != lr:
                trainer.lr = lr
            try:
                step = trainer.advance()
            except DivergedError as error:
                self._flush(checkpoint=trainer.step < error.step)
                queue, run = self._store.queue, self._run
                queue.release(run.id, State.FAILED, error.words, run.worker)
                return
            before, last = last, time.perf_counter()
            if step.step not in self._committed:
                self._seconds += last - before  # what was written and read in between counts too
                row = {name: getattr(step, name) for name in MEASURED}
                self._rows.append(row | {"seconds": self._seconds})
            if last >= self._next_flush:
                self._flush()

    def _end(self, wanted: Wanted) -> tuple[State, Words] | None:
        """Return the state and the reason to release the run with, if it has to be now."""
        if self._trainer.finished:
            return State.FINISHED, self._trainer.said
        if wanted.action is Wish.STOP:
            return State.STOPPED, wanted.reason
        if wanted.action is Wish.PAUSE:
            return State.PAUSED, wanted.reason
        if wanted.until is not None and self._trainer.step >= wanted.until:
            return State.PAUSED, NOTHING
        if self._stopping.is_set():
            return State.PAUSED, Words("The server was stopped: resume to go on.")
        return None

    def _keep_best(self) -> None:
        """Write the checkpoint of the step that early stopping found best, if it is not there."""
        best = self._trainer.best
        if best is not None and best.step not in self._store.runs.checkpoint_steps(self._run.id):
            self._store.queue.record(self._run.id, [], best, self._run.worker)

    def _flush(self, checkpoint: bool | None = None) -> None:
        """Write new rows, with a checkpoint or without; if None, when its turn has come."""
        started = time.perf_counter()
        due = started >= self._next_checkpoint if checkpoint is None else checkpoint
        snapshot = self._trainer.checkpoint() if due and self._kept != self._trainer.step else None
        self._store.queue.record(self._run.id, self._rows, snapshot, self._run.worker)
        self._rows.clear()
        ended = time.perf_counter()
        self._next_flush = ended + FLUSH
        if snapshot:
            self._kept = snapshot.step
            self._took.append(ended - started)
            self._next_checkpoint = ended + max(FLUSH, median(self._took) / CHECKPOINT_SHARE)
            # rows wait for a checkpoint that is due soon, or it would wait for the rows after them
            self._next_flush = max(self._next_flush, min(self._next_checkpoint, ended + 2 * FLUSH))


def serve(
    store: RunStore, name: str, stopping: threading.Event, woken: threading.Event | None = None
) -> None:
    """Train the runs of a store, one after the other, until `stopping` is set.

    Whoever sets `woken` makes it look at once whether there is something new.

    Raises
    ------
    StoreError
        If the store cannot be written; the run in hand is left for the engine to find.
    """
    woken = woken or threading.Event()
    while not stopping.is_set():
        woken.clear()
        run = store.queue.claim(name)
        if run is None:
            woken.wait(IDLE_POLL)
            continue
        with _beating(store, run.id, name):
            try:
                Session(store, run, stopping, woken).work()
            except StoreError:
                raise
            except Exception as error:
                _give_up(store, run, error)


def stopped_at(error: BaseException) -> Words:
    """Say at what a training stopped, with the first line of the error."""
    first = next(iter(str(error).strip().splitlines()), "") or Words("no more is known")
    return Words(
        "Training stopped at an error ({kind}): {what}",
        kind=type(error).__name__,
        what=error.words if isinstance(error, RnnvizError) else first,
    )


def _give_up(store: RunStore, run: Run, error: Exception) -> None:
    try:
        store.queue.release(run.id, State.FAILED, stopped_at(error), run.worker)
    except RunError:
        return  # that was the error: the run was deleted or taken over
    logging.getLogger(__name__).error("The run %s failed.", run.id, exc_info=error)


@contextmanager
def _beating(store: RunStore, id: str, name: str) -> Iterator[None]:
    """Give signs of life during the `with`, however long one step takes."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT):
            try:
                store.queue.heartbeat(id, name)
            except (RunError, StoreError):
                pass  # the training thread meets the same error and deals with it

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _watch_server(stopping: threading.Event, woken: threading.Event) -> None:
    # Not sys.stdin: its lock, held by a thread that waits, breaks the end of the interpreter.
    while said := os.read(0, 64):
        if said.strip(WAKE):
            stopping.set()
        woken.set()
    os._exit(1)


def one_thread() -> None:
    """Let torch compute in one thread: for networks this small a second one only waits."""
    torch.set_num_threads(1)


def main() -> int:
    """Work on the store named in the environment until asked to end; return the exit status."""
    stopping, woken = threading.Event(), threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's business
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threading.Thread(target=_watch_server, args=(stopping, woken), daemon=True).start()
    sys.setswitchinterval(TURN)
    one_thread()
    Trainer(Settings(hidden=1, length=2, batch=1)).advance()  # what torch only loads at first use
    try:
        store = RunStore(os.environ[STORE], timeout=PATIENCE)
        serve(store, worker_name(os.environ[TOKEN]), stopping, woken)
    except StoreError as error:
        logging.getLogger(__name__).error("%s", error)
        return STORE_FAILED
    return 0


if __name__ == "__main__":
    os._exit(main())  # all is written; torch would take half a second to clean up after itself
