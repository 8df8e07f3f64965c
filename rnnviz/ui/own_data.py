"""A visitor's own data at the side: which data set a task reads, and the window to bring one."""

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from rnnviz.data.examples import example
from rnnviz.data.sources import find
from rnnviz.errors import RnnvizError
from rnnviz.tasks import TASKS
from rnnviz.tasks.own import OwnData
from rnnviz.ui import address, session
from rnnviz.ui.data_window import NEXT, open_window, plain
from rnnviz.words import t

KEY = re.compile("[0-9a-f]{32}")
ASKED = "own_data_asked"
"""Whether the window is to be opened, in the session."""


def data_choice(kind: type[OwnData], shown: Mapping[str, Any]) -> str:
    """Draw which data set is read; return its key."""
    words = mine(kind.kind)
    address.seed("data", shown.get("data", ""), _key)
    chosen = st.session_state["data"]
    if chosen and chosen not in words:
        words[chosen] = title_of(chosen)
    value: str = st.selectbox(
        t("Data"),
        list(words),
        format_func=lambda key: words[key],
        key="data",
        help=t(
            "{title}: a data set of yours, or the example that is shipped.",
            title=plain(words[chosen]),
        ),
        persist_state="session",
    )
    address.note("data", value, "")
    return value


def bring() -> None:
    """Draw the button that opens the window."""
    # its words are there for who does not see the icon: page.py hides them from the eye
    if st.button(t("Bring your own data"), icon=":material/upload_file:", key="bring_data",
                 help=t("Bring your own data: a file, or text to paste")):  # fmt: skip
        st.session_state[ASKED] = True


def mine(kind: str) -> dict[str, str]:
    """Return the visitor's data sets of a kind, key -> title, after the example."""
    words = {"": t("example: {title}", title=example(kind).title)}
    try:
        owner = session.owner()
        if owner:
            words |= {each.key: each.title for each in session.store().data.list(owner, kind)}
    except RnnvizError:
        pass  # no server, or its store does not answer: the example is there
    return words


def title_of(key: str) -> str:
    """Return what a data set is called that a link or somebody's run names."""
    try:
        return find(key, session.store().data).title
    except RnnvizError:
        return t("{key} (not here)", key=key[:8])


def take(task: str, before: str) -> None:
    """Choose a data set for a task that was chosen just now: one that fits, or the window.

    Parameters
    ----------
    before : str
        The key of the data set that was read until now.
    """
    kind = TASKS[task]
    if not issubclass(kind, OwnData):
        return
    fitting = mine(kind.kind)
    if before in fitting and before:
        st.session_state["data"] = before
    elif len(fitting) > 1:
        st.session_state["data"] = list(fitting)[1]
    else:
        st.session_state[ASKED] = True


def use_new() -> None:
    """Take the data set that was brought just now."""
    if NEXT in st.session_state:
        st.session_state["data"] = st.session_state.pop(NEXT)


def open_if_asked(task: str) -> None:
    """Open the window to bring data in, if it was asked for."""
    if st.session_state.pop(ASKED, False):
        open_window(task)


def _key(text: str) -> str:
    if text and not KEY.fullmatch(text):
        raise ValueError(text)
    return text
