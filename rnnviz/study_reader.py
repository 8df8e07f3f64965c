"""Reading studies: what was planned, and how each run of it stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from rnnviz.errors import RunError
from rnnviz.plan import Plan
from rnnviz.reader import RunReader
from rnnviz.schema import checkpoints, metrics, points, runs, studies
from rnnviz.settings import Settings

DONE = ("finished", "failed")
"""States of runs that are done with: to the end, or until they diverged."""


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


class Member(NamedTuple):
    """How one point of a study stands; a run that was deleted has no id and no state.

    seconds : spent on training so far
    """

    run: str | None = None
    state: str = ""
    reason: str = ""
    step: int = 0
    seconds: float = 0.0


class StudyHead(NamedTuple):
    """What differs whenever there is something new to see of a study."""

    steps: int
    states: tuple[tuple[str, int], ...]


class Ending(NamedTuple):
    """What a run's validation said after its last step."""

    loss: float
    metric: float


class StudyReader(RunReader):
    """Read the studies of a store; opened as `RunReader` is."""

    def study(self, id: str) -> Study:
        """Return a study.

        Raises
        ------
        RunError
            If there is no such study.
        """
        with self._database.read() as connection:
            return study_of(find_study(connection, id))

    def studies(self, owner: str) -> Sequence[Study]:
        """Return an owner's studies, newest first."""
        wanted = select(studies).where(studies.c.owner == owner, studies.c.deleted.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(studies.c.created.desc(), studies.c.id))
            return [study_of(row) for row in rows]

    def members(self, id: str) -> Sequence[Member]:
        """Return how each point of a study stands, in the order of `Plan.points`."""
        names = ("id", "state", "reason", "step", "seconds")
        wanted = (
            select(points.c.place, *(runs.c[name] for name in names))
            .join(runs, runs.c.id == points.c.run)
            .where(points.c.study == id, runs.c.deleted.is_(None))
        )
        with self._database.read() as connection:
            count = study_of(find_study(connection, id)).plan.count
            found = {row[0]: Member(*row[1:]) for row in connection.execute(wanted)}
        return [found.get(place, Member()) for place in range(count)]

    def study_head(self, id: str) -> StudyHead:
        """Return what differs whenever there is something new to see of a study.

        Raises
        ------
        RunError
            If there is no such study.
        """
        counted = (
            select(runs.c.state, func.count(), func.sum(runs.c.step))
            .join(points, runs.c.id == points.c.run)
            .where(points.c.study == id, runs.c.deleted.is_(None))
            .group_by(runs.c.state)
            .order_by(runs.c.state)
        )
        with self._database.read() as connection:
            rows = connection.execute(counted).all()
            if not rows:
                find_study(connection, id)
        return StudyHead(sum(row[2] for row in rows), tuple((row[0], row[1]) for row in rows))

    def endings(self, ids: Iterable[str]) -> dict[str, Ending]:
        """Return the last validation of those runs that are finished."""
        wanted = (
            select(runs.c.id, metrics.c.validation_loss, metrics.c.validation_metric)
            .join(metrics, (metrics.c.run == runs.c.id) & (metrics.c.step == runs.c.step))
            .where(runs.c.id.in_(list(ids)), runs.c.state == "finished")
        )
        with self._database.read() as connection:
            return {row[0]: Ending(row[1], row[2]) for row in connection.execute(wanted)}

    def kept_until(self, id: str, step: int | None = None) -> dict[str, int]:
        """Return the newest kept checkpoint, not after a step, of each run that has one."""
        wanted = (
            select(checkpoints.c.run, func.max(checkpoints.c.step))
            .join(points, points.c.run == checkpoints.c.run)
            .where(points.c.study == id)
            .group_by(checkpoints.c.run)
        )
        if step is not None:
            wanted = wanted.where(checkpoints.c.step <= step)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(wanted)}

    def validations(self, run: str, since: int = 0) -> Sequence[tuple[int, float, float]]:
        """Return step, loss and metric of a run's validations after a step."""
        names = ("step", "validation_loss", "validation_metric")
        wanted = select(*(metrics.c[name] for name in names)).where(
            metrics.c.run == run, metrics.c.step > since, metrics.c.validation_loss.is_not(None)
        )
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(metrics.c.step))
            return [(row[0], row[1], row[2]) for row in rows]


def find_study(connection: Connection, id: str, binned: bool = False) -> Row[Any]:
    """Return a study's row; one in the bin is only found where it is asked for with `binned`.

    Raises
    ------
    RunError
        If there is no such study.
    """
    row = connection.execute(select(studies).where(studies.c.id == id)).one_or_none()
    if row is None or (row.deleted is not None and not binned):
        raise RunError(f"There is no study {id!r}: it was deleted, or the link is not complete.")
    return row


def study_of(row: Row[Any]) -> Study:
    """Return what a row of the table `studies` says."""
    return Study(row.id, row.owner, _plan_of(row.plan), row.created)


@lru_cache(64)
def _plan_of(text: str) -> Plan:
    return Plan.from_json(text)
