"""Sentiment with negation: tell praise from blame in "the film was not very good"."""

from math import log

import numpy as np

from rnnviz.errors import TaskError
from rnnviz.tasks.base import NOT_ASKED, Baseline
from rnnviz.tasks.sentences import PADDING, SentenceTask, Sequence
from rnnviz.tasks.symbolic import Tokens
from rnnviz.words import N_, Words

PRAISE = ("good", "great", "lovely", "brilliant", "funny", "moving")
BLAME = ("bad", "awful", "poor", "dull", "boring", "silly")
NEGATIONS = ("not", "never", "hardly")
DEGREES = ("very", "really", "too")
THINGS = ("film", "story", "music", "acting", "ending", "beginning")
JOINTS = ("but", "although")
VOCABULARY = ("the", "was", ".", *JOINTS, *NEGATIONS, *DEGREES, *THINGS, *PRAISE, *BLAME, PADDING)
_PLACE = {word: token for token, word in enumerate(VOCABULARY)}


class Sentiment(SentenceTask):
    """Say at the end of a sentence whether it is praise or blame.

    The grammar: a judgement is [not, never or hardly] [very, really or too] and one of six words of
    praise or six of blame; a negation turns it over. A sentence is one or two clauses "the film was
    ..." and a full stop. Of two, the one after "but" counts, or the one before "although". All
    choices are equally likely, so no single word but the judgement tells anything.
    """

    key = "sentiment"
    family = "text"
    title = N_("sentiment with negation")
    summary = N_("Sentences like “the film was not very good”: praise or blame?")
    length_help = N_("Words of the longest sentence, full stop included; all are there from 14 on.")
    one_answer = True
    metric_title = N_("sentences right")
    symbols = VOCABULARY
    classes = ("blame", "praise")
    separator = " "
    typed_form = N_(
        "type a sentence of the words the film/story/music/acting/ending/beginning was, "
        "not/never/hardly, very/really/too, a word of praise or blame, but/although, ."
    )
    typed_example = "the film was not very good ."
    defaults = {"length": 14, "lr": 0.005, "steps": 2000}

    @property
    def baseline(self) -> Baseline:
        """Guess: praise and blame are equally likely."""
        return Baseline(log(2), 50.0, Words("praise or blame at random"))

    def _answers(self, inputs: Tokens) -> Tokens:
        answers = np.full(inputs.shape, NOT_ASKED)
        for place, sample in enumerate(inputs.T):
            answers[-1, place] = self._verdict([VOCABULARY[token] for token in sample])
        return answers

    def _verdict(self, words: list[str]) -> int:
        """Return 1 for praise, 0 for blame."""
        if "although" in words:
            words = words[: words.index("although")]
        while "but" in words:
            words = words[words.index("but") + 1 :]
        judged = [place for place, word in enumerate(words) if word in PRAISE + BLAME]
        if not judged:
            raise TaskError(
                "Nothing is judged where it counts: {how}",
                how=self.how_quoted,
            )
        turns = sum(word in NEGATIONS for word in words[: judged[0]])
        return (words[judged[0]] in PRAISE) ^ (turns % 2)

    def _sequence(self, random: np.random.Generator, held_out: bool) -> Sequence:
        room = self.length - 1
        two = room >= 9 and random.random() < 0.6
        words = self._clause(random, min(room, 6) if not two else min(6, room - 5))
        if two:
            words += [_one_of(JOINTS, random)]
            words += self._clause(random, min(6, room - len(words)))
        tokens = [_PLACE[word] for word in (*words, ".")]
        return tokens, [NOT_ASKED] * (len(tokens) - 1) + [self._verdict(words)]

    def _clause(self, random: np.random.Generator, room: int) -> list[str]:
        words = ["the", _one_of(THINGS, random), "was"] if room >= 4 else []
        room -= len(words) + 1
        if room > 0 and random.random() < 0.5:
            words.append(_one_of(NEGATIONS, random))
            room -= 1
        if room > 0 and random.random() < 0.5:
            words.append(_one_of(DEGREES, random))
        return [*words, _one_of(PRAISE + BLAME, random)]


def _one_of(words: tuple[str, ...], random: np.random.Generator) -> str:
    return words[int(random.random() * len(words))]
