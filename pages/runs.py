"""All that a visitor has trained: find it, name it, open it, compare it, go on with it."""

import streamlit as st

from rnnviz.store.origin import told
from rnnviz.store.run_list import Entry
from rnnviz.store.states import ACTIVE, State
from rnnviz.store.states import WORDS as STATES
from rnnviz.ui import address, choices, run_actions, run_files, session
from rnnviz.ui.component import figure, tall
from rnnviz.ui.run_table import SORTS, ordered, run_table, searched, study_table
from rnnviz.words import N_, language, t, tn

LISTS = {
    "runs": N_("runs"),
    "members": N_("runs of studies"),
    "studies": N_("studies"),
    "bin": N_("bin"),
}
# Table, header, bars and gaps leave this much for the curves.
HEIGHT, HEIGHT_BELOW = tall(100, 29.375, 16), tall(100, 32, 16)
EMPTY = {
    "runs": N_("Nothing trained yet: press Train on the Train page, and the run is kept here."),
    "members": N_("No study has trained yet: press Train all on the Compare page."),
    "studies": N_("No study yet: press Train all on the Compare page."),
}


def runs(me: str, *, of_studies: bool) -> None:
    """Draw the table of runs, what can be done to those that are picked, and their curves."""
    entries = session.store().runs.entries(me, of_studies=of_studies)
    with top:
        address.seed("q", "", str)
        hint = t("Search names, tags, settings, notes")
        text = st.text_input(
            t("Search"), key="q", placeholder=hint, label_visibility="collapsed",
            width=choices.wide([hint], 300), persist_state="session",
        )  # fmt: skip
        address.note("q", text, "")
        tags = sorted({tag for entry in entries for tag in entry.run.tags})
        words = {"": t("any tag")} | {each: each for each in tags}
        tag = choices.listed("tag", t("Tag"), words, width=150)
        sort = choices.listed("sort", t("Order"), choices.said(SORTS), width=180)
    found = ordered(searched(entries, text or "", tag), sort)
    if not entries:
        st.info(t(EMPTY["members" if of_studies else "runs"]))
        return
    if not found:
        st.info(t("No run matches: search for something else, or choose another tag."))
        return
    going = [run.step for run in session.store().runs.list(me) if run.state in ACTIVE]
    if going:
        watch(me, going)
    picked = run_table(found)
    by_id: dict[str, Entry] = {entry.run.id: entry for entry in found}
    with actions:
        if picked:
            says = t("{count} of {all} picked", count=len(picked), all=len(found))
        else:
            says = tn("{count} run", "{count} runs", len(found))
        st.markdown(says, width="content")
        if len(picked) == 1:
            run_actions.one(by_id[picked[0]].run)
        if len(picked) > 1:
            run_files.logs(picked)
        if picked:
            run_actions.delete(picked)
    if picked:
        first = by_id[picked[0]].run
        settings, origin = first.settings, first.origin if len(picked) == 1 else None
        if origin:
            st.text(told(settings, origin))
        others = ",".join(picked[1:])
        # the names are in the store, but that one has changed only the page knows
        names = ",".join(by_id[id].run.name for id in picked)
        height = HEIGHT_BELOW if origin else HEIGHT
        figure("run_losses", picked[0], settings, height=height, beside=others,
               named=names)  # fmt: skip
    else:
        st.caption(
            t(
                "Pick runs at the left edge of the table: one to open, describe or go on with "
                "it, several to compare their learning curves."
            )
        )


@st.fragment(run_every=2.0)
def watch(me: str, seen: list[int]) -> None:
    """Draw the page again when a run has gone on."""
    if [run.step for run in session.store().runs.list(me) if run.state in ACTIVE] != seen:
        st.rerun()


def studies(me: str) -> None:
    """Draw the table of studies."""
    store = session.store()
    found = store.studies.list(me)
    if not found:
        st.info(t(EMPTY["studies"]))
        return
    picked = study_table(found, [standing(each.id) for each in found])
    with actions:
        st.markdown(tn("{count} study", "{count} studies", len(found)), width="content")
        if len(picked) == 1:
            run_actions.open_study(picked[0])
        if picked:
            run_actions.delete(picked, studies=True)


def standing(study: str) -> str:
    """Say how many runs of a study are in which state."""
    states = session.store().studies.head(study).states
    return ", ".join(
        t("{count} {state}", count=count, state=t(STATES[State(state)])) for state, count in states
    )


def binned(me: str) -> None:
    """Draw what was deleted, and can be put back."""
    gone, studies_gone = session.store().bin.contents(me)
    if not gone and not studies_gone:
        st.info(t("The bin is empty. What you delete lies here for two weeks."))
        return
    with actions:
        if st.button(t("Empty the bin"), icon=":material/delete_forever:"):
            session.attempt(lambda: session.store().bin.empty(me))
            st.rerun()
    if gone:
        picked = run_table([Entry(run, None, None, ()) for run in gone])
        if picked and st.button(t("Put back the runs"), icon=":material/undo:"):
            run_actions.put_back(picked)
    for study in studies_gone:
        with st.container(horizontal=True, vertical_alignment="center"):
            says = tn("Study of {count} run", "Study of {count} runs", study.plan.count)
            st.markdown(says, width="content")
            if st.button(t("Put back"), key=f"back_{study.id}"):
                run_actions.put_back([study.id], studies=True)


top = st.container(horizontal=True, vertical_alignment="center", gap="small")
actions = st.container(
    horizontal=True,
    vertical_alignment="center",
    gap="xsmall",
    height=52 if language() == "en" else "content",
    border=False,
)
with top:
    shown = choices.segment("shown", t("What to list"), "runs", choices.said(LISTS))
    if shown == "runs":
        run_files.open_file()
    run_actions.undo()
me = session.owner()
if shown == "studies":
    studies(me)
elif shown == "bin":
    binned(me)
else:
    runs(me, of_studies=shown == "members")
