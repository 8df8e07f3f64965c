"""What all pages share: the form at the side, and a screen that is drawn again without it."""

from collections.abc import Callable

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
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
    run = session.current_run()
    settings = settings_form(run)
    if settings is None:
        return
    try:
        for each in (settings, run.settings if run else settings):
            session.task(each)
    except RnnvizError as error:  # a data set that is gone, or too short for what is asked
        st.error(str(error))
        return

    @st.fragment
    def screen(settings: Settings) -> None:
        draw(session.current_run(), settings)

    with st.container(gap="small"):
        screen(settings)
