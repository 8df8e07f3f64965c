"""The gradients of a trace that somebody brought, as the views of gradients see them."""

from functools import cached_property

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis import predicted_norms
from rnnviz.errors import RunError, TraceError
from rnnviz.recording.probe import LossAt
from rnnviz.recording.rebuild import has_weights
from rnnviz.recording.trace import Trace
from rnnviz.views.flow import MOST_WORK, Flow
from rnnviz.views.scene import Scene
from rnnviz.words import t


def flow_of(scene: Scene) -> Flow:
    """Return a scene as its gradients are seen: those that were recorded, or any that is asked."""
    return Flow(scene) if scene.subject.recorded(scene.step) is None else RecordedFlow(scene)


class RecordedFlow(Flow):
    """A trace as its gradients are seen: those of the loss that it was recorded with."""

    @cached_property
    def samples(self) -> int:
        """How many samples there are."""
        return self.scene.subject.samples(self.layer)

    @property
    def readout(self) -> str:
        """Unknown: where gradient enters is seen in the recording itself."""
        return ""

    @property
    def attends(self) -> bool:
        """Not known."""
        return False

    @property
    def length(self) -> int:
        """Time steps."""
        return self.scene.subject.steps(self.layer)

    @cached_property
    def asked(self) -> np.ndarray:
        """The step at which the gradient begins: the last one (backwards: the first) it reaches."""
        gradient = self.scene.trace.gradient(self.layer, "hidden_state")
        found = np.flatnonzero((np.nan_to_num(gradient) != 0).any((1, 2)))
        if not len(found):
            return np.array([self.length - 1])
        return found[:1] if self.layer.endswith("_reverse") else found[-1:]

    @cached_property
    def loss(self) -> LossAt:
        """The one that was recorded."""
        return "last"

    @property
    def losses(self) -> None:
        """Not known: where gradient enters is seen in the recording itself."""
        return

    @property
    def loss_words(self) -> str:
        """Which loss this is, in words."""
        return t("recorded loss")

    def trace_of(self, loss: LossAt) -> Trace:
        """Return the recording, whatever loss is asked for: there is only one."""
        if not self.scene.trace.has_gradients:
            self.scene.trace.gradient(self.layer, "hidden_state")  # says why
        return self.scene.trace

    @cached_property
    def model(self) -> nn.Module:
        """The recurrent layers in float64."""
        return self.scene.network().double()

    def predicted(self) -> pd.DataFrame | None:
        """Return what theory says of the norms, None where too little is known for it."""
        if not has_weights(self.scene.trace):
            return None
        try:
            return predicted_norms(self.model, self.trace, self.layer)
        except TraceError:  # sequences of several lengths, read backwards
            return None

    @property
    def unpredicted(self) -> str:
        """Why theory says nothing."""
        return t("Theory would need the weights, and sequences of one length.")

    @property
    def labels(self) -> list[str]:
        """What goes in at each time step of the chosen sample."""
        labels = self.scene.trace.labels
        return [label or "" for label in labels[self.sample]] if labels else []

    @property
    def place(self) -> str:
        """Cell and layer, in words."""
        return self.scene.subject.place(self.layer)

    def check_size(self) -> None:
        """Raise RunError if walking back from every step would take too long to be live."""
        if (self.length * self.hidden) ** 2 > MOST_WORK:
            raise RunError(
                "{steps} time steps x {hidden} hidden units are too many to walk back "
                "from every step live: up to {most:,} together can be shown; "
                "in a script rnnviz.analysis does it for any size.",
                steps=self.length,
                hidden=self.hidden,
                most=int(MOST_WORK**0.5),
            )
