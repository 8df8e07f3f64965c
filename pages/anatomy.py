"""Look inside a cell: a drawing that carries the numbers of one unit through time."""

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.ui import anatomy, choices, whatif
from rnnviz.ui.component import tall
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport
from rnnviz.words import t

# The drawing fills the screen below header, bars and gaps.
HEIGHT = tall(100, 12, 30)

st.set_page_config(initial_sidebar_state="collapsed")  # the drawing wants the width


def screen(run: Run | None, settings: Settings) -> None:
    """Draw what is chosen, the cell with its equations, and what a change of it does."""
    name = run.id if run else None
    looked_at = run.settings if run else settings
    left, right = st.columns([0.72, 0.28], vertical_alignment="center")
    with left:
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key="controls"
        ):
            choice = anatomy.unit_choice(looked_at)
            carried = {"values": t("values"), "last": t("∂ of last answer"), "all": t("∂ of all")}
            carry = choices.segment("carry", t("What the wires carry"), "values", carried)
            choice["loss"] = "all" if carry == "all" else "last"
        choice |= whatif.controls(looked_at)
    with right:
        step = transport(run, settings, orders=False, changed=whatif.changes())
    mode = "values" if carry == "values" else "gradient"
    anatomy.drawing(name, settings, height=HEIGHT, step=step, mode=mode, **choice)
    whatif.panel(name, settings, step, {"signal": "hidden_state", **choice})


show(screen)
