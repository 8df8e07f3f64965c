"""Examples as curves: what goes in, what should come out, and over it what the network says."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.marks import PAPER, Mark, dots, line, note
from rnnviz.plots.panels import axis, number, spread
from rnnviz.plots.prediction_parts import Picture, cut, told, verdict
from rnnviz.plots.style import CELL_DASH, Theme, float32, rgba
from rnnviz.words import t
from rnnviz.words.numbers import percent

MOST_LINES = 6
"""Features of one sample that are drawn."""
APART = 2.6
"""From one of several outputs to the next, in the units of their values of -1 to 1."""


def curves(
    parts: Sequence[pd.DataFrame],
    palette: Theme,
    *,
    wide: int,
    ahead: int,
    mark: int | None,
    cell: str,
) -> Picture:
    """Draw samples of numbers side by side, over time.

    Parameters
    ----------
    parts : sequence of DataFrame
        A sample each, as `rnnviz.analysis.examples` or `predictions` gives it.
    wide : int
        Letters that have room side by side.
    ahead : int
        Steps from where a number is asked to where it stands.
    mark : int, optional
        The feature that marks steps.
    cell : str
        Key of the cell, for the colour of its answers.
    """
    outputs = sum(name[:1] == "y" and name[1:].isdigit() for name in parts[0])
    few = parts[: (4 if outputs < 2 else 3) if wide > 60 else 2]
    stacked = outputs > 1
    low, high = _reach(few, stacked, outputs, mark)
    steps = max(len(part) for part in few) + ahead
    data: list[dict[str, Any]] = []
    axes: dict[str, dict[str, Any]] = {}
    notes: list[dict[str, Any]] = []
    for place, (part, domain) in enumerate(
        zip(few, spread([1.0] * len(few), 0.05 if wide > 60 else 0.1), strict=True)
    ):
        traces = _panel(part, palette, ahead, mark, cell, outputs)
        for trace in traces:
            shown = place == 0 and trace.pop("listed", True)
            trace.pop("listed", None)
            data.append(
                {
                    **trace,
                    "xaxis": f"x{number(place)}",
                    "yaxis": f"y{number(place)}",
                    "showlegend": shown,
                    "legendgroup": trace["name"],
                }
            )
        axes[f"xaxis{number(place)}"] = {
            "time": True,
            "range": [-0.7, steps - 0.3],
            "domain": list(domain),
            "anchor": f"y{number(place)}",
            "showgrid": False,
            "nticks": 5,
        }
        axes[f"yaxis{number(place)}"] = axis(
            palette.key,
            range=[low, high],
            domain=[0, 0.8],
            anchor=f"x{number(place)}",
            nticks=4,
            showticklabels=place == 0,
            **_names(outputs if stacked else 0),
        )
        notes += _heads(part, domain[0], palette, wide)
    return Picture(data, axes, notes, legend=True, margin={"t": 44})


def _panel(
    part: pd.DataFrame, palette: Theme, ahead: int, mark: int | None, cell: str, outputs: int
) -> list[dict[str, Any]]:
    """Return the traces of one sample."""
    time = part["time"].to_numpy(np.int32)
    inputs = [name for name in part if name[:1] == "x" and name[1:].isdigit()]
    if mark is not None:
        return _marked(part, palette, time, mark)
    hover = [escape(told(row)) for row in part.to_dict("records")]
    told_there: dict[str, Any] = {"hovertext": hover, "hoverinfo": "text"}
    traces: list[Mark] = []
    over: list[Mark] = []
    several = outputs > 1 and len(inputs) == outputs
    common: dict[str, Any]
    for place, name in enumerate(inputs[:MOST_LINES]):
        values = part[name].to_numpy(np.float64)
        common = {"name": t("goes in"), "listed": place == 0, **told_there}
        trace = line(time, float32(values), palette.muted, 1.6, **common)
        if several:  # pulses: nothing is to be seen where nothing goes in
            pulses = np.where(values != 0, values, np.nan)
            over.append(  # they stand over the lines
                trace
                | dots(
                    time,
                    float32(pulses + _lift(place, outputs)),
                    palette.muted,
                    10,
                    symbol=["triangle-down" if value < 0 else "triangle-up" for value in values],
                    edge=1,
                    edge_colour=palette.paper,
                )
            )
        else:
            traces.append(trace)
    for place in range(outputs):
        lift = _lift(place, outputs if outputs > 1 else 0)
        should = part[f"y{place}"].to_numpy(np.float64)
        common = {
            "mode": "lines+markers" if np.isfinite(should).sum() < 2 else "lines",
            "listed": place == 0,
            **told_there,
        }
        step = "hv" if several else ""
        at, y = time + np.int32(ahead), float32(should + lift)
        name = t("should come out")
        traces.append(line(at, y, palette.ink, 2.2, shape=step, name=name, **common))
        if "answer" in part:
            y = float32(part[f"p{place}"].to_numpy(np.float64) + lift)
            dash = "dash" if CELL_DASH[cell] == "solid" else CELL_DASH[cell]
            traces.append(line(at, y, palette.cell[cell], 2.4, dash, name=t("comes out"), **common))
    return traces + over


def _marked(
    part: pd.DataFrame, palette: Theme, time: np.ndarray, mark: int
) -> list[dict[str, Any]]:
    """Return the points of a sample; the marked ones are large, with their number."""
    chosen = part[f"x{mark}"].to_numpy() > 0
    values = part["x0"].to_numpy(np.float64)
    hover = np.array([escape(told(row)) for row in part.to_dict("records")], dtype=object)
    return [
        dots(
            time[~chosen],
            float32(values[~chosen]),
            rgba(palette.muted, 0.5),
            5,
            name=t("goes in"),
            hovertext=hover[~chosen].tolist(),
            hoverinfo="text",
        ),
        dots(
            time[chosen],
            float32(values[chosen]),
            palette.ink,
            11,
            symbol="diamond",
            mode="markers+text",
            name=t("marked"),
            hovertext=hover[chosen].tolist(),
            hoverinfo="text",
            text=[f"{value:.2f}" for value in values[chosen]],
            textposition=[
                f"{'top' if value < 0.5 else 'bottom'} {'right' if t < len(time) / 2 else 'left'}"
                for t, value in zip(time[chosen], values[chosen], strict=True)
            ],
            textfont={"size": 14, "color": palette.ink, "weight": 600},
            cliponaxis=False,
        ),
    ]


def _heads(part: pd.DataFrame, left: float, palette: Theme, wide: int) -> list[dict[str, Any]]:
    """Return what stands above a panel: what the sample is and, if it has one answer, that."""
    room = 30 if wide > 60 else 27
    caption = part["caption"].iloc[0]
    if caption.startswith(part["goes_in"].iloc[0]) and part["asked"].sum() > 1:
        caption = ""  # the curve says as much
    first = f"<b>{int(part['sample'].iloc[0]) + 1}</b>  {escape(cut(caption, room))}"
    second = ""
    asked = part[part["asked"]]
    told_already = wide < 60 and "answer" not in part and asked["target"].iloc[-1] in caption
    if len(asked) == 1 and not told_already:
        row = asked.iloc[0]
        second = t("should come out: <b>{target}</b>", target=escape(row["target"]))
        if "answer" in part:
            share = f" {percent(row['probability'])}" if "probability" in row else ""
            colour = palette.wrong if verdict(row) == "✗" else palette.ink
            answer = f"{escape(row['answer'])}{share} {verdict(row)}"
            said = t("comes out: <b>{answer}</b>", answer=answer)
            second = f'<span style="color:{colour}">{said}</span>'
            if "probability" in row:
                second = t("{said}, should: {target}", said=second, target=escape(row["target"]))
    text = f"{first}<br>{second}" if second else first
    return [note(text, left, 0.81, palette.ink, 13, "left bottom", align="left", **PAPER)]


def _lift(place: int, outputs: int) -> float:
    """Return by how much an output is drawn higher than its values, so that none is in another."""
    return APART * (outputs - 1 - place) if outputs else 0.0


def _names(outputs: int) -> dict[str, Any]:
    """Return the ticks of several outputs: which is which."""
    if not outputs:
        return {}
    return {
        "tickvals": [_lift(place, outputs) for place in range(outputs)],
        "ticktext": [t("output {number}", number=place + 1) for place in range(outputs)],
        "tickmode": "array",
    }


def _reach(
    parts: Sequence[pd.DataFrame], stacked: bool, outputs: int, mark: int | None
) -> tuple[float, float]:
    """Return the ends of the vertical axis: those of what goes in and should come out."""
    if stacked:
        return -APART / 2, APART * (outputs - 0.5)
    letters = "x" if mark is not None else "xy"
    names = [name for name in parts[0] if name[:1] in letters and name[1:].isdigit()]
    names = [name for name in names if name != f"x{mark}"]
    seen = np.concatenate([part[names].to_numpy(np.float64).ravel() for part in parts])
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        return -1.0, 1.0
    low, high = float(seen.min()), float(seen.max())
    room = 0.12 * (high - low or 1.0)
    return low - room, high + room
