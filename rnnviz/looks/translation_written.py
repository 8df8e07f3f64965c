"""What a translator writes on its own, for all samples."""

import pandas as pd
import torch

from rnnviz import plots
from rnnviz.tasks.translation import END
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.views.translating import (
    changed,
    fed,
    feed,
    parts,
    source_of,
    source_text,
    translations,
    up_to_end,
    when,
    written,
)
from rnnviz.words import N_, t


def show_written(scene: Scene) -> FigureMessage:
    """Draw what the network writes on its own for every sample of the probe."""
    task, model = parts(scene)
    inputs, begin, _ = source_of(scene, model)
    classes = written(scene, model, inputs)
    with changed(scene, model), torch.no_grad():
        answers = model(fed(model, inputs, classes))[0][begin:]
    likely = answers.double().softmax(-1).gather(2, classes[..., None])[..., 0].numpy()
    rows = []
    for sample in range(inputs.shape[1]):
        symbols = up_to_end(task.classes_of(classes[:, sample].tolist()))
        right = task.classes_of(scene.probe.batch.targets[begin:, sample].tolist())
        rows.append(
            (source_text(scene, begin, sample), symbols, likely[: len(symbols), sample], right,
             "".join(up_to_end(right)).removesuffix(END))
        )  # fmt: skip
    lines = pd.DataFrame(rows, columns=["name", "symbols", "shares", "right", "note"])
    figure = plots.translations.spec(lines, where=when(scene), colours=scene.choice.theme)
    good = sum(list(row.symbols) == list(row.right) for row in lines.itertuples())
    says = t(
        "{good} of {all} held-out sequences are written exactly right. Each symbol goes in "
        "before the next is written; the fuller its colour, the surer. "
        "Right column: the correct answer.",
        good=good,
        all=len(lines),
    )
    return {"figure": figure, "says": says}


LOOK = Look(
    "written",
    "translation",
    N_("all samples"),
    {"translation_written": View(show_written, rest=0.3, lecture=N_("what it writes"), whole=True)},
    feed,
    place=10,
    fits=translations,
)
