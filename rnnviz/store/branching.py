"""A run that goes on from a checkpoint of another one, with other settings of its training."""

from typing import Any

from sqlalchemy import Connection, Text, insert, literal, select

from rnnviz.errors import RunError
from rnnviz.settings import Settings
from rnnviz.store.notes import LONGEST_NAME
from rnnviz.store.origin import DEEPEST, Origin
from rnnviz.store.rows import Run, change, new_run
from rnnviz.store.schema import checkpoints, metrics
from rnnviz.training.checkpoint import Checkpoint

TRAINING = (
    "optimizer", "lr", "momentum", "schedule", "warmup", "weight_decay", "clip", "clip_by",
    "truncation", "dropout", "dropout_kind", "batch", "patience",
)  # fmt: skip
"""Settings that may change while a network is trained; all others decide which network it is, how
it began, and what it learns."""


def settings_from(run: Run, step: int, more: int, changes: dict[str, Any]) -> Settings:
    """Return the settings of a run that goes on from a step of this one, for so many more steps.

    Raises
    ------
    RunError
        If a setting cannot change in the middle, or there are too many runs before it already.
    SettingsError
        If a change is outside its range.
    """
    for name, value in changes.items():
        if name not in TRAINING and value != getattr(run.settings, name, None):
            raise RunError(
                "{name} = {value!r}: a run that goes on from another keeps its network and its "
                "data, so {name} stays as it is; start a new run for that.",
                name=name,
                value=value,
            )
    settings = run.settings.replace(**{"lr": run.lr, **changes, "steps": step + more})
    if run.origin and run.origin.depth() >= DEEPEST:
        raise RunError(
            "This run has {count} runs before it already: start a new one with its settings.",
            count=DEEPEST,
        )
    return settings


def add_branch(
    connection: Connection, before: Run, settings: Settings, start: Checkpoint, optimizer: bytes,
    owner: str, name: str,
) -> str:  # fmt: skip
    """Add a run that begins with a checkpoint of another one and has its history; return its id.

    Parameters
    ----------
    optimizer : bytes
        What the optimizer of these settings takes over of the checkpoint's.
    """
    origin = Origin(
        run=before.id, name=before.name, step=start.step,
        before=_changed(before.settings, settings), origin=before.origin,
    )  # fmt: skip
    id = new_run(connection, settings, owner, name or _name(before.name, start.step))
    _copy(connection, before.id, id, start.step)
    blobs = {"weights": start.weights, "optimizer": optimizer}
    connection.execute(insert(checkpoints).values(run=id, step=start.step, **blobs))
    last = select(metrics.c.seconds).where(metrics.c.run == id, metrics.c.step == start.step)
    seconds = connection.scalar(last) or 0.0
    change(connection, id, step=start.step, seconds=seconds, origin=origin.to_json())
    return id


def _name(old: str, step: int) -> str:
    return f"{old}, from step {step}"[:LONGEST_NAME] if old else ""


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
        history = select(*copied).where(table.c.run == old, upto)
        connection.execute(insert(table).from_select(names, history))
