"""The choices of the Compare page: which cells, how many seeds, what is equal, what is varied."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rnnviz.errors import SettingsError
from rnnviz.plan import Plan
from rnnviz.plots.style import CELL_TITLE
from rnnviz.refusals import needed
from rnnviz.settings import Settings
from rnnviz.store.rows import Study
from rnnviz.ui import address
from rnnviz.ui.choices import WHOLE, fit, listed, said, sample, segment
from rnnviz.ui.settings_form import settings_form
from rnnviz.words import N_, t

STEPS = (100, 200, 300, 500, 1000, 2000, 3000, 5000)
SEEDS = (1, 2, 3, 5, 10, 20)
RATES = {"one": N_("one rate"), "best": N_("best of 3")}
FACTORS = (1 / 3, 1.0, 3.0)
"""Learning rates that are tried for each cell, as multiples of the form's."""
SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9)
"""Parts of the way from the best possible to the baseline within which a network has learned."""
MATCHES = {"hidden": N_("= size"), "parameters": N_("= parameters")}


@dataclass(frozen=True)
class Sweep:
    """One map: what is varied beside the length, and in which cells."""

    words: str
    cells: tuple[str, ...]
    values: tuple[Any, ...]


SWEEPS = {
    # field -> what the map of it is
    "spectral_radius": Sweep(N_("spectral radius"), ("rnn", "gru"), (0.5, 0.8, 1.0, 1.2, 1.5)),
    "forget_bias": Sweep(N_("forget bias"), ("lstm",), (-1.0, 0.0, 1.0, 2.0, 4.0)),
    "lr": Sweep(N_("learning rate"), ("rnn", "lstm", "gru"), (0.0003, 0.001, 0.003, 0.01, 0.03)),
    "hidden": Sweep(N_("hidden units"), ("rnn", "lstm", "gru"), (4, 8, 16, 32)),
}
LENGTHS = {"short": (5, 10, 15, 20), "middle": (10, 20, 30, 40), "long": (20, 40, 80, 160)}


def learning_plan(study: Study | None) -> Plan | None:
    """Draw the form of a comparison at the side; None if the choices together have no meaning."""
    shown = study.plan if study else Plan()
    if study:  # a link to a study shows what it compares
        st.session_state.setdefault("match", shown.match)
        st.session_state.setdefault("rates", "best" if len(shown.lrs) > 1 else "one")
    with st.sidebar:
        cells = several("cells", t("Cells"), said(CELL_TITLE), shown.cells)
        left, right = st.columns(2)
        with left:
            seeds = listed("seeds", t("Seeds"), plain(SEEDS), 3, first=shown.seeds, width="stretch")
        with right:
            steps = budget("budget", study, 1000)
        match = segment("match", t("What is equal"), "hidden", said(MATCHES))
        rates = segment("rates", t("Learning rates"), "one", said(RATES))
        success = learned("learned", shown)
    settings = settings_form(study, cell="lstm" if "lstm" in cells else cells[0], steps=steps)
    if settings is None:
        return None
    lr = settings.lr
    lrs = tuple(float(f"{lr * each:.2g}") for each in FACTORS) if rates == "best" else ()
    same = {"settings": settings, "cells": cells, "seeds": seeds, "match": match, "lrs": lrs}
    return checked(lambda: Plan(**same, success=success))


def map_plan(study: Study | None) -> Plan | None:
    """Draw the form of a trainability map at the side; None if it has no meaning."""
    shown = study.plan if study else None
    fields = [name for name in shown.vary if name in SWEEPS] if shown else []
    with st.sidebar:
        words = {name: t(sweep.words) for name, sweep in SWEEPS.items()}
        field = listed(
            "vary", t("Length against"), words, first=next(iter(fields), None), width="stretch"
        )
        fit("vary", words[field], WHOLE)
        sweep = SWEEPS[field]
        left, right = st.columns(2)
        with left:
            spans = {name: f"{values[0]}–{values[-1]}" for name, values in LENGTHS.items()}
            lengths = shown.vary.get("length", ()) if shown else ()
            first = next((key for key, each in LENGTHS.items() if each == lengths), None)
            span = listed("span", t("Lengths"), spans, "middle", first=first, width="stretch")
        with right:
            count = shown.seeds if shown else 2
            counts = plain(SEEDS)
            seeds = listed("map_seeds", t("Seeds"), counts, 2, first=count, width="stretch")
        steps = budget("map_budget", study, 500)
        success = learned("map_learned", shown or Plan())
    cell = sweep.cells[0]
    own = {"cell": cell, "steps": steps, "length": LENGTHS[span][-1]}
    own |= needed(field, Settings(cell=cell))
    if field in Settings.model_fields and field not in own:
        own[field] = Settings.model_fields[field].default
    settings = settings_form(study, **own)
    if settings is None:
        return None
    vary = {"length": LENGTHS[span], field: sweep.values}
    same = {"settings": settings, "cells": sweep.cells, "seeds": seeds, "vary": vary}
    return checked(lambda: Plan(**same, success=success))


def looked_at(plan: Plan) -> dict[str, Any]:
    """Draw what the pictures of a comparison show: norms or shares, which sample, which seed."""
    kinds = {"norm": "‖∂L/∂h‖", "share": t("relative to the last step")}
    asked: dict[str, Any] = {"scale": segment("scale", t("Gradient"), "norm", kinds)}
    asked["sample"] = sample()
    if plan.seeds > 1:
        first = plan.settings.seed
        words = {
            place: t("gates of seed {seed}", seed=first + place) for place in range(plan.seeds)
        }
        asked["of_seed"] = listed("of_seed", t("Gates of seed"), words, width=165)
    return asked


def initial_choice() -> dict[str, str]:
    """Draw whether random networks or the cells themselves are looked at, and over what."""
    kinds = {"gain": t("random networks, theory"), "cells": t("these cells")}
    over = {"spectral_radius": t("over spectral radius"), "forget_bias": t("over the forget bias")}
    asked = {"kind": segment("kind", t("Networks"), "gain", kinds)}
    if asked["kind"] == "cells":
        asked["over"] = segment("over", t("Over what"), "spectral_radius", over)
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
    return listed(name, t("Steps each"), plain(STEPS), default, first=first, width="stretch")


def learned(name: str, shown: Plan) -> float:
    """Draw the list of what counts as learned: how far from the best possible."""
    words = {share: f"{100 * share:g} %" for share in SHARES}
    return listed(
        name, t("Learned: within, of the way"), words, 0.5, first=shown.success, width="stretch"
    )


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
