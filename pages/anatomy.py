"""Look inside a cell: a drawing that carries the numbers of one unit through time."""

import streamlit as st

from rnnviz.ui import anatomy, choices, session
from rnnviz.ui.component import transport
from rnnviz.ui.settings_form import settings_form

# The drawing fills the screen below header, bars and gaps.
HEIGHT = "max(30rem, calc(100vh - 196px))"

run = session.current_run()
name = run.id if run else None
settings = settings_form(run)
if settings is None:
    st.stop()
looked_at = run.settings if run else settings

with st.container(gap="small"):
    left, right = st.columns([0.55, 0.45], vertical_alignment="center")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            choice = anatomy.unit_choice(looked_at)
            carried = {"values": "values", "gradient": "gradient"}
            mode = choices.segment("carry", "What the wires carry", "values", carried)
            if mode == "gradient":
                loss = {"last": "of last answer", "all": "of all"}
                choice["loss"] = choices.segment("loss", "Of the loss of", "last", loss)
    with right:
        step = transport(name, settings, run.state if run else "new", session.looked_at())
        session.look_at(step)
    anatomy.drawing(name, settings, height=HEIGHT, step=step, mode=mode, **choice)
