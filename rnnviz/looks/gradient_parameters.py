"""The gradient of each parameter over training, and how far updates go."""

from functools import partial

import pandas as pd
import torch
from torch import nn

from rnnviz import analysis, plots
from rnnviz.errors import RunError
from rnnviz.networks.model import make_network, parameter_count
from rnnviz.plots.style import NAME
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.flow import Flow
from rnnviz.views.history import measured
from rnnviz.views.look import Look, gradient_view, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t
from rnnviz.words.numbers import number

LARGEST_KEPT = 2**18
"""Weights of the largest network of which every checkpoint's are kept to compare with the next."""


def show_parameters(scene: Scene, what: str = "gradient") -> FigureMessage:
    """Gradient norm by parameter and gate over training, or how far updates go."""
    flow = Flow(scene)
    if what == "gradient":
        found, whole = measured(
            scene, "parameter gradients", lambda model: probe_gradients(flow, model)
        )
        rows = [each.assign(step=step) for step, each in found.items()]
    else:
        check_updates(scene)
        found, whole = measured(scene, "weights", weights_of)
        rows = updates(flow, found)
    norms = pd.concat(rows, ignore_index=True)
    path, _, suffix = flow.layer.rpartition(".")
    which = scene.choice.word("which", ("recurrent", "input", "bias", "other"), "recurrent")
    chosen = {
        "recurrent": norms["parameter"] == f"{path}.weight_hh_{suffix}",
        "input": norms["parameter"] == f"{path}.weight_ih_{suffix}",
        "bias": norms["parameter"] == f"{path}.bias_ih_{suffix}",
        "other": ~norms["parameter"].str.contains(r"^(?:rnn|encoder|decoder)\."),
    }[which]
    norms = norms[chosen]
    figure = plots.parameters.spec(
        norms,
        what,
        symbols={**flow.symbols, "hidden_state": ""},
        marked=scene.choice.step,
        steps=max(scene.run.step if scene.run else 1, 1),
        where=t("loss on the fixed samples") if what == "gradient" else "",
        colours=scene.choice.theme,
    )
    says = of_parameters(norms, what, whole)
    return {"figure": figure, "says": says, "unfinished": not whole}


def probe_gradients(flow: Flow, model: nn.Module) -> pd.DataFrame:
    """Return the norms of the gradient of the probe's mean loss, parameter by parameter."""
    task = flow.scene.task
    batch = flow.scene.gallery.probe(flow.scene.settings).first(flow.samples).batch
    model.requires_grad_(True)
    with torch.enable_grad():
        task.mean_loss(model(batch.inputs)[0], batch.targets).backward()
    return analysis.parameter_norms(model)


def check_updates(scene: Scene) -> None:
    """Raise RunError if the network is too large to keep sixty times."""
    with torch.device("meta"):
        count = parameter_count(make_network(scene.settings, scene.task))
    if count > LARGEST_KEPT:
        raise RunError(
            "{count:,} weights are too many to keep at every checkpoint: how far updates go "
            "can be shown up to {most:,}.",
            count=count,
            most=LARGEST_KEPT,
        )


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return what is kept of a network to compare the next one with."""
    return {name: each.detach().clone() for name, each in model.named_parameters()}


def updates(flow: Flow, found: dict[int, dict[str, torch.Tensor]]) -> list[pd.DataFrame]:
    """Return how far each parameter went between two kept checkpoints, per update."""
    kept = sorted(found)
    with torch.device("meta"):
        model = make_network(flow.scene.settings, flow.scene.task)
    rows = []
    for before, after in zip([None, *kept], kept, strict=False):
        model.load_state_dict(found[after], assign=True)
        old = None if before is None else found[before]
        steps = 1 if before is None else after - before
        rows.append(analysis.parameter_norms(model, old, steps).assign(step=after))
    return rows


def of_parameters(norms: pd.DataFrame, what: str, whole: bool) -> str:
    """Say which parameter has the largest gradient, or moves most."""
    newest = norms[norms["step"] == norms["step"].max()].dropna(subset=[what])
    said = [] if whole else [t("More checkpoints are being measured.")]
    if newest.empty or not (newest[what] > 0).any():
        said.append(t("Two checkpoints are needed to see how far updates go: press Train."))
        return " ".join(said)
    top, low = newest.loc[newest[what].idxmax()], newest.loc[newest[what].idxmin()]
    step = int(top["step"])
    if len(newest) == 1:
        said.append(t("At step {step:,}, it is {value}.", step=step, value=number(top[what])))
        return " ".join(said)
    ends = {
        "largest": named(top),
        "most": number(top[what]),
        "smallest": named(low),
        "least": number(low[what]),
    }
    if what == "gradient":
        said.append(
            t(
                "At step {step:,}, {largest} has the largest gradient ({most}), "
                "{smallest} the smallest ({least}).",
                step=step,
                **ends,
            )
        )
    else:
        said += [
            t(
                "At step {step:,}, {largest} has the largest update ({most}), "
                "{smallest} the smallest ({least}).",
                step=step,
                **ends,
            ),
            t("Between two checkpoints to and fro cancels: these are lower bounds."),
        ]
    return " ".join(said)


def named(row: pd.Series) -> str:
    """Return the name of a parameter, and of its gate where it has gates."""
    gate = str(row["gate"])
    return " ".join(filter(None, (row["parameter"], t(NAME.get(gate, gate)))))


def controls(subject: Subject) -> Asking:
    """Ask for which parameters, and the layer."""
    which = {
        "recurrent": t("recurrent weights"),
        "input": t("input weights"),
        "bias": t("biases"),
        "other": t("the rest"),
    }
    asked = {"which": (yield ask.Segment("which", t("Parameters"), which, "recurrent"))}
    return asked | (yield from ask.top_layer(subject))


LOOK = Look(
    "parameters",
    "gradients",
    N_("parameters"),
    {
        "gradient_parameters": gradient_view(
            show_parameters, over_training=True, lecture=N_("gradient by parameter"), width=0.5
        ),
        "gradient_updates": gradient_view(
            partial(show_parameters, what="update"), over_training=True, width=0.5
        ),
    },
    controls,
    place=70,
    fits=networks,
)
