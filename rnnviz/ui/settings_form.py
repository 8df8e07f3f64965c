"""The form of the settings: one control a field, made from the field's own title, help and range.

Every control is bound to a query parameter of its key (address.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from rnnviz.cells import CELLS
from rnnviz.errors import SettingsError
from rnnviz.runs import Run, Study
from rnnviz.settings import Settings, bounds, choices
from rnnviz.tasks import TASKS
from rnnviz.ui import address

STEP = {
    "lr": 0.001, "clip": 0.5, "forget_bias": 0.5, "dropout": 0.1, "momentum": 0.05,
    "weight_decay": 0.001, "warmup": 50,
    "spectral_radius": 0.1,
}  # fmt: skip
WORDS = {
    "adam": "Adam",
    "sgd": "SGD",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "constant": "constant",
    "linear": "linear",
    "cosine": "cosine",
    "torch": "uniform",
    "orthogonal": "orthogonal",
    "identity": "identity",
    "spectral": "spectral",
    "chrono": "chrono",
    "none": "none",
    "layer": "layer norm",
}


def settings_form(run: Run | Study | None, **own: object) -> Settings | None:
    """Draw the whole form into the sidebar; None if the choices together have no meaning.

    On the first look at a run or a study the form shows its own settings.

    Parameters
    ----------
    **own
        Fields that this page decides in another place, with their values; they are not drawn.
    """
    with st.sidebar:
        shown = run.settings.model_dump() if run else {}
        task = choose_task(shown)
        form = Form(Settings.for_task(task).model_dump(), shown, own)
        form.select("cell", {key: kind.title for key, kind in CELLS.items()})
        form.row("hidden", "layers")
        kind = TASKS[task]
        if kind.distance_title:  # the batch size makes room: a screen of 720 px holds the form
            titles = {"length": kind.length_title, "distance": kind.distance_title}
            form.row("length", "distance", **titles)
        elif kind.length_title:
            form.row("length", "batch", length=kind.length_title)
        else:
            form.row("batch")
        for name in ("length", "distance"):
            if name not in form.values:
                form.keep(name)
        st.markdown("Training")
        form.row("optimizer", "lr")
        form.row("clip", "steps")
        st.markdown("Start")
        form.row("initialization", "seed")
        start = form.values["initialization"]
        if start == "spectral":
            form.row("spectral_radius")
        else:
            form.keep("spectral_radius")
        with st.expander("More"):
            if kind.distance_title:
                form.row("batch")
            form.row("dropout", "truncation")
            form.row("embedding", "momentum")
            form.row("schedule", "warmup")
            form.row("weight_decay")
            gated = form.values["cell"] == "lstm" and start != "chrono"
            form.row("norm")
            if gated:
                form.row("forget_bias")
            else:
                form.keep("forget_bias")
        try:
            return Settings(task=task, **form.values)
        except SettingsError as error:
            refused = str(error)
            st.error(refused)
    st.error(refused)  # in the middle too: at the side it may be below the screen's edge
    return None


class Form:
    """Controls of settings, and the values they have.

    Parameters
    ----------
    defaults : dict
        The task's own settings.
    shown : dict
        The settings of the run that is looked at, which go before the defaults.
    own : dict
        Fields that are not drawn, with their values.
    """

    def __init__(
        self, defaults: dict[str, Any], shown: dict[str, Any], own: Mapping[str, Any]
    ) -> None:
        self.defaults = defaults
        self.shown = shown
        self.own = own
        self.values: dict[str, Any] = dict(own)

    def row(self, *names: str, **titles: str) -> None:
        """Draw some fields side by side."""
        names = tuple(name for name in names if name not in self.own)
        if not names:
            return
        for name, column in zip(
            names, st.columns(len(names), vertical_alignment="bottom"), strict=True
        ):
            with column:
                if isinstance(self.defaults[name], str):
                    self.select(name, {key: WORDS[key] for key in choices(name)})
                else:
                    self.number(name, titles.get(name))

    def select(self, name: str, words: Mapping[str, str]) -> None:
        """Draw a choice among keys, each shown by its words."""
        if name in self.own:
            return
        self.values[name] = choose(name, self.defaults[name], words, self.shown)

    def keep(self, name: str) -> None:
        """Take a number that is not drawn, from the address or what was seen last."""
        if name in self.own:
            return
        self._begin(name)
        address.note(name, st.session_state[name], self.defaults[name])
        self.values[name] = st.session_state[name]

    def number(self, name: str, title: str | None = None) -> None:
        """Draw a number between the field's bounds."""
        field, default = Settings.model_fields[name], self.defaults[name]
        kind, low, high = self._begin(name)
        value = st.number_input(
            title or field.title or name,
            min_value=low,
            max_value=high,
            step=kind(STEP.get(name, 1)),
            format="%d" if kind is int else "%g",
            key=name,
            help=field.description,
            persist_state="session",
        )
        address.note(name, value, default)
        self.values[name] = value

    def _begin(self, name: str) -> tuple[type, Any, Any]:
        """Give a number its first value; return its type and bounds."""
        annotation, default = Settings.model_fields[name].annotation, self.defaults[name]
        kind = int if annotation is int else float
        low, high = (kind(bound) for bound in bounds(name))
        read = address.within(kind, low, high, annotation not in (int, float))
        address.seed(name, self.shown.get(name, default), read)
        return kind, low, high


def choose_task(shown: Mapping[str, Any]) -> str:
    """Draw the list of tasks, one family after the other; return the key."""
    tasks = {key: kind.title for key, kind in TASKS.items()}
    address.seed("task", shown.get("task", "adding"), address.one_of(tasks))
    kind = TASKS[st.session_state["task"]]
    length = f"\n\n*{kind.length_title}*: {kind.length_help}" if kind.length_title else ""
    words = f"**{kind.title}** ({kind.family}): {kind.summary}{length}"
    return choose("task", "adding", tasks, shown, on_change=take_defaults, about=words)


def choose(
    name: str,
    default: str,
    words: Mapping[str, str],
    shown: Mapping[str, Any],
    on_change: Callable[[], None] | None = None,
    about: str | None = None,
) -> str:
    """Draw a list of keys, each shown by its words; return the key."""
    field = Settings.model_fields[name]
    address.seed(name, shown.get(name, default), address.one_of(words))
    value = st.selectbox(
        field.title or name,
        list(words),
        format_func=lambda key: words[key],
        key=name,
        help=about or field.description,
        persist_state="session",
        on_change=on_change,
    )
    address.note(name, value, default)
    return value


def take_defaults() -> None:
    """Take the new task's own defaults for all that the last task had filled in."""
    for name, value in Settings.for_task(st.session_state["task"]).model_dump().items():
        if name != "task":
            st.session_state[name] = value
