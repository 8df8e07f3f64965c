"""Tell the class of a text: the visitor's own texts with labels."""

from collections import Counter
from functools import cached_property
from math import log

import numpy as np

from rnnviz.data.labels import Labelled
from rnnviz.data.sets import DataSet
from rnnviz.errors import TaskError
from rnnviz.tasks.base import MOST_TYPED, NOT_ASKED, PROBE_SIZE, Baseline, Probe
from rnnviz.tasks.characters import UNKNOWN, plain, shown, split
from rnnviz.tasks.own import OwnData
from rnnviz.tasks.sentences import PADDING, SentenceTask, Sequence
from rnnviz.tasks.symbolic import Tokens
from rnnviz.tasks.words import RARE, WORD
from rnnviz.words import N_, NOTHING, Words

MOST_SYMBOLS = 1000
"""Different characters, or words, that are told apart: the commonest of the training texts."""


class OwnLabels(OwnData, SentenceTask):
    """Say at the last character, or word, of a text to which class it belongs.

    A fifth of each class is held out. Texts are drawn as often as they are there, so a common
    class is asked more often; symbols that the training texts do not have are read as one.
    """

    key = "own_labels"
    kind = "labels"
    family = "text"
    title = N_("own texts with labels")
    summary = N_(
        "Texts and their classes from a CSV file of your own: to which does a text belong?"
    )
    length_help = N_("Characters, or words, of a text that are read; what is longer is cut.")
    metric_title = N_("classes right")
    one_answer = True
    typed_form = N_("type a text, and its class after = if it is not one of the file")
    typed_example = "Norwegen = German"
    defaults = {"length": 16, "hidden": 48, "lr": 0.005, "steps": 600, "patience": 4}

    def __init__(
        self, length: int, seed: int = 0, distance: int = 1, data: DataSet | None = None
    ) -> None:
        super().__init__(length, seed, distance, data)
        self.labelled = known = Labelled.of(self.data)
        self.words = known.unit == "words"
        self.separator = " " if self.words else ""  # type: ignore[misc]
        self.classes = known.classes
        self._training, self._held_out = known.parts()
        counts = Counter(
            symbol for place in self._training for symbol in self._split(known.texts[place])
        )
        for special in (UNKNOWN, RARE, PADDING):
            counts.pop(special, None)
        common = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))[:MOST_SYMBOLS]
        self._place = {symbol: token for token, symbol in enumerate(common)}
        self._unknown = len(common)
        named = common if self.words else [shown(symbol) for symbol in common]
        self.symbols = (*named, RARE if self.words else UNKNOWN, PADDING)
        self._texts = [self._tokens(text)[: self.length] for text in known.texts]
        self._labels = known.labels
        first = self._held_out[0]
        example = f"{known.texts[first][:40]} = {known.classes[known.labels[first]]}"
        self.typed_example = example  # type: ignore[misc]

    @property
    def baseline(self) -> Baseline:
        """Say each class as often as it is there: the loss on the held-out texts."""
        count = len(self.classes)
        often = np.bincount([self._labels[place] for place in self._training], minlength=count)
        asked = np.bincount([self._labels[place] for place in self._held_out], minlength=count)
        often, asked = often / often.sum(), asked / asked.sum()
        loss = -sum(q * log(p) for p, q in zip(often.tolist(), asked.tolist(), strict=True))
        return Baseline(loss, 100 * float(asked[often.argmax()]), Words("the classes' frequencies"))

    def _split(self, text: str) -> list[str]:
        """Part a text into what is one symbol."""
        return WORD.findall(text.lower()) if self.words else split(text)

    def _tokens(self, text: str) -> list[int]:
        found = [self._place.get(symbol, self._unknown) for symbol in self._split(text)]
        return found or [self._unknown]

    def _sequence(self, random: np.random.Generator, held_out: bool) -> Sequence:
        places = self._held_out if held_out else self._training
        place = places[int(random.random() * len(places))]
        return self._with(self._texts[place], self._labels[place])

    @staticmethod
    def _with(tokens: list[int], label: int) -> Sequence:
        return tokens, [NOT_ASKED] * (len(tokens) - 1) + [label]

    @cached_property
    def _probe(self) -> Probe:
        """Take held-out texts that are nearly of one length, and cut them to the shortest."""
        seen: dict[tuple[int, ...], int] = {}
        rank: Counter[int] = Counter()
        order = []
        for place in self._held_out:
            tokens = tuple(self._texts[place])
            if tokens not in seen:
                seen[tokens] = self._labels[place]
                order.append((len(tokens), rank[self._labels[place]], tokens))
                rank[self._labels[place]] += 1
        order.sort()
        usual = order[len(order) // 2][0]
        starts = range(max(1, len(order) - PROBE_SIZE + 1))
        last = min(PROBE_SIZE, len(order)) - 1
        best = min(
            starts, key=lambda at: (order[at + last][0] - order[at][0], abs(order[at][0] - usual))
        )
        chosen = order[best : best + PROBE_SIZE]
        while len(chosen) < PROBE_SIZE:  # where so few are held out
            chosen += chosen[: PROBE_SIZE - len(chosen)]
        steps = chosen[0][0]
        pairs = [self._with(list(tokens[:steps]), seen[tokens]) for _, _, tokens in chosen]
        inputs, targets = (np.array(part).T for part in zip(*pairs, strict=True))
        return self._show(inputs, targets)

    @cached_property
    def _known(self) -> dict[tuple[int, ...], int]:
        return {tuple(t): label for t, label in zip(self._texts, self._labels, strict=True)}

    def _answers(self, inputs: Tokens) -> Tokens:
        """Return the classes of texts of the file."""
        answers = np.full(inputs.shape, NOT_ASKED)
        for place, sample in enumerate(inputs.T):
            label = self._known.get(tuple(sample[: self.length].tolist()))
            if label is None:
                raise TaskError(
                    "This text is not in the file: {how}. There are {classes}.",
                    how=self.how_quoted,
                    classes=", ".join(self.classes[:12]),
                )
            answers[-1, place] = label
        return answers

    def read(self, text: str) -> Probe:
        """Return a text that a user typed, with the class that is given or in the file."""
        written, _, tag = text.rpartition("=")
        classes = [each.lower() for each in self.classes]
        given = tag.strip().lower() in classes and bool(written.strip())
        body = " ".join((written if given else text).split())
        tokens = self._tokens(body)
        if not body or len(tokens) > MOST_TYPED:
            raise TaskError(
                "A text has 1 to {most:,} symbols: {how}.",
                most=MOST_TYPED,
                how=self.how_quoted,
            )
        inputs = np.array(tokens)[:, None]
        odd = [each for each in self._split(body) if each not in self._place]
        which = " ".join(plain(each)[:20] for each in dict.fromkeys(odd[:8]))
        note = NOTHING
        if odd:
            note = Words("Not in the training texts, so read as one symbol: {which}", which=which)
        label = classes.index(tag.strip().lower()) if given else self._answers(inputs)[-1, 0]
        answers = np.full(inputs.shape, NOT_ASKED)
        answers[-1] = label
        probe = self._show(inputs, answers)
        return Probe(probe.batch, probe.labels, probe.targets, probe.captions, note)

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        symbols = self._split(" " if text == "␣" else text.strip())
        if len(symbols) != 1:
            raise TaskError(
                N_("{text!r} is not one word: one goes in at a time.")
                if self.words
                else N_("{text!r} is not one character: one goes in at a time."),
                text=text[:20],
            )
        inputs = probe.batch.inputs.numpy().copy()
        inputs[time, 0] = self._place.get(symbols[0], self._unknown)
        return self._show(inputs, probe.batch.targets.numpy())

    def _caption(self, labels: list[str], answers: list[str]) -> str:
        text = self.separator.join(labels).replace("␣", " ")
        return f"{text[:40]}{'…' * (len(text) > 40)}, {answers[-1]}"
