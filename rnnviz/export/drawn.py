"""The data of a figure as a tidy table: exactly what is drawn, a row a point."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.export.prepared import text_of
from rnnviz.plots.style import FigureDict
from rnnviz.words import t


def drawn(
    figure: FigureDict, ranges: Mapping[str, tuple[float, float]] | None = None
) -> pd.DataFrame:
    """Return the numbers that a figure shows.

    Parameters
    ----------
    figure : dict
        As `prepare` gives it.
    ranges : mapping, optional
        Axis -> (low, high) of what was zoomed into: points outside are left out.

    Returns
    -------
    DataFrame
        A row a point, in the order of drawing. Columns: `panel` where there are several, `series`
        where there are several, then what the axes say (`time step t`, `‖∂L/∂h‖`, ...; `x` and `y`
        where the panels' axes differ), `value` of a heatmap's cell or what its colour bar says,
        and `shown` where the pointer tells another number than the one that is drawn (a
        heatmap on a log scale is drawn by log10).
    """
    layout = figure["layout"]
    panels: list[tuple[str, str]] = []
    for trace in figure["data"]:
        place = (trace.get("xaxis") or "x", trace.get("yaxis") or "y")
        if place not in panels:
            panels.append(place)
    titles = [(_title(layout, x), _title(layout, y)) for x, y in panels]
    x_names = {x for x, _ in titles if x}
    y_names = {y for _, y in titles if y}
    x_name = x_names.pop() if len(x_names) == 1 else "x"
    y_name = y_names.pop() if len(y_names) == 1 else "y"
    if x_name == y_name:
        x_name, y_name = f"{x_name} (x)", f"{y_name} (y)"
    several = len({_series(trace, number) for number, trace in enumerate(figure["data"])}) > 1
    heading = re.match(r"<b>(.*?)</b>", str((layout.get("title") or {}).get("text") or ""))
    main = text_of(heading[1]) if heading else "value"
    parts = []
    for number, trace in enumerate(figure["data"]):
        place = (trace.get("xaxis") or "x", trace.get("yaxis") or "y")
        part = _points(trace, x_name, y_name, main if len(panels) == 1 else "value")
        part = _within(part, layout, ranges or {}, place, (x_name, y_name))
        front: dict[str, Any] = {}
        if len(panels) > 1:
            front["panel"] = panel_name(layout, place, panels.index(place))
        if several:
            front["series"] = _series(trace, number)
        parts.append(pd.DataFrame({**front, **part}))
    filled = [part for part in parts if len(part)]
    if not filled:
        return parts[0] if parts else pd.DataFrame({x_name: [], y_name: []})
    return pd.concat(filled, ignore_index=True)


def panel_name(layout: Mapping[str, Any], place: tuple[str, str], number: int) -> str:
    """Return what stands above or beside a panel, or else its axis title, or its number."""
    x = _domain(layout, place[0])
    y = _domain(layout, place[1])
    for note in layout.get("annotations") or ():
        across, up = note.get("x"), note.get("y")
        refs = (note.get("xref"), note.get("yref"))
        if refs != ("paper", "paper") or not isinstance(across, int | float):
            continue
        over = abs(across - x[0]) < 0.02 and isinstance(up, int | float) and abs(up - y[1]) < 0.03
        left = across <= 0.001 and note.get("xanchor") == "right" and y[0] <= (up or 0) <= y[1]
        if (over or left) and text_of(note.get("text", "")):
            return text_of(note["text"])
    return _title(layout, place[1]) or _title(layout, place[0]) or f"{number + 1}"


def axis_of(layout: Mapping[str, Any], short: str) -> dict[str, Any]:
    """Return the axis that a trace calls "x2"."""
    return layout.get(f"{short[0]}axis{short[1:]}") or {}


def _domain(layout: Mapping[str, Any], short: str) -> tuple[float, float]:
    low, high = axis_of(layout, short).get("domain") or (0.0, 1.0)
    return float(low), float(high)


def _title(layout: Mapping[str, Any], short: str) -> str:
    title = axis_of(layout, short).get("title") or ""
    return text_of(title.get("text") or "" if isinstance(title, Mapping) else title)


def _series(trace: Mapping[str, Any], number: int) -> str:
    return text_of(trace.get("name") or "") or f"{trace.get('type', 'scatter')} {number + 1}"


def _points(trace: Mapping[str, Any], x_name: str, y_name: str, main: str) -> dict[str, Any]:
    """Return the columns of one trace."""
    if trace.get("type") == "heatmap":
        z = np.asarray(trace.get("z", [[]]))
        z = z.reshape(1, -1) if z.ndim == 1 else z
        rows, columns = z.shape
        across, down = centres(trace.get("x"), columns), centres(trace.get("y"), rows)
        bar = (trace.get("colorbar") or {}).get("title") or ""
        name = text_of(bar.get("text") or "" if isinstance(bar, Mapping) else bar) or main
        name = name if name not in (x_name, y_name) else t("value of {name}", name=name)
        made = {x_name: np.tile(_cells(across), rows), y_name: np.repeat(_cells(down), columns)}
        shown = np.asarray(trace.get("customdata", ()))
        if shown.shape == z.shape and shown.dtype.kind in "fiu":
            made |= {f"log10 {name}": z.ravel(), name: shown.ravel()}
        else:
            made[name] = z.ravel()
        return made
    x, y = trace.get("x"), trace.get("y")
    count = len(x) if x is not None else len(y) if y is not None else 0
    made = {
        x_name: _cells(x if x is not None else np.arange(count)),
        y_name: _cells(y if y is not None else np.arange(count)),
    }
    if trace.get("type") == "bar" and trace.get("base") is not None:
        along = x_name if trace.get("orientation") == "h" else y_name
        base = np.broadcast_to(np.asarray(trace["base"], float), len(made[along]))
        made |= {"from": base, along: made[along].astype(float) + base}
    return made


def centres(values: Any, count: int) -> np.ndarray:
    """Return where the cells of a heatmap stand, which may be given by their edges, or not."""
    array = np.asarray(values if values is not None else ())
    if array.size == count + 1 and array.dtype.kind in "fiu":
        middle: np.ndarray = (array[1:] + array[:-1]) / 2
        return middle
    return array if array.size == count else np.arange(count)


def _cells(values: Any) -> np.ndarray:
    """Return numbers as they are, words without markup."""
    array = np.asarray(values)
    if array.dtype.kind in "OU":
        return np.asarray([text_of(each) if isinstance(each, str) else each for each in values],
                          dtype=object)  # fmt: skip
    return array


def _within(
    part: dict[str, Any],
    layout: Mapping[str, Any],
    ranges: Mapping[str, tuple[float, float]],
    place: tuple[str, str],
    names: tuple[str, str],
) -> dict[str, Any]:
    for short, name in zip(place, names, strict=True):
        axis = re.sub(r"^([xy])", r"\1axis", short)
        values = part[name]
        if axis in ranges and np.asarray(values).dtype.kind in "fiu":
            low, high = sorted(ranges[axis])
            if axis_of(layout, short).get("type") == "log":
                low, high = 10.0**low, 10.0**high
            inside = (values >= low) & (values <= high)
            part = {key: np.asarray(each)[inside] for key, each in part.items()}
    return part
