"""The network that is trained: input, stacked recurrent layers, read-out at every step."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from rnnviz.errors import RunError
from rnnviz.initialization import initialize
from rnnviz.recurrent import RECURRENT
from rnnviz.settings import Settings
from rnnviz.tasks import task_of

State = Tensor | tuple[Tensor, Tensor]


class SequenceModel(nn.Module):
    """Read a sequence and give an answer at every step.

    Untrained and with torch's initialisation, drawn from the global random state; `build` gives
    the network that settings describe.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        task = task_of(settings)
        self.input: nn.Module = nn.Identity()
        features = task.inputs
        if task.tokens:
            features = settings.embedding
            self.input = nn.Embedding(task.inputs, features)
        self.rnn = RECURRENT[settings.cell](
            features,
            settings.hidden,
            settings.layers,
            # torch warns where there is no second layer to protect.
            dropout=settings.dropout if settings.layers > 1 else 0.0,
            normalized=settings.norm == "layer",
        )
        self.readout = nn.Linear(settings.hidden, task.outputs)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the answers (time, batch, output) and the last state.

        inputs : (time, batch) tokens or (time, batch, feature)
        state : as torch's recurrent modules take it; zero if None
        """
        hidden, state = self.rnn(self.input(inputs), state)
        return self.readout(hidden), state


def build(settings: Settings) -> SequenceModel:
    """Return the untrained network of settings, the same for the same settings."""
    with seeded(settings.seed):
        model = SequenceModel(settings)
        initialize(model.rnn, settings, task_of(settings).steps)
    return model


def load(settings: Settings, weights: bytes) -> SequenceModel:
    """Return the network of settings with the weights that `save` wrote.

    Raises
    ------
    RunError
        If the bytes are damaged or belong to a network of another shape.
    """
    with torch.device("meta"):
        model = SequenceModel(settings)
    # Copied into torch's own memory, which is aligned: where numbers lie in memory can change the
    # last bit of a matrix product, and a resumed run must give the same bits.
    model.to_empty(device="cpu")
    try:
        model.load_state_dict(read_tensors(weights))
    except RuntimeError as error:
        raise RunError(
            "The weights do not fit these settings: load them with the settings of their own run."
        ) from error
    return model


def save(model: nn.Module) -> bytes:
    """Return the weights of a network as safetensors, under torch's names."""
    return safetensors.torch.save(model.state_dict())


def read_tensors(data: bytes) -> dict[str, Tensor]:
    """Return the tensors in safetensors bytes.

    Raises
    ------
    RunError
        If the bytes are damaged.
    """
    try:
        return safetensors.torch.load(data)
    except SafetensorError as error:
        raise RunError(
            f"The checkpoint is damaged ({error}): go on from an earlier one."
        ) from error


def parameter_count(model: nn.Module) -> int:
    """Return the number of numbers that training changes."""
    return sum(parameter.numel() for parameter in model.parameters())


@contextmanager
def seeded(*key: int) -> Iterator[None]:
    """Draw torch's random numbers (CPU) from a key, and put the global state back after."""
    seed = np.random.SeedSequence(key).generate_state(1, np.uint64)[0]
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would reseed the accelerators too, and they are not put back.
        torch.default_generator.manual_seed(int(seed))
        yield
