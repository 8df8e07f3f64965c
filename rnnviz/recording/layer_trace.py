"""LayerTrace: what was recorded of one layer; what a `Trace` and its file are made of."""

from dataclasses import dataclass, field

import numpy as np

Labels = list[list[str | None]]

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


def size_words(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.1f} kB"
