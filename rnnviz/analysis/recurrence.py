"""The derivative of one time step of a recurrent layer, from its gates and weights.

What an exact Jacobian and every walk back through time need. All numbers are float64, arrays
(time, batch, unit) in the order in which the layer runs, 0 where a sequence was padded.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from rnnviz.analysis.formulas import formula_of
from rnnviz.analysis.weights import check_not_normalized, find_layer, layer_parameters
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace
from rnnviz.words import Words

Array = np.ndarray

PLAIN: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "rnn": (np.tanh, lambda h: 1 - h**2),
    "rnn_relu": (lambda a: np.maximum(a, 0.0), lambda h: (h > 0).astype(np.float64)),
}
"""Cell without gates -> h of its pre-activation, and the slope of that by h."""
STEP = Words("the derivative of a single step is")
KNOWN = dict.fromkeys((*PLAIN, "lstm", "gru"))


@dataclass(frozen=True)
class Recurrence:
    """One recorded layer in one direction, ready to be differentiated step by step.

    Attributes
    ----------
    cell : str
        Key in `rnnviz.CELLS`.
    weight_ih, weight_hh : ndarray (gate * unit, feature), (gate * unit, hidden)
    weight_hr : ndarray (hidden, unit) or None
        Projection of an LSTM.
    keep : ndarray (time, batch, unit)
        How much of the old c (LSTM) or h (GRU) is kept: the forget or update gate; 0 for an RNN.
    slope : ndarray (time, batch, gate * unit)
        d(c or h)/d(pre-activation) of each gate; for the LSTM's output gate dh/da, before the
        projection.
    inner : ndarray (time, batch, gate * unit)
        `slope`, as the recurrent matrix product sees it: a GRU's candidate is behind its reset.
    shown : ndarray (time, batch, unit)
        LSTM: dh/dc before the projection, o (1 - tanh(c)^2); empty for the others.
    linked : ndarray (time,) of bool
        Whether the state before a step was the one after the step before; not so at the start.
    valid : ndarray (time, batch) of bool
        Where there is no padding.
    """

    cell: str
    weight_ih: Array
    weight_hh: Array
    weight_hr: Array | None
    keep: Array
    slope: Array
    inner: Array
    shown: Array
    linked: Array
    valid: Array

    @property
    def steps(self) -> int:
        """Return the number of time steps."""
        return len(self.keep)

    def of(self, sample: int | None) -> "Recurrence":
        """Return one sample's, as a batch of one; all for None."""
        if sample is None:
            return self
        one = slice(sample, sample + 1)
        names = ("keep", "slope", "inner", "shown", "valid")
        return replace(self, **{name: getattr(self, name)[:, one] for name in names})

    def gates_from(self, t: int, dh: Array, dc: Array) -> Array:
        """Return dL/d(pre-activation), (..., batch, gate * unit), from dL/dh and dL/dc at a step.

        `dc` is the whole of dL/dc, with what comes through h (LSTM); unused by the others.
        """
        if self.cell == "lstm":
            dm = self.unprojected(dh)
            return np.concatenate([dc, dc, dc, dm], -1) * self.slope[t]
        if self.cell == "gru":
            return np.concatenate([dh, dh, dh], -1) * self.slope[t]
        return dh * self.slope[t]

    def unprojected(self, dh: Array) -> Array:
        """Return dL/d(o tanh(c)) from dL/dh."""
        return dh if self.weight_hr is None else dh @ self.weight_hr

    def into_cell(self, t: int, dh: Array) -> Array:
        """Return what dL/dh at a step adds to dL/dc at this step (LSTM)."""
        return self.unprojected(dh) * self.shown[t]

    def before(self, t: int, dh: Array, dc: Array, da: Array) -> tuple[Array, Array]:
        """Return dL/dh and dL/dc one step earlier, as far as they come through this step."""
        if not self.linked[t]:
            return np.zeros_like(dh), np.zeros_like(dc)
        if self.cell == "lstm":
            return da @ self.weight_hh, dc * self.keep[t]
        back = self.recurrent_gates(t, dh, da) @ self.weight_hh
        return (dh * self.keep[t] + back, dc) if self.cell == "gru" else (back, dc)

    def recurrent_gates(self, t: int, dh: Array, da: Array) -> Array:
        """Return the gradient of W_hh's product with the state, from dL/dh and dL/da at a step."""
        return np.concatenate([dh, dh, dh], -1) * self.inner[t] if self.cell == "gru" else da

    def jacobian(self, t: int, sample: int) -> Array:
        """Return d(state at t)/d(state before), (state, state); the state is h, for an LSTM h, c.

        NaN where there is none: at the start, and in padding.
        """
        hidden, units = self.weight_hh.shape[1], self.keep.shape[2]
        size = hidden + units if self.cell == "lstm" else hidden
        if not (self.linked[t] and self.valid[t, sample]):
            return np.full((size, size), np.nan)
        keep = self.keep[t, sample]
        through = self.inner[t, sample][:, None] * self.weight_hh  # (gate * unit, hidden)
        blocks = through.reshape(-1, units, hidden)
        if self.cell != "lstm":
            return blocks.sum(0) + np.diag(keep)
        made = np.empty((size, size))
        shown = self.shown[t, sample][:, None]
        made[hidden:, :hidden] = blocks[:3].sum(0)
        made[hidden:, hidden:] = np.diag(keep)
        upper = np.hstack([shown * made[hidden:, :hidden] + blocks[3], shown * np.diag(keep)])
        made[:hidden] = upper if self.weight_hr is None else self.weight_hr @ upper
        return made


def recurrence(module: nn.Module, trace: Trace, layer: str) -> Recurrence:
    """Take a recorded layer apart.

    Parameters
    ----------
    module : nn.Module
        What was recorded, with the weights that it had then.
    trace : Trace
    layer : str
        One of `trace.layers`.

    Raises
    ------
    TraceError
        If the trace or the module has no such layer, it runs backwards over padded sequences, it
        has layer normalisation, through which units see each other also within a step, or its
        cell is one whose derivative is not worked out here.
    """
    formula_of(trace, layer, KNOWN, STEP)
    check_not_normalized(module, layer, STEP)
    weight_ih, weight_hh, bias_ih, bias_hh = layer_parameters(module, layer)
    kind, suffix = find_layer(module, layer)
    projection = getattr(kind, f"weight_hr_{suffix}", None)
    flip = slice(None, None, -1) if layer.endswith("_reverse") else slice(None)
    seen = {name: trace.value(layer, name)[flip] for name in trace.signals(layer)}
    close = 1e3 * float(np.finfo(seen["hidden_state"].dtype).eps)
    valid = ~np.isnan(seen["hidden_state"][:, :, 0])
    starts = _starts(trace, layer, len(valid))
    late = valid[1:] & ~valid[:-1]
    late[[start - 1 for start in starts if start]] = False  # where the whole layer begins
    if late.any():
        raise TraceError(
            "{layer} runs backwards over padded sequences, whose samples begin at different "
            "steps: record sequences of one length.",
            layer=layer,
        )
    seen = {
        name: np.where(valid[:, :, None], array.astype(np.float64), 0.0)
        for name, array in seen.items()
    }
    h, cell = seen["hidden_state"], trace.cell(layer)
    earlier = _shifted(h)
    shown = np.empty((len(h), 0, 0))
    if cell == "lstm":
        slope, shown = _lstm_slopes(seen)
        inner, keep = slope, seen["forget_gate"]
        now = seen["cell_state"]
        expected = seen["input_gate"] * seen["candidate"] + keep * _shifted(now)
    elif cell == "gru":
        keep, n, now = seen["update_gate"], seen["candidate"], h
        given = np.divide(h - (1 - keep) * n, keep, out=np.zeros_like(h), where=keep > 0)
        expected = (1 - keep) * n + keep * earlier
        earlier[starts] = given[starts]
        slope = _gru_slopes(seen, earlier @ weight_hh[-h.shape[2] :].T + bias_hh[-h.shape[2] :])
        inner = slope.copy()
        inner[..., -h.shape[2] :] *= seen["reset_gate"]
    else:
        function, slope_at = PLAIN[cell]
        slope = slope_at(h)
        inner, keep, now = slope, np.zeros_like(h), h
        expected = function(seen["input"] @ weight_ih.T + bias_ih + earlier @ weight_hh.T + bias_hh)

    linked = np.arange(len(h)) > 0
    for start in starts:
        both = valid[start] & valid[start - 1]
        off = np.abs(expected[start] - now[start])[both]
        linked[start] = start > 0 and off.size > 0 and bool((off <= close).all())
    slope, inner, keep = (np.where(valid[:, :, None], each, 0.0) for each in (slope, inner, keep))
    weight_hr = None if projection is None else projection.detach().cpu().double().numpy()
    return Recurrence(
        cell, weight_ih, weight_hh, weight_hr, keep, slope, inner, shown, linked, valid
    )


def _lstm_slopes(seen: dict[str, Array]) -> tuple[Array, Array]:
    """Return dc/da of i, f, g and dm/da of o with m = o tanh(c), packed; and dm/dc."""
    i, f, g, o, c = (
        seen[name]
        for name in ("input_gate", "forget_gate", "candidate", "output_gate", "cell_state")
    )
    squashed, written = np.tanh(c), i * g
    # f c_before = c - i g, so the state before the first step need not be known
    of_c = [written * (1 - i), (c - written) * (1 - f), i * (1 - g**2)]
    return np.concatenate([*of_c, squashed * o * (1 - o)], -1), o * (1 - squashed**2)


def _gru_slopes(seen: dict[str, Array], u: Array) -> Array:
    """Return dh/da of r, z, n, packed; u = W_hn h_before + b_hn."""
    r, z, n = (seen[name] for name in ("reset_gate", "update_gate", "candidate"))
    of_n = (1 - z) * (1 - n**2)
    of_z = (seen["hidden_state"] - n) * (1 - z)  # z (h_before - n) = h - n
    return np.concatenate([of_n * u * r * (1 - r), of_z, of_n], -1)


def _shifted(state: Array) -> Array:
    """Return the state before each step, 0 before the first."""
    return np.concatenate([np.zeros_like(state[:1]), state[:-1]])


def _starts(trace: Trace, layer: str, steps: int) -> list[int]:
    """Return at which steps, in running order, a call of the layer begins."""
    calls = list(trace.calls(layer))
    if layer.endswith("_reverse"):
        return sorted(steps - end for end in [*calls[1:], steps])
    return calls
