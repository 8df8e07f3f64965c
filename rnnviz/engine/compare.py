"""Compare cells from a script: train a plan's runs, as many at a time as there are cores.

`compare` and `sweep` need no server: they start workers of their own, or train in this process.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rnnviz.engine import findings
from rnnviz.engine.progress import Progress, telling
from rnnviz.engine.supervisor import Engine, worker_name
from rnnviz.errors import RunError
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import State
from rnnviz.words import Words

OWNER = "library"
"""To whom runs started from a script belong, if nobody is named."""
LOOK = 0.1
"""Seconds between two looks at how the runs stand."""
SEEN = 5.0
"""Seconds between two signs that the owner of runs in this process is there."""
TRIES = 3
"""How often a run is begun whose process ended unexpectedly."""


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes
    ----------
    plan : Plan
        What was compared.
    summary : DataFrame
        A row a cell: how it ended, over seeds; see `findings.summary`.
    metrics : DataFrame
        Learning curves: a row a run and step; see `findings.curves`.
    gradients : DataFrame
        ‖∂L/∂h_t‖ through time, a row a run and time step, before training (step 0) and at the
        newest checkpoint; see `findings.gradients`.
    runs : DataFrame
        A row a run; see `findings.outcomes`.
    """

    plan: Plan
    summary: pd.DataFrame
    metrics: pd.DataFrame
    gradients: pd.DataFrame
    runs: pd.DataFrame


def compare(
    settings: Settings | None = None,
    cells: Sequence[str] = ("rnn", "rnn_relu", "lstm", "gru"),
    seeds: int = 3,
    *,
    match: str = "hidden",
    reference: str = "lstm",
    lrs: Sequence[float] = (),
    own: Mapping[str, Mapping[str, Any]] | None = None,
    success: float = 0.5,
    store: RunStore | str | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], object] | bool = True,
    owner: str = OWNER,
) -> Comparison:
    """Let cells learn the same task on the same data, and say how they did over seeds.

    Parameters
    ----------
    settings : Settings, optional
        What all have in common.
    cells, seeds, match, reference, lrs, own, success
        As in `Plan`.
    store : RunStore or str, optional
        A run store or its URL: what it holds already is not trained again, and what is trained
        stays. A temporary one if not given.
    workers : int, optional
        Processes that train; the number of processors if None; 0 trains in this process.
    progress : callable or bool
        A function is told a `Progress` whenever there is some; True draws a bar on a terminal and
        in a notebook, False none.

    Raises
    ------
    SettingsError
        If the plan has no meaning or is too large.
    """
    plan = Plan(
        settings=settings or Settings(), cells=tuple(cells), seeds=seeds, match=match,
        reference=reference, lrs=tuple(lrs), own=dict(own or {}), success=success,
    )  # fmt: skip
    with trained_study(plan, store, workers, progress, owner) as (kept, study):
        before, after = (findings.gradients(kept, study, step) for step in (0, None))
        return Comparison(
            plan,
            findings.summary(kept, study),
            findings.curves(kept, study),
            pd.concat([before, after], ignore_index=True).drop_duplicates(),
            findings.outcomes(kept, study),
        )


def sweep(
    settings: Settings | None = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
    cells: Sequence[str] = ("lstm",),
    seeds: int = 3,
    *,
    match: str = "hidden",
    reference: str = "lstm",
    success: float = 0.5,
    store: RunStore | str | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], object] | bool = True,
    owner: str = OWNER,
) -> pd.DataFrame:
    """Train every combination of varied settings, and say which networks learned.

    Parameters
    ----------
    vary : mapping
        Name of a setting -> values, such as ``{"length": (10, 50), "forget_bias": (0, 1, 2)}``.
    success : float
        A run has succeeded if its last validation is within this share of the way from the task's
        goal to its baseline; see `Plan`.
    settings, cells, seeds, match, reference, store, workers, progress
        As for `compare`.

    Returns
    -------
    DataFrame
        A row a point, as `findings.outcomes` gives it.

    Raises
    ------
    SettingsError
        If the plan has no meaning or is too large.
    """
    plan = Plan(
        settings=settings or Settings(), cells=tuple(cells), seeds=seeds, match=match,
        reference=reference, vary=dict(vary or {}), success=success,
    )  # fmt: skip
    with trained_study(plan, store, workers, progress, owner) as (kept, study):
        return findings.outcomes(kept, study)


@contextmanager
def trained_study(
    plan: Plan,
    store: RunStore | str | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], object] | bool = False,
    owner: str = OWNER,
) -> Iterator[tuple[RunStore, str]]:
    """Give a store in which all runs of a plan are done, and the name of the study there.

    Data that the store has not got come from what this script has added.
    """
    with tempfile.TemporaryDirectory(prefix="rnnviz-") as folder:
        url = store.url if isinstance(store, RunStore) else store
        kept = RunStore(url or f"sqlite:///{Path(folder) / 'runs.db'}", timeout=30)
        try:
            kept.data.bring(plan.data)
            study = kept.studies.start(plan, owner)
            with telling(kept, study, plan, progress) as tell:
                if workers == 0:
                    _train_here(kept, study, owner, tell)
                else:
                    _train_beside(kept, study, workers, owner, tell)
            yield kept, study
        finally:
            kept.close()


def _train_here(store: RunStore, study: str, owner: str, tell: Callable[[], bool]) -> None:
    from rnnviz.engine.worker import Session  # it brings torch

    name, ended = worker_name("here"), threading.Event()

    def be_seen() -> None:  # or a server that looks after the same store would pause the runs
        while not ended.wait(SEEN):
            store.queue.mark_seen([owner])

    watcher = threading.Thread(target=be_seen, daemon=True)
    watcher.start()
    try:
        engine = Engine(store.url)
        engine.reap()  # of a script that was killed
        engine.stop()
        store.studies.resume(study, owner)
        while run := store.queue.claim(name, study):
            try:
                Session(store, run, ended).work()
            except BaseException:
                with suppress(RunError):  # it may be deleted
                    store.queue.release(
                        run.id, State.PAUSED, Words("The script was interrupted."), name
                    )
                raise
            tell()
    except BaseException:
        store.studies.pause(study, owner)  # it goes on when the same is asked again
        raise
    finally:
        ended.set()
        watcher.join()


def _train_beside(
    store: RunStore, study: str, workers: int | None, owner: str, tell: Callable[[], bool]
) -> None:
    engine = Engine(store.url, workers)
    engine.seen(owner)
    try:
        with engine:
            for _ in range(TRIES):
                while not tell():
                    engine.seen(owner)
                    time.sleep(LOOK)
                members = store.studies.members(study)
                lost = [each for each in members if each.state == State.INTERRUPTED]
                if not lost:
                    return
                store.studies.resume(study, owner)
            raise RunError("{reason} It was tried {tries} times.", reason=lost[0].why, tries=TRIES)
    except BaseException:
        store.studies.pause(study, owner)  # it goes on when the same is asked again
        raise
