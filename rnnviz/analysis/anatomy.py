"""What happens inside one unit? Every term of its equations, forward and backward, in time."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rnnviz.analysis.beginnings import (
    LayerWeights,
    call_of_step,
    check_as_written,
    links,
    running_order,
    states_before,
    weights_from,
    weights_of_calls,
)
from rnnviz.analysis.formulas import formula_of
from rnnviz.analysis.weights import no_equations
from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.layer_trace import PARAMETERS
from rnnviz.recording.trace import Trace
from rnnviz.words import Words

Array = NDArray[np.float64]
Columns = dict[str, Array]

SAME = 1e-4
"""A recorded value this close to its equation is its equation's; one further away was changed."""
NOISE = 1e-5
"""What is left of a difference of float32 gradients, relative to them, when they are equal."""
TANH = ("candidate", "hidden_state")
INSIDE = Words("the inside of a unit is")


def anatomy(
    trace: Trace,
    layer: str,
    weights: Mapping[str, ArrayLike] | None = None,
    *,
    sample: int = 0,
    unit: int | None = 0,
    scales: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Take the equations of one unit apart, at every time step of one sample.

    The parts are computed in float64 from the recorded inputs, the state that each step was given
    and the weights that it ran with.

    Parameters
    ----------
    trace : Trace
        A recording; with a backward pass in it, the gradients are taken apart too.
    layer : str
        One of `trace.layers`.
    weights : mapping, optional
        The module's ``state_dict()``, for a trace that kept no weights.
    sample : int
        Which sample of the batch.
    unit : int or None
        Which unit of the layer; None gives the mean of each column over all units.
    scales : mapping, optional
        Signal -> what `rnnviz.clamp` multiplied it with, broadcast to (time, unit).

    Returns
    -------
    DataFrame
        Index ``time``. For each gate (and the hidden state of an RNN): its name is the recorded
        value, ``.Wx``, ``.b_ih``, ``.Wh``, ``.b_hh`` are the parts of its pre-activation, ``.x``
        and ``.h`` the sums of the first and last two, ``.sum`` the whole pre-activation. States
        have ``.before``, their value a step earlier. ``kept`` and ``added`` are the terms of the
        sum that is the new state (f c and i g; z h and (1 - z) n), ``tanh_cell`` is tanh(c),
        ``candidate.reset`` is r (W_hn h + b_hn), ``one_minus`` is 1 - z, ``hidden_state.slope``
        the derivative of an RNN's function, ``input`` the Euclidean norm of x. ``.computed`` is
        what the equation of a signal gives; it differs from the
        recorded value only where something changed that.

        ``gradient.<column>``: dL/d(that), the total one for a signal. For a state ``.before`` is
        what flows back through this step, ``.later`` what comes back from the next one, and
        ``.out`` what comes from this step's own output: ``later + out`` is the total. Where the
        caller changed the state before the next step, or cut it off, all comes by the output. Where
        something set a value, nothing flows into its equation, and where it was scaled, the
        scaled gradient; ``hidden_state.in`` is what does.

    Raises
    ------
    TraceError
        For a layer, sample or unit that there is not, weights that are not of this layer or were
        not kept, a layer with a projection or layer normalisation, with dropout between its steps,
        or one of a cell whose equations are not taken apart here.
    """
    take_apart = formula_of(trace, layer, EQUATIONS, INSIDE)
    check_as_written(trace, layer, INSIDE, ("dropped",))
    samples, hidden = trace.value(layer, "hidden_state").shape[1:]
    if not 0 <= sample < samples or not (unit is None or 0 <= unit < hidden):
        raise TraceError(
            "{layer} has samples 0 to {last_sample} and units 0 to {last_unit}: "
            "there is no sample {sample} with unit {unit}.",
            layer=layer,
            last_sample=samples - 1,
            last_unit=hidden - 1,
            sample=sample,
            unit=unit,
        )
    with np.errstate(invalid="ignore", over="ignore"):  # inf less inf, where the layer exploded
        part = _Layer(trace, layer, _weights(trace, layer, weights), sample, scales or {})
        columns = take_apart(part)
    chosen = {
        name: column
        if len(column[0]) == 1
        else column[:, unit : unit + 1]
        if unit is not None
        else column.mean(1, keepdims=True)
        for name, column in columns.items()
    }
    frame = pd.DataFrame({name: column[:, 0] for name, column in chosen.items()})
    return frame.rename_axis("time")


class _Layer:
    """One sample of one layer, with its weights; everything (time, unit) in float64."""

    def __init__(
        self,
        trace: Trace,
        layer: str,
        weights: list[LayerWeights],
        sample: int,
        scales: Mapping[str, ArrayLike],
    ) -> None:
        self.cell = CELLS[trace.cell(layer)]
        self.order = running_order(trace, layer)
        self.linked = links(trace, layer, gradients=True)[:, sample, None]
        self.weights = weights
        self.gates = tuple(self.cell.gates) or ("hidden_state",)
        self.slope_at_zero = self.cell.key == "rnn_relu"
        signals = trace.signals(layer)
        self.scales = {name: np.asarray(scale, float) for name, scale in scales.items()}
        self._passed: Columns = {}
        self.value = {name: trace.value(layer, name)[:, sample].astype(float) for name in signals}
        self.gradient = {
            name: trace.gradient(layer, name)[:, sample].astype(float)
            for name in signals
            if trace.has_gradients
        }
        self.columns: Columns = {
            "input": np.linalg.norm(self.value["input"], axis=1, keepdims=True),
            **{name: self.value[name] for name in self.cell.signals},
            **{
                f"{name}.before": states_before(trace, layer, name)[:, sample].astype(float)
                for name in self.cell.states
            },
        }
        self._take_apart()

    def later(self, x: Array) -> Array:
        """Return what comes back from the step after; nothing where that began anew."""
        moved = np.zeros_like(x)
        now, after = self.order[:-1], self.order[1:]
        moved[now] = np.where(self.linked[after], x[after], 0.0)
        return moved

    def _take_apart(self) -> None:
        """Add the parts of every pre-activation."""
        x, h = self.value["input"], self.columns["hidden_state.before"]
        wx = np.stack([w.ih @ x[t] for t, w in enumerate(self.weights)])
        wh = np.stack([w.hh @ h[t] for t, w in enumerate(self.weights)])
        b_ih = np.stack([w.bias_ih for w in self.weights])
        b_hh = np.stack([w.bias_hh for w in self.weights])
        size = wh.shape[1] // len(self.gates)
        for place, gate in enumerate(self.gates):
            rows = slice(place * size, (place + 1) * size)
            of_x, of_h = wx[:, rows] + b_ih[:, rows], wh[:, rows] + b_hh[:, rows]
            self.columns |= {
                f"{gate}.Wx": wx[:, rows],
                f"{gate}.b_ih": b_ih[:, rows],
                f"{gate}.Wh": wh[:, rows],
                f"{gate}.b_hh": b_hh[:, rows],
                f"{gate}.x": of_x,
                f"{gate}.h": of_h,
                f"{gate}.sum": of_x + of_h,
            }

    def activate(self, gate: str) -> Array:
        """Return what a gate gives for its pre-activation."""
        a = self.columns[f"{gate}.sum"]
        if self.slope_at_zero:
            return np.maximum(a, 0)
        return np.tanh(a) if gate in TANH else 0.5 * (1 + np.tanh(a / 2))

    def slope(self, gate: str) -> Array:
        """Return the derivative of a gate's recorded value by its pre-activation."""
        y = self.columns[f"{gate}.computed"]
        if self.slope_at_zero:
            return (y > 0) * self.passed(gate)
        return (1 - y**2 if gate in TANH else y * (1 - y)) * self.passed(gate)

    def passed(self, signal: str) -> Array:
        """Return a signal's derivative by what its equation gives.

        1 where it is that, the factor where it was scaled, 0 where something set it.
        """
        return self._passed[signal]

    def computed(self, signal: str, result: Array) -> None:
        """Note what the equation of a signal gives, and how much of a change in it goes on."""
        recorded = self.value[signal]
        scale = np.broadcast_to(self.scales.get(signal, np.ones(1)), recorded.shape)
        same = np.abs(scale * result - recorded) < SAME * np.maximum(1, np.abs(recorded))
        self.columns[f"{signal}.computed"] = np.where(same & (scale == 1), recorded, result)
        self._passed[signal] = np.where(same, scale, 0.0)

    def flow(self, into_h: Mapping[str, Array], straight: Array | float = 0.0) -> Columns:
        """Return the gradient columns of the hidden state.

        into_h : gate -> gradient at W_hh h + b_hh of that gate
        straight : what reaches the earlier state without a weight matrix
        """
        stacked = np.concatenate([into_h[gate] for gate in self.gates], axis=1)
        through = np.stack([da @ w.hh for da, w in zip(stacked, self.weights, strict=True)])
        before = through + straight
        total, later = self.gradient["hidden_state"], self.later(before)
        out = total - later
        out[np.abs(out) <= NOISE * np.maximum(np.abs(total), np.abs(later))] = 0.0
        return {
            "hidden_state": total,
            "hidden_state.in": total * self.passed("hidden_state"),
            "hidden_state.before": before,
            "hidden_state.through": through,
            "hidden_state.later": later,
            "hidden_state.out": out,
            "input": np.linalg.norm(self.gradient["input"], axis=1, keepdims=True),
        }

    def result(self, gradients: Columns) -> Columns:
        """Return all columns."""
        return self.columns | {f"gradient.{name}": column for name, column in gradients.items()}


def _rnn(part: _Layer) -> Columns:
    part.computed("hidden_state", part.activate("hidden_state"))
    part.columns["hidden_state.slope"] = part.slope("hidden_state")
    if not part.gradient:
        return part.columns
    d_a = part.gradient["hidden_state"] * part.slope("hidden_state")
    same = {f"hidden_state.{name}": d_a for name in ("sum", "x", "h")}
    return part.result(same | part.flow({"hidden_state": d_a}))


def _lstm(part: _Layer) -> Columns:
    columns = part.columns
    i, f, g, o, c, _ = (part.value[name] for name in part.cell.signals)
    for gate in part.gates:
        part.computed(gate, part.activate(gate))
    columns["kept"], columns["added"] = f * columns["cell_state.before"], i * g
    columns["tanh_cell"] = np.tanh(c)
    part.computed("cell_state", columns["kept"] + columns["added"])
    part.computed("hidden_state", o * columns["tanh_cell"])
    if not part.gradient:
        return columns
    d_a = {gate: part.gradient[gate] * part.slope(gate) for gate in part.gates}
    d_c = part.gradient["cell_state"] * part.passed("cell_state")
    d_h = part.gradient["hidden_state"] * part.passed("hidden_state")
    return part.result(
        {gate: part.gradient[gate] for gate in part.gates}
        | {f"{gate}.sum": d_a[gate] for gate in part.gates}
        | {
            "kept": d_c,
            "added": d_c,
            "tanh_cell": d_h * o,
            "cell_state": part.gradient["cell_state"],
            "cell_state.before": d_c * f,
            "cell_state.later": part.later(d_c * f),
            "cell_state.out": d_h * o * (1 - columns["tanh_cell"] ** 2),
        }
        | part.flow(d_a)
    )


def _gru(part: _Layer) -> Columns:
    columns = part.columns
    r, z, n, _ = (part.value[name] for name in part.cell.signals)
    before, u = columns["hidden_state.before"], columns["candidate.h"]
    columns["candidate.reset"] = r * u
    columns["candidate.sum"] = columns["candidate.x"] + r * u
    for gate in part.gates:
        part.computed(gate, part.activate(gate))
    columns["one_minus"] = 1 - z
    columns["kept"], columns["added"] = z * before, (1 - z) * n
    part.computed("hidden_state", columns["kept"] + columns["added"])
    if not part.gradient:
        return columns
    d_a = {gate: part.gradient[gate] * part.slope(gate) for gate in part.gates}
    d_h = part.gradient["hidden_state"] * part.passed("hidden_state")
    into_h = d_a | {"candidate": d_a["candidate"] * r}
    return part.result(
        {gate: part.gradient[gate] for gate in part.gates}
        | {f"{gate}.sum": d_a[gate] for gate in part.gates}
        | {
            "candidate.x": d_a["candidate"],
            "candidate.reset": d_a["candidate"],
            "candidate.h": into_h["candidate"],
            "one_minus": d_h * n,
            "kept": d_h,
            "added": d_h,
            "hidden_state.straight": d_h * z,
        }
        | part.flow(into_h, d_h * z)
    )


EQUATIONS = {"rnn": _rnn, "rnn_relu": _rnn, "lstm": _lstm, "gru": _gru}
"""Cell -> what takes its equations apart."""


def _weights(trace: Trace, layer: str, given: Mapping[str, ArrayLike] | None) -> list[LayerWeights]:
    """Return the weights of each step: those that ran, or the given ones where none were kept."""
    call = call_of_step(trace, layer)
    if given is not None and not trace.parameters(layer):
        found = [weights_from(_named(layer, given))] * len(call)
    else:
        calls = weights_of_calls(trace, layer, None)
        found = [calls[each] for each in call]
    if any(weights.hr is not None for weights in found):
        raise TraceError(
            "{layer} has a projection: its hidden state has no units of its own.", layer=layer
        )
    return found


def _named(layer: str, weights: Mapping[str, ArrayLike]) -> Columns:
    """Return a layer's weights by torch's names without path and suffix."""
    path, _, suffix = layer.rpartition(".")
    for pattern in (f"{path}.{{}}_{suffix}", f"{layer}.{{}}", "{}"):
        named = {name: pattern.format(name).lstrip(".") for name in PARAMETERS}
        if named["weight_ih"] in weights:
            break
    else:
        raise TraceError(
            "These are not the weights of {layer}: give its module's state_dict().", layer=layer
        )
    if any(name.startswith((f"{layer}.norm", f"{suffix}.norm")) for name in weights):
        raise TraceError(no_equations(layer, INSIDE))
    return {name: np.asarray(weights[key]) for name, key in named.items() if key in weights}
