"""What a run's network reads, values only: the probe, a visitor's text, held-out sequences."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.networks.model import Network, SequenceModel, build, load
from rnnviz.recording.record import record
from rnnviz.recording.trace import Trace
from rnnviz.tasks import Batch, Task
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.tasks.words import RARE
from rnnviz.views.gallery import MOST_ACTIVATIONS
from rnnviz.views.layer_names import spoken
from rnnviz.views.pasted import check_text, kept_text
from rnnviz.views.scene import Scene

RAW = {"↵": "\n", "␣": " ", "⇥": "\t"}
"""What invisible characters are, by how they are shown."""


@dataclass(frozen=True)
class Reading:
    """Some sequences and all that the network did with them.

    Attributes
    ----------
    symbols, answers : list (sample) of lists (time) of str, or None
        What goes in and what should come out, as it is shown; None for sequences of numbers.
    texts : the same, or None
        With spaces and line ends as they are; None where the task does not read text.
    """

    batch: Batch
    trace: Trace
    symbols: list[list[str]] | None
    answers: list[list[str]] | None
    texts: list[list[str]] | None

    @property
    def steps(self) -> int:
        """Time steps of a sequence."""
        return int(self.batch.inputs.shape[0])

    @property
    def samples(self) -> int:
        """How many sequences there are."""
        return int(self.batch.inputs.shape[1])


def model_of(scene: Scene) -> Network:
    """Return the network in the state that the scene shows; not to be changed."""
    run = scene.run.id if scene.run else None

    def make() -> Network:
        if run is None or not scene.gallery.store.runs.checkpoint_steps(run):
            model = build(scene.settings, scene.task)
        else:
            kept = scene.gallery.store.runs.checkpoint(run, scene.step)
            model = load(scene.settings, kept.weights, scene.task)
        return model.eval().requires_grad_(False)

    return scene.gallery.models.get((run, scene.settings, scene.step), make)


def typed_text(scene: Scene) -> str | None:
    """Return the text that the visitor gave, None if the probe is to be read.

    Raises
    ------
    RunError
        If it is too long, too short, or no longer kept.
    """
    key = scene.choice.text("pasted")
    text = kept_text(key) if key else scene.choice.text("input")
    if text is None:
        raise RunError("The pasted text is no longer kept here: paste it again.")
    if not text:
        return None
    check_text(text)
    return text


def one_reading(scene: Scene) -> Reading:
    """Return what the network does with the visitor's text, or else with one sample of the probe.

    One alone: of a large network that is all there is time for.
    """
    text = typed_text(scene)
    if text is None:
        probe = scene.gallery.probe(scene.settings)
        place = sample_of(scene, len(probe.captions))
        one = Batch(probe.batch.inputs[:, [place]], probe.batch.targets[:, [place]])
        return _read(scene, f"sample {place}", one, probe.labels[place])
    probe = scene.task.read(text)
    _check_size(scene, int(probe.batch.inputs.shape[0]))
    return _read(scene, f"text {text}", probe.batch, probe.labels[0])


def sample_of(scene: Scene, count: int = PROBE_SIZE) -> int:
    """Return the chosen sample of the probe."""
    return scene.choice.number("sample", 0, 0, count - 1)


def held_out(scene: Scene) -> Reading:
    """Return what the network does with sequences of the validation set.

    All of them, where the network is not large: there is a bound on the work.
    """
    scene.gallery.probe(scene.settings)  # what is too large for the probe is for this, too
    batch = scene.task.validation()
    each = scene.settings.units * scene.task.steps
    size = max(1, min(batch.inputs.shape[1], MOST_ACTIVATIONS // 2 // each))
    lengths = None if batch.lengths is None else batch.lengths[:size]
    longest = None if lengths is None else int(lengths.max())
    few = Batch(batch.inputs[:longest, :size], batch.targets[:longest, :size], lengths)
    return _read(scene, "held out", few)


def layer_and_signal(scene: Scene, trace: Trace) -> tuple[str, str]:
    """Return the chosen layer and signal, or the first and the state that is passed on."""
    layer = scene.choice.word("layer", trace.layers, trace.layers[0])
    known = trace.signals(layer)
    return layer, scene.choice.word("signal", known, "hidden_state")


def alphabet(task: Task) -> tuple[list[str], list[str]]:
    """Return how each token that goes in, and each class that comes out, is shown.

    Empty for a task of numbers.
    """
    return list(task.symbols), list(task.classes)


@lru_cache(4)  # a task may hold a text
def first_symbol(task: Task, answer: bool) -> str:
    """Return the token, or class, to begin with: e, or what is commonest where no e occurs."""
    known = set(alphabet(task)[answer]) - {RARE}
    probe = task.probe()
    rows = probe.targets if answer else probe.labels
    seen = Counter(each for row in rows for each in row if each in known)
    return "e" if seen["e"] else max(seen, key=seen.__getitem__, default="")


def _check_size(scene: Scene, steps: int) -> None:
    size = steps * scene.settings.units
    if size > MOST_ACTIVATIONS:
        raise RunError(
            "Steps x hidden units x layers = {size:,} is too much to look into at once: "
            "up to {most:,} can be shown, so paste a shorter passage.",
            size=size,
            most=MOST_ACTIVATIONS,
        )


def _read(scene: Scene, what: str, batch: Batch, labels: list[str] | None = None) -> Reading:
    def make() -> Reading:
        model = model_of(scene)
        labelled = None if labels is None else [labels]
        with (
            torch.no_grad(),
            record(model, gradients=False, weights=False, labels=labelled) as trace,
        ):
            if batch.lengths is None:
                model(batch.inputs)
            else:  # packed: what is after the end of a sequence is recorded as NaN
                plain = cast(SequenceModel, model)
                x = plain.input(batch.inputs)
                plain.rnn(pack_padded_sequence(x, batch.lengths, enforce_sorted=False))
        shown, answered = alphabet(scene.task)
        symbols = answers = texts = None
        if scene.task.answers == "classes":
            rows = batch.targets.T.tolist()
            answers = [[answered[t] if t >= 0 else "" for t in row] for row in rows]
        if scene.task.tokens:
            rows = batch.inputs.T.tolist()
            symbols = labelled or [[shown[token] for token in row] for row in rows]
            if hasattr(scene.task, "vocabulary"):
                texts = [[RAW.get(symbol, symbol) for symbol in row] for row in symbols]
        return Reading(batch, trace, symbols, answers, texts)

    run = scene.run.id if scene.run else None
    found: Reading = scene.gallery.readings.get((run, scene.settings, scene.step, what), make)
    return found


def as_numbers(x: torch.Tensor) -> np.ndarray:
    """Return the inputs or targets of a task of numbers: (time, batch, feature)."""
    return np.asarray(x.numpy(), dtype=np.float32)


def short_numbers(values: np.ndarray) -> list[Any]:
    """Return numbers with four decimals: half the bytes of a message."""
    found: list[Any] = values.astype(np.float64).round(4).tolist()
    return found


def letter_of(trace: Trace, layer: str, signal: str) -> str:
    """Return the letter of a signal in its cell's equations."""
    cell = CELLS[trace.cell(layer)]
    return {"input": "x", **cell.gates, **cell.states}[signal]


def brushed(scene: Scene, steps: int) -> tuple[int, int] | None:
    """Return the selected stretch as (start, stop), None if there is none."""
    first, _, last = scene.choice.text("brush").partition("-")
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return None
    if len(first) > 9 or len(last) > 9 or not int(first) <= int(last) < steps:
        return None
    return int(first), int(last) + 1


def symbols_of(reading: Reading) -> list[str]:
    """Return what goes in at each step, as it is shown."""
    if reading.symbols:
        return reading.symbols[0][: reading.steps]
    if reading.trace.labels:
        return [label or "" for label in reading.trace.labels[0]]
    return [" ".join(f"{x:.2f}" for x in row) for row in as_numbers(reading.batch.inputs)[:, 0]]


def place_of(scene: Scene, trace: Trace, layer: str) -> str:
    """Return cell and layer in words."""
    return f"{CELLS[trace.cell(layer)].title} {spoken(scene.settings, layer)}"
