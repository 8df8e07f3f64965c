"""The queue: which runs wait for a worker, in which order, and what workers do with them."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from rnnviz.store.database import Database
from rnnviz.store.downsample import thin
from rnnviz.store.rows import Run, change, find_run, kept_steps, kept_words, mark_seen, run_of
from rnnviz.store.schema import checkpoints, metrics, runs, viewers
from rnnviz.store.states import ACTIVE, State, Wish
from rnnviz.training.checkpoint import Checkpoint
from rnnviz.words import NOTHING, Words

MOST_CHECKPOINTS = 200
"""Checkpoints kept of a run, if they are small."""
MOST_BYTES = 2**28
"""Bytes that the checkpoints of a run may take before fewer are kept."""

# Written once (rows.py).
CLEAR_ROWS = delete(metrics).where(
    metrics.c.run == bindparam("of"), metrics.c.step.between(bindparam("first"), bindparam("last"))
)
CLEAR_CHECKPOINT = delete(checkpoints).where(
    checkpoints.c.run == bindparam("of"), checkpoints.c.step == bindparam("at")
)
COUNT = select(func.count()).select_from(runs).where(runs.c.state == State.QUEUED)


class Queue:
    """What workers, and who looks after them, do with the runs of a store.

    Raises
    ------
    RunError
        From whatever changes a run: if it was deleted, or is not this worker's any more.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> int:
        """Return how many runs are in the queue."""
        with self._database.read() as connection:
            return connection.scalar(COUNT) or 0

    def place(self, run: str) -> int | None:
        """Return the run's place in the queue, 1 for the next; None if it does not wait."""
        with self._database.read() as connection:
            return place(connection, run)

    def claim(self, worker: str, study: str | None = None, run: str | None = None) -> Run | None:
        """Take the next run from the queue, or of a study, or this one, for this worker; or None.

        However many claim at a time, each run goes to one.
        """
        if not self.waiting():  # most looks find nobody: take no lock for that
            return None
        with self._database.write() as connection:
            for id in in_order(connection, study) if run is None else [run]:
                taken = connection.execute(
                    update(runs)
                    .where(runs.c.id == id, runs.c.state == State.QUEUED)  # another may be faster
                    .values(state=State.RUNNING, worker=worker, heartbeat=time.time(), reason="")
                )
                if taken.rowcount:
                    return run_of(find_run(connection, id))
        return None

    def record(
        self,
        run: str,
        rows: Sequence[Mapping[str, float | None]],
        checkpoint: Checkpoint | None = None,
        worker: str | None = None,
    ) -> None:
        """Add metrics rows and a checkpoint, all or nothing, and thin the older checkpoints.

        What is there already of these steps is replaced, so that it may be done twice.

        Parameters
        ----------
        rows : sequence of mappings
            A row a step, with the columns of `metrics`.
        checkpoint : Checkpoint, optional
            The state after any step.
        worker : str, optional
            Who writes.
        """
        with self._database.write() as connection:
            changes: dict[str, Any] = {"heartbeat": time.time()}
            if rows:
                changes |= {"step": rows[-1]["step"], "seconds": rows[-1]["seconds"]}
            change(connection, run, worker, **changes)
            if rows:
                first, last = rows[0]["step"], rows[-1]["step"]
                connection.execute(CLEAR_ROWS, {"of": run, "first": first, "last": last})
                connection.execute(insert(metrics), [{"run": run, **row} for row in rows])
            if checkpoint is not None:
                _keep(connection, run, checkpoint)

    def heartbeat(self, run: str, worker: str) -> None:
        """Say that the worker is alive and at this run."""
        with self._database.write() as connection:
            change(connection, run, worker, heartbeat=time.time())

    def release(
        self,
        run: str,
        state: State,
        reason: Words | str = NOTHING,
        worker: str | None = None,
        revision: int | None = None,
    ) -> bool:
        """Let go of the run, unless its owner wants something new.

        Parameters
        ----------
        revision : int, optional
            The wish that is being fulfilled; None if the run ends whatever is wanted.

        Returns
        -------
        bool
            False if there is a newer wish; then the run is still the worker's.
        """
        with self._database.write() as connection:
            row = find_run(connection, run, lock=True)
            if revision is not None and row.revision != revision:
                return False
            change(connection, run, worker, state=state, reason=kept_words(reason), worker=None)
            return True

    def mark_seen(self, owners: Iterable[str]) -> None:
        """Note that these owners have a page open now."""
        with self._database.write() as connection:
            for owner in sorted(owners):  # in one order, or two servers wait for each other
                mark_seen(connection, owner)

    def unseen(self, before: float) -> Sequence[Run]:
        """Return queued and training runs of owners who were last seen before that time."""
        gone = runs.c.owner.in_(select(viewers.c.owner).where(viewers.c.seen < before))
        going = runs.c.state.in_(ACTIVE) & (runs.c.wanted == Wish.RUN)
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(select(runs).where(gone, going))]


def in_order(connection: Connection, study: str | None = None) -> Sequence[str]:
    """Return the runs that wait, of a study if one is named, in the order they will be taken.

    Owners with fewer runs in training go first, then who came first. An owner's own single runs
    go before the many of their studies.
    """
    queued = select(runs.c.id, runs.c.owner, runs.c.study, runs.c.ticket)
    queued = queued.where(runs.c.state == State.QUEUED)
    if study is not None:
        queued = queued.where(runs.c.study == study)
    rows = sorted(
        connection.execute(queued), key=lambda row: (row.study is not None, row.ticket, row.id)
    )
    if not rows:
        return []
    training = select(runs.c.owner).where(runs.c.state == State.RUNNING)
    served = Counter(connection.scalars(training))
    waiting: dict[str, deque[Any]] = {}
    for row in rows:
        waiting.setdefault(row.owner, deque()).append(row)
    order = []
    while waiting:
        # the first of the least served
        owner = min(waiting, key=lambda each: (served[each], waiting[each][0].ticket))
        order.append(waiting[owner].popleft().id)
        served[owner] += 1
        if not waiting[owner]:
            del waiting[owner]
    return order


def place(connection: Connection, run: str) -> int | None:
    """Return the run's place in the queue, 1 for the next; None if it does not wait."""
    waiting = in_order(connection)
    return waiting.index(run) + 1 if run in waiting else None


def next_ticket(connection: Connection) -> int:
    """Return what a run gets that is put behind all others."""
    return (connection.scalar(select(func.max(runs.c.ticket))) or 0) + 1


def _keep(connection: Connection, run: str, checkpoint: Checkpoint) -> None:
    connection.execute(CLEAR_CHECKPOINT, {"of": run, "at": checkpoint.step})
    blobs = {"weights": checkpoint.weights, "optimizer": checkpoint.optimizer}
    connection.execute(insert(checkpoints), {"run": run, "step": checkpoint.step, **blobs})
    size = sum(len(blob) for blob in blobs.values())
    limit = max(4, min(MOST_CHECKPOINTS, MOST_BYTES // max(1, size)))
    # never the one that is being kept: the best step's comes after later ones
    dropped = [step for step in thin(kept_steps(connection, run), limit) if step != checkpoint.step]
    if dropped:
        of_run = checkpoints.c.run == run
        connection.execute(delete(checkpoints).where(of_run, checkpoints.c.step.in_(dropped)))
