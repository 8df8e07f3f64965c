"""Controls of what is looked at: signal, layer, sample, loss; each bound to the address."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

import streamlit as st

from rnnviz.networks.cells import CELLS
from rnnviz.plots.style import SHORT
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.tasks.series import Forecast
from rnnviz.ui import address, session
from rnnviz.views import FIRST_LOOK
from rnnviz.views.layer_names import layers_of
from rnnviz.words import language, t

T = TypeVar("T")

SIZE, SMALLEST = 15.0, 10.0
"""Pixels of a control's type."""
LETTER, BESIDE = 7.3, 54
"""Pixels of a letter, and of what stands beside the words of a list."""
WHOLE, HALF = 175, 56
"""Pixels for words in a list that is as wide as the form, or half of it."""


def said(words: Mapping[T, str]) -> dict[T, str]:
    """Return messages in the visitor's language, each under its key."""
    return {key: t(word) for key, word in words.items()}


def begun(words: str) -> str:
    """Return words as a sentence begins: with a capital."""
    return f"{words[:1].upper()}{words[1:]}"


def wide(words: Iterable[str], least: int) -> int:
    """Return a control's width in pixels: as composed for English, or what other words need."""
    if language() == "en":
        return least
    return max(least, *(BESIDE + round(LETTER * len(word)) for word in words))


def fit(name: str, words: str, room: int) -> None:
    """Draw the chosen words of a list smaller where they are longer than English ones.

    Parameters
    ----------
    room : int
        In pixels, what the box has for words.
    """
    needed = LETTER * len(words)
    if needed > room and language() != "en":
        size = max(SMALLEST, SIZE * room / needed)
        st.html(f"<style>.st-key-{name} input {{ font-size: {size:.1f}px; }}</style>")


def picture_choice(settings: Settings) -> tuple[str, dict[str, Any]]:
    """Draw what to look at on the Train page: the large picture, its signal, layer, sample, loss.

    Returns
    -------
    str, dict
        The view of the large picture, and the query of the page's pictures.
    """
    kind = CELLS[settings.cell]
    symbols = {**kind.gates, **kind.states}
    first = next(name for name in FIRST_LOOK if name in symbols)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="controls"):
        words = {"gates": t("inside"), "examples": t("answers")}
        if TASKS[settings.task].translates and settings.attention != "none":
            words["translation_attention"] = t("attention")
        picture = segment("picture", t("Large picture"), "gates", words)
        choice: dict[str, Any] = {}
        if picture == "gates":
            # the names of gates have no room beside a list of layers; the title has the chosen one
            short = len(layers_of(settings)) > 1
            words = {key: symbols[key] if short else f"{symbols[key]} {t(SHORT[key])}"
                     for key in symbols}  # fmt: skip
            choice["signal"] = segment("signal", t("Signal"), first, words)
        elif settings.task == "own_series":
            choice["target"] = target(settings)
        words = {"last": t("∂ of last answer"), "all": t("∂ of all")}
        return picture, choice | {
            "layer": layer(settings),
            "sample": sample(),
            "loss": segment("loss", t("Gradient of the loss of"), "last", words),
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


def listed(
    name: str,
    label: str,
    words: Mapping[T, str],
    default: T | None = None,
    *,
    first: T | None = None,
    width: int | Literal["stretch"] = 160,
) -> T:
    """Draw a list of keys, each by its words; one that is not among them becomes the first.

    Parameters
    ----------
    default : optional
        What the address leaves out; the first key if not given.
    first : optional
        What is chosen where neither the address nor the session says so; the default if not given.
    width : int or "stretch"
        In pixels, without its label; "stretch" stands under its label, as wide as the column.
    """
    default = next(iter(words)) if default is None else default
    first = first if first is not None and first in words else default
    address.seed(name, first, address.one_of(words))
    if st.session_state[name] not in words:
        st.session_state[name] = first
    value = st.selectbox(
        label,
        list(words),
        format_func=lambda key: words[key],
        key=name,
        label_visibility="visible" if width == "stretch" else "collapsed",
        width=width if width == "stretch" else wide(words.values(), width),
        persist_state="session",
    )
    address.note(name, value, default)
    return value


def whole(name: str, label: str, default: int, last: int, *, least: int = 0, width: int) -> int:
    """Draw a whole number from `least` to `last`, without its label."""
    address.seed(name, default, address.one_of(range(least, last + 1)))
    st.session_state[name] = min(max(int(st.session_state[name] or 0), least), last)
    value = st.number_input(
        label,
        min_value=least,
        max_value=max(last, least + 1),
        disabled=last == least,
        key=name,
        label_visibility="collapsed",
        width=width,
        persist_state="session",
    )
    value = min(int(value or 0), last)
    address.note(name, value, default)
    return value


def sample() -> int:
    """Draw the list of the probe's samples; return the place of one."""
    words = {place: t("sample {number}", number=place + 1) for place in range(PROBE_SIZE)}
    return listed("sample", t("Sample"), words, width=125)


def target(settings: Settings) -> int:
    """Draw the list of what a task forecasts, if that is several columns; return the place."""
    task = session.task(settings)
    names = task.target_names if isinstance(task, Forecast) else [""]
    words = dict(enumerate(names))
    return listed("target", t("Column"), words, width=170) if len(words) > 1 else 0


def layer(settings: Settings) -> str:
    """Draw the list of layers, if there are several; return the name of one."""
    words = layers_of(settings)
    return listed("layer", t("Layer"), words, width=125) if len(words) > 1 else next(iter(words))


def unit(settings: Settings) -> int:
    """Draw the number of one unit."""
    return whole("unit", t("Unit"), 0, settings.hidden - 1, width=140)
