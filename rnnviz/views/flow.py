"""What the views of gradients share: which loss, which layer, and a recording in float64."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import nn

from rnnviz.analysis import Entering, entering, predicted_norms
from rnnviz.errors import RunError, TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.probe import LossAt, Seen
from rnnviz.recording.trace import Trace
from rnnviz.views.layer_names import layers_of, spoken
from rnnviz.views.say import together
from rnnviz.views.scene import Scene
from rnnviz.words import Words, t

MOST_ACTIVATIONS = 2**18
"""Largest length x hidden x layers x samples that is recorded in float64 for one message."""
MOST_WORK = 10**8
"""Largest (length x hidden)^2 that is walked back from every step at once."""


@dataclass
class Flow:
    """A scene as its gradients are seen; nothing is recorded before it is asked for."""

    scene: Scene

    @cached_property
    def layer(self) -> str:
        """The chosen layer, or the top one, where the loss comes in."""
        subject = self.scene.subject
        return self.scene.choice.word("layer", subject.layers, subject.top)

    @property
    def cell(self) -> str:
        """Key of the cell."""
        return self.scene.subject.cell(self.layer)

    @property
    def hidden(self) -> int:
        """Hidden units of a layer."""
        return self.scene.subject.units(self.layer)

    @property
    def readout(self) -> str:
        """Of which states the answers are read: those of each step, the last one, or a mean."""
        return self.scene.settings.readout

    @property
    def attends(self) -> bool:
        """Whether a decoder looks at all states of an encoder."""
        return self.scene.settings.attention != "none"

    @property
    def state_size(self) -> int:
        """Numbers in the state of a layer: h, for an LSTM h and c."""
        return self.scene.subject.state_size(self.layer)

    @property
    def length(self) -> int:
        """Time steps of a sequence."""
        return self.scene.task.steps

    @property
    def symbols(self) -> dict[str, str]:
        """Signal -> its letter in the cell's equations."""
        cell = CELLS[self.cell]
        return {"input": "x", **cell.gates, **cell.states}

    @cached_property
    def samples(self) -> int:
        """How many samples of the probe are looked at."""
        settings, probe = self.scene.settings, self.scene.gallery.probe(self.scene.settings)
        each = len(probe.labels[0]) * settings.units
        return min(len(probe.labels), max(1, MOST_ACTIVATIONS // each))

    @property
    def sample(self) -> int:
        """The chosen sample."""
        return self.scene.choice.number("sample", 0, 0, self.samples - 1)

    @property
    def one_sample(self) -> bool:
        """Whether a sample was chosen, and not all."""
        return self.scene.choice.text("sample").isdigit()

    @property
    def unit(self) -> int | None:
        """The chosen unit, None for all."""
        last = self.hidden - 1
        found = self.scene.choice.number("unit", -1, 0, last)
        return None if found < 0 else found

    @cached_property
    def asked(self) -> np.ndarray:
        """The time steps at which any answer is asked, in order."""
        probe = self.scene.gallery.probe(self.scene.settings)
        wanted = self.scene.task.asked(probe.batch.targets)[:, : self.samples]
        found: np.ndarray = np.flatnonzero(wanted.any(1).numpy())
        return found

    @cached_property
    def loss(self) -> LossAt:
        """Which answers the loss is about: "last", "all", or the one at a time step."""
        word = self.scene.choice.word("loss", ("last", "all", "one"), "last")
        if word != "one":
            return "all" if word == "all" else "last"
        asked = self.asked
        k = self.scene.choice.number("k", int(asked[-1]), 0, int(asked[-1]))
        return int(asked[np.abs(asked - k).argmin()])

    @property
    def loss_words(self) -> str:
        """Which answers these are, in words."""
        if self.loss in ("last", "all"):
            return (
                t("last answer (t = {time})", time=self.asked[-1])
                if self.loss == "last"
                else t("all answers")
            )
        return t("answer at t = {time}", time=self.loss)

    @property
    def trace(self) -> Trace:
        """The recording for the chosen loss."""
        return self.trace_of(self.loss)

    def trace_of(self, loss: LossAt) -> Trace:
        """Record the probe in float64, in which no gradient of a picture becomes zero.

        Raises
        ------
        RunError
            If the loss or its gradient is too large even for that.
        """
        scene = self.scene
        few = scene.gallery.probe(scene.settings).first(self.samples)
        look = scene.gallery.look(
            scene.run.id if scene.run else None, scene.settings, scene.step, loss, few,
            ("few", self.samples), dtype=torch.float64,
        )  # fmt: skip
        check_finite(look)
        return look.trace

    @cached_property
    def entering(self) -> Entering | None:
        """Where gradient enters the layer, of all samples or the chosen one; None if unknown."""
        sample = self.sample if self.one_sample else None
        try:
            return entering(self.model, self.trace, self.layer, asked=self.losses, sample=sample)
        except TraceError:
            return None

    @property
    def losses(self) -> Sequence[int] | None:
        """The time steps at which the chosen loss is taken; None if they are not known."""
        if self.loss == "all":
            return [int(step) for step in self.asked]
        return [int(self.asked[-1]) if self.loss == "last" else int(self.loss)]

    @property
    def carried(self) -> int | None:
        """The last step up to which gradient is only carried back; None if there is none."""
        found = self.entering
        if found is None or not found.steps or self.layer.endswith("_reverse"):
            return None
        return found.steps[-1] if found.once else found.first

    @cached_property
    def model(self) -> nn.Module:
        """The network in float64."""
        return self.scene.network().double()

    def predicted(self) -> pd.DataFrame | None:
        """Return what theory says of the norms (`analysis.predicted_norms`), None for nothing."""
        if self.scene.settings.norm != "none":
            return None
        return predicted_norms(self.model, self.trace, self.layer)

    @property
    def unpredicted(self) -> str:
        """Why theory says nothing."""
        return t("Nothing simple predicts it through layer normalisation.")

    @property
    def labels(self) -> list[str]:
        """What goes in at each time step of the chosen sample."""
        return self.scene.gallery.probe(self.scene.settings).labels[self.sample]

    @property
    def place(self) -> str:
        """Cell and layer, in words."""
        title = CELLS[self.scene.settings.cell].title
        if self.scene.settings.norm == "layer":
            title = t("{cell} with layer norm", cell=title)
        if len(layers_of(self.scene.settings)) == 1:
            return title
        return f"{title} {spoken(self.scene.settings, self.layer)}"

    def where(self, *more: str) -> str:
        """Return cell, whatever else there is, and step in words."""
        return together(self.place, *more, self.scene.when)

    def check_size(self) -> None:
        """Raise RunError if walking back from every step would take too long to be live."""
        settings, steps = self.scene.settings, self.scene.task.steps
        if (steps * settings.hidden) ** 2 * settings.layers * settings.directions > MOST_WORK:
            raise RunError(
                "{steps} time steps x {hidden} hidden units are too many to walk back "
                "from every step live: up to {most:,} together can be shown; "
                "in a script rnnviz.analysis does it for any size.",
                steps=steps,
                hidden=settings.hidden,
                most=int(MOST_WORK**0.5),
            )


def check_finite(look: Seen) -> None:
    """Raise RunError if a loss or the gradient of a state is no number."""
    trace = look.trace
    gradients = [trace.gradient(layer, "hidden_state") for layer in trace.layers]
    if np.isfinite(look.losses).all() and not any(np.isinf(each).any() for each in gradients):
        return
    raise RunError(
        "What flows through this network grows beyond the largest number there is, 10³⁰⁸, so its "
        "loss has no gradient: lower the spectral radius, the learning rate or the length."
    )


def check_read_at_its_step(flow: Flow, why: Words) -> None:
    """Raise RunError if answers are read out of the layer's states at other steps than their own.

    Parameters
    ----------
    why : Words
        The clause that says what this makes impossible.
    """
    read = flow.readout
    if read == "mean":
        raise RunError(
            "The mean of all states is read out, {why}: look at a network with the read-out of "
            "every step.",
            why=why,
        )
    if read == "last" and flow.layer.endswith("_reverse"):
        raise RunError(
            "Its state at the first step is read out, {why}: look at a network with the read-out "
            "of every step.",
            why=why,
        )


def of_attention(flow: Flow) -> str:
    """Say of an encoder with attention that gradient enters it everywhere; else nothing."""
    if not flow.layer.startswith("encoder") or not flow.attends:
        return ""
    return t(
        "By attention, gradient enters the encoder at every step, and not at its last alone: the "
        "Translation page shows both ways."
    )
