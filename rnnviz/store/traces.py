"""Traces in the run store: what was recorded elsewhere, as files, for whoever has its id.

A kept trace has one moment, or many: a training of one's own that is watched is a log like a run's,
of losses and of traces at chosen steps. What is in it is never run;
`rnnviz.recording.trace_file` reads it.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from rnnviz.errors import RunError
from rnnviz.store.database import Database
from rnnviz.store.downsample import thin
from rnnviz.store.rows import Head, kept_words
from rnnviz.store.schema import moments, trace_losses, traces
from rnnviz.store.states import State
from rnnviz.words import NOTHING, Words

if TYPE_CHECKING:  # slow to import, and not every process needs it
    import pandas as pd

PREFIX = "trace."
"""What stands before a kept trace's id where a run's could stand, too."""
HERE = "this machine"
"""The owner of what a script of this machine keeps: no visitor's, whose names are hashes."""
MOST_KEPT, MOST_BYTES = 12, 2**28
"""Traces, and their bytes, that a visitor may have; the oldest go."""
MOST_MOMENTS, MOST_WATCHED = 100, 2**27
"""Traces, and their bytes, that are kept of one watched training."""


@dataclass(frozen=True)
class KeptTrace:
    """What the store knew of a kept trace at one moment.

    Attributes
    ----------
    state : State
        Running while its training is watched, then finished or failed.
    why : Words
        What it failed at; falsy if it did not.
    created, heartbeat : float
        When it was made, and when something came last, in seconds since 1970.
    """

    id: str
    owner: str
    name: str
    state: State
    why: Words
    created: float
    heartbeat: float

    @property
    def reason(self) -> str:
        """Why it is in this state, in the reader's language."""
        return str(self.why)


class Traces:
    """Read and write the traces of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, file: bytes, owner: str, name: str) -> str:
        """Keep a trace that is finished; return its id, which cannot be guessed.

        The owner's oldest go when there are more than `MOST_KEPT`, or they take more than
        `MOST_BYTES`; what `HERE` owns stays.

        Raises
        ------
        RunError
            If nobody owns it.
        """
        if not owner:
            raise RunError(
                "Your browser refused a cookie: allow it here, so that what you bring is yours."
            )
        with self._database.write() as connection:
            id = _new(connection, owner, name, State.FINISHED)
            _add(connection, id, 0, file)
            if owner != HERE:
                _drop_oldest(connection, owner)
        return id

    def begin(self, name: str, owner: str = HERE) -> str:
        """Begin to keep a training that is watched; return its id."""
        with self._database.write() as connection:
            return _new(connection, owner, name, State.RUNNING)

    def add(
        self,
        id: str,
        losses: Sequence[tuple[int, float | None, float]],
        moment: tuple[int, bytes] | None = None,
    ) -> None:
        """Add (step, loss, seconds) of some steps, and the trace of one; thin the older traces.

        Raises
        ------
        RunError
            If the trace was deleted.
        """
        with self._database.write() as connection:
            _touch(connection, id)
            if losses:
                again = trace_losses.c.step.between(losses[0][0], losses[-1][0])
                connection.execute(delete(trace_losses).where(trace_losses.c.trace == id, again))
                rows = [
                    {"trace": id, "step": step, "loss": loss, "seconds": seconds}
                    for step, loss, seconds in losses
                ]
                connection.execute(insert(trace_losses), rows)
            if moment is not None:
                step, file = moment
                _add(connection, id, step, file)
                limit = max(4, min(MOST_MOMENTS, MOST_WATCHED // max(1, len(file))))
                dropped = thin(_steps(connection, id), limit)
                connection.execute(
                    delete(moments).where(moments.c.trace == id, moments.c.step.in_(dropped))
                )

    def end(self, id: str, state: State, reason: Words | str = NOTHING) -> None:
        """Say that a watched training is finished, or failed and why."""
        with self._database.write() as connection:
            _touch(connection, id, state=state, reason=kept_words(reason))

    def forget(self, id: str, owner: str) -> None:
        """Delete a trace for good.

        Raises
        ------
        RunError
            If there is no such trace, or it belongs to somebody else.
        """
        with self._database.write() as connection:
            if _find(connection, id).owner != owner:
                raise RunError("This trace belongs to somebody else, who alone can delete it.")
            connection.execute(delete(traces).where(traces.c.id == id))

    def get(self, id: str) -> KeptTrace:
        """Return what is known of a trace.

        Raises
        ------
        RunError
            If there is no such trace.
        """
        with self._database.read() as connection:
            return _of(_find(connection, id))

    def list(self, owner: str) -> Sequence[KeptTrace]:
        """Return an owner's traces, newest first."""
        wanted = select(traces).where(traces.c.owner == owner)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(traces.c.created.desc(), traces.c.id))
            return [_of(row) for row in rows]

    def steps(self, id: str) -> Sequence[int]:
        """Return the steps at which a trace was recorded, in order; 0 alone for a single one."""
        with self._database.read() as connection:
            return _steps(connection, id)

    def moment(self, id: str, step: int) -> bytes:
        """Return the file of the trace that was recorded at a step.

        Raises
        ------
        RunError
            If there is none.
        """
        wanted = select(moments.c.file).where(moments.c.trace == id, moments.c.step == step)
        with self._database.read() as connection:
            file = connection.scalar(wanted)
        if file is None:
            raise RunError(
                "There is no trace of step {step} any more: choose another step.", step=step
            )
        return bytes(file)

    def head(self, id: str) -> Head:
        """Return what differs whenever there is something new to see of a trace.

        Raises
        ------
        RunError
            If there is no such trace.
        """
        newest = select(func.max(moments.c.step)).where(moments.c.trace == id)
        last = select(func.max(trace_losses.c.step)).where(trace_losses.c.trace == id)
        with self._database.read() as connection:
            row = _find(connection, id)
            kept, step = connection.scalar(newest), connection.scalar(last)
        return Head(kept, step or 0, State(row.state), row.reason, 0.0, 0, None)

    def losses(self, id: str, since: int = 0) -> "pd.DataFrame":
        """Return the losses of the steps after `since`: columns step, loss, seconds."""
        import pandas as pd

        names = ["step", "loss", "seconds"]
        after = (trace_losses.c.trace == id) & (trace_losses.c.step > since)
        wanted = select(*(trace_losses.c[name] for name in names)).where(after)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(trace_losses.c.step)).all()
        frame = pd.DataFrame([tuple(row) for row in rows], columns=names)
        return frame.astype({"step": "int64", "loss": "float64", "seconds": "float64"})


def plain_name(name: str) -> str:
    """Return a name that can be shown in one line: no signs that are not printed, 60 at most."""
    return "".join(sign for sign in " ".join(name.split()) if sign.isprintable())[:60]


def is_trace(name: str | None) -> bool:
    """Return whether a name in a run's place names a kept trace."""
    return name is not None and name.startswith(PREFIX)


def _new(connection: Connection, owner: str, name: str, state: State) -> str:
    id, now = secrets.token_urlsafe(12), time.time()
    connection.execute(
        insert(traces).values(
            id=id, owner=owner, name=plain_name(name), state=state, reason="",
            created=now, heartbeat=now,
        )
    )  # fmt: skip
    return id


def _add(connection: Connection, id: str, step: int, file: bytes) -> None:
    connection.execute(delete(moments).where(moments.c.trace == id, moments.c.step == step))
    connection.execute(insert(moments).values(trace=id, step=step, size=len(file), file=file))


def _touch(connection: Connection, id: str, **values: Any) -> None:
    wanted = update(traces).where(traces.c.id == id).values(heartbeat=time.time(), **values)
    if not connection.execute(wanted).rowcount:
        raise RunError("The trace {id!r} was deleted.", id=id)


def _find(connection: Connection, id: str) -> Row[Any]:
    row = connection.execute(select(traces).where(traces.c.id == id)).one_or_none()
    if row is None:
        raise RunError(
            "There is no trace {id!r}: it was deleted, or the link is incomplete.", id=id[:40]
        )
    return row


def _of(row: Row[Any]) -> KeptTrace:
    return KeptTrace(
        row.id,
        row.owner,
        row.name,
        State(row.state),
        Words.from_json(row.reason),
        row.created,
        row.heartbeat,
    )


def _steps(connection: Connection, id: str) -> Sequence[int]:
    wanted = select(moments.c.step).where(moments.c.trace == id).order_by(moments.c.step)
    return connection.scalars(wanted).all()


def _drop_oldest(connection: Connection, owner: str) -> None:
    sizes = (
        select(traces.c.id, func.sum(moments.c.size))
        .join(moments, moments.c.trace == traces.c.id)
        .where(traces.c.owner == owner)
        .group_by(traces.c.id, traces.c.created)
        .order_by(traces.c.created.desc())
    )
    total, gone = 0, []
    for place, (id, size) in enumerate(connection.execute(sizes).all()):
        total += size
        if place and (place >= MOST_KEPT or total > MOST_BYTES):
            gone.append(id)
    if gone:
        connection.execute(delete(traces).where(traces.c.id.in_(gone)))
