"""What is PostgreSQL's own in a run store: its driver, its waiting, its errors as sentences."""

import re
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.dialects.postgresql import insert

from rnnviz.words import N_, NOTHING, Words

__all__ = [
    "configure", "insert", "is_postgresql", "options", "sentence", "with_driver", "work_alone",
]  # fmt: skip

LOCK = 0x726E6E76697A  # "rnnviz"
"""The advisory lock of transactions that work alone."""
CONNECT = 10
"""Seconds to wait for the server's first answer."""

REASONS = {
    "55P03": N_(
        "The run store {store} is locked by another program: close that program or choose "
        "another store."
    ),
    "40P01": N_("The run store {store} was changed by two at once: try again."),
    "53100": N_("The run store {store} cannot grow, its disk is full: free some space."),
    "53300": N_(
        "The run store {store} has no connection left: raise its max_connections or close "
        "other programs."
    ),
    "25006": N_(
        "The run store {store} cannot be written: allow it to be written or choose another store."
    ),
    "42501": N_(
        "The run store {store} may not be used by this user: grant it the right or choose "
        "another store."
    ),
    "22021": N_(
        "The run store {store} holds text of another encoding: make a database with the "
        "encoding UTF8."
    ),
    "22P05": N_(
        "The run store {store} holds text of another encoding: make a database with the "
        "encoding UTF8."
    ),
}
"""What an error code (SQLSTATE, PostgreSQL's appendix A) means for a run store."""


def with_driver(url: URL) -> URL:
    """Return an address with the driver that rnnviz is tested with, where it names none."""
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def is_postgresql(url: URL) -> bool:
    """Say whether an address is PostgreSQL's."""
    return url.get_backend_name() == "postgresql"


def options() -> dict[str, Any]:
    """Return how an engine is made: a connection that was cut is noticed and made anew."""
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT}}


def configure(engine: Engine, timeout: float) -> None:
    """Let every connection wait at most so many seconds for a lock."""

    @event.listens_for(engine, "connect")
    def limit(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {round(1000 * timeout)}")
        connection.commit()


def work_alone(connection: Connection) -> None:
    """Wait until no other transaction works alone; then none begins to until this one ends.

    Transactions that change many rows take this lock, or two of them could each wait for the
    other; one that changes the rows of one run needs none.
    """
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def sentence(error: BaseException | None, store: str | None) -> Words:
    """Say what is wrong with a run store; falsy if the error is not known."""
    code = getattr(error, "sqlstate", None)
    if code in REASONS:
        return Words(REASONS[code], store=store)
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
    if code is None and "psycopg.OperationalError" in kinds:
        lines = [line for line in str(error).splitlines() if "FATAL" in line or "failed: " in line]
        why = re.split(r"failed: |FATAL:\s*", lines[0])[-1].strip() if lines else ""
        return Words(
            "The run store {store} cannot be reached ({why}): start its server or correct its "
            "address.",
            store=store,
            why=why or Words("no answer"),
        )
    return NOTHING
