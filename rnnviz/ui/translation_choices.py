"""What the Translation page says where there is nothing to translate, and the way out."""

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.tasks import TASKS
from rnnviz.ui import session
from rnnviz.ui.choices import begun
from rnnviz.ui.settings_form import take_defaults
from rnnviz.words import t


def translates(settings: Settings) -> bool:
    """Return whether there is something to translate; else say so, with a way to it."""
    if TASKS[settings.task].translates:
        return True
    st.info(
        t(
            "This page needs a translation task, and the task here is {task}. Pick one:",
            task=t(TASKS[settings.task].title),
        )
    )
    with st.container(horizontal=True, gap="small"):
        for key, kind in TASKS.items():
            if kind.translates:
                if st.button(begun(t(kind.title)), key=f"take_{key}", on_click=take, args=(key,)):
                    st.rerun()  # the form at the side, too
    return False


def take(task: str) -> None:
    """Look at an untrained network for a task, with the task's own settings."""
    session.leave()
    st.session_state["task"] = task
    take_defaults()
