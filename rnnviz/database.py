"""The database under the run store: its tables, its transactions, its errors as sentences."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from rnnviz import postgresql, sqlite
from rnnviz.errors import StoreError

VERSION = 6
"""Raise it when a table changes, so that an older rnnviz refuses what it cannot read."""
UPGRADES = {
    1: (
        "ALTER TABLE runs ADD COLUMN study TEXT",
        "CREATE INDEX ix_runs_study ON runs (study)",
        "CREATE TABLE studies (id TEXT NOT NULL, owner TEXT NOT NULL, plan TEXT NOT NULL,"
        " created {double} NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX ix_studies_owner ON studies (owner)",
    ),
    2: (
        "ALTER TABLE runs ADD COLUMN tags TEXT DEFAULT '[]' NOT NULL",
        "ALTER TABLE runs ADD COLUMN note TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE runs ADD COLUMN deleted {double}",
        "ALTER TABLE studies ADD COLUMN deleted {double}",
        "CREATE INDEX ix_metrics_validated ON metrics (run, validation_metric)"
        " WHERE validation_metric IS NOT NULL",
    ),
    3: (),
    4: ("ALTER TABLE runs ADD COLUMN origin TEXT",),
    5: (),
}
"""What makes the tables of a version those of the next; tables that are still new today
are made anyway.

{double} is the database's name for numbers of 64 bits.
"""

_tables = MetaData()
meta = Table("meta", _tables, Column("version", Integer, primary_key=True))
runs = Table(
    "runs",
    _tables,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("lr", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("created", Double, nullable=False),
    # What the owner wants of a run that is queued or running; `revision` counts the changes.
    Column("wanted", Text, nullable=False),
    Column("until", Integer),
    Column("revision", Integer, nullable=False),
    Column("ticket", Integer, nullable=False),
    # Who trains it and was last heard when (seconds since 1970, like `created`).
    Column("worker", Text),
    Column("heartbeat", Double, nullable=False),
    # For which study it was made; NULL for a run of its own.
    Column("study", Text, index=True),
    # What its owner wrote about it (tags: a JSON list), and since when it is in the bin.
    Column("tags", Text, nullable=False, server_default="[]"),
    Column("note", Text, nullable=False, server_default=""),
    Column("deleted", Double),
    # From which checkpoint of which run it goes on (lineage.py, as JSON); NULL for most.
    Column("origin", Text),
    Index("ix_runs_state_ticket", "state", "ticket"),
)


def _of_run() -> Column[str]:
    return Column("run", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


metrics = Table(
    "metrics",
    _tables,
    _of_run(),
    Column("step", Integer, primary_key=True),
    Column("loss", Double),
    Column("metric", Double),
    Column("gradient_norm", Double),
    Column("lr", Double),
    Column("validation_loss", Double),
    Column("validation_metric", Double),
    Column("seconds", Double),
    sqlite_with_rowid=False,
)
# The best of a run without reading all its rows; few rows are validated, so it costs little.
_validated = metrics.c.validation_metric.is_not(None)
Index(
    "ix_metrics_validated", metrics.c.run, metrics.c.validation_metric,
    sqlite_where=_validated, postgresql_where=_validated,
)  # fmt: skip
checkpoints = Table(
    "checkpoints",
    _tables,
    _of_run(),
    Column("step", Integer, primary_key=True),
    Column("weights", LargeBinary, nullable=False),
    Column("optimizer", LargeBinary, nullable=False),
)
studies = Table(
    "studies",
    _tables,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("plan", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("deleted", Double),
)
# Which run is which point of a study: one that was finished for another study is used again.
points = Table(
    "points",
    _tables,
    Column("study", Text, ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("run", Text, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
)
# What was recorded elsewhere: a trace that somebody brought, or a training that is watched.
traces = Table(
    "traces",
    _tables,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("heartbeat", Double, nullable=False),
)


def _of_trace() -> Column[str]:
    return Column("trace", Text, ForeignKey("traces.id", ondelete="CASCADE"), primary_key=True)


moments = Table(
    "moments",
    _tables,
    _of_trace(),
    Column("step", Integer, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("file", LargeBinary, nullable=False),
)
trace_losses = Table(
    "trace_losses",
    _tables,
    _of_trace(),
    Column("step", Integer, primary_key=True),
    Column("loss", Double),
    Column("seconds", Double, nullable=False),
    sqlite_with_rowid=False,
)
# What visitors brought, by its content (data/sets.py), compressed; and who may list it.
data_sets = Table(
    "data_sets",
    _tables,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created", Double, nullable=False),
)
data_owners = Table(
    "data_owners",
    _tables,
    Column("owner", Text, primary_key=True),
    Column(
        "key", Text, ForeignKey("data_sets.key", ondelete="CASCADE"), primary_key=True, index=True
    ),
    Column("title", Text, nullable=False),
    Column("created", Double, nullable=False),
)
viewers = Table(
    "viewers",
    _tables,
    Column("owner", Text, primary_key=True),
    Column("seen", Double, nullable=False),
)


class Database:
    """Open the database of a run store; make its tables if it is empty, or as they are today.

    Parameters
    ----------
    url : str
        An SQLAlchemy URL of SQLite or PostgreSQL, such as "sqlite:////home/ada/runs.db".
    timeout : float
        Seconds to wait while another process writes.

    Raises
    ------
    StoreError
        If it cannot be opened and written, belongs to another program, or is of a newer rnnviz.
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        shown = re.sub("//.*@", "//", url).partition("?")[0]  # no name, no password
        try:
            parsed = postgresql.with_driver(make_url(url))
            self._sqlite = parsed.get_backend_name() == "sqlite"
            if not self._sqlite and not postgresql.is_postgresql(parsed):
                raise ValueError(parsed.drivername)
            made = sqlite.options(parsed, timeout) if self._sqlite else postgresql.options()
            self._engine = create_engine(parsed, **made)
        except StoreError:
            raise
        except (ArgumentError, NoSuchModuleError, ValueError):
            raise StoreError(
                f"{shown!r} is not the address of a run store: write sqlite:////folder/runs.db "
                "or postgresql://user@host/database."
            ) from None
        except ImportError:
            raise StoreError(
                f"The run store {shown!r} needs the Python package 'rnnviz[postgresql]': "
                "install it."
            ) from None
        self._name = parsed.database if self._sqlite else shown
        self._reads = self._engine
        if self._sqlite:
            sqlite.configure(self._engine)
        else:
            postgresql.configure(self._engine, timeout)
            self._reads = self._engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            with self.write(alone=True) as connection:
                self._prepare(connection)
        except StoreError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the database.

        Raises
        ------
        StoreError
            If the database does not answer.
        """
        with self._sentences(), self._reads.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Connection]:
        """Give a connection whose changes are made all at once at the end, or not at all.

        Parameters
        ----------
        alone : bool
            Whether to wait until no other transaction that asked for this is at work. SQLite has
            one writer at a time anyway; on PostgreSQL, whoever changes many runs has to ask.

        Raises
        ------
        StoreError
            If the database cannot be written.
        """
        with self._sentences(), self._engine.connect() as connection:
            connection = connection.execution_options(rnnviz_writes=True)
            with connection.begin():
                if alone and not self._sqlite:
                    postgresql.work_alone(connection)
                yield connection

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()

    def _prepare(self, connection: Connection) -> None:
        known = inspect(connection).get_table_names()
        if "meta" not in known:
            if known:
                raise StoreError(
                    f"The database {self._name} belongs to another program (it has a table "
                    f"{known[0]!r}): choose an empty one."
                )
            _tables.create_all(connection)
            connection.execute(insert(meta).values(version=VERSION))
        version = connection.scalar(select(meta.c.version))
        if version is None or version > VERSION:
            raise StoreError(
                f"The run store {self._name} was made by a newer rnnviz (store version {version}, "
                f"this one reads {VERSION}): update rnnviz or choose another store."
            )
        if version < VERSION:
            double = Double().compile(connection.dialect)
            for old in range(version, VERSION):
                for statement in UPGRADES[old]:
                    connection.exec_driver_sql(statement.format(double=double))
            _tables.create_all(connection)
            connection.execute(update(meta).values(version=VERSION))

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StoreError(self._sentence(cause)) from error
        except sqlite3.Error as error:  # from `sqlite.configure`, which SQLAlchemy does not wrap
            raise StoreError(self._sentence(error)) from error

    def _sentence(self, error: BaseException | None) -> str:
        known = sqlite.sentence(error) or postgresql.sentence(error)
        if known:
            return f"The run store {self._name} {known}."
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return f"The run store {self._name} cannot be used: {lines[0].rstrip('.')}."


def upserting(connection: Connection, table: Table) -> Any:
    """Return an insert into a table that has `on_conflict_do_update`, each database's own."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
