"""Who is visiting, which run they look at, and what they do to it."""

from collections.abc import Callable

import streamlit as st

from rnnviz import live
from rnnviz.errors import RnnvizError, RunError
from rnnviz.runs import Run, RunStore
from rnnviz.settings import Settings


def store() -> RunStore:
    """Return this server's run store."""
    return live.current().engine.store


def owner() -> str | None:
    """Return who the visitor is to the store; None without the cookie that the page set."""
    return live.owner_of(st.context.cookies)


def current_run() -> Run | None:
    """Return the run that the address names; an address of a run that is gone says so, once."""
    name = st.query_params.get("run")
    if not name:
        return None
    try:
        return store().get(name)
    except RnnvizError as error:
        st.query_params.pop("run", None)
        st.toast(str(error))
        return None


def looked_at() -> int | None:
    """Return the training step that the address names, None for the newest."""
    text = st.query_params.get("at", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def look_at(step: int | None) -> None:
    """Write the training step into the address, so that a link shows the same pictures."""
    if step is None:
        st.query_params.pop("at", None)
    elif st.query_params.get("at") != str(step):
        st.query_params["at"] = str(step)


def begin(settings: Settings, *, one_step: bool = False) -> None:
    """Start a run of the visitor's own with these settings and look at it."""
    visitor = owner()
    if visitor is None:
        raise RunError("Your browser refused a cookie: allow it here, so that your runs are yours.")
    run = store().create(settings, visitor)
    if one_step:
        store().step_once(run, visitor)
    else:
        store().enqueue(run, visitor)
    st.query_params["run"] = run
    look_at(None)


def forget() -> None:
    """Go back to the untrained network; the run itself is stopped and kept."""
    run = current_run()
    if run and run.owner == owner() and run.state in ("queued", "running"):
        store().stop(run.id, run.owner)
    st.query_params.pop("run", None)
    look_at(None)


def attempt(action: Callable[[], object]) -> None:
    """Do it, or say in a toast why it cannot be done."""
    try:
        action()
    except RnnvizError as error:
        st.toast(str(error))
