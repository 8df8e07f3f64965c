"""The choices of the Compare page: which cells, how many seeds, what is equal, what is varied."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rnnviz.errors import SettingsError
from rnnviz.plan import Plan
from rnnviz.plots.comparison import TITLE
from rnnviz.runs import Study
from rnnviz.settings import Settings
from rnnviz.ui import address
from rnnviz.ui.choices import listed, sample, segment
from rnnviz.ui.settings_form import settings_form

STEPS = (100, 200, 300, 500, 1000, 2000, 3000, 5000)
SEEDS = (1, 2, 3, 5, 10, 20)
RATES = {"one": "one rate", "best": "best of 3"}
FACTORS = (1 / 3, 1.0, 3.0)
"""Learning rates that are tried for each cell, as multiples of the form's."""
MATCHES = {"hidden": "= size", "parameters": "= parameters"}


@dataclass(frozen=True)
class Sweep:
    """One map: what is varied beside the length, in which cells, with what settings."""

    words: str
    cells: tuple[str, ...]
    values: tuple[Any, ...]
    settings: dict[str, Any]


SWEEPS = {
    # field -> what the map of it is
    "spectral_radius": Sweep(
        "spectral radius", ("rnn", "gru"), (0.5, 0.8, 1.0, 1.2, 1.5), {"initialization": "spectral"}
    ),
    "forget_bias": Sweep("forget bias", ("lstm",), (-1.0, 0.0, 1.0, 2.0, 4.0), {}),
    "lr": Sweep("learning rate", ("rnn", "lstm", "gru"), (0.0003, 0.001, 0.003, 0.01, 0.03), {}),
    "hidden": Sweep("hidden units", ("rnn", "lstm", "gru"), (4, 8, 16, 32), {}),
}
LENGTHS = {"short": (5, 10, 15, 20), "middle": (10, 20, 30, 40), "long": (20, 40, 80, 160)}


def learning_plan(study: Study | None) -> Plan | None:
    """Draw the form of a comparison at the side; None if the choices together have no meaning."""
    shown = study.plan if study else Plan()
    if study:  # a link to a study shows what it compares
        st.session_state.setdefault("match", shown.match)
        st.session_state.setdefault("rates", "best" if len(shown.lrs) > 1 else "one")
    with st.sidebar:
        cells = several("cells", "Cells", TITLE, shown.cells)
        left, right = st.columns(2)
        with left:
            seeds = listed("seeds", "Seeds", plain(SEEDS), 3, first=shown.seeds, width="stretch")
        with right:
            steps = budget("budget", study, 1000)
        match = segment("match", "What is equal", "hidden", MATCHES)
        rates = segment("rates", "Learning rates", "one", RATES)
    settings = settings_form(study, cell="lstm" if "lstm" in cells else cells[0], steps=steps)
    if settings is None:
        return None
    lr = settings.lr
    lrs = tuple(float(f"{lr * each:.2g}") for each in FACTORS) if rates == "best" else ()
    return checked(lambda: Plan(settings=settings, cells=cells, seeds=seeds, match=match, lrs=lrs))


def map_plan(study: Study | None) -> Plan | None:
    """Draw the form of a trainability map at the side; None if it has no meaning."""
    shown = study.plan if study else None
    fields = [name for name in shown.vary if name in SWEEPS] if shown else []
    with st.sidebar:
        words = {name: sweep.words for name, sweep in SWEEPS.items()}
        field = listed(
            "vary", "Length against", words, first=next(iter(fields), None), width="stretch"
        )
        sweep = SWEEPS[field]
        left, right = st.columns(2)
        with left:
            spans = {name: f"{values[0]} to {values[-1]}" for name, values in LENGTHS.items()}
            lengths = shown.vary.get("length", ()) if shown else ()
            first = next((key for key, each in LENGTHS.items() if each == lengths), None)
            span = listed("span", "Lengths", spans, "middle", first=first, width="stretch")
        with right:
            count = shown.seeds if shown else 2
            seeds = listed("map_seeds", "Seeds", plain(SEEDS), 2, first=count, width="stretch")
        steps = budget("map_budget", study, 500)
    own = {"cell": sweep.cells[0], "steps": steps, "length": LENGTHS[span][-1], **sweep.settings}
    if field in Settings.model_fields and field not in own:
        own[field] = Settings.model_fields[field].default
    settings = settings_form(study, **own)
    if settings is None:
        return None
    vary = {"length": LENGTHS[span], field: sweep.values}
    return checked(lambda: Plan(settings=settings, cells=sweep.cells, seeds=seeds, vary=vary))


def looked_at(plan: Plan) -> dict[str, Any]:
    """Draw what the pictures of a comparison show: norms or shares, which sample, which seed."""
    kinds = {"norm": "‖∂L/∂h‖", "share": "share left"}
    asked: dict[str, Any] = {"scale": segment("scale", "Gradient", "norm", kinds)}
    asked["sample"] = sample()
    if plan.seeds > 1:
        seed = plan.settings.seed
        words = {place: f"gates of seed {seed + place}" for place in range(plan.seeds)}
        asked["of_seed"] = listed("of_seed", "Gates of seed", words, width=165)
    return asked


def initial_choice() -> dict[str, str]:
    """Draw whether random networks or the cells themselves are looked at, and over what."""
    kinds = {"gain": "random networks, theory", "cells": "these cells"}
    over = {"spectral_radius": "over spectral radius", "forget_bias": "over the forget bias"}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        asked = {"kind": segment("kind", "Networks", "gain", kinds)}
        if asked["kind"] == "cells":
            asked["over"] = segment("over", "Over what", "spectral_radius", over)
    return asked


def several(
    name: str, label: str, words: dict[str, str], first: tuple[str, ...]
) -> tuple[str, ...]:
    """Draw keys of which at least one is chosen; the address has them with commas between."""
    everything = tuple(words)

    def read(text: str) -> list[str]:
        found = [key for key in words if key in text.split(",")]
        if not found:
            raise ValueError(text)
        return found

    address.seed(name, list(first), read)
    if not st.session_state[name]:
        st.session_state[name] = list(everything)
    value = st.pills(
        label,
        list(words),
        selection_mode="multi",
        format_func=lambda key: words[key],
        key=name,
        persist_state="session",
    )
    chosen = tuple(key for key in words if key in value) or everything
    address.note(name, ",".join(chosen), ",".join(everything))
    return chosen


def budget(name: str, study: Study | None, default: int) -> int:
    """Draw the list of steps that each run trains."""
    first = study.settings.steps if study else default
    return listed(name, "Steps each", plain(STEPS), default, first=first, width="stretch")


def plain(numbers: tuple[int, ...]) -> dict[int, str]:
    """Return numbers with themselves as words."""
    return {number: str(number) for number in numbers}


def checked(make: Callable[[], Plan]) -> Plan | None:
    """Return a plan, or say in the sidebar what is wrong with it."""
    try:
        return make()
    except SettingsError as error:
        st.sidebar.error(str(error))
        return None
