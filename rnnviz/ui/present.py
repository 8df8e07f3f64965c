"""Presenter mode: larger type and nothing but the pictures; and what a lesson's link hides."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from rnnviz.resources import asset
from rnnviz.server import live
from rnnviz.ui import address
from rnnviz.ui.component import declare

HIDE = {
    "sidebar": "[data-testid=stSidebar], [data-testid=stExpandSidebarButton]",
    "header": "[data-testid=stHeader]",
    "transport": ".st-key-transport",
    "orders": ".rnnviz-orders",
    "controls": "[class*=st-key-controls]",
    "words": ".rnnviz-says",
    "present": ".st-key-present",
}
"""Word of the address -> what it hides, as CSS selects it."""

PRESENT = """
<div class="rnnviz-present" data-rnnviz>
  <button type="button" data-do="enter" aria-keyshortcuts="p"></button>
  <div class="rnnviz-presenting" role="group">
    <button type="button" data-do="back" aria-keyshortcuts="PageUp">‹</button>
    <span></span>
    <button type="button" data-do="next" aria-keyshortcuts="PageDown">›</button>
    <button type="button" data-do="leave" aria-keyshortcuts="Escape">✕</button>
  </div>
</div>
"""

_present = declare("present", PRESENT)


def presenter(titles: Sequence[str], current: int, go: Callable[[int], Any]) -> None:
    """Place the button of presenter mode, and hide what the address says to hide.

    Parameters
    ----------
    titles : sequence of str
        Of all pages.
    current : int
        The place of this one.
    go : callable
        Leaves for the page at a place.
    """
    address.seed("present", False, _switch)
    address.seed("hide", "", str)
    hidden = hidden_words(st.session_state["hide"])
    address.note("hide", ",".join(hidden), "")
    style = asset("present.css").read_text("utf-8")
    selected = ", ".join(HIDE[word] for word in hidden)
    if selected:
        style += f"\n{selected} {{ display: none !important; }}\n"
    if "header" in hidden:
        style += "\n:root { --rnnviz-header: 3.5rem; }\n"
        style += "[data-testid=stMainBlockContainer] { padding-top: 0.6rem !important; }\n"
        style += ".rnnviz-present > button { display: none; }\n"
    if "transport" in hidden:
        style += "\n:root { --rnnviz-transport: 3.9rem; }\n"
    st.html(f"<style>{style}</style>")
    with st.container(key="present"):
        result = _present(
            key="presenter",
            data={
                "base": live.prefix(),
                "on": st.session_state["present"],
                "title": titles[current],
            },
            default={"on": st.session_state["present"]},
            on_on_change=lambda: None,
            on_go_change=lambda: None,
        )
    st.session_state["present"] = bool(result.on)
    address.note("present", "1" if result.on else "", "")
    if result.go:
        go((current + (1 if result.go > 0 else -1)) % len(titles))


def hidden_words(text: str) -> list[str]:
    """Return which of the known parts of the page a link hides."""
    asked = text.split(",")
    return [word for word in HIDE if word in asked]


def _switch(text: str) -> bool:
    return text == "1"
