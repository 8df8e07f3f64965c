"""The network that translates: an encoder reads the source, a decoder writes the target.

Both are stacks of the chosen cell, and the decoder begins with the state in which the encoder ends
(Sutskever, Vinyals, Le 2014). With attention, every answer also looks back at all of the encoder's
states. The attention is taken after the decoder's recurrent run, as in Luong, Pham, Manning 2015,
and nothing of it goes back into the recurrence: so training runs both stacks fused, and the state
of the decoder is that of its cell's equations alone. The additive score of Bahdanau, Cho, Bengio
2015 stands in the same place; in their paper it is made of the state before the step, and its
result is one of the step's inputs.
"""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnviz.networks.recurrent import TimeAxis, Watchable, make_stack
from rnnviz.settings import Settings
from rnnviz.tasks import task_of
from rnnviz.tasks.translation import TranslationTask

State = Tensor | tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Encoded:
    """What the encoder made of some sources.

    memory : (source step, batch, unit), its states, 0 in the padding
    padding : (batch, source step) bool, where there is none
    state : its last one, with which the decoder begins
    """

    memory: Tensor
    padding: Tensor
    state: State


class Attention(nn.Module):
    """Mix the encoder's states, each by its share: a softmax over the source of their scores.

    The shares are what the submodule `weights` puts out, (batch, target step, source step): a
    forward hook sees them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Softmax(-1)

    def forward(self, hidden: Tensor, source: Encoded) -> Tensor:
        """Return the context (target step, batch, unit) of decoder states of the same shape."""
        memory = source.memory.transpose(0, 1)
        scores = self.scores(hidden.transpose(0, 1), memory)
        shares = self.weights(scores.masked_fill(source.padding[:, None], -torch.inf))
        return (shares @ memory).transpose(0, 1)

    def scores(self, hidden: Tensor, memory: Tensor) -> Tensor:
        """Return a score (batch, target step, source step) of states (batch, step, unit)."""
        raise NotImplementedError


class DotAttention(Attention):
    """Score by h·e, not scaled (Luong, Pham, Manning 2015, equation 8, "dot")."""

    def __init__(self, hidden: int) -> None:
        super().__init__()

    def scores(self, hidden: Tensor, memory: Tensor) -> Tensor:
        """Return h·e."""
        return hidden @ memory.transpose(1, 2)


class AdditiveAttention(Attention):
    """Score by vᵀ tanh(W h + U e) (Bahdanau, Cho, Bengio 2015, section A.1.2)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.of_decoder = nn.Linear(hidden, hidden, bias=False)
        self.of_encoder = nn.Linear(hidden, hidden, bias=False)
        self.sum = nn.Linear(hidden, 1, bias=False)

    def scores(self, hidden: Tensor, memory: Tensor) -> Tensor:
        """Return vᵀ tanh(W h + U e)."""
        both = self.of_decoder(hidden)[:, :, None] + self.of_encoder(memory)[:, None]
        return cast(Tensor, self.sum(both.tanh())[..., 0])


ATTENTION: dict[str, type[DotAttention] | type[AdditiveAttention]] = {
    "additive": AdditiveAttention,
    "dot": DotAttention,
}


class Translator(nn.Module):
    """Read sequences as `TranslationTask` lays them out, and answer at the steps of the target.

    Untrained and with torch's initialisation; `rnnviz.networks.model.build` gives the network that
    settings describe. Its `time_axis` tells `rnnviz.record` where in a sequence encoder and
    decoder run.
    """

    def __init__(self, settings: Settings, task: TranslationTask | None = None) -> None:
        super().__init__()
        task = task or cast(TranslationTask, task_of(settings))
        self.go, self.padding, self.end = task.go, task.padding, task.end
        self.teacher_forcing = settings.teacher_forcing
        self.input = nn.Embedding(task.inputs, settings.embedding)
        self.encoder, self.decoder = (make_stack(settings, settings.embedding) for _ in range(2))
        self.attention: Attention | None = None
        if settings.attention in ATTENTION:
            self.attention = ATTENTION[settings.attention](settings.hidden)
            # h~ = tanh(W_c [context; h]), Luong et al. 2015, equation 5
            self.combine = nn.Linear(2 * settings.hidden, settings.hidden)
        self.readout = nn.Linear(settings.hidden, task.outputs)
        self.time_axis: TimeAxis | None = None

    @property
    def stacks(self) -> tuple[Watchable, ...]:
        """The recurrent modules."""
        return self.encoder, self.decoder

    @property
    def random_in_training(self) -> bool:
        """Whether training mode draws random numbers."""
        return self.encoder.random_in_training or self.teacher_forcing < 1

    def forward(
        self, inputs: Tensor, state: Any = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Return the answers (time, batch, output), 0 while the source is read, and the last state.

        In training mode, a decoder's input is the true symbol before with a chance of
        `teacher_forcing`, and else its own answer (scheduled sampling, Bengio, Vinyals, Jaitly,
        Shazeer 2015), drawn from torch's global random state.

        inputs : (time, batch) tokens, with the target's begin at the same step in all sequences
        state : must be None: a sequence is read as a whole
        lengths : not needed: the padding of sources is known by its token
        """
        if state is not None:
            raise ValueError("A translation is read from its beginning: give no state.")
        begin = self.begin(inputs)
        source = self.read(inputs[:begin])
        if self.training and self.teacher_forcing < 1:
            answers, last = self._on_its_own(source, inputs[begin:])
        else:
            answers, last = self.write(source, inputs[begin:], source.state)
        silent = answers.new_zeros(begin, *answers.shape[1:])
        return torch.cat([silent, answers]), last

    def begin(self, inputs: Tensor) -> int:
        """Return the step of sequences (time, batch) at which the target begins, and note it."""
        begin = int((inputs[:, 0] == self.go).nonzero()[0])
        self.time_axis = TimeAxis({"encoder": 0, "decoder": begin}, len(inputs))
        return begin

    def read(self, tokens: Tensor) -> Encoded:
        """Return what the encoder makes of sources (time, batch), padded after their end."""
        padding = tokens == self.padding
        embedded = self.input(tokens)
        if not padding.any():
            memory, state = self.encoder(embedded)
        else:
            lengths = (~padding).sum(0).cpu()
            packed = pack_padded_sequence(embedded, lengths, enforce_sorted=False)
            given, state = self.encoder(packed)
            memory, _ = pad_packed_sequence(given, total_length=len(tokens))
        return Encoded(memory, padding.T, state)

    def write(self, source: Encoded, previous: Tensor, state: State) -> tuple[Tensor, State]:
        """Return answers (step, batch, output) and the state after them.

        previous : (step, batch), the symbols before those that are asked
        state : that of the decoder before
        """
        hidden, state = self.decoder(self.input(previous), state)
        return self.answers(hidden, source), state

    def answers(self, hidden: Tensor, source: Encoded) -> Tensor:
        """Return answers (step, batch, output) of decoder states (step, batch, unit)."""
        if self.attention is not None:
            context = self.attention(hidden, source)
            hidden = self.combine(torch.cat([context, hidden], -1)).tanh()
        return cast(Tensor, self.readout(hidden))

    def next_input(self, answer: Tensor) -> Tensor:
        """Return the token that a class goes in as at the next step; padding after the end."""
        return torch.where(answer < self.end, answer, self.padding)

    def _on_its_own(self, source: Encoded, true: Tensor) -> tuple[Tensor, State]:
        """Write with some of its own answers in place of the true symbols (step, batch)."""
        previous, state, found = true[0], source.state, []
        for after in [*true[1:], None]:
            answers, state = self.write(source, previous[None], state)
            found.append(answers)
            if after is not None:
                own = self.next_input(answers[0].detach().argmax(-1))
                taught = torch.rand(len(own)) < self.teacher_forcing
                previous = torch.where(taught, after, own)
        return torch.cat(found), state
