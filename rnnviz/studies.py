"""Studies in the run store: what was planned, and which run is which point of the plan.

A study's runs are runs like all others: the same workers train them, from the same line. A point
whose settings its owner has already trained to the end is not trained again.
"""

import secrets
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from rnnviz.data_store import bring
from rnnviz.database import upserting
from rnnviz.errors import RnnvizError, RunError
from rnnviz.plan import Plan
from rnnviz.schema import metrics, points, runs, studies, viewers
from rnnviz.settings import Settings
from rnnviz.study_reader import StudyReader, find_study, study_of

WAITS = ("paused", "stopped", "interrupted")
"""States from which a study's runs go on; one that diverged would only diverge again."""


class Studies(StudyReader):
    """Read and write the studies of a store."""

    def start_study(self, plan: Plan, owner: str) -> str:
        """Put all runs of a plan in the line; return the study's id, which cannot be guessed.

        A plan that this owner has started before goes on where it was, under the same id.
        """
        made, text = plan.points(), plan.to_json()
        same = (studies.c.owner == owner) & (studies.c.plan == text) & studies.c.deleted.is_(None)
        with self._database.write(alone=True) as connection:
            id = connection.scalar(select(studies.c.id).where(same))
            if id is None:
                id = secrets.token_urlsafe(12)
                connection.execute(
                    insert(studies).values(id=id, owner=owner, plan=text, created=time.time())
                )
            _fill(connection, id, owner, [point.settings for point in made])
            _queue(connection, id)
            see(connection, owner)
        return id

    # What its owner may do

    def resume_study(self, id: str, owner: str) -> None:
        """Let the runs of a study go on; runs of it that were deleted are made again.

        Raises
        ------
        RunError
            Here and below: if there is no such study, or it belongs to somebody else.
        """
        with self._database.write(alone=True) as connection:
            row = own_study(connection, id, owner)
            made = study_of(row).plan.points()
            _fill(connection, id, owner, [point.settings for point in made])
            _queue(connection, id)
            see(connection, owner)

    def pause_study(self, id: str, owner: str) -> None:
        """Let all runs of a study wait until it is resumed."""
        self._end_study(id, owner, "pause", "paused", ("queued",))

    def cancel_study(self, id: str, owner: str) -> None:
        """Stop all runs of a study that are not finished; what is finished stays."""
        self._end_study(id, owner, "stop", "stopped", ("queued", "paused", "interrupted"))

    def _end_study(self, id: str, owner: str, wanted: str, state: str, idle: Sequence[str]) -> None:
        with self._database.write(alone=True) as connection:
            own_study(connection, id, owner)
            again = {"reason": "", "revision": runs.c.revision + 1}
            change = update(runs).where(_members_of(id))
            connection.execute(
                change.where(runs.c.state == "running").values(wanted=wanted, **again)
            )
            connection.execute(change.where(runs.c.state.in_(idle)).values(state=state, **again))


def new_run(
    connection: Connection, settings: Settings, owner: str, name: str = "", study: str | None = None
) -> str:
    """Add a run that has not started, and return its id, which cannot be guessed."""
    bring(connection, settings)
    id, now = secrets.token_urlsafe(12), time.time()
    connection.execute(
        insert(runs).values(
            id=id, owner=owner, name=name, settings=settings.to_json(), state="paused",
            reason="", step=0, lr=settings.lr, seconds=0.0, created=now, wanted="run",
            revision=0, ticket=0, heartbeat=now, study=study,
        )
    )  # fmt: skip
    return id


def see(connection: Connection, owner: str) -> None:
    """Note that an owner is there now."""
    now = time.time()
    add = upserting(connection, viewers).values(owner=owner, seen=now)
    connection.execute(add.on_conflict_do_update(index_elements=["owner"], set_={"seen": now}))


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
    of_owner = (runs.c.owner == owner) & (runs.c.state == "finished") & runs.c.deleted.is_(None)
    of_owner &= runs.c.origin.is_(None)  # its settings do not tell how it began
    found = {}
    for row in connection.execute(select(runs.c.id, runs.c.settings, runs.c.lr).where(of_owner)):
        try:
            settings = Settings.from_json(row.settings)
        except RnnvizError:
            continue  # of another version
        if settings in wanted and settings.lr == row.lr:
            changed = exists().where(metrics.c.run == row.id, metrics.c.lr != row.lr)
            if not connection.scalar(select(changed)):
                found[settings] = row.id
    return found


def _queue(connection: Connection, id: str) -> None:
    """Put the runs of a study that wait in the line, in the order of its points."""
    ticket = connection.scalar(select(func.max(runs.c.ticket))) or 0
    wanted = (
        select(runs.c.id)
        .join(points, points.c.run == runs.c.id)
        .where(points.c.study == id, runs.c.state.in_(WAITS), runs.c.deleted.is_(None))
        .order_by(points.c.place)
        .with_for_update(of=runs)  # no worker takes one of them meanwhile
    )
    for place, run in enumerate(connection.scalars(wanted).all()):
        again = {"wanted": "run", "until": None, "reason": "", "revision": runs.c.revision + 1}
        connection.execute(
            update(runs)
            .where(runs.c.id == run)
            .values(state="queued", ticket=ticket + place + 1, **again)
        )
    going = update(runs).where(_members_of(id), runs.c.state == "running", runs.c.wanted != "run")
    connection.execute(
        going.values(wanted="run", until=None, reason="", revision=runs.c.revision + 1)
    )


def _members_of(id: str) -> Any:
    return runs.c.id.in_(select(points.c.run).where(points.c.study == id))


def own_study(connection: Connection, id: str, owner: str, binned: bool = False) -> Row[Any]:
    """Return a study's row, if it is this owner's."""
    row = find_study(connection, id, binned)
    if row.owner != owner:
        raise RunError(
            "This study belongs to somebody else: watch it, or start your own with its choices."
        )
    return row
