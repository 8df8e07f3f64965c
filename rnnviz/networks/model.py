"""The network that is trained: input, stacked recurrent layers, read-out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnviz.errors import RunError
from rnnviz.networks.initialization import initialize
from rnnviz.networks.recurrent import Watchable, make_stack
from rnnviz.networks.translator import Translator
from rnnviz.settings import Settings
from rnnviz.tasks import Task, task_of
from rnnviz.tasks.translation import TranslationTask

State = Tensor | tuple[Tensor, Tensor]


class TiedReadout(nn.Module):
    """Score each symbol by the vector that stands for it where it goes in (Press, Wolf 2017).

    Its matrix is the embedding's, with the numbers that a read-out of its own would begin with:
    those that torch's `nn.Linear` draws. Only the biases are parameters of its own.

    Parameters
    ----------
    embedding : nn.Embedding
        (symbol, hidden unit).
    outputs : int
        The first so many symbols are scored.
    """

    def __init__(self, embedding: nn.Embedding, outputs: int) -> None:
        super().__init__()
        self._embedding = (embedding,)  # in a tuple, or its weights would be found here too
        bound = embedding.embedding_dim**-0.5
        nn.init.uniform_(embedding.weight, -bound, bound)
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))

    @property
    def weight(self) -> Tensor:
        """The matrix (output, unit)."""
        return self._embedding[0].weight[: len(self.bias)]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the scores (..., output) of hidden states (..., unit)."""
        return linear(hidden, self.weight, self.bias)


class SequenceModel(nn.Module):
    """Read a sequence and give an answer at every step.

    Untrained and with torch's initialisation, drawn from the global random state; `build` gives
    the network that settings describe, and says what `task` is.
    """

    def __init__(self, settings: Settings, task: Task | None = None) -> None:
        super().__init__()
        task = task or task_of(settings)
        self.input: nn.Module = nn.Identity()
        features = task.inputs
        if task.tokens:
            features = settings.embedding
            self.input = nn.Embedding(task.inputs, features)
        self.rnn = make_stack(settings, features)
        self.reads = settings.readout
        self.readout: nn.Linear | TiedReadout
        if settings.tied:
            self.readout = TiedReadout(cast(nn.Embedding, self.input), task.outputs)
        else:
            self.readout = nn.Linear(settings.hidden * settings.directions, task.outputs)

    @property
    def random_in_training(self) -> bool:
        """Whether training mode draws random numbers."""
        return self.rnn.random_in_training

    @property
    def stacks(self) -> tuple[Watchable, ...]:
        """The recurrent modules: the one."""
        return (self.rnn,)

    def forward(
        self, inputs: Tensor, state: State | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Return the answers (time, batch, output) and the last state.

        Parameters
        ----------
        inputs : Tensor
            (time, batch) tokens or (time, batch, feature).
        state : optional
            As torch's recurrent modules take it; zero if None.
        lengths : Tensor (batch,), optional
            Steps of each sequence, where shorter ones are padded after their end: a layer that
            reads backwards begins there. What is answered after it has no meaning.
        """
        hidden, state = self.states(inputs, state, lengths)
        return self.answers(hidden), state

    def states(
        self, inputs: Tensor, state: State | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Return what the top layer gives at each step (time, batch, unit), and the last state.

        Of two directions, the units of the one that runs forwards come first.
        """
        x = self.input(inputs)
        if lengths is None or not self.rnn.bidirectional:
            hidden, state = self.rnn(x, state)
            return hidden, state
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        hidden, state = self.rnn(packed, state)
        return pad_packed_sequence(hidden, total_length=len(x))[0], state

    def answers(self, hidden: Tensor) -> Tensor:
        """Return the answers (time, batch, output) that are read out of what the top layer gives.

        Read out "every" step, each answer is that of its own step. Of the "mean", it is that of
        all states up to its step, so at the last step that of the whole sequence. Of the "last"
        states, the one that runs backwards gives the one that it ends with, at the first step.
        """
        if self.reads == "mean":
            steps = torch.arange(1, len(hidden) + 1)
            hidden = hidden.cumsum(0) / steps[:, None, None]
        elif self.reads == "last" and self.rnn.bidirectional:
            forwards, backwards = hidden.chunk(2, dim=-1)
            hidden = torch.cat([forwards, backwards[:1].expand_as(backwards)], -1)
        answers: Tensor = self.readout(hidden)
        return answers


Network = SequenceModel | Translator


def make_network(settings: Settings, task: Task | None = None) -> Network:
    """Return a network of the settings' kind, with torch's initialisation."""
    task = task or task_of(settings)
    if task.translates:
        return Translator(settings, cast(TranslationTask, task))
    return SequenceModel(settings, task)


def build(settings: Settings, task: Task | None = None) -> Network:
    """Return the untrained network of settings, the same for the same settings.

    Parameters
    ----------
    settings : Settings
    task : Task, optional
        That of the settings; `task_of(settings)`, which finds a script's own data, if None.
    """
    task = task or task_of(settings)
    with seeded(settings.seed):
        model = make_network(settings, task)
        for stack in model.stacks:
            initialize(stack, settings, task.steps)
    return model


def load(settings: Settings, weights: bytes, task: Task | None = None) -> Network:
    """Return the network of settings with the weights that `save` wrote.

    Parameters
    ----------
    settings : Settings
    weights : bytes
    task : Task, optional
        As in `build`.

    Raises
    ------
    RunError
        If the bytes are damaged or belong to a network of another shape.
    """
    task = task or task_of(settings)
    with torch.device("meta"):
        model = make_network(settings, task)
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
            "The checkpoint is damaged ({error}): go on from an earlier one.", error=error
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
