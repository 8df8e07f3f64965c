"""Which study a visitor looks at, and the bar that trains all its runs."""

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.plan import Plan
from rnnviz.server import live
from rnnviz.store.rows import Study
from rnnviz.store.states import Order
from rnnviz.ui import session
from rnnviz.ui.component import watched
from rnnviz.ui.transport import bar


def current_study(name: str) -> Study | None:
    """Return the study that the address names under a parameter, which a change of page keeps."""
    id = st.query_params.get(name) or st.session_state.get(name)
    if not id:
        return None
    try:
        found = session.store().studies.get(id)
    except RnnvizError as error:
        leave(name)
        st.toast(str(error), duration="infinite")
        return None
    enter(name, id)
    return found


def enter(name: str, study: str) -> None:
    """Look at a study from now on."""
    st.session_state[name] = study
    if st.query_params.get(name) != study:
        st.query_params[name] = study


def leave(name: str) -> None:
    """Look at no study any more, but at the untrained networks of a plan."""
    st.session_state.pop(name, None)
    st.query_params.pop(name, None)
    session.look_at(None)


def study_bar(name: str, study: Study | None, plan: Plan, *, slider: bool = True) -> int | None:
    """Place the bar; return the training step that is looked at (None: the newest).

    Parameters
    ----------
    name : str
        Under which parameter of the address the study stands.
    study : Study or None
        What is looked at; None is the plan before it is started.
    plan : Plan
        What the form says: a new study gets it.
    slider : bool
        Whether one can look back in training, or the bar only shows how far all is.
    """
    mine = study is not None and study.owner == session.owner()
    same = study is not None and study.plan == plan

    def begin() -> None:
        visitor = session.visitor()
        if not same:
            end()  # another one takes its place
        enter(name, session.store().studies.start(plan, visitor))
        live.current().stir()
        session.look_at(None)

    def end() -> None:
        if study is not None and mine:
            live.current().order(study.owner, Order.STOP, {"study": study.id})

    def forget() -> None:
        end()
        leave(name)

    what, query = watched(study.id if study else None, plan)
    actions = {"train": begin, "reset": forget}
    return bar(
        what, query, actions,
        orders=True, mine=mine, same=same, study=True, slider=slider,
        view="compare_status", key=f"bar_{name}",
    )  # fmt: skip
