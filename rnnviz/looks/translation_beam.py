"""The likeliest translations of one sample: beam search."""

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.views.controls import Asking, Listed
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.views.translating import (
    MOST_BEAMS,
    changed,
    feed,
    longest,
    parts,
    source_of,
    source_text,
    translations,
    when,
)
from rnnviz.words import N_, t


def show_beam(scene: Scene) -> FigureMessage:
    """Draw the likeliest targets of one sample that beam search finds."""
    task, model = parts(scene)
    inputs, begin, sample = source_of(scene, model)
    beam = scene.choice.number("beam", 5, 1, MOST_BEAMS)
    with changed(scene, model):
        found = analysis.translations(
            model, inputs, sample, beam=beam, steps=longest(scene, inputs, begin)
        )
    right = task.classes_of(scene.probe.batch.targets[begin:, sample].tolist())
    lines = pd.DataFrame(
        {
            "name": [f"{row.rank}." for row in found.itertuples()],
            "symbols": [task.classes_of(row.classes) for row in found.itertuples()],
            "shares": found["shares"],
            "right": [right] * len(found),
            "note": [
                f"ln p = {row.log_probability:.3g}".replace("-", "−") for row in found.itertuples()
            ],
        }
    )
    source = source_text(scene, begin, sample)
    figure = plots.translations.spec(
        lines,
        title=t("Beam search, {beam} wide", beam=beam) if beam > 1 else t("Greedy"),
        where=together(source, when(scene)),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": say_beam(found, lines, right)}


def say_beam(found: pd.DataFrame, lines: pd.DataFrame, right: list[str]) -> str:
    """Say how sure the network is of the first target, and where the right one stands."""
    shares = np.exp(found["log_probability"].to_numpy())
    sure = (
        t("The first has a probability of {share:.2f} %", share=100 * shares[0])
        if len(shares) == 1
        else t(
            "The first has a probability of {share:.2f} %, all {count} together {sum:.2f} %",
            share=100 * shares[0],
            count=len(shares),
            sum=100 * shares.sum(),
        )
    )
    places = [row.name for row in lines.itertuples(index=False) if list(row.symbols) == right]
    if not places:
        return t("{sure}; the right one is not among them.", sure=sure)
    return t("{sure}; the right one is number {place}.", sure=sure, place=places[0].rstrip("."))


def controls(subject: Subject) -> Asking:
    """Ask also for the width of the beam."""
    asked = yield from feed(subject)
    widths = {
        str(width): t("beam {width}", width=width) if width > 1 else t("greedy")
        for width in range(1, MOST_BEAMS + 1)
    }
    return {**asked, "beam": (yield Listed("beam", t("Beam"), widths, "5", width=110))}


LOOK = Look(
    "beam",
    "translation",
    N_("beam search"),
    {"translation_beam": View(show_beam, rest=0.3, whole=True)},
    controls,
    place=20,
    fits=translations,
)
