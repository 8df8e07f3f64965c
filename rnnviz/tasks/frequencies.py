"""What counting the symbols of a text scores on the part of it that nobody has read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnviz.words import N_

ONE_SYMBOL = N_("what counting pairs of symbols scores")


@dataclass(frozen=True)
class Frequencies:
    """Scores of two predictors that were counted in training, on the held-out part.

    Attributes
    ----------
    loss, share : float
        Of one who says each symbol as often as it occurs in training: cross-entropy, and how often
        the commonest symbol is right.
    pairs : float
        Cross-entropy of one who remembers the symbol just read.
    """

    loss: float
    share: float
    pairs: float


def frequencies(
    training: NDArray[np.int64], held_out: NDArray[np.int64], classes: int
) -> Frequencies:
    """Count symbols in the training part, and score the counts on the held-out part.

    Every symbol is counted half a time more than it occurs, so that one that training has not is
    possible (Krichevsky, Trofimov 1981). What follows a symbol is counted as often as it does, and
    the frequencies of all symbols as often as it has different followers (Witten, Bell 1991).

    Parameters
    ----------
    training, held_out : ndarray (time,)
        Tokens; those from `classes` on are read and never asked for.
    classes : int
        Symbols that are asked for.
    """
    counts = np.bincount(training[training < classes], minlength=classes) + 0.5
    single = counts / counts.sum()
    pairs = np.zeros((classes + 1, classes))
    before, after = np.minimum(training[:-1], classes), training[1:]
    asked = after < classes
    np.add.at(pairs, (before[asked], after[asked]), 1)
    kinds = np.maximum((pairs > 0).sum(1), 1)[:, None]
    follows = (pairs + kinds * single) / (pairs.sum(1, keepdims=True) + kinds)
    before, after = np.minimum(held_out[:-1], classes), held_out[1:]
    before, after = before[after < classes], after[after < classes]
    return Frequencies(
        float(-np.log(single[after]).mean()),
        float((after == counts.argmax()).mean()),
        float(-np.log(follows[before, after]).mean()),
    )
