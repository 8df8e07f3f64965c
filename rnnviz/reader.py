"""Reading runs: what the store knows of each, for whoever has its id."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from platformdirs import user_data_path
from sqlalchemy import Connection, Row, bindparam, func, select

from rnnviz.data import known
from rnnviz.data_store import DataStore
from rnnviz.database import Database
from rnnviz.errors import RunError
from rnnviz.lineage import Origin
from rnnviz.schema import checkpoints, metrics, runs, viewers
from rnnviz.settings import Settings
from rnnviz.waiting import place

if TYPE_CHECKING:  # both are slow to import, and not every process needs both
    import pandas as pd

    from rnnviz.training import Checkpoint

STATES = ("queued", "running", "paused", "stopped", "finished", "failed", "interrupted")

# What is asked many times a second is written once: writing a statement takes as long as asking it.
ROW = select(runs).where(runs.c.id == bindparam("run"))
LOCKED_ROW = ROW.with_for_update()
STEPS = (
    select(checkpoints.c.step)
    .where(checkpoints.c.run == bindparam("run"))
    .order_by(checkpoints.c.step)
)
NEWEST_STEP = select(func.max(checkpoints.c.step)).where(checkpoints.c.run == bindparam("run"))


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
    study : str or None
        The study that it was made for; None for a run of its own.
    tags, note
        What its owner wrote about it.
    origin : Origin or None
        Where it comes from, if it goes on from another run (branching.py).
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
    study: str | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    origin: Origin | None = None


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


class RunReader(DataStore):
    """Read the runs of a store; safe to use from many threads and processes.

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
        known.look_in(self)

    def close(self) -> None:
        """Close all connections that are not in use."""
        known.leave(self)
        self._database.close()

    def get(self, id: str) -> Run:
        """Return the run as it is now.

        Raises
        ------
        RunError
            If there is no such run.
        """
        with self._database.read() as connection:
            return run_of(find(connection, id))

    def list(self, owner: str | None = None, state: str | None = None) -> Sequence[Run]:
        """Return all runs, newest first, or those of an owner or in a state; none from the bin."""
        wanted = (
            select(runs).where(runs.c.deleted.is_(None)).order_by(runs.c.created.desc(), runs.c.id)
        )
        if owner is not None:
            wanted = wanted.where(runs.c.owner == owner)
        if state is not None:
            wanted = wanted.where(runs.c.state == state)
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(wanted)]

    def head(self, id: str) -> Head:
        """Return what differs whenever there is something new to see of the run.

        Raises
        ------
        RunError
            If there is no such run.
        """
        with self._database.read() as connection:
            row = find(connection, id)
            waits = place(connection, id) if row.state == "queued" else None
            kept = connection.scalar(NEWEST_STEP, {"run": id})
            return Head(kept, row.step, row.state, row.reason, row.lr, row.revision, waits)

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
            return kept_steps(connection, id)

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

    def waiting(self) -> int:
        """Return how many runs are in the line."""
        queued = select(func.count()).select_from(runs).where(runs.c.state == "queued")
        with self._database.read() as connection:
            return connection.scalar(queued) or 0

    def place(self, id: str) -> int | None:
        """Return the run's place in the line, 1 for the next; None if it does not wait."""
        with self._database.read() as connection:
            return place(connection, id)

    def wanted(self, id: str) -> Wanted:
        """Return what the owner wants of the run now."""
        with self._database.read() as connection:
            row = find(connection, id)
        return Wanted(row.wanted, row.until, row.lr, row.reason, row.revision)

    def learning_rates(self, id: str, since: int) -> dict[int, float]:
        """Return the learning rate of each step after `since` whose metrics are kept."""
        after = (metrics.c.run == id) & (metrics.c.step > since)
        with self._database.read() as connection:
            rows = connection.execute(select(metrics.c.step, metrics.c.lr).where(after))
            return {row.step: row.lr for row in rows}

    def unseen(self, before: float) -> Sequence[Run]:
        """Return runs in line or in training of owners who were last seen before that time."""
        gone = runs.c.owner.in_(select(viewers.c.owner).where(viewers.c.seen < before))
        going = runs.c.state.in_(("queued", "running")) & (runs.c.wanted == "run")
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(select(runs).where(gone, going))]


def default_url() -> str:
    """Return the URL of the run store in the user's data folder."""
    return f"sqlite:///{user_data_path('rnnviz') / 'runs.db'}"


def find(connection: Connection, id: str, lock: bool = False, binned: bool = False) -> Row[Any]:
    """Return the run's row, locked until the transaction ends if it is about to be changed.

    A run in the bin is only found where it is asked for with `binned`.

    Raises
    ------
    RunError
        If there is no such run.
    """
    row = connection.execute(LOCKED_ROW if lock else ROW, {"run": id}).one_or_none()
    if row is None or (row.deleted is not None and not binned):
        raise RunError(f"There is no run {id!r}: it was deleted, or the link is not complete.")
    return row


def run_of(row: Row[Any]) -> Run:
    """Return what a row of the table `runs` says."""
    return Run(
        id=row.id, owner=row.owner, name=row.name, settings=Settings.from_json(row.settings),
        state=row.state, reason=row.reason, step=row.step, lr=row.lr, seconds=row.seconds,
        created=row.created, heartbeat=row.heartbeat, worker=row.worker, study=row.study,
        tags=tuple(json.loads(row.tags)), note=row.note,
        origin=Origin.from_json(row.origin),
    )  # fmt: skip


def kept_steps(connection: Connection, id: str) -> Sequence[int]:
    """Return the steps of the run's checkpoints, in order."""
    return connection.scalars(STEPS, {"run": id}).all()
