"""Sequences of different lengths: sentiment, entities and names; and that padding tells nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.networks.model import build
from rnnviz.recording.record import record
from rnnviz.resources import asset
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, Batch
from rnnviz.tasks.base import NOT_ASKED
from rnnviz.tasks.entities import SENTENCES, SLOTS, TAGS
from rnnviz.tasks.sentences import PADDING, SentenceTask
from rnnviz.training.trainer import Trainer
from rnnviz.views.choice import Choice
from rnnviz.views.gallery import Gallery
from rnnviz.views.reading import held_out
from rnnviz.views.scene import scene_of

KEYS = [key for key, kind in TASKS.items() if issubclass(kind, SentenceTask)]
EACH = pytest.mark.parametrize("key", KEYS)


def refilled(task, batch):
    """Return the batch with other symbols where it is padded."""
    inputs, random = batch.inputs.clone(), np.random.default_rng(5)
    for sample, length in enumerate(batch.lengths.tolist()):
        others = random.integers(0, task.inputs - 1, len(inputs) - length)
        inputs[length:, sample] = torch.tensor(others)
    return replace(batch, inputs=inputs)


@EACH
def test_shorter_sequences_are_padded_after_their_end_and_nothing_is_asked_there(key):
    task = TASKS[key](9)
    batch = task.batch(200, 1)
    padding = list(task.symbols).index(PADDING)
    after = torch.arange(9)[:, None] >= batch.lengths
    assert after.any() and (~after).all(1).any()
    assert torch.equal(batch.inputs == padding, after)
    assert (batch.targets[after] == NOT_ASKED).all()
    last = batch.targets.gather(0, batch.lengths[None] - 1)
    assert (last != NOT_ASKED).all()


@EACH
@pytest.mark.parametrize("change", [{}, {"truncation": 3}, {"layers": 2, "dropout": 0.3}])
def test_padding_influences_no_number_of_training(key, change, monkeypatch):
    settings = Settings.for_task(key, hidden=6, length=9, batch=16, steps=60, **change)
    kind, ends = TASKS[key], []
    plain = kind.batch, kind.validation
    for fill in (False, True):
        if fill:
            monkeypatch.setattr(kind, "batch", lambda *a: refilled(a[0], plain[0](*a)))
            monkeypatch.setattr(kind, "validation", lambda *a: refilled(a[0], plain[1](*a)))
        trainer = Trainer(settings)
        for _ in range(60):
            step = trainer.advance()
        weights = {name: x.clone() for name, x in trainer.model.state_dict().items()}
        ends.append((step.loss, step.metric, step.validation_loss, step.validation_metric, weights))
    assert ends[0][:4] == ends[1][:4]
    for name, weight in ends[0][4].items():
        assert torch.equal(weight, ends[1][4][name]), name


@EACH
def test_held_out_sequences_are_recorded_up_to_their_ends(key, tmp_path):
    from rnnviz.store.run_store import RunStore

    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    settings = Settings.for_task(key, hidden=4, length=9)
    scene = scene_of(Gallery(store), None, settings, Choice.of({}))
    reading = held_out(scene)
    values = reading.trace.value("rnn.l0", "hidden_state")
    after = (torch.arange(reading.steps)[:, None] >= reading.batch.lengths).numpy()
    assert after.any()
    assert np.isnan(values[after]).all() and np.isfinite(values[~after]).all()
    model = build(settings)
    with record(model, gradients=False) as whole:
        model(reading.batch.inputs)
    expected = whole.value("rnn.l0", "hidden_state")
    np.testing.assert_allclose(values[~after], expected[~after], atol=1e-6)
    store.close()


@EACH
def test_the_probe_has_no_padding(key):
    task = TASKS[key](TASKS[key].defaults["length"])
    probe = task.probe()
    assert not (probe.batch.inputs == list(task.symbols).index(PADDING)).any()
    assert len(set(probe.captions)) == 16 and len(probe.labels[0]) == task.probe_steps


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("the film was good .", "praise"),
        ("the film was not very good .", "blame"),
        ("the film was hardly dull .", "praise"),
        ("the film was awful but the music was lovely .", "praise"),
        ("the film was awful although the music was lovely .", "blame"),
        ("the film was not awful although the music was not lovely .", "praise"),
        ("the music was lovely but the film was never really moving .", "blame"),
    ],
)
def test_negation_turns_a_judgement_over_and_one_clause_counts(text, verdict):
    assert TASKS["sentiment"](14).read(text).targets[0][-1] == verdict


@pytest.mark.parametrize("length", [2, 5, 9, 14, 30])
def test_praise_and_blame_are_equally_frequent_whatever_the_length(length):
    task = TASKS["sentiment"](length)
    batch = task.batch(4000, 1)
    answers = batch.targets[batch.targets != NOT_ASKED].float()
    assert len(answers) == 4000 and answers.mean().item() == pytest.approx(0.5, abs=0.03)
    assert batch.lengths.max() <= min(length, 14)
    if length >= 14:
        assert batch.lengths.max() == 14
        words = {task.symbols[token] for token in batch.inputs.unique().tolist()}
        assert words == set(task.symbols)


def test_a_sentence_without_judgement_is_no_sentence():
    task = TASKS["sentiment"](14)
    with pytest.raises(TaskError, match="Nothing is judged"):
        task.read("the film was very")
    probe = task.read("the film was very good .")
    assert task.edit(probe, 0, 3, "not").targets[0][-1] == "blame"
    with pytest.raises(TaskError, match="no symbol"):
        task.read("the cheese was good .")


def test_words_of_two_kinds_are_told_by_the_words_before():
    task = TASKS["entities"](8)
    tags = dict(P="person", L="place", T="time")
    random = np.random.default_rng(0)
    for form in SENTENCES:
        for _ in range(60):
            words = [str(random.choice(SLOTS[w])) if w in SLOTS else w for w in form]
            expected = [tags.get(word, "other") for word in form]
            assert task.read(" ".join(words)).targets[0] == expected, words


@pytest.mark.parametrize("length", [2, 5, 8])
def test_the_tags_frequencies_are_the_baseline(length):
    task = TASKS["entities"](length)
    batch = task.batch(5000, 1)
    asked = batch.targets[batch.targets != NOT_ASKED]
    share = np.bincount(asked.numpy(), minlength=len(TAGS)) / len(asked)
    entropy = -sum(p * np.log(p) for p in share if p)
    assert task.baseline.loss == pytest.approx(entropy, rel=0.02)
    assert task.baseline.metric == pytest.approx(100 * share.max(), abs=1)


def test_names_of_validation_are_never_seen_in_training():
    task = TASKS["names"](20)
    lines = asset("names/surnames.csv").read_text().split()[1:]
    known = dict(line.split(",") for line in lines)
    assert len(known) == len(lines) == 1449 and set(known.values()) == set(task.classes)

    def names(batch: Batch):
        rows = zip(batch.inputs.T.tolist(), batch.lengths.tolist(), strict=True)
        return ["".join(task.symbols[token] for token in row[:length]) for row, length in rows]

    trained, checked = task.batch(20_000, 1), task.validation()
    assert not set(names(trained)) & set(names(checked))
    for batch in (trained, checked):
        answers = batch.targets.max(0).values.tolist()
        assert [task.classes[a] for a in answers] == [known[name] for name in names(batch)]
    shares = np.bincount(trained.targets.max(0).values.numpy()) / 20_000
    np.testing.assert_allclose(shares, 1 / 8, atol=0.01)


def test_a_typed_name_has_the_origin_that_is_listed_or_given():
    task = TASKS["names"](12)
    assert task.read("Takahashi").targets[0][-1] == "Japanese"
    assert task.read("zzyzx = finnish").targets[0][-1] == "Finnish"
    with pytest.raises(TaskError, match="not in the list"):
        task.read("zzyzx")
    changed = task.edit(task.read("Takahashi"), 0, 0, "n")
    assert changed.labels[0][0] == "n" and changed.targets[0][-1] == "Japanese"
