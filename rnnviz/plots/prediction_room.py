"""Which steps of a sequence have room side by side, and where they stand."""

from collections.abc import Sequence

NARROW = 2.2
"""Width of a cell with one letter, in letters."""
GAP = -1
"""Stands for the steps that are left out."""


def fitting(
    widths: Sequence[float], room: float, idle: Sequence[bool], *, from_start: bool
) -> list[int]:
    """Return the steps that have room, in order; `GAP` stands for those between that have not.

    Parameters
    ----------
    widths : sequence of float
        Of each step.
    idle : sequence of bool
        Which steps go first.
    from_start : bool
        Whether the end goes; or else what is nearest to the middle.
    """
    steps = len(widths)
    middle = (steps - 1) / 2
    order = sorted(range(steps), key=lambda t: -t if from_start else (not idle[t], abs(t - middle)))

    def without(count: int) -> list[int]:
        gone = set(order[:count])
        kept: list[int] = []
        for t in range(steps):
            if t not in gone:
                kept.append(t)
            elif not kept or kept[-1] != GAP:
                kept.append(GAP)
        return kept

    low, high = 0, steps - 1  # one step is always shown
    while low < high:
        count = (low + high) // 2
        fits = sum(_width(t, widths) for t in without(count)) <= room
        low, high = (low, count) if fits else (count + 1, high)
    return without(low)


def lines(kept: Sequence[int], widths: Sequence[float], room: float) -> list[list[int]]:
    """Part steps into lines of so much room."""
    found: list[list[int]] = [[]]
    used = 0.0
    for t in kept:
        width = _width(t, widths)
        if found[-1] and used + width > room:
            found.append([])
            used = 0.0
        found[-1].append(t)
        used += width
    return found


def places(kept: Sequence[int], widths: Sequence[float]) -> list[tuple[int, float, float]]:
    """Return where the steps of a line stand: (step, left, right)."""
    found, left = [], 0.0
    for t in kept:
        right = left + _width(t, widths)
        found.append((t, left, right))
        left = right
    return found


def _width(t: int, widths: Sequence[float]) -> float:
    return NARROW if t == GAP else widths[t]
