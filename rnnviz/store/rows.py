"""The rows of runs and studies: finding, reading and changing one within a transaction."""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from rnnviz.errors import RunError
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.data_sets import ensure_kept
from rnnviz.store.database import upserting
from rnnviz.store.origin import Origin
from rnnviz.store.schema import checkpoints, runs, studies, viewers
from rnnviz.store.states import State, Wish
from rnnviz.words import LONGEST, Words

# What is asked many times a second is written once: writing a statement takes as long as asking it.
ROW = select(runs).where(runs.c.id == bindparam("run"))
LOCKED_ROW = ROW.with_for_update()
# The columns that change are those of the values they are executed with.
CHANGE = update(runs).where(runs.c.id == bindparam("changed"), runs.c.deleted.is_(None))
CHANGE_HELD = CHANGE.where(runs.c.worker == bindparam("holder"))
STEPS = (
    select(checkpoints.c.step)
    .where(checkpoints.c.run == bindparam("run"))
    .order_by(checkpoints.c.step)
)


@dataclass(frozen=True)
class Run:
    """What the store knew of a run at one moment.

    Attributes
    ----------
    state : State
        A run that never started is paused.
    why : Words
        Why it is in this state, as a sentence; falsy where the owner wanted it so.
    step : int
        The last step whose metrics are kept.
    lr : float
        The learning rate wanted from the next step on.
    seconds : float
        Time spent on training so far.
    created, heartbeat : float
        When it was made, and when its worker was last heard, in seconds since 1970.
    worker : str or None
        Who trains it, as "host:process:token" (engine/supervisor.py); None if nobody does.
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
    state: State
    why: Words
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

    @property
    def reason(self) -> str:
        """Why it is in this state, in the reader's language."""
        return str(self.why)


@dataclass(frozen=True)
class Study:
    """A plan that somebody has started.

    Attributes
    ----------
    created : float
        Seconds since 1970.
    """

    id: str
    owner: str
    plan: Plan
    created: float

    @property
    def settings(self) -> Settings:
        """What all its runs have in common."""
        return self.plan.settings


class Head(NamedTuple):
    """The newest of a run: its last checkpoint, its last step, and how it stands.

    reason : as the store keeps it, the same in all languages
    """

    checkpoint: int | None
    step: int
    state: State
    reason: str
    lr: float
    revision: int
    place: int | None


def run_of(row: Row[Any]) -> Run:
    """Return what a row of the table `runs` says."""
    return Run(
        id=row.id, owner=row.owner, name=row.name, settings=Settings.recorded(row.settings),
        state=State(row.state), why=Words.from_json(row.reason), step=row.step, lr=row.lr,
        seconds=row.seconds, created=row.created, heartbeat=row.heartbeat, worker=row.worker,
        study=row.study, tags=tuple(json.loads(row.tags)), note=row.note,
        origin=Origin.from_json(row.origin),
    )  # fmt: skip


def kept_words(reason: Words | str) -> str:
    """Return words as the store keeps them: message and values, or nothing where there are none."""
    if not isinstance(reason, Words):
        return reason[:LONGEST]
    kept = reason.to_json() if reason else ""
    return kept if len(kept) <= LONGEST else str(reason)[:LONGEST]


def study_of(row: Row[Any]) -> Study:
    """Return what a row of the table `studies` says."""
    return Study(row.id, row.owner, _plan_of(row.plan), row.created)


@lru_cache(64)
def _plan_of(text: str) -> Plan:
    return Plan.from_json(text)


def find_run(connection: Connection, id: str, lock: bool = False, binned: bool = False) -> Row[Any]:
    """Return the run's row, locked until the transaction ends if it is about to be changed.

    A run in the bin is only found where it is asked for with `binned`.

    Raises
    ------
    RunError
        If there is no such run.
    """
    row = connection.execute(LOCKED_ROW if lock else ROW, {"run": id}).one_or_none()
    if row is None or (row.deleted is not None and not binned):
        raise RunError(
            "There is no run {id!r}: it was deleted, or the link is not complete.", id=id
        )
    return row


def own_run(connection: Connection, id: str, owner: str, binned: bool = False) -> Row[Any]:
    """Return the run's row, locked, if it is this owner's."""
    row = find_run(connection, id, lock=True, binned=binned)
    if row.owner != owner:
        raise RunError(
            "This run belongs to somebody else: watch it, or start your own with its settings."
        )
    return row


def find_study(connection: Connection, id: str, binned: bool = False) -> Row[Any]:
    """Return a study's row; one in the bin is only found where it is asked for with `binned`.

    Raises
    ------
    RunError
        If there is no such study.
    """
    row = connection.execute(select(studies).where(studies.c.id == id)).one_or_none()
    if row is None or (row.deleted is not None and not binned):
        raise RunError(
            "There is no study {id!r}: it was deleted, or the link is not complete.", id=id
        )
    return row


def own_study(connection: Connection, id: str, owner: str, binned: bool = False) -> Row[Any]:
    """Return a study's row, if it is this owner's."""
    row = find_study(connection, id, binned)
    if row.owner != owner:
        raise RunError(
            "This study belongs to somebody else: watch it, or start your own with its choices."
        )
    return row


def new_run(
    connection: Connection, settings: Settings, owner: str, name: str = "", study: str | None = None
) -> str:
    """Add a run that has not started, and return its id, which cannot be guessed."""
    ensure_kept(connection, settings)
    id, now = secrets.token_urlsafe(12), time.time()
    connection.execute(
        insert(runs).values(
            id=id, owner=owner, name=name, settings=settings.to_json(), state=State.PAUSED,
            reason="", step=0, lr=settings.lr, seconds=0.0, created=now, wanted=Wish.RUN,
            revision=0, ticket=0, heartbeat=now, study=study,
        )
    )  # fmt: skip
    return id


def change(connection: Connection, id: str, held_by: str | None = None, **values: Any) -> None:
    """Change the run's row, if it is there and held by this worker, where one is named."""
    statement, which = CHANGE, {"changed": id}
    if held_by is not None:
        statement, which = CHANGE_HELD, which | {"holder": held_by}
    if not connection.execute(statement, which | values).rowcount:
        raise RunError("The run {id!r} was deleted, or another worker has taken it over.", id=id)


def kept_steps(connection: Connection, id: str) -> Sequence[int]:
    """Return the steps of the run's checkpoints, in order."""
    return connection.scalars(STEPS, {"run": id}).all()


def mark_seen(connection: Connection, owner: str) -> None:
    """Note that an owner is there now."""
    now = time.time()
    added = upserting(connection, viewers).values(owner=owner, seen=now)
    connection.execute(added.on_conflict_do_update(index_elements=["owner"], set_={"seen": now}))
