"""Runs: what the store knows of each, for whoever has its id, and how new ones are added."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from rnnviz.errors import RunError
from rnnviz.settings import Settings
from rnnviz.store import notes, run_list
from rnnviz.store.branching import add_branch, settings_from
from rnnviz.store.data_sets import DataSets
from rnnviz.store.database import Database
from rnnviz.store.queue import place
from rnnviz.store.rows import (
    Head,
    Run,
    change,
    find_run,
    kept_steps,
    new_run,
    own_run,
    run_of,
)
from rnnviz.store.schema import checkpoints, metrics, runs
from rnnviz.store.states import State
from rnnviz.training.checkpoint import Checkpoint

if TYPE_CHECKING:  # slow to import, and not every process needs it
    import pandas as pd

# Written once (rows.py).
NEWEST_STEP = select(func.max(checkpoints.c.step)).where(checkpoints.c.run == bindparam("run"))


class Runs:
    """Read the runs of a store, add some, and describe them."""

    def __init__(self, database: Database, data: DataSets) -> None:
        self._database, self._data = database, data

    def get(self, run: str) -> Run:
        """Return the run as it is now.

        Raises
        ------
        RunError
            If there is no such run.
        """
        with self._database.read() as connection:
            return run_of(find_run(connection, run))

    def list(self, owner: str | None = None, state: State | None = None) -> Sequence[Run]:
        """Return all runs, newest first, or those of an owner or in a state; none from the bin."""
        listed = select(runs).where(runs.c.deleted.is_(None))
        if owner is not None:
            listed = listed.where(runs.c.owner == owner)
        if state is not None:
            listed = listed.where(runs.c.state == state)
        with self._database.read() as connection:
            rows = connection.execute(listed.order_by(runs.c.created.desc(), runs.c.id))
            return [run_of(row) for row in rows]

    def entries(self, owner: str, *, of_studies: bool = False) -> Sequence[run_list.Entry]:
        """Return an owner's runs of their own, or those made for studies, as a list shows them."""
        with self._database.read() as connection:
            return run_list.entries(connection, owner, of_studies)

    def head(self, run: str) -> Head:
        """Return what differs whenever there is something new to see of the run.

        Raises
        ------
        RunError
            If there is no such run.
        """
        with self._database.read() as connection:
            row = find_run(connection, run)
            waits = place(connection, run) if row.state == State.QUEUED else None
            kept = connection.scalar(NEWEST_STEP, {"run": run})
            state = State(row.state)
            return Head(kept, row.step, state, row.reason, row.lr, row.revision, waits)

    def metrics(self, run: str, since: int = 0) -> "pd.DataFrame":
        """Return the metrics of the steps after `since`, a row a step.

        Returns
        -------
        DataFrame
            Columns step, loss, metric, gradient_norm, lr, validation_loss, validation_metric (NaN
            where it was not measured) and seconds (spent on training up to this step).
        """
        import numpy as np
        import pandas as pd

        names = [column.name for column in metrics.c if column.name != "run"]
        after = (metrics.c.run == run) & (metrics.c.step > since)
        with self._database.read() as connection:
            measured = select(*(metrics.c[name] for name in names)).where(after)
            rows = connection.execute(measured.order_by(metrics.c.step)).all()
        table = np.array([tuple(row) for row in rows], dtype="float64").reshape(-1, len(names))
        frame = pd.DataFrame(table, columns=names, copy=False)
        frame["step"] = frame["step"].astype("int64")
        return frame

    def learning_rates(self, run: str, since: int) -> dict[int, float]:
        """Return the learning rate of each step after `since` whose metrics are kept."""
        after = (metrics.c.run == run) & (metrics.c.step > since)
        with self._database.read() as connection:
            rows = connection.execute(select(metrics.c.step, metrics.c.lr).where(after))
            return {row.step: row.lr for row in rows}

    def checkpoint_steps(self, run: str) -> Sequence[int]:
        """Return the steps of all kept checkpoints, in order."""
        with self._database.read() as connection:
            return kept_steps(connection, run)

    def checkpoint(self, run: str, step: int | None = None) -> Checkpoint:
        """Return the newest checkpoint, or the newest of those not after `step`.

        Raises
        ------
        RunError
            If there is none.
        """
        of_run = checkpoints.c.run == run
        if step is not None:
            of_run &= checkpoints.c.step <= step
        columns = (checkpoints.c.step, checkpoints.c.weights, checkpoints.c.optimizer)
        newest = select(*columns).where(of_run).order_by(checkpoints.c.step.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(newest).one_or_none()
        if row is None:
            raise RunError("The run {run!r} has no checkpoint yet: start it first.", run=run)
        return Checkpoint(row.step, bytes(row.weights), bytes(row.optimizer))

    # New ones

    def create(self, settings: Settings, owner: str, name: str = "") -> str:
        """Add a run that has not started, and return its id, which cannot be guessed."""
        with self._database.write() as connection:
            return new_run(connection, settings, owner, name)

    def duplicate(self, run: str, owner: str, name: str = "", **changes: Any) -> str:
        """Add a run with the settings of another one, whoever's it is, and some changes.

        It has not started; tags and note are not copied, its name is where none is given.

        Raises
        ------
        RunError
            If there is no such run.
        SettingsError
            If a change is outside its range.
        """
        with self._database.write() as connection:
            row = find_run(connection, run)
            settings = run_of(row).settings.replace(**changes)
            return new_run(connection, settings, owner, name or row.name)

    def branch(
        self,
        run: str,
        owner: str,
        more: int,
        *,
        step: int | None = None,
        name: str = "",
        **changes: Any,
    ) -> str:
        """Add a run that goes on from a checkpoint of another one, whoever's that is.

        Its history up to there is that run's, metrics and checkpoints. The optimizer keeps its
        momenta if it is of the same kind, and otherwise begins anew; warm-up and schedule begin
        at the checkpoint. Batches and dropout are those that the step's number decides, so that
        two branches from one checkpoint see the same data.

        Parameters
        ----------
        more : int
            Steps to train from there.
        step : int, optional
            The newest checkpoint not after this step; the newest of all if none is given.
        **changes
            Settings among `branching.TRAINING`; the learning rate is the one that the run has now
            unless it is given.

        Raises
        ------
        RunError
            If there is no such run or checkpoint, or a setting cannot change in the middle.
        SettingsError
            If a change is outside its range.
        """
        from rnnviz.tasks import task_of  # here, because these bring torch
        from rnnviz.training.checkpoint_check import carried

        if more < 1:
            raise RunError("{more} more steps: must be at least 1.", more=more)
        start = self.checkpoint(run, step)
        before = self.get(run)
        settings = settings_from(before, start.step, more, changes)
        optimizer = carried(settings, start, task_of(settings, self._data))
        with self._database.write() as connection:
            find_run(connection, run)  # deleted meanwhile?
            return add_branch(connection, before, settings, start, optimizer, owner, name)

    # What their owners write about them

    def rename(self, run: str, owner: str, name: str) -> None:
        """Give the run a name; an empty one takes it away.

        Raises
        ------
        RunError
            Here and below: if it is too long, there is no such run, or it is somebody else's.
        """
        self._describe(run, owner, name=notes.name_of(name))

    def tag(self, run: str, owner: str, tags: Iterable[str]) -> None:
        """Give the run these tags instead of those it has, each once, in this order."""
        self._describe(run, owner, tags=json.dumps(notes.tags_of(tags)))

    def annotate(self, run: str, owner: str, note: str) -> None:
        """Write a note about the run instead of the one it has."""
        self._describe(run, owner, note=notes.note_of(note))

    def _describe(self, run: str, owner: str, **values: str) -> None:
        with self._database.write() as connection:
            own_run(connection, run, owner)
            change(connection, run, **values)
