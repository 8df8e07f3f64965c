"""Which units do nothing, or always the same? Dead, saturated and NaN units by name."""

import numpy as np
import pandas as pd

from rnnviz.analysis.formulas import is_logistic
from rnnviz.analysis.saturation import saturation
from rnnviz.recording.trace import Trace

DEAD = 1e-3
"""A hidden state that never leaves this distance from 0 is dead."""


def troubled_units(trace: Trace, layer: str) -> pd.DataFrame:
    """List the units of a layer that are dead, saturated or not a number.

    - "nan": a signal is not finite at a step that is not padding;
    - "dead": the hidden state stays within 0.001 of zero at every step of every sample;
    - "shut", "open": a gate is below 0.1, or above 0.9, at every step of every sample. For what
      keeps (forget gate, update gate), always open is a memory that never fades.

    Returns
    -------
    DataFrame
        Columns `trouble`, `signal`, `unit`.
    """
    rows: list[tuple[str, str, int]] = []
    real = ~_padding(trace, layer)
    broken = np.zeros(trace.value(layer, "hidden_state").shape[2], bool)
    for signal in trace.signals(layer):
        if signal == "input":
            continue
        values = trace.value(layer, signal)[real]
        bad = ~np.all(np.isfinite(values), axis=0)
        rows += [("nan", signal, int(unit)) for unit in np.flatnonzero(bad)]
        if signal == "hidden_state":
            broken = bad
            quiet = ~bad & (np.abs(values) <= DEAD).all(0)
            rows += [("dead", signal, int(unit)) for unit in np.flatnonzero(quiet)]
    shares = saturation(trace, layer)
    for word, side in (("shut", "left"), ("open", "right")):
        for signal, unit in shares.loc[shares[side] == 1, ["signal", "unit"]].itertuples(
            index=False
        ):
            if is_logistic(trace, layer, signal) and not (unit < len(broken) and broken[unit]):
                rows.append((word, signal, int(unit)))
    return pd.DataFrame(rows, columns=["trouble", "signal", "unit"])


def _padding(trace: Trace, layer: str) -> np.ndarray:
    """Return where a sequence was padded, (time, batch): all NaN, the input too, after its end."""
    names = trace.signals(layer)
    empty = np.all([np.isnan(trace.value(layer, name)).all(2) for name in names], axis=0)
    # No sequence is empty: one that is NaN from its first step on is not padded but broken.
    padded: np.ndarray = empty & ~empty.all(0)
    return padded
