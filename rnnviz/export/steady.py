"""Let axes and colours stand still over frames: each gets the range that all of them need."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnviz.plots.style import FigureDict

ROOM = 0.04
"""Share of a range that is left free beyond the data, where the figure has no range itself."""


def steady(frames: Sequence[FigureDict]) -> list[FigureDict]:
    """Return the frames with the ranges of all.

    Parameters
    ----------
    frames : sequence of dict
        Data and layout with arrays, as `unpacked` gives them; they are not changed.
    """
    ranges = {name: ends for name in _axes(frames) if (ends := _range(frames, name)) is not None}
    heats = _heats(frames)
    made = []
    for frame in frames:
        layout = dict(frame["layout"])
        for name, ends in ranges.items():
            if isinstance(layout.get(name), Mapping):
                layout[name] = {**layout[name], "range": list(ends), "autorange": False}
        data = [
            {**trace, "zmin": heats[place][0], "zmax": heats[place][1], "zauto": False}
            if place in heats and trace.get("type") == "heatmap"
            else trace
            for place, trace in enumerate(frame["data"])
        ]
        made.append({**frame, "data": data, "layout": layout})
    return made


def until(figure: FigureDict, t: float) -> FigureDict:
    """Return a figure with what lies after a time step not drawn yet.

    Parameters
    ----------
    figure : dict
        As `unpacked` gives it; it is not changed.
    """
    data = []
    for trace in figure["data"]:
        if not _goes_along(trace, figure["layout"]):
            data.append(trace)
            continue
        values = trace.get("z") if trace.get("type") == "heatmap" else trace.get("y")
        if values is None:
            data.append(trace)
            continue
        shown = np.array(values, dtype=np.float32)
        along = trace.get("x")
        along = np.arange(shown.shape[-1]) if along is None else np.asarray(along)
        if along.dtype.kind not in "fiu" or along.shape[-1] != shown.shape[-1]:
            along = np.arange(shown.shape[-1])
        shown[..., along > t] = np.nan
        data.append({**trace, ("z" if trace.get("type") == "heatmap" else "y"): shown})
    return {**figure, "data": data}


def time_steps(figure: FigureDict) -> int:
    """Return how many time steps a figure shows; 0 if it has no axis of time."""
    most = 0
    for trace in figure["data"]:
        if not _goes_along(trace, figure["layout"]):
            continue
        along = np.asarray(trace.get("x") if trace.get("x") is not None else ())
        if not along.size or along.dtype.kind not in "fiu":
            values = np.asarray(trace.get("z") if trace.get("z") is not None else trace.get("y"))
            along = np.arange(values.shape[-1] if values.ndim else 0)
        if along.size:
            most = max(most, int(np.nanmax(along)) + 1)
    return most


def _goes_along(trace: Mapping[str, Any], layout: Mapping[str, Any]) -> bool:
    """Say whether a trace goes along time, as the `meta` of our figures tells (`plots.style`)."""
    meta = layout.get("meta")
    axis = str(trace.get("xaxis") or "x").replace("x", "xaxis", 1)
    return isinstance(meta, Mapping) and axis in (meta.get("time") or ())


def _axes(frames: Sequence[FigureDict]) -> list[str]:
    names = {name: None for frame in frames for name in frame["layout"]}
    return [name for name in names if re.fullmatch(r"[xy]axis\d*", name)]


def _range(frames: Sequence[FigureDict], name: str) -> tuple[float, float] | None:
    """Return what an axis has to show in all frames, as Plotly writes it; None leaves it."""
    found: list[tuple[float, float]] = []
    flipped = False
    for frame in frames:
        axis = frame["layout"].get(name)
        if not isinstance(axis, Mapping):
            continue
        if axis.get("type") == "category" or axis.get("matches"):
            return None
        given = axis.get("range")
        if given is not None and all(isinstance(end, int | float) for end in given):
            flipped |= given[0] > given[1]
            found.append((min(given), max(given)))
            continue
        flipped |= axis.get("autorange") == "reversed"
        ends = _data_ends(frame, name, axis.get("type") == "log")
        if ends is None:
            return None
        found.append(ends)
    if not found:
        return None
    low, high = min(low for low, _ in found), max(high for _, high in found)
    if not low < high:
        low, high = low - 0.5, high + 0.5
    return (high, low) if flipped else (low, high)


def _data_ends(frame: FigureDict, name: str, log: bool) -> tuple[float, float] | None:
    """Return the ends of what is drawn along an axis without a range; None where that is words."""
    letter, short = name[0], name.replace("axis", "")
    ends: list[tuple[float, float]] = []
    room = ROOM
    for trace in frame["data"]:
        if (trace.get(f"{letter}axis") or letter) != short:
            continue
        if trace.get("type") == "bar":
            return None  # stacked or grouped: only plotly.js knows how high they are
        values = np.asarray(trace.get(letter) if trace.get(letter) is not None else ())
        if values.dtype.kind not in "fiu":
            return None
        if trace.get("type") == "heatmap":
            count = np.asarray(trace["z"]).shape[1 if letter == "x" else 0]
            values = np.arange(count) if not values.size else values
            ends.append((float(values.min()) - 0.5, float(values.max()) + 0.5))
            room = 0.0
            continue
        good = values[np.isfinite(values) & ((values > 0) | (not log))]
        if good.size:
            good = np.log10(good) if log else good
            ends.append((float(good.min()), float(good.max())))
    if not ends:
        return None
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return low - room * (high - low), high + room * (high - low)


def _heats(frames: Sequence[FigureDict]) -> dict[int, tuple[float, float]]:
    """Return the place of a heatmap among the traces -> the colours' range over all frames."""
    found: dict[int, list[float]] = {}
    for frame in frames:
        for place, trace in enumerate(frame["data"]):
            if trace.get("type") != "heatmap":
                continue
            z = np.asarray(trace.get("z", ()), dtype=float)
            seen = z[np.isfinite(z)]
            low, high = trace.get("zmin"), trace.get("zmax")
            ends = [float(low)] if low is not None else [float(seen.min())] if seen.size else []
            ends += [float(high)] if high is not None else [float(seen.max())] if seen.size else []
            found.setdefault(place, []).extend(ends)
    return {place: (min(ends), max(ends)) for place, ends in found.items() if ends}
