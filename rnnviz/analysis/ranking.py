"""Which units tell a property best? One number a unit, by ranks alone."""

import numpy as np
import pandas as pd

from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace

MOST_VALUES = 2**19
"""Values that are ranked at once: about 40 ms."""


def rank_units(trace: Trace, layer: str, signal: str, known: np.ndarray) -> pd.DataFrame:
    """Rank the units of a layer by how well one signal of theirs tells a property.

    A binary property: the area under the ROC curve, that is the probability that the unit is
    higher at a step where the property holds than at one where it does not (Mann, Whitney 1947);
    a unit that is always lower tells as much, so the score is max(AUC, 1 - AUC): 0.5 is a coin,
    1 a perfect detector. A number: Spearman's rank correlation, the score its absolute value.
    Both ask for order alone, so neither the scale nor a saturating nonlinearity counts.

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
        compared) and `holds` (at how many it holds; NaN for a number).

    Raises
    ------
    TraceError
        If the property is the same at every step, so that nothing tells it.
    """
    values = trace.value(layer, signal)
    if values.shape[:2] != known.shape:
        raise TraceError(
            "The property is known for {known} (time, batch), but {recorded} were "
            "recorded: give one value a step and sample.",
            known=known.shape,
            recorded=values.shape[:2],
        )
    known, values = known.reshape(-1), values.reshape(-1, values.shape[2])
    usable = np.isfinite(known) & np.isfinite(values).all(axis=1)
    known, values = known[usable], values[usable]
    most = max(64, MOST_VALUES // values.shape[1])
    if len(known) > most:  # evenly spread, so that every sequence and every place is in it
        chosen = np.linspace(0, len(known) - 1, most).astype(int)
        known, values = known[chosen], values[chosen]
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
    holds = np.nan
    binary = bool(np.isin(known, (0, 1)).all())
    ranks = _ranks(np.ascontiguousarray(values.T))
    if binary:
        yes = known == 1
        count, rest = int(yes.sum()), int((~yes).sum())
        holds = float(count)
        signed = (ranks[:, yes].sum(axis=1) - count * (count + 1) / 2) / (count * rest)
        score, direction = np.maximum(signed, 1 - signed), np.where(signed >= 0.5, 1, -1)
    else:
        signed = _correlation(ranks, _ranks(known[None])[0])
        score, direction = np.abs(signed), np.where(signed >= 0, 1, -1)
    frame = pd.DataFrame(
        {
            "unit": np.arange(len(score)),
            "score": score,
            "signed": signed,
            "direction": direction,
            "measure": "AUC" if binary else "Spearman",
            "steps": len(known),
            "holds": holds,
        }
    )
    return frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)


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
