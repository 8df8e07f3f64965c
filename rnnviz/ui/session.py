"""Who is visiting, which run they look at, and what they do to it."""

from collections.abc import Callable

import streamlit as st

from rnnviz.data.sets import DataSet
from rnnviz.data.sources import DataSource
from rnnviz.errors import RnnvizError, RunError
from rnnviz.server import live
from rnnviz.server.orders import NOBODY
from rnnviz.server.visitors import owner_of
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import ACTIVE, Order
from rnnviz.tasks import Task, task_of
from rnnviz.ui import address
from rnnviz.views.subject import Network


def store() -> RunStore:
    """Return this server's run store."""
    return live.current().engine.store


def data(settings: Settings) -> DataSource | None:
    """Return who has the data set that settings name: this server's store; None if none is named.

    Raises
    ------
    RunError
        If there is no server.
    """
    return store().data if settings.data else None


def task(settings: Settings) -> Task:
    """Return the task of settings.

    Raises
    ------
    RunError, TaskError
        If its data set is not in this server's store, or does not fit.
    """
    return task_of(settings, data(settings))


def network(settings: Settings, run: Run | None, *, typed: str = "") -> Network:
    """Return what is looked at: a run, or the untrained network of settings."""
    return Network(settings, run, typed=typed, data=data(settings))


def preview(data: DataSet) -> str:
    """Let figures show a data set that is not kept yet; return its key."""
    return live.current().brought.add(data)


def prefix() -> str:
    """Return what stands before the addresses of the live routes and the assets."""
    return live.prefix()


def owner() -> str:
    """Return who the visitor is to the store; empty without the cookie that the page set."""
    return owner_of(st.context.cookies) or ""


def current_run() -> Run | None:
    """Return the run that the address names, which a change of page keeps."""
    name = st.query_params.get("run") or st.session_state.get("run")
    if not name:
        return None
    try:
        found = store().runs.get(name)
    except RnnvizError as error:
        leave()
        st.toast(str(error), duration="infinite")
        return None
    enter(name)
    return found


def enter(run: str) -> None:
    """Look at a run from now on."""
    st.session_state["run"] = run
    if st.query_params.get("run") != run:
        st.query_params["run"] = run


def look_into(run: Run) -> None:
    """Look at a run from now on, with its settings in the form instead of what was there."""
    take(run.settings)
    st.session_state["run"] = run.id


def take(settings: Settings) -> None:
    """Look at the untrained network of settings, all of them in the form."""
    leave()
    for name, value in settings.model_dump().items():
        st.session_state[name] = value


def leave() -> None:
    """Look at no run any more, but at the untrained network."""
    st.session_state.pop("run", None)
    for name in ("run", "at"):
        st.query_params.pop(name, None)


def looked_at() -> int | None:
    """Return the training step that the address names, None for the newest."""
    text = st.query_params.get("at", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def look_at(step: int | None) -> None:
    """Write the training step into the address, so that a link shows the same pictures."""
    address.note("at", step, None)


def visitor() -> str:
    """Return who the visitor is to the store.

    Raises
    ------
    RunError
        If nobody knows, because the browser keeps no cookie.
    """
    found = owner()
    if not found:
        raise RunError(NOBODY)
    return found


def order(what: Order, run: str) -> None:
    """Give a run of the visitor's an order, for what has to go with a run of the page's script.

    All else goes over the page's socket (assets/orders.js), to the same place.
    """
    live.current().order(visitor(), what, {"run": run})


def begin(settings: Settings, *, one_step: bool = False) -> None:
    """Start a run of the visitor's own with these settings and look at it."""
    me = visitor()
    run = store().runs.create(settings, me)
    order(Order.STEP if one_step else Order.RESUME, run)
    enter(run)
    look_at(None)


def forget() -> None:
    """Go back to the untrained network; the run itself is stopped and kept."""
    run = current_run()
    if run and run.owner == owner() and run.state in ACTIVE:
        order(Order.STOP, run.id)
    leave()


def attempt(action: Callable[[], object]) -> bool:
    """Do it, or say in a toast why it cannot be done; return whether it was done."""
    try:
        action()
    except RnnvizError as error:
        st.toast(str(error), duration="long")
        return False
    return True
