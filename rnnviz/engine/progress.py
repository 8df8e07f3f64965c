"""How far a study has come: told to whoever asks, or drawn as a bar."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rnnviz.plan import Plan
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import ACTIVE, OVER
from rnnviz.store.studies import Member
from rnnviz.training.progress_bar import Bar
from rnnviz.words import t


class Progress(NamedTuple):
    """How far a study has come: runs that are done, of how many, and seconds left (or None)."""

    done: int
    runs: int
    left: float | None


@contextmanager
def telling(
    store: RunStore, study: str, plan: Plan, progress: Callable[[Progress], object] | bool
) -> Iterator[Callable[[], bool]]:
    """Give a function that tells of progress and returns whether all runs are done."""
    started, told = time.monotonic(), -1
    steps = [point.settings.steps for point in plan.points(store.data)]
    first: list[float] = []

    def tell() -> bool:
        nonlocal told
        members = store.studies.members(study)
        done = sum(member.state in OVER for member in members)
        here = trained(members, steps)
        first.append(here)
        bar(here, t("{done} of {count} runs", done=done, count=len(members)))
        if callable(progress) and done != told:
            passed, gained = time.monotonic() - started, here - first[0]
            left = passed * (sum(steps) - here) / gained if gained > 0 else None
            progress(Progress(done, len(members), left))
        told = done
        return all(member.state not in ACTIVE for member in members)

    with Bar("train", sum(steps), shown=progress is True) as bar:
        yield tell


def trained(members: Sequence[Member], steps: Sequence[int]) -> int:
    """Return the steps that are behind; a run that ended early has none left."""
    return sum(
        total if member.state in OVER else member.step
        for member, total in zip(members, steps, strict=True)
    )
