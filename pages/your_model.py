"""Look into a model of your own: weights, a saved trace, or a training that is watched."""

from typing import Any

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.export.script import TRACE_FILE
from rnnviz.looks import looks_at
from rnnviz.settings import Settings
from rnnviz.store.traces import PREFIX
from rnnviz.ui import choices, own_model, session, traces
from rnnviz.ui.ask import ask
from rnnviz.ui.pictures import pictures, tab
from rnnviz.views.gallery import watched
from rnnviz.views.recorded import Recorded
from rnnviz.words import N_, t

# Header, bars and gaps take the rest of the screen.
HEIGHT = "max(26rem, calc(100vh - 196px))"
NOTHING = Settings()  # a trace has none; what stands for them in a draft is not looked at
EMPTY = N_(
    "Drop a file of weights at the left: safetensors, or what `torch.save(model.state_dict(), "
    "path)` wrote. The recurrent layers in it are found by their names and sizes, and nothing in "
    "it is run. Then random numbers, a text or rows of numbers of yours go in, and you see every "
    'gate, state and gradient. A trace that you saved (`trace.save("mine.npz")`) opens in the '
    "same place."
)
SHOW = """\
with rnnviz.record(model) as trace:
    loss(model(x), y).backward()
rnnviz.show(trace)\
"""
WATCH = """\
with rnnviz.watch(model, every=50) as watch:
    rnnviz.show(watch)
    for x, y in batches:
        ...  # your own training step
        watch.step(loss)\
"""


def screen() -> None:
    """Draw the looks at the trace, the controls of one, and its pictures."""
    kept = traces.current()
    if kept is None:
        return
    name, steps = f"{PREFIX}{kept.id}", session.store().traces.steps(kept.id)
    if not steps:
        says = t("“{name}” has no trace yet: the first comes with its next steps.", name=kept.name)
        st.info(says)
        waiting(kept.id)
        return
    top = st.container(gap="small")
    controls = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with controls:
        at = moment(list(steps))
    try:
        trace = traces.opened(kept.id, at if at is not None else steps[-1])
    except RnnvizError as error:
        st.error(str(error))
        return
    training = watched(session.store(), kept)
    subject = Recorded(lambda moment: trace, steps, kept.name, name=name, watched=training)
    known = {look.key: look for look in looks_at(subject).values()}
    with top:
        look = tab("own", known, "signals", alone=True)
    with controls:
        choice = ask(look.controls(subject), prefix="of_")
        save(kept.id, at if at is not None else steps[-1])
    pictures(look, name, NOTHING, height=HEIGHT, step=at, choice=choice)


def save(id: str, step: int) -> None:
    """Draw the button that saves the trace as a file."""
    store = session.store()
    st.download_button(
        t("Save"), lambda: store.traces.moment(id, step), TRACE_FILE, "application/octet-stream",
        icon=":material/download:", type="tertiary", on_click="ignore",
        help=t("The trace as a file, for rnnviz.Trace.load: its arrays, and the weights."),
    )  # fmt: skip


def moment(steps: list[int]) -> int | None:
    """Draw the list of the recorded steps of a training; None follows the newest."""
    if len(steps) < 2:
        return None
    kept: list[Any] = ["newest", *reversed(steps)]
    asked = session.looked_at()
    chosen = st.selectbox(
        t("Training step"), kept, kept.index(asked) if asked in steps else 0,
        width=choices.wide([t("newest step")], 150),
        format_func=lambda step: (
            t("newest step") if step == "newest" else t("step {step:,}", step=step)
        ),
        label_visibility="collapsed",
    )  # fmt: skip
    step = None if chosen == "newest" else int(chosen)
    session.look_at(step)
    return step


@st.fragment(run_every=2.0)
def waiting(id: str) -> None:
    """Draw the page again when the first trace has come."""
    if session.store().traces.steps(id):
        st.rerun()


with st.sidebar:
    own_model.bring()
    current = traces.current()
    own_model.kept(current)
    source = own_model.source_of(traces.newest(current))
    if source is not None:
        own_model.feeding(source)
if own_model.refused():
    st.error(own_model.refused())
if traces.current() is None:
    st.markdown(t(EMPTY))
    left, right = st.columns(2)
    with left:
        st.markdown(t("From a notebook, with your own model and data:"))
        st.code(SHOW, language="python")
    with right:
        st.markdown(t("A training of your own, while it runs:"))
        st.code(WATCH, language="python")
else:
    st.fragment(screen)()
