"""Where data sets are: who needs one is given a source, and asks it for a key."""

from typing import Protocol

from rnnviz.cache import Cache
from rnnviz.data.sets import DataSet
from rnnviz.errors import RunError

MOST_BYTES = 2**27
"""Bytes of data sets that one source holds in memory."""


class DataSource(Protocol):
    """What has data sets: those of a run store (`RunStore.data`), or memory."""

    def get(self, key: str) -> DataSet | None:
        """Return the data set of a key, None if there is none here."""


class DataHome(DataSource, Protocol):
    """What also takes data sets."""

    def add(self, data: DataSet) -> str:
        """Have a data set from now on; return its key."""


class InMemory:
    """Hold data sets for as long as this object is there; safe to use from many threads.

    Parameters
    ----------
    behind : DataSource, optional
        Who is asked for what is not held.
    """

    def __init__(self, behind: DataSource | None = None) -> None:
        self._held: Cache[DataSet] = held()
        self._behind = behind

    def get(self, key: str) -> DataSet | None:
        """Return the data set of a key, None if there is none here or behind."""
        found = self._held.find(key)
        return self._behind.get(key) if found is None and self._behind else found

    def add(self, data: DataSet) -> str:
        """Hold a data set; return its key. What was not asked for longest goes when many come."""
        self._held.put(data.key, data)
        return data.key


def held() -> Cache[DataSet]:
    """Return a place for as many data sets as one source holds in memory."""
    return Cache(MOST_BYTES, lambda data: len(data.body))


ADDED = InMemory()
"""What this script has brought with `add_data`: the source where a script names none.

A run store never looks here.
"""


def find(key: str, source: DataSource | None = None) -> DataSet:
    """Return the data set of a key.

    Parameters
    ----------
    source : DataSource, optional
        Who has it; what this script has added if None.

    Raises
    ------
    RunError
        If it is not there.
    """
    found = (ADDED if source is None else source).get(key)
    if found is None:
        raise missing(key)
    return found


def missing(key: str) -> RunError:
    """Return what is raised where a data set is not there."""
    return RunError(
        "The data set {key} is not here: it was deleted, or belongs to another store. Add the "
        "file again, or choose another.",
        key=key[:8],
    )
