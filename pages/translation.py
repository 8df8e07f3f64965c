"""See a network translate: where it looks, what it writes, and what reaches the source."""

from typing import Any

import streamlit as st

from rnnviz.looks import looks_of
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.ui import session, translation_choices, whatif
from rnnviz.ui.ask import ask
from rnnviz.ui.component import figure, tall
from rnnviz.ui.pictures import pictures, tab
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport
from rnnviz.words import t

# Two pictures side by side, as high as header, bars and gaps leave room for.
HEIGHT = tall(100, 16.375, 26)


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar, the attention, and beside it what is chosen."""
    name = run.id if run else None
    looked_at = run.settings if run else settings
    step = transport(run, settings)
    if not translation_choices.translates(looked_at):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        looks = looks_of("translation", session.network(looked_at, run))
        look = tab("beside", looks, "written", t("Beside the attention"))
        change = whatif.controls(looked_at)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        subject = session.network(looked_at, run, typed=change.get("input", ""))
        choice: dict[str, Any] = ask(look.controls(subject)) | change
    left, right = st.columns([0.55, 0.45])
    with left:
        figure("translation_attention", name, settings, height=HEIGHT, step=step,
               **choice)  # fmt: skip
    with right:
        pictures(look, name, settings, height=HEIGHT, step=step, choice=choice)


show(screen)
