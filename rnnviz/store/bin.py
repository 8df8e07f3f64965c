"""The bin: what was deleted lies there for `BIN_DAYS`, from where it comes back as it was.

A worker at a run that is deleted lets go of it.
"""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, exists, select, update

from rnnviz.store.database import Database
from rnnviz.store.rows import Run, Study, own_run, own_study, run_of, study_of
from rnnviz.store.schema import points, runs, studies
from rnnviz.store.states import RULES, Order

BIN_DAYS = 14
"""Days after which what was deleted is gone for good."""


class Bin:
    """Delete runs and studies of a store, and take them back.

    Raises
    ------
    RunError
        If there is no such run or study, or it belongs to somebody else.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def delete(self, run: str, owner: str) -> None:
        """Put the run into the bin; if it waits or trains, it stops."""
        with self._database.write() as connection:
            own_run(connection, run, owner)
            _delete_runs(connection, runs.c.id == run, time.time())

    def restore(self, run: str, owner: str) -> None:
        """Take the run out of the bin."""
        with self._database.write() as connection:
            own_run(connection, run, owner, binned=True)
            connection.execute(update(runs).where(runs.c.id == run).values(deleted=None))

    def delete_study(self, study: str, owner: str) -> None:
        """Put a study into the bin, with the runs made for it that no other study uses."""
        with self._database.write(alone=True) as connection:
            own_study(connection, study, owner)
            now = time.time()
            mine = runs.c.study == study
            _delete_runs(connection, mine & ~_used_elsewhere(study), now)
            heir = select(points.c.study).where(
                points.c.run == runs.c.id, points.c.study.in_(_living(study))
            )
            lent = update(runs).where(mine, runs.c.deleted.is_(None))
            connection.execute(lent.values(study=heir.limit(1).scalar_subquery()))
            connection.execute(update(studies).where(studies.c.id == study).values(deleted=now))

    def restore_study(self, study: str, owner: str) -> None:
        """Take a study out of the bin, with the runs that went there with it."""
        with self._database.write(alone=True) as connection:
            row = own_study(connection, study, owner, binned=True)
            with_it = (runs.c.study == study) & (runs.c.deleted == row.deleted)
            connection.execute(update(runs).where(with_it).values(deleted=None))
            connection.execute(update(studies).where(studies.c.id == study).values(deleted=None))

    def contents(self, owner: str) -> tuple[Sequence[Run], Sequence[Study]]:
        """Return what an owner's bin holds, newest first: single runs, and studies."""
        of_runs = select(runs).where(runs.c.owner == owner, runs.c.deleted.is_not(None))
        of_studies = select(studies).where(studies.c.owner == owner, studies.c.deleted.is_not(None))
        with self._database.read() as connection:
            rows = connection.execute(of_studies.order_by(studies.c.deleted.desc()))
            gone = {row.id: row for row in rows}
            alone = [
                run_of(row)
                for row in connection.execute(of_runs.order_by(runs.c.deleted.desc()))
                if row.study not in gone or gone[row.study].deleted != row.deleted
            ]
        return alone, [study_of(row) for row in gone.values()]

    def empty(self, owner: str) -> None:
        """Delete for good all that an owner has in the bin."""
        with self._database.write(alone=True) as connection:
            for table in (studies, runs):
                binned = (table.c.owner == owner) & table.c.deleted.is_not(None)
                connection.execute(delete(table).where(binned))

    def purge(self, before: float) -> None:
        """Delete for good what was put into the bin before that time, whoever's it is."""
        with self._database.read() as connection:
            old = [
                connection.scalar(select(exists().where(table.c.deleted < before)))
                for table in (studies, runs)
            ]
        if any(old):
            with self._database.write(alone=True) as connection:
                for table in (studies, runs):
                    connection.execute(delete(table).where(table.c.deleted < before))


def _delete_runs(connection: Connection, which: Any, now: float) -> None:
    rule = RULES[Order.DELETE]
    going = runs.c.state.in_(rule.moves)
    connection.execute(
        update(runs)
        .where(which, runs.c.deleted.is_(None))
        .values(
            state=case((going, rule.to), else_=runs.c.state),
            wanted=case((going, rule.wish), else_=runs.c.wanted),
            worker=None,
            deleted=now,
            revision=runs.c.revision + 1,
        )
    )


def _used_elsewhere(study: str) -> Any:
    return exists().where(points.c.run == runs.c.id, points.c.study.in_(_living(study)))


def _living(but: str) -> Any:
    """Return the studies outside the bin, but for one."""
    return select(studies.c.id).where(studies.c.deleted.is_(None), studies.c.id != but)
