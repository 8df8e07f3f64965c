"""LayerTrace: what was recorded of one layer; what a `Trace` and its file are made of."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rnnviz.networks.recurrent import PARAMETERS

__all__ = ["ALTERATIONS", "BEGINNINGS", "PARAMETERS", "Alteration", "Beginning", "Labels",
           "LayerTrace", "size_words"]  # fmt: skip

Labels = list[list[str | None]]

Beginning = Literal["zero", "given", "cut"]
"""How a call of a layer began: no state given, one given, or one cut off from gradients."""
BEGINNINGS: tuple[Beginning, ...] = ("zero", "given", "cut")
Alteration = Literal["changed", "dropped"]
"""Why a layer's equations are not those that ran: a hook, as a clamp's, changed what a signal was;
dropout hid a part of h from the recurrent weights."""
ALTERATIONS: tuple[Alteration, ...] = ("changed", "dropped")


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
        The weights that the layer's first call ran with, by torch's names without its suffix
        (`PARAMETERS`); empty where they were not kept.
    later : tuple of dict of ndarray
        The weights of later calls, where they were others: one set for each change.
    versions : tuple of int
        For each call, which weights it ran with: 0, or 1 + the place in `later`.
    starts : dict of ndarray (call, batch, unit)
        By state: what it was before the first step of each call, as the call was given it. Empty
        in the traces of an older rnnviz.
    begins : tuple of str
        How each call began (`Beginning`).
    altered : tuple of str
        Why the equations are not those that ran (`Alteration`); empty where they are.
    """

    cell: str
    calls: tuple[int, ...]
    values: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    parameters: dict[str, np.ndarray] = field(default_factory=dict)
    later: tuple[dict[str, np.ndarray], ...] = ()
    versions: tuple[int, ...] = ()
    starts: dict[str, np.ndarray] = field(default_factory=dict)
    begins: tuple[Beginning, ...] = ()
    altered: tuple[Alteration, ...] = ()

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by the names that they have in a file, after the layer's own."""
        found = dict(self.values)
        found |= {f"{signal}.gradient": array for signal, array in self.gradients.items()}
        found |= {f"{state}.before": array for state, array in self.starts.items()}
        for version, parameters in enumerate((self.parameters, *self.later)):
            end = f".{version}" if version else ""
            found |= {f"{name}{end}": array for name, array in parameters.items()}
        return found


def size_words(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.1f} kB"
