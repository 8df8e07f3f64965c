"""The database under the run store: its transactions, its errors as sentences."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from rnnviz.errors import StoreError
from rnnviz.store import postgresql, sqlite
from rnnviz.store.schema import prepare
from rnnviz.words import Words


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
        except (ArgumentError, ValueError):
            raise StoreError(
                "{address!r} is not the address of a run store: write sqlite:////folder/runs.db "
                "or postgresql://user@host/database.",
                address=shown,
            ) from None
        except ImportError:
            raise StoreError(
                "The run store {address!r} needs the Python package 'rnnviz[postgresql]': "
                "install it.",
                address=shown,
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
                prepare(connection, self._name)
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

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StoreError(self._sentence(cause)) from error
        except sqlite3.Error as error:  # from `sqlite.configure`, which SQLAlchemy does not wrap
            raise StoreError(self._sentence(error)) from error

    def _sentence(self, error: BaseException | None) -> Words:
        known = sqlite.sentence(error, self._name) or postgresql.sentence(error, self._name)
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return known or Words(
            "The run store {store} cannot be used: {fault}.",
            store=self._name,
            fault=lines[0].rstrip("."),
        )


def upserting(connection: Connection, table: Table) -> Any:
    """Return an insert into a table that has `on_conflict_do_update`, each database's own."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
