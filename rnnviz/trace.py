"""Trace: every gate, state and gradient of a forward and a backward pass, as numpy arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike

import numpy as np
import pandas as pd

from rnnviz.cells import CELLS
from rnnviz.errors import TraceError

Labels = list[list[str | None]]

LARGEST_FILE = 4 * 2**30  # bytes of unpacked arrays that load() accepts
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


@dataclass(frozen=True)
class LayerTrace:
    """What was recorded of one layer in one direction.

    Attributes
    ----------
    cell : str
        Key in `rnnviz.CELLS`.
    calls : tuple of int
        First time step of each call of the layer.
    values, gradients : dict of ndarray (time, batch, unit)
        By signal; NaN where a sequence was padded, and where the layer does not run, as the
        decoder of a translation while its source is read. No gradients: an empty dict.
    parameters : dict of ndarray
        The weights that the layer had, by torch's names without its suffix (`PARAMETERS`);
        empty where they were not kept.
    """

    cell: str
    calls: tuple[int, ...]
    values: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    parameters: dict[str, np.ndarray] = field(default_factory=dict)


class Trace:
    """The inside of recurrent layers through time; what `rnnviz.record` gives.

    Parameters
    ----------
    layers : mapping of LayerTrace, optional
        By name: the dotted path of the module and torch's layer suffix (``rnn.l0_reverse``).
        Without it the trace is empty until `fill` is called.
    labels : sequence (sample) of sequences (time), optional
        What goes in at each time step; kept as text.
    why_no_gradients : str
        The sentence that `gradient` raises; empty where gradients were recorded.
    """

    def __init__(
        self,
        layers: Mapping[str, LayerTrace] | None = None,
        labels: Iterable[Iterable[object]] | None = None,
        why_no_gradients: str = "",
    ) -> None:
        self.labels: Labels | None = None
        if labels is not None:
            self.labels = [
                [None if label is None else str(label) for label in row] for row in labels
            ]
        self._layers: dict[str, LayerTrace] | None = None
        if layers is not None:
            self.fill(layers, why_no_gradients)

    def fill(self, layers: Mapping[str, LayerTrace], why_no_gradients: str = "") -> None:
        """Take what was recorded; for `record`, which gives the trace before it is filled."""
        if self.labels is not None:
            _check_labels(self.labels, layers)
        self._layers = dict(layers)
        self._why_no_gradients = why_no_gradients

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
        return sum(array.nbytes for array in self._arrays().values())

    def cell(self, layer: str) -> str:
        """Return the key in `rnnviz.CELLS` of a layer's cell."""
        return self._layer(layer).cell

    def calls(self, layer: str) -> tuple[int, ...]:
        """Return the first time step of each call of a layer."""
        return self._layer(layer).calls

    def stretch(self, layer: str) -> range:
        """Return the time steps at which a layer runs, for any sample: all, as a rule."""
        ran = ~np.isnan(self._layer(layer).values["hidden_state"][:, :, 0]).all(1)
        places = np.flatnonzero(ran)
        return range(int(places[0]), int(places[-1]) + 1) if len(places) else range(len(ran))

    def parameters(self, layer: str) -> dict[str, np.ndarray]:
        """Return the weights that a layer ran with, in torch's packing; none if not kept.

        ``weight_ih`` (gate * unit, feature), ``weight_hh`` (gate * unit, unit), ``bias_ih`` and
        ``bias_hh`` (gate * unit,), ``weight_hr`` of a projection: `PARAMETERS`.
        """
        return dict(self._layer(layer).parameters)

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
                f"There is no sample {sample}: {layer} has samples 0 to {array.shape[1] - 1}."
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
            )
            for name, layer in self._filled().items()
        }
        labels = None if self.labels is None else self.labels[:samples]
        return Trace(layers, labels, self._why_no_gradients)

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one ``.npz`` file that holds no pickled object."""
        from rnnviz.tracefile import write_trace

        with open(path, "wb") as file:  # given a name, numpy would append .npz to it
            write_trace(self, file)

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
        from rnnviz.tracefile import read_trace

        with open(path, "rb") as file:
            return read_trace(file, str(path), LARGEST_FILE)

    def __repr__(self) -> str:
        """Say what is inside, a line a layer."""
        if self._layers is None:
            return "Trace(empty until its with block ends)"
        lines = [
            f"Trace: {len(self._layers)} layer{'s' * (len(self._layers) != 1)}, "
            f"{'with' if self.has_gradients else 'without'} gradients, {size_words(self.nbytes)}"
        ]
        for name, layer in self._layers.items():
            steps, samples, units = layer.values["hidden_state"].shape
            calls = f" in {len(layer.calls)} calls" if len(layer.calls) > 1 else ""
            lines.append(
                f"  {name}: {CELLS[layer.cell].title}, {units} units, {steps} steps{calls}, "
                f"{samples} samples: {', '.join(layer.values)}"
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
            raise TraceError(f"There is no layer {layer!r}: recorded are {', '.join(layers)}.")
        return layers[layer]

    def _signal(self, layer: str, signal: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
        if signal not in arrays:
            raise TraceError(f"{layer} has no signal {signal!r}: it has {', '.join(arrays)}.")
        return arrays[signal]

    def _arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by the names they have in a file."""
        arrays: dict[str, np.ndarray] = {}
        for name, layer in self._filled().items():
            arrays |= {f"{name}.{signal}": array for signal, array in layer.values.items()}
            arrays |= {f"{name}.{s}.gradient": array for s, array in layer.gradients.items()}
            arrays |= {f"{name}.{key}": array for key, array in layer.parameters.items()}
        return arrays


def _check_labels(labels: Labels, layers: Mapping[str, LayerTrace]) -> None:
    """Raise TraceError if no layer has as many samples and time steps as the labels."""
    samples, steps = len(labels), max(map(len, labels), default=0)
    sizes = {layer.values["input"].shape[:2] for layer in layers.values()}
    if not any(samples == batch and steps <= time for time, batch in sizes):
        recorded = " or ".join(f"{batch} samples of {time} steps" for time, batch in sorted(sizes))
        raise TraceError(
            f"The labels are for {samples} samples of at most {steps} steps, but {recorded} were "
            "recorded: give a row of labels for each sample, a label for each step."
        )


def size_words(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.1f} kB"
