"""Translations: laid out rightly, translated by another route, held out, edited and typed."""

from datetime import date, timedelta

import numpy as np
import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.tasks import TASKS
from rnnviz.tasks.dates import FIRST, FORMATS, LAST, LONGEST, MONTHS, Dates, read_date, written
from rnnviz.tasks.reordering import Reversal, Sorting

KINDS = [Dates, Reversal, Sorting]


def texts(task, batch):
    """Source and target of every sequence, read back from the arrays step by step."""
    found = []
    for inputs, targets in zip(batch.inputs.T.tolist(), batch.targets.T.tolist(), strict=True):
        go = inputs.index(task.go)
        source = "".join(task.symbols[t] for t in inputs[:go] if t != task.padding)
        asked = [task.classes[t] for t in targets if t >= 0]
        assert targets[:go] == [-100] * go and asked[-1] == "■"
        fed = [task.symbols[t] for t in inputs[go + 1 : go + len(asked)]]
        assert fed == asked[:-1]  # each true symbol goes in a step after it was asked
        found.append((source.replace("␣", " "), "".join(asked[:-1])))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_a_function_of_seed_and_step(kind):
    batch = kind(8, seed=3).batch(16, 5)
    task = kind(8, seed=3)
    assert batch.inputs.shape == batch.targets.shape == (task.steps, 16)
    assert batch.inputs.equal(task.batch(16, 5).inputs)
    assert not batch.inputs.equal(task.batch(16, 6).inputs)
    assert not batch.inputs.equal(kind(8, seed=4).batch(16, 5).inputs)
    assert len({len(source) for source, _ in texts(task, batch)}) > 3  # of different lengths


def test_targets_are_the_translations_by_another_route():
    for source, target in texts(Reversal(9), Reversal(9).batch(200, 1)):
        assert [*target] == [*reversed(source)]
    for source, target in texts(Sorting(9), Sorting(9).batch(200, 1)):
        assert all(a <= b for a, b in zip(target, target[1:], strict=False))
        assert {s: source.count(s) for s in source} == {s: target.count(s) for s in target}
    task = Dates(8)
    for source, target in texts(task, task.batch(300, 1)):
        day = date.fromisoformat(target)
        named = [month for month in MONTHS if month[:3] in source]
        assert (named == [MONTHS[day.month - 1]]) if named else f"{day.month}" in source
        assert f"{day.year}"[2:] in source and f"{day.day}" in source


def test_every_date_can_be_read_back_in_every_way_it_is_written():
    day = FIRST
    while day <= LAST:
        for form in range(len(FORMATS)):
            text = written(day, form)
            assert len(text) <= LONGEST
            assert read_date(text) == day, text
        day += timedelta(61)
    longest = [written(day, form) for form in range(len(FORMATS)) for day in (date(1998, 9, 30),)]
    assert max(map(len, longest)) == LONGEST


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_out_is_never_seen_in_training(kind):
    task = kind(6)
    key = (lambda pair: pair[1]) if kind is Dates else (lambda pair: pair[0])
    held = {key(pair) for pair in texts(task, task.validation())}
    held |= {key(pair) for pair in texts(task, task.probe().batch)}
    seen = {key(pair) for step in range(20) for pair in texts(task, task.batch(128, step))}
    assert len(held) > 50 and not held & seen


@pytest.mark.parametrize("kind", KINDS)
def test_the_baseline_is_that_of_many_draws(kind):
    """Frequencies of each place, counted; their entropy over all steps that are asked."""
    task = kind(5)
    targets = np.concatenate([task.batch(2500, step).targets.numpy() for step in range(6)], axis=1)
    entropy = asked = 0.0
    for row in targets:
        _, counts = np.unique(row[row >= 0], return_counts=True)
        shares = counts / max(1, counts.sum())
        entropy -= counts.sum() * (shares * np.log(shares)).sum()
        asked += counts.sum()
    assert task.baseline.loss == pytest.approx(entropy / asked, abs=0.01)
    assert 0 < task.baseline.metric < 2


@pytest.mark.parametrize("kind", KINDS)
def test_probes_of_all_seeds_have_sources_of_one_length(kind):
    for seed in range(4):
        probe = kind(8, seed=seed).probe()
        assert len(probe.labels) == 16 and len(set(probe.captions)) == 16
        assert {row.index("→") for row in probe.labels} == {14 if kind is Dates else 6}
    assert len(kind(2).probe().labels) == 16


@pytest.mark.parametrize("kind", KINDS)
def test_the_metric_counts_whole_sequences(kind):
    task = kind(5)
    batch = task.batch(10, 1)
    output = torch.zeros(*batch.targets.shape, task.outputs)
    right = batch.targets.clamp(min=0)
    output.scatter_(2, right[..., None], 1.0)
    assert task.metric(output, batch) == 100
    begin = task.source_steps
    wrong = (right[begin, 3] + 1) % task.outputs
    output[begin, 3, wrong] = 2.0
    assert task.metric(output, batch) == 90
    output[0, 4, 1] = 9.0  # nothing is asked there
    assert task.metric(output, batch) == 90


def test_dates_are_typed_as_people_type_them():
    task = Dates(8)
    for text in ("3rd of May 1997", " may 3,  97", "Saturday 03.05.1997", "3/5/1997"):
        probe = task.read(text)
        assert "".join(probe.targets[0]) == "1997-05-03■"
        assert str(probe.captions[0]).endswith("→ 1997-05-03")
    assert "".join(task.read("31 dec 49".replace(" ", "-")).targets[0]) == "2049-12-31■"
    for text in ("31 february 1999", "1 may 1949", "soon", "4. Mai 1997", "→", ""):
        with pytest.raises(TaskError, match="3rd of May 1997"):
            task.read(text)


def test_letters_are_typed_and_steps_changed():
    task = Sorting(8)
    probe = task.read("c a B")
    assert probe.labels[0] == ["C", "A", "B", "→", "A", "B", "C"]
    assert probe.targets[0] == ["", "", "", "A", "B", "C", "■"]
    edited = task.edit(probe, 0, 1, "d")
    assert edited.labels[0] == ["C", "D", "B", "→", "B", "C", "D"]
    assert edited.targets[0][3:] == ["B", "C", "D", "■"]
    fed = task.edit(probe, 0, 4, "H")  # a wrong symbol is read; the answers stay
    assert fed.labels[0][4] == "H" and fed.targets == probe.targets
    for time, text in ((3, "A"), (1, "→"), (4, "∅"), (1, "x")):
        with pytest.raises(TaskError):
            task.edit(probe, 0, time, text)
    for text in ("", "A1", "∅"):
        with pytest.raises(TaskError, match="letters from A to H"):
            task.read(text)


def test_the_translations_are_among_the_tasks():
    assert [key for key, kind in TASKS.items() if kind.translates] == [
        "dates",
        "reversal",
        "sorting",
    ]
