"""The gradient itemized: which loss step sends how much, as a matrix or as bars."""

from functools import partial
from typing import Any

import pandas as pd

from rnnviz import analysis, plots
from rnnviz.errors import RunError
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.flow import Flow, check_read_at_its_step
from rnnviz.views.look import Look, gradient_view, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.recorded_flow import flow_of
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, Words, t
from rnnviz.words.numbers import number, percent, steps


def show_items(scene: Scene, bars: bool = False) -> FigureMessage:
    """Which loss step sends how much, as a matrix or as bars."""
    flow = flow_of(scene)
    if scene.subject.task is not None and flow.layer.startswith("encoder"):
        raise RunError(
            "No answer is asked of the encoder itself, so nothing is itemized there: choose the "
            "decoder, or see on the Translation page what one symbol sends back to the source."
        )
    check_read_at_its_step(flow, Words("so its parts do not tell which answer they come from"))
    flow.check_size()
    signal = "hidden_state"
    if flow.cell == "lstm":
        signal = scene.choice.word("state", ("hidden_state", "cell_state"), signal)
    items = analysis.itemized_gradients(
        flow.model, flow.trace_of("all"), flow.layer, signal, flow.sample
    )
    common: dict[str, Any] = {
        "symbol": flow.symbols[signal],
        "labels": flow.labels,
        "where": together(one_sample(flow.sample), scene.when),
        "colours": scene.choice.theme,
    }
    if bars:
        return {
            "figure": plots.itemized_bars.spec(items, **common),
            "says": of_bars(items, flow),
        }
    return {
        "figure": plots.itemized_matrix.spec(items, **common),
        "says": of_items(items, flow),
    }


def of_items(items: pd.DataFrame, flow: Flow) -> str:
    """Say how far the losses' gradients reach."""
    losses = items["loss_step"].nunique()
    if not losses:
        return t("No loss sends any gradient to this layer.")
    if losses == 1:
        k = int(items["loss_step"].iloc[0])
        return t(
            "Only the answer at t = {time} is asked in this task, so there is a single row: all "
            "of the gradient at every step comes from there. Copying and characters ask for more.",
            time=k,
        )
    away = items["loss_step"] - items["time"]
    own = items[away == 0].set_index("loss_step")["norm"]
    share = (items["norm"] / items["loss_step"].map(own)).groupby(away).median()
    under = share[share < 0.01]
    reach = (
        t(
            "{losses} losses. Of what each sends to its own step, the median loss is down to a "
            "hundredth after {steps}.",
            losses=losses,
            steps=steps(int(under.index[0])),
        )
        if len(under)
        else t(
            "{losses} losses. Of what each sends to its own step, even {steps} back, {share} of "
            "it is left.",
            losses=losses,
            steps=steps(int(share.index[-1])),
            share=number(share.iloc[-1]),
        )
    )
    total = items.groupby("time")["norm"].sum()
    near = items[away <= 5].groupby("time")["norm"].sum()
    ahead = t(
        "Taken over all steps, {share} of the gradient's parts come "
        "from losses at most 5 steps ahead. The items sum to the whole gradient exactly.",
        share=percent(float((near / total).mean())),
    )
    return f"{reach} {ahead}"


def of_bars(items: pd.DataFrame, flow: Flow) -> str:
    """Say which way, or from how far, the gradient of the first step comes."""
    if items.empty:
        return t("No loss sends any gradient to this layer.")
    first = items[items["time"] == items["time"].min()]
    if items["loss_step"].nunique() == 1:
        if not items["through_cell"].notna().any():
            return of_items(items, flow)
        one = first.iloc[0]
        total = one["norm"]
        if not total > 0:
            return t("Nothing of the loss reaches the first step.")
        return t(
            "Of the gradient that reaches t = {time} from the loss at "
            "t = {loss_step}, what came along c alone, multiplied by the forget "
            "gates, is {through_cell} times as long as the whole; the "
            "rest, which went through the recurrent weights, {rest} "
            "times. The bar is shared out in that proportion.",
            time=int(one["time"]),
            loss_step=int(one["loss_step"]),
            through_cell=number(one["through_cell"] / total),
            rest=number(one["rest"] / total),
        )
    away = first["loss_step"] - first["time"]
    far = float(first["norm"][away > 10].sum() / first["norm"].sum())
    peak = items.groupby("time")["norm"].sum()
    return t(
        "Most gradient arrives at t = {peak}. At t = {first}, "
        "{far} of it comes from losses more than 10 steps ahead. Bars stack the norms of the "
        "items; as vectors the items sum to the gradient, and can cancel.",
        peak=int(peak.idxmax()),
        first=int(first["time"].iloc[0]),
        far=percent(far),
    )


def controls(subject: Subject) -> Asking:
    """Ask for state, sample and layer."""
    top = yield from ask.top_layer(subject)
    asked = yield from ask.state(subject, top["layer"])
    return asked | (yield from ask.sample(subject, top["layer"])) | top


LOOK = Look(
    "items",
    "gradients",
    N_("itemized"),
    {
        "gradient_items": gradient_view(show_items, lecture=N_("gradient, itemized"), width=0.5),
        "gradient_bars": gradient_view(partial(show_items, bars=True), width=0.5),
    },
    controls,
    place=20,
    fits=networks,
)
