"""What clipping and truncation take of the gradient."""

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.flow import Flow, check_read_at_its_step
from rnnviz.views.look import Look, gradient_view, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, Words, t
from rnnviz.words.numbers import number, percent, steps

MOST_TRUNCATED = 5 * 10**8
"""Most windows x steps x recurrent weights of a layer: about half a second."""


def show_clipping(scene: Scene) -> FigureMessage:
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
    return {"figure": figure, "says": of_clipping(norms, limit, by)}


def show_truncation(scene: Scene) -> FigureMessage:
    """Parts of the gradient that a window of time keeps and throws away."""
    flow = Flow(scene)
    if scene.task.translates:
        raise RunError(
            "A translation is trained as a whole, and never cut: the Translation page shows how "
            "the gradient of one symbol goes back through attention and state."
        )
    check_read_at_its_step(flow, Words("so no loss reaches back from one step alone"))
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
            "{hidden} hidden units over {length} steps are too many to cut the "
            "gradient of their weights off live: lower one of them; in a script "
            "rnnviz.analysis.truncation does it for any size.",
            hidden=scene.settings.hidden,
            length=length,
        )
    norms = analysis.truncation(flow.model, flow.trace, flow.layer, windows, flow.sample)
    figure = plots.truncation.spec(
        norms,
        window,
        symbol=flow.symbols["hidden_state"],
        end=int(flow.asked[-1]) if isinstance(loss, str) else loss,
        labels=flow.labels,
        where=together(flow.loss_words, one_sample(flow.sample), scene.when),
        colours=scene.choice.theme,
    )
    says = of_truncation(norms, window, scene.settings.truncation)
    return {"figure": figure, "says": says}


def of_clipping(norms: pd.DataFrame, limit: float, by: str = "norm") -> str:
    """Say how often, and by how much, the gradient was clipped, as far as its norm tells."""
    if norms.empty:
        return t("Not trained yet: press Train, and every step's gradient norm is drawn here.")
    if limit <= 0:
        top = norms["norm"].max()
        spike = number(top / norms["norm"].median())
        return t(
            "Clipping is off. The norm reached {top}, {spike} times its median.",
            top=number(top),
            spike=spike,
        )
    if by == "value":
        below = int((norms["norm"] <= limit).sum())
        return t(
            "Each number of the gradient is cut to between −{limit:g} and {limit:g}, which can "
            "turn its direction. At {below:,} of {steps:,} steps the whole norm was not "
            "above that, so nothing was cut; how much was at the others is not kept.",
            limit=limit,
            below=below,
            steps=len(norms),
        )
    clipped = norms[norms["clipped"]]
    if clipped.empty:
        return t(
            "None of {steps:,} steps reached the limit of {limit:g}.",
            steps=len(norms),
            limit=limit,
        )
    worst = clipped["norm"].max() / limit
    return t(
        "{clipped:,} of {steps:,} steps were clipped ({share}), "
        "the largest to 1/{worst} of its length. The direction stays.",
        clipped=len(clipped),
        steps=len(norms),
        share=percent(len(clipped) / len(norms)),
        worst=number(worst, 3),
    )


def of_truncation(norms: pd.DataFrame, window: int, truncation: int = 0) -> str:
    """Say what a window throws away, and how training's own truncation is another thing."""
    one = norms[norms["window"] == window]
    lost, cosine = one["weights_lost"].iloc[0], one["weights_cosine"].iloc[0]
    gone = int((one["lost"] > 0.5 * one["total"]).sum())
    if not np.isfinite(lost):
        return t("There is no gradient of the recurrent weights to truncate.")
    said = t(
        "If every loss reached back {steps} only, {lost} of the recurrent weights' "
        "gradient would be thrown away (cosine with the whole: {cosine:.4f}); at {gone} of "
        "{length} time steps, more than half of ∂L/∂h would be lost.",
        steps=steps(window),
        lost=percent(lost),
        cosine=cosine,
        gone=gone,
        length=len(one),
    )
    if not truncation:
        return said
    pieces = t(
        "This window slides. Training itself cuts the sequence into pieces of "
        "{steps}: a loss reaches back to the beginning of its piece, "
        "at most {steps}.",
        steps=steps(truncation),
    )
    return f"{said} {pieces}"


def controls(subject: Subject) -> Asking:
    """Ask for the window's length, the loss, the sample and the layer."""
    top = yield from ask.top_layer(subject)
    last = subject.steps(top["layer"])
    title = t("Truncate after, steps")
    window = yield ask.Whole("window", title, min(10, last), last, least=1, title=title)
    asked = {"window": window, **(yield from ask.loss(subject))}
    return asked | (yield from ask.sample(subject, top["layer"])) | top


LOOK = Look(
    "clipping",
    "gradients",
    N_("clipping, truncation"),
    {
        "gradient_clipping": gradient_view(
            show_clipping, every_step=True, lecture=N_("clipping"), width=0.45
        ),
        "gradient_truncation": gradient_view(show_truncation, width=0.55),
    },
    controls,
    place=60,
    fits=networks,
)
