"""What goes into a network of one's own, and what comes to be seen of it: numbers -> Trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz.errors import ModelError
from rnnviz.recording.record import record
from rnnviz.recording.recorder import Recurrent
from rnnviz.recording.trace import Trace
from rnnviz.tasks.base import MOST_TYPED
from rnnviz.words import N_

MOST_ACTIVATIONS = 2**18
"""Largest steps x samples x hidden x layers x directions that is looked into: about 15 MB."""
MOST_CALLS = 4000
"""Most steps x layers x directions: each is a step in Python, there and back about a second."""
MOST_TEXT = 2**18
"""Characters of pasted numbers."""
MARKS = {"\n": "↵", " ": "␣", "\t": "⇥"}
LOSSES = ("last", "all", "unit")
Loss = Literal["last", "all", "unit"]


@dataclass(frozen=True)
class Feed:
    """What goes in: x (time, batch, feature) float32, and how each step is written."""

    x: Tensor
    labels: list[list[str]] | None = None


def random_feed(features: int, steps: int, samples: int, seed: int) -> Feed:
    """Return standard normal numbers; the same for the same seed."""
    random = np.random.default_rng([seed, features])
    return Feed(torch.tensor(random.standard_normal((steps, samples, features)), dtype=torch.float))


def text_feed(
    text: str, features: int, seed: int, *, words: bool = False, embedding: Tensor | None = None
) -> Feed:
    """Return the vectors of a text's characters, or words.

    Parameters
    ----------
    seed : int
        Each symbol is a vector of standard normal numbers that it and the seed decide.
    embedding : Tensor (symbol, feature), optional
        Take row n for the character of code point n instead.

    Raises
    ------
    ModelError
        If the text is empty, too long, or has a character that the embedding does not.
    """
    symbols = text.split() if words else list(text.strip("\n"))
    if not symbols:
        raise ModelError("There is no text yet: type or paste some.")
    if len(symbols) > MOST_TYPED:
        raise ModelError(
            N_("{count:,} words are too many: paste up to {most:,}.")
            if words
            else N_("{count:,} characters are too many: paste up to {most:,}."),
            count=len(symbols),
            most=MOST_TYPED,
        )
    labels = [MARKS.get(symbol, symbol[:24]) for symbol in symbols]
    if embedding is not None:
        return Feed(_rows(embedding, [ord(symbol[0]) for symbol in symbols], labels), [labels])
    known = {
        symbol: np.random.default_rng([seed, *symbol.encode()]).standard_normal(features)
        for symbol in set(symbols)
    }
    return Feed(
        torch.tensor(np.stack([known[symbol] for symbol in symbols])[:, None], dtype=torch.float),
        [labels],
    )


def token_feed(text: str, embedding: Tensor) -> Feed:
    """Return the rows of an embedding for whole numbers that somebody typed.

    Raises
    ------
    ModelError
        If there are none, too many, or one that the embedding has no row for.
    """
    found = text.replace(",", " ").split()
    if not found or len(found) > MOST_TYPED:
        raise ModelError("Type 1 to {most:,} whole numbers, such as: 3 17 5.", most=MOST_TYPED)
    wrong = next((each for each in found if not (each.isascii() and each.isdigit())), None)
    if wrong is not None:
        raise ModelError(
            "{word!r} is no whole number: type numbers such as 3 17 5.", word=wrong[:20]
        )
    tokens = [int(each) if len(each) < 10 else 10**9 for each in found]
    return Feed(_rows(embedding, tokens, found), [found])


def number_feed(text: str, features: int) -> Feed:
    """Return the rows of numbers that somebody pasted: a time step a row.

    Raises
    ------
    ModelError
        If a row has not as many numbers as go in, or something is no number.
    """
    if len(text) > MOST_TEXT:
        raise ModelError(
            "This is too much to paste: up to {most:,} characters are read.",
            most=MOST_TEXT,
        )
    rows = [line for line in text.splitlines() if line.strip()]
    if not rows or len(rows) > MOST_TYPED:
        raise ModelError(
            "Paste 1 to {most:,} rows of {features} numbers, a time step each.",
            most=MOST_TYPED,
            features=features,
        )
    numbers = [_row(line, place, features) for place, line in enumerate(rows, start=1)]
    return Feed(torch.tensor(numbers, dtype=torch.float)[:, None])


def look_into(
    module: nn.Module, path: str, feed: Feed, *, loss: Loss = "last", unit: int = 0
) -> Trace:
    """Run what goes in through a recurrent module, forward and backward, and note all of it.

    Parameters
    ----------
    module : nn.Module
        Holds it, as `rnnviz.files.find_layers.build_stack` and
        `rnnviz.recording.rebuild.network_of` give it.
    path : str
        Where in `module` it is.
    loss : "last", "all" or "unit"
        What the gradients are of: the sum of squares of the top layer's last hidden state (of each
        direction), that of all its outputs, or one unit of that last state.

    Raises
    ------
    ModelError
        If that is too large, has no such unit, or grows beyond all numbers.
    """
    part = module.get_submodule(path)
    assert isinstance(part, Recurrent)
    steps, samples, features = feed.x.shape
    if features != part.input_size:
        raise ModelError(
            "{given} numbers a step go in, but {taken} are taken.",
            given=features,
            taken=part.input_size,
        )
    deep = 1
    if isinstance(part, nn.RNNBase):
        deep = part.num_layers * (1 + part.bidirectional)
    size = steps * samples * part.hidden_size * deep
    if size > MOST_ACTIVATIONS or steps * deep > MOST_CALLS:
        most = min(MOST_ACTIVATIONS // (size // steps), MOST_CALLS // deep)
        raise ModelError(
            "{steps} steps are too many for a network of this size: up to {most} can be shown.",
            steps=steps,
            most=most,
        )
    with record(module, labels=feed.labels) as trace, torch.enable_grad():
        outputs, last = run(part, feed.x.to(next(part.parameters()).dtype))
        if loss == "unit":
            if not 0 <= unit < last.shape[1]:
                raise ModelError(
                    "There is no unit {unit}: there are 0 to {last}.",
                    unit=unit,
                    last=last.shape[1] - 1,
                )
            value = last[:, unit].sum()
        else:
            value = (outputs if loss == "all" else last).square().sum()
        value.backward()
    if not bool(value.isfinite()):
        raise ModelError(
            "What flows through this network grows beyond the largest number there is: use fewer "
            "steps."
        )
    return trace


def run(part: Recurrent, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the top layer's outputs (time, batch, unit) and last hidden states (batch, unit)."""
    if isinstance(part, nn.RNNBase):
        batch_first, part.batch_first = part.batch_first, False
        try:
            outputs, state = part(x)
        finally:
            part.batch_first = batch_first
        hidden = state[0] if isinstance(part, nn.LSTM) else state
        top = hidden[-2:] if part.bidirectional else hidden[-1:]
        return outputs, torch.cat(list(top), -1)
    assert isinstance(part, nn.RNNCell | nn.LSTMCell | nn.GRUCell)
    state, each = None, []
    for step in x:
        state = part(step, state)
        each.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(each), each[-1]


def _rows(embedding: Tensor, places: Sequence[int], labels: Sequence[str]) -> Tensor:
    count = len(embedding)
    for place, label in zip(places, labels, strict=True):
        if place >= count:
            raise ModelError(
                N_("The embedding has rows 0 to {last}, and none for {label!r}.")
                if label.isdigit()
                else N_(
                    "The embedding has rows 0 to {last}, and none for {label!r}, character {place}."
                ),
                last=count - 1,
                label=label[:20],
                place=place,
            )
    return embedding[list(places)].float()[:, None]


def _row(line: str, place: int, features: int) -> list[float]:
    parts = line.replace(",", " ").replace(";", " ").split()
    if len(parts) != features:
        raise ModelError(
            "Row {place} has {count} numbers: this network takes {features}.",
            place=place,
            count=len(parts),
            features=features,
        )
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise ModelError(
            "Row {place} has something that is no number: {line!r}.", place=place, line=line[:40]
        ) from None
    if not np.isfinite(np.array(numbers, np.float32)).all():
        raise ModelError("Row {place} has a number that is not finite.", place=place)
    return numbers
