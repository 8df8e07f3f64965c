"""The derivative of one time step of a recurrent layer, from its gates and weights.

What an exact Jacobian and every walk back through time need. All numbers are float64, arrays
(time, batch, unit) in the order in which the layer runs, 0 where a sequence was padded.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from rnnviz.analysis.beginnings import (
    LayerWeights,
    call_of_step,
    check_as_written,
    links,
    running_order,
    states_before,
    weights_of_calls,
)
from rnnviz.analysis.formulas import formula_of
from rnnviz.analysis.weights import check_not_normalized
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace
from rnnviz.words import Words

Array = np.ndarray

PLAIN_SLOPES: dict[str, Callable[[Array], Array]] = {
    "rnn": lambda h: 1 - h**2,
    "rnn_relu": lambda h: (h > 0).astype(np.float64),
}
"""Cell without gates -> the slope of its nonlinearity, by h."""
STEP = Words("the derivative of a single step is")
KNOWN = dict.fromkeys((*PLAIN_SLOPES, "lstm", "gru"))


@dataclass(frozen=True)
class Recurrence:
    """One recorded layer in one direction, ready to be differentiated step by step.

    Attributes
    ----------
    cell : str
        Key in `rnnviz.CELLS`.
    weights : list (time) of LayerWeights
        What each step ran with.
    earlier : ndarray (time, batch, hidden)
        h before each step.
    keep : ndarray (time, batch, unit)
        How much of the old c (LSTM) or h (GRU) is kept: the forget or update gate; 0 for an RNN.
    slope : ndarray (time, batch, gate * unit)
        d(c or h)/d(pre-activation) of each gate; for the LSTM's output gate dh/da, before the
        projection.
    inner : ndarray (time, batch, gate * unit)
        `slope`, as the recurrent matrix product sees it: a GRU's candidate is behind its reset.
    shown : ndarray (time, batch, unit)
        LSTM: dh/dc before the projection, o (1 - tanh(c)^2); empty for the others.
    linked : ndarray (time, batch) of bool
        Whether the state before a step was the one after the step before; not so at the start,
        and where the caller gave another one.
    valid : ndarray (time, batch) of bool
        Where there is no padding.
    """

    cell: str
    weights: list[LayerWeights]
    earlier: Array
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

    @property
    def hidden(self) -> int:
        """Return how many units h has: fewer than the gates where an LSTM is projected."""
        return int(self.earlier.shape[2])

    def of(self, sample: int | None) -> "Recurrence":
        """Return one sample's, as a batch of one; all for None."""
        if sample is None:
            return self
        one = slice(sample, sample + 1)
        names = ("earlier", "keep", "slope", "inner", "shown", "linked", "valid")
        return replace(self, **{name: getattr(self, name)[:, one] for name in names})

    def gates_from(self, t: int, dh: Array, dc: Array) -> Array:
        """Return dL/d(pre-activation), (..., batch, gate * unit), from dL/dh and dL/dc at a step.

        `dc` is the whole of dL/dc, with what comes through h (LSTM); unused by the others.
        """
        if self.cell == "lstm":
            dm = self.unprojected(t, dh)
            return np.concatenate([dc, dc, dc, dm], -1) * self.slope[t]
        if self.cell == "gru":
            return np.concatenate([dh, dh, dh], -1) * self.slope[t]
        return dh * self.slope[t]

    def unprojected(self, t: int, dh: Array) -> Array:
        """Return dL/d(o tanh(c)) from dL/dh."""
        projection = self.weights[t].hr
        return dh if projection is None else dh @ projection

    def into_cell(self, t: int, dh: Array) -> Array:
        """Return what dL/dh at a step adds to dL/dc at this step (LSTM)."""
        return self.unprojected(t, dh) * self.shown[t]

    def before(self, t: int, dh: Array, dc: Array, da: Array) -> tuple[Array, Array]:
        """Return dL/dh and dL/dc one step earlier, as far as they come through this step."""
        linked = self.linked[t][:, None]  # (batch, 1)
        if not linked.any():
            return np.zeros_like(dh), np.zeros_like(dc)
        back = self.recurrent_gates(t, dh, da) @ self.weights[t].hh
        if self.cell == "gru":
            back += dh * self.keep[t]
        if self.cell == "lstm":
            dc = dc * self.keep[t]
        return (back, dc) if linked.all() else (back * linked, dc * linked)

    def recurrent_gates(self, t: int, dh: Array, da: Array) -> Array:
        """Return the gradient of W_hh's product with the state, from dL/dh and dL/da at a step."""
        return np.concatenate([dh, dh, dh], -1) * self.inner[t] if self.cell == "gru" else da

    def jacobian(self, t: int, sample: int, *, given: bool = False) -> Array:
        """Return d(state at t)/d(state before), (state, state); the state is h, for an LSTM h, c.

        NaN in padding, and at steps that are not linked, unless what any `given` state does is
        asked for.
        """
        weights, hidden, units = self.weights[t], self.hidden, self.keep.shape[2]
        size = hidden + units if self.cell == "lstm" else hidden
        if not (self.valid[t, sample] and (given or self.linked[t, sample])):
            return np.full((size, size), np.nan)
        keep = self.keep[t, sample]
        through = self.inner[t, sample][:, None] * weights.hh  # (gate * unit, hidden)
        blocks = through.reshape(-1, units, hidden)
        if self.cell != "lstm":
            return blocks.sum(0) + np.diag(keep)
        made = np.empty((size, size))
        shown = self.shown[t, sample][:, None]
        made[hidden:, :hidden] = blocks[:3].sum(0)
        made[hidden:, hidden:] = np.diag(keep)
        upper = np.hstack([shown * made[hidden:, :hidden] + blocks[3], shown * np.diag(keep)])
        made[:hidden] = upper if weights.hr is None else weights.hr @ upper
        return made


def recurrence(
    module: nn.Module | None, trace: Trace, layer: str, *, gradients: bool = False
) -> Recurrence:
    """Take a recorded layer apart.

    Parameters
    ----------
    module : nn.Module
        What was recorded; its weights count only where the trace kept none.
    trace : Trace
    layer : str
        One of `trace.layers`.
    gradients : bool
        Whether gradients are to be followed as they flowed: then a state that was detached between
        two steps links them no longer.

    Raises
    ------
    TraceError
        If the trace or the module has no such layer, it was clamped, it runs backwards over padded
        sequences, it has layer normalisation, through which units see each other also within a
        step, or its cell is one whose derivative is not worked out here.
    """
    formula_of(trace, layer, KNOWN, STEP)
    check_as_written(trace, layer, STEP)
    if module is not None:
        check_not_normalized(module, layer, STEP)
    weights, call = weights_of_calls(trace, layer, module), call_of_step(trace, layer)
    order = running_order(trace, layer)
    valid = ~np.isnan(trace.value(layer, "hidden_state")[:, :, 0])
    _check_beginnings(layer, valid[order], call[order])
    seen = {
        name: np.where(valid[:, :, None], trace.value(layer, name).astype(np.float64), 0.0)[order]
        for name in trace.signals(layer)
    }
    earlier = states_before(trace, layer, "hidden_state").astype(np.float64)[order]
    at = [weights[each] for each in call[order]]
    cell, h = trace.cell(layer), seen["hidden_state"]
    shown = np.empty((len(h), 0, 0))
    if cell == "lstm":
        before = states_before(trace, layer, "cell_state").astype(np.float64)[order]
        slope, shown = _lstm_slopes(seen, before)
        inner, keep = slope, seen["forget_gate"]
    elif cell == "gru":
        keep, units = seen["update_gate"], h.shape[2]
        u = [earlier[t] @ w.hh[-units:].T + w.bias_hh[-units:] for t, w in enumerate(at)]
        slope = _gru_slopes(seen, earlier, np.stack(u))
        inner = slope.copy()
        inner[..., -units:] *= seen["reset_gate"]
    else:
        slope = PLAIN_SLOPES[cell](h)
        inner, keep = slope, np.zeros_like(h)
    valid = valid[order]
    slope, inner, keep = (np.where(valid[:, :, None], each, 0.0) for each in (slope, inner, keep))
    linked = links(trace, layer, gradients=gradients)[order]
    return Recurrence(cell, at, earlier, keep, slope, inner, shown, linked, valid)


def _check_beginnings(layer: str, valid: Array, call: Array) -> None:
    """Refuse samples that begin at different steps of a call, in running order."""
    late = valid[1:] & ~valid[:-1] & (call[1:] == call[:-1])[:, None]
    if any(rows.any() and not valid[step + 1].all() for step, rows in enumerate(late)):
        raise TraceError(
            "{layer} runs backwards over padded sequences, whose samples begin at different "
            "steps: record sequences of one length.",
            layer=layer,
        )


def _lstm_slopes(seen: dict[str, Array], before: Array) -> tuple[Array, Array]:
    """Return dc/da of i, f, g and dm/da of o with m = o tanh(c), packed; and dm/dc."""
    i, f, g, o, c = (
        seen[name]
        for name in ("input_gate", "forget_gate", "candidate", "output_gate", "cell_state")
    )
    squashed = np.tanh(c)
    of_c = [i * g * (1 - i), before * f * (1 - f), i * (1 - g**2)]
    return np.concatenate([*of_c, squashed * o * (1 - o)], -1), o * (1 - squashed**2)


def _gru_slopes(seen: dict[str, Array], before: Array, u: Array) -> Array:
    """Return dh/da of r, z, n, packed; u = W_hn h_before + b_hn."""
    r, z, n = (seen[name] for name in ("reset_gate", "update_gate", "candidate"))
    of_n = (1 - z) * (1 - n**2)
    of_z = (before - n) * z * (1 - z)
    return np.concatenate([of_n * u * r * (1 - r), of_z, of_n], -1)
