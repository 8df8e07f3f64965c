"""What the pictures of a translation share: its source, what is written, and what goes in."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import cast

import torch
from torch import Tensor

from rnnviz import analysis
from rnnviz.errors import RunError
from rnnviz.networks.translator import Translator
from rnnviz.recording.record import record
from rnnviz.tasks.translation import END, TranslationTask
from rnnviz.views import controls
from rnnviz.views.controls import Asking, Segment
from rnnviz.views.reading import model_of
from rnnviz.views.say import together, your_change
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import t

FEEDS = ("own", "true")
LONGEST = 80
"""Steps of a source, and of a target with its end, that are drawn symbol by symbol."""
MOST_BEAMS = 10
MOST_WORK = 2**29
"""Multiplications of weights in one message: about half a second."""


def translations(subject: Subject) -> bool:
    """Fit what translates."""
    return subject.task is not None and subject.task.translates


def feed(subject: Subject) -> Asking:
    """Ask for the sample, and for what goes into the decoder."""
    asked = yield from controls.sample(subject, subject.top)
    words = {"own": t("feeds back its own output"), "true": t("teacher forcing")}
    fed = yield Segment("fed", t("What goes into the decoder"), words, "own")
    return {**asked, "fed": fed}


def when(scene: Scene) -> str:
    """Return the training step in words, and whether the visitor changed something."""
    return together(scene.when, your_change(scene.changed))


def feeding(own: bool) -> str:
    """Say what goes into the decoder."""
    return t("feeds back its own output") if own else t("teacher forcing")


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
            "{weights:,} recurrent weights are too many to write with live: up to "
            "{most:,} can be shown.",
            weights=weights,
            most=MOST_WORK // scene.task.steps // MOST_BEAMS,
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
            "A source of {begin} symbols is too long to be drawn symbol by symbol: up to "
            "{most} can be shown; type a shorter one, or lower the length.",
            begin=begin,
            most=LONGEST - 1,
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
