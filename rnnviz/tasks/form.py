"""How an example of a task is drawn: what goes in, what should come out, what does come out."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """Say in which form a task's examples are read best.

    Attributes
    ----------
    kind : str
        "cells" (symbols in a row), "curves" (numbers over time) or "picture" (pixels, square).
    ahead : int
        Time steps from where a number is asked to where it stands in the series.
    mark : int, optional
        The feature that marks a step: the steps are then points, the marked ones large.
    fillers : collection of str
        Symbols that carry nothing: left out first where there is no room for all.
    running : bool
        Whether a sequence is read from its start, as a text is: what has no room is its end.
    """

    kind: str
    ahead: int = 0
    mark: int | None = None
    fillers: Collection[str] = ()
    running: bool = False
