"""Look into a model of your own: weights, a saved trace, or a training that is watched."""

from typing import Any

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.export.script import TRACE_FILE
from rnnviz.kept_traces import PREFIX
from rnnviz.settings import Settings
from rnnviz.ui import anatomy, choices, own_model, session, text, traces
from rnnviz.ui.component import figure
from rnnviz.ui.trace_choices import looks

# Header, bars and gaps take the rest of the screen.
HEIGHT = "max(26rem, calc(100vh - 196px))"
NOTHING = Settings()  # a trace has none; what stands for them in a draft is not looked at
EMPTY = """
Drop a file of weights at the left: safetensors, or what `torch.save(model.state_dict(), path)`
wrote. The recurrent layers in it are found by their names and sizes, and nothing in it is run.
Then random numbers, a text or rows of numbers of yours go in, and you see every gate, state and
gradient. A trace that you saved (`trace.save("mine.npz")`) opens in the same place.
"""
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
    name, steps = f"{PREFIX}{kept.id}", session.store().moment_steps(kept.id)
    if not steps:
        st.info(f"“{kept.name}” has no trace yet: the first comes with its next steps.")
        waiting(kept.id)
        return
    top = st.container(horizontal=True, vertical_alignment="center", gap="small")
    controls = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with controls:
        at = moment(list(steps))
    try:
        trace = traces.opened(kept.id, at if at is not None else steps[-1])
    except RnnvizError as error:
        st.error(str(error))
        return
    known = looks(trace, len(steps))
    words = {key: each.words for key, each in known.items()}
    with top:
        key = choices.segment("own", "What to look at", "signals", words)
    look = known[key]
    with controls:
        choice = look.controls(trace)
        save(kept.id, at if at is not None else steps[-1])
    views = [choice.pop("view")] if "view" in choice else list(look.views)
    if key == "anatomy":
        mode = choice.pop("mode", "values")
        anatomy.drawing(name, NOTHING, height=HEIGHT, step=at, mode=mode, **choice)
    elif key == "text":
        text.reader(name, NOTHING, step=at, brush="", **choice)
    else:
        for view, column in zip(views, st.columns(len(views)), strict=True):
            with column:
                figure(view, name, NOTHING, height=HEIGHT, step=at, time=look.over_time, **choice)


def save(id: str, step: int) -> None:
    """Draw the button that saves the trace as a file."""
    store = session.store()
    st.download_button(
        "Save", lambda: store.moment(id, step), TRACE_FILE, "application/octet-stream",
        icon=":material/download:", type="tertiary", on_click="ignore",
        help="The trace as a file, for rnnviz.Trace.load: its arrays, and the weights.",
    )  # fmt: skip


def moment(steps: list[int]) -> int | None:
    """Draw the list of the recorded steps of a training; None follows the newest."""
    if len(steps) < 2:
        return None
    kept: list[Any] = ["newest", *reversed(steps)]
    asked = session.looked_at()
    chosen = st.selectbox(
        "Training step", kept, kept.index(asked) if asked in steps else 0, width=150,
        format_func=lambda step: "newest step" if step == "newest" else f"step {step:,}",
        label_visibility="collapsed",
    )  # fmt: skip
    step = None if chosen == "newest" else int(chosen)
    session.look_at(step)
    return step


@st.fragment(run_every=2.0)
def waiting(id: str) -> None:
    """Draw the page again when the first trace has come."""
    if session.store().moment_steps(id):
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
    st.markdown(EMPTY)
    left, right = st.columns(2)
    with left:
        st.markdown("From a notebook, with your own model and data:")
        st.code(SHOW, language="python")
    with right:
        st.markdown("A training of your own, while it runs:")
        st.code(WATCH, language="python")
else:
    st.fragment(screen)()
