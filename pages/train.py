"""Train a network and watch inside it."""

import streamlit as st

from rnnviz.ui import controls, session, train_buttons
from rnnviz.ui.component import figure, transport

settings = controls.settings_form()
if settings is None:
    st.stop()

run = session.current_run()
name = run.id if run else None
looked = run.settings if run else settings

left, right = st.columns([0.3, 0.7], vertical_alignment="center")
with left:
    train_buttons.row(run, settings)
with right:
    step = transport(name, settings, run.state if run else "new", session.looked_at())
    session.look_at(step)

left, right = st.columns(2)
with left:
    figure("loss", name, settings, height="calc(40vh - 60px)", step=step, time=False)
choice = controls.probe_choice(looked)
with right:
    figure(
        "gradients",
        name,
        settings,
        height="calc(40vh - 60px)",
        step=step,
        layer=choice["layer"],
        loss=choice["loss"],
    )
figure("gates", name, settings, height="calc(60vh - 150px)", step=step, **choice)
