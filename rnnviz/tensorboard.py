"""Runs as TensorBoard's event files: losses, metrics, gradient norm, learning rate, weights.

An event file is a row of records, each an `Event` message in protocol buffers' encoding, with a
CRC-32C of its length and one of its bytes. The few messages that are needed are written here by
hand: TensorBoard's own writer would bring its web server and gRPC into every installation.
Source: tensorboard/compat/proto/event.proto, summary.proto; tensorboard/summary/writer.
"""

import io
import struct
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from rnnviz.lineage import phases
from rnnviz.reader import Run, RunReader
from rnnviz.thinning import thin

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
LARGEST = 3.4e38
"""What a number of 32 bits can hold, which scalars are there."""


def event_file(store: RunReader, id: str) -> bytes:
    """Return a run as an event file.

    The wall time of a step is that of the run's making plus the time spent on training up to the
    step, so that TensorBoard's relative time is training time. The learning rate is that of the
    step, with its schedule.

    Raises
    ------
    RunError
        If there is no such run.
    """
    run = store.get(id)
    frame = store.metrics(id)
    seconds = dict(zip(frame["step"], frame["seconds"].fillna(0.0), strict=True))
    made = io.BytesIO()
    made.write(_record(_event(run.created, version="brain.Event:2")))
    events = sorted([*_scalars(frame, run), *_histograms(store, run)], key=lambda each: each[0])
    for step, values in groupby(events, key=lambda each: each[0]):
        summary = b"".join(value for _, value in values)
        made.write(_record(_event(run.created + seconds.get(step, 0.0), step, summary=summary)))
    return made.getvalue()


def event_files(store: RunReader, ids: Sequence[str]) -> bytes:
    """Return a zip with a folder for each run, for `tensorboard --logdir`.

    Raises
    ------
    RunError
        If there is no such run.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for id in ids:
            run = store.get(id)
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


def _scalars(frame: "pd.DataFrame", run: Run) -> Iterator[tuple[int, bytes]]:
    from rnnviz.optimizers import rate_factor  # here, because it brings torch

    parts = phases(run.settings, run.origin)

    def factor(step: int) -> float:
        since = max(each for each in parts if each < step)
        return rate_factor(parts[since], step, since)

    steps = frame["step"].tolist()
    for column, tag in SCALARS.items():
        name = _text(1, tag)
        for step, value in zip(steps, frame[column].tolist(), strict=True):
            if value == value:  # NaN: it was not measured
                if column == "lr":
                    value *= factor(step)
                # Summary.value (1): Value.tag (1), Value.simple_value (2)
                yield step, _bytes(1, name + struct.pack("<Bf", 2 << 3 | 5, min(value, LARGEST)))


def _histograms(store: RunReader, run: Run) -> Iterator[tuple[int, bytes]]:
    from rnnviz.model import read_tensors

    kept = list(store.checkpoint_steps(run.id))
    for step in sorted(set(kept) - set(thin(kept, MOST_HISTOGRAMS))):
        for name, tensor in read_tensors(store.checkpoint(run.id, step).weights).items():
            values = tensor.double().flatten().numpy()
            values = values[np.isfinite(values)]
            if len(values):
                # Summary.value (1): Value.tag (1), Value.histo (5)
                yield step, _bytes(1, _text(1, f"weights/{name}") + _bytes(5, _histogram(values)))


def _histogram(values: np.ndarray) -> bytes:
    """Return a HistogramProto."""
    counts, edges = np.histogram(values, BINS)
    numbers = (values.min(), values.max(), len(values), values.sum(), (values**2).sum())
    told = b"".join(_double(place, float(each)) for place, each in enumerate(numbers, 1))
    return told + _doubles(6, edges[1:]) + _doubles(7, counts)


def _event(wall: float, step: int = 0, *, version: str = "", summary: bytes = b"") -> bytes:
    """Return an Event: wall_time (1), step (2), file_version (3) or summary (5)."""
    told = _text(3, version) if version else _bytes(5, summary)
    return _double(1, wall) + b"\x10" + _varint(step) + told


def _double(number: int, value: float) -> bytes:
    return struct.pack("<Bd", number << 3 | 1, value)


def _doubles(number: int, values: Iterable[float]) -> bytes:
    return _bytes(number, np.asarray(values, "<f8").tobytes())


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode())


def _bytes(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    """Return a whole number, seven bits a byte, the lowest first."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _checksum(data: bytes) -> bytes:
    """Return the masked CRC-32C (Castagnoli) of bytes, as TFRecord files have it."""
    crc = 0xFFFFFFFF
    for each in data:
        crc = _TABLE[(crc ^ each) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF)


def _table() -> list[int]:
    table = []
    for place in range(256):
        for _ in range(8):
            place = place >> 1 ^ (0x82F63B78 if place & 1 else 0)
        table.append(place)
    return table


_TABLE = _table()
