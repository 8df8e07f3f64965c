"""Which checkpoints of a run are worth keeping."""

from collections.abc import Sequence


def thin(steps: Sequence[int], limit: int) -> Sequence[int]:
    """Return which checkpoints to drop so that at most `limit` are left.

    The first, the last and the newest quarter stay. Of the others, there are more near the start,
    where a network changes fastest, and near the end than between, and enough in between for a
    slider over the whole training: the density is 1/step + 1/age + 8/last.
    """
    left, dropped = sorted(steps), []
    while len(left) > limit:
        last = left[-1]

        def worth(i: int, left: Sequence[int] = left, last: int = last) -> float:
            density = 1 / left[i] + 1 / (last - left[i]) + 8 / last
            return (left[i + 1] - left[i - 1]) * density

        dropped.append(left.pop(min(range(1, len(left) - max(1, limit // 4)), key=worth)))
    return dropped
