"""The run store's tables, and how those of an older version become them."""

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
    insert,
    inspect,
    select,
    update,
)

from rnnviz.errors import StoreError

VERSION = 7
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
    6: (),  # reasons are message and values, as JSON; a plain sentence is one without values
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


def prepare(connection: Connection, store: str | None) -> None:
    """Make the tables of an empty database, or make those of an older version as they are today.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        One that may write, while no other process prepares the same database.
    store : str, optional
        What a sentence calls the run store.

    Raises
    ------
    StoreError
        If the database belongs to another program, or is of a newer rnnviz.
    """
    known = inspect(connection).get_table_names()
    if "meta" not in known:
        if known:
            raise StoreError(
                "The database {store} belongs to another program (it has a table "
                "{table!r}): choose an empty one.",
                store=store,
                table=known[0],
            )
        _tables.create_all(connection)
        connection.execute(insert(meta).values(version=VERSION))
    version = connection.scalar(select(meta.c.version))
    if version is None or version > VERSION:
        raise StoreError(
            "The run store {store} was made by a newer rnnviz (store version {version}, "
            "this one reads {known}): update rnnviz or choose another store.",
            store=store,
            version=version,
            known=VERSION,
        )
    if version < VERSION:
        double = Double().compile(connection.dialect)
        for old in range(version, VERSION):
            for statement in UPGRADES[old]:
                connection.exec_driver_sql(statement.format(double=double))
        _tables.create_all(connection)
        connection.execute(update(meta).values(version=VERSION))
