"""Which units tell a property best? One number a unit, by ranks alone."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace

MOST_VALUES = 2**19
"""Values that are ranked at once: about 40 ms."""
FEWEST = 20
"""Steps at which a property has to hold, and not to hold, before units are ranked by it."""
SHUFFLES = 19
"""By chance the best unit is above the best of so many shuffles in one of 20 rankings."""
ALIKE = 0.9
"""Correlation from which on sequences count as having the property at the same steps."""


def rank_units(trace: Trace, layer: str, signal: str, known: np.ndarray) -> pd.DataFrame:
    """Rank the units of a layer by how well one signal of theirs tells a property.

    A binary property: the area under the ROC curve, that is the probability that the unit is
    higher at a step where the property holds than at one where it does not (Mann, Whitney 1947);
    a unit that is always lower tells as much, so the score is max(AUC, 1 - AUC): 0.5 is a coin,
    1 a perfect detector. A number: Spearman's rank correlation, the score its absolute value.
    Both ask for order alone, so neither the scale nor a saturating nonlinearity counts.

    The best of many units is above a coin by chance, the more so the fewer the steps, and the more
    alike neighbouring steps are. What chance gives is measured: each sequence is compared with the
    property of another one (or, where all have it at the same steps, of another time), of which no
    unit can know, and the best score of 19 such shuffles is the level that the best unit exceeds
    by chance in one of 20 rankings.

    Parameters
    ----------
    trace : Trace
    layer, signal : str
    known : ndarray (time, batch)
        The property, 0 or 1 if it is binary; steps where it is NaN do not count.

    Returns
    -------
    DataFrame
        The best first: `unit`, `score`, `signed` (AUC or correlation), `direction` (1 if high
        means yes or more, else -1), `measure` ("AUC" or "Spearman"), `steps` (how many were
        compared), `holds` (at how many it holds; NaN for a number) and `chance` (the best score
        of shuffled sequences).

    Raises
    ------
    TraceError
        If the property is the same at every step, so that nothing tells it, or holds, or does
        not hold, at fewer than 20 steps.
    """
    values = trace.value(layer, signal)
    if values.shape[:2] != known.shape:
        raise TraceError(
            "The property is known for {known} (time, batch), but {recorded} were "
            "recorded: give one value a step and sample.",
            known=known.shape,
            recorded=values.shape[:2],
        )
    whole = known
    known, values = known.reshape(-1), values.reshape(-1, values.shape[2])
    usable = np.flatnonzero(np.isfinite(known) & np.isfinite(values).all(axis=1))
    most = max(64, MOST_VALUES // values.shape[1])
    if len(usable) > most:  # evenly spread, so that every sequence and every place is in it
        usable = usable[np.linspace(0, len(usable) - 1, most).astype(int)]
    known, values = known[usable], values[usable]
    binary = bool(np.isin(known, (0, 1)).all())
    _check(known, binary)
    ranks = _ranks(np.ascontiguousarray(values.T))
    tell = _areas if binary else _correlations
    signed = tell(ranks, known)
    centre = 0.5 if binary else 0.0
    score = np.abs(signed - centre) + centre
    direction = np.where(signed >= centre, 1, -1)
    shuffled = [
        np.abs(tell(ranks, other.reshape(-1)[usable]) - centre).max() + centre
        for other in _shuffled(whole)
    ]
    frame = pd.DataFrame(
        {
            "unit": np.arange(len(score)),
            "score": score,
            "signed": signed,
            "direction": direction,
            "measure": "AUC" if binary else "Spearman",
            "steps": len(known),
            "holds": float((known == 1).sum()) if binary else np.nan,
            "chance": max(shuffled),
        }
    )
    return frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _check(known: np.ndarray, binary: bool) -> None:
    """Raise TraceError if too little is known of a property to rank units by it."""
    if len(known) == 0 or known.min() == known.max():
        if len(known) == 0 or known.max() == 0:
            raise TraceError(
                "The property is nowhere in these {steps:,} steps, so no unit can tell it: "
                "choose another.",
                steps=len(known),
            )
        raise TraceError(
            "The property is the same everywhere in these {steps:,} steps, so no unit can tell it: "
            "choose another.",
            steps=len(known),
        )
    if len(known) < FEWEST:
        raise TraceError(
            "The property is known at {steps:,} steps, too few to tell what a unit knows from "
            "chance: at least {fewest} are needed.",
            steps=len(known),
            fewest=FEWEST,
        )
    holds = int((known == 1).sum())
    if binary and min(holds, len(known) - holds) < FEWEST:
        raise TraceError(
            "The property holds at {holds} of {steps:,} steps, too few to tell what a unit knows "
            "from chance: at least {fewest} steps of both kinds are needed.",
            holds=holds,
            steps=len(known),
            fewest=FEWEST,
        )


def _shuffled(known: np.ndarray) -> Iterator[np.ndarray]:
    """Give the property of other sequences in the place of each one's own, many times."""
    random = np.random.default_rng(0)
    steps, samples = known.shape
    for _ in range(SHUFFLES):
        order = random.permutation(samples)
        other = np.empty_like(known)
        other[:, order] = known[:, np.roll(order, 1)]
        if _alike(known, other):
            other = np.roll(known, random.integers(1, max(2, steps)), axis=0)
        yield other


def _alike(known: np.ndarray, other: np.ndarray) -> bool:
    """Whether other sequences have a property at the same steps, so that no shuffle hides it."""
    both = np.isfinite(known) & np.isfinite(other)
    a, b = known[both], other[both]
    if not len(a) or a.min() == a.max() or b.min() == b.max():
        return False
    return bool(np.corrcoef(a, b)[0, 1] > ALIKE)


def _areas(ranks: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve of each row of ranks; 0.5 where nothing can be said.

    The difference of mean ranks is the same whatever the share of both kinds, so that steps at
    which a shuffled property is not known are merely left out.
    """
    yes, no = known == 1, known == 0
    if not yes.any() or not no.any():
        return np.full(len(ranks), 0.5)
    apart: np.ndarray = ranks[:, yes].mean(axis=1) - ranks[:, no].mean(axis=1)
    return 0.5 + apart / ranks.shape[1]


def _correlations(ranks: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of each row of ranks with a number, where it is known."""
    there = np.isfinite(known)
    if there.sum() < 2:
        return np.zeros(len(ranks))
    return _correlation(ranks[:, there], _ranks(known[None, there])[0])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks along the last axis, from 1; equal values share their mean rank."""
    order = values.argsort(axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    place = np.arange(values.shape[1])
    edge = ordered[:, 1:] != ordered[:, :-1]
    begins = np.concatenate([np.ones_like(edge[:, :1], shape=(len(values), 1)), edge], axis=1)
    ends = np.concatenate([edge, np.ones_like(edge[:, :1], shape=(len(values), 1))], axis=1)
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    last = np.where(ends, place, values.shape[1])
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=1)
    return ranks


def _correlation(ranks: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each row with one; 0 for a row that never changes."""
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    known = known - known.mean()
    spread = np.sqrt((ranks**2).sum(axis=1) * (known**2).sum())
    correlation: np.ndarray = np.where(spread > 0, ranks @ known / np.maximum(spread, 1e-12), 0.0)
    return correlation
