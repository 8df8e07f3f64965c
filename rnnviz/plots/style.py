"""House style: one colour a gate, one a cell, one template; the only place with colour values.

Every figure is first a plain dict (`{"data": [...], "layout": {...}}`): the live screen sends
that dict as it is, several times a second, where a validated `go.Figure` would cost half a core.
Called from a notebook the same function returns a `go.Figure`; see `figure`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any, Generic, ParamSpec, Protocol

import numpy as np
import plotly.graph_objects as go

from rnnviz.words import N_, t

FigureDict = dict[str, Any]
P = ParamSpec("P")

FONT = "Inter, 'Helvetica Neue', Arial, sans-serif"
CELL_TITLE = {"rnn": "RNN", "rnn_relu": "RNN (ReLU)", "lstm": "LSTM", "gru": "GRU"}
CELL_DASH = {"rnn": "dot", "rnn_relu": "dashdot", "gru": "dash", "lstm": "solid"}
CLEAR = "rgba(0,0,0,0)"
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Of lines that have nothing of their own to be told apart by, in turn."""
SYMBOL = {
    "input": "x",
    "input_gate": "i",
    "forget_gate": "f",
    "update_gate": "z",
    "reset_gate": "r",
    "candidate": "g",
    "output_gate": "o",
    "cell_state": "c",
    "hidden_state": "h",
}
NAME = {
    "input": N_("input"),
    "input_gate": N_("input gate"),
    "forget_gate": N_("forget gate"),
    "update_gate": N_("update gate"),
    "reset_gate": N_("reset gate"),
    "candidate": N_("candidate"),
    "output_gate": N_("output gate"),
    "cell_state": N_("cell state"),
    "hidden_state": N_("hidden state"),
}
"""In a sentence."""
TITLE = {
    "input": N_("Input"),
    "input_gate": N_("Input gate"),
    "forget_gate": N_("Forget gate"),
    "update_gate": N_("Update gate"),
    "reset_gate": N_("Reset gate"),
    "candidate": N_("Candidate"),
    "output_gate": N_("Output gate"),
    "cell_state": N_("Cell state"),
    "hidden_state": N_("Hidden state"),
}
"""Where a title or a sentence begins."""
SHORT = {
    "input": N_("input"),
    "input_gate": N_("input"),
    "forget_gate": N_("forget"),
    "update_gate": N_("update"),
    "reset_gate": N_("reset"),
    "candidate": N_("candidate"),
    "output_gate": N_("output"),
    "cell_state": N_("cell"),
    "hidden_state": N_("hidden"),
}
"""For a control, where the letter stands before it."""
GATES = ("input_gate", "forget_gate", "update_gate", "reset_gate", "output_gate")
"""Signals that come out of a logistic function and so lie in 0..1."""


@dataclass(frozen=True)
class Theme:
    """The colours of one appearance; every text colour has a contrast of at least 4.5 on paper."""

    key: str
    paper: str
    panel: str
    ink: str
    muted: str
    rule: str
    primary: str
    negative: str
    positive: str
    wrong: str
    heat: tuple[str, ...]
    """From nothing to a lot, over orders of magnitude."""
    signal: dict[str, str] = field(default_factory=dict)
    cell: dict[str, str] = field(default_factory=dict)


THEMES = {
    "light": Theme(
        key="light",
        paper="#FDFCF9",
        panel="#F4F1EA",
        ink="#1F2933",
        muted="#5B6570",
        rule="#DDD8CC",
        primary="#1F2933",
        negative="#2B6CB0",
        positive="#B83227",
        wrong="#D100A5",
        heat=("#FBF6E9", "#F6DDA0", "#EFAE5E", "#D9743A", "#AC3F35", "#6E2038", "#34102B"),
        signal={
            "input": "#5B6570",
            "input_gate": "#009E73",
            "forget_gate": "#D55E00",
            "update_gate": "#D55E00",
            "candidate": "#AA4499",
            "output_gate": "#0072B2",
            "reset_gate": "#0072B2",
            "cell_state": "#B88000",
            "hidden_state": "#1F2933",
        },
        cell={"rnn": "#7A6A53", "rnn_relu": "#A0522D", "gru": "#1B7F8C", "lstm": "#3D3A8C"},
    ),
    "dark": Theme(
        key="dark",
        paper="#14181D",
        panel="#1D232A",
        ink="#ECE8DF",
        muted="#A3ABB3",
        rule="#343C45",
        primary="#5A6B7B",
        negative="#6CA8E8",
        positive="#F0806F",
        wrong="#FF5FD2",
        heat=("#1A1A24", "#43203F", "#7F2C46", "#BC4A3B", "#E2803F", "#F4BC66", "#FCF0C4"),
        signal={
            "input": "#A3ABB3",
            "input_gate": "#3CC79B",
            "forget_gate": "#FF8A3D",
            "update_gate": "#FF8A3D",
            "candidate": "#DB85CC",
            "output_gate": "#58AEE8",
            "reset_gate": "#58AEE8",
            "cell_state": "#EDB737",
            "hidden_state": "#ECE8DF",
        },
        cell={"rnn": "#BBA888", "rnn_relu": "#D98B62", "gru": "#54BCC9", "lstm": "#A09DF0"},
    ),
}


def theme(key: str) -> Theme:
    """Return the theme called `key`; an unknown key is the light one (it comes from a URL)."""
    return THEMES.get(key, THEMES["light"])


def scale(signal: str, colours: Theme) -> tuple[list[list[Any]], float, float]:
    """Return (colour scale, low, high) for the values of a signal.

    A gate runs from paper to its own colour over 0..1; whatever is tanh-valued or a state runs
    blue, paper, red over -1..1.
    """
    if signal in GATES:
        return [[0.0, colours.paper], [1.0, colours.signal[signal]]], 0.0, 1.0
    return [[0.0, colours.negative], [0.5, colours.paper], [1.0, colours.positive]], -1.0, 1.0


@cache
def layout(key: str) -> dict[str, Any]:
    """Return the layout every figure starts from, as Plotly wants it."""
    colours = theme(key)
    axis = {
        "gridcolor": colours.rule,
        "gridwidth": 1,
        "linecolor": colours.muted,
        "linewidth": 1,
        "showline": True,
        "tickcolor": colours.muted,
        "ticks": "outside",
        "ticklen": 4,
        "tickmode": "auto",
        "zeroline": False,
        "automargin": True,
        # margins make room for labels; looking for those outside took a third of a redraw
        "ticklabeloverflow": "allow",
        "title": {"standoff": 8, "font": {"size": 13, "color": colours.muted}},
        "tickfont": {"size": 12, "color": colours.muted},
    }
    return {
        "font": {"family": FONT, "size": 13, "color": colours.ink},
        "paper_bgcolor": colours.paper,
        "plot_bgcolor": colours.paper,
        "colorway": [colours.ink, *colours.cell.values()],
        "margin": {"l": 56, "r": 16, "t": 34, "b": 44},
        "title": {
            "font": {"size": 15, "color": colours.ink, "weight": 600},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "pad": {"b": 10, "l": 0},
        },
        "legend": {
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1,
            "yanchor": "bottom",
            "font": {"size": 12, "color": colours.ink},
            "bgcolor": CLEAR,
        },
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
        "xaxis": axis,
        "yaxis": axis,
        "yaxis2": {**axis, "showgrid": False},
    }


TIME = N_("time step t")
"""What an axis is called along which a sequence goes."""
LONG_TITLE = {"xref": "container", "x": 0.005}
"""Where a title begins that is long for half a page: at the figure's edge, not at the axis."""


def frame(
    title: str, alt: str, key: str, *, note: str = "", axes: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return a layout with a title and a quiet note beside it.

    Axes given in `axes` are laid over the house's; a string title becomes Plotly's form. An axis
    along which a sequence goes has `"time": True`.

    `meta` says what code may ask of a figure, so that none reads its words: `alt`, a sentence that
    says what is seen, `note`, and `time`, the names of the axes along which a sequence goes.
    """
    colours = theme(key)
    base = layout(key)
    text = f"<b>{title}</b>"
    if note:
        text += f'  <span style="font-size:12px;color:{colours.muted}">{note}</span>'
    made: FigureDict = {
        **base,
        "legend": dict(base["legend"]),
        "title": {**base["title"], "text": text},
        "meta": {"alt": alt, "note": note, "time": []},
        "uirevision": "keep",
    }
    made.pop("yaxis2")
    for name, over in (axes or {}).items():
        start = base.get(name) or base[name.rstrip("0123456789")]
        if over.get("time"):
            made["meta"]["time"].append(name)
            over = {"title": t(TIME), **over}
            del over["time"]
        if isinstance(over.get("title"), str):
            over = {**over, "title": {**start["title"], "text": over["title"]}}
        made[name] = {**start, **over}
    return made


def sizes(colours: Theme) -> list[list[Any]]:
    """Return the colour scale for sizes over orders of magnitude."""
    return [[place / (len(colours.heat) - 1), each] for place, each in enumerate(colours.heat)]


def name_of(signal: str) -> str:
    """Return what a signal is called in a sentence, in the reader's language."""
    return t(NAME[signal]) if signal in NAME else signal


def title_of(signal: str) -> str:
    """Return what a signal is called where a title or a sentence begins."""
    return t(TITLE[signal]) if signal in TITLE else signal


def left_out(units: int = 1, steps: int = 1) -> str:
    """Return what stands after a note where only every so-manyth unit, or step, is drawn."""
    said = t(", every {nth} unit", nth=ordinal(units)) if units > 1 else ""
    return said + (t(", every {nth} step", nth=ordinal(steps)) if steps > 1 else "")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 run, 2 runs."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ordinal(number: int) -> str:
    """Write a number as a place in a row: 2nd, 3rd, 11th."""
    if number % 100 not in (11, 12, 13):
        if number % 10 == 1:
            return t("{number}st", number=number)
        if number % 10 == 2:
            return t("{number}nd", number=number)
        if number % 10 == 3:
            return t("{number}rd", number=number)
    return t("{number}th", number=number)


def rgba(colour: str, alpha: float) -> str:
    """Return a hex colour with an opacity, as Plotly writes it."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def float32(values: Any) -> np.ndarray:
    """Return `values` as contiguous float32: Plotly sends those as bytes, not as text."""
    return np.ascontiguousarray(values, dtype=np.float32)


class Drawing(Protocol, Generic[P]):
    """A plot function: called it gives a `go.Figure`; `.spec` gives the same as a plain dict."""

    spec: Callable[P, FigureDict]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> go.Figure:
        """Draw and validate."""
        ...


def figure(draw: Callable[P, FigureDict]) -> Drawing[P]:
    """Make a function that returns a figure dict return a validated `go.Figure`."""

    @wraps(draw)
    def validated(*args: P.args, **kwargs: P.kwargs) -> go.Figure:
        return go.Figure(draw(*args, **kwargs))

    validated.spec = draw  # type: ignore[attr-defined]
    return validated  # type: ignore[return-value]
