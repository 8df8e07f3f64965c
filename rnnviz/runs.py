"""The run store: every run is a log of metrics rows and checkpoints that only grows.

Owners steer a run by writing what they want of it; a worker (worker.py) reads that, and writes
what it did. Readers need a run's id and nothing else.

    create -> paused -> queued -> running -> paused | stopped | finished | failed | interrupted

All but finished can be queued again: training goes on where it was, to the same weights.
"""

import secrets
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from platformdirs import user_data_path
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from rnnviz.database import Database, checkpoints, metrics, runs, viewers
from rnnviz.errors import RunError
from rnnviz.settings import Settings
from rnnviz.thinning import thin

if TYPE_CHECKING:  # both are slow to import, and not every process needs both
    import pandas as pd

    from rnnviz.training import Checkpoint

STATES = ("queued", "running", "paused", "stopped", "finished", "failed", "interrupted")
MOST_CHECKPOINTS = 200
"""Checkpoints kept of a run, if they are small."""
MOST_BYTES = 2**28
"""Bytes that the checkpoints of a run may take before fewer are kept."""


@dataclass(frozen=True)
class Run:
    """What the store knew of a run at one moment.

    Attributes
    ----------
    state : str
        One of `STATES`; a run that never started is "paused".
    reason : str
        Why it is in this state, as a sentence; empty where the owner wanted it so.
    step : int
        The last step whose metrics are kept.
    lr : float
        The learning rate wanted from the next step on.
    seconds : float
        Time spent on training so far.
    created, heartbeat : float
        When it was made, and when its worker was last heard, in seconds since 1970.
    worker : str or None
        Who trains it, as "host:process:token" (engine.py); None if nobody does.
    """

    id: str
    owner: str
    name: str
    settings: Settings
    state: str
    reason: str
    step: int
    lr: float
    seconds: float
    created: float
    heartbeat: float
    worker: str | None


class Head(NamedTuple):
    """The newest of a run: its last checkpoint, its last step, and how it stands."""

    checkpoint: int | None
    step: int
    state: str
    reason: str
    lr: float
    revision: int
    place: int | None


@dataclass(frozen=True)
class Wanted:
    """What an owner wants of a run now.

    Attributes
    ----------
    action : str
        "run", "pause" or "stop".
    until : int or None
        The step after which to pause; None for the last.
    reason : str
        Why to pause or stop, for people.
    revision : int
        Counts the owner's wishes, so that a worker does not overlook the newest.
    """

    action: str
    until: int | None
    lr: float
    reason: str
    revision: int


class RunStore:
    """Keep runs in a database; safe to use from many threads and processes.

    Parameters
    ----------
    url : str, optional
        An SQLAlchemy URL of SQLite or PostgreSQL; `default_url()` if none is given.
    timeout : float
        Seconds to wait while another process writes.

    Raises
    ------
    StoreError
        If the store cannot be opened and written; every method raises it if it cannot work later.
    """

    def __init__(self, url: str | None = None, *, timeout: float = 5.0) -> None:
        self.url = default_url() if url is None else url
        self._database = Database(self.url, timeout)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._database.close()

    # What anybody may do

    def create(self, settings: Settings, owner: str, name: str = "") -> str:
        """Add a run that has not started, and return its id, which cannot be guessed."""
        id, now = secrets.token_urlsafe(12), time.time()
        with self._database.write() as connection:
            connection.execute(
                insert(runs).values(
                    id=id, owner=owner, name=name, settings=settings.to_json(), state="paused",
                    reason="", step=0, lr=settings.lr, seconds=0.0, created=now, wanted="run",
                    revision=0, ticket=0, heartbeat=now,
                )
            )  # fmt: skip
        return id

    def get(self, id: str) -> Run:
        """Return the run as it is now.

        Raises
        ------
        RunError
            If there is no such run.
        """
        with self._database.read() as connection:
            return _run(_row(connection, id))

    def list(self, owner: str | None = None, state: str | None = None) -> Sequence[Run]:
        """Return all runs, newest first, or those of an owner or in a state."""
        wanted = select(runs).order_by(runs.c.created.desc(), runs.c.id)
        if owner is not None:
            wanted = wanted.where(runs.c.owner == owner)
        if state is not None:
            wanted = wanted.where(runs.c.state == state)
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(wanted)]

    def head(self, id: str) -> Head:
        """Return what differs whenever there is something new to see of the run.

        Raises
        ------
        RunError
            If there is no such run.
        """
        newest = select(func.max(checkpoints.c.step)).where(checkpoints.c.run == id)
        with self._database.read() as connection:
            row = _row(connection, id)
            place = self._place(connection, id) if row.state == "queued" else None
            kept = connection.scalar(newest)
            return Head(kept, row.step, row.state, row.reason, row.lr, row.revision, place)

    def metrics(self, id: str, since: int = 0) -> "pd.DataFrame":
        """Return the metrics of the steps after `since`, a row a step.

        Returns
        -------
        DataFrame
            Columns step, loss, metric, gradient_norm, lr, validation_loss, validation_metric (NaN
            where it was not measured) and seconds (spent on training up to this step).
        """
        import numpy as np
        import pandas as pd

        names = [column.name for column in metrics.c if column.name != "run"]
        after = (metrics.c.run == id) & (metrics.c.step > since)
        with self._database.read() as connection:
            wanted = select(*(metrics.c[name] for name in names)).where(after)
            rows = connection.execute(wanted.order_by(metrics.c.step)).all()
        table = np.array([tuple(row) for row in rows], dtype="float64").reshape(-1, len(names))
        frame = pd.DataFrame(table, columns=names, copy=False)
        frame["step"] = frame["step"].astype("int64")
        return frame

    def checkpoint_steps(self, id: str) -> Sequence[int]:
        """Return the steps of all kept checkpoints, in order."""
        with self._database.read() as connection:
            return _checkpoint_steps(connection, id)

    def checkpoint(self, id: str, step: int | None = None) -> "Checkpoint":
        """Return the newest checkpoint, or the newest of those not after `step`.

        Raises
        ------
        RunError
            If there is none.
        """
        from rnnviz.training import Checkpoint

        of_run = checkpoints.c.run == id
        if step is not None:
            of_run &= checkpoints.c.step <= step
        columns = (checkpoints.c.step, checkpoints.c.weights, checkpoints.c.optimizer)
        wanted = select(*columns).where(of_run).order_by(checkpoints.c.step.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise RunError(f"The run {id!r} has no checkpoint yet: start it first.")
        return Checkpoint(row.step, bytes(row.weights), bytes(row.optimizer))

    def place(self, id: str) -> int | None:
        """Return the run's place in the line, 1 for the next; None if it does not wait."""
        with self._database.read() as connection:
            return self._place(connection, id)

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
            row = self._own(connection, id, owner)
            if row.state == "finished":
                raise RunError("This run is finished: start a new one with that learning rate.")
            lr = _run(row).settings.replace(lr=lr).lr
            _change(connection, id, lr=lr, revision=row.revision + 1)

    def delete(self, id: str, owner: str) -> None:
        """Delete the run with all its rows and checkpoints; a worker at it lets go."""
        with self._database.write() as connection:
            self._own(connection, id, owner)
            connection.execute(delete(runs).where(runs.c.id == id))

    # What a worker does

    def claim(self, worker: str) -> Run | None:
        """Take the next run from the line for this worker; None if nobody waits.

        Owners with fewer runs in training go first, then who came first.
        """
        with self._database.read() as connection:  # most looks find nobody: take no lock for that
            if not self._line(connection):
                return None
        with self._database.write() as connection:
            for id in self._line(connection):
                taken = connection.execute(
                    update(runs)
                    .where(runs.c.id == id, runs.c.state == "queued")  # another may be faster
                    .values(state="running", worker=worker, heartbeat=time.time(), reason="")
                )
                if taken.rowcount:
                    return _run(_row(connection, id))
        return None

    def wanted(self, id: str) -> Wanted:
        """Return what the owner wants of the run now."""
        with self._database.read() as connection:
            row = _row(connection, id)
        return Wanted(row.wanted, row.until, row.lr, row.reason, row.revision)

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
            _change(connection, id, worker, **changes)
            if rows:
                first, last = rows[0]["step"], rows[-1]["step"]
                again = metrics.c.step.between(first, last)
                connection.execute(delete(metrics).where(metrics.c.run == id, again))
                connection.execute(insert(metrics), [{"run": id, **row} for row in rows])
            if checkpoint is not None:
                _keep(connection, id, checkpoint)

    def learning_rates(self, id: str, since: int) -> dict[int, float]:
        """Return the learning rate of each step after `since` whose metrics are kept."""
        after = (metrics.c.run == id) & (metrics.c.step > since)
        with self._database.read() as connection:
            rows = connection.execute(select(metrics.c.step, metrics.c.lr).where(after))
            return {row.step: row.lr for row in rows}

    def beat(self, id: str, worker: str) -> None:
        """Say that the worker is alive and at this run."""
        with self._database.write() as connection:
            _change(connection, id, worker, heartbeat=time.time())

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
            row = _row(connection, id, lock=True)
            if revision is not None and row.revision != revision:
                return False
            _change(connection, id, worker, state=state, reason=reason, worker=None)
            return True

    # What a server does

    def seen(self, owners: Iterable[str]) -> None:
        """Note that these owners have a page open now."""
        with self._database.write() as connection:
            for owner in owners:
                _see(connection, owner)

    def unseen(self, before: float) -> Sequence[Run]:
        """Return runs in line or in training of owners who were last seen before that time."""
        gone = runs.c.owner.in_(select(viewers.c.owner).where(viewers.c.seen < before))
        going = runs.c.state.in_(("queued", "running")) & (runs.c.wanted == "run")
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(select(runs).where(gone, going))]

    def _own(self, connection: Connection, id: str, owner: str) -> Row[Any]:
        row = _row(connection, id, lock=True)
        if row.owner != owner:
            raise RunError(
                "This run belongs to somebody else: watch it, or start your own with its settings."
            )
        return row

    def _queue(self, id: str, owner: str, one_step: bool) -> None:
        with self._database.write() as connection:
            row = self._own(connection, id, owner)
            if row.state == "finished":
                raise RunError(
                    f"This run has trained all its {row.step} steps: start a new one with more."
                )
            wish = {"wanted": "run", "until": row.step + 1 if one_step else None, "reason": ""}
            if row.state not in ("queued", "running"):
                last = connection.scalar(select(func.max(runs.c.ticket))) or 0
                wish |= {"state": "queued", "ticket": last + 1}
            _change(connection, id, revision=row.revision + 1, **wish)
            _see(connection, owner)

    def _end(
        self, id: str, owner: str, wanted: str, state: str, idle: Sequence[str], reason: str
    ) -> None:
        with self._database.write() as connection:
            row = self._own(connection, id, owner)
            revision = row.revision + 1
            if row.state == "running":
                _change(connection, id, wanted=wanted, reason=reason, revision=revision)
            elif row.state in idle:
                _change(connection, id, state=state, reason=reason, revision=revision)

    def _line(self, connection: Connection) -> Sequence[str]:
        """Return the runs that wait in the order they will be taken."""
        first = select(runs.c.id, runs.c.owner).order_by(runs.c.ticket, runs.c.id)
        waiting = list(connection.execute(first.where(runs.c.state == "queued")))
        if not waiting:
            return []
        training = select(runs.c.owner).where(runs.c.state == "running")
        taken = Counter(connection.scalars(training))
        line = []
        while waiting:
            row = min(waiting, key=lambda row: taken[row.owner])  # the first of the least served
            waiting.remove(row)
            taken[row.owner] += 1
            line.append(row.id)
        return line

    def _place(self, connection: Connection, id: str) -> int | None:
        line = self._line(connection)
        return line.index(id) + 1 if id in line else None


def default_url() -> str:
    """Return the URL of the run store in the user's data folder."""
    return f"sqlite:///{user_data_path('rnnviz') / 'runs.db'}"


def _row(connection: Connection, id: str, lock: bool = False) -> Row[Any]:
    wanted = select(runs).where(runs.c.id == id)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise RunError(f"There is no run {id!r}: it was deleted, or the link is not complete.")
    return row


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id, owner=row.owner, name=row.name, settings=Settings.from_json(row.settings),
        state=row.state, reason=row.reason, step=row.step, lr=row.lr, seconds=row.seconds,
        created=row.created, heartbeat=row.heartbeat, worker=row.worker,
    )  # fmt: skip


def _change(connection: Connection, id: str, held_by: str | None = None, **values: Any) -> None:
    change = update(runs).where(runs.c.id == id)
    if held_by is not None:
        change = change.where(runs.c.worker == held_by)
    if not connection.execute(change.values(**values)).rowcount:
        raise RunError(f"The run {id!r} was deleted, or another worker has taken it over.")


def _see(connection: Connection, owner: str) -> None:
    known = update(viewers).where(viewers.c.owner == owner)
    if not connection.execute(known.values(seen=time.time())).rowcount:
        connection.execute(insert(viewers).values(owner=owner, seen=time.time()))


def _checkpoint_steps(connection: Connection, id: str) -> Sequence[int]:
    wanted = select(checkpoints.c.step).where(checkpoints.c.run == id).order_by(checkpoints.c.step)
    return connection.scalars(wanted).all()


def _keep(connection: Connection, id: str, checkpoint: "Checkpoint") -> None:
    of_run = checkpoints.c.run == id
    connection.execute(delete(checkpoints).where(of_run, checkpoints.c.step == checkpoint.step))
    blobs = {"weights": checkpoint.weights, "optimizer": checkpoint.optimizer}
    connection.execute(insert(checkpoints).values(run=id, step=checkpoint.step, **blobs))
    size = sum(len(blob) for blob in blobs.values())
    limit = max(4, min(MOST_CHECKPOINTS, MOST_BYTES // max(1, size)))
    dropped = thin(_checkpoint_steps(connection, id), limit)
    connection.execute(delete(checkpoints).where(of_run, checkpoints.c.step.in_(dropped)))
