"""The form of the settings: one control a field, made from the field's own title, help and range.

Every control is bound to a query parameter of its key (address.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from rnnviz.cells import CELLS
from rnnviz.errors import RnnvizError
from rnnviz.plan import parameters
from rnnviz.refusals import refused_by_task
from rnnviz.runs import Run, Study
from rnnviz.settings import Settings, bounds, choices
from rnnviz.tasks import TASKS, Task
from rnnviz.tasks.own import OwnData
from rnnviz.ui import address, own_data

STEP = {
    "lr": 0.001, "clip": 0.5, "forget_bias": 0.5, "dropout": 0.1, "momentum": 0.05,
    "weight_decay": 0.001, "warmup": 50, "teacher_forcing": 0.1,
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
    "norm": "the norm",
    "value": "each value",
    "step": "at every step",
    "sequence": "once a sequence",
    "recurrent": "once, state too",
    "every": "every step",
    "last": "last state",
    "mean": "mean state",
    "additive": "additive",
    "dot": "dot",
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
        own_data.use_new()
        task = choose_task(shown)
        form = Form(task, Settings.for_task(task).model_dump(), shown, own)
        reads, cells = TASKS[task], {key: kind.title for key, kind in CELLS.items()}
        if issubclass(reads, OwnData):
            left, right = st.columns(2)
            with left:
                form.values["data"] = own_data.data_choice(reads, shown)
            with right:
                form.select("cell", cells)
        else:
            form.select("cell", cells)
        form.row("hidden", "layers")
        kind = TASKS[task]
        if kind.translates:
            first = "length" if kind.length_title else "batch"
            form.row(first, "attention", length=kind.length_title)
        elif kind.distance_title:  # the batch size makes room: a screen of 720 px holds the form
            titles = {"length": kind.length_title, "distance": kind.distance_title}
            form.row("length", "distance", **titles)
        elif kind.length_title:
            form.row("length", "batch", length=kind.length_title)
        else:
            form.row("batch")
        for name in ("length", "distance"):
            if name not in form.values:
                form.keep(name)
        heading = st.empty()  # with the number of parameters, when all choices are known
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
            more_of_network(form, kind)
            more_of_training(form, kind)
    own_data.open_window(task)
    with st.sidebar:
        try:
            settings = Settings(task=task, **form.values)
            with heading.container(horizontal=True, horizontal_alignment="distribute"):
                st.markdown("Training", width="content")
                if "cell" not in own:  # else there are several networks
                    st.caption(f"{parameters(settings):,} parameters", width="content")
            return settings
        except RnnvizError as error:  # also data that are gone, or too short for what is asked
            refused = str(error)
            heading.markdown("Training")
            st.error(refused)
    st.error(refused)  # in the middle too: at the side it may be below the screen's edge
    return None


def more_of_network(form: "Form", kind: type[Task]) -> None:
    """Draw the choices of the network that few experiments change; those that apply."""
    form.row("embedding")
    if form.values["cell"] == "lstm" and form.values["initialization"] != "chrono":
        form.row("forget_bias")
    else:
        form.keep("forget_bias")
    form.row("norm")
    form.row("dropout")
    several = form.values["layers"] > 1
    form.where(form.values["dropout"] > 0, "dropout_kind")
    form.where(kind.one_answer, "readout")
    form.row("bidirectional")
    form.where(several, "residual")
    form.where(kind.foretells and kind.tokens, "tied")
    if not kind.translates:
        form.where(False, "attention")


def more_of_training(form: "Form", kind: type[Task]) -> None:
    """Draw the choices of training that few experiments change; those that apply."""
    form.where(kind.translates, "teacher_forcing")
    if kind.distance_title or (kind.translates and kind.length_title):
        form.row("batch")
    form.where(not kind.translates, "truncation")
    form.where(kind.continues, "stateful")
    form.row("clip_by")
    form.row("momentum")
    form.row("weight_decay")
    form.row("schedule")
    form.row("warmup", "patience")  # the narrow columns here hold only short titles


class Form:
    """Controls of settings, and the values they have.

    Parameters
    ----------
    task : str
    defaults : dict
        The task's own settings.
    shown : dict
        The settings of the run that is looked at, which go before the defaults.
    own : dict
        Fields that are not drawn, with their values.
    """

    def __init__(
        self,
        task: str,
        defaults: dict[str, Any],
        shown: dict[str, Any],
        own: Mapping[str, Any],
    ) -> None:
        self.task = task
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
                elif isinstance(self.defaults[name], bool):
                    self.switch(name)
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

    def where(self, applies: bool, name: str) -> None:
        """Draw a field where it applies; else it has what the run has, and the task allows."""
        if applies:
            self.row(name)
        elif name not in self.own:
            address.note(name, None, None)
            if not refused_by_task(self.task, name):
                self.values[name] = self.shown.get(name, self.defaults[name])

    def switch(self, name: str) -> None:
        """Draw a field that is on or off; where a task has no use for it, off, with the reason."""
        field, default = Settings.model_fields[name], self.defaults[name]
        why_not = refused_by_task(self.task, name)
        address.seed(name, bool(self.shown.get(name, default)), lambda text: text == "1")
        if why_not:
            st.session_state[name] = False
        value = st.toggle(
            field.title or name,
            key=name,
            help=_clause(why_not) or field.description,
            disabled=bool(why_not),
            persist_state="session",
        )
        address.note(name, "1" if value else "0", "1" if default else "0")
        self.values[name] = value

    def number(self, name: str, title: str | None = None) -> None:
        """Draw a number between the field's bounds."""
        field, default = Settings.model_fields[name], self.defaults[name]
        kind, low, high = self._begin(name)
        value = st.number_input(
            title or field.title or name,
            value=None,  # so that an emptied field is empty, and not at its lowest value
            min_value=low,
            max_value=high,
            step=kind(STEP.get(name, 1)),
            format="%d" if kind is int else "%g",
            key=name,
            help=field.description,
            persist_state="session",
            on_change=fill,
            args=(name, default),
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


def _clause(why_not: str) -> str:
    """Return why something is refused, without what to change: the form cannot be wrong there."""
    why = why_not.partition(";")[0]
    return f"{why[:1].upper()}{why[1:]}." if why else ""


def fill(name: str, default: Any) -> None:
    """Put the default into a field that a visitor emptied, if the setting cannot be empty."""
    if st.session_state[name] is None:
        st.session_state[name] = default


def choose_task(shown: Mapping[str, Any]) -> str:
    """Draw the list of tasks, one family after the other; return the key."""
    tasks = {key: kind.title for key, kind in TASKS.items()}
    address.seed("task", shown.get("task", "adding"), address.one_of(tasks))
    kind = TASKS[st.session_state["task"]]
    length = f"\n\n*{kind.length_title}*: {kind.length_help}" if kind.length_title else ""
    words = f"**{kind.title}** ({kind.family}): {kind.summary}{length}"
    if not issubclass(kind, OwnData):
        return choose("task", "adding", tasks, shown, on_change=take_defaults, about=words)
    left, right = st.columns([0.8, 0.2], vertical_alignment="bottom", gap="small")
    with right:
        own_data.bring()
    with left:
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
    before = st.session_state.get("data", "")
    for name, value in Settings.for_task(st.session_state["task"]).model_dump().items():
        if name != "task":
            st.session_state[name] = value
    own_data.take(st.session_state["task"], before)
