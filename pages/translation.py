"""See a network translate: where it looks, what it writes, and what reaches the source."""

import streamlit as st

from rnnviz.runs import Run
from rnnviz.settings import Settings
from rnnviz.ui import choices, translation_choices, whatif
from rnnviz.ui.component import figure, tall
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport

# Two pictures side by side, as high as header, bars and gaps leave room for.
HEIGHT = tall(100, 16.375, 26)

LOOKS = {
    # key: words, its view
    "written": ("all samples", "translation_written"),
    "beam": ("beam search", "translation_beam"),
    "ways": ("gradient back", "translation_ways"),
}


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar, the attention, and beside it what is chosen."""
    name = run.id if run else None
    looked_at = run.settings if run else settings
    step = transport(run, settings)
    if not translation_choices.translates(looked_at):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = {key: each[0] for key, each in LOOKS.items()}
        look = choices.segment("beside", "Beside the attention", "written", words)
        change = whatif.controls(looked_at)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        choice = translation_choices.shown(looked_at, look, typed=change.get("input", "")) | change
    left, right = st.columns([0.55, 0.45])
    with left:
        figure("translation_attention", name, settings, height=HEIGHT, step=step, time=False,
               **choice)  # fmt: skip
    with right:
        figure(LOOKS[look][1], name, settings, height=HEIGHT, step=step, time=False, **choice)


show(screen)
