"""The controls of the Translation page, and what it says where there is nothing to translate."""

from typing import Any

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, task_of
from rnnviz.ui import session
from rnnviz.ui.choices import listed, sample, segment
from rnnviz.ui.settings_form import take_defaults
from rnnviz.views.translation import MOST_BEAMS


def translates(settings: Settings) -> bool:
    """Return whether there is something to translate; else say so, with a way to it."""
    if task_of(settings).translates:
        return True
    st.info(
        f"The task here is {TASKS[settings.task].title}. Only a translation has a source, which "
        "an encoder reads, and a target, which a decoder writes: take one of these."
    )
    with st.container(horizontal=True, gap="small"):
        for key, kind in TASKS.items():
            if kind.translates:
                title = kind.title.capitalize().replace("iso", "ISO")
                if st.button(title, key=f"take_{key}", on_click=take, args=(key,)):
                    st.rerun()  # the form at the side, too
    return False


def take(task: str) -> None:
    """Look at an untrained network for a task, with the task's own settings."""
    session.leave()
    st.session_state["task"] = task
    take_defaults()


def shown(settings: Settings, look: str, typed: str = "") -> dict[str, Any]:
    """Draw which sample, what the decoder reads, and how it writes; return the query."""
    asked: dict[str, Any] = {} if typed else {"sample": sample()}
    fed = {"own": "reads its own symbols", "true": "reads the true symbols"}
    asked["fed"] = segment("fed", "What goes into the decoder", "own", fed)
    if look == "beam":
        widths = {str(width): f"beam {width}" if width > 1 else "greedy"
                  for width in range(1, MOST_BEAMS + 1)}  # fmt: skip
        asked["beam"] = listed("beam", "Beam", widths, "5", width=110)
    if look == "ways":
        task = task_of(settings)
        probe = task.read(typed) if typed else task.probe()
        place = min(int(st.session_state.get("sample") or 0), len(probe.targets) - 1)
        target = [each for each in probe.targets[0 if typed else place] if each]
        words = {str(at): f"{at + 1}. symbol {symbol}" for at, symbol in enumerate(target)}
        middle = str(len(target) // 2)
        asked["symbol"] = listed("symbol_at", "Symbol", words, middle, width=150)
    return asked
