"""A trace as the app keeps it: no more in it than is looked at, and nothing that nobody checked."""

import io
from typing import BinaryIO

from rnnviz.errors import TraceError
from rnnviz.recording.layer_trace import size_words
from rnnviz.recording.trace import Trace
from rnnviz.recording.trace_file import read_layers
from rnnviz.words import Words

MOST_LAYERS, MOST_STEPS, MOST_UNITS = 64, 4096, 2048
"""Of a trace that the app shows."""
MOST_ROWS, MOST_VALUES = 2**14, 2**20
"""Largest steps x samples, and steps x samples x units, of a layer that the app shows."""
MOST_PACKED = 2**26
"""Bytes of a trace that the app shows."""
LONGEST_NAME, LONGEST_LABEL = 200, 24


def read_trace(file: BinaryIO, name: str | Words, most: int) -> Trace:
    """Read a trace from an open file that can be wound back, as `read_layers` reads it."""
    return Trace(*read_layers(file, name, most))


def pack_trace(trace: Trace) -> bytes:
    """Return `shown_part` of a trace as a file: for the run store."""
    file = io.BytesIO()
    shown_part(trace).write(file)
    return file.getvalue()


def shown_part(trace: Trace) -> Trace:
    """Return a trace with no more in it than is looked at.

    Samples that are too many are left out, and labels are cut.

    Raises
    ------
    TraceError
        If there is no sample, or even one is too long or too large.
    """
    layers = trace.layers
    if len(layers) > MOST_LAYERS:
        raise TraceError(
            "{count} layers are too many: up to {most} can be shown.",
            count=len(layers),
            most=MOST_LAYERS,
        )
    most = None
    for layer in layers:
        steps, samples, units = trace.value(layer, "hidden_state").shape
        if not samples:
            raise TraceError(
                "{layer} ran without a sample in its batch: there is nothing to show.",
                layer=layer[:LONGEST_NAME],
            )
        if steps > MOST_STEPS or units > MOST_UNITS or len(layer) > LONGEST_NAME:
            raise TraceError(
                "{layer} has {steps:,} time steps and {units:,} units: up to "
                "{most_steps:,} and {most_units:,} can be shown.",
                layer=layer[:LONGEST_NAME],
                steps=steps,
                units=units,
                most_steps=MOST_STEPS,
                most_units=MOST_UNITS,
            )
        fit = max(1, min(MOST_ROWS // max(1, steps), MOST_VALUES // max(1, steps * units)))
        most = fit if most is None else min(most, fit)
    few = trace.first(most or 1)
    if few.labels is not None:
        few.labels = [[label and label[:LONGEST_LABEL] for label in row] for row in few.labels]
    if few.nbytes > MOST_PACKED:
        raise TraceError(
            "This trace holds {size} where up to {most} can "
            "be shown: record fewer layers or steps.",
            size=size_words(few.nbytes),
            most=size_words(MOST_PACKED),
        )
    return few


def accept_trace(data: bytes, name: str) -> bytes:
    """Return a trace that a visitor brought as it is kept: read, checked, and written again.

    Raises
    ------
    TraceError
        As `read_trace` and `pack_trace` do.
    """
    return pack_trace(read_trace(io.BytesIO(data), name, MOST_PACKED))
