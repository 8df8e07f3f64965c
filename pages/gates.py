"""See every gate of a layer: through time, how it is spread, how it changes, its weights."""

import streamlit as st

from rnnviz.looks import looks_of
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.ui import session, whatif
from rnnviz.ui.ask import ask
from rnnviz.ui.component import tall
from rnnviz.ui.pictures import pictures, tab
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport

# One picture at a time, as large as header, bars and gaps leave room for.
HEIGHT = tall(100, 17, 26)


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar, the look that is chosen, and what a change of it does."""
    name = run.id if run else None
    looked_at = run.settings if run else settings
    step = transport(run, settings, changed=whatif.changes())
    subject = session.network(looked_at, run)
    looks = looks_of("gates", subject)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls"):
        look = tab("show", looks, "signals")
        change = whatif.controls(looked_at) if look.changes else {}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls_2"):
        choice = ask(look.controls(subject)) | change
    pictures(look, name, settings, height=HEIGHT, step=step, choice=choice)
    whatif.panel(name, settings, step, choice)


show(screen)
