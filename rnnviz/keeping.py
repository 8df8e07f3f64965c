"""What an owner keeps of runs and studies: names, tags, notes, copies, more steps, and the bin.

What is deleted lies in the bin for `BIN_DAYS`, from where it comes back as it was; a worker at a
run that is deleted lets go of it.
"""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import category

from sqlalchemy import Connection, Row, bindparam, case, delete, exists, select, update

from rnnviz.catalogue import Entry, catalogue
from rnnviz.errors import RunError
from rnnviz.reader import Run, find, run_of
from rnnviz.schema import points, runs, studies
from rnnviz.settings import Settings
from rnnviz.studies import Studies, new_run, own_study
from rnnviz.study_reader import Study, study_of

BIN_DAYS = 14
"""Days after which what was deleted is gone for good."""
LONGEST_NAME, LONGEST_TAG, LONGEST_NOTE, MOST_TAGS = 80, 40, 4000, 20

# Written once (reader.py); the columns that change are those of the values they are executed with.
CHANGE = update(runs).where(runs.c.id == bindparam("changed"), runs.c.deleted.is_(None))
CHANGE_HELD = CHANGE.where(runs.c.worker == bindparam("holder"))


class Keeping(Studies):
    """Change what is known of the runs of a store."""

    def catalogue(self, owner: str, *, of_studies: bool = False) -> Sequence[Entry]:
        """Return an owner's runs as a list shows them (catalogue.py), newest first."""
        return catalogue(self._database, owner, of_studies=of_studies)

    def rename(self, id: str, owner: str, name: str) -> None:
        """Give the run a name; an empty one takes it away.

        Raises
        ------
        RunError
            Here and below: if there is no such run, it belongs to somebody else, or cannot.
        """
        name = tidy(name)
        if len(name) > LONGEST_NAME:
            raise RunError(
                f"A name of {len(name)} characters is too long: use at most {LONGEST_NAME}."
            )
        self._describe(id, owner, name=name)

    def tag(self, id: str, owner: str, tags: Iterable[str]) -> None:
        """Give the run these tags instead of those it has, each once, in this order."""
        kept = distinct(tags)
        if len(kept) > MOST_TAGS:
            raise RunError(f"{len(kept)} tags are too many: keep at most {MOST_TAGS}.")
        if any(len(tag) > LONGEST_TAG for tag in kept):
            raise RunError(f"A tag is too long: use at most {LONGEST_TAG} characters.")
        self._describe(id, owner, tags=json.dumps(kept))

    def annotate(self, id: str, owner: str, note: str) -> None:
        """Write a note about the run instead of the one it has."""
        note = tidy(note, lines=True)
        if len(note) > LONGEST_NOTE:
            raise RunError(
                f"A note of {len(note)} characters is too long: use at most {LONGEST_NOTE}."
            )
        self._describe(id, owner, note=note)

    def duplicate(self, id: str, owner: str, name: str = "", **changes: Any) -> str:
        """Add a run with the settings of another one, whoever's it is, and some changes.

        It has not started; tags and note are not copied, its name is where none is given.

        Raises
        ------
        SettingsError
            If a change is outside its range.
        """
        with self._database.write() as connection:
            row = find(connection, id)
            settings = run_of(row).settings.replace(**changes)
            return new_run(connection, settings, owner, name or row.name)

    def extend(self, id: str, owner: str, more: int) -> Settings:
        """Give the run so many steps more than its settings say; return the settings it has now.

        It goes on when it is resumed, to the weights of a run that had these steps from the start.
        A rate that falls over all steps would have been another one, so such runs are refused; and
        early stopping has put the best weights in the place of the last.

        Raises
        ------
        SettingsError
            If that is more steps than a run may have.
        """
        if more < 1:
            raise RunError(f"{more} more steps: must be at least 1.")
        with self._database.write() as connection:
            row = own_run(connection, id, owner)
            if row.study is not None or connection.scalar(
                select(exists().where(points.c.run == row.id))
            ):
                raise RunError(
                    "This run is a point of a study, whose runs are equally long: duplicate it, "
                    "and give the copy more steps."
                )
            settings = run_of(row).settings
            if settings.schedule != "constant":
                raise RunError(
                    "The learning rate of this run falls over all its steps, so with more of them "
                    "it would have been another run: duplicate it, and give the copy more steps."
                )
            if settings.patience and row.state == "finished":
                raise RunError(
                    "This run has ended with the weights of its best step, so there is nothing to "
                    "go on from at its last one: duplicate it, and give the copy more steps or "
                    "another patience."
                )
            settings = settings.replace(steps=settings.steps + more)
            values = {"settings": settings.to_json(), "revision": row.revision + 1}
            if row.state == "finished":
                values |= {"state": "paused", "reason": ""}
            change(connection, id, **values)
            return settings

    # The bin

    def delete(self, id: str, owner: str) -> None:
        """Put the run into the bin; if it waits or trains, it stops."""
        with self._database.write() as connection:
            own_run(connection, id, owner)
            _bin_runs(connection, runs.c.id == id, time.time())

    def restore(self, id: str, owner: str) -> None:
        """Take the run out of the bin."""
        with self._database.write() as connection:
            own_run(connection, id, owner, binned=True)
            connection.execute(update(runs).where(runs.c.id == id).values(deleted=None))

    def delete_study(self, id: str, owner: str) -> None:
        """Put a study into the bin, with the runs made for it that no other study uses."""
        with self._database.write(alone=True) as connection:
            own_study(connection, id, owner)
            now = time.time()
            mine = runs.c.study == id
            _bin_runs(connection, mine & ~_used_elsewhere(id), now)
            heir = select(points.c.study).where(
                points.c.run == runs.c.id, points.c.study.in_(_living(id))
            )
            lent = update(runs).where(mine, runs.c.deleted.is_(None))
            connection.execute(lent.values(study=heir.limit(1).scalar_subquery()))
            connection.execute(update(studies).where(studies.c.id == id).values(deleted=now))

    def restore_study(self, id: str, owner: str) -> None:
        """Take a study out of the bin, with the runs that went there with it."""
        with self._database.write(alone=True) as connection:
            row = own_study(connection, id, owner, binned=True)
            with_it = (runs.c.study == id) & (runs.c.deleted == row.deleted)
            connection.execute(update(runs).where(with_it).values(deleted=None))
            connection.execute(update(studies).where(studies.c.id == id).values(deleted=None))

    def binned(self, owner: str) -> tuple[Sequence[Run], Sequence[Study]]:
        """Return what an owner's bin holds, newest first: single runs, and studies."""
        of_runs = select(runs).where(runs.c.owner == owner, runs.c.deleted.is_not(None))
        of_studies = select(studies).where(studies.c.owner == owner, studies.c.deleted.is_not(None))
        with self._database.read() as connection:
            found = connection.execute(of_studies.order_by(studies.c.deleted.desc()))
            gone = {row.id: row for row in found}
            alone = [
                run_of(row)
                for row in connection.execute(of_runs.order_by(runs.c.deleted.desc()))
                if row.study not in gone or gone[row.study].deleted != row.deleted
            ]
        return alone, [study_of(row) for row in gone.values()]

    def empty_bin(self, owner: str) -> None:
        """Delete for good all that an owner has in the bin."""
        with self._database.write(alone=True) as connection:
            connection.execute(
                delete(studies).where(studies.c.owner == owner, studies.c.deleted.is_not(None))
            )
            connection.execute(
                delete(runs).where(runs.c.owner == owner, runs.c.deleted.is_not(None))
            )

    def purge(self, before: float) -> None:
        """Delete for good what was put into the bin before that time, whoever's it is."""
        with self._database.read() as connection:
            old = [
                connection.scalar(select(exists().where(table.c.deleted < before)))
                for table in (studies, runs)
            ]
        if any(old):
            with self._database.write(alone=True) as connection:
                connection.execute(delete(studies).where(studies.c.deleted < before))
                connection.execute(delete(runs).where(runs.c.deleted < before))

    def _describe(self, id: str, owner: str, **values: str) -> None:
        with self._database.write() as connection:
            own_run(connection, id, owner)
            change(connection, id, **values)


def tidy(text: str, *, lines: bool = False) -> str:
    """Return text without what no database keeps, control characters and halves of characters.

    lines : whether it may have several lines
    """
    text = text.replace("\t", " ") if lines else " ".join(text.split())
    kept = (each for each in text if each == "\n" or category(each) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def distinct(tags: Iterable[str]) -> list[str]:
    """Return tags as they are kept: each once, in this order."""
    return list(dict.fromkeys(filter(None, map(tidy, tags))))


def own_run(connection: Connection, id: str, owner: str, binned: bool = False) -> Row[Any]:
    """Return the run's row, locked, if it is this owner's."""
    row = find(connection, id, lock=True, binned=binned)
    if row.owner != owner:
        raise RunError(
            "This run belongs to somebody else: watch it, or start your own with its settings."
        )
    return row


def change(connection: Connection, id: str, held_by: str | None = None, **values: Any) -> None:
    """Change the run's row, if it is there and held by this worker, where one is named."""
    wanted, which = CHANGE, {"changed": id}
    if held_by is not None:
        wanted, which = CHANGE_HELD, which | {"holder": held_by}
    if not connection.execute(wanted, which | values).rowcount:
        raise RunError(f"The run {id!r} was deleted, or another worker has taken it over.")


def _bin_runs(connection: Connection, which: Any, now: float) -> None:
    here = runs.c.deleted.is_(None)
    going = runs.c.state.in_(("queued", "running"))
    connection.execute(
        update(runs)
        .where(which, here)
        .values(
            state=case((going, "stopped"), else_=runs.c.state),
            wanted=case((going, "stop"), else_=runs.c.wanted),
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
