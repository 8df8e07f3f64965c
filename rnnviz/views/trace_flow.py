"""The gradients of a trace that somebody brought, as the views of gradients see them."""

from functools import cached_property

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis import predicted_norms
from rnnviz.cells import CELLS
from rnnviz.errors import RunError, TraceError
from rnnviz.probing import LossAt
from rnnviz.rebuilding import has_weights
from rnnviz.trace import Trace
from rnnviz.views.flow import MOST_WORK, Flow
from rnnviz.views.scene import Scene
from rnnviz.views.traced import TraceScene


def flow_of(scene: Scene) -> Flow:
    """Return a scene as its gradients are seen."""
    return TraceFlow(scene) if isinstance(scene, TraceScene) else Flow(scene)


class TraceFlow(Flow):
    """A trace as its gradients are seen: those of the loss that it was recorded with."""

    scene: TraceScene

    @cached_property
    def layer(self) -> str:
        """The chosen layer, or the last one that runs forwards: there the loss is nearest."""
        names = self.scene.trace.layers
        forwards = [name for name in names if not name.endswith("_reverse")] or list(names)
        return self.scene.choice.word("layer", names, forwards[-1])

    @property
    def cell(self) -> str:
        """Key of the layer's cell."""
        return self.scene.trace.cell(self.layer)

    @cached_property
    def samples(self) -> int:
        """How many samples there are."""
        return int(self.scene.trace.value(self.layer, "input").shape[1])

    @property
    def hidden(self) -> int:
        """Units of the layer's hidden state."""
        return int(self.scene.trace.value(self.layer, "hidden_state").shape[2])

    @property
    def readout(self) -> str:
        """Unknown: where gradient enters is seen in the recording itself."""
        return ""

    @property
    def attends(self) -> bool:
        """Not known."""
        return False

    @property
    def state_size(self) -> int:
        """Numbers in the layer's state."""
        value = self.scene.trace.value
        return sum(value(self.layer, name).shape[2] for name in CELLS[self.cell].states)

    @property
    def length(self) -> int:
        """Time steps."""
        return len(self.scene.trace.value(self.layer, "input"))

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
    def loss_words(self) -> str:
        """Which loss this is, in words."""
        return "recorded loss"

    def trace_of(self, loss: LossAt) -> Trace:
        """Return the recording, whatever loss is asked for: there is only one."""
        if not self.scene.trace.has_gradients:
            self.scene.trace.gradient(self.layer, "hidden_state")  # says why
        return self.scene.trace

    @cached_property
    def model(self) -> nn.Module:
        """The recurrent layers in float64."""
        return self.scene.module.double()

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
        return "Theory would need the weights, and sequences of one length."

    @property
    def labels(self) -> list[str]:
        """What goes in at each time step of the chosen sample."""
        labels = self.scene.trace.labels
        return [label or "" for label in labels[self.sample]] if labels else []

    @property
    def place(self) -> str:
        """Cell and layer, in words."""
        return self.scene.place_of(self.layer)

    def check_size(self) -> None:
        """Raise RunError if walking back from every step would take too long to be live."""
        if (self.length * self.hidden) ** 2 > MOST_WORK:
            raise RunError(
                f"{self.length} time steps x {self.hidden} hidden units are too many to walk back "
                f"from every step live: up to {int(MOST_WORK**0.5):,} together can be shown; "
                "in a script rnnviz.analysis does it for any size."
            )
