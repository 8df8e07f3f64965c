"""The controls of the Gradients page: for each thing to look at, what its views can be asked."""

from typing import Any

import streamlit as st

from rnnviz.cells import CELLS
from rnnviz.settings import Settings
from rnnviz.tasks import task_of
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.ui.choices import SHORT, listed, sample, segment, whole
from rnnviz.views.layer_names import layers_of, top_layer


def through_time(settings: Settings) -> dict[str, Any]:
    """Draw which signals, of which loss, over samples or one, over units or one."""
    kinds = {"gates": "gates, states", "before": "pre-activations", "input": "input"}
    if not CELLS[settings.cell].gates:
        kinds["gates"] = "state"
        kinds["before"] = "pre-activation"
    asked = {"of": segment("of", "Gradient with respect to", "gates", kinds), **loss(settings)}
    asked["sample"] = all_or_one("samples", "sample", PROBE_SIZE, first=1)
    asked["unit"] = all_or_one("units", "unit", settings.hidden)
    return {**asked, **from_the_top(settings)}


def items(settings: Settings) -> dict[str, Any]:
    """Draw the choice of state, sample and layer."""
    return {**state(settings), "sample": sample(), **from_the_top(settings)}


def surface(settings: Settings) -> dict[str, Any]:
    """Draw the choice of state, loss and layer."""
    return {**state(settings), **loss(settings), **from_the_top(settings)}


def steps(settings: Settings) -> dict[str, Any]:
    """Draw the choice of sample and layer."""
    return {"sample": sample(), **from_the_top(settings)}


def connectivity(settings: Settings) -> dict[str, Any]:
    """Draw the choice of the output and the sample."""
    last = task_of(settings).probe_steps - 1
    return {"t": number("t", "Output at t", last, last), "sample": sample()}


def clipping(settings: Settings) -> dict[str, Any]:
    """Draw the window's length, the loss and the sample."""
    last = task_of(settings).probe_steps
    window = number("window", "Window, steps", min(10, last), last, least=1)
    return {"window": window, **loss(settings), "sample": sample(), **from_the_top(settings)}


def parameters(settings: Settings) -> dict[str, Any]:
    """Draw which parameters."""
    which = {
        "recurrent": "recurrent weights", "input": "input weights", "bias": "biases",
        "other": "the rest",
    }  # fmt: skip
    return {"which": segment("which", "Parameters", "recurrent", which), **from_the_top(settings)}


def loss(settings: Settings) -> dict[str, Any]:
    """Draw which answers the loss is about."""
    words = {"last": "∂ of last answer", "all": "∂ of all", "one": "∂ of one"}
    asked: dict[str, Any] = {"loss": segment("loss", "Gradient of the loss of", "last", words)}
    if asked["loss"] == "one":
        last = task_of(settings).probe_steps - 1
        asked["k"] = number("k", "Answer at k", last, last)
    return asked


def state(settings: Settings) -> dict[str, str]:
    """Draw the states of the cell, if there are two."""
    if len(CELLS[settings.cell].states) == 1:
        return {}
    letters = {"hidden_state": "h", "cell_state": "c"}
    words = {key: f"{letter} {SHORT[key]}" for key, letter in letters.items()}
    return {"state": segment("state", "State", "hidden_state", words)}


def from_the_top(settings: Settings) -> dict[str, str]:
    """Draw the layers, the top one first chosen: there the loss comes in."""
    words = layers_of(settings)
    if len(words) == 1:
        return {}
    return {"layer": listed("depth", "Layer", words, top_layer(settings), width=125)}


def all_or_one(name: str, what: str, count: int, first: int = 0) -> str:
    """Draw a list of all and each one; return the place of the one, or "all"."""
    words = {"all": f"all {what}s"}
    words |= {str(place): f"{what} {place + first}" for place in range(count)}
    return listed(name, what.capitalize(), words, width=128)


def number(name: str, title: str, default: int, last: int, least: int = 0) -> int:
    """Draw a whole number that the title stands before."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.markdown(title, width="content")
        return whole(name, title, default, last, least=least, width=120)
