"""See every gate of a layer: through time, how it is spread, how it changes, its weights."""

from collections.abc import Callable

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.ui import choices, gate_choices, session, whatif
from rnnviz.ui.component import figure
from rnnviz.ui.settings_form import settings_form
from rnnviz.ui.transport import transport

# One picture at a time, as large as header, bars and gaps leave room for.
# What a change of the probe or of a signal leaves as it is.
UNCHANGED = ("training", "weights")
HEIGHT = "max(26rem, calc(100vh - 272px))"

run = session.current_run()
name = run.id if run else None
settings = settings_form(run)
if settings is None:
    st.stop()
looked_at = run.settings if run else settings

LOOKS: dict[str, tuple[str, str, Callable[[Settings], dict[str, object]]]] = {
    # key: its words, its view, its controls
    "signals": ("signals", "signals", gate_choices.signals),
    "distribution": ("distribution", "distribution", gate_choices.distribution),
    "saturation": ("saturation", "saturation", gate_choices.layer_only),
    "memory": ("memory", "memory", gate_choices.memory),
    "training": ("over training", "unit_history", gate_choices.history),
    "weights": ("weights", "weights", gate_choices.weights),
}

with st.container(gap="small"):
    step = transport(run, settings)
    words = {key: look[0] for key, look in LOOKS.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show = choices.segment("show", "What to look at", "signals", words)
        _, view, controls = LOOKS[show]
        change = whatif.controls(looked_at) if show not in UNCHANGED else {}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        choice = controls(looked_at) | change
    if choice.pop("view", None) == "unit":
        view = "unit_lines"
    over_time = view in ("signals", "unit_lines") or choice.get("form") == "time"
    figure(view, name, settings, height=HEIGHT, step=step, time=over_time, **choice)
    whatif.panel(name, settings, step, choice)
