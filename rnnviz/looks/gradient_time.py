"""The gradient through time: its norm with the fitted decay, and unit by unit."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.analysis.gradients import gradient_of
from rnnviz.networks.cells import CELLS
from rnnviz.plots.style import LONG_TITLE
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.flow import Flow, of_attention
from rnnviz.views.look import Look, gradient_view
from rnnviz.views.messages import FigureMessage
from rnnviz.views.recorded_flow import flow_of
from rnnviz.views.say import one_sample, samples
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t, tn
from rnnviz.words.numbers import number, percent, steps


def show_time(scene: Scene) -> FigureMessage:
    """Norm of the gradient at every time step, with the fitted decay and what theory predicts."""
    flow = flow_of(scene)
    choice, layer, trace = scene.choice, flow.layer, flow.trace
    kind = choice.word("of", ("gates", "before", "input"), "gates")
    cell = CELLS[flow.cell]
    signals = {"gates": (*cell.gates, *cell.states), "input": (*cell.states, "input")}.get(
        kind, (*cell.gates, *([] if cell.gates else cell.states))
    )
    if kind == "before" and cell.gates:
        signals = (*signals, *cell.states)
    unit, one = flow.unit, flow.one_sample
    if unit is not None:
        signals = tuple(name for name in signals if name != "input")
    every = analysis.sample_norms(trace, layer, signals, before=kind == "before", unit=unit)
    if one:
        every = every[every["sample"] == flow.sample]
    norms = (
        middle(every)
        if unit is not None or one
        else analysis.gradient_norms(trace, layer, signals, before=kind == "before")
    )
    states = every[every["signal"].isin(cell.states)]
    if flow.carried is None:
        states = states[:0]  # what enters at every step, or goes to later ones, has no slope
    fits = analysis.decay(states, last=flow.carried)
    predicted = flow.predicted()
    shown = one_sample(flow.sample) if one else samples(flow.samples)
    of_unit = "" if unit is None else t("unit {unit}", unit=unit)
    figure = plots.gradients.spec(
        norms,
        symbols=flow.symbols,
        fits=drawn_lines(fits),
        predicted=None if unit is not None or one else predicted,
        inputs=kind == "input",
        before=kind == "before",
        one_unit=unit,
        labels=flow.labels if one else None,
        where=flow.where(flow.loss_words, shown, of_unit),
        colours=choice.theme,
    )
    figure["layout"]["title"] |= LONG_TITLE
    return {
        "figure": figure,
        "says": " ".join(
            filter(
                None,
                (of_overflow(every), of_time(flow, fits, norms, predicted), of_attention(flow)),
            )
        ),
    }


def show_units(scene: Scene) -> FigureMessage:
    """Size of one sample's gradient, unit by unit."""
    flow = flow_of(scene)
    cell = CELLS[flow.cell]
    signals = (*cell.gates, *cell.states)
    signal = scene.choice.word("signal", signals, "hidden_state")
    gradient = gradient_of(flow.trace, flow.layer, signal)[:, flow.sample]
    figure = plots.gradient_units.spec(
        pd.DataFrame(gradient),
        signal,
        symbol=flow.symbols[signal],
        labels=list(flow.labels),
        where=one_sample(flow.sample),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": of_units(gradient, flow.symbols[signal])}


def middle(every: pd.DataFrame) -> pd.DataFrame:
    """Return median and quartiles over samples, as `gradient_norms` gives them."""
    grouped = every.groupby(["signal", "time"], sort=False)["norm"]
    table = grouped.quantile([0.25, 0.5, 0.75]).unstack()
    return table.set_axis(["low", "norm", "high"], axis=1).reset_index()


NOTE = N_("Little gradient means slow learning this far back, not that nothing is kept.")


FEWEST = 5
"""Outputs at a distance of which a median is spoken."""


CROOKED, BENT = 0.7, 0.5
"""Share of variance explained, and of the steeper half's slope, below which a line says nothing."""


def of_time(
    flow: Flow, fits: pd.DataFrame, norms: pd.DataFrame, predicted: pd.DataFrame | None
) -> str:
    """Say how fast the gradient fades, with its uncertainty, and what theory had to say."""
    found = fits[fits["signal"] == "hidden_state"]
    if flow.layer.endswith("_reverse"):
        backwards = t(
            "This layer reads from the end, so its gradient flows to later steps; a slope is "
            "fitted to the layer that reads forwards."
        )
        return f"{backwards} {t(NOTE)}"
    if found.empty:
        return no_slope(flow)
    fit = found.iloc[0]
    if not np.isfinite(fit["slope"]):
        if flow.entering is not None and not flow.entering.once:
            return no_slope(flow)
        if fit["zeros"]:
            return t("The gradient is exactly 0 nearly everywhere: nothing reaches back.")
        return t("There are too few steps before this answer to speak of a slope.")
    said = [halving(fit)]
    h = norms[norms["signal"] == "hidden_state"].set_index("time")["norm"]
    h = h[(h > 0) & (h.index <= fit["last"])]
    if len(h) > 1:
        far = int(h.index[-1] - h.index[0])
        said.append(left_of_it(far, h.iloc[0] / h.iloc[-1]))
    cells = fits[(fits["signal"] == "cell_state") & np.isfinite(fits["slope"])]
    if len(cells):
        said.append(halving(cells.iloc[0], "c"))
    if fit["zeros"]:
        places = int(fit["zeros"])
        said.append(t("At {places} places it is exactly 0 and has no logarithm.", places=places))
    lost = 0 if flow.one_sample else flow.samples - int(fit["samples"])
    if lost:
        said.append(
            tn(
                "In {count} of {all} samples it is 0 nearly everywhere: that one is in no slope.",
                "In {count} of {all} samples it is 0 nearly everywhere: these are in no slope.",
                lost,
                all=flow.samples,
            )
        )
    said.append(theory(flow, h, predicted))
    return " ".join([*filter(None, said), t(NOTE)])


def of_overflow(every: pd.DataFrame) -> str:
    """Say at how many steps of how many samples the gradient is too large for a number."""
    beyond = every[np.isinf(every["norm"])]
    if beyond.empty:
        return ""
    return t(
        "In {samples} of {all} samples the gradient grows beyond the largest number there is: at "
        "those steps it counts as infinite, and no line is fitted through it.",
        samples=beyond["sample"].nunique(),
        all=every["sample"].nunique(),
    )


def left_of_it(far: int, ratio: float) -> str:
    """Say what has become of the gradient so many steps back."""
    message = (
        N_("{steps} back, {share} of it is left.")
        if ratio <= 1
        else N_("{steps} back, it is {share} times as large.")
    )
    return t(message, steps=steps(far), share=number(ratio))


def no_slope(flow: Flow) -> str:
    """Say why the curve has no slope of its own."""
    if flow.entering is None:
        return t(
            "Whether gradient enters this layer at one step alone is not known, so nothing is said "
            "of its decay."
        )
    if not flow.entering.steps:
        return t("No gradient reaches this layer.")
    if flow.loss == "all" and flow.readout != "mean" and flow.layer == flow.scene.subject.top:
        return t(
            "Answers are asked from the first steps on, so this curve is a sum over many "
            "losses and has no slope of its own: look at it itemized, or at one answer's loss."
        )
    return t(
        "Gradient enters this layer at {count} of {steps} time steps, from {first} on: {why}. The "
        "curve is a sum over all of them and has no decay of its own.",
        count=len(flow.entering.steps),
        steps=flow.length,
        first=flow.entering.first,
        why=why_many(flow),
    )


def why_many(flow: Flow) -> str:
    """Say by which way gradient enters a layer at more than one step, as a clause."""
    if flow.readout == "mean" and flow.layer == flow.scene.subject.top:
        return t("the mean of all states is read out")
    if of_attention(flow):
        return t("attention looks at every state")
    if flow.layer != flow.scene.subject.top:
        return t("the layer above reads every state")
    return t("more than one loss reaches it directly")


def halving(fit: pd.Series, symbol: str = "h") -> str:
    """Say the half-life of a state's gradient, or the time to double, with its 95 % interval."""
    if fit["slope"] == 0:
        return t("‖∂L/∂{symbol}‖ neither fades nor grows from step to step.", symbol=symbol)
    if not exponential(fit):
        return t(
            "The decay of ‖∂L/∂{symbol}‖ is not exponential here; no half-life is given.",
            symbol=symbol,
        )
    message = (
        N_("‖∂L/∂{symbol}‖ halves every {steps} back ({interval}).")
        if fit["slope"] < 0
        else N_("‖∂L/∂{symbol}‖ doubles every {steps} back ({interval}).")
    )
    return t(message, symbol=symbol, steps=steps(abs(fit["half_life"])), interval=interval_of(fit))


def drawn_lines(fits: pd.DataFrame) -> pd.DataFrame:
    """Return the fits of the hidden state that are drawn as lines: those that say what it does."""
    wanted = [row.signal == "hidden_state" and exponential(row) for row in fits.itertuples()]
    return fits[wanted]


def exponential(fit: Any) -> bool:
    """Whether a line says what the curve does: nearly straight, and alike in both halves."""
    return bool(fit.straight > CROOKED and fit.even > BENT)


def interval_of(fit: pd.Series) -> str:
    """Write the 95 % interval of a half-life, and over what it is."""
    low, high = fit["low"], fit["high"]
    if not np.isfinite(fit["error"]):
        return t("one sample, so no interval")
    over = t("95 % over {samples} of this network", samples=samples(int(fit["samples"])))
    if low * high > 0:
        near, far = (number(each) for each in sorted(np.log(2) / abs(np.array([low, high]))))
        return t("{over}: {low} to {high}", over=over, low=near, high=far)
    fades, grows = (number(np.log(2) / abs(each)) if each else "∞" for each in (low, high))
    return t(
        "{over}: from halving every {fades} to doubling every {grows}",
        over=over,
        fades=fades,
        grows=grows,
    )


def theory(flow: Flow, h: pd.Series, predicted: pd.DataFrame | None) -> str:
    """Compare with the bound, or with what the gates alone carry."""
    if len(h) < 2:
        return ""
    if predicted is None:
        return flow.unpredicted
    line = predicted.set_index("time")["norm"]
    if predicted["kind"].iloc[0] == "bound":
        over = line[h.index[0]] / h.iloc[0]
        return t(
            "The bound by σmax of the weights lies {times} times above it.", times=number(over)
        )
    signal = predicted["signal"].iloc[0]
    symbol, gate = flow.symbols[signal], "f" if signal == "cell_state" else "z"
    start, end = line[h.index[0]], line[h.index[-1]]
    if not end > 0:
        return ""
    return t(
        "Multiplied by {gate} alone, {share} of ∂L/∂{symbol} would be left.",
        gate=gate,
        share=number(start / end),
        symbol=symbol,
    )


def of_units(gradient: np.ndarray, symbol: str) -> str:
    """Say how unequal the units are."""
    seen = np.nan_to_num(gradient, posinf=0.0, neginf=0.0)  # a step of another layer has none
    largest = np.abs(seen).max(initial=0.0)
    if not largest > 0:
        return t("No gradient reaches any unit.")
    squares = np.square(seen / largest).sum(0)
    share = squares / squares.sum()
    order = np.argsort(-share)
    half = int(np.searchsorted(np.cumsum(share[order]), 0.5)) + 1
    return t(
        "{half} of {units} units carry half of the squared gradient; "
        "most goes to unit {unit} ({share}).",
        half=half,
        units=len(share),
        unit=order[0],
        share=percent(share[order[0]]),
    )


def controls(subject: Subject) -> Asking:
    """Ask for which signals, of which loss, over samples or one, over units or one."""
    top = yield from ask.top_layer(subject)
    layer = top["layer"]
    kinds = {"gates": t("gates, states"), "before": t("pre-activations"), "input": t("input")}
    if not CELLS[subject.cell(layer)].gates:
        kinds |= {"gates": t("state"), "before": t("pre-activation")}
    asked = {"of": (yield ask.Segment("of", t("Gradient with respect to"), kinds, "gates"))}
    asked |= yield from ask.loss(subject)
    asked |= yield from ask.all_or_one_sample(subject, layer)
    asked |= yield from ask.all_or_one_unit(subject, layer)
    return asked | top


LOOK = Look(
    "time",
    "gradients",
    N_("through time"),
    {
        "gradient_time": gradient_view(
            show_time, lecture=N_("gradient through time"), packed=10, width=0.64
        ),
        "gradient_units": gradient_view(
            show_units, lecture=N_("gradient of every unit"), width=0.36
        ),
    },
    controls,
    place=10,
    alone=N_("gradient"),
    fits=lambda subject: subject.has_gradients,
)
