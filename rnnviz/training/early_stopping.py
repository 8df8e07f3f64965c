"""Early stopping: which step did best on the validation set, and when to wait no longer.

Prechelt 1998 ("Early stopping - but when?"), the criterion UP: training ends when the validation
loss has not been below its lowest for so many validations in a row. The weights are then those of
the lowest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rnnviz.errors import RunError
from rnnviz.words import NOTHING, Words

FIGURES = "best"
"""Name of the tensor of figures in a checkpoint; the best state's are `FIGURES`.weights and
.optimizer."""


@dataclass
class Stopping:
    """Watches the validation loss of a run.

    Attributes
    ----------
    patience : int
        Validations without a new lowest loss after which training ends; 0: none.
    loss, metric, step
        Of the best validation so far; step 0 if there was none.
    waited : int
        Validations since then.
    weights, optimizer : bytes
        The state of the best step, as a checkpoint of it holds them.
    ended : bool
        Whether training is over and the best state is restored.
    """

    patience: int
    loss: float = float("inf")
    metric: float = 0.0
    step: int = 0
    waited: int = 0
    weights: bytes = field(default=b"", repr=False)
    optimizer: bytes = field(default=b"", repr=False)
    ended: bool = False

    def better(self, step: int, loss: float, metric: float) -> bool:
        """Note a validation; return whether it is the best, whose state has to be kept."""
        if not loss < self.loss:
            self.waited += 1
            return False
        self.loss, self.metric, self.step, self.waited = loss, metric, step, 0
        return True

    @property
    def impatient(self) -> bool:
        """Whether there was no better validation for too long."""
        return 0 < self.patience <= self.waited

    def said(self, step: int, steps: int) -> Words:
        """Say in a few words which weights a run ended with; nothing of its last step's.

        Parameters
        ----------
        step, steps : int
            The last step that was trained, and how many there were to be.
        """
        if not self.ended or (self.step == step and step == steps):
            return NOTHING
        return Words("best step {step:,} restored", step=self.step)

    def tensors(self, step: int) -> dict[str, Tensor]:
        """Return what the checkpoint of a step has to hold of this."""
        if not self.step:
            return {}
        figures = [self.loss, self.metric, self.step, self.waited, self.ended]
        kept = {FIGURES: torch.tensor(figures, dtype=torch.float64)}
        if self.step != step:  # else the checkpoint itself is the best state
            for name in ("weights", "optimizer"):
                state = torch.frombuffer(bytearray(getattr(self, name)), dtype=torch.uint8)
                kept[f"{FIGURES}.{name}"] = state
        return kept

    def read(self, tensors: Mapping[str, Tensor], weights: bytes, optimizer: bytes) -> None:
        """Take what `tensors` gave; the two are the checkpoint's own state.

        Raises
        ------
        RunError
            If it is damaged.
        """
        if FIGURES not in tensors:
            return
        try:
            loss, metric, step, waited, ended = tensors[FIGURES].tolist()
            kept = {"weights": weights, "optimizer": optimizer}
            for name in kept:
                if f"{FIGURES}.{name}" in tensors:
                    kept[name] = tensors[f"{FIGURES}.{name}"].numpy().tobytes()
        except (ValueError, TypeError) as error:
            raise RunError(
                "The checkpoint's best step is damaged: go on from an earlier one."
            ) from error
        self.loss, self.metric = loss, metric
        self.step, self.waited, self.ended = int(step), int(waited), bool(ended)
        self.weights, self.optimizer = kept["weights"], kept["optimizer"]
