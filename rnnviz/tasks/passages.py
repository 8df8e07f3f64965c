"""Passages of a long text that go on where the last ones ended, for a state that is carried."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rnnviz.errors import TaskError

Rounds = Callable[[int], np.random.Generator]


def lane_starts(
    count: int, length: int, size: int, step: int, random: Rounds
) -> tuple[NDArray[np.int64], bool]:
    """Return where a step's passages begin in a text, and whether they begin a round through it.

    The text is laid out in `size` lanes of equal length; a step reads the next `length` symbols of
    each (Zaremba, Sutskever, Vinyals 2014, section 4.1). After the last passage of the lanes a
    new round begins, up to `length` symbols later, so that other symbols are at the borders.

    Parameters
    ----------
    count : int
        Symbols of the text.
    step : int
        From 1 on.
    random : callable
        Round -> generator.

    Raises
    ------
    TaskError
        If the text is too short for two passages a lane.
    """
    lane = (count - length) // size
    passages = (lane - 1) // length
    if passages < 2:
        raise TaskError(
            "A text of {count:,} symbols is too short to carry a state over {size} passages of "
            "{length} side by side: lower batch or length.",
            count=count,
            size=size,
            length=length,
        )
    turn, place = divmod(step - 1, passages)
    offset = int(random(turn).integers(length))
    return offset + np.arange(size) * lane + place * length, place == 0
