"""A run that goes on from a checkpoint of another one, with other settings of its training."""

from typing import Any

from sqlalchemy import Connection, Text, insert, literal, select

from rnnviz.errors import RunError
from rnnviz.keeping import LONGEST_NAME, Keeping, change
from rnnviz.lineage import DEEPEST, Origin
from rnnviz.reader import find
from rnnviz.schema import checkpoints, metrics
from rnnviz.settings import Settings
from rnnviz.studies import new_run

TRAINING = (
    "optimizer", "lr", "momentum", "schedule", "warmup", "weight_decay", "clip", "clip_by",
    "truncation", "dropout", "dropout_kind", "batch", "patience",
)  # fmt: skip
"""Settings that may change while a network is trained; all others decide which network it is, how
it began, and what it learns."""


class Branching(Keeping):
    """Let runs of a store go on in other ways."""

    def branch(
        self,
        id: str,
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
            Settings among `TRAINING`; the learning rate is the one that the run has now unless
            it is given.

        Raises
        ------
        RunError
            If there is no such run or checkpoint, or a setting cannot change in the middle.
        SettingsError
            If a change is outside its range.
        """
        from rnnviz.fitting import carried  # here, because it brings torch

        if more < 1:
            raise RunError(f"{more} more steps: must be at least 1.")
        start = self.checkpoint(id, step)
        run = self.get(id)
        _check(run.settings, changes)
        settings = run.settings.replace(**{"lr": run.lr, **changes, "steps": start.step + more})
        if run.origin and run.origin.depth() >= DEEPEST:
            raise RunError(
                f"This run has {DEEPEST} runs before it already: start a new one with its settings."
            )
        optimizer = carried(settings, start)
        origin = Origin(
            run=id, name=run.name, step=start.step, before=_changed(run.settings, settings),
            origin=run.origin,
        )  # fmt: skip
        with self._database.write() as connection:
            find(connection, id)  # deleted meanwhile?
            made = new_run(connection, settings, owner, name or _name(run.name, start.step))
            _copy(connection, id, made, start.step)
            blobs = {"weights": start.weights, "optimizer": optimizer}
            connection.execute(insert(checkpoints).values(run=made, step=start.step, **blobs))
            last = select(metrics.c.seconds).where(
                metrics.c.run == made, metrics.c.step == start.step
            )
            seconds = connection.scalar(last) or 0.0
            change(connection, made, step=start.step, seconds=seconds, origin=origin.to_json())
        return made


def _name(old: str, step: int) -> str:
    return f"{old}, from step {step}"[:LONGEST_NAME] if old else ""


def _check(settings: Settings, changes: dict[str, Any]) -> None:
    """Refuse what would make another network, or another task, of a trained one."""
    for name, value in changes.items():
        if name not in TRAINING and value != getattr(settings, name, None):
            raise RunError(
                f"{name} = {value!r}: a run that goes on from another keeps its network and its "
                f"data, so {name} stays as it is; start a new run for that."
            )


def _changed(before: Settings, after: Settings) -> dict[str, Any]:
    new = after.model_dump()
    return {name: value for name, value in before.model_dump().items() if value != new[name]}


def _copy(connection: Connection, old: str, new: str, step: int) -> None:
    """Give a run the metrics of another one up to a step, and the checkpoints before it."""
    for table, upto in (
        (metrics, metrics.c.step <= step),
        (checkpoints, checkpoints.c.step < step),
    ):
        names = [column.name for column in table.c]
        copied = [literal(new, Text) if name == "run" else table.c[name] for name in names]
        wanted = select(*copied).where(table.c.run == old, upto)
        connection.execute(insert(table).from_select(names, wanted))
