"""The gradient over training step x time, and cut at one step."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from rnnviz import analysis, plots
from rnnviz.analysis.gradients import norm_over_units
from rnnviz.recording.probe import in_type, loss_weights
from rnnviz.recording.record import record
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.flow import Flow
from rnnviz.views.history import measured
from rnnviz.views.look import Look, gradient_view, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t
from rnnviz.words.numbers import number, percent


def show_surface(scene: Scene) -> FigureMessage:
    """Norm of the gradient over training step x time."""
    flow = Flow(scene)
    signal = state_of(scene)
    found, whole = measured(
        scene, f"norms of {signal} for {flow.loss} at {flow.layer}",
        lambda model: state_norms(flow, model, signal),
    )  # fmt: skip
    norms = pd.DataFrame.from_dict(found, orient="index")
    figure = plots.surface.spec(
        norms,
        symbol=flow.symbols[signal],
        marked=scene.step if scene.choice.step is not None else None,
        where=together(flow.place, flow.loss_words),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": of_surface(norms, whole), "unfinished": not whole}


def show_cut(scene: Scene) -> FigureMessage:
    """Cut the surface at the step that is looked at: the samples lie in the band."""
    flow = Flow(scene)
    signal = state_of(scene)
    figure = plots.gradients.spec(
        analysis.gradient_norms(flow.trace, flow.layer, (signal,)),
        symbols=flow.symbols,
        where=scene.when,
        colours=scene.choice.theme,
    )
    figure["layout"]["showlegend"] = False
    return {"figure": figure}


def state_of(scene: Scene) -> str:
    """Return the state whose gradient is followed over training."""
    if scene.settings.cell != "lstm":
        return "hidden_state"
    return scene.choice.word("state", ("hidden_state", "cell_state"), "hidden_state")


def state_norms(flow: Flow, model: nn.Module, signal: str) -> np.ndarray:
    """Return the median over samples of a state's gradient norm, (time,), for one network."""
    task = flow.scene.task
    batch = flow.scene.gallery.probe(flow.scene.settings).first(flow.samples).batch
    model = model.double()
    inputs, targets = (in_type(x, torch.float64) for x in (batch.inputs, batch.targets))
    with record(model, weights=False) as trace, torch.enable_grad():
        losses = task.losses(model(inputs)[0], targets)
        (losses * loss_weights(task.asked(targets), flow.loss)).sum().backward()
    norms: np.ndarray = np.median(norm_over_units(trace.gradient(flow.layer, signal)), axis=1)
    return norms


def of_surface(norms: pd.DataFrame, whole: bool) -> str:
    """Say how the reach of the gradient has changed over training."""
    first, last = norms.iloc[0], norms.iloc[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = [float(each.iloc[0] / each.max()) for each in (first, last)]
    reaches = (
        t(
            "At t = 0 the gradient is {share} of the largest. Train to see it change.",
            share=share_of(kept[0]),
        )
        if len(norms) < 2
        else t(
            "At step {first:,}, the gradient at t = 0 was {before} of the largest; at step "
            "{last:,} it is {now}.",
            first=norms.index[0],
            before=share_of(kept[0]),
            last=norms.index[-1],
            now=share_of(kept[1]),
        )
    )
    return reaches if whole else f"{t('More checkpoints are being measured.')} {reaches}"


def share_of(share: float) -> str:
    """Write a share as a per cent, and one too small for that as a number."""
    return percent(share) if share >= 0.001 else number(share)


def controls(subject: Subject) -> Asking:
    """Ask for state, loss and layer."""
    top = yield from ask.top_layer(subject)
    asked = yield from ask.state(subject, top["layer"])
    return asked | (yield from ask.loss(subject)) | top


LOOK = Look(
    "surface",
    "gradients",
    N_("over training"),
    {
        "gradient_surface": gradient_view(
            show_surface,
            over_training=True,
            lecture=N_("gradient over training"),
            packed=11,
            width=0.6,
        ),
        "gradient_cut": gradient_view(show_cut, over_training=True, width=0.4),
    },
    controls,
    place=30,
    fits=networks,
)
