"""What a run keeps of its training: enough to go on from there, bit for bit."""

from dataclasses import dataclass

MEASURED = ("step", "loss", "metric", "gradient_norm", "lr", "validation_loss", "validation_metric")
"""What of a `Step` is kept of every one."""
CARRIED = ("state", "cell_state")
"""Names of the carried state in a checkpoint: h, and c of an LSTM."""


@dataclass(frozen=True)
class Checkpoint:
    """Hold all that is needed to go on after a step, bit for bit; step 0 is untrained.

    weights, optimizer : safetensors bytes
    """

    step: int
    weights: bytes
    optimizer: bytes
