"""The controls of the Gates page: for each thing to look at, what its view can be asked."""

from typing import Any

import streamlit as st

from rnnviz.analysis.ordering import ORDERS
from rnnviz.analysis.timescales import KEEPS
from rnnviz.cells import CELLS
from rnnviz.settings import Settings
from rnnviz.ui.choices import SHORT, listed, sample, segment, unit
from rnnviz.views import FIRST_LOOK
from rnnviz.views.layer_names import layers_of


def signals(settings: Settings) -> dict[str, Any]:
    """Draw how much at once, before or after σ, in which order, of which sample."""
    forms = {"all": "all", "one": "one large", "unit": "one unit"}
    form = segment("form", "How much at once", "all", forms)
    if form == "unit":
        return {"view": "unit", **layer(settings), "unit": unit(settings), "sample": sample()}
    values = before_or_after()
    chosen = one_signal(settings, before=values == "before") if form == "one" else {}
    asked = {"form": form, "values": values, **chosen, **layer(settings)}
    return {**asked, "order": order(settings), "sample": sample()}


def distribution(settings: Settings) -> dict[str, Any]:
    """Draw the choice of over everything or at each time step; before or after σ."""
    forms = {"all": "over everything", "time": "at each time step"}
    form = segment("spread", "Spread", "all", forms)
    return {"form": form, "values": before_or_after(), **layer(settings)}


def layer_only(settings: Settings) -> dict[str, Any]:
    """Draw the choice of the layer alone."""
    chosen = layer(settings)
    st.markdown("A point is a unit. After Karpathy, Johnson and Fei-Fei, 2015.", width="content")
    return chosen


def memory(settings: Settings) -> dict[str, Any]:
    """Draw the layer, and the sample where the lag that the task needs is the sample's."""
    chosen = layer(settings)
    if settings.task == "adding":
        chosen |= {"sample": sample()}
    kind = CELLS[settings.cell]
    kept = kind.gates[KEEPS[kind.key]] if kind.key in KEEPS else "|λ|"
    st.markdown(
        f"After −1/ln {kept} steps a state that is multiplied by {kept} at each step has fallen "
        "to 1/e.",
        width="content",
    )
    return chosen


def history(settings: Settings) -> dict[str, Any]:
    """Draw the choice of signal, layer and order."""
    return {**signal(settings), **layer(settings), "order": order(settings)}


def weights(settings: Settings) -> dict[str, Any]:
    """Draw the choice of the weights themselves, or what is measured of them."""
    forms = {
        "picture": "picture",
        "histogram": "histogram",
        "norms": "norms over training",
        "eigenvalues": "eigenvalues",
    }
    return {"form": segment("of", "Of the weights", "picture", forms), **layer(settings)}


def signal(settings: Settings) -> dict[str, str]:
    """Draw the signals of the cell side by side; nothing where there is no choice."""
    first, words = known_signals(settings)
    return {"signal": segment("signal", "Signal", first, words)} if len(words) > 1 else {}


def one_signal(settings: Settings, before: bool) -> dict[str, str]:
    """Draw the signals of the cell, or those that have a pre-activation, as a list."""
    first, words = known_signals(settings, before)
    return {"signal": listed("signal", "Signal", words, first, width=130)} if len(words) > 1 else {}


def known_signals(settings: Settings, before: bool = False) -> tuple[str, dict[str, str]]:
    """Return the first signal to look at, and all with their words."""
    kind = CELLS[settings.cell]
    symbols = dict(kind.gates) if before and kind.gates else {**kind.gates, **kind.states}
    first = next(name for name in FIRST_LOOK if name in symbols)
    return first, {key: f"{letter} {SHORT[key]}" for key, letter in symbols.items()}


def before_or_after() -> str:
    """Draw the choice between a gate and what goes into it."""
    words = {"after": "activation", "before": "pre-activation"}
    return segment("values", "Values", "after", words)


def layer(settings: Settings) -> dict[str, Any]:
    """Draw the layers, if there are several."""
    words = layers_of(settings)
    return {"layer": segment("layer", "Layer", next(iter(words)), words)} if len(words) > 1 else {}


def order(settings: Settings) -> str:
    """Draw the orders in which units can stand."""
    words = {by: f"by {by}" for by in ORDERS if by != "time constant" or settings.cell in KEEPS}
    return listed("order", "Order of the units", words, "index", width=150)
