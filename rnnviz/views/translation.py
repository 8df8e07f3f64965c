"""The views of the Translation page: attention, what is written, beam search, and the way back."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rnnviz import analysis, plots
from rnnviz.errors import RunError
from rnnviz.recording import record
from rnnviz.tasks.translation import END, TranslationTask
from rnnviz.translation import Translator
from rnnviz.views.flow import number
from rnnviz.views.reading import model_of
from rnnviz.views.scene import Scene

MOST_BEAMS = 10
FEEDS = ("own", "true")
LONGEST = 80
"""Steps of a source, and of a target with its end, that are drawn symbol by symbol."""
MOST_WORK = 2**29
"""Multiplications of weights in one message: about half a second."""


def show_attention(scene: Scene) -> dict[str, Any]:
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
        where=", ".join((f"sample {sample + 1}", feeding(own), when(scene))),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": say_attention(shares, symbols, right, own)}


def show_written(scene: Scene) -> dict[str, Any]:
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
    says = (
        f"{good} of {len(lines)} held-out sequences are written exactly right. Each symbol goes in "
        "before the next is written; the fuller its colour, the surer. "
        "At the right stands what is right."
    )
    return {"figure": figure, "says": says}


def show_beam(scene: Scene) -> dict[str, Any]:
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
            "note": [f"ln p = {row.log_probability:.3g}".replace("-", "−")
                     for row in found.itertuples()],
        }
    )  # fmt: skip
    source = source_text(scene, begin, sample)
    figure = plots.translations.spec(
        lines,
        title=f"Beam search, {beam} wide" if beam > 1 else "Greedy",
        where=f"{source}, {when(scene)}",
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": say_beam(found, lines, right)}


def show_ways(scene: Scene) -> dict[str, Any]:
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
        where=f"loss of “{answer}”, {scene.when}",
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": say_ways(scene, norms, sample, answer)}


# -- in words -------------------------------------------------------------------------------


def say_attention(shares: pd.DataFrame, symbols: list[str], right: list[str], own: bool) -> str:
    """Say how sharp the attention is, and whether what is written is right."""
    most = float(shares.max(axis=1).mean()) if len(shares) else 0.0
    said = f"The step that a symbol looks at most has {100 * most:.0f} % of it, on average. "
    if not own:
        return said + "The true symbols go in, whatever the network would answer."
    return said + (
        "What is written is right." if symbols == right else "Rows with ≠ are wrong symbols."
    )


def say_beam(found: pd.DataFrame, lines: pd.DataFrame, right: list[str]) -> str:
    """Say how sure the network is of the first target, and where the right one stands."""
    shares = np.exp(found["log_probability"].to_numpy())
    said = f"The first has a probability of {100 * shares[0]:.2f} %"
    if len(shares) > 1:
        said += f", all {len(shares)} together {100 * shares.sum():.2f} %"
    places = [row.name for row in lines.itertuples(index=False) if list(row.symbols) == right]
    where = f"the right one is number {places[0].rstrip('.')}" if places else (
        "the right one is not among them"
    )  # fmt: skip
    return f"{said}; {where}."


def say_ways(scene: Scene, norms: pd.DataFrame, sample: int, answer: str) -> str:
    """Say at which source symbol most arrives, and by which way."""
    of_source = norms[norms["part"] == "encoder"].pivot(index="time", columns="way", values="norm")
    at = int(of_source["total"].idxmax())
    row = of_source.loc[at]
    symbol = scene.probe.labels[sample][at]
    return (
        f"Of what “{answer}” sends back, most reaches the encoder at “{symbol}” (t = {at}): "
        f"{number(row['total'])}, of it {number(row['attention'])} by attention and "
        f"{number(row['state'])} by the decoder's first state. The ways may point against each "
        "other: their vectors sum to the whole, their norms do not."
    )


def when(scene: Scene) -> str:
    """Return the training step in words, and whether the visitor changed something."""
    return scene.when + (", with your change" if scene.changed else "")


def feeding(own: bool) -> str:
    """Say what goes into the decoder."""
    return "reads its own" if own else "reads the truth"


# -- what is looked at ----------------------------------------------------------------------


def parts(scene: Scene) -> tuple[TranslationTask, Translator]:
    """Return task and network of a translation.

    Raises
    ------
    RunError
        If the task is another, or the network too large to write live.
    """
    if not scene.task.translates:
        raise RunError(
            "Only a translation has a source and a target: choose the task dates, reversal or "
            "sorting."
        )
    task, model = cast(TranslationTask, scene.task), cast(Translator, model_of(scene))
    weights = sum(each.numel() for stack in model.stacks for each in stack.parameters())
    if weights * scene.task.steps * MOST_BEAMS > MOST_WORK:
        raise RunError(
            f"{weights:,} recurrent weights are too many to write with live: up to "
            f"{MOST_WORK // scene.task.steps // MOST_BEAMS:,} can be shown."
        )
    return task, model


def source_of(scene: Scene, model: Translator) -> tuple[Tensor, int, int]:
    """Return the probe's inputs, the step at which the target begins, and the chosen sample.

    Raises
    ------
    RunError
        If source or target has more symbols than can be told apart.
    """
    inputs = scene.probe.batch.inputs
    begin = model.begin(inputs)
    if max(begin, len(inputs) - begin) > LONGEST:
        raise RunError(
            f"A source of {begin} symbols is too long to be drawn symbol by symbol: up to "
            f"{LONGEST - 1} can be shown; type a shorter one, or lower the length."
        )
    return inputs, begin, min(scene.sample, inputs.shape[1] - 1)


def source_text(scene: Scene, begin: int, sample: int) -> str:
    """Return the source of a sample as it is typed."""
    return "".join(scene.probe.labels[sample][:begin]).replace("␣", " ")


def longest(scene: Scene, inputs: Tensor, begin: int) -> int:
    """Return how many symbols are written at most: as many as the longest target has."""
    return min(LONGEST, max(cast(TranslationTask, scene.task).target_steps, len(inputs) - begin))


def written(scene: Scene, model: Translator, inputs: Tensor) -> Tensor:
    """Return the classes (step, batch) that the network writes greedily."""
    with changed(scene, model):
        return analysis.greedy(model, inputs, longest(scene, inputs, model.begin(inputs)))


def fed(model: Translator, inputs: Tensor, classes: Tensor) -> Tensor:
    """Return sequences in which the written classes (step, batch) go in, each a step later."""
    begin = model.begin(inputs)
    return torch.cat([inputs[: begin + 1], model.next_input(classes[:-1])])


def up_to_end(symbols: list[str]) -> list[str]:
    """Return what is written, up to the end and with it."""
    return symbols[: symbols.index(END) + 1] if END in symbols else symbols


@contextmanager
def changed(scene: Scene, model: Translator) -> Iterator[None]:
    """Hold the network's signals as the visitor asked for one run of it."""
    plain = None
    if any(clamp.how == "mean" for clamp in scene.clamps):
        with record(model, gradients=False) as plain, torch.no_grad():
            model(scene.probe.batch.inputs)
    with ExitStack() as changes:
        for clamp in scene.clamps:
            changes.enter_context(clamp.attach(model, plain))
        yield
