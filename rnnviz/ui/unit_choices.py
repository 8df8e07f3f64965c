"""The controls of the Units page: what is read, which units, what they know, what is matched."""

from typing import Any

import streamlit as st

from rnnviz.analysis import PROPERTIES
from rnnviz.analysis.expressions import LONGEST_PATTERN
from rnnviz.errors import RunError
from rnnviz.looks.writing import LONGEST_PROMPT, MOST_CHARACTERS, PROMPTS, can_write
from rnnviz.networks.cells import CELLS
from rnnviz.plots.style import GATES
from rnnviz.settings import Settings
from rnnviz.tasks import Task
from rnnviz.tasks.base import MOST_TYPED
from rnnviz.ui import address, session
from rnnviz.ui.choices import SHORT, listed, sample, segment, wide
from rnnviz.views.layer_names import layers_of
from rnnviz.views.pasted import SHORT_TEXT, keep_text, kept_text
from rnnviz.views.reading import alphabet, first_symbol
from rnnviz.views.telling import ROWS, known_properties
from rnnviz.words import t, tn

ROW_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16)
THRESHOLDS = (*range(5, 100, 5), 100, 150, 200, 300)
MOST_LAG = 100


def what_is_read(settings: Settings) -> dict[str, Any]:
    """Draw signal, layer, and the probe's sample or a text of one's own; return the query."""
    kind = CELLS[settings.cell]
    symbols = {**kind.gates, **kind.states}
    words = {key: f"{letter} {t(SHORT[key])}" for key, letter in symbols.items()}
    layers = layers_of(settings)
    asked: dict[str, Any] = {"signal": "", "layer": ""}
    if len(words) > 1:
        asked["signal"] = segment("shown", t("Signal"), "hidden_state", words)
    if len(layers) > 1:
        asked["layer"] = segment("layer", t("Layer"), next(iter(layers)), layers)
    own = own_text(settings)
    read: dict[str, Any] = own if own else {"sample": sample()}
    return asked | read


def own_text(settings: Settings) -> dict[str, str]:
    """Draw the place for a text of one's own; return how the view gets it, if there is one."""
    task = session.task(settings)
    if not readable(task):
        return {}
    address.seed("input", "", str)
    given = str(st.session_state["input"])
    with st.popover(t("Own input ✓") if given else t("Own input"), width="content"):
        text = st.text_area(
            t("Read this instead of the probe"),
            key="input",
            height=160,
            placeholder=t("Type or paste, then press Ctrl+Enter. Leave empty for the probe."),
            help=t(
                "Up to {most:,} characters; a link carries up to {carried}.",
                most=MOST_TYPED,
                carried=SHORT_TEXT,
            ),
            persist_state="session",
        )
    if not text:
        address.note("input", "", "")
        return {}
    short = len(text) <= SHORT_TEXT
    address.note("input", text if short else "", "")
    if short:
        return {"input": text}
    # Too long for an address: the views find it under a key that only this visitor has.
    known, key = st.session_state.get("pasted", ("", ""))
    if known != text or kept_text(key) is None:
        try:
            key = keep_text(text)
        except RunError as error:
            st.error(str(error))
            return {}
        st.session_state["pasted"] = (text, key)
    return {"pasted": key}


def readable(task: Task) -> bool:
    """Return whether a visitor can type what this task reads."""
    return type(task).read is not Task.read


def which_units(hidden: int) -> dict[str, Any]:
    """Draw which units are shown and how many; return the query."""
    address.seed("units", "", str)
    units = st.text_input(
        t("Units"),
        key="units",
        placeholder=t("the best units"),
        label_visibility="collapsed",
        width=wide([t("the best units")], 150),
        help=t(
            "Such as 3, 7, 12 (from 0 to {last}); empty: those that tell the property best.",
            last=hidden - 1,
        ),
        persist_state="session",
    )
    address.note("units", units, "")
    words = {str(rows): tn("{count} unit", "{count} units", rows) for rows in ROW_COUNTS}
    rows = listed("rows", t("Units shown"), words, str(ROWS), width=115)
    return {"units": units.replace(" ", ""), "rows": rows}


def property_choice(settings: Settings) -> dict[str, Any]:
    """Draw the property that units may tell, with its parameters; return the query."""
    task = session.task(settings)
    known = known_properties(task)
    words = {key: t(PROPERTIES[key].title) for key in known}
    name = listed("property", t("Property"), words, width=215)
    kind = PROPERTIES[name]
    asked: dict[str, Any] = {"property": name}
    if kind.parameter in ("symbol", "answer"):
        answer = kind.parameter == "answer"
        shown = {each: each for each in alphabet(task)[answer]}
        first = first_symbol(task, answer)
        asked["symbol"] = listed("symbol", t("Symbol"), shown, first, width=90)
    elif kind.parameter == "feature":
        words = {str(place): t("input {number}", number=place + 1) for place in range(task.inputs)}
        asked["feature"] = listed("feature", t("Input"), words, width=110)
    elif kind.parameter == "pattern":
        address.seed("pattern", r"\bthe\b", str)
        asked["pattern"] = st.text_input(
            t("Regular expression"),
            key="pattern",
            max_chars=LONGEST_PATTERN,
            label_visibility="collapsed",
            width=190,
            help=t(
                "Python's re; a character counts if it is part of a match. A search that takes "
                "longer than a second is ended."
            ),
            persist_state="session",
        )
        address.note("pattern", asked["pattern"], r"\bthe\b")
    if kind.lag:
        ago = {
            str(lag): tn("{count} step ago", "{count} steps ago", lag) if lag else t("now")
            for lag in range(max(2, min(task.steps, MOST_LAG)))
        }
        asked["ago"] = listed("ago", t("Steps ago"), ago, width=140)
    return asked


def match_choice(signal: str) -> dict[str, Any]:
    """Draw from where on a unit counts as on; return the query."""
    thresholds = {
        str(share): t("on: value ≥ {threshold}", threshold=f"{share / 100:g}")
        if signal in GATES
        else t("on: |value| ≥ {threshold}", threshold=f"{share / 100:g}")
        for share in THRESHOLDS
    }
    on = listed("on", t("On from"), thresholds, "30", width=185)
    address.seed("outside", False, lambda text: text == "1")
    outside = st.toggle(
        t("off right outside"),
        key="outside",
        help=t("Count a unit only if it is off at the step before the stretch and the step after."),
        persist_state="session",
    )
    address.note("outside", "1" if outside else "", "")
    return {"on": on, "outside": "1" if outside else ""}


def below(settings: Settings) -> dict[str, str]:
    """Return what can be shown beside the ranking: matches, and what the task allows."""
    task = session.task(settings)
    words = {"match": t("where else")}
    if can_write(task):
        words["write"] = t("let it write")
    if not task.tokens:
        words["lines"] = t("as lines")
    return words


def writing_choice(settings: Settings) -> dict[str, Any]:
    """Draw prompt, temperature, length and seed of a text to be written; return the query."""
    task = session.task(settings)
    first: str = task.prompt  # type: ignore[attr-defined]
    address.seed("prompt", first, str)
    if st.session_state["prompt"] in (*PROMPTS, st.session_state.get("prompt_of_text")):
        st.session_state["prompt"] = first  # it was another text's own
    st.session_state["prompt_of_text"] = first
    prompt = st.text_input(
        t("Prompt"),
        key="prompt",
        max_chars=LONGEST_PROMPT,
        label_visibility="collapsed",
        placeholder=t("prompt"),
        width=140,
        persist_state="session",
    )
    address.note("prompt", prompt, first)
    degrees = {
        str(10 * tenth): t("temperature {degree:g}", degree=tenth / 10) for tenth in range(0, 21)
    }
    temperature = listed("temperature", t("Temperature"), degrees, "80", width=165)
    seeds = {str(seed): t("seed {seed}", seed=seed) for seed in range(100)}
    draw = listed("draw", t("Seed"), seeds, "0", width=100)
    letters = hasattr(task, "vocabulary")
    lengths = {
        str(count): tn("{count} character", "{count} characters", count)
        if letters
        else tn("{count} word", "{count} words", count)
        for count in (50, 100, 200, MOST_CHARACTERS)
    }
    length = listed("characters", t("Characters"), lengths, "200", width=155)
    return {"prompt": prompt, "temperature": temperature, "draw": draw, "characters": length}
