"""The origin of a surname, told from its letters."""

from functools import cache
from math import log
from string import ascii_lowercase

import numpy as np

from rnnviz.errors import TaskError
from rnnviz.resources import asset
from rnnviz.tasks.base import MOST_TYPED, NOT_ASKED, Baseline, Probe
from rnnviz.tasks.sentences import PADDING, SentenceTask, Sequence
from rnnviz.tasks.symbolic import Tokens
from rnnviz.words import N_, Words

HELD_OUT = 5
"""Of so many names of an origin, one is never seen in training."""


@cache
def _names() -> dict[str, tuple[list[str], list[str]]]:
    """Return origin -> its names for training, and those held out."""
    found: dict[str, list[str]] = {}
    for line in asset("names/surnames.csv").read_text(encoding="ascii").splitlines()[1:]:
        name, origin = line.split(",")
        found.setdefault(origin, []).append(name)
    return {
        origin: ([n for i, n in enumerate(names) if i % HELD_OUT], names[::HELD_OUT])
        for origin, names in found.items()
    }


class Names(SentenceTask):
    """Say at the last letter from where a surname comes: one of eight languages.

    All origins are equally likely; every fifth name of each is held out.
    """

    key = "names"
    family = "text"
    title = N_("origin of a surname")
    summary = N_("A surname, letter by letter: from which of eight languages does it come?")
    length_help = N_("Letters of a name that are read; what is longer is cut.")
    one_answer = True
    metric_title = N_("origins right")
    symbols = ascii_lowercase + PADDING
    typed_form = N_(
        "type a surname in letters a to z, and its origin after =, if it is no listed one"
    )
    typed_example = "schneider = German"
    defaults = {"length": 12, "hidden": 48, "lr": 0.005, "steps": 400}

    def __init__(self, length: int, seed: int = 0, distance: int = 1) -> None:
        super().__init__(length, seed, distance)
        self.classes = tuple(_names())

    @property
    def baseline(self) -> Baseline:
        """Guess: all origins are equally likely."""
        count = len(self.classes)
        return Baseline(log(count), 100 / count, Words("one of {count} at random", count=count))

    def _answers(self, inputs: Tokens) -> Tokens:
        """Return the origins of listed names."""
        answers = np.full(inputs.shape, NOT_ASKED)
        for place, sample in enumerate(inputs.T):
            answers[-1, place] = self._origin("".join(self.symbols[token] for token in sample))
        return answers

    def _origin(self, name: str) -> int:
        """Return the class of a listed name."""
        for place, both in enumerate(_names().values()):
            if any(name in names for names in both):
                return place
        raise TaskError(
            "{name!r} is not in the list of names: {how}. There are {classes}.",
            name=name[:20],
            how=self.how,
            classes=", ".join(self.classes),
        )

    def _sequence(self, random: np.random.Generator, held_out: bool) -> Sequence:
        place = int(random.random() * len(self.classes))
        names = _names()[self.classes[place]][held_out]
        name = names[int(random.random() * len(names))][: self.length]
        tokens = [self.symbols.index(letter) for letter in name]
        return tokens, [NOT_ASKED] * (len(tokens) - 1) + [place]

    def read(self, text: str) -> Probe:
        """Return a name that a user typed, with the origin that is given or listed."""
        name, _, origin = (part.strip().lower() for part in text.partition("="))
        if not 1 <= len(name) <= MOST_TYPED:
            raise TaskError(
                "There is no name: {how}.",
                how=self.how,
            )
        inputs = np.array([[self._token(letter)] for letter in name])
        classes = [each.lower() for each in self.classes]
        if origin not in classes:
            return self._look(inputs)
        return self._show(inputs, _last(inputs, classes.index(origin)))

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        inputs = probe.batch.inputs.numpy().copy()
        inputs[time, 0] = self._token(text.strip())
        return self._show(inputs, probe.batch.targets.numpy())

    def _caption(self, labels: list[str], answers: list[str]) -> str:
        return f"{''.join(labels).capitalize()[:30]}, {answers[-1]}"


def _last(inputs: Tokens, answer: int) -> Tokens:
    answers = np.full(inputs.shape, NOT_ASKED)
    answers[-1] = answer
    return answers
