"""The line: which runs wait for a worker, and in which order they will be taken."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from rnnviz.schema import runs


def line(connection: Connection, study: str | None = None) -> Sequence[str]:
    """Return the runs that wait, of a study if one is named, in the order they will be taken.

    Owners with fewer runs in training go first, then who came first. An owner's own single runs
    go before the many of their studies.
    """
    wanted = select(runs.c.id, runs.c.owner, runs.c.study, runs.c.ticket)
    wanted = wanted.where(runs.c.state == "queued")
    if study is not None:
        wanted = wanted.where(runs.c.study == study)
    rows = sorted(
        connection.execute(wanted), key=lambda row: (row.study is not None, row.ticket, row.id)
    )
    if not rows:
        return []
    training = select(runs.c.owner).where(runs.c.state == "running")
    taken = Counter(connection.scalars(training))
    waiting: dict[str, deque[Any]] = {}
    for row in rows:
        waiting.setdefault(row.owner, deque()).append(row)
    order = []
    while waiting:
        # the first of the least served
        owner = min(waiting, key=lambda each: (taken[each], waiting[each][0].ticket))
        order.append(waiting[owner].popleft().id)
        taken[owner] += 1
        if not waiting[owner]:
            del waiting[owner]
    return order


def place(connection: Connection, id: str) -> int | None:
    """Return the run's place in the line, 1 for the next; None if it does not wait."""
    waiting = line(connection)
    return waiting.index(id) + 1 if id in waiting else None
