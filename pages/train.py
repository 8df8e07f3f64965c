"""Train a network and watch inside it."""

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.ui import choices
from rnnviz.ui.component import figure, tall
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport

# Three pictures and the controls share one screen: header, bars and gaps take 246 px of it.
UPPER = tall(44, 6.75, 13)
LOWER = tall(56, 8.625, 16)


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar, curves, gradients, and gates or answers."""
    name = run.id if run else None
    step = transport(run, settings)
    curves, gradients = st.columns(2)
    picture, choice = choices.picture_choice(run.settings if run else settings)
    # a series of one's own is drawn whole, with its parts; its answers as one forecast
    own = (run.settings if run else settings).task == "own_series"
    with curves:
        if run is None and picture == "gates" and own:
            figure("data", name, settings, height=UPPER)
        elif run is None and picture == "gates":  # there is no loss yet: this is what is asked
            figure("examples", name, settings, height=UPPER, room="half",
                   sample=choice["sample"])  # fmt: skip
        else:
            figure("loss", name, settings, height=UPPER, step=step)
    with gradients:
        asked = {key: choice[key] for key in ("layer", "loss")}
        figure("gradients", name, settings, height=UPPER, step=step, **asked)
    if own and picture == "examples":
        figure("forecast", name, settings, height=LOWER, step=step, **choice)
    else:
        figure(picture, name, settings, height=LOWER, step=step, **choice)


show(screen)
