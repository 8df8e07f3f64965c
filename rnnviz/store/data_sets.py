"""The visitors' own data in a run store: kept once by content, listed by who brought it.

Whoever has a key, from a run's settings or a link, can train and look with the data set; only its
owners find it in their list, and nobody gets the file back.
"""

import time
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, exists, func, select

from rnnviz.data.sets import KINDS, MOST_PREPARED, DataSet
from rnnviz.data.sources import DataSource, find, held, missing
from rnnviz.errors import DataError, RunError
from rnnviz.settings import Settings
from rnnviz.store.database import Database, upserting
from rnnviz.store.schema import data_owners, data_sets, runs, studies

MOST_SETS = 30
"""Data sets that one visitor may keep."""
MOST_BYTES = 64 * 2**20
"""Bytes of them, compressed."""
MOST_IN_STORE = 4 * 2**30
"""Bytes of all data sets of a store."""
UNCLAIMED = 3600.0
"""Seconds after which a data set goes that no owner and no run has."""


class Kept(NamedTuple):
    """One of a visitor's data sets, as a list shows it."""

    key: str
    kind: str
    title: str
    size: int
    created: float


class DataSets:
    """Keep the data sets of a store, and be the source of what its runs read.

    Those that were asked for last are held as they are read. A key stands for one content, so what
    is held is never out of date; what another process has deleted may be found for a while.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held = held()
        self._open = True

    def get(self, key: str) -> DataSet | None:
        """Return the data set of a key, None if the store has none or was closed.

        Raises
        ------
        DataError
            If it is damaged.
        """
        if not self._open:
            return None
        found = self._held.find(key)
        if found is None and (found := self._read(key)) is not None:
            self._held.put(key, found)
        return found

    def close(self) -> None:
        """Have no data sets any more."""
        self._open = False
        self._held = held()

    def _read(self, key: str) -> DataSet | None:
        wanted = select(data_sets.c.content).where(data_sets.c.key == key)
        with self._database.read() as connection:
            content = connection.scalar(wanted)
        if content is None:
            return None
        try:
            reader = zlib.decompressobj()
            plain = reader.decompress(bytes(content), MOST_PREPARED)
        except zlib.error:
            raise DataError(
                "The data set {key} is damaged: add the file again.", key=key[:8]
            ) from None
        found = DataSet.from_bytes(plain)
        if found.key != key:
            raise DataError("The data set {key} is damaged: add the file again.", key=key[:8])
        return found

    def list(self, owner: str, kind: str | None = None) -> Sequence[Kept]:
        """Return what an owner has brought, newest first."""
        wanted = (
            select(
                data_sets.c.key, data_sets.c.kind, data_owners.c.title, data_sets.c.size,
                data_owners.c.created,
            )
            .join(data_owners, data_owners.c.key == data_sets.c.key)
            .where(data_owners.c.owner == owner)
            .order_by(data_owners.c.created.desc(), data_sets.c.key)
        )  # fmt: skip
        if kind is not None:
            wanted = wanted.where(data_sets.c.kind == kind)
        with self._database.read() as connection:
            return [Kept(*row) for row in connection.execute(wanted)]

    def keep(self, data: DataSet, owner: str) -> str:
        """Keep a data set under an owner's name; return its key. Twice the same is once.

        Raises
        ------
        DataError
            If the owner has too many, or the store has no room.
        """
        plain = data.to_bytes()
        content = zlib.compress(plain, 6)
        mine = data_owners.c.owner == owner
        with self._database.write() as connection:
            if connection.scalar(select(exists().where(mine, data_owners.c.key == data.key))):
                return data.key
            count, size = connection.execute(
                select(func.count(), func.coalesce(func.sum(data_sets.c.size), 0))
                .select_from(data_owners)
                .join(data_sets, data_sets.c.key == data_owners.c.key)
                .where(mine)
            ).one()
            if count >= MOST_SETS or size + len(content) > MOST_BYTES:
                raise DataError(
                    "You have {count} data sets of {size:.0f} MB: up to {most}, and "
                    "{room} MB, are kept, so delete one first.",
                    count=count,
                    size=size / 2**20,
                    most=MOST_SETS,
                    room=MOST_BYTES // 2**20,
                )
            _insert(connection, data, content)
            listed = upserting(connection, data_owners).values(
                owner=owner, key=data.key, title=data.title, created=time.time()
            )
            connection.execute(listed.on_conflict_do_nothing())
        return data.key

    def add(self, data: DataSet) -> str:
        """Have a data set that is on nobody's list; return its key.

        It goes like all that no run and no owner has: make the run that reads it within an hour.

        Raises
        ------
        DataError
            If the store has no room.
        """
        content = zlib.compress(data.to_bytes(), 6)
        with self._database.write() as connection:
            _insert(connection, data, content)
        return data.key

    def bring(self, keys: Iterable[str], source: DataSource | None = None) -> None:
        """Have the data sets of these keys, from elsewhere where they are not here.

        Parameters
        ----------
        source : DataSource, optional
            Who has them; what this script has added if None.

        Raises
        ------
        RunError
            If one is neither here nor there.
        """
        for key in sorted(set(keys) - {""}):
            if self.get(key) is None:
                self.add(find(key, source))

    def forget(self, key: str, owner: str) -> None:
        """Take a data set from an owner's list; runs that use it keep it.

        Raises
        ------
        RunError
            If the owner has none with that key.
        """
        mine = (data_owners.c.owner == owner) & (data_owners.c.key == key)
        with self._database.write() as connection:
            if not connection.execute(delete(data_owners).where(mine)).rowcount:
                raise RunError("You have no data set {key!r}.", key=key[:8])
            dropped = _drop_unused(connection, [key])
        self._let_go(dropped)

    def purge(self, before: float) -> None:
        """Delete the data sets that no owner and no run has, if they are older than that."""
        owned = exists().where(data_owners.c.key == data_sets.c.key)
        wanted = select(data_sets.c.key).where(~owned, data_sets.c.created < before)
        with self._database.read() as connection:
            old = connection.scalars(wanted).all()
        if old:
            with self._database.write() as connection:
                dropped = _drop_unused(connection, old)
            self._let_go(dropped)

    def _let_go(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._held.drop(key)


def ensure_kept(connection: Connection, settings: Settings) -> None:
    """See that a store has the data set that settings name, before a run is made with them.

    Raises
    ------
    RunError
        If it has not.
    """
    if not settings.data:
        return
    if not connection.scalar(select(exists().where(data_sets.c.key == settings.data))):
        raise missing(settings.data)


def _insert(connection: Connection, data: DataSet, content: bytes) -> None:
    if data.kind not in KINDS:
        raise DataError("There are no data sets of the kind {kind!r}.", kind=data.kind)
    if connection.scalar(select(exists().where(data_sets.c.key == data.key))):
        return
    total = connection.scalar(select(func.coalesce(func.sum(data_sets.c.size), 0))) or 0
    if total + len(content) > MOST_IN_STORE:
        raise DataError("This server keeps as much data as it can: ask who runs it for room.")
    added = upserting(connection, data_sets).values(
        key=data.key, kind=data.kind, size=len(content), content=content, created=time.time()
    )
    connection.execute(added.on_conflict_do_nothing())  # somebody else may have been faster


def _drop_unused(connection: Connection, keys: Iterable[str]) -> list[str]:
    """Delete the data sets that no owner has, and no run or study, in the bin or out of it.

    Returns the keys of those.
    """
    dropped = []
    for key in keys:
        used = connection.scalar(
            select(
                exists().where(data_owners.c.key == key)
                | exists().where(runs.c.settings.contains(f'"{key}"'))
                | exists().where(studies.c.plan.contains(key))
            )
        )
        if not used:
            connection.execute(delete(data_sets).where(data_sets.c.key == key))
            dropped.append(key)
    return dropped
