"""Which study a visitor looks at, and the bar that trains all its runs."""

import streamlit as st

from rnnviz.errors import RnnvizError, RunError
from rnnviz.plan import Plan
from rnnviz.runs import Study
from rnnviz.ui import session
from rnnviz.ui.component import watched
from rnnviz.ui.transport import bar


def current_study(name: str) -> Study | None:
    """Return the study that the address names under a parameter, which a change of page keeps."""
    id = st.query_params.get(name) or st.session_state.get(name)
    if not id:
        return None
    try:
        found = session.store().study(id)
    except RnnvizError as error:
        leave(name)
        st.toast(str(error))
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
    me, store = session.owner(), session.store()
    mine = study is not None and study.owner == me
    same = study is not None and study.plan == plan

    def begin() -> None:
        if not me:
            raise RunError(
                "Your browser refused a cookie: allow it here, so that your runs are yours."
            )
        if study is not None and mine and not same:
            store.cancel_study(study.id, me)  # another one takes its place
        enter(name, store.start_study(plan, me))
        session.look_at(None)

    def go_on() -> None:
        if study is not None:
            store.resume_study(study.id, me)
            session.look_at(None)

    def pause() -> None:
        if study is not None:
            store.pause_study(study.id, me)

    def stop() -> None:
        if study is not None:
            store.cancel_study(study.id, me)

    def forget() -> None:
        if study is not None and mine:
            store.cancel_study(study.id, me)
        leave(name)

    what, query = watched(study.id if study else None, plan)
    actions = {"train": begin, "resume": go_on, "pause": pause, "stop": stop, "reset": forget}
    return bar(
        what, query, actions,
        orders=True, mine=mine, same=same, study=True, slider=slider,
        view="compare_status", key=f"bar_{name}",
    )  # fmt: skip
