"""What a visitor does to the runs that are picked: open, describe, go on, copy, delete, undo."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rnnviz.cells import CELLS
from rnnviz.keeping import LONGEST_NAME, LONGEST_NOTE
from rnnviz.plots.style import counted
from rnnviz.runs import Run
from rnnviz.settings import Settings, bounds, choices
from rnnviz.ui import page, run_files, session, study
from rnnviz.ui.component import lecture
from rnnviz.ui.settings_form import STEP, WORDS

OPEN = ("train", "anatomy", "gates", "units", "gradients")
"""Pages that look at one run."""
BRANCHED = ("optimizer", "lr", "schedule", "warmup", "momentum", "weight_decay", "clip")
"""Settings that a run can go on with otherwise, as the form shows them."""


def one(run: Run) -> None:
    """Draw what can be done to one run."""
    st.markdown("Open on", width="content")
    titles = {file: (title, icon) for file, title, icon, _ in page.PAGES}
    for file in OPEN:
        title, icon = titles[file]
        if st.button(title, icon=icon, key=f"open_{file}", type="tertiary"):
            session.look_into(run)
            page.go_to(file)
    # words alone: with icons the row does not fit 1280 pixels
    with st.popover("Describe"):
        describe(run)
    with st.popover("Go on"):
        go_on(run)
    with st.popover("Duplicate"):
        duplicate(run)
    with st.popover("Download"):
        run_files.downloads(run)
    with st.popover("Lecture"):
        lecture(run.id)


def describe(run: Run) -> None:
    """Draw the form of name, tags and note."""
    with st.form(f"describe_{run.id}", border=False):
        name = st.text_input("Name", run.name, max_chars=LONGEST_NAME)
        tags = st.text_input("Tags", ", ".join(run.tags), help="Separate them by commas.")
        note = st.text_area("Note", run.note, max_chars=LONGEST_NOTE)
        if st.form_submit_button("Keep", type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def keep() -> None:
                store.tag(run.id, me, tags.split(","))
                store.annotate(run.id, me, note)
                store.rename(run.id, me, name)

            if session.attempt(keep):
                st.rerun()


def go_on(run: Run) -> None:
    """Draw the ways to train it further: as it is, or as a new run that is trained otherwise."""
    same, other = st.tabs(["More steps", "Other training"])
    with same:
        more_steps(run)
    with other:
        branch(run)


def more_steps(run: Run) -> None:
    """Draw the form that gives a run more steps."""
    with st.form(f"more_{run.id}", border=False):
        more = st.number_input("Steps more", 1, int(bounds("steps")[1]), 1000, step=100)
        if st.form_submit_button("Train them", type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def go_on() -> None:
                store.extend(run.id, me, int(more))
                store.resume(run.id, me)

            if session.attempt(go_on):
                st.rerun()


def branch(run: Run) -> None:
    """Draw the form of a run that goes on from a checkpoint of this one, trained otherwise."""
    kept = session.store().checkpoint_steps(run.id)
    if not kept:
        st.caption("Nothing to go on from yet: train it first.")
        return
    with st.form(f"branch_{run.id}", border=False):
        step = kept[-1]
        if len(kept) > 1:
            step = st.select_slider(
                "A new run, with its weights after step", kept, step,
                help="This run stays as it is.",
            )  # fmt: skip
        places = st.columns(3) * 3
        more = places[0].number_input("Steps more", 1, int(bounds("steps")[1]), 1000, step=100)
        given = {**run.settings.model_dump(), "lr": run.lr}
        changes = {
            name: _field(place, name, given[name])
            for name, place in zip(BRANCHED, places[1:], strict=False)
        }
        if st.form_submit_button("Train it on", type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def begin() -> None:
                made = store.branch(run.id, me, int(more), step=step, **changes)
                store.enqueue(made, me)
                st.session_state["pick"] = made

            if session.attempt(begin):
                st.rerun()


def _field(place: Any, name: str, value: Any) -> Any:
    """Draw one setting at its value; return what is chosen."""
    field = Settings.model_fields[name]
    if isinstance(field.default, str):
        keys = choices(name)
        return place.selectbox(field.title, keys, keys.index(value), lambda key: WORDS[key])
    kind = int if field.annotation is int else float
    low, high = (kind(bound) for bound in bounds(name))
    return place.number_input(
        field.title, low, high, value, step=kind(STEP.get(name, 1)), help=field.description,
        format="%d" if kind is int else "%g",
    )  # fmt: skip


def duplicate(run: Run) -> None:
    """Draw the form of a copy with other settings, which trains at once."""
    settings = run.settings
    with st.form(f"copy_{run.id}", border=False):
        name = st.text_input("Name", run.name, max_chars=LONGEST_NAME)
        cells = list(CELLS)
        cell = st.selectbox(
            "Cell", cells, cells.index(settings.cell), format_func=lambda key: CELLS[key].title
        )
        left, right = st.columns(2)
        low, high = (float(bound) for bound in bounds("lr"))
        changes = {
            "hidden": left.number_input("Hidden units", 1, 1024, settings.hidden),
            "lr": right.number_input("Learning rate", low, high, settings.lr, format="%g"),
            "steps": left.number_input("Steps", 1, int(bounds("steps")[1]), settings.steps),
            "seed": right.number_input("Seed", 0, int(bounds("seed")[1]), settings.seed),
        }
        st.caption("All other settings are those of this run.")
        if st.form_submit_button("Train the copy", type="primary", width="stretch"):
            store, me = session.store(), session.owner()

            def copy() -> None:
                store.enqueue(store.duplicate(run.id, me, name, cell=cell, **changes), me)

            if session.attempt(copy):
                st.rerun()
    if st.button("Change any setting…", width="stretch", help="Opens the Train page, untrained, "
                 "with all settings of this run in the form."):  # fmt: skip
        session.take(run.settings)
        page.go_to("train")


def open_study(id: str) -> None:
    """Draw the button that opens a study on the Compare page."""
    if st.button("Open on Compare", icon=":material/stacked_line_chart:", type="tertiary"):
        name = "sweep" if session.store().study(id).plan.vary else "study"
        study.enter(name, id)
        st.session_state["look"] = "map" if name == "sweep" else "learning"
        page.go_to("compare")


def delete(ids: Sequence[str], *, studies: bool = False) -> None:
    """Draw the button that puts what is picked into the bin."""
    if st.button("Delete", icon=":material/delete:", key="delete"):
        store, me = session.store(), session.owner()
        order = store.delete_study if studies else store.delete
        gone = [id for id in ids if session.attempt(lambda id=id: order(id, me))]  # type: ignore[misc]
        st.session_state["undo"] = (studies, gone)
        st.rerun()


def undo() -> None:
    """Draw what was deleted last, with the button that takes it back."""
    studies, gone = st.session_state.get("undo", (False, []))
    if not gone:
        return
    what = counted(len(gone), *(("study", "studies") if studies else ("run",)))
    st.markdown(f"{what} in the bin.", width="content")
    if st.button("Undo", icon=":material/undo:", key="undo_delete"):
        put_back(gone, studies=studies)


def put_back(ids: Sequence[str], *, studies: bool = False) -> None:
    """Take runs or studies out of the bin."""
    store, me = session.store(), session.owner()
    order = store.restore_study if studies else store.restore
    for id in ids:
        session.attempt(lambda id=id: order(id, me))  # type: ignore[misc]
    st.session_state.pop("undo", None)
    st.rerun()
