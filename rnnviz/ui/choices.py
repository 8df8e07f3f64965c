"""Controls of what is looked at: signal, layer, sample, loss; each bound to the address."""

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

from rnnviz.cells import CELLS
from rnnviz.plots.style import NAME
from rnnviz.settings import Settings
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.ui import address
from rnnviz.views import FIRST_LOOK

T = TypeVar("T")
SHORT = {name: words.removesuffix(" gate").removesuffix(" state") for name, words in NAME.items()}


def probe_choice(settings: Settings) -> dict[str, Any]:
    """Draw what to look at: signal, layer, sample and loss; return the view's query."""
    kind = CELLS[settings.cell]
    symbols = {**kind.gates, **kind.states}
    first = next(name for name in FIRST_LOOK if name in symbols)
    layers = {f"rnn.l{place}": f"layer {place + 1}" for place in range(settings.layers)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        return {
            "signal": segment(
                "signal", "Signal", first, {key: f"{symbols[key]} {SHORT[key]}" for key in symbols}
            ),
            "layer": listed("layer", "rnn.l0", layers) if settings.layers > 1 else "rnn.l0",
            "sample": sample(),
            "loss": segment(
                "loss",
                "Gradient of the loss of",
                "last",
                {"last": "∂ of last answer", "all": "∂ of all"},
            ),
        }


def segment(name: str, label: str, default: str, words: Mapping[str, str]) -> str:
    """Draw a few keys side by side; one that this network does not have becomes the default."""
    address.seed(name, default, address.one_of(words))
    if st.session_state[name] not in words:
        st.session_state[name] = default
    value = st.segmented_control(
        label,
        list(words),
        required=True,
        format_func=lambda key: words[key],
        key=name,
        label_visibility="collapsed",
        persist_state="session",
    )
    address.note(name, value, default)
    return value or default


def listed(name: str, default: T, words: Mapping[T, str]) -> T:
    """Draw a short list of choices; one that is not among them becomes the default."""
    address.seed(name, default, address.one_of(words))
    if st.session_state[name] not in words:
        st.session_state[name] = default
    value = st.selectbox(
        name.capitalize(),
        list(words),
        format_func=lambda key: words[key],
        key=name,
        label_visibility="collapsed",
        width=125,
        persist_state="session",
    )
    address.note(name, value, default)
    return value


def sample() -> int:
    """Draw the list of the probe's samples; return the place of one."""
    return listed("sample", 0, {place: f"sample {place + 1}" for place in range(PROBE_SIZE)})
