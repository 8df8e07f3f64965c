"""What comes next, and what would the network write? A language model, asked."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace


def next_probabilities(trace: Trace, readout: nn.Module, sample: int = 0) -> pd.DataFrame:
    """Return how likely each class is at every step, as the network answers there.

    Parameters
    ----------
    trace : Trace
        Of a network whose read-out sees the hidden state of the last layer at every step.
    readout : nn.Module
        What makes (time, class) scores of (time, unit) hidden states, as `SequenceModel.readout`.

    Returns
    -------
    DataFrame
        Index `time`, a column a class; each row sums to 1.
    """
    hidden = trace.frame(trace.layers[-1], "hidden_state", sample)
    like = next(readout.parameters())
    with torch.no_grad():
        scores = readout(torch.tensor(hidden.to_numpy(), dtype=like.dtype))
        share = scores.double().softmax(-1).numpy()
    columns = pd.RangeIndex(share.shape[1], name="class")
    return pd.DataFrame(share, index=hidden.index, columns=columns)


@torch.no_grad()
def continuation(
    model: nn.Module,
    prompt: Tensor,
    length: int,
    *,
    temperature: float = 1.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Let a language model go on from a prompt: draw a token, read it, draw the next.

    The same model, prompt, temperature and seed give the same tokens; no global random state is
    used or changed.

    Parameters
    ----------
    model : nn.Module
        Called as ``scores, state = model(tokens (time, 1), state)``, with (time, 1, class) scores;
        state is None at first. A class is the token of the same number.
    prompt : Tensor (time,) of int64
        At least one token.
    length : int
        How many tokens to draw.
    temperature : float
        Scores are divided by it; 0 always takes the likeliest.

    Returns
    -------
    DataFrame
        A row a drawn token: `token`, `probability` (that it had in the draw) and `entropy` (of the
        draw, in nats).

    Raises
    ------
    TraceError
        If the prompt is empty, or temperature or length are negative.
    """
    if len(prompt) == 0:
        raise TraceError("The prompt is empty: give at least one character to go on from.")
    if temperature < 0 or length < 0:
        raise TraceError("Temperature and length must not be negative.")
    generator = torch.Generator().manual_seed(seed)
    state: Any = None
    read = prompt[:, None]
    rows = []
    for _ in range(length):
        scores, state = model(read, state)
        share = _shares(scores[-1, 0].double(), temperature)
        token = torch.multinomial(share, 1, generator=generator)
        likely = share[share > 0]
        entropy = -(likely * likely.log()).sum()
        rows.append((int(token), float(share[token]), max(0.0, float(entropy))))
        read = token[None]
    frame = pd.DataFrame(rows, columns=["token", "probability", "entropy"])
    return frame.astype({"token": np.int64, "probability": float, "entropy": float})


def _shares(scores: Tensor, temperature: float) -> Tensor:
    """Return the probabilities of a draw at this temperature."""
    if temperature == 0:
        return nn.functional.one_hot(scores.argmax(), len(scores)).double()
    return (scores / temperature).softmax(0)
