"""The views of the Gradients page that look at a whole run: surface, clipping, parameters."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from rnnviz import analysis, plots
from rnnviz.analysis.gradients import norm_over_units
from rnnviz.cells import CELLS
from rnnviz.errors import RunError
from rnnviz.model import make_network, parameter_count
from rnnviz.probing import in_type, loss_weights
from rnnviz.recording import record
from rnnviz.views import gradient_words as words
from rnnviz.views.flow import Flow
from rnnviz.views.gradients import check_read_at_its_step
from rnnviz.views.history import measured
from rnnviz.views.scene import Scene

MOST_TRUNCATED = 5 * 10**8
"""Most windows x steps x recurrent weights of a layer: about half a second."""
LARGEST_KEPT = 2**18
"""Weights of the largest network of which every checkpoint's are kept to compare with the next."""


def show_surface(scene: Scene) -> dict[str, Any]:
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
        where=", ".join((flow.place, flow.loss_words)),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_surface(norms, whole), "unfinished": not whole}


def show_cut(scene: Scene) -> dict[str, Any]:
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


def show_clipping(scene: Scene) -> dict[str, Any]:
    """Norm of the gradient before and after clipping, at every training step."""
    metrics = scene.gallery.metrics(scene.run.id if scene.run else None)
    if "gradient_norm" not in metrics:
        metrics = pd.DataFrame({"step": [], "gradient_norm": []}, dtype=float)
    limit, by = scene.settings.clip, scene.settings.clip_by
    norms = analysis.clipping(metrics, limit)
    figure = plots.clipping.spec(
        norms,
        limit=limit,
        steps=scene.settings.steps,
        by=by,
        marked=scene.choice.step,
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_clipping(norms, limit, by)}


def show_truncation(scene: Scene) -> dict[str, Any]:
    """Parts of the gradient that a window of time keeps and throws away."""
    flow = Flow(scene)
    if scene.task.translates:
        raise RunError(
            "A translation is trained as a whole, and never cut: the Translation page shows how "
            "the gradient of one symbol goes back through attention and state."
        )
    check_read_at_its_step(flow, "so no loss reaches back from one step alone")
    loss = flow.loss
    if loss == "all" and len(flow.asked) > 1:
        flow.check_size()
    length = scene.task.steps
    window = scene.choice.number("window", min(10, length), 1, length)
    usual = [each for each in (1, 2, 5, 10, 20, 50, 100, 200, 500) if each < length]
    windows = sorted({*usual, window, length})
    gates = max(1, len(CELLS[scene.settings.cell].gates))
    if len(windows) * length * gates * scene.settings.hidden**2 > MOST_TRUNCATED:
        raise RunError(
            f"{scene.settings.hidden} hidden units over {length} steps are too many to cut the "
            "gradient of their weights off live: lower one of them; in a script "
            "rnnviz.analysis.truncation does it for any size."
        )
    norms = analysis.truncation(flow.model, flow.trace, flow.layer, windows, flow.sample)
    figure = plots.truncation.spec(
        norms,
        window,
        symbol=flow.symbols["hidden_state"],
        end=int(flow.asked[-1]) if isinstance(loss, str) else loss,
        labels=flow.labels,
        where=f"{flow.loss_words}, sample {flow.sample + 1}, {scene.when}",
        colours=scene.choice.theme,
    )
    says = words.of_truncation(norms, window, scene.settings.truncation)
    return {"figure": figure, "says": says}


def show_parameters(scene: Scene, what: str = "gradient") -> dict[str, Any]:
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
        where="loss of the probe" if what == "gradient" else "",
        colours=scene.choice.theme,
    )
    says = words.of_parameters(norms, what, whole)
    return {"figure": figure, "says": says, "unfinished": not whole}


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
        count = parameter_count(make_network(scene.settings))
    if count > LARGEST_KEPT:
        raise RunError(
            f"{count:,} weights are too many to keep at every checkpoint: how far updates go "
            f"can be shown up to {LARGEST_KEPT:,}."
        )


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return what is kept of a network to compare the next one with."""
    return {name: each.detach().clone() for name, each in model.named_parameters()}


def updates(flow: Flow, found: dict[int, dict[str, torch.Tensor]]) -> list[pd.DataFrame]:
    """Return how far each parameter went between two kept checkpoints, per update."""
    kept = sorted(found)
    with torch.device("meta"):
        model = make_network(flow.scene.settings)
    rows = []
    for before, after in zip([None, *kept], kept, strict=False):
        model.load_state_dict(found[after], assign=True)
        old = None if before is None else found[before]
        steps = 1 if before is None else after - before
        rows.append(analysis.parameter_norms(model, old, steps).assign(step=after))
    return rows
