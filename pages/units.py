"""See what single units know: text coloured by them, their properties, where else they are on."""

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.ui import address, choices, text, unit_choices
from rnnviz.ui.component import figure, tall
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport
from rnnviz.words import t

# Below the text: header, bars and a text of one line with six units take the rest of a screen.
LOWER = tall(100, 32.8125, 18)


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar, the text by units, their ranking, and what is below."""
    name = run.id if run else None
    looked_at = run.settings if run else settings
    step = transport(run, settings)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="controls"):
        choice = unit_choices.what_is_read(looked_at)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="controls_2"):
        knows = unit_choices.property_choice(looked_at)
        shown = unit_choices.which_units(looked_at.hidden)
    address.seed("brush", "", str)
    brush = text.reader(
        name, settings, step=step, brush=st.session_state["brush"], **choice, **knows, **shown
    )
    st.session_state["brush"] = brush
    address.note("brush", brush, "")

    left, right = st.columns([0.45, 0.55])
    with left:
        signal = {key: choice[key] for key in ("signal", "layer")}
        figure("units_ranking", name, settings, height=LOWER, step=step,
               **signal, **knows)  # fmt: skip
    with right:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            look = choices.segment("below", t("Below"), "match", unit_choices.below(looked_at))
            if look == "match":
                rule = unit_choices.match_choice(choice["signal"] or "hidden_state")
            elif look == "write":
                rule = unit_choices.writing_choice(looked_at)
        if look == "match":
            text.matches(name, settings, step=step, height=LOWER, brush=brush,
                         **choice, **rule)  # fmt: skip
        elif look == "write":
            text.writing(name, settings, step=step, height=LOWER, **rule)
        else:
            figure("units_tracks", name, settings, height=LOWER, step=step, brush=brush,
                   **choice, **knows, **shown)  # fmt: skip


show(screen)
