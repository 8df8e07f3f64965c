"""Train a network and watch inside it."""

import streamlit as st

from rnnviz.runs import Run
from rnnviz.settings import Settings
from rnnviz.ui import choices
from rnnviz.ui.component import figure
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport

# Three pictures and the controls share one screen: header, bars and gaps take 246 px of it.
UPPER = "max(13rem, calc(44vh - 108px))"
LOWER = "max(16rem, calc(56vh - 138px))"


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar, curves, gradients and gates."""
    name = run.id if run else None
    step = transport(run, settings)
    curves, gradients = st.columns(2)
    choice = choices.probe_choice(run.settings if run else settings)
    with curves:
        figure("loss", name, settings, height=UPPER, step=step, time=False)
    with gradients:
        asked = {key: choice[key] for key in ("layer", "loss")}
        figure("gradients", name, settings, height=UPPER, step=step, **asked)
    figure("gates", name, settings, height=LOWER, step=step, **choice)


show(screen)
