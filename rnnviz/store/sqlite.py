"""What is SQLite's own in a run store: its file, its journal, its lock, its errors as sentences."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.dialects.sqlite import insert

from rnnviz.errors import StoreError
from rnnviz.words import N_, NOTHING, Words

__all__ = ["configure", "insert", "options", "sentence"]

REASONS = {
    sqlite3.SQLITE_BUSY: N_(
        "The run store {store} is locked by another program: close that program or choose "
        "another store."
    ),
    sqlite3.SQLITE_LOCKED: N_(
        "The run store {store} is locked by another program: close it or choose another store."
    ),
    sqlite3.SQLITE_READONLY: N_(
        "The run store {store} cannot be written: allow it to be written or choose another store."
    ),
    sqlite3.SQLITE_IOERR: N_(
        "The run store {store} cannot be read or written, its disk fails: choose another store."
    ),
    sqlite3.SQLITE_CORRUPT: N_(
        "The run store {store} is damaged: move the file away or choose another store."
    ),
    sqlite3.SQLITE_FULL: N_(
        "The run store {store} cannot grow, its disk is full: free some space."
    ),
    sqlite3.SQLITE_CANTOPEN: N_(
        "The run store {store} cannot be opened: check its folder or choose another store."
    ),
    sqlite3.SQLITE_NOTADB: N_(
        "The run store {store} is not a run store but some other file: choose another store."
    ),
}
"""What an error code means for a run store."""


def options(url: URL, timeout: float) -> dict[str, Any]:
    """Return how an engine is made; make the file's folder.

    Raises
    ------
    StoreError
        If no file is named, or its folder cannot be made.
    """
    if url.database in (None, "", ":memory:"):
        raise StoreError(
            "A run store in memory cannot be shared with the training processes: name a file, "
            "such as sqlite:////folder/runs.db."
        )
    folder = Path(url.database).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            "The folder {folder} of the run store cannot be made ({fault}): choose another store.",
            folder=folder,
            fault=os.strerror(error.errno or 0).lower(),
        ) from None
    return {"connect_args": {"timeout": timeout}}


def configure(engine: Engine) -> None:
    """Let readers see one moment while somebody writes, and one writer wait for the other."""
    event.listen(engine, "connect", _connect)
    event.listen(engine, "begin", _begin)


def sentence(error: BaseException | None, store: str | None) -> Words:
    """Say what is wrong with a run store; falsy if the error is not known."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest is an extended code
    return Words(REASONS[code], store=store) if code in REASONS else NOTHING


def _connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one has written
    # in between; taking the write lock at the start makes it wait its turn instead.
    writes = connection.get_execution_options().get("rnnviz_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
