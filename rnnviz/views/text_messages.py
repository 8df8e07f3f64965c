"""What the server sends to the components of text: see messages.py."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import numpy as np


class Next(TypedDict, total=False):
    """What the network answers at every time step.

    Attributes
    ----------
    answers, should : sequence of str
        Of a network that gives numbers: what it answers and what would be right, written out; ""
        where nothing is asked. What follows is of one that chooses, its likeliest answers first.
    classes : sequence of str
    foretells : bool
        Whether the answer is what goes in next.
    asked_from : int
        The first time step at which an answer is asked.
    best, share : (time, rank)
        Places among the classes, and their probabilities.
    width : int
        How many ranks.
    right, right_share : (time,)
        The right answer ("" where nothing is asked) and its probability.
    """

    answers: Sequence[str]
    should: Sequence[str]
    classes: Sequence[str]
    foretells: bool
    asked_from: int
    best: np.ndarray
    share: Sequence[Any]
    width: int
    right: Sequence[str]
    right_share: Sequence[Any]


class Row(TypedDict):
    """One unit under a text.

    Attributes
    ----------
    unit : int
    note : str
        How well it tells the chosen property.
    values : (time,)
    """

    unit: int
    note: str
    values: Sequence[Any]


class Text(TypedDict):
    """A text, or other symbols, coloured by units.

    Attributes
    ----------
    symbols : sequence of str
        What goes in at each time step.
    kind : str
        "text" or "numbers".
    rows : sequence of Row
    holds : (time,)
        1 where the property holds, of one that can be on or off.
    property : str
        What is looked for, in words.
    scale : sequence of (share, colour)
        From `low` to `high`.
    low, high : float
    ink, paper : str
        Colours of letters and ground.
    symbol : str
        The letter of the signal.
    next : Next or None
        None where nothing is read out.
    title, said : str
        What is shown, and what is to be said of it.
    """

    symbols: Sequence[str]
    kind: str
    rows: Sequence[Row]
    holds: Sequence[Any] | None
    property: str
    scale: Sequence[Sequence[Any]]
    low: float
    high: float
    ink: str
    paper: str
    symbol: str
    next: Next | None
    title: str
    said: str


class Stretch(TypedDict):
    """A stretch of a sequence, with what stands around it.

    Attributes
    ----------
    before, length : int
        Time steps before the stretch, and in it.
    share : (time,)
        Of the units that are on.
    symbols : sequence of str
        What goes in; or, of numbers,
    lines : sequence of (time,)
        the first three inputs.
    """

    before: int
    length: int
    share: Sequence[Any]
    symbols: NotRequired[Sequence[str]]
    lines: NotRequired[Sequence[Any]]


class Match(Stretch):
    """A stretch in which units are on that were on in the chosen one.

    Attributes
    ----------
    shared, extra : int
        How many of those units, and how many others.
    where : str
    """

    shared: int
    extra: int
    where: str


class Found(TypedDict):
    """Where else the units of a chosen stretch are on.

    Attributes
    ----------
    chosen : Stretch
    rows : sequence of Match
        The fullest first.
    units, sides : sequence of int
        Which units, and -1 for one that is on below zero.
    kind : str
        "text" or "numbers".
    scale : sequence of (share, colour)
    ink, paper, muted : str
        Colours.
    searched : str
        Among what was searched, in words.
    """

    chosen: Stretch
    rows: Sequence[Match]
    units: Sequence[int]
    sides: Sequence[int]
    kind: str
    scale: Sequence[Sequence[Any]]
    ink: str
    paper: str
    muted: str
    searched: str


class Continuation(TypedDict):
    """What a network wrote.

    Attributes
    ----------
    prompt : str
        After what.
    text : sequence of str
        Piece by piece.
    share : (piece,)
        The probability with which each was drawn.
    said, when : str
        What is to be said of it, and of which training step it is.
    """

    prompt: str
    text: Sequence[str]
    share: Sequence[float]
    said: str
    when: str


class Written(Continuation):
    """The same in colours.

    Attributes
    ----------
    scale : sequence of (share, colour)
    ink, paper : str
    """

    scale: Sequence[Sequence[Any]]
    ink: str
    paper: str
