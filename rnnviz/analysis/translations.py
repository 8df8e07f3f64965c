"""What does a translator write on its own? Greedily, or by beam search over whole targets."""

import pandas as pd
import torch
from torch import Tensor

from rnnviz.errors import TraceError
from rnnviz.networks.translator import Encoded, State, Translator

COLUMNS = ["rank", "classes", "shares", "log_probability", "ended"]


@torch.no_grad()
def greedy(model: Translator, inputs: Tensor, steps: int) -> Tensor:
    """Write targets, at each step the likeliest class, which goes in at the next.

    Parameters
    ----------
    model : Translator
        In eval mode.
    inputs : (time, batch) int64
        Sequences as `TranslationTask` lays them out; only their sources are read.
    steps : int
        How many classes are written.

    Returns
    -------
    Tensor (step, batch) int64
        Classes; what stands after a target's end means nothing.
    """
    begin = model.begin(inputs)
    source = model.read(inputs[:begin])
    previous, state, found = inputs[begin], source.state, []
    for _ in range(steps):
        answers, state = model.write(source, previous[None], state)
        found.append(answers[0].argmax(-1))
        previous = model.next_input(found[-1])
    return torch.stack(found)


@torch.no_grad()
def translations(
    model: Translator, inputs: Tensor, sample: int = 0, *, beam: int = 1, steps: int
) -> pd.DataFrame:
    """Search for the likeliest targets of one source.

    At each step, every target that is still being written goes on with every class, and the
    likeliest `beam` of all these are kept (beam search; for translation, Sutskever, Vinyals, Le
    2014, section 3.2). Targets are compared by the whole of their probability: it is not divided
    by their length. With a beam of 1 this is `greedy`; with one as wide as there are targets it
    is exhaustive.

    Parameters
    ----------
    model : Translator
        In eval mode.
    inputs : (time, batch) int64
        Sequences as `TranslationTask` lays them out; only the source of the sample is read.
    sample : int
        Which of them.
    beam : int
        How many targets are kept.
    steps : int
        Classes of the longest target, its end among them.

    Returns
    -------
    DataFrame
        Up to `beam` rows, the likeliest first: `rank` from 1; `classes`, a tuple, the end last;
        `shares`, the probability of each after those before it; `log_probability`, the sum of
        their natural logarithms; `ended`, False for what was cut off at the last step, which
        comes after all that ended.

    Raises
    ------
    TraceError
        If the beam or the steps are below 1.
    """
    if beam < 1 or steps < 1:
        raise TraceError("A beam and the steps must be at least 1.")
    begin = model.begin(inputs)
    one = model.read(inputs[:begin, [sample]])
    previous, state = inputs[begin, [sample]], one.state
    alive: list[tuple[tuple[int, ...], tuple[float, ...]]] = [((), ())]
    sums = torch.zeros(1, dtype=torch.float64)
    ended: list[tuple[float, tuple[int, ...], tuple[float, ...]]] = []
    for _ in range(steps):
        answers, state = model.write(repeated(one, len(alive)), previous[None], state)
        logs = answers[0].double().log_softmax(-1)
        totals = sums[:, None] + logs
        size = totals.size(1)
        chosen: list[int] = []
        order = totals.flatten().argsort(descending=True, stable=True).tolist()
        for rank, place in enumerate(order):
            row, answer = divmod(place, size)
            if answer != model.end:
                if len(chosen) < beam:
                    chosen.append(place)
            elif rank < beam:
                classes, shares = alive[row]
                last = float(logs[row, answer].exp())
                ended.append((float(totals[row, answer]), (*classes, answer), (*shares, last)))
            if len(chosen) == beam and rank >= beam:
                break
        ended = sorted(ended, key=lambda each: -each[0])[:beam]
        rows = torch.tensor([place // size for place in chosen])
        last_ones = torch.tensor([place % size for place in chosen])
        sums = totals[rows, last_ones]
        alive = [
            ((*alive[row][0], answer), (*alive[row][1], float(logs[row, answer].exp())))
            for row, answer in zip(rows.tolist(), last_ones.tolist(), strict=True)
        ]
        # no target becomes likelier by going on
        if len(ended) == beam and float(sums.max()) <= ended[-1][0]:
            break
        previous, state = model.next_input(last_ones), picked(state, rows)
    found = [(*each, True) for each in ended]
    if len(found) < beam:
        cut = zip(sums.tolist(), alive, strict=True)
        found += [(total, *both, False) for total, both in cut][: beam - len(found)]
    return pd.DataFrame(
        [
            (rank, classes, shares, total, whole)
            for rank, (total, classes, shares, whole) in enumerate(found, 1)
        ],
        columns=COLUMNS,
    )


def repeated(source: Encoded, count: int) -> Encoded:
    """Return one source so many times."""
    return Encoded(
        source.memory.expand(-1, count, -1), source.padding.expand(count, -1), source.state
    )


def picked(state: State, rows: Tensor) -> State:
    """Return the states of some rows."""
    if isinstance(state, Tensor):
        return state[:, rows]
    return state[0][:, rows], state[1][:, rows]
