"""How much each output depends on each input: all as a matrix, or one output's row."""

from functools import partial
from typing import Any, cast

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.analysis.weights import layer_parameters
from rnnviz.errors import RunError
from rnnviz.looks.gradient_time import FEWEST
from rnnviz.networks.model import SequenceModel
from rnnviz.plots.style import ordinal
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.flow import check_read_at_its_step
from rnnviz.views.look import Look, gradient_view, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.recorded_flow import flow_of
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, Words, t
from rnnviz.words.numbers import number, percent, steps

CONNECTION_WORK = 2.5e8
"""About a twentieth of a second: items x gates x units."""


def show_connectivity(scene: Scene, row: bool = False) -> FigureMessage:
    """How much each output depends on each input: all as a matrix, or one output's row."""
    flow = flow_of(scene)
    settings = scene.settings
    if scene.task.translates:
        raise RunError(
            "An answer of a translation depends on the source by two ways, attention and state: "
            "the Translation page shows both, apart."
        )
    if settings.bidirectional:
        raise RunError(
            "In two directions an output depends on each input by ways from both sides, which this "
            "picture does not add up: look at a network that reads forwards alone."
        )
    check_read_at_its_step(flow, Words("so an output depends on each input by many ways"))
    flow.check_size()
    trace = flow.trace_of("last")
    readout = cast(SequenceModel, flow.model).readout.weight.detach().numpy()
    rows = min(readout.shape)
    length, gates = (
        len(trace.value(flow.layer, "input")),
        len(layer_parameters(flow.model, flow.layer)[1]),
    )
    work = length * length / 2 * rows * gates * settings.units
    every = max(1, int(np.ceil(work / CONNECTION_WORK)))
    # two pictures show it: it is measured once
    key = ("connectivity", scene.run.id if scene.run else None, settings, scene.step, flow.sample)
    kept = scene.gallery.histories.get(key, dict)
    if every not in kept:
        kept[every] = analysis.connectivity(
            flow.model, trace, "rnn.l0", flow.sample, readout, every
        )
    norms = kept[every]
    common: dict[str, Any] = {
        "labels": flow.labels,
        "where": together(
            one_sample(flow.sample),
            scene.when,
            t("every {place} output", place=ordinal(every)) if every > 1 else "",
        ),
        "colours": scene.choice.theme,
    }
    chosen = scene.choice.number("t", int(flow.asked[-1]), 0, length - 1)
    output = int(norms.index[np.abs(norms.index.to_numpy() - chosen).argmin()])
    if not row:
        return {
            "figure": plots.connectivity.spec(norms, **common),
            "says": of_connectivity(norms),
        }
    return {
        "figure": plots.dependence.spec(norms, output, **common),
        "says": of_dependence(norms, output, flow.labels),
    }


def of_connectivity(norms: pd.DataFrame) -> str:
    """Say how dependence fades with distance."""
    away = np.subtract.outer(norms.index.to_numpy(), norms.columns.to_numpy())
    values = norms.to_numpy()
    by_lag = [float(np.median(values[away == lag])) for lag in range(norms.shape[1])
              if (away == lag).sum() >= min(FEWEST, len(norms))]  # fmt: skip
    if not by_lag or not by_lag[0] > 0:
        return t("No output depends on its input.")
    share = np.array(by_lag) / by_lag[0]
    under = np.flatnonzero(share < 0.01)
    if len(under):
        return t(
            "At the median, an output depends on the input {steps} before it a "
            "hundredth as much as on its own.",
            steps=steps(int(under[0])),
        )
    return t(
        "At the median, an output depends on the input {steps} before it "
        "{times} times as much as on its own.",
        steps=steps(len(share) - 1),
        times=number(share[-1]),
    )


def of_dependence(norms: pd.DataFrame, output: int, labels: list[str]) -> str:
    """Say on which inputs one output depends most."""
    row = norms.loc[output].dropna()
    if not row.sum() > 0:
        return t("This output depends on no input: all units that lead to it are shut.")
    top = row.nlargest(3)
    named = ", ".join(
        t("{symbol} at t = {time}", symbol=labels[time] or t("nothing"), time=time)
        for time in top.index
    )
    return t(
        "It depends most on {inputs}: {share} of the sum of all.",
        inputs=named,
        share=percent(float(top.sum() / row.sum())),
    )


def controls(subject: Subject) -> Asking:
    """Ask for the output and the sample."""
    layer = subject.top
    last = subject.steps(layer) - 1
    words = t("Output at t")
    asked = {"t": (yield ask.Whole("t", words, last, last, title=words))}
    return asked | (yield from ask.sample(subject, layer))


LOOK = Look(
    "connectivity",
    "gradients",
    N_("connectivity"),
    {
        "gradient_connectivity": gradient_view(
            show_connectivity, lecture=N_("which step sees which"), width=0.5, points=True
        ),
        "gradient_dependence": gradient_view(
            partial(show_connectivity, row=True), width=0.5, pointed=True
        ),
    },
    controls,
    place=50,
    fits=networks,
)
