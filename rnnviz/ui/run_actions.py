"""What a visitor does to the runs that are picked: open, describe, go on, copy, delete, undo."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rnnviz.networks.cells import CELLS
from rnnviz.settings import Settings, bounds, choices
from rnnviz.store.notes import LONGEST_NAME, LONGEST_NOTE
from rnnviz.store.rows import Run
from rnnviz.store.states import Order
from rnnviz.ui import page, run_files, session, study
from rnnviz.ui.component import lecture
from rnnviz.ui.settings_form import STEP, WORDS
from rnnviz.words import t, tn

OPEN = ("train", "anatomy", "gates", "units", "gradients")
"""Pages that look at one run."""
BRANCHED = ("optimizer", "lr", "schedule", "warmup", "momentum", "weight_decay", "clip")
"""Settings that a run can go on with otherwise, as the form shows them."""


def one(run: Run) -> None:
    """Draw what can be done to one run."""
    st.markdown(t("Open on"), width="content")
    titles = {file: (title, icon) for file, title, icon, _ in page.PAGES}
    for file in OPEN:
        title, icon = titles[file]
        if st.button(t(title), icon=icon, key=f"open_{file}", type="tertiary"):
            session.look_into(run)
            page.go_to(file)
    # words alone: with icons the row does not fit 1280 pixels
    with st.popover(t("Describe")):
        describe(run)
    with st.popover(t("Go on")):
        go_on(run)
    with st.popover(t("Duplicate")):
        duplicate(run)
    with st.popover(t("Download")):
        run_files.downloads(run)
    with st.popover(t("Lecture")):
        lecture(run.id)


def describe(run: Run) -> None:
    """Draw the form of name, tags and note."""
    with st.form(f"describe_{run.id}", border=False):
        name = st.text_input(t("Name"), run.name, max_chars=LONGEST_NAME)
        tags = st.text_input(t("Tags"), ", ".join(run.tags), help=t("Separate them by commas."))
        note = st.text_area(t("Note"), run.note, max_chars=LONGEST_NOTE)
        if st.form_submit_button(t("Keep"), type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def keep() -> None:
                store.runs.tag(run.id, me, tags.split(","))
                store.runs.annotate(run.id, me, note)
                store.runs.rename(run.id, me, name)

            if session.attempt(keep):
                st.rerun()


def go_on(run: Run) -> None:
    """Draw the ways to train it further: as it is, or as a new run that is trained otherwise."""
    same, other = st.tabs([t("More steps"), t("Other training")])
    with same:
        more_steps(run)
    with other:
        branch(run)


def more_steps(run: Run) -> None:
    """Draw the form that gives a run more steps."""
    with st.form(f"more_{run.id}", border=False):
        more = st.number_input(t("Steps more"), 1, int(bounds("steps")[1]), 1000, step=100)
        if st.form_submit_button(t("Train them"), type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def go_on() -> None:
                store.orders.extend(run.id, me, int(more))
                session.order(Order.RESUME, run.id)

            if session.attempt(go_on):
                st.rerun()


def branch(run: Run) -> None:
    """Draw the form of a run that goes on from a checkpoint of this one, trained otherwise."""
    kept = session.store().runs.checkpoint_steps(run.id)
    if not kept:
        st.caption(t("Nothing to go on from yet: train it first."))
        return
    with st.form(f"branch_{run.id}", border=False):
        step = kept[-1]
        if len(kept) > 1:
            step = st.select_slider(
                t("A new run, with its weights after step"), kept, step,
                help=t("This run stays as it is."),
            )  # fmt: skip
        places = st.columns(3) * 3
        more = places[0].number_input(t("Steps more"), 1, int(bounds("steps")[1]), 1000, step=100)
        given = {**run.settings.model_dump(), "lr": run.lr}
        changes = {
            name: _field(place, name, given[name])
            for name, place in zip(BRANCHED, places[1:], strict=False)
        }
        if st.form_submit_button(t("Train it on"), type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def begin() -> None:
                made = store.runs.branch(run.id, me, int(more), step=step, **changes)
                session.order(Order.RESUME, made)
                st.session_state["pick"] = made

            if session.attempt(begin):
                st.rerun()


def _field(place: Any, name: str, value: Any) -> Any:
    """Draw one setting at its value; return what is chosen."""
    field = Settings.model_fields[name]
    title = t(field.title or name)
    if isinstance(field.default, str):
        keys = choices(name)
        return place.selectbox(title, keys, keys.index(value), lambda key: t(WORDS[key]))
    kind = int if field.annotation is int else float
    low, high = (kind(bound) for bound in bounds(name))
    return place.number_input(
        title, low, high, value, step=kind(STEP.get(name, 1)), help=t(field.description or ""),
        format="%d" if kind is int else "%g",
    )  # fmt: skip


def duplicate(run: Run) -> None:
    """Draw the form of a copy with other settings, which trains at once."""
    settings = run.settings
    with st.form(f"copy_{run.id}", border=False):
        name = st.text_input(t("Name"), run.name, max_chars=LONGEST_NAME)
        cells = list(CELLS)
        cell = st.selectbox(
            t("Cell"),
            cells,
            cells.index(settings.cell),
            format_func=lambda key: t(CELLS[key].title),
        )
        left, right = st.columns(2)
        low, high = (float(bound) for bound in bounds("lr"))
        changes = {
            "hidden": left.number_input(t("Hidden units"), 1, 1024, settings.hidden),
            "lr": right.number_input(t("Learning rate"), low, high, settings.lr, format="%g"),
            "steps": left.number_input(t("Steps"), 1, int(bounds("steps")[1]), settings.steps),
            "seed": right.number_input(t("Seed"), 0, int(bounds("seed")[1]), settings.seed),
        }
        st.caption(t("All other settings are those of this run."))
        if st.form_submit_button(t("Train the copy"), type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def copy() -> None:
                made = store.runs.duplicate(run.id, me, name, cell=cell, **changes)
                session.order(Order.RESUME, made)

            if session.attempt(copy):
                st.rerun()
    about = t("Opens the Train page, untrained, with all settings of this run in the form.")
    if st.button(t("Change any setting…"), width="stretch", help=about):
        session.take(run.settings)
        page.go_to("train")


def open_study(id: str) -> None:
    """Draw the button that opens a study on the Compare page."""
    if st.button(t("Open on Compare"), icon=":material/stacked_line_chart:", type="tertiary"):
        name = "sweep" if session.store().studies.get(id).plan.vary else "study"
        study.enter(name, id)
        st.session_state["look"] = "map" if name == "sweep" else "learning"
        page.go_to("compare")


def delete(ids: Sequence[str], *, studies: bool = False) -> None:
    """Draw the button that puts what is picked into the bin."""
    if st.button(t("Delete"), icon=":material/delete:", key="delete"):
        store, me = session.store(), session.owner()
        order = store.bin.delete_study if studies else store.bin.delete
        gone = [id for id in ids if session.attempt(lambda id=id: order(id, me))]  # type: ignore[misc]
        st.session_state["undo"] = (studies, gone)
        st.rerun()


def undo() -> None:
    """Draw what was deleted last, with the button that takes it back."""
    studies, gone = st.session_state.get("undo", (False, []))
    if not gone:
        return
    if studies:
        says = tn("{count} study in the bin.", "{count} studies in the bin.", len(gone))
    else:
        says = tn("{count} run in the bin.", "{count} runs in the bin.", len(gone))
    st.markdown(says, width="content")
    if st.button(t("Undo"), icon=":material/undo:", key="undo_delete"):
        put_back(gone, studies=studies)


def put_back(ids: Sequence[str], *, studies: bool = False) -> None:
    """Take runs or studies out of the bin."""
    store, me = session.store(), session.owner()
    order = store.bin.restore_study if studies else store.bin.restore
    for id in ids:
        session.attempt(lambda id=id: order(id, me))  # type: ignore[misc]
    st.session_state.pop("undo", None)
    st.rerun()
