"""Train a network and watch inside it."""

import streamlit as st

from rnnviz.ui import choices, session
from rnnviz.ui.component import figure
from rnnviz.ui.settings_form import settings_form
from rnnviz.ui.transport import transport

# Three pictures and the controls share one screen: header, bars and gaps take 246 px of it.
UPPER = "max(13rem, calc(44vh - 108px))"
LOWER = "max(16rem, calc(56vh - 138px))"

run = session.current_run()
name = run.id if run else None
settings = settings_form(run)
if settings is None:
    st.stop()

with st.container(gap="small"):
    step = transport(run, settings)
    curves, gradients = st.columns(2)
    choice = choices.probe_choice(run.settings if run else settings)
    with curves:
        figure("loss", name, settings, height=UPPER, step=step, time=False)
    with gradients:
        asked = {key: choice[key] for key in ("layer", "loss")}
        figure("gradients", name, settings, height=UPPER, step=step, **asked)
    figure("gates", name, settings, height=LOWER, step=step, **choice)
