"""The language models of words and of Chinese characters."""

import re

import numpy as np
import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.resources import asset
from rnnviz.tasks import TASKS
from rnnviz.tasks.base import NOT_ASKED

ALICE = re.findall(r"[a-z]+(?:'[a-z]+)?|[.,;:!?]", asset("texts/alice.txt").read_text().lower())


def test_words_are_those_of_the_book_in_its_order():
    task = TASKS["words"](20)
    probe = task.probe()
    text = " ".join(ALICE)
    for labels, targets in zip(probe.labels, probe.targets, strict=True):
        pattern = " ".join(re.escape(w) if w != "□" else r"\S+" for w in [*labels, targets[-1]])
        assert re.search(pattern, text[len(text) * 8 // 10 :])
        assert all(a == b for a, b in zip(labels[1:], targets, strict=False) if b)
        assert all(b == "" for a, b in zip(labels[1:], targets, strict=False) if a == "□")


def test_the_frequencies_of_words_score_the_baseline():
    task = TASKS["words"](30)
    asked = task.batch(2000, 1).targets
    asked = asked[asked != NOT_ASKED].numpy()
    share = np.bincount(asked, minlength=task.outputs) / len(asked)
    batch = task.validation()
    output = torch.tensor(np.log(share + 1e-5), dtype=torch.float32).expand(30, 128, -1)
    assert task.mean_loss(output, batch.targets).item() == pytest.approx(
        task.baseline.loss, rel=0.02
    )
    assert task.metric(output, batch) == pytest.approx(task.baseline.metric, abs=0.7)
    assert task.classes[share.argmax()] == ","


def test_rare_words_are_read_as_one_and_never_asked():
    task = TASKS["words"](10)
    probe = task.read("The zebra said hello, Alice!")
    assert probe.labels == [["the", "□", "said", "□", ","] + ["alice"]]
    assert probe.targets == [["", "said", "", ",", "alice", "!"]]
    assert str(probe.note).endswith("zebra hello")
    changed = task.edit(probe, 0, 1, "queen")
    assert changed.labels[0][1] == "queen" and changed.targets[0][0] == "queen"
    for text in ("one", "", "12 34"):
        with pytest.raises(TaskError, match="at least two words"):
            task.read(text)


def test_the_analects_are_plain_and_read_like_the_other_text():
    text = asset("texts/analects.txt").read_text(encoding="utf-8")
    assert 20_000 < len(text) < 25_000 and "\r" not in text and " " not in text
    assert text.startswith("子曰：“学而时习之，不亦说乎？")
    task = TASKS["analects"](30)
    assert task.vocabulary == "".join(sorted(set(text)))
    cut = round(0.9 * len(text))
    whole = torch.cat([(batch := task.batch(50, 1)).inputs, batch.targets[-1:]])
    assert all(task.decode(row) in text[:cut] for row in whole.T.tolist())
    assert task.read("学而").targets == [["而"]] and task.read("学☃").note
