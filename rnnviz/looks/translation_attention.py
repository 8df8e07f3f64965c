"""Where each symbol of a translation looks: the one picture that the page always shows."""

import pandas as pd

from rnnviz import analysis, plots
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.views.translating import (
    FEEDS,
    changed,
    fed,
    feeding,
    parts,
    source_of,
    translations,
    up_to_end,
    when,
    written,
)
from rnnviz.words import N_, t
from rnnviz.words.numbers import percent


def show_attention(scene: Scene) -> FigureMessage:
    """Draw where each symbol of a sample's target looks."""
    task, model = parts(scene)
    inputs, begin, sample = source_of(scene, model)
    own = scene.choice.word("fed", FEEDS, "own") == "own"
    right = task.classes_of(scene.probe.batch.targets[begin:, sample].tolist())
    symbols = right
    if own:
        classes = written(scene, model, inputs[:, [sample]])
        symbols = up_to_end(task.classes_of(classes[:, 0].tolist()))
        inputs, place = fed(model, inputs[:, [sample]], classes), 0
    else:
        place = sample
    with changed(scene, model):
        shares = analysis.attention(model, inputs, place).iloc[: len(symbols)]
    figure = plots.attention.spec(
        shares,
        scene.probe.labels[sample][:begin],
        symbols,
        right,
        where=together(one_sample(sample), feeding(own), when(scene)),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": say_attention(shares, symbols, right, own)}


def say_attention(shares: pd.DataFrame, symbols: list[str], right: list[str], own: bool) -> str:
    """Say how sharp the attention is, and whether what is written is right."""
    most = float(shares.max(axis=1).mean()) if len(shares) else 0.0
    said = t(
        "On average, each output symbol puts {share} of its attention on one input symbol.",
        share=percent(most),
    )
    if not own:
        what = t("The true symbols go in, whatever the network would answer.")
    elif symbols == right:
        what = t("All symbols are correct.")
    else:
        what = t("Rows with ≠ are wrong symbols.")
    return f"{said} {what}"


LOOK = Look(
    "attention",
    "",
    N_("attention"),
    {
        "translation_attention": View(
            show_attention, rest=0.2, lecture=N_("where a translation looks"), whole=True
        )
    },
    fits=translations,
)
