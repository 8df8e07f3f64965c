"""Trace files: one .npz, no pickled object. What nobody vouches for is checked before it is used.

header              JSON: format, layers (name, cell, calls, parameters; starts, begins, later,
                    versions, altered, which older files lack), labels, why_no_gradients
<layer>.<signal>    (time, batch, unit); <layer>.<signal>.gradient; <layer>.<state>.before (call,
                    batch, unit); <layer>.<parameter>, and <layer>.<parameter>.1, .2, ... of later
                    calls that ran with other weights
"""

import json
import zipfile
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.layer_trace import (
    ALTERATIONS,
    BEGINNINGS,
    PARAMETERS,
    Labels,
    LayerTrace,
    size_words,
)
from rnnviz.words import Words

Contents = tuple[dict[str, LayerTrace], Labels | None, Words]
"""Layers, labels, and the sentence why there are no gradients."""

FORMAT = 1
"""Of the saved file; raised when an older rnnviz could not read it."""
LABELS_SHARE = 16
"""The header, whose labels are text and slow to read, may take this part of a trace's bytes."""


def write_layers(
    layers: Mapping[str, LayerTrace], labels: Labels | None, why_no_gradients: Words, file: BinaryIO
) -> None:
    """Write what a trace holds to an open file."""
    header = {
        "format": FORMAT,
        "layers": [
            {
                "name": name,
                "cell": layer.cell,
                "calls": layer.calls,
                "parameters": list(layer.parameters),
                "later": len(layer.later),
                "versions": layer.versions,
                "starts": list(layer.starts),
                "begins": layer.begins,
                "altered": layer.altered,
            }
            for name, layer in layers.items()
        ],
        "labels": labels,
        "why_no_gradients": why_no_gradients.to_json() if why_no_gradients else "",
    }
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(file, allow_pickle=False, header=text, **_arrays(layers))


def read_layers(file: BinaryIO, name: str | Words, most: int) -> Contents:
    """Read layers, labels and why there are no gradients, from an open file that can be wound back.

    Parameters
    ----------
    name : str or Words
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
            "{name} is no trace, or is damaged: give a file written by Trace.save().", name=name
        ) from error


def _read(file: BinaryIO, most: int) -> Contents:
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > most:
        raise TraceError(
            "This trace holds {size}, more than the {most} that are "
            "read: record fewer layers, steps or samples.",
            size=size_words(size),
            most=size_words(most),
        )
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        text = arrays["header"].tobytes()
        if len(text) > most // LABELS_SHARE:
            raise TraceError(
                "The labels of this trace take {size}, more than the "
                "{most} that are read: record fewer steps or samples.",
                size=size_words(len(text)),
                most=size_words(most // LABELS_SHARE),
            )
        header = json.loads(text)
        if header["format"] > FORMAT:
            raise TraceError("This trace was written by a newer rnnviz: update rnnviz.")
        why, labels = Words.from_json(str(header["why_no_gradients"])), header["labels"]
        if labels is not None and not all(isinstance(row, list) for row in labels):
            raise ValueError("the labels are no rows")
        layers: dict[str, LayerTrace] = {}
        for entry in header["layers"]:
            name, cell = entry["name"], entry["cell"]
            if not isinstance(name, str) or name in layers:
                raise ValueError("a layer has no name of its own")
            if isinstance(cell, str) and cell not in CELLS:
                raise TraceError(
                    "This trace holds a cell called {cell!r}, which this rnnviz does not "
                    "know: update rnnviz, or give one that Trace.save() wrote of "
                    "{cells}.",
                    cell=cell[:40],
                    cells=", ".join(CELLS),
                )
            signals = ("input", *CELLS[cell].signals)
            values = {s: arrays[f"{name}.{s}"] for s in signals}
            gradients = {} if why else {s: arrays[f"{name}.{s}.gradient"] for s in signals}
            kept = entry.get("parameters", ())
            later = tuple(
                {key: arrays[f"{name}.{key}.{version + 1}"] for key in kept}
                for version in range(entry.get("later", 0) if kept else 0)
            )
            layers[name] = LayerTrace(
                cell,
                tuple(entry["calls"]),
                values,
                gradients,
                {key: arrays[f"{name}.{key}"] for key in kept},
                later,
                tuple(entry.get("versions", ())),
                {state: arrays[f"{name}.{state}.before"] for state in entry.get("starts", ())},
                tuple(entry.get("begins", ())),
                tuple(entry.get("altered", ())),
            )
            _check(layers[name])
    return layers, labels, why


def _arrays(layers: Mapping[str, LayerTrace]) -> dict[str, np.ndarray]:
    """Return all arrays by the names they have in a file."""
    return {
        f"{name}.{key}": array
        for name, layer in layers.items()
        for key, array in layer.arrays().items()
    }


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
    if not layer.calls or list(layer.calls) != sorted(set(layer.calls)):
        raise ValueError("the calls do not follow each other")
    _check_units(layer)
    if layer.starts or layer.begins:
        _check_starts(layer)
    for parameters in (layer.parameters, *layer.later):
        if parameters:
            _check_parameters(layer, parameters)
    versions = range(1 + len(layer.later))
    if any(version not in versions for version in layer.versions):
        raise ValueError("a call ran with weights that there are not")
    if len(layer.versions) not in (0, len(layer.calls)) or not set(layer.altered) <= {*ALTERATIONS}:
        raise ValueError("what a layer ran with is not told of each call")


def _check_units(layer: LayerTrace) -> None:
    """Raise ValueError unless all signals have the layer's units; a projected h may have fewer."""
    units = {name: array.shape[2] for name, array in layer.values.items()}
    inner = [name for name in units if name != "input"]
    if layer.cell == "lstm":
        inner.remove("hidden_state")
    if len({units[name] for name in inner}) != 1 or 0 in (units[inner[0]], units["hidden_state"]):
        raise ValueError("the signals of a layer differ in their units")


def _check_starts(layer: LayerTrace) -> None:
    """Raise ValueError unless there is a state before each call, of the layer's sizes."""
    if set(layer.starts) != {*CELLS[layer.cell].states}:
        raise ValueError("a state before the calls of a layer is missing")
    if len(layer.begins) != len(layer.calls) or not set(layer.begins) <= {*BEGINNINGS}:
        raise ValueError("how a call began is not told of each")
    for state, array in layer.starts.items():
        shape = (len(layer.calls), *layer.values[state].shape[1:])
        if array.dtype.kind != "f" or array.shape != shape:
            raise ValueError("a state before the calls of a layer has another shape")


def _check_parameters(layer: LayerTrace, found: Mapping[str, np.ndarray]) -> None:
    """Raise ValueError unless the weights are those of such a layer."""
    cell = CELLS[layer.cell]
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
