"""The views of the Units page: text coloured by units, which units tell what, and matches."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from rnnviz.analysis import (
    PROPERTIES,
    find_matches,
    next_probabilities,
    property_values,
    rank_units,
    share_on,
    units_on,
)
from rnnviz.cells import CELLS
from rnnviz.errors import RnnvizError, RunError
from rnnviz.plots import ranking, tracks
from rnnviz.plots.style import GATES, NAME, scale, theme
from rnnviz.tasks import Task
from rnnviz.trace import Trace
from rnnviz.views.cache import Cache
from rnnviz.views.reading import (
    RAW,
    Reading,
    alphabet,
    as_numbers,
    held_out,
    layer_and_signal,
    model_of,
    one_reading,
    sample_of,
)
from rnnviz.views.scene import Scene, short

ROWS = 6
"""Units under each other, if nothing else was asked."""
MOST_ROWS = 16
MOST_CELLS = 12_000
"""Characters x units that are drawn at once."""
LIKELIEST = 6
"""Next characters that are shown."""
CONTEXT = 24
"""Steps shown before and after a match."""

_rankings: Cache[pd.DataFrame] = Cache(64)


def known_properties(task: Task) -> list[str]:
    """Return the keys of the properties that have a meaning in a task."""
    has = {
        "": True,
        "text": hasattr(task, "vocabulary"),
        "symbols": task.tokens,
        "answers": task.answers == "classes",
        "inputs": not task.tokens,
        "targets": task.answers == "numbers",
    }
    return [key for key, kind in PROPERTIES.items() if has[kind.needs]]


def show_text(scene: Scene) -> dict[str, Any]:
    """Colour the probe or the visitor's text by some units."""
    reading = one_reading(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    values = reading.trace.value(layer, signal)[:, 0]
    units, notes, said = _units(scene, layer, signal, values)
    colourscale, low, high = _scale(scene, signal, values[:, units])
    palette = theme(scene.choice.theme)
    text = {
        "symbols": _symbols(reading),
        "kind": "text" if reading.symbols else "numbers",
        "rows": [
            {"unit": unit, "note": note, "values": short_numbers(values[:, unit])}
            for unit, note in zip(units, notes, strict=True)
        ],
        "holds": _holds(scene, reading),
        "property": _property_words(scene),
        "scale": colourscale,
        "low": low,
        "high": high,
        "ink": palette.ink,
        "paper": palette.paper,
        "symbol": _letter(reading.trace, layer, signal),
        "next": _next(scene, reading),
        "title": f"{NAME.get(signal, signal).capitalize()} of {_place(scene, reading.trace, layer)}"
        f", {scene.when}",
        "said": said or _unknown(scene, reading),
    }
    return {"text": text}


def show_ranking(scene: Scene) -> dict[str, Any]:
    """Draw the units that tell a property best, over held-out sequences."""
    reading = held_out(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    ranked = _ranking(scene, layer, signal)
    letter = _letter(reading.trace, layer, signal)
    figure = ranking.spec(
        ranked,
        _property_words(scene),
        where=f"{letter}, {scene.when}",
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_tracks(scene: Scene) -> dict[str, Any]:
    """Draw the inputs of the probe and some units, for a task of numbers."""
    reading = one_reading(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    units, _, _ = _units(scene, layer, signal, reading.trace.value(layer, signal)[:, 0])
    inputs = pd.DataFrame(as_numbers(reading.batch.inputs.float())[:, 0].reshape(reading.steps, -1))
    brush = _brush(scene, reading.steps)
    figure = tracks.spec(
        inputs,
        reading.trace.frame(layer, signal)[units],
        signal,
        symbol=_letter(reading.trace, layer, signal),
        labels=_symbols(reading),
        brush=None if brush is None else (brush[0], brush[1] - 1),
        where=", ".join((_place(scene, reading.trace, layer), _what(scene), scene.when)),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_matches(scene: Scene) -> dict[str, Any]:
    """Find held-out stretches in which the same units are on as in the selected one."""
    reading, data = one_reading(scene), held_out(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    brush = _brush(scene, reading.steps)
    if brush is None:
        raise RunError(
            "Select a stretch above: drag over it, or walk with the arrow keys and hold Shift."
        )
    start, stop = brush
    rule: dict[str, Any] = {
        "threshold": scene.choice.number("on", 30, 1, 300) / 100,
        "signed": signal not in GATES,
        "outside": scene.choice.text("outside") == "1",
    }
    values = reading.trace.value(layer, signal)[:, 0]
    on = units_on(values, start, stop, **rule)
    everywhere = data.trace.value(layer, signal)
    found = find_matches(everywhere, on, stop - start, most=12, **rule)
    side = {key: rule[key] for key in ("threshold", "signed")}
    chosen = _stretch(reading, share_on(values[:, None], on, **side)[:, 0], 0, start, stop)
    share = share_on(everywhere, on, **side)
    rows = []
    for each in found.itertuples():
        row = _stretch(data, share[:, each.sample], each.sample, each.start, each.stop)
        rows.append(
            row | {"shared": each.shared, "extra": each.extra, "overlap": each.overlap,
                   "where": f"held-out sequence {each.sample + 1}, step {each.start}"}
        )  # fmt: skip
    palette = theme(scene.choice.theme)
    matches = {
        "chosen": chosen,
        "rows": rows,
        "units": on["unit"].tolist(),
        "sides": on["side"].tolist(),
        "kind": "text" if reading.symbols else "numbers",
        "scale": [[0.0, palette.paper], [1.0, palette.signal["output_gate"]]],
        "ink": palette.ink,
        "paper": palette.paper,
        "muted": palette.muted,
        "searched": f"{data.samples} held-out sequences of {data.steps} steps",
        "letter": _letter(reading.trace, layer, signal),
        "threshold": rule["threshold"],
    }
    return {"matches": matches}


def _stretch(
    reading: Reading, share: np.ndarray, sample: int, start: int, stop: int
) -> dict[str, Any]:
    """Return a stretch with what stands around it."""
    first, last = max(0, start - CONTEXT), min(reading.steps, stop + CONTEXT)
    found: dict[str, Any] = {
        "before": start - first,
        "length": stop - start,
        "share": short_numbers(share[first:last]),
    }
    if reading.symbols:
        return found | {"symbols": reading.symbols[sample][first:last]}
    numbers = as_numbers(reading.batch.inputs)[first:last, sample]
    return found | {"lines": [short_numbers(column) for column in numbers.T[:3]]}


def _units(
    scene: Scene, layer: str, signal: str, values: np.ndarray
) -> tuple[list[int], list[str], str]:
    """Return the units to show, a note on each, and a sentence if they are not the asked ones."""
    count = values.shape[1]
    asked = [int(t) for t in scene.choice.text("units").split(",") if t.isascii() and t.isdigit()]
    asked = list(dict.fromkeys(unit for unit in asked if unit < count))[:MOST_ROWS]
    most = min(scene.choice.number("rows", ROWS, 1, MOST_ROWS), max(1, MOST_CELLS // len(values)))
    try:
        ranked = _ranking(scene, layer, signal)
    except RnnvizError as error:
        spread = np.argsort(-values.std(axis=0), kind="stable")
        said = "" if asked else f"{error} Shown are the units that change most."
        units = asked[:most] or [int(unit) for unit in spread[:most]]
        return units, [""] * len(units), said
    units = asked[:most] or ranked["unit"].head(most).tolist()
    by_unit = ranked.set_index("unit")
    arrow = {1: "↑", -1: "↓"}
    notes = [
        f"{arrow[int(direction)]} {score:.2f}"
        for direction, score in by_unit.loc[units, ["direction", "score"]].itertuples(index=False)
    ]
    return units, notes, ""


def _ranking(scene: Scene, layer: str, signal: str) -> pd.DataFrame:
    """Rank the units by the chosen property, once for all views of a state."""
    run = scene.run.id if scene.run else None
    asked = tuple(
        scene.choice.text(name) for name in ("property", "symbol", "feature", "pattern", "ago")
    )

    def make() -> pd.DataFrame:
        reading = held_out(scene)
        return rank_units(reading.trace, layer, signal, _known(scene, reading))

    return _rankings.get((run, scene.settings, scene.step, layer, signal, asked), make)


def _property(scene: Scene) -> str:
    known = known_properties(scene.task)
    return scene.choice.word("property", known, known[0])


def _symbol(scene: Scene) -> str:
    """Return the chosen symbol, as it is shown."""
    kind = PROPERTIES[_property(scene)]
    goes_in, comes_out = alphabet(scene.task)
    known = comes_out if kind.parameter == "answer" else goes_in
    return scene.choice.word("symbol", known, "e" if "e" in known else (known or [""])[0])


def _known(scene: Scene, reading: Reading) -> np.ndarray:
    """Return the chosen property of every step: (time, batch)."""
    name = _property(scene)
    symbol = _symbol(scene)
    answers = reading.answers
    if reading.texts and PROPERTIES[name].parameter == "symbol":
        symbol = RAW.get(symbol, symbol)
    numbers = not scene.task.tokens
    return property_values(
        name,
        steps=reading.steps,
        samples=reading.samples,
        symbols=reading.texts or reading.symbols,
        answers=answers,
        inputs=as_numbers(reading.batch.inputs) if numbers else None,
        targets=as_numbers(reading.batch.targets) if scene.task.answers == "numbers" else None,
        symbol=symbol,
        feature=scene.choice.number("feature", 0, 0, 10**6),
        pattern=scene.choice.text("pattern"),
        ago=scene.choice.number("ago", 0, 0, 999),
    )


def _holds(scene: Scene, reading: Reading) -> list[Any] | None:
    """Return where a binary property holds in the shown sample; None for a number."""
    if not PROPERTIES[_property(scene)].binary:
        return None
    try:
        return short_numbers(np.nan_to_num(_known(scene, reading)[:, 0]))
    except RnnvizError:
        return None


def _property_words(scene: Scene) -> str:
    """Return the property with its parameters, in words."""
    name = _property(scene)
    kind = PROPERTIES[name]
    words = kind.title
    if name == "symbol":
        words = f"the symbol {_symbol(scene)}"
    elif name == "answer":
        words = f"next should be {_symbol(scene)}"
    elif name == "regex":
        words = f"in a match of {scene.choice.text('pattern')[:40] or 'a regular expression'}"
    elif kind.parameter == "feature":
        words = words.replace(
            "an input", f"input {scene.choice.number('feature', 0, 0, 10**6) + 1}"
        )
    ago = scene.choice.number("ago", 0, 0, 999) if kind.lag else 0
    return words + (f" {ago} step{'s' * (ago > 1)} ago" if ago else "")


def _next(scene: Scene, reading: Reading) -> dict[str, Any]:
    """Return what the network answers at every step: the likeliest classes, or the numbers."""
    model = model_of(scene)
    if scene.task.answers == "classes":
        share = next_probabilities(reading.trace, model.readout).to_numpy()
        best = np.argsort(-share, axis=1, kind="stable")[:, :LIKELIEST]
        _, classes = alphabet(scene.task)
        right = reading.batch.targets[:, 0].numpy()
        asked = np.maximum(right, 0)[:, None]
        return {
            "classes": classes,
            "best": best.astype(np.int32),
            "share": short_numbers(np.take_along_axis(share, best, axis=1)),
            "width": best.shape[1],
            "right": [classes[t] if t >= 0 else "" for t in right.tolist()],
            "right_share": short_numbers(np.take_along_axis(share, asked, axis=1)[:, 0]),
        }
    hidden = reading.trace.value(reading.trace.layers[-1], "hidden_state")[:, 0]
    with torch.no_grad():
        answers = model.readout(torch.tensor(hidden)).numpy()
    should = as_numbers(reading.batch.targets)[:, 0]
    return {"answers": [f"{row[0]:.3f}" for row in answers],
            "should": ["" if np.isnan(row[0]) else f"{row[0]:.3f}" for row in should]}  # fmt: skip


def short_numbers(values: np.ndarray) -> list[Any]:
    """Return numbers with four decimals: half the bytes of a message."""
    found: list[Any] = values.astype(np.float64).round(4).tolist()
    return found


def _symbols(reading: Reading) -> list[str]:
    """Return what goes in at each step, as it is shown."""
    if reading.symbols:
        return reading.symbols[0][: reading.steps]
    if reading.trace.labels:
        return [label or "" for label in reading.trace.labels[0]]
    return [" ".join(f"{x:.2f}" for x in row) for row in as_numbers(reading.batch.inputs)[:, 0]]


def _unknown(scene: Scene, reading: Reading) -> str:
    """Say how many characters the network has never seen, if there are any."""
    if not reading.texts:
        return ""
    count = int((reading.batch.inputs[:, 0] == scene.task.inputs - 1).sum())
    if not count:
        return ""
    return (
        f"{count} of {reading.steps} characters are not in the book that the network learns from; "
        "it reads them all as one unknown character."
    )


def _scale(scene: Scene, signal: str, values: np.ndarray) -> tuple[list[list[Any]], float, float]:
    colourscale, low, high = scale(signal, theme(scene.choice.theme))
    reach = float(np.nanmax(np.abs(values), initial=0.0))
    if reach > 1:
        low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    return colourscale, low, high


def _what(scene: Scene) -> str:
    """Say what is read, in words."""
    if scene.choice.text("pasted") or scene.choice.text("input"):
        return "own text"
    return f"sample {sample_of(scene) + 1}"


def _letter(trace: Trace, layer: str, signal: str) -> str:
    cell = CELLS[trace.cell(layer)]
    return {"input": "x", **cell.gates, **cell.states}[signal]


def _place(scene: Scene, trace: Trace, layer: str) -> str:
    return f"{CELLS[trace.cell(layer)].title} layer {short(layer)}"


def _brush(scene: Scene, steps: int) -> tuple[int, int] | None:
    """Return the selected stretch as (start, stop), None if there is none."""
    first, _, last = scene.choice.text("brush").partition("-")
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return None
    if len(first) > 9 or len(last) > 9 or not int(first) <= int(last) < steps:
        return None
    return int(first), int(last) + 1
