"""The losses of a training of one's own that is watched, and how it stands."""

import numpy as np
import pandas as pd

from rnnviz.errors import RunError
from rnnviz.plots import run_losses
from rnnviz.store.states import State
from rnnviz.views.history import ONE_MOMENT
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Watched
from rnnviz.words import N_, t, tn
from rnnviz.words.numbers import number


def show_loss(scene: Scene) -> FigureMessage:
    """Learning curve of a training that is watched, and how it stands."""
    if scene.subject.settings is not None:
        raise RunError("This picture is of a model of your own: choose one on the page Your model.")
    watched = scene.subject.watched
    losses = watched.losses() if watched else pd.DataFrame()
    if watched is None or (losses.empty and watched.state != State.RUNNING):
        raise RunError(ONE_MOMENT)
    cell = scene.trace.cell(scene.layer) if scene.checkpoints else "lstm"
    curve = losses.assign(validation_loss=np.nan)
    figure = run_losses.spec([(watched.name, cell, curve)], colours=scene.choice.theme)
    return {"figure": figure, "says": standing(watched, losses, len(scene.checkpoints))}


def standing(watched: Watched, losses: pd.DataFrame, traces: int) -> str:
    """Say how far a watched training is."""
    state = {
        State.RUNNING: t("It is being watched."),
        State.FINISHED: t("It has ended."),
    }.get(watched.state, t("It ended with an error: {reason}.", reason=watched.reason))
    if losses.empty:
        so_far = tn("Step 0; {count} trace so far.", "Step 0; {count} traces so far.", traces)
    else:
        so_far = tn(
            "Step {step:,}, loss {loss}; {count} trace so far.",
            "Step {step:,}, loss {loss}; {count} traces so far.",
            traces,
            step=int(losses["step"].iloc[-1]),
            loss=number(losses["loss"].iloc[-1], 4),
        )
    return f"{state} {so_far}"


LOOK = Look(
    "losses",
    "watched",
    N_("loss"),
    {"watched_loss": View(show_loss, every_step=True, rest=0.3)},
    fits=lambda subject: subject.watched is not None and len(subject.checkpoints) > 1,
)
