"""Studies in the run store: what was planned, and which run is which point of the plan.

A study's runs are runs like all others: the same workers train them, from the same queue. A point
whose settings its owner has already trained to the end is not trained again.
"""

import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from rnnviz.errors import RnnvizError
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.data_sets import DataSets
from rnnviz.store.database import Database
from rnnviz.store.queue import next_ticket
from rnnviz.store.rows import Study, find_study, mark_seen, new_run, own_study, study_of
from rnnviz.store.schema import checkpoints, metrics, points, runs, studies
from rnnviz.store.states import RULES, Order, State
from rnnviz.words import NOTHING, Words


class Member(NamedTuple):
    """How one point of a study stands; a run that was deleted has no id and no state.

    seconds : spent on training so far
    """

    run: str | None = None
    state: State | str = ""
    why: Words = NOTHING
    step: int = 0
    seconds: float = 0.0

    @property
    def reason(self) -> str:
        """Why its run is in this state, in the reader's language."""
        return str(self.why)


class StudyHead(NamedTuple):
    """What differs whenever there is something new to see of a study."""

    steps: int
    states: tuple[tuple[State, int], ...]


class Ending(NamedTuple):
    """What a run's validation said after its last step."""

    loss: float
    metric: float


class Studies:
    """Read and start the studies of a store, and steer all runs of one.

    Raises
    ------
    RunError
        If there is no such study; from what changes one, also if it belongs to somebody else.
    """

    def __init__(self, database: Database, data: DataSets) -> None:
        self._database, self._data = database, data

    def get(self, study: str) -> Study:
        """Return a study."""
        with self._database.read() as connection:
            return study_of(find_study(connection, study))

    def list(self, owner: str) -> Sequence[Study]:
        """Return an owner's studies, newest first."""
        mine = select(studies).where(studies.c.owner == owner, studies.c.deleted.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(mine.order_by(studies.c.created.desc(), studies.c.id))
            return [study_of(row) for row in rows]

    def members(self, study: str) -> Sequence[Member]:
        """Return how each point of a study stands, in the order of `Plan.points`."""
        names = ("id", "state", "reason", "step", "seconds")
        standing = (
            select(points.c.place, *(runs.c[name] for name in names))
            .join(runs, runs.c.id == points.c.run)
            .where(points.c.study == study, runs.c.deleted.is_(None))
        )
        with self._database.read() as connection:
            count = study_of(find_study(connection, study)).plan.count
            there = {
                row.place: Member(
                    row.id, State(row.state), Words.from_json(row.reason), row.step, row.seconds
                )
                for row in connection.execute(standing)
            }
        return [there.get(place, Member()) for place in range(count)]

    def head(self, study: str) -> StudyHead:
        """Return what differs whenever there is something new to see of a study."""
        counted = (
            select(runs.c.state, func.count(), func.sum(runs.c.step))
            .join(points, runs.c.id == points.c.run)
            .where(points.c.study == study, runs.c.deleted.is_(None))
            .group_by(runs.c.state)
            .order_by(runs.c.state)
        )
        with self._database.read() as connection:
            rows = connection.execute(counted).all()
            if not rows:
                find_study(connection, study)
        steps = sum(row[2] for row in rows)
        return StudyHead(steps, tuple((State(row[0]), row[1]) for row in rows))

    def endings(self, ids: Iterable[str]) -> dict[str, Ending]:
        """Return the last validation of those runs that are finished."""
        ended = (
            select(runs.c.id, metrics.c.validation_loss, metrics.c.validation_metric)
            .join(metrics, (metrics.c.run == runs.c.id) & (metrics.c.step == runs.c.step))
            .where(runs.c.id.in_(list(ids)), runs.c.state == State.FINISHED)
        )
        with self._database.read() as connection:
            return {row[0]: Ending(row[1], row[2]) for row in connection.execute(ended)}

    def kept_until(self, study: str, step: int | None = None) -> dict[str, int]:
        """Return the newest kept checkpoint, not after a step, of each run that has one."""
        newest = (
            select(checkpoints.c.run, func.max(checkpoints.c.step))
            .join(points, points.c.run == checkpoints.c.run)
            .where(points.c.study == study)
            .group_by(checkpoints.c.run)
        )
        if step is not None:
            newest = newest.where(checkpoints.c.step <= step)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(newest)}

    def validations(self, run: str, since: int = 0) -> Sequence[tuple[int, float, float]]:
        """Return step, loss and metric of a run's validations after a step."""
        names = ("step", "validation_loss", "validation_metric")
        validated = select(*(metrics.c[name] for name in names)).where(
            metrics.c.run == run, metrics.c.step > since, metrics.c.validation_loss.is_not(None)
        )
        with self._database.read() as connection:
            rows = connection.execute(validated.order_by(metrics.c.step))
            return [(row[0], row[1], row[2]) for row in rows]

    # What its owner may do

    def start(self, plan: Plan, owner: str) -> str:
        """Put all runs of a plan in the queue; return the study's id, which cannot be guessed.

        A plan that this owner has started before goes on where it was, under the same id.
        """
        planned, text = plan.points(self._data), plan.to_json()
        same = (studies.c.owner == owner) & (studies.c.plan == text) & studies.c.deleted.is_(None)
        with self._database.write(alone=True) as connection:
            id = connection.scalar(select(studies.c.id).where(same))
            if id is None:
                id = secrets.token_urlsafe(12)
                connection.execute(
                    insert(studies).values(id=id, owner=owner, plan=text, created=time.time())
                )
            _fill(connection, id, owner, [point.settings for point in planned])
            _queue(connection, id)
            mark_seen(connection, owner)
        return id

    def resume(self, study: str, owner: str) -> None:
        """Let the runs of a study go on; runs of it that were deleted are made again."""
        planned = self.get(study).plan.points(self._data)
        with self._database.write(alone=True) as connection:
            own_study(connection, study, owner)
            _fill(connection, study, owner, [point.settings for point in planned])
            _queue(connection, study)
            mark_seen(connection, owner)

    def pause(self, study: str, owner: str) -> None:
        """Let all runs of a study wait until it is resumed."""
        self._end(study, owner, Order.PAUSE)

    def cancel(self, study: str, owner: str) -> None:
        """Stop all runs of a study that are not finished; what is finished stays."""
        self._end(study, owner, Order.STOP)

    def _end(self, study: str, owner: str, order: Order) -> None:
        rule = RULES[order]
        with self._database.write(alone=True) as connection:
            own_study(connection, study, owner)
            anew = {"reason": "", "revision": runs.c.revision + 1}
            change = update(runs).where(_members_of(study))
            training = change.where(runs.c.state == State.RUNNING)
            connection.execute(training.values(wanted=rule.wish, **anew))
            idle = change.where(runs.c.state.in_(rule.moves))
            connection.execute(idle.values(state=rule.to, **anew))


def _fill(connection: Connection, id: str, owner: str, wanted: Sequence[Settings]) -> None:
    """Give every point of a study that has none a run: one that is finished, or a new one."""
    binned = points.c.run.in_(select(runs.c.id).where(runs.c.deleted.is_not(None)))
    connection.execute(delete(points).where(points.c.study == id, binned))
    there = set(connection.scalars(select(points.c.place).where(points.c.study == id)))
    missing = [place for place in range(len(wanted)) if place not in there]
    if not missing:
        return
    known = _finished(connection, owner, {wanted[place] for place in missing})
    rows = []
    for place in missing:
        run = known.get(wanted[place]) or new_run(connection, wanted[place], owner, study=id)
        known[wanted[place]] = run  # settings that are there twice are one run
        rows.append({"study": id, "place": place, "run": run})
    connection.execute(insert(points), rows)


def _finished(connection: Connection, owner: str, wanted: set[Settings]) -> dict[Settings, str]:
    """Return an owner's finished runs of some settings, but for those whose rate was changed."""
    of_owner = (runs.c.owner == owner) & (runs.c.state == State.FINISHED) & runs.c.deleted.is_(None)
    of_owner &= runs.c.origin.is_(None)  # its settings do not tell how it began
    found = {}
    for row in connection.execute(select(runs.c.id, runs.c.settings, runs.c.lr).where(of_owner)):
        try:
            settings = Settings.recorded(row.settings)
        except RnnvizError:
            continue  # of another version
        if settings in wanted and settings.lr == row.lr:
            changed = exists().where(metrics.c.run == row.id, metrics.c.lr != row.lr)
            if not connection.scalar(select(changed)):
                found[settings] = row.id
    return found


def _queue(connection: Connection, id: str) -> None:
    """Put the runs of a study that wait in the queue, in the order of its points."""
    rule, ticket = RULES[Order.RESUME_STUDY], next_ticket(connection)
    anew = {"wanted": rule.wish, "until": None, "reason": "", "revision": runs.c.revision + 1}
    waiting = (
        select(runs.c.id)
        .join(points, points.c.run == runs.c.id)
        .where(points.c.study == id, runs.c.state.in_(rule.moves), runs.c.deleted.is_(None))
        .order_by(points.c.place)
        .with_for_update(of=runs)  # no worker takes one of them meanwhile
    )
    for place, run in enumerate(connection.scalars(waiting).all()):
        queued = update(runs).where(runs.c.id == run)
        connection.execute(queued.values(state=rule.to, ticket=ticket + place, **anew))
    training = update(runs).where(_members_of(id), runs.c.state == State.RUNNING)
    connection.execute(training.where(runs.c.wanted != rule.wish).values(**anew))


def _members_of(id: str) -> Any:
    return runs.c.id.in_(select(points.c.run).where(points.c.study == id))
