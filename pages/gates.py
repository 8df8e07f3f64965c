"""See every gate of a layer: through time, how it is spread, how it changes, its weights."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from rnnviz.runs import Run
from rnnviz.settings import Settings
from rnnviz.ui import choices, gate_choices, whatif
from rnnviz.ui.component import figure, tall
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport

# One picture at a time, as large as header, bars and gaps leave room for.
# What a change of the probe or of a signal leaves as it is.
UNCHANGED = ("training", "weights")
HEIGHT = tall(100, 17, 26)

LOOKS: dict[str, tuple[str, str, Callable[[Settings], dict[str, object]]]] = {
    # key: its words, its view, its controls
    "signals": ("signals", "signals", gate_choices.signals),
    "distribution": ("distribution", "distribution", gate_choices.distribution),
    "saturation": ("saturation", "saturation", gate_choices.layer_only),
    "memory": ("memory", "memory", gate_choices.memory),
    "training": ("over training", "unit_history", gate_choices.history),
    "weights": ("weights", "weights", gate_choices.weights),
}


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar, the look that is chosen, and what a change of it does."""
    name = run.id if run else None
    looked_at = run.settings if run else settings
    step = transport(run, settings, changed=whatif.changes())
    words = {key: each[0] for key, each in LOOKS.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls"):
        look = choices.segment("show", "What to look at", "signals", words)
        _, view, controls = LOOKS[look]
        change = whatif.controls(looked_at) if look not in UNCHANGED else {}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls_2"):
        choice: dict[str, Any] = controls(looked_at) | change
    if choice.pop("view", None) == "unit":
        view = "unit_lines"
    over_time = view in ("signals", "unit_lines") or choice.get("form") == "time"
    figure(view, name, settings, height=HEIGHT, step=step, time=over_time, **choice)
    whatif.panel(name, settings, step, choice)


show(screen)
