"""Runs out of the store as files, and back into it (archive_writer.py says what such a file is)."""

import json
import time
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection, func, insert, select

from rnnviz.data.sets import DataSet
from rnnviz.errors import RunError
from rnnviz.resources import version
from rnnviz.store import archive_writer
from rnnviz.store.archive_reader import read_archive
from rnnviz.store.archive_writer import COLUMNS, Archived, Manifest, write_archive
from rnnviz.store.data_sets import DataSets
from rnnviz.store.database import Database
from rnnviz.store.downsample import thin
from rnnviz.store.notes import distinct, tidy
from rnnviz.store.rows import change, find_run, kept_words, new_run, run_of
from rnnviz.store.schema import checkpoints, metrics
from rnnviz.store.states import KEPT, State
from rnnviz.training.checkpoint import Checkpoint
from rnnviz.words import Words

AT_ONCE = 5000
"""Rows that are read or written in one go."""


class RunFiles:
    """Write runs of a store into files, and read them from there."""

    def __init__(self, database: Database, data: DataSets) -> None:
        self._database, self._data = database, data

    def write(self, id: str, *, newest: bool = False, visitor: str | None = None) -> bytes:
        """Return a run as a zip that can be read without rnnviz, and opened by `read`.

        Parameters
        ----------
        newest : bool
            Whether to take its newest checkpoint alone; otherwise all that are kept, or as many
            of them as make a file that can be opened again.
        visitor : str, optional
            Who gets the file: data that somebody else brought are left out of it. None: whoever
            has the store itself.

        Raises
        ------
        RunError
            If there is no such run, or its network is too large for a file that can be opened.
        """
        with self._database.read() as connection:
            run = run_of(find_run(connection, id))
            sizes = _sizes(connection, id)
            steps = sorted(sizes)[-1:] if newest else _fitting(sizes)
            size = sum(sizes[step] for step in steps)
            if size > archive_writer.MOST_BYTES * 0.9:
                raise RunError(
                    "The checkpoints of this run have {size:.0f} MB, and a run file may "
                    "have {most:.0f} MB: take its model instead.",
                    size=size / 2**20,
                    most=archive_writer.MOST_BYTES / 2**20,
                )
            manifest = Manifest(
                rnnviz=version(),
                name=run.name,
                tags=list(run.tags),
                note=run.note,
                created=run.created,
                state=run.state,
                reason=kept_words(run.why),
                step=run.step,
                seconds=run.seconds,
                lr=run.lr,
                checkpoints=steps,
                origin=run.origin,
            )
            columns = [metrics.c[name] for name in COLUMNS]
            wanted = select(*columns).where(metrics.c.run == id).order_by(metrics.c.step)
            rows = connection.execute(wanted.execution_options(yield_per=AT_ONCE))
            kept = _checkpoints(connection, id, steps)
            data = self._data_for(run.settings.data, visitor)
            return write_archive(Archived(manifest, run.settings, rows, kept, data))

    def read(self, file: bytes, owner: str) -> str:
        """Add the run in a file to an owner's, and return its id; it goes on like any other.

        Raises
        ------
        RunError
            If the file is no run, is damaged or too large, is of a newer rnnviz, or does not fit
            together; nothing is kept of it then.
        """
        found = read_archive(file, self._data)
        told = found.manifest
        rows = iter(found.rows)
        if found.data is not None:
            self._data.keep(found.data, owner)
        with self._database.write() as connection:
            id = new_run(connection, found.settings, owner, tidy(told.name))
            change(
                connection,
                id,
                state=told.state if told.state in KEPT else State.PAUSED,
                reason=_reason(told.reason) if told.state in KEPT else "",
                step=told.step,
                lr=told.lr,
                seconds=told.seconds,
                created=min(told.created, time.time()),
                tags=json.dumps(distinct(told.tags)),
                note=tidy(told.note, lines=True),
                origin=told.origin.to_json() if told.origin else None,
            )
            while part := list(islice(rows, AT_ONCE)):
                connection.execute(
                    insert(metrics), [dict(zip(COLUMNS, row, strict=True), run=id) for row in part]
                )
            for kept in found.checkpoints:
                blobs = {"weights": kept.weights, "optimizer": kept.optimizer}
                connection.execute(insert(checkpoints).values(run=id, step=kept.step, **blobs))
        return id

    def _data_for(self, key: str, visitor: str | None) -> DataSet | None:
        """Return a data set, if it may go to somebody."""
        if not key:
            return None
        if visitor is None or key in {each.key for each in self._data.list(visitor)}:
            return self._data.get(key)
        return None


def _reason(text: str) -> str:
    """Return a reason out of a file as the store keeps it: message and values, or plain text."""
    words = Words.from_json(text)
    return kept_words(words) if tidy(str(words)) == str(words) else tidy(str(words))


def _sizes(connection: Connection, id: str) -> dict[int, int]:
    """Return how many bytes each kept checkpoint has."""
    size = func.length(checkpoints.c.weights) + func.length(checkpoints.c.optimizer)
    wanted = select(checkpoints.c.step, size).where(checkpoints.c.run == id)
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _fitting(sizes: dict[int, int]) -> list[int]:
    """Return the checkpoints that go into a file: all, or so many that it can be opened again."""
    # half of the file is left to the metrics of a very long run
    most = archive_writer.MOST_BYTES // 2 // max(1, *sizes.values(), 1)
    return sorted(set(sizes) - set(thin(sorted(sizes), max(2, most))))


def _checkpoints(connection: Connection, id: str, steps: list[int]) -> Iterator[Checkpoint]:
    columns = (checkpoints.c.step, checkpoints.c.weights, checkpoints.c.optimizer)
    for step in steps:
        wanted = select(*columns).where(checkpoints.c.run == id, checkpoints.c.step == step)
        row = connection.execute(wanted).one()
        yield Checkpoint(row.step, bytes(row.weights), bytes(row.optimizer))
