"""Tagging: tell which words of a sentence are persons, places and times."""

import numpy as np

from rnnviz.tasks.base import Baseline
from rnnviz.tasks.sentences import PADDING, SentenceTask, Sequence
from rnnviz.tasks.symbolic import Tokens
from rnnviz.words import N_, Words

TAGS = ("other", "person", "place", "time")
PERSONS = ("alice", "tom", "henry", "mary", "peter", "clara")
PLACES = ("paris", "london", "rome", "vienna", "cairo", "oslo")
TIMES = ("monday", "friday", "january", "march", "winter", "summer")
CITY_OR_PERSON = ("florence", "sydney", "victoria", "jordan", "austin", "chelsea")
MONTH_OR_PERSON = ("april", "may", "june", "august")
SLOTS = {
    "P": (*PERSONS, *CITY_OR_PERSON, *MONTH_OR_PERSON),
    "L": (*PLACES, *CITY_OR_PERSON),
    "T": (*TIMES, *MONTH_OR_PERSON),
}
SENTENCES = tuple(
    text.split()
    for text in (
        "P slept",
        "P met P in L",
        "in T P met P",
        "P went from L to L",
        "since T P has lived in L",
        "P and P live near L",
        "P wrote to P from L",
        "P went to L with P and P",
        "P stayed in L until T",
        "P spoke to P and P before T",
        "P wrote to P in T and in T",
        "from L and L P went to L",
    )
)
"""P, L and T stand for a person, a place and a time."""
OTHERS = tuple(dict.fromkeys(word for text in SENTENCES for word in text if word not in SLOTS))
VOCABULARY = (*OTHERS, *PERSONS, *PLACES, *TIMES, *CITY_OR_PERSON, *MONTH_OR_PERSON, PADDING)
_PLACE = {word: token for token, word in enumerate(VOCABULARY)}
_CONTEXT = {
    "in": "place time", "from": "place", "near": "place", "since": "time", "until": "time",
    "before": "time", "with": "person", "met": "person",
}  # fmt: skip
_SURE = {
    **dict.fromkeys(PERSONS, "person"),
    **dict.fromkeys(PLACES, "place"),
    **dict.fromkeys(TIMES, "time"),
}


class Entities(SentenceTask):
    """Say of each word whether it is a person, a place, a time, or something else.

    Twelve forms of sentences, all equally likely, are filled with words; ten words are two things:
    Florence and five others are a city or a person, April, May, June and August a month or a
    person. What they are, the words before tell: "to" is followed by a person after "wrote" or
    "spoke" and by a place after "went", and after "and" comes what came before it.
    """

    key = "entities"
    family = "text"
    title = N_("persons, places, times")
    summary = N_("Tag each word: “April met Florence in May” has two persons and a time.")
    length_help = N_("Words of the longest sentence; all forms are there from 8 on.")
    metric_title = N_("tags right")
    symbols = VOCABULARY
    classes = TAGS
    separator = " "
    typed_form = N_("type words of the generated sentences, in small letters")
    typed_example = "may wrote to florence from victoria"
    defaults = {"length": 8, "lr": 0.005, "steps": 1000}

    def _forms(self) -> list[list[str]]:
        return [[*text] for text in SENTENCES if len(text) <= self.length]

    @property
    def baseline(self) -> Baseline:
        """Say each tag as often as it comes, counted in the forms of the sentences."""
        slots = {"P": 1, "L": 2, "T": 3}
        tags = [slots.get(word, 0) for text in self._forms() for word in text]
        share = np.bincount(tags, minlength=len(TAGS)) / len(tags)
        known = share[share > 0]
        entropy = float(-(known * np.log(known)).sum())
        return Baseline(entropy, 100 * float(share.max()), Words("the tags' frequencies"))

    def _answers(self, inputs: Tokens) -> Tokens:
        answers = np.empty_like(inputs)
        for place, sample in enumerate(inputs.T):
            answers[:, place] = self._tags([VOCABULARY[token] for token in sample])
        return answers

    def _tags(self, words: list[str]) -> list[int]:
        """Return the tag of each word, by the words before it."""
        tags: list[str] = []
        context, verb, named = "person", "", False
        for word in words:
            if word in OTHERS:
                tags.append("other")
                named = False
                if word in ("wrote", "spoke", "went"):
                    verb = word
                if word == "to":
                    context = "place" if verb == "went" else "person"
                else:
                    context = _CONTEXT.get(word, context)
                continue
            if named:  # "in May Florence ...": a second one begins something new
                context = "person"
            named = True
            if word in _SURE:
                tags.append(_SURE[word])
            elif word in MONTH_OR_PERSON:
                tags.append("time" if "time" in context else "person")
            elif word in CITY_OR_PERSON:
                tags.append("place" if "place" in context else "person")
            else:
                tags.append("other")
        return [TAGS.index(tag) for tag in tags]

    def _sequence(self, random: np.random.Generator, held_out: bool) -> Sequence:
        forms = self._forms()
        form = forms[int(random.random() * len(forms))]
        words = [
            SLOTS[word][int(random.random() * len(SLOTS[word]))] if word in SLOTS else word
            for word in form
        ]
        return [_PLACE[word] for word in words], self._tags(words)
