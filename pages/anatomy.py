"""Look inside a cell: a drawing that carries the numbers of one unit through time."""

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.ui import anatomy, choices, session, whatif
from rnnviz.ui.settings_form import settings_form
from rnnviz.ui.transport import transport

# The drawing fills the screen below header, bars and gaps.
HEIGHT = "max(30rem, calc(100vh - 192px))"

st.set_page_config(initial_sidebar_state="collapsed")  # the drawing wants the width

settings = settings_form(session.current_run())
if settings is None:
    st.stop()


@st.fragment  # another unit does not draw the whole form again: half the time to the new picture
def screen(settings: Settings) -> None:
    """Draw everything but the form."""
    run = session.current_run()
    name = run.id if run else None
    looked_at = run.settings if run else settings
    left, right = st.columns([0.66, 0.34], vertical_alignment="center")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            choice = anatomy.unit_choice(looked_at)
            carried = {"values": "values", "last": "∂ of last answer", "all": "∂ of all"}
            carry = choices.segment("carry", "What the wires carry", "values", carried)
            choice["loss"] = "all" if carry == "all" else "last"
        choice |= whatif.controls(looked_at)
    with right:
        step = transport(run, settings, orders=False)
    mode = "values" if carry == "values" else "gradient"
    anatomy.drawing(name, settings, height=HEIGHT, step=step, mode=mode, **choice)
    whatif.panel(name, settings, step, {"signal": "hidden_state", **choice})


with st.container(gap="small"):
    screen(settings)
