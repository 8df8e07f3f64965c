"""A run as one file: a zip of JSON, CSV and safetensors that needs no rnnviz to be read.

README.txt                                   what is in it, and how to read it
manifest.json                                format, name, tags, note, how far it got
settings.json                                what `Settings.recorded` reads
metrics.csv                                  a row a step; empty where nothing was measured
dataset.bin                                  the data that it learns, where somebody brought them
checkpoints/0000100/weights.safetensors      under torch's names
checkpoints/0000100/optimizer.safetensors    what training needs to go on
"""

import io
import json
import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rnnviz.data.sets import DataSet
from rnnviz.settings import Settings
from rnnviz.store.origin import Origin
from rnnviz.store.states import State
from rnnviz.training.checkpoint import MEASURED, Checkpoint
from rnnviz.words import t

FORMAT, VERSION = "rnnviz run", 1
"""Raise the version when the files in it change, so that an older rnnviz says what is wrong."""
MOST_BYTES = 2**26
"""Bytes of a file that can be opened; of a longer run, fewer checkpoints go into its file."""
COLUMNS = (*MEASURED, "seconds")
"""Of the metrics."""
MANIFEST, SETTINGS, METRICS, README, DATA = (
    "manifest.json", "settings.json", "metrics.csv", "README.txt", "dataset.bin",
)  # fmt: skip


class Manifest(BaseModel):
    """What is known of a run beside its settings, metrics and checkpoints.

    Attributes are those of `rows.Run`; checkpoints are the steps of those that are in the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    format: Literal["rnnviz run"] = "rnnviz run"
    version: Literal[1] = 1
    rnnviz: str = Field(max_length=40)
    name: str = Field(max_length=80)
    tags: list[Annotated[str, Field(max_length=40)]] = Field(max_length=20)
    note: str = Field(max_length=4000)
    created: float = Field(ge=0, le=1e11)
    state: State = Field(strict=False)  # read from JSON, where it is a word
    reason: str = Field(max_length=4000)
    step: int = Field(ge=0)
    seconds: float = Field(ge=0)
    lr: float
    checkpoints: list[Annotated[int, Field(ge=0)]] = Field(max_length=400)
    origin: Origin | None = None


@dataclass(frozen=True)
class Archived:
    """A run outside a store.

    Attributes
    ----------
    rows : iterable of sequences
        The metrics, a row a step, in the order of `COLUMNS`; None where nothing was measured.
    checkpoints : iterable of Checkpoint
        In the order of their steps, those that the manifest names.
    data : DataSet or None
        What `Settings.data` names, if it is in the file.
    """

    manifest: Manifest
    settings: Settings
    rows: Iterable[Sequence[float | None]]
    checkpoints: Iterable[Checkpoint]
    data: DataSet | None = None


def write_archive(run: Archived) -> bytes:
    """Return a run as a file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        newest = max(run.manifest.checkpoints, default=None)
        file.writestr(README, _readme(run, newest))
        file.writestr(MANIFEST, json.dumps(run.manifest.model_dump(), indent=1))
        file.writestr(SETTINGS, run.settings.to_json())
        if run.data is not None:
            file.writestr(DATA, run.data.to_bytes())
        with file.open(METRICS, "w") as table:
            table.write(",".join(COLUMNS).encode() + b"\n")
            for row in run.rows:
                table.write(",".join(map(_number, row)).encode() + b"\n")
        for checkpoint in run.checkpoints:
            weights, optimizer = files_of(checkpoint.step)
            # random bits: packing them takes long and saves nothing
            file.writestr(weights, checkpoint.weights, zipfile.ZIP_STORED)
            file.writestr(optimizer, checkpoint.optimizer, zipfile.ZIP_STORED)
    return made.getvalue()


def files_of(step: int) -> tuple[str, str]:
    """Return the names of the weights and of the optimizer's state after a step."""
    folder = f"checkpoints/{step:07}"
    return f"{folder}/weights.safetensors", f"{folder}/optimizer.safetensors"


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return ""
    return repr(value)


def _readme(run: Archived, newest: int | None) -> str:
    """Say in plain words what the file holds."""
    reading = ""
    if newest is not None:
        reading = t(
            """
To read the newest weights, with torch and safetensors alone:

    from safetensors.torch import load_file
    weights = load_file("{file}")  # a dict of tensors, under torch's names
""",
            file=files_of(newest)[0],
        )
    told = run.manifest
    return t(
        """A run of rnnviz {rnnviz}: {step} of {steps} steps.

{settings:<16} all that decides the run: task, network, training, seed
{metrics:<16} a row a step: loss, metric and gradient norm of the batch before the update, learning
                 rate, validation where it was measured, and seconds spent on training so far
{data:<16} where it learns data of one's own: a line of JSON that says what they are, then they
checkpoints/     a folder for each kept step: the weights after it, and the optimizer's state
{manifest:<16} name, tags, note, and how far the run has come
{reading}
To look at it, or to train it on: open this zip on the Runs page of rnnviz.
""",
        rnnviz=told.rnnviz,
        step=told.step,
        steps=run.settings.steps,
        settings=SETTINGS,
        metrics=METRICS,
        data=DATA,
        manifest=MANIFEST,
        reading=reading,
    )
