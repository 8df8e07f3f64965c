"""Which data set has a key: those of this process, and those of the run stores that it has open."""

from collections import OrderedDict
from threading import Lock
from typing import Protocol
from weakref import WeakSet

from rnnviz.data.sets import DataSet
from rnnviz.errors import RnnvizError, RunError

MOST_BYTES = 2**27
"""Bytes of data sets that a process remembers; a store has them all."""


class DataSource(Protocol):
    """What has data sets: an open run store."""

    def get(self, key: str) -> DataSet | None:
        """Return the data set of a key, None if it has none."""


_sets: OrderedDict[str, DataSet] = OrderedDict()
_sources: WeakSet[DataSource] = WeakSet()
_lock = Lock()


def remember(data: DataSet) -> str:
    """Keep a data set for this process; return its key."""
    with _lock:
        _sets[data.key] = data
        _sets.move_to_end(data.key)
        while len(_sets) > 1 and sum(len(each.body) for each in _sets.values()) > MOST_BYTES:
            _sets.popitem(last=False)
    return data.key


def look_in(source: DataSource) -> None:
    """Look for data sets in this store too, for as long as it is open."""
    with _lock:
        _sources.add(source)


def leave(source: DataSource) -> None:
    """Look in this store no more."""
    with _lock:
        _sources.discard(source)


def get(key: str) -> DataSet:
    """Return the data set of a key, wherever it is.

    Raises
    ------
    RunError
        If no open store has it.
    """
    with _lock:
        if key in _sets:
            _sets.move_to_end(key)
            return _sets[key]
        sources = list(_sources)
    for source in sources:
        try:
            found = source.get(key)
        except RnnvizError:
            continue  # that store cannot be read; another may have it
        if found is not None:
            remember(found)
            return found
    raise RunError(
        "The data set {key} is not here: it was deleted, or belongs to another store. Add the "
        "file again, or choose another.",
        key=key[:8],
    )
