"""What units tell: the chosen property of every step, and the units that tell it best."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.analysis import PROPERTIES, property_values, rank_units
from rnnviz.errors import RnnvizError
from rnnviz.tasks import Task
from rnnviz.views.reading import (
    RAW,
    Reading,
    alphabet,
    as_numbers,
    first_symbol,
    held_out,
    short_numbers,
)
from rnnviz.views.scene import Scene
from rnnviz.words import t, tn

ROWS = 6
"""Units under each other, if nothing else was asked."""
MOST_ROWS = 16
MOST_CELLS = 12_000
"""Characters x units that are drawn at once."""


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


def units_to_show(
    scene: Scene, layer: str, signal: str, values: np.ndarray
) -> tuple[list[int], list[str], str]:
    """Return the units to show, a note on each, and a sentence if they are not the asked ones."""
    count = values.shape[1]
    asked = asked_units(scene, count)
    most = min(scene.choice.number("rows", ROWS, 1, MOST_ROWS), max(1, MOST_CELLS // len(values)))
    try:
        ranked = ranking_of(scene, layer, signal)
    except RnnvizError as error:
        spread = np.argsort(-values.std(axis=0), kind="stable")
        said = "" if asked else t("{error} Shown are the units that change most.", error=error)
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


def asked_units(scene: Scene, count: int) -> list[int]:
    """Return which of so many units were asked for, once each."""
    parts = scene.choice.text("units").split(",")
    asked = [int(part) for part in parts if part.isascii() and part.isdigit()]
    return list(dict.fromkeys(unit for unit in asked if unit < count))[:MOST_ROWS]


def ranking_of(scene: Scene, layer: str, signal: str) -> pd.DataFrame:
    """Rank the units by the chosen property, once for all views of a state."""
    run = scene.run.id if scene.run else None
    asked = tuple(
        scene.choice.text(name) for name in ("property", "symbol", "feature", "pattern", "ago")
    )

    def make() -> pd.DataFrame:
        reading = held_out(scene)
        return rank_units(reading.trace, layer, signal, property_of(scene, reading))

    return scene.gallery.rankings.get((run, scene.settings, scene.step, layer, signal, asked), make)


def chosen_property(scene: Scene) -> str:
    """Return the key of the property that units may tell."""
    known = known_properties(scene.task)
    return scene.choice.word("property", known, known[0])


def chosen_symbol(scene: Scene) -> str:
    """Return the chosen symbol, as it is shown."""
    kind = PROPERTIES[chosen_property(scene)]
    answer = kind.parameter == "answer"
    known = alphabet(scene.task)[answer]
    return scene.choice.word("symbol", known, first_symbol(scene.task, answer))


def property_of(scene: Scene, reading: Reading) -> np.ndarray:
    """Return the chosen property of every step: (time, batch)."""
    name = chosen_property(scene)
    symbol = chosen_symbol(scene)
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


def where_it_holds(scene: Scene, reading: Reading) -> list[Any] | None:
    """Return where a binary property holds in the shown sample; None for a number."""
    if not PROPERTIES[chosen_property(scene)].binary:
        return None
    try:
        return short_numbers(np.nan_to_num(property_of(scene, reading)[:, 0]))
    except RnnvizError:
        return None


def property_words(scene: Scene) -> str:
    """Return the property with its parameters, in words."""
    name = chosen_property(scene)
    kind = PROPERTIES[name]
    feature = scene.choice.number("feature", 0, 0, 10**6) + 1
    if name == "symbol":
        words = t("the symbol {symbol}", symbol=chosen_symbol(scene))
    elif name == "answer" and scene.task.foretells:
        words = t("next should be {symbol}", symbol=chosen_symbol(scene))
    elif name == "answer":
        words = t("the answer should be {symbol}", symbol=chosen_symbol(scene))
    elif name == "regex" and (pattern := scene.choice.text("pattern")[:40]):
        words = t("in a match of {pattern}", pattern=pattern)
    elif name == "regex":
        words = t("in a match of a regular expression")
    elif name == "value":
        words = t("input {number}", number=feature)
    elif name == "total":
        words = t("the sum of input {number} so far", number=feature)
    else:
        words = t(kind.title)
    ago = scene.choice.number("ago", 0, 0, 999) if kind.lag else 0
    if not ago:
        return words
    return tn("{what} {count} step ago", "{what} {count} steps ago", ago, what=words)
