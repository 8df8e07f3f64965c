"""What all pages share: the form at the side, and a screen that is drawn again without it."""

from collections.abc import Callable

import streamlit as st

from rnnviz.runs import Run
from rnnviz.settings import Settings
from rnnviz.ui import session
from rnnviz.ui.settings_form import settings_form


def show(draw: Callable[[Run | None, Settings], None]) -> None:
    """Draw the form of the settings, and a page's screen for what the address names.

    A choice on the screen draws only the screen again: that halves the time to the new picture.

    Parameters
    ----------
    draw : callable
        Draws the screen, given the run that is looked at (None: the untrained network) and what
        the form says.
    """
    settings = settings_form(session.current_run())
    if settings is None:
        return

    @st.fragment
    def screen(settings: Settings) -> None:
        draw(session.current_run(), settings)

    with st.container(gap="small"):
        screen(settings)
