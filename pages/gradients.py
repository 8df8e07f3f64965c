"""See how the gradient flows back through time, and why it vanishes or explodes."""

import streamlit as st

from rnnviz.looks import looks_of
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.ui import session
from rnnviz.ui.ask import ask
from rnnviz.ui.component import tall
from rnnviz.ui.pictures import pictures, tab
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport

# One row of pictures at a time, as high as header, bars and gaps leave room for.
HEIGHT = tall(100, 16.375, 27)


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar and the pictures of the look that is chosen."""
    name = run.id if run else None
    step = transport(run, settings)
    subject = session.network(run.settings if run else settings, run)
    looks = looks_of("gradients", subject)
    look = tab("look", looks, "time")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls"):
        choice = ask(look.controls(subject))
    pictures(look, name, settings, height=HEIGHT, step=step, choice=choice)


show(screen)
