"""What does a change inside a network do? A changed run beside the unchanged one."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.analysis.beginnings import call_of_step, links, running_order
from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.clamp_text import Clamp
from rnnviz.recording.trace import Trace


def differences(
    trace: Trace, plain: Trace, layer: str, samples: Sequence[int] | None = None
) -> pd.DataFrame:
    """Measure how far each signal of a layer is from what it was in another recording.

    Parameters
    ----------
    trace, plain : Trace
        Of the same network and as many time steps.
    layer : str
        One of `trace.layers`.
    samples : sequence of int, optional
        Which samples; all if not given.

    Returns
    -------
    DataFrame
        Columns `signal`, `time`, `difference` (mean of the absolute difference over units and
        samples) and `largest`. Padding does not count.

    Raises
    ------
    TraceError
        If the recordings are not of the same shape.
    """
    chosen = slice(None) if samples is None else list(samples)
    rows = []
    for signal in trace.signals(layer):
        now, before = trace.value(layer, signal), plain.value(layer, signal)
        if now.shape != before.shape:
            raise TraceError(
                "{layer}.{signal} is {now} (time, batch, unit) in one recording and "
                "{before} in the other: compare recordings of equally long sequences.",
                layer=layer,
                signal=signal,
                now=now.shape,
                before=before.shape,
            )
        with np.errstate(invalid="ignore"):  # inf less inf
            apart = np.abs(now[:, chosen].astype(np.float64) - before[:, chosen])
        counted = np.isfinite(apart)
        total = np.where(counted, apart, 0.0)
        with np.errstate(invalid="ignore"):
            mean = total.sum((1, 2)) / counted.sum((1, 2))
        rows.append(
            pd.DataFrame(
                {
                    "signal": signal,
                    "time": np.arange(len(mean)),
                    "difference": mean,
                    "largest": total.max((1, 2), initial=0.0),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def kept_along_path(
    trace: Trace,
    layer: str,
    clamps: Sequence[Clamp] = (),
    samples: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Measure how much of the gradient at the last step the gates alone let back to each step.

    In an LSTM the gradient of the cell state goes back along c by the product of the forget gates,
    dc_T/dc_t = f_T ... f_(t+1) (Hochreiter, Schmidhuber 1997), beside all that goes through h and
    the gates. In a GRU it is h and the update gate z, which keeps in torch's convention.

    Parameters
    ----------
    trace : Trace
    layer : str
        Of LSTM or GRU cells.
    clamps : sequence of Clamp, optional
        What was changed in the recording: a state that is set to a value cuts the path there.
    samples : sequence of int, optional
        Which samples; all if not given.

    Returns
    -------
    DataFrame
        Columns `time`, `kept` (mean over units and samples; 1 at the last step, of a layer that
        runs backwards at the first) and `best` (the unit that keeps most, mean over samples).

    Raises
    ------
    TraceError
        If the layer's cell has no gate that keeps.
    """
    cell = CELLS[trace.cell(layer)]
    if not cell.keeps:
        raise TraceError(
            "The cell {cell} has no gate that keeps: its gradient has no path of its own.",
            cell=cell.title,
        )
    factors = trace.value(layer, cell.keeps).astype(np.float64)
    if samples is not None:
        factors = factors[:, list(samples)]
    for clamp in clamps:
        if (clamp.layer, clamp.signal) == (layer, cell.kept):
            times, units = clamp.where(*factors.shape[::2])
            there = np.ix_(times, range(factors.shape[1]), units)
            factors[there] *= clamp.value if clamp.how == "scale" and clamp.value else 0.0
    order, call = running_order(trace, layer), call_of_step(trace, layer)
    anew = ~links(trace, layer, gradients=True) & (call > 0)[:, None]
    if samples is not None:
        anew = anew[:, list(samples)]
    factors[anew & ~np.isnan(factors[:, :, 0])] = 0.0
    factors = np.where(np.isnan(factors), 1.0, factors)  # what does not run keeps all there is
    factors = factors[order]
    later = factors[1:][::-1].cumprod(0)[::-1]
    kept = np.concatenate([later, np.ones_like(factors[:1])])[np.argsort(order)]
    return pd.DataFrame(
        {
            "time": np.arange(len(kept)),
            "kept": kept.mean((1, 2)),
            "best": kept.mean(1).max(1),
        }
    )
