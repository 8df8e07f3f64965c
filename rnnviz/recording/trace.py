"""Trace: every gate, state and gradient of a forward and a backward pass, as numpy arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from typing import BinaryIO

import numpy as np
import pandas as pd

from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.layer_trace import Alteration, Beginning, Labels, LayerTrace, size_words
from rnnviz.recording.trace_file import read_layers, write_layers
from rnnviz.words import NOTHING, Words, listed, t, tn

LARGEST_FILE = 4 * 2**30  # bytes of unpacked arrays that load() accepts


class Trace:
    """The inside of recurrent layers through time; what `rnnviz.record` gives.

    Parameters
    ----------
    layers : mapping of LayerTrace, optional
        By name: the dotted path of the module and torch's layer suffix (``rnn.l0_reverse``).
        Without it the trace is empty until `fill` is called.
    labels : sequence (sample) of sequences (time), optional
        What goes in at each time step; kept as text.
    why_no_gradients : str or Words
        The sentence that `gradient` raises; empty where gradients were recorded.
    """

    def __init__(
        self,
        layers: Mapping[str, LayerTrace] | None = None,
        labels: Iterable[Iterable[object]] | None = None,
        why_no_gradients: str | Words = NOTHING,
    ) -> None:
        self.labels: Labels | None = None
        if labels is not None:
            self.labels = [
                [None if label is None else str(label) for label in row] for row in labels
            ]
        self._layers: dict[str, LayerTrace] | None = None
        if layers is not None:
            self.fill(layers, why_no_gradients)

    def fill(self, layers: Mapping[str, LayerTrace], why: str | Words = NOTHING) -> None:
        """Take what was recorded; for `record`, which gives the trace before it is filled."""
        if self.labels is not None:
            _check_labels(self.labels, layers)
        self._layers = dict(layers)
        self._why_no_gradients = why if isinstance(why, Words) else Words(why)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the recorded layers, as in ``("rnn.l0", "rnn.l0_reverse", "rnn.l1")``."""
        return tuple(self._filled())

    @property
    def top(self) -> str:
        """Name of the last layer that runs forwards; of the last one where none does."""
        forwards = [name for name in self.layers if not name.endswith("_reverse")]
        return (forwards or self.layers)[-1]

    @property
    def has_gradients(self) -> bool:
        """Whether `gradient` answers."""
        self._filled()
        return not self._why_no_gradients

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return sum(
            array.nbytes for layer in self._filled().values() for array in layer.arrays().values()
        )

    def cell(self, layer: str) -> str:
        """Return the key in `rnnviz.CELLS` of a layer's cell."""
        return self._layer(layer).cell

    def calls(self, layer: str) -> tuple[int, ...]:
        """Return the first time step of each call of a layer."""
        return self._layer(layer).calls

    def stretch(self, layer: str) -> range:
        """Return the time steps at which a layer runs, for any sample: all, as a rule."""
        ran = ~np.all(np.isnan(self._layer(layer).values["hidden_state"][:, :, 0]), axis=1)
        places = np.flatnonzero(ran)
        return range(int(places[0]), int(places[-1]) + 1) if len(places) else range(len(ran))

    def parameters(self, layer: str, call: int = 0) -> dict[str, np.ndarray]:
        """Return the weights that a call of a layer ran with, in torch's packing; none if not kept.

        ``weight_ih`` (gate * unit, feature), ``weight_hh`` (gate * unit, unit), ``bias_ih`` and
        ``bias_hh`` (gate * unit,), ``weight_hr`` of a projection: `layer_trace.PARAMETERS`.
        """
        recorded = self._layer(layer)
        version = recorded.versions[call] if recorded.versions else 0
        return dict((recorded.parameters, *recorded.later)[version])

    def versions(self, layer: str) -> tuple[int, ...]:
        """Return for each call of a layer which weights it ran with: 0 are those of the first."""
        recorded = self._layer(layer)
        return recorded.versions or (0,) * len(recorded.calls)

    def starts(self, layer: str, state: str) -> np.ndarray:
        """Return a state as each call of a layer was given it, (call, batch, unit).

        Raises
        ------
        TraceError
            For a layer or state that there is not, and for a trace of an older rnnviz.
        """
        recorded = self._layer(layer)
        if not recorded.starts:
            raise TraceError(
                "This trace does not hold the state that {layer} started from, as those written "
                "by an older rnnviz: record it again.",
                layer=layer,
            )
        return self._signal(layer, state, recorded.starts)

    def begins(self, layer: str) -> tuple[Beginning, ...]:
        """Return how each call of a layer began: "zero", "given" or "cut" off from gradients."""
        return self._layer(layer).begins

    def altered(self, layer: str) -> tuple[Alteration, ...]:
        """Return why a layer's equations are not those that ran; nothing where they are."""
        return self._layer(layer).altered

    def signals(self, layer: str) -> tuple[str, ...]:
        """Return the names of a layer's signals: ``input``, the gates, the states."""
        return tuple(self._layer(layer).values)

    def value(self, layer: str, signal: str) -> np.ndarray:
        """Return a signal, (time, batch, unit); NaN where the sequence was padded.

        Raises
        ------
        TraceError
            For a layer or signal that was not recorded.
        """
        return self._signal(layer, signal, self._layer(layer).values)

    def gradient(self, layer: str, signal: str) -> np.ndarray:
        """Return dL/d(signal at that step) through all paths, (time, batch, unit).

        L is what ``backward`` was called on inside the ``with``. Zero at a step that L does not
        depend on, NaN where the sequence was padded.

        Raises
        ------
        TraceError
            For a layer or signal that was not recorded, or if not exactly one backward pass ran.
        """
        recorded = self._layer(layer)
        self._signal(layer, signal, recorded.values)
        if self._why_no_gradients:
            raise TraceError(self._why_no_gradients)
        return recorded.gradients[signal]

    def frame(
        self, layer: str, signal: str, sample: int = 0, *, gradient: bool = False
    ) -> pd.DataFrame:
        """Return one sample's values or gradients: index ``time``, a column a unit.

        Raises
        ------
        TraceError
            As `value` and `gradient` do, and for a sample that does not exist.
        """
        array = (self.gradient if gradient else self.value)(layer, signal)
        if not 0 <= sample < array.shape[1]:
            raise TraceError(
                "There is no sample {sample}: {layer} has samples 0 to {last}.",
                sample=sample,
                layer=layer,
                last=array.shape[1] - 1,
            )
        return pd.DataFrame(
            array[:, sample],
            index=pd.RangeIndex(len(array), name="time"),
            columns=pd.RangeIndex(array.shape[2], name="unit"),
        )

    def first(self, samples: int) -> "Trace":
        """Return the trace of the first samples of the batch alone; all if there are fewer."""
        layers = {
            name: replace(
                layer,
                values={signal: array[:, :samples] for signal, array in layer.values.items()},
                gradients={signal: array[:, :samples] for signal, array in layer.gradients.items()},
                starts={state: array[:, :samples] for state, array in layer.starts.items()},
            )
            for name, layer in self._filled().items()
        }
        labels = None if self.labels is None else self.labels[:samples]
        return Trace(layers, labels, self._why_no_gradients)

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one ``.npz`` file that holds no pickled object."""
        with open(path, "wb") as file:  # given a name, numpy would append .npz to it
            self.write(file)

    def write(self, file: BinaryIO) -> None:
        """Write to an open file what `save` writes."""
        write_layers(self._filled(), self.labels, self._why_no_gradients, file)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Trace":
        """Read a file that `save` wrote.

        Raises
        ------
        TraceError
            For a file that is damaged, too large, of another kind or of a newer rnnviz.
        FileNotFoundError, PermissionError
            As `open` does.
        """
        with open(path, "rb") as file:
            return cls(*read_layers(file, str(path), LARGEST_FILE))

    def __repr__(self) -> str:
        """Say what is inside, a line a layer."""
        if self._layers is None:
            return t("Trace(empty until its with block ends)")
        lines = [
            tn(
                "Trace: {count} layer, with gradients, {size}",
                "Trace: {count} layers, with gradients, {size}",
                len(self._layers),
                size=size_words(self.nbytes),
            )
            if self.has_gradients
            else tn(
                "Trace: {count} layer, without gradients, {size}",
                "Trace: {count} layers, without gradients, {size}",
                len(self._layers),
                size=size_words(self.nbytes),
            )
        ]
        for name, layer in self._layers.items():
            steps, samples, units = layer.values["hidden_state"].shape
            lines.append(
                "  "
                + tn(
                    "{name}: {cell}, {units} units, {steps} steps, {samples} samples: {signals}",
                    "{name}: {cell}, {units} units, {steps} steps in {count} calls, "
                    "{samples} samples: {signals}",
                    max(1, len(layer.calls)),
                    name=name,
                    cell=CELLS[layer.cell].title,
                    units=units,
                    steps=steps,
                    samples=samples,
                    signals=", ".join(layer.values),
                )
            )
        return "\n".join(lines)

    def _filled(self) -> dict[str, LayerTrace]:
        if self._layers is None:
            raise TraceError(
                "The trace is empty: read it after its `with` block has ended without an error."
            )
        return self._layers

    def _layer(self, layer: str) -> LayerTrace:
        layers = self._filled()
        if layer not in layers:
            raise TraceError(
                "There is no layer {layer!r}: recorded are {layers}.",
                layer=layer,
                layers=", ".join(layers),
            )
        return layers[layer]

    def _signal(self, layer: str, signal: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
        if signal not in arrays:
            raise TraceError(
                "{layer} has no signal {signal!r}: it has {signals}.",
                layer=layer,
                signal=signal,
                signals=", ".join(arrays),
            )
        return arrays[signal]


def _check_labels(labels: Labels, layers: Mapping[str, LayerTrace]) -> None:
    """Raise TraceError if no layer has as many samples and time steps as the labels."""
    samples, steps = len(labels), max(map(len, labels), default=0)
    sizes = {layer.values["input"].shape[:2] for layer in layers.values()}
    if not any(samples == batch and steps <= time for time, batch in sizes):
        recorded = [
            Words("{samples} samples of {steps} steps", samples=batch, steps=time)
            for time, batch in sorted(sizes)
        ]
        raise TraceError(
            "The labels are for {samples} samples of at most {steps} steps, but {recorded} were "
            "recorded: give a row of labels for each sample, a label for each step.",
            samples=samples,
            steps=steps,
            recorded=listed(recorded, " or "),
        )
