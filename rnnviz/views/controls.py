"""What a look can be asked: controls as plain records, which the screen draws.

A look's `controls` is a generator: it yields one of these records, is sent what is chosen at it,
and may go on by that. So it needs no screen, and a test drives it with answers of its own.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from rnnviz.analysis.ordering import ORDERS
from rnnviz.networks.cells import CELLS
from rnnviz.plots.style import SHORT
from rnnviz.views.say import one_sample
from rnnviz.views.scene import FIRST_LOOK
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t


@dataclass(frozen=True)
class Segment:
    """A few keys side by side, each by its words."""

    name: str
    label: str
    words: Mapping[str, str]
    default: str


@dataclass(frozen=True)
class Listed:
    """A list of keys, each by its words; the default is the first key."""

    name: str
    label: str
    words: Mapping[Any, str]
    default: Any = None
    width: int = 160


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `last`; `title` stands before it."""

    name: str
    label: str
    default: int
    last: int
    least: int = 0
    width: int = 120
    title: str = ""


@dataclass(frozen=True)
class Note:
    """A sentence beside the controls."""

    text: str


ORDERED = {
    "index": N_("by index"),
    "activity": N_("by activity"),
    "time constant": N_("by time constant"),
    "similarity": N_("by similarity"),
}
"""The orders of units."""
Control = Segment | Listed | Whole | Note
Asking = Generator[Control, Any, dict[str, Any]]


def answered(asking: Asking, chosen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Drive controls without a screen: each has its default, or what is chosen under its name."""
    chosen = chosen or {}
    answer: Any = None
    try:
        while True:
            control = asking.send(answer)
            answer = None
            if isinstance(control, Note):
                continue
            default = control.default
            if isinstance(control, Listed) and default is None:
                default = next(iter(control.words))
            answer = chosen.get(control.name, default)
    except StopIteration as done:
        query: dict[str, Any] = done.value
        return query


def layer(subject: Subject) -> Asking:
    """Ask for the layer, if there are several."""
    words = subject.layers
    first = next(iter(words))
    if len(words) == 1:
        return {"layer": first}
    if subject.settings is None:  # names of somebody's own code are long
        return {"layer": (yield Listed("layer", t("Layer"), words, width=230))}
    return {"layer": (yield Segment("layer", t("Layer"), words, first))}


def top_layer(subject: Subject) -> Asking:
    """Ask for the layer, the top one first chosen: there the loss is nearest."""
    words = subject.layers
    if len(words) == 1:
        return {"layer": next(iter(words))}
    width = 230 if subject.settings is None else 125
    return {"layer": (yield Listed("depth", t("Layer"), words, subject.top, width=width))}


def sample(subject: Subject, layer: str) -> Asking:
    """Ask for the sample, if there are several."""
    count = subject.samples(layer)
    if count == 1:
        return {"sample": 0}
    words = {place: one_sample(place) for place in range(count)}
    return {"sample": (yield Listed("sample", t("Sample"), words, width=125))}


def unit(subject: Subject, layer: str) -> Asking:
    """Ask for the number of one unit."""
    return {"unit": (yield Whole("unit", t("Unit"), 0, subject.units(layer) - 1, width=140))}


def all_or_one_sample(subject: Subject, layer: str) -> Asking:
    """Ask for all samples, or one of them."""
    count = subject.samples(layer)
    if count == 1:
        return {"sample": "all"}
    words = {"all": t("all samples")}
    words |= {str(place): one_sample(place) for place in range(count)}
    return {"sample": (yield Listed("samples", t("Sample"), words, width=128))}


def all_or_one_unit(subject: Subject, layer: str) -> Asking:
    """Ask for all units, or one of them."""
    count = subject.units(layer)
    if count == 1:
        return {"unit": "all"}
    words = {"all": t("all units")}
    words |= {str(place): t("unit {unit}", unit=place) for place in range(count)}
    return {"unit": (yield Listed("units", t("Unit"), words, width=128))}


def known_signals(
    subject: Subject, layer: str, *, before: bool = False
) -> tuple[str, dict[str, str]]:
    """Return the first signal of a layer to look at, and all with their words."""
    kind = CELLS[subject.cell(layer)]
    symbols = dict(kind.gates) if before and kind.gates else {**kind.gates, **kind.states}
    first = next(name for name in FIRST_LOOK if name in symbols)
    return first, {key: f"{letter} {t(SHORT[key])}" for key, letter in symbols.items()}


def signal(subject: Subject, layer: str, *, before: bool = False, listed: bool = False) -> Asking:
    """Ask for one of a layer's signals, or of those that have a pre-activation."""
    first, words = known_signals(subject, layer, before=before)
    if len(words) == 1:
        return {"signal": first}
    if listed:
        return {"signal": (yield Listed("signal", t("Signal"), words, first, width=130))}
    return {"signal": (yield Segment("signal", t("Signal"), words, first))}


def order(subject: Subject, layer: str) -> Asking:
    """Ask for the order in which units stand."""
    gated = bool(CELLS[subject.cell(layer)].keeps)
    words = {by: t(ORDERED[by]) for by in ORDERS if by != "time constant" or gated}
    return {"order": (yield Listed("order", t("Order of the units"), words, "index", width=150))}


def before_or_after() -> Asking:
    """Ask for a gate, or what goes into it."""
    words = {"after": t("activation"), "before": t("pre-activation")}
    return {"values": (yield Segment("values", t("Values"), words, "after"))}


def loss(subject: Subject) -> Asking:
    """Ask which answers the loss is about, where a loss can be chosen."""
    if subject.task is None:
        return {}
    words = {"last": t("∂ of last answer"), "all": t("∂ of all"), "one": t("∂ of one")}
    asked = {"loss": (yield Segment("loss", t("Gradient of the loss of"), words, "last"))}
    if asked["loss"] == "one":
        last = subject.task.probe_steps - 1
        asked["k"] = yield Whole("k", t("Answer at k"), last, last, title=t("Answer at k"))
    return asked


def state(subject: Subject, layer: str) -> Asking:
    """Ask for a state of the cell, if there are several; the hidden state comes first."""
    states = CELLS[subject.cell(layer)].states
    if len(states) == 1:
        return {}
    names = sorted(states, key=lambda name: name != "hidden_state")
    words = {name: f"{states[name]} {t(SHORT[name])}" for name in names}
    return {"state": (yield Segment("state", t("State"), words, names[0]))}
