"""Runs as TensorBoard's event files: losses, metrics, gradient norm, learning rate, weights.

An event file is a row of records, each an `Event` message in protocol buffers' encoding.
tensorboardX writes them without the web server and gRPC that TensorBoard brings. Its SummaryWriter
is not used: it starts a thread, puts the time of writing and the machine's name into the file, and
changes the spaces in tags.
"""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz.store.downsample import thin
from rnnviz.store.origin import phases
from rnnviz.store.rows import Run
from rnnviz.store.run_store import RunStore

if TYPE_CHECKING:
    import pandas as pd

SCALARS = {
    # column of the metrics -> tag; what stands before the slash is one group on the screen
    "loss": "loss/training",
    "validation_loss": "loss/validation",
    "metric": "metric/training",
    "validation_metric": "metric/validation",
    "gradient_norm": "gradient norm",
    "lr": "learning rate",
}
MOST_HISTOGRAMS = 50
"""Checkpoints whose weights are counted."""
BINS = 40
FLOAT32_MAX = 3.4e38
"""What a number of 32 bits can hold, which scalars are there."""


def event_file(store: RunStore, id: str) -> bytes:
    """Return a run as an event file.

    The wall time of a step is that of the run's making plus the time spent on training up to the
    step, so that TensorBoard's relative time is training time. The learning rate is that of the
    step, with its schedule.

    Raises
    ------
    RunError
        If there is no such run.
    """
    from tensorboardX import RecordWriter  # here, because it brings torch
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary

    run = store.runs.get(id)
    frame = store.runs.metrics(id)
    seconds = dict(zip(frame["step"], frame["seconds"].fillna(0.0), strict=True))
    events = sorted([*_scalars(frame, run), *_histograms(store, run)], key=lambda each: each[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        writer = RecordWriter(str(path))
        first = Event(wall_time=run.created, file_version="brain.Event:2")
        writer.write(first.SerializeToString())
        for step, values in groupby(events, key=lambda each: each[0]):
            summary = Summary(value=[value for _, value in values])
            wall = run.created + seconds.get(step, 0.0)
            event = Event(wall_time=wall, step=step, summary=summary)
            writer.write(event.SerializeToString())
        writer.close()
        return path.read_bytes()


def event_files(store: RunStore, ids: Sequence[str]) -> bytes:
    """Return a zip with a folder for each run, for `tensorboard --logdir`.

    Raises
    ------
    RunError
        If there is no such run.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for id in ids:
            run = store.runs.get(id)
            file.writestr(
                f"{_folder(run)}/events.out.tfevents.{int(run.created)}.rnnviz",
                event_file(store, id),
            )
    return made.getvalue()


def _folder(run: Run) -> str:
    """Name a run's folder: what TensorBoard calls it."""
    settings = run.settings
    name = run.name or f"{settings.task} {settings.cell} {settings.hidden} seed {settings.seed}"
    plain = "".join(each if each.isalnum() or each in " -" else "_" for each in name)[:60]
    return f"{plain.strip() or 'run'} {run.id[:6].replace('_', '-')}"


def _scalars(frame: "pd.DataFrame", run: Run) -> Iterator[tuple[int, Any]]:
    """Yield each number of a run with its step, as a Summary.Value."""
    from tensorboardX.proto.summary_pb2 import Summary

    from rnnviz.training.optimizers import rate_factor  # here, because it brings torch

    parts = phases(run.settings, run.origin)

    def factor(step: int) -> float:
        since = max(each for each in parts if each < step)
        return rate_factor(parts[since], step, since)

    steps = frame["step"].tolist()
    for column, tag in SCALARS.items():
        for step, value in zip(steps, frame[column].tolist(), strict=True):
            if value == value:  # NaN: it was not measured
                if column == "lr":
                    value *= factor(step)
                yield step, Summary.Value(tag=tag, simple_value=min(value, FLOAT32_MAX))


def _histograms(store: RunStore, run: Run) -> Iterator[tuple[int, Any]]:
    """Yield each parameter of the kept checkpoints with its step, as a Summary.Value."""
    from tensorboardX.proto.summary_pb2 import Summary
    from tensorboardX.summary import make_histogram

    from rnnviz.networks.model import read_tensors

    kept = list(store.runs.checkpoint_steps(run.id))
    for step in sorted(set(kept) - set(thin(kept, MOST_HISTOGRAMS))):
        for name, tensor in read_tensors(store.runs.checkpoint(run.id, step).weights).items():
            values = tensor.double().flatten().numpy()
            values = values[np.isfinite(values)]
            if len(values):
                histogram = make_histogram(values, BINS)
                yield step, Summary.Value(tag=f"weights/{name}", histo=histogram)
