"""The ways by which the gradient of one symbol reaches the source."""

import pandas as pd

from rnnviz import analysis, plots
from rnnviz.views.controls import Asking, Listed
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.views.translating import feed, parts, source_of, translations
from rnnviz.words import N_, t
from rnnviz.words.numbers import number


def show_ways(scene: Scene) -> FigureMessage:
    """Draw how the gradient of one answer goes back through attention and through the state."""
    _, model = parts(scene)
    _, begin, sample = source_of(scene, model)
    batch = scene.probe.batch
    asked = scene.task.asked(batch.targets)[:, sample].nonzero().flatten().tolist()
    step = begin + scene.choice.number("symbol", len(asked) // 2, 0, len(asked) - 1)
    norms = analysis.ways_back(model, batch.inputs, batch.targets, step, sample)
    answer = scene.probe.targets[sample][step]
    figure = plots.ways.spec(
        norms,
        step=step,
        labels=scene.probe.labels[sample],
        where=t("loss of “{answer}”, {when}", answer=answer, when=scene.when),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": say_ways(scene, norms, sample, answer)}


def say_ways(scene: Scene, norms: pd.DataFrame, sample: int, answer: str) -> str:
    """Say at which source symbol most arrives, and by which way."""
    of_source = norms[norms["part"] == "encoder"].pivot(index="time", columns="way", values="norm")
    at = int(of_source["total"].idxmax())
    row = of_source.loc[at]
    symbol = scene.probe.labels[sample][at]
    return t(
        "Of what “{answer}” sends back, most reaches the encoder at “{symbol}” (t = {time}): "
        "{total}, of it {attention} by attention and "
        "{state} by the decoder's first state. The ways may point against each "
        "other: their vectors sum to the whole, their norms do not.",
        answer=answer,
        symbol=symbol,
        time=at,
        total=number(row["total"]),
        attention=number(row["attention"]),
        state=number(row["state"]),
    )


def controls(subject: Subject) -> Asking:
    """Ask also for the symbol whose loss it is."""
    asked = yield from feed(subject)
    targets = subject.probe.targets if subject.probe else [[""]]
    target = [each for each in targets[asked["sample"]] if each]
    words = {
        str(at): t("{place}. symbol {symbol}", place=at + 1, symbol=symbol)
        for at, symbol in enumerate(target)
    }
    middle = str(len(target) // 2)
    return {**asked, "symbol": (yield Listed("symbol_at", t("Symbol"), words, middle, width=150))}


LOOK = Look(
    "ways",
    "translation",
    N_("gradient back"),
    {
        "translation_ways": View(
            show_ways, rest=0.2, lecture=N_("one symbol's gradient"), whole=True
        )
    },
    controls,
    place=30,
    fits=translations,
)
