"""Which kept trace a visitor looks at, and what is in it."""

import io
from urllib.parse import urlparse

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.recording.packed_trace import read_trace
from rnnviz.recording.trace import Trace
from rnnviz.server.visitors import LOOPBACK, server_address
from rnnviz.store.traces import KeptTrace
from rnnviz.ui import session
from rnnviz.views.gallery import MOST_UNPACKED
from rnnviz.words import Words


def current() -> KeptTrace | None:
    """Return the trace that the address names, which a change of page keeps."""
    id = st.query_params.get("trace") or st.session_state.get("trace")
    if not id:
        return None
    try:
        found = session.store().traces.get(id)
    except RnnvizError as error:
        leave()
        st.toast(str(error), duration="infinite")
        return None
    if st.session_state.get("trace") != id or st.query_params.get("trace") != id:
        enter(id)
    return found


def enter(id: str) -> None:
    """Look at a trace from now on."""
    st.session_state["trace"] = id
    st.query_params["trace"] = id


def leave() -> None:
    """Look at no trace any more."""
    st.session_state.pop("trace", None)
    st.query_params.pop("trace", None)


def name_of_current() -> str:
    """Return what the trace is called that is looked at."""
    found = current()
    return found.name if found else ""


def local() -> bool:
    """Return whether only this machine can be looking: then its scripts' traces are listed, too."""
    host = urlparse(f"//{st.context.headers.get('host', '')}").hostname
    return server_address() in LOOPBACK and host in LOOPBACK


def newest(kept: KeptTrace | None) -> Trace | None:
    """Return the newest of what is recorded, None where there is nothing that can be read."""
    steps = session.store().traces.steps(kept.id) if kept else []
    if kept is None or not steps:
        return None
    try:
        return opened(kept.id, steps[-1])
    except RnnvizError:
        return None  # the screen says why


@st.cache_resource(max_entries=4, show_spinner=False)
def opened(id: str, step: int) -> Trace:
    """Return what was recorded at a step; the last few are kept."""
    return read_trace(
        io.BytesIO(session.store().traces.moment(id, step)), Words("This file"), MOST_UNPACKED
    )
