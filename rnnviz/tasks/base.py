"""What a task is: where the sequences come from, what is asked, and what knowing nothing scores."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from rnnviz.errors import TaskError
from rnnviz.tasks.form import Form
from rnnviz.words import N_, NOTHING, Words

NOT_ASKED = -100
"""Marks a step without an answer in targets of classes; in targets of numbers NaN does."""

NEXT_IS_SEEN = N_(
    "a network that also reads from the end has seen the next symbol before it foretells it"
)
LATER_IS_SEEN = N_(
    "a network that also reads from the end has seen the later values that it is to forecast"
)
FAMILIES = {
    "memory": N_("memory"),
    "grammar": N_("grammar"),
    "numbers": N_("numbers"),
    "pictures": N_("pictures"),
    "text": N_("text"),
    "translation": N_("translation"),
}
"""Where a task is listed: key -> words."""
TRAINING, VALIDATION, PROBE = range(3)
VALIDATION_SIZE = 128
PROBE_SIZE = 16
MOST_TYPED = 1000
"""Time steps of a sequence that somebody types."""


@dataclass(frozen=True)
class Batch:
    """Hold sequences and their answers.

    inputs : (time, batch) int64 tokens, or (time, batch, feature) float32
    targets : (time, batch) int64, or (time, batch, output) float32
    lengths : (batch,) int64, or None where all sequences have the same length
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None = None


@dataclass(frozen=True)
class Probe:
    """Hold the fixed sequences that a network is looked at with, in readable form.

    labels[sample][time] says what goes in, targets[sample][time] what should come out ("" where
    nothing is asked), captions[sample] what the sequence is. note is what to tell whoever typed
    it, falsy if there is nothing to tell.
    """

    batch: Batch
    labels: list[list[str]]
    targets: list[list[str]]
    captions: Sequence[str | Words]
    note: Words = NOTHING

    def first(self, size: int) -> "Probe":
        """Return the probe with at most `size` sequences."""
        return self._some(slice(size))

    def one(self, sample: int) -> "Probe":
        """Return the probe with one of its sequences alone."""
        return self._some(slice(sample, sample + 1))

    def put(self, sample: int, other: "Probe") -> "Probe":
        """Return the probe with the sequence of another, of the same length, in a place."""
        inputs, targets = self.batch.inputs.clone(), self.batch.targets.clone()
        inputs[:, sample], targets[:, sample] = other.batch.inputs[:, 0], other.batch.targets[:, 0]

        def rows(ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
            return [*ours[:sample], theirs[0], *ours[sample + 1 :]]

        return Probe(
            Batch(inputs, targets, self.batch.lengths),
            rows(self.labels, other.labels),
            rows(self.targets, other.targets),
            rows(self.captions, other.captions),
            other.note or self.note,
        )

    def _some(self, which: slice) -> "Probe":
        inputs, targets, lengths = self.batch.inputs, self.batch.targets, self.batch.lengths
        lengths = None if lengths is None else lengths[which]
        few = Batch(inputs[:, which], targets[:, which], lengths)
        return Probe(few, self.labels[which], self.targets[which], self.captions[which], self.note)


@dataclass(frozen=True)
class Baseline:
    """Say what a network scores that has learned nothing but the average."""

    loss: float
    metric: float
    text: Words


@dataclass(frozen=True)
class Goal:
    """Say from which loss on it is counted how much of a task is learned: what, and in words."""

    loss: float
    text: Words


class Task(ABC):
    """Give batches of one kind of problem; the base of every entry of `TASKS`.

    Parameters
    ----------
    length : int
        At least 2; what it counts is each task's own `length_help`.
    seed : int
        With the step it decides a batch, and nothing else does.
    distance : int
        Steps between what goes in and what is asked about it, for tasks with a `distance_title`.

    Raises
    ------
    TaskError
        If the length is below 2.
    """

    key: ClassVar[str]
    family: ClassVar[str]
    """A key of `FAMILIES`: where it is listed."""
    title: ClassVar[str]
    summary: ClassVar[str]
    length_title: ClassVar[str]
    """What `length` counts, in the form; "" where sequences have a length of their own."""
    length_help: ClassVar[str]
    metric_title: ClassVar[str]
    metric_unit: ClassVar[str] = "%"
    metric_better: ClassVar[str] = "higher"
    metric_range: ClassVar[tuple[float, float]] = (0.0, 100.0)
    """Between which numbers the metric lies."""
    judged_by: ClassVar[str] = "loss"
    """ "metric" where most of the loss is gained without what the task is about."""
    distance_title: ClassVar[str] = ""
    """What `distance` is, in the form; "" for a task without one."""
    answers: ClassVar[str]
    """ "classes" (targets are int64) or "numbers" (targets are float32)."""
    tokens: ClassVar[bool]
    """Whether the inputs are tokens, to be embedded."""
    typed_form: ClassVar[str] = ""
    """How a sequence is typed, as a clause."""
    typed_example: ClassVar[str] = ""
    foretells: ClassVar[bool] = False
    """Whether the answers are the symbols that come next."""
    translates: ClassVar[bool] = False
    """Whether a source is read and a target written: a network of an encoder and a decoder."""
    only_forwards: ClassVar[str] = ""
    """Why a network may not read from the end too: what goes in later gives the answers away.

    A clause; "" where it may.
    """
    continues: ClassVar[bool] = False
    """Whether sequences are passages of one text, so that one can go on where another ended."""
    one_answer: ClassVar[bool] = False
    """Whether one answer is asked of a sequence, at its last step."""
    inputs: int
    """Number of tokens, or of features a step."""
    outputs: int
    """Number of classes, or of numbers a step."""
    symbols: Sequence[str] = ()
    """How each token that goes in is shown; empty for tasks of numbers."""
    classes: Sequence[str] = ()
    """How each class that comes out is shown; empty for tasks of numbers."""
    defaults: ClassVar[dict[str, Any]] = {}
    """Settings with which the task is learned well, where they are not those of `Settings`."""

    def __init__(self, length: int, seed: int = 0, distance: int = 1) -> None:
        if length < 2:
            raise TaskError(
                "length = {length}: {title} needs at least 2 time steps.",
                length=length,
                title=Words(self.title),
            )
        self.length = length
        self.seed = seed
        self.distance = distance

    @property
    def steps(self) -> int:
        """Return the number of time steps of a sequence."""
        return self.length

    @property
    def probe_steps(self) -> int:
        """Return the number of time steps of the probe's sequences."""
        return self.steps

    @property
    @abstractmethod
    def baseline(self) -> Baseline:
        """Return what a network scores that has learned nothing."""

    @property
    def best(self) -> float | None:
        """Return the lowest loss that any network can have, or None if that is not known."""
        return None

    @property
    def goal(self) -> Goal:
        """Return what all has been learned at: the best possible loss, or one within reach."""
        if self.best is None:
            return Goal(0.0, Words("a loss of 0"))
        return Goal(self.best, Words("the best possible loss"))

    def limit(self, share: float) -> float:
        """Return the loss, or metric, that is a share of the way from the goal to the baseline."""
        goal, baseline = self.goal.loss, self.baseline.loss
        if self.judged_by == "metric":
            goal, baseline = self.metric_range[1], self.baseline.metric
        return goal + share * (baseline - goal)

    def learned(self, loss: float, metric: float, share: float) -> bool:
        """Whether a validation with this loss and metric is beyond the limit."""
        limit = self.limit(share)
        return bool(metric > limit if self.judged_by == "metric" else loss < limit)

    @abstractmethod
    def probe(self) -> Probe:
        """Return the fixed sequences to look at a network with, never seen in training."""

    def read(self, text: str) -> Probe:
        """Return a sequence that somebody typed, as a probe of one sample.

        Raises
        ------
        TaskError
            If the text is no sequence of this task: the sentence says the form, with an example.
        """
        raise TaskError(
            "In the task {title}, sequences of your own cannot be typed in.",
            title=Words(self.title),
        )

    @property
    def typing(self) -> Words:
        """How a sequence is typed, as a clause."""
        return Words(self.typed_form)

    @property
    def how(self) -> Words:
        """How a sequence is typed, with an example."""
        return Words("{form}, like {example}", form=self.typing, example=self.typed_example)

    @property
    def how_quoted(self) -> Words:
        """How a text is typed, with an example between quotation marks."""
        return Words("{form}, like {example!r}", form=self.typing, example=self.typed_example)

    def edit(self, probe: Probe, sample: int, time: int, text: str) -> Probe:
        """Return a probe in which one input step of one sample is another.

        The answers become those of the changed sequence.

        Parameters
        ----------
        time : int
            The step.
        text : str
            What goes in there instead, in the form that the probe's labels have.

        Raises
        ------
        TaskError
            If there is no such step, or the text is nothing that can go in.
        """
        steps = len(probe.labels[sample])
        if not 0 <= time < steps:
            raise TaskError(
                "There is no step {time} to change: there are 0 to {last}.",
                time=time,
                last=steps - 1,
            )
        return probe.put(sample, self._edit(probe.one(sample), time, text))

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        """Return the probe's only sample with another step."""
        raise TaskError(
            "In the task {title}, single steps cannot be changed.", title=Words(self.title)
        )

    def written(self, numbers: Sequence[float]) -> str:
        """Return the numbers of one answer as text, in the units that the labels have."""
        return ", ".join(f"{number:.3f}" for number in numbers)

    @property
    def form(self) -> Form:
        """Return how an example is drawn."""
        return Form("cells", running=self.foretells) if self.tokens else Form("curves")

    def unscaled(self, values: NDArray[np.float32], *, out: bool = False) -> NDArray[np.float32]:
        """Return numbers that go in, or come out (..., feature), in the units the labels have."""
        return values

    def near(
        self, answers: NDArray[np.float32], targets: NDArray[np.float32]
    ) -> NDArray[np.bool_] | None:
        """Return which answers in numbers (..., output) count as right, None if none can."""
        return None

    @abstractmethod
    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the task's own measure of an output (time, batch, output)."""

    @abstractmethod
    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        """Return sequences drawn with a generator.

        Hand numpy arrays over with `torch.tensor`: it copies them into aligned memory, and where
        numbers lie in memory can change the last bit of a matrix product.
        """

    def batch(self, size: int, step: int) -> Batch:
        """Return the training sequences of a step; they depend on the seed and the step only."""
        return self._draw(size, self._random(TRAINING, step))

    def continued(self, size: int, step: int) -> tuple[Batch, bool]:
        """Return the sequences that go on where those of the step before ended.

        The bool says whether they begin a new round through the text instead.

        Raises
        ------
        TaskError
            If the task does not continue, or its text is too short for that.
        """
        raise TaskError(
            "In the task {title}, sequences do not go on from each other.",
            title=Words(self.title),
        )

    def validation(self) -> Batch:
        """Return the fixed sequences that are never seen in training."""
        return self._draw(VALIDATION_SIZE, self._random(VALIDATION))

    def asked(self, targets: Tensor) -> Tensor:
        """Return where an answer is asked: (time, batch) bool."""
        if self.answers == "classes":
            return targets != NOT_ASKED
        return ~targets[..., 0].isnan()

    def losses(self, output: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each step (time, batch), 0 where no answer is asked.

        Classes: cross entropy in nats. Numbers: squared error, averaged over the outputs.
        """
        if self.answers == "classes":
            return functional.cross_entropy(
                output.flatten(0, 1), targets.flatten(), ignore_index=NOT_ASKED, reduction="none"
            ).view(targets.shape)
        squared = (output - targets.nan_to_num()).square().mean(-1)
        return torch.where(self.asked(targets), squared, 0.0)

    def right(self, output: Tensor, targets: Tensor) -> NDArray[np.bool_]:
        """Return where the likeliest class is the right one (time, batch); False if not asked."""
        # numpy's argmax along the last axis is five times as fast as torch's.
        answers: NDArray[np.bool_] = output.detach().numpy().argmax(-1) == targets.numpy()
        return answers

    def mean_loss(self, output: Tensor, targets: Tensor) -> Tensor:
        """Return the loss averaged over all steps at which an answer is asked."""
        return self.losses(output, targets).sum() / self.asked(targets).sum()

    def _random(self, stream: int, step: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, step])
