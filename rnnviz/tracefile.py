"""Trace files: one .npz, no pickled object. What nobody vouches for is checked before it is used.

header              JSON: format, layers (name, cell, calls, parameters), labels, why_no_gradients
<layer>.<signal>    (time, batch, unit); <layer>.<signal>.gradient; <layer>.<parameter>
"""

import io
import json
import zipfile
from typing import BinaryIO

import numpy as np

from rnnviz.cells import CELLS
from rnnviz.errors import TraceError
from rnnviz.trace import PARAMETERS, LayerTrace, Trace, size_words

FORMAT = 1
"""Of the saved file; raised when an older rnnviz could not read it."""
MOST_LAYERS, MOST_STEPS, MOST_UNITS = 64, 4096, 2048
"""Of a trace that the app shows."""
MOST_ROWS, MOST_VALUES = 2**14, 2**20
"""Largest steps x samples, and steps x samples x units, of a layer that the app shows."""
MOST_PACKED = 2**26
"""Bytes of a trace that the app shows."""
LABELS_SHARE = 16
"""The header, whose labels are text and slow to read, may take this part of a trace's bytes."""
LONGEST_NAME, LONGEST_LABEL = 200, 24


def write_trace(trace: Trace, file: BinaryIO) -> None:
    """Write a trace to an open file."""
    layers = trace._filled()
    header = {
        "format": FORMAT,
        "layers": [
            {
                "name": name,
                "cell": layer.cell,
                "calls": layer.calls,
                "parameters": list(layer.parameters),
            }
            for name, layer in layers.items()
        ],
        "labels": trace.labels,
        "why_no_gradients": trace._why_no_gradients,
    }
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(file, allow_pickle=False, header=text, **trace._arrays())


def read_trace(file: BinaryIO, name: str, most: int) -> Trace:
    """Read a trace from an open file that can be wound back.

    Parameters
    ----------
    name : str
        What the file is called in an error's sentence.
    most : int
        Bytes of unpacked arrays that are accepted.

    Raises
    ------
    TraceError
        For a file that is damaged, too large, of another kind or of a newer rnnviz.
    """
    try:
        return _read(file, most)
    except TraceError:
        raise
    except Exception as error:  # whatever a damaged or hostile file makes numpy raise
        raise TraceError(
            f"{name} is no trace, or is damaged: give a file written by Trace.save()."
        ) from error


def pack_trace(trace: Trace) -> bytes:
    """Return a trace as a file, with no more in it than is looked at: for the run store.

    Samples that are too many are left out, and labels are cut.

    Raises
    ------
    TraceError
        If even one sample is too long or too large.
    """
    layers = trace.layers
    if len(layers) > MOST_LAYERS:
        raise TraceError(f"{len(layers)} layers are too many: up to {MOST_LAYERS} can be shown.")
    most = None
    for layer in layers:
        steps, _, units = trace.value(layer, "hidden_state").shape
        if steps > MOST_STEPS or units > MOST_UNITS or len(layer) > LONGEST_NAME:
            raise TraceError(
                f"{layer[:LONGEST_NAME]} has {steps:,} time steps and {units:,} units: up to "
                f"{MOST_STEPS:,} and {MOST_UNITS:,} can be shown."
            )
        fit = max(1, min(MOST_ROWS // max(1, steps), MOST_VALUES // max(1, steps * units)))
        most = fit if most is None else min(most, fit)
    few = trace.first(most or 1)
    if few.labels is not None:
        few.labels = [[label and label[:LONGEST_LABEL] for label in row] for row in few.labels]
    if few.nbytes > MOST_PACKED:
        raise TraceError(
            f"This trace holds {size_words(few.nbytes)} where up to {size_words(MOST_PACKED)} can "
            "be shown: record fewer layers or steps."
        )
    file = io.BytesIO()
    write_trace(few, file)
    return file.getvalue()


def accept_trace(data: bytes, name: str) -> bytes:
    """Return a trace that a visitor brought as it is kept: read, checked, and written again.

    Raises
    ------
    TraceError
        As `read_trace` and `pack_trace` do.
    """
    return pack_trace(read_trace(io.BytesIO(data), name, MOST_PACKED))


def _read(file: BinaryIO, most: int) -> Trace:
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > most:
        raise TraceError(
            f"This trace holds {size_words(size)}, more than the {size_words(most)} that are "
            "read: record fewer layers, steps or samples."
        )
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        text = arrays["header"].tobytes()
        if len(text) > most // LABELS_SHARE:
            raise TraceError(
                f"The labels of this trace take {size_words(len(text))}, more than the "
                f"{size_words(most // LABELS_SHARE)} that are read: record fewer steps or samples."
            )
        header = json.loads(text)
        if header["format"] > FORMAT:
            raise TraceError("This trace was written by a newer rnnviz: update rnnviz.")
        why = str(header["why_no_gradients"])
        layers: dict[str, LayerTrace] = {}
        for entry in header["layers"]:
            name, cell = entry["name"], entry["cell"]
            if not isinstance(name, str) or name in layers:
                raise ValueError("a layer has no name of its own")
            signals = ("input", *CELLS[cell].signals)
            values = {s: arrays[f"{name}.{s}"] for s in signals}
            gradients = {} if why else {s: arrays[f"{name}.{s}.gradient"] for s in signals}
            parameters = {key: arrays[f"{name}.{key}"] for key in entry.get("parameters", ())}
            layers[name] = LayerTrace(cell, tuple(entry["calls"]), values, gradients, parameters)
            _check(layers[name])
    return Trace(layers, header["labels"], why)


def _check(layer: LayerTrace) -> None:
    """Raise ValueError unless the arrays and calls of a layer fit together."""
    arrays = [*layer.values.values(), *layer.gradients.values()]
    fits = all(array.dtype.kind == "f" and array.ndim == 3 for array in arrays)
    if not fits or len({array.shape[:2] for array in arrays}) != 1:
        raise ValueError("the arrays of a layer are not all (time, batch, unit)")
    if any(layer.values[name].shape != array.shape for name, array in layer.gradients.items()):
        raise ValueError("a gradient has another shape than its signal")
    if not all(isinstance(start, int) and 0 <= start < len(arrays[0]) for start in layer.calls):
        raise ValueError("a call begins at no time step")
    _check_units(layer)
    if layer.parameters:
        _check_parameters(layer)


def _check_units(layer: LayerTrace) -> None:
    """Raise ValueError unless all signals have the layer's units; a projected h may have fewer."""
    units = {name: array.shape[2] for name, array in layer.values.items()}
    inner = [name for name in units if name != "input"]
    if layer.cell == "lstm":
        inner.remove("hidden_state")
    if len({units[name] for name in inner}) != 1 or 0 in (units[inner[0]], units["hidden_state"]):
        raise ValueError("the signals of a layer differ in their units")


def _check_parameters(layer: LayerTrace) -> None:
    """Raise ValueError unless the weights are those of such a layer."""
    found, cell = layer.parameters, CELLS[layer.cell]
    seen = layer.values["hidden_state"].shape[2]
    units = layer.values["cell_state"].shape[2] if layer.cell == "lstm" else seen
    rows = max(1, len(cell.gates)) * units
    expected: dict[str, tuple[int, ...]] = {
        "weight_ih": (rows, layer.values["input"].shape[2]),
        "weight_hh": (rows, seen),
        "bias_ih": (rows,),
        "bias_hh": (rows,),
        "weight_hr": (seen, units),
    }
    optional = {"bias_ih", "bias_hh", "weight_hr"} - ({"weight_hr"} if seen != units else set())
    missing = set(PARAMETERS) - set(found) - optional
    if missing or ("bias_ih" in found) != ("bias_hh" in found):
        raise ValueError("weights of a layer are missing")
    for name, array in found.items():
        if array.dtype.kind != "f" or array.shape != expected[name]:
            raise ValueError(f"{name} does not fit its layer")
