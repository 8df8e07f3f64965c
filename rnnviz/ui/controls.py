"""The form of the settings: one control a field, made from the field's own title, help and range.

Every control is bound to a query parameter of the field's name, so the address is the state.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from rnnviz.cells import CELLS
from rnnviz.errors import SettingsError
from rnnviz.plots.style import NAME
from rnnviz.settings import Settings, bounds, choices
from rnnviz.tasks import TASKS
from rnnviz.tasks.base import PROBE_SIZE

STEP = {"lr": 0.001, "clip": 0.5, "forget_bias": 0.5, "dropout": 0.1, "momentum": 0.05}
SHORT = {name: words.removesuffix(" gate").removesuffix(" state") for name, words in NAME.items()}
WORDS = {
    "adam": "Adam",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "torch": "uniform",
    "orthogonal": "orthogonal",
}


def settings_form() -> Settings | None:
    """Draw the whole form into the sidebar; None if the choices together have no meaning."""
    with st.sidebar:
        values: dict[str, Any] = {}
        tasks = {key: kind.title for key, kind in TASKS.items()}
        values["task"] = select("task", "adding", tasks, on_change=restart)
        task = TASKS[values["task"]]
        start = Settings.for_task(values["task"]).model_dump()
        values["cell"] = select("cell", start["cell"], {k: c.title for k, c in CELLS.items()})
        row(values, start, "hidden", "layers")
        row(values, start, "length", "batch", titles={"length": task.length_title})
        st.markdown("Training")
        row(values, start, "optimizer", "lr")
        row(values, start, "clip", "steps")
        st.markdown("Start")
        row(values, start, "initialization", "seed")
        with st.expander("More"):
            row(values, start, "forget_bias", "dropout")
            row(values, start, "embedding", "momentum")
        try:
            return Settings(**values)
        except SettingsError as error:
            st.error(str(error))
            return None


def row(
    values: dict[str, Any],
    start: dict[str, Any],
    *names: str,
    titles: Mapping[str, str] | None = None,
) -> None:
    """Draw some fields side by side and note their values."""
    for name, column in zip(
        names, st.columns(len(names), vertical_alignment="bottom"), strict=True
    ):
        with column:
            title = (titles or {}).get(name)
            if isinstance(start[name], str):
                values[name] = select(name, start[name], {key: WORDS[key] for key in choices(name)})
            else:
                values[name] = number(name, start[name], title)


def select(
    name: str, start: str, words: Mapping[str, str], on_change: Callable[[], None] | None = None
) -> str:
    """Draw a choice among keys, each shown by its words."""
    field = Settings.model_fields[name]
    options = list(words)
    return st.selectbox(
        field.title or name,
        options,
        index=options.index(start),
        format_func=lambda key: words[key],
        key=name,
        help=field.description,
        bind="query-params",
        on_change=on_change,
    )


def number(name: str, start: float | None, title: str | None = None) -> float | int | None:
    """Draw a number between the field's bounds."""
    field = Settings.model_fields[name]
    low, high = bounds(name)
    whole = field.annotation is int
    kind = int if whole else float
    return st.number_input(
        title or field.title or name,
        min_value=kind(low),
        max_value=kind(high),
        value=start if start is None else kind(start),
        step=kind(STEP.get(name, 1)),
        format="%d" if whole else "%g",
        key=name,
        help=field.description,
        bind="query-params",
    )


def restart() -> None:
    """Take the new task's own defaults for all that the last task had filled in."""
    fresh = Settings.for_task(st.session_state["task"]).model_dump()
    for name, value in fresh.items():
        if name != "task" and name in st.session_state:
            st.session_state[name] = value


def probe_choice(settings: Settings) -> dict[str, str | int]:
    """Draw what to look at: signal, layer, sample and loss; return the view's query."""
    kind = CELLS[settings.cell]
    symbols = {**kind.gates, **kind.states}
    first = next(name for name in ("forget_gate", "update_gate", "hidden_state") if name in symbols)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        signal = st.segmented_control(
            "Signal",
            list(symbols),
            default=first,
            required=True,
            format_func=lambda name: f"{symbols[name]} {SHORT[name]}",
            key="signal",
            bind="query-params",
            label_visibility="collapsed",
        )
        layers = [f"rnn.l{place}" for place in range(settings.layers)]
        layer = layers[0]
        if len(layers) > 1:
            layer = st.segmented_control(
                "Layer",
                layers,
                default=layers[0],
                required=True,
                format_func=lambda name: f"layer {int(name.removeprefix('rnn.l')) + 1}",
                key="layer",
                bind="query-params",
                label_visibility="collapsed",
            )
        sample = st.selectbox(
            "Sample",
            range(PROBE_SIZE),
            format_func=lambda place: f"sample {place + 1}",
            key="sample",
            bind="query-params",
            label_visibility="collapsed",
            width=125,
        )
        loss = st.segmented_control(
            "Loss whose gradient is shown",
            ["last", "all"],
            default="last",
            required=True,
            format_func={"last": "∂ of last answer", "all": "∂ of all"}.get,
            key="loss",
            bind="query-params",
            label_visibility="collapsed",
        )
    return {"signal": signal, "layer": layer, "sample": sample, "loss": loss}
