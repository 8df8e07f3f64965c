"""Keep what was computed, up to a total weight; the least used goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """A mapping that makes what is missing and drops what was not used for longest.

    Safe to use from many threads; two that miss the same at once both make it.

    Parameters
    ----------
    most : float
        The total weight that is kept; the newest value is kept whatever it weighs.
    weigh : callable, optional
        The weight of a value; 1 if not given.
    """

    def __init__(self, most: float, weigh: Callable[[V], float] = lambda value: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._kept: OrderedDict[Hashable, tuple[V, float]] = OrderedDict()
        self._total = 0.0
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the value of a key, made if it is not there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value = make()
        self.put(key, value)
        return value

    def find(self, key: Hashable) -> V | None:
        """Return the value of a key, None if it is not there."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, value: V) -> None:
        """Keep a value, in place of what the key had."""
        weight = self._weigh(value)
        with self._lock:
            self._remove(key)
            self._kept[key] = (value, weight)
            self._total += weight
            while self._total > self._most and len(self._kept) > 1:
                self._remove(next(iter(self._kept)))

    def drop(self, key: Hashable) -> None:
        """Keep a value no longer, if it is there."""
        with self._lock:
            self._remove(key)

    def _remove(self, key: Hashable) -> None:
        if key in self._kept:
            self._total -= self._kept.pop(key)[1]
