"""The controls of the Units page: what is read, which units, what they know, what is matched."""

from typing import Any

import streamlit as st

from rnnviz.analysis import PROPERTIES
from rnnviz.analysis.expressions import LONGEST_PATTERN
from rnnviz.cells import CELLS
from rnnviz.errors import RunError
from rnnviz.plots.style import GATES
from rnnviz.settings import Settings
from rnnviz.tasks import Task, task_of
from rnnviz.tasks.base import MOST_TYPED
from rnnviz.ui import address
from rnnviz.ui.choices import SHORT, listed, sample, segment
from rnnviz.views.layer_names import layers_of
from rnnviz.views.pasted import SHORT_TEXT, keep_text, kept_text
from rnnviz.views.reading import alphabet, first_symbol
from rnnviz.views.telling import ROWS, known_properties
from rnnviz.views.writing import LONGEST_PROMPT, MOST_CHARACTERS, PROMPTS, can_write

SHOWN = (1, 2, 3, 4, 6, 8, 12, 16)
THRESHOLDS = (*range(5, 100, 5), 100, 150, 200, 300)
MOST_LAG = 100


def what_is_read(settings: Settings) -> dict[str, Any]:
    """Draw signal, layer, and the probe's sample or a text of one's own; return the query."""
    kind = CELLS[settings.cell]
    symbols = {**kind.gates, **kind.states}
    words = {key: f"{letter} {SHORT[key]}" for key, letter in symbols.items()}
    layers = layers_of(settings)
    asked: dict[str, Any] = {
        "signal": segment("shown", "Signal", "hidden_state", words) if len(words) > 1 else "",
        "layer": segment("layer", "Layer", next(iter(layers)), layers) if len(layers) > 1 else "",
    }
    own = own_text(settings)
    read: dict[str, Any] = own if own else {"sample": sample()}
    return asked | read


def own_text(settings: Settings) -> dict[str, str]:
    """Draw the place for a text of one's own; return how the view gets it, if there is one."""
    task = task_of(settings)
    if not readable(task):
        return {}
    address.seed("input", "", str)
    given = str(st.session_state["input"])
    with st.popover("Own input ✓" if given else "Own input", width="content"):
        text = st.text_area(
            "Read this instead of the probe",
            key="input",
            height=160,
            placeholder="Type or paste, then press Ctrl+Enter. Leave empty for the probe.",
            help=f"Up to {MOST_TYPED:,} characters; a link carries up to {SHORT_TEXT}.",
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
        "Units",
        key="units",
        placeholder="the best units",
        label_visibility="collapsed",
        width=150,
        help=f"Such as 3, 7, 12 (from 0 to {hidden - 1}); empty: those that tell the property "
        "best.",
        persist_state="session",
    )
    address.note("units", units, "")
    words = {str(rows): f"{rows} unit{'s' * (rows > 1)}" for rows in SHOWN}
    rows = listed("rows", "Units shown", words, str(ROWS), width=115)
    return {"units": units.replace(" ", ""), "rows": rows}


def property_choice(settings: Settings) -> dict[str, Any]:
    """Draw the property that units may tell, with its parameters; return the query."""
    task = task_of(settings)
    known = known_properties(task)
    name = listed("property", "Property", {key: PROPERTIES[key].title for key in known}, width=215)
    kind = PROPERTIES[name]
    asked: dict[str, Any] = {"property": name}
    if kind.parameter in ("symbol", "answer"):
        answer = kind.parameter == "answer"
        shown = {each: each for each in alphabet(task)[answer]}
        first = first_symbol(task, answer)
        asked["symbol"] = listed("symbol", "Symbol", shown, first, width=90)
    elif kind.parameter == "feature":
        words = {str(place): f"input {place + 1}" for place in range(task.inputs)}
        asked["feature"] = listed("feature", "Input", words, width=110)
    elif kind.parameter == "pattern":
        address.seed("pattern", r"\bthe\b", str)
        asked["pattern"] = st.text_input(
            "Regular expression",
            key="pattern",
            max_chars=LONGEST_PATTERN,
            label_visibility="collapsed",
            width=190,
            help="Python's re; a character counts if it is part of a match. A search that takes "
            "longer than a second is ended.",
            persist_state="session",
        )
        address.note("pattern", asked["pattern"], r"\bthe\b")
    if kind.lag:
        ago = {"0": "now", "1": "1 step ago"}
        ago |= {str(lag): f"{lag} steps ago" for lag in range(2, min(task.steps, MOST_LAG))}
        asked["ago"] = listed("ago", "Steps ago", ago, width=140)
    return asked


def match_choice(signal: str) -> dict[str, Any]:
    """Draw from where on a unit counts as on; return the query."""
    words = {str(share): f"{share / 100:g}" for share in THRESHOLDS}
    letter = "value" if signal in GATES else "|value|"
    thresholds = {key: f"on: {letter} ≥ {each}" for key, each in words.items()}
    on = listed("on", "On from", thresholds, "30", width=185)
    address.seed("outside", False, lambda text: text == "1")
    outside = st.toggle(
        "off just outside",
        key="outside",
        help="Count a unit only if it is off at the step before the stretch and the step after.",
        persist_state="session",
    )
    address.note("outside", "1" if outside else "", "")
    return {"on": on, "outside": "1" if outside else ""}


def below(settings: Settings) -> dict[str, str]:
    """Return what can be shown beside the ranking: matches, and what the task allows."""
    task = task_of(settings)
    words = {"match": "where else"}
    if can_write(task):
        words["write"] = "let it write"
    if not task.tokens:
        words["lines"] = "as lines"
    return words


def writing_choice(settings: Settings) -> dict[str, Any]:
    """Draw prompt, temperature, length and seed of a text to be written; return the query."""
    task = task_of(settings)
    first: str = task.prompt  # type: ignore[attr-defined]
    address.seed("prompt", first, str)
    if st.session_state["prompt"] in (*PROMPTS, st.session_state.get("prompt_of_text")):
        st.session_state["prompt"] = first  # it was another text's own
    st.session_state["prompt_of_text"] = first
    prompt = st.text_input(
        "Prompt",
        key="prompt",
        max_chars=LONGEST_PROMPT,
        label_visibility="collapsed",
        placeholder="prompt",
        width=140,
        persist_state="session",
    )
    address.note("prompt", prompt, first)
    degrees = {str(10 * tenth): f"temperature {tenth / 10:g}" for tenth in range(0, 21)}
    temperature = listed("temperature", "Temperature", degrees, "80", width=165)
    seeds = {str(seed): f"seed {seed}" for seed in range(100)}
    draw = listed("draw", "Seed", seeds, "0", width=100)
    unit = "characters" if hasattr(task, "vocabulary") else "words"
    lengths = {str(count): f"{count} {unit}" for count in (50, 100, 200, MOST_CHARACTERS)}
    length = listed("characters", "Characters", lengths, "200", width=155)
    return {"prompt": prompt, "temperature": temperature, "draw": draw, "characters": length}
