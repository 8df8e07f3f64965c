from collections import Counter
from math import log

import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.resources import asset
from rnnviz.tasks.characters import UNKNOWN, Characters

TEXT = asset("texts/alice.txt").read_text(encoding="utf-8")
SPLIT = round(0.9 * len(TEXT))


def passages(batch):
    """Return each sample with its last answer as text."""
    task = Characters(batch.inputs.shape[0])
    whole = torch.cat([batch.inputs, batch.targets[-1:]])
    return [task.decode(sample) for sample in whole.T.tolist()]


def test_baseline_is_the_cross_entropy_of_what_is_held_out_by_the_counts_of_training():
    task = Characters(20)
    counts, held_out = Counter(TEXT[:SPLIT]), TEXT[SPLIT + 1 :]
    total = SPLIT + len(task.vocabulary) / 2
    entropy = -sum(log((counts[each] + 0.5) / total) for each in held_out) / len(held_out)
    assert task.baseline.loss == pytest.approx(entropy, rel=1e-9)
    assert counts.most_common(1)[0][0] == " "
    assert task.baseline.metric == pytest.approx(100 * held_out.count(" ") / len(held_out))


def test_predicting_the_frequencies_scores_about_the_baseline():
    task = Characters(100)
    counts = Counter(TEXT[:SPLIT])
    scores = torch.tensor([log(counts[c] or 0.5) for c in task.vocabulary])
    batch = task.validation()
    output = scores.expand(100, 128, -1)
    assert task.mean_loss(output, batch.targets).item() == pytest.approx(
        task.baseline.loss, rel=0.02
    )
    assert task.metric(output, batch) == pytest.approx(task.baseline.metric, abs=1)


def test_targets_are_the_next_characters_of_the_text():
    batch = Characters(30).batch(50, 1)
    assert torch.equal(batch.inputs[1:], batch.targets[:-1])
    assert all(passage in TEXT[:SPLIT] for passage in passages(batch))


def test_training_reads_all_but_the_held_out_end():
    task = Characters(1000)
    starts = [TEXT.index(passage) for passage in passages(task.batch(512, 1))]
    assert min(starts) < 1000 and SPLIT - 2000 < max(starts) <= SPLIT - 1001


@pytest.mark.parametrize("length", [2, 60, 1000])
def test_validation_and_probe_come_from_the_held_out_end(length):
    task = Characters(length)
    for batch in (task.validation(), task.probe().batch):
        assert all(passage in TEXT[SPLIT:] for passage in passages(batch))


def test_probe_begins_lines_and_shows_every_character():
    task = Characters(60)
    probe = task.probe()
    for sample, text in enumerate(passages(probe.batch)):
        assert "\n" + text in TEXT
        shown = text.replace("\n", "↵").replace(" ", "␣")
        assert "".join(probe.labels[sample]) == shown[:-1]
        assert "".join(probe.targets[sample]) == shown[1:]
        assert len(str(probe.captions[sample])) <= 48


def test_text_round_trips_and_unknown_characters_have_a_token():
    task = Characters(20)
    assert task.decode(task.encode("Alice,\nalone")) == "Alice,\nalone"
    assert task.decode(task.encode("caf☃")) == "caf" + UNKNOWN
    assert task.encode("☃").max() < task.inputs


def test_typed_text_is_a_probe_that_never_asks_for_unknown_characters():
    task = Characters(20)
    probe = task.typed("a☃ b")
    assert probe.labels == [["a", "☃", "␣"]]
    assert probe.targets == [["", "␣", "b"]]
    assert task.asked(probe.batch.targets)[:, 0].tolist() == [False, True, True]
    with pytest.raises(TaskError, match="at least two"):
        task.typed("a")


def test_metric_ignores_what_is_not_asked():
    task = Characters(20)
    probe = task.typed("a☃ b")
    output = torch.zeros(3, 1, task.outputs)
    output[1, 0, task.encode(" ")[0]] = 1
    assert task.metric(output, probe.batch) == 50


def test_the_shipped_text_is_plain():
    assert 100_000 < len(TEXT) < 150_000
    assert TEXT.isascii() and "\r" not in TEXT and "  " not in TEXT and "\n\n\n" not in TEXT
