"""The run store: every run is a log of metrics rows and checkpoints that only grows.

Owners steer a run by writing what they want of it; a worker (worker.py) reads that, and writes
what it did. Readers need a run's id and nothing else.

    create -> paused -> queued -> running -> paused | stopped | finished | failed | interrupted

All but finished can be queued again: training goes on where it was, to the same weights. A finished
one goes on when it is given more steps (keeping.py).
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from rnnviz.archiving import Archiving
from rnnviz.errors import RunError
from rnnviz.keeping import change, own_run
from rnnviz.kept_traces import KeptTraces
from rnnviz.reader import (
    STATES,
    Head,
    Run,
    Wanted,
    default_url,
    find,
    kept_steps,
    run_of,
)
from rnnviz.schema import checkpoints, metrics, runs
from rnnviz.settings import Settings
from rnnviz.studies import new_run, see
from rnnviz.study_reader import Member, Study
from rnnviz.thinning import thin
from rnnviz.waiting import line

if TYPE_CHECKING:  # it brings torch
    from rnnviz.training import Checkpoint

__all__ = [
    "STATES", "Head", "Member", "Run", "RunStore", "Study", "Wanted", "default_url",
]  # fmt: skip

MOST_CHECKPOINTS = 200
"""Checkpoints kept of a run, if they are small."""
MOST_BYTES = 2**28
"""Bytes that the checkpoints of a run may take before fewer are kept."""

# Written once (reader.py).
CLEAR_ROWS = delete(metrics).where(
    metrics.c.run == bindparam("of"), metrics.c.step.between(bindparam("first"), bindparam("last"))
)
CLEAR_CHECKPOINT = delete(checkpoints).where(
    checkpoints.c.run == bindparam("of"), checkpoints.c.step == bindparam("at")
)


class RunStore(Archiving, KeptTraces):
    """Read and write a store's runs, studies and kept traces; opened as `RunReader` is."""

    def create(self, settings: Settings, owner: str, name: str = "") -> str:
        """Add a run that has not started, and return its id, which cannot be guessed."""
        with self._database.write() as connection:
            return new_run(connection, settings, owner, name)

    # What its owner may do

    def enqueue(self, id: str, owner: str) -> None:
        """Put the run in the line, to train until its last step; all but finished runs can.

        Raises
        ------
        RunError
            Here and below: if there is no such run, it belongs to somebody else, or cannot.
        """
        self._queue(id, owner, one_step=False)

    resume = enqueue

    def step_once(self, id: str, owner: str) -> None:
        """Train one step, then pause; a run that trains is paused after the step it is at."""
        self._queue(id, owner, one_step=True)

    def pause(self, id: str, owner: str, reason: str = "") -> None:
        """Let the run wait until it is resumed; its worker is free for others."""
        self._end(id, owner, "pause", "paused", ("queued",), reason)

    def stop(self, id: str, owner: str, reason: str = "") -> None:
        """End the run; unlike a paused one it is done with, but it could still be resumed."""
        self._end(id, owner, "stop", "stopped", ("queued", "paused", "interrupted"), reason)

    def set_lr(self, id: str, owner: str, lr: float) -> None:
        """Change the learning rate from the next step on, or from when the run is resumed.

        Raises
        ------
        SettingsError
            If the rate is outside its range.
        """
        with self._database.write() as connection:
            row = own_run(connection, id, owner)
            if row.state == "finished":
                raise RunError("This run is finished: start a new one with that learning rate.")
            lr = run_of(row).settings.replace(lr=lr).lr
            change(connection, id, lr=lr, revision=row.revision + 1)

    # What a worker does

    def claim(self, worker: str, study: str | None = None, run: str | None = None) -> Run | None:
        """Take the next run from the line, or of a study, or this one, for this worker; or None."""
        if not self.waiting():  # most looks find nobody: take no lock for that
            return None
        with self._database.write() as connection:
            for id in line(connection, study) if run is None else [run]:
                taken = connection.execute(
                    update(runs)
                    .where(runs.c.id == id, runs.c.state == "queued")  # another may be faster
                    .values(state="running", worker=worker, heartbeat=time.time(), reason="")
                )
                if taken.rowcount:
                    return run_of(find(connection, id))
        return None

    def record(
        self,
        id: str,
        rows: Sequence[Mapping[str, float | None]],
        checkpoint: "Checkpoint | None" = None,
        worker: str | None = None,
    ) -> None:
        """Add metrics rows and a checkpoint, all or nothing, and thin the older checkpoints.

        Parameters
        ----------
        rows : sequence of mappings
            A row a step, with the columns of `metrics`; a row that is there is replaced.
        checkpoint : Checkpoint, optional
            The state after any step.
        worker : str, optional
            Who writes.

        Raises
        ------
        RunError
            If the run was deleted, or is not this worker's any more.
        """
        with self._database.write() as connection:
            changes: dict[str, Any] = {"heartbeat": time.time()}
            if rows:
                changes |= {"step": rows[-1]["step"], "seconds": rows[-1]["seconds"]}
            change(connection, id, worker, **changes)
            if rows:
                first, last = rows[0]["step"], rows[-1]["step"]
                connection.execute(CLEAR_ROWS, {"of": id, "first": first, "last": last})
                connection.execute(insert(metrics), [{"run": id, **row} for row in rows])
            if checkpoint is not None:
                _keep(connection, id, checkpoint)

    def beat(self, id: str, worker: str) -> None:
        """Say that the worker is alive and at this run."""
        with self._database.write() as connection:
            change(connection, id, worker, heartbeat=time.time())

    def release(
        self,
        id: str,
        state: str,
        reason: str = "",
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
            row = find(connection, id, lock=True)
            if revision is not None and row.revision != revision:
                return False
            change(connection, id, worker, state=state, reason=reason, worker=None)
            return True

    # What a server does

    def seen(self, owners: Iterable[str]) -> None:
        """Note that these owners have a page open now."""
        with self._database.write() as connection:
            for owner in sorted(owners):  # in one order, or two servers wait for each other
                see(connection, owner)

    def _queue(self, id: str, owner: str, one_step: bool) -> None:
        with self._database.write() as connection:
            row = own_run(connection, id, owner)
            if row.state == "finished":
                raise RunError(
                    f"This run has trained all its {row.step} steps: start a new one with more."
                )
            wish = {"wanted": "run", "until": row.step + 1 if one_step else None, "reason": ""}
            if row.state not in ("queued", "running"):
                last = connection.scalar(select(func.max(runs.c.ticket))) or 0
                wish |= {"state": "queued", "ticket": last + 1}
            change(connection, id, revision=row.revision + 1, **wish)
            see(connection, owner)

    def _end(
        self, id: str, owner: str, wanted: str, state: str, idle: Sequence[str], reason: str
    ) -> None:
        with self._database.write() as connection:
            row = own_run(connection, id, owner)
            revision = row.revision + 1
            if row.state == "running":
                change(connection, id, wanted=wanted, reason=reason, revision=revision)
            elif row.state in idle:
                change(connection, id, state=state, reason=reason, revision=revision)


def _keep(connection: Connection, id: str, checkpoint: "Checkpoint") -> None:
    connection.execute(CLEAR_CHECKPOINT, {"of": id, "at": checkpoint.step})
    blobs = {"weights": checkpoint.weights, "optimizer": checkpoint.optimizer}
    connection.execute(insert(checkpoints), {"run": id, "step": checkpoint.step, **blobs})
    size = sum(len(blob) for blob in blobs.values())
    limit = max(4, min(MOST_CHECKPOINTS, MOST_BYTES // max(1, size)))
    # never the one that is being kept: the best step's comes after later ones
    dropped = [step for step in thin(kept_steps(connection, id), limit) if step != checkpoint.step]
    if dropped:
        of_run = checkpoints.c.run == id
        connection.execute(delete(checkpoints).where(of_run, checkpoints.c.step.in_(dropped)))
