"""The form of the settings: one control a field, made from the field's own title, help and range.

Every control is bound to a query parameter of its key (address.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from rnnviz.errors import RnnvizError
from rnnviz.networks.cells import CELLS
from rnnviz.plan import parameters
from rnnviz.refusals import applies, refused_by_task
from rnnviz.settings import Settings, bounds, choices
from rnnviz.store.rows import Run, Study
from rnnviz.tasks import TASKS, Task
from rnnviz.tasks.base import FAMILIES
from rnnviz.tasks.own import OwnData
from rnnviz.ui import address, own_data, session
from rnnviz.ui.choices import WHOLE, begun, fit
from rnnviz.words import N_, Words, t, tn

STEP = {
    "lr": 0.001, "clip": 0.5, "forget_bias": 0.5, "dropout": 0.1, "momentum": 0.05,
    "weight_decay": 0.001, "warmup": 50, "teacher_forcing": 0.1,
    "spectral_radius": 0.1,
}  # fmt: skip
LONGEST_BESIDE = 10
"""Letters of a choice that stands beside another."""
WORDS = {
    "adam": N_("Adam"),
    "sgd": N_("SGD"),
    "adamw": N_("AdamW"),
    "rmsprop": N_("RMSprop"),
    "constant": N_("constant"),
    "linear": N_("linear"),
    "cosine": N_("cosine"),
    "torch": N_("uniform"),
    "orthogonal": N_("orthogonal"),
    "identity": N_("identity"),
    "spectral": N_("spectral"),
    "chrono": N_("chrono"),
    "none": N_("none"),
    "layer": N_("layer norm"),
    "norm": N_("the norm"),
    "value": N_("each value"),
    "step": N_("at every step"),
    "sequence": N_("once a sequence"),
    "recurrent": N_("once, state too"),
    "every": N_("every step"),
    "last": N_("last state"),
    "mean": N_("mean state"),
    "additive": N_("additive"),
    "dot": N_("dot"),
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
        reads, cells = TASKS[task], {key: t(kind.title) for key, kind in CELLS.items()}
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
        st.markdown(t("Start"))
        form.row("initialization", "seed")
        form.where("spectral_radius")
        with st.expander(t("More")):
            more_of_network(form)
            more_of_training(form, kind)
    own_data.open_if_asked(task)
    with st.sidebar:
        try:
            settings = Settings(task=task, **form.values)
            with heading.container(horizontal=True, horizontal_alignment="distribute"):
                st.markdown(t("Training"), width="content")
                if "cell" not in own:  # else there are several networks
                    count = parameters(settings, session.data(settings))
                    said = tn("{count:,} parameter", "{count:,} parameters", count)
                    st.caption(said, width="content")
            return settings
        except RnnvizError as error:  # also data that are gone, or too short for what is asked
            refused = str(error)
            heading.markdown(t("Training"))
            st.error(refused)
    st.error(refused)  # in the middle too: at the side it may be below the screen's edge
    return None


def more_of_network(form: "Form") -> None:
    """Draw the choices of the network that few experiments change; those that apply."""
    form.where("embedding")
    form.where("forget_bias")
    form.row("norm")
    form.row("dropout")
    form.where("dropout_kind")
    form.where("readout")
    form.row("bidirectional")
    form.where("residual")
    form.where("tied")
    if "attention" not in form.values:  # else it is drawn above
        form.where("attention")


def more_of_training(form: "Form", kind: type[Task]) -> None:
    """Draw the choices of training that few experiments change; those that apply."""
    form.where("teacher_forcing")
    if kind.distance_title or (kind.translates and kind.length_title):
        form.row("batch")
    form.where("truncation")
    form.where("stateful")
    form.where("clip_by")
    form.where("momentum")
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
        if len(names) > 1 and any(map(_long, names)):
            for name in names:
                self.row(name, **titles)
            return
        for name, column in zip(
            names, st.columns(len(names), vertical_alignment="bottom"), strict=True
        ):
            with column:
                if isinstance(self.defaults[name], str):
                    self.select(name, {key: t(WORDS[key]) for key in choices(name)})
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

    def where(self, name: str) -> None:
        """Draw a field where it applies beside what is chosen so far.

        Else a number keeps its value, for when it applies again; a choice has what the run has,
        and the task allows.
        """
        if applies(name, {**self.values, "task": self.task}):
            self.row(name)
        elif not isinstance(self.defaults[name], str | bool):
            self.keep(name)
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
            t(field.title or name),
            key=name,
            help=_sentence(why_not) or t(field.description or ""),
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
            t(title or field.title or name),
            value=None,  # so that an emptied field is empty, and not at its lowest value
            min_value=low,
            max_value=high,
            step=kind(STEP.get(name, 1)),
            format="%d" if kind is int else "%g",
            key=name,
            help=t(field.description or ""),
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


def _sentence(why_not: Words) -> str:
    """Return a clause as a sentence of its own."""
    return t("{form}.", form=begun(str(why_not))) if why_not else ""


def _long(name: str) -> bool:
    """Return whether the words of a choice have no room in half the form."""
    if not isinstance(Settings.model_fields[name].default, str):
        return False
    return any(len(t(WORDS[key])) > LONGEST_BESIDE for key in choices(name))


def fill(name: str, default: Any) -> None:
    """Put the default into a field that a visitor emptied, if the setting cannot be empty."""
    if st.session_state[name] is None:
        st.session_state[name] = default


def choose_task(shown: Mapping[str, Any]) -> str:
    """Draw the list of tasks, one family after the other; return the key."""
    tasks = {key: t(kind.title) for key, kind in TASKS.items()}
    address.seed("task", shown.get("task", "adding"), address.one_of(tasks))
    kind = TASKS[st.session_state["task"]]
    words = f"**{t(kind.title)}** ({t(FAMILIES[kind.family])}): {t(kind.summary)}"
    if kind.length_title:
        words += f"\n\n*{t(kind.length_title)}*: {t(kind.length_help)}"
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
        t(field.title or name),
        list(words),
        format_func=lambda key: words[key],
        key=name,
        help=about or t(field.description or ""),
        persist_state="session",
        on_change=on_change,
    )
    address.note(name, value, default)
    fit(name, words[value], WHOLE)
    return value


def take_defaults() -> None:
    """Take the new task's own defaults for all that the last task had filled in."""
    before = st.session_state.get("data", "")
    for name, value in Settings.for_task(st.session_state["task"]).model_dump().items():
        if name != "task":
            st.session_state[name] = value
    own_data.take(st.session_state["task"], before)
