"""The view of a data set of the visitor's own: what is in it, and what of it trains."""

from collections import Counter
from typing import Any

import pandas as pd

from rnnviz.data.examples import example
from rnnviz.data.labels import Labelled
from rnnviz.data.series import Series
from rnnviz.data.sets import DataSet
from rnnviz.data.sources import find
from rnnviz.data.texts import text_of
from rnnviz.errors import RunError
from rnnviz.plots import own_data as plots
from rnnviz.plots.style import FigureDict
from rnnviz.tasks import TASKS
from rnnviz.tasks.characters import HELD_OUT, shown
from rnnviz.tasks.own import OwnData
from rnnviz.tasks.words import WORD
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.words import N_, t


def show_data(scene: Scene) -> FigureMessage:
    """Draw the data set that the settings name."""
    kind = TASKS[scene.settings.task]
    if not issubclass(kind, OwnData):
        raise RunError("This task draws its data itself: choose one of own data.")
    key = scene.settings.data
    data = find(key, scene.gallery.data) if key else example(kind.kind)
    draw = {"series": _series, "labels": _labels, "text": _text}[data.kind]
    return {"figure": draw(data, scene)}


def _series(data: DataSet, scene: Scene) -> FigureDict:
    series = Series.of(data)
    index: Any = pd.RangeIndex(1, len(series.values) + 1)
    if series.times is not None:
        index = pd.to_datetime(series.times, unit="s")
    names = [series.names[place] for place in series.targets]
    frame = pd.DataFrame(series.values[:, series.targets], index=index, columns=names)
    return plots.data_split.spec(frame, series.cuts, title=data.title, colours=scene.choice.theme)


def _labels(data: DataSet, scene: Scene) -> FigureDict:
    known_texts = Labelled.of(data)
    columns = {}
    for name, places in zip(("training", "held_out"), known_texts.parts(), strict=True):
        often = Counter(known_texts.labels[place] for place in places)
        columns[name] = [often[label] for label in range(len(known_texts.classes))]
    table = pd.DataFrame(columns, index=known_texts.classes)
    return plots.data_counts.spec(
        table, heading=t("How many texts each class has"), title=data.title,
        colours=scene.choice.theme,
    )  # fmt: skip


def _text(data: DataSet, scene: Scene) -> FigureDict:
    text = text_of(data)
    words = scene.settings.task == "own_words"
    symbols = WORD.findall(text.lower()) if words else list(text)
    cut = round(len(symbols) * (1 - HELD_OUT))
    parts = Counter(symbols[:cut]), Counter(symbols[cut:])
    order = sorted(parts[0] | parts[1], key=lambda each: (-parts[0][each] - parts[1][each], each))
    few = order[:200]
    table = pd.DataFrame(
        {
            "training": [parts[0][each] for each in few],
            "held_out": [parts[1][each] for each in few],
        },
        index=[each if words else shown(each) for each in few],
    )
    if words:
        heading, counted = (
            t("The commonest words"),
            N_("{title}, {all:,} words, {kinds:,} different"),
        )
    else:
        heading = t("The commonest characters")
        counted = N_("{title}, {all:,} characters, {kinds:,} different")
    return plots.data_counts.spec(
        table,
        heading=heading,
        title=t(counted, title=data.title, all=len(symbols), kinds=len(order)),
        unit=t("times"),
        colours=scene.choice.theme,
    )


LOOK = Look("data", "", N_("data"), {"data": View(show_data)}, fits=networks)
