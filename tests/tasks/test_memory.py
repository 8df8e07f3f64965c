"""Temporal order, n-back recall, parity and the flip-flop."""

from math import log

import numpy as np
import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.tasks import TASKS
from rnnviz.tasks.base import NOT_ASKED

LARGE = 100_000


def guess(task, classes):
    """Return the output of a network that always answers with equal scores of the classes."""
    return torch.zeros(task.steps, LARGE, classes)


@pytest.mark.parametrize(("key", "count"), [("order4", 4), ("order8", 8)])
def test_order_has_the_published_baseline_and_classes_equally_often(key, count):
    task = TASKS[key](7)
    assert task.baseline.loss == pytest.approx({4: 1.3863, 8: 2.0794}[count], abs=5e-5)
    assert task.baseline.metric == {4: 25, 8: 12.5}[count]
    batch = task.batch(LARGE, 1)
    assert task.mean_loss(guess(task, count), batch.targets).item() == pytest.approx(log(count))
    shares = np.bincount(batch.targets[-1].numpy(), minlength=count) / LARGE
    np.testing.assert_allclose(shares, 1 / count, atol=0.005)


@pytest.mark.parametrize(("key", "marks"), [("order4", 2), ("order8", 3)])
@pytest.mark.parametrize("length", [2, 9])
def test_the_class_of_an_order_is_what_the_labels_say(key, marks, length):
    task = TASKS[key](length)
    probe = task.probe()
    for labels, targets in zip(probe.labels, probe.targets, strict=True):
        assert labels[0] == "E" and labels[-1] == "B"
        assert "".join(label for label in labels if label in "XY") == targets[-1]
        assert len(targets[-1]) == marks and not any(targets[:-1])
    marked = (task.batch(5000, 1).inputs[1:-1] >= 4) & (task.batch(5000, 1).inputs[1:-1] < 6)
    parts = np.array_split(marked.numpy(), [p * len(marked) // marks for p in range(1, marks)])
    assert all((part.sum(0) == 1).all() for part in parts)
    assert marked.any(1).all()  # X and Y can stand everywhere


def test_an_order_needs_its_two_symbols():
    task = TASKS["order4"](5)
    assert task.read("e a X b y b").targets[0][-1] == "XY"
    for text in ("EabXB", "EXYXB"):
        with pytest.raises(TaskError, match="exactly 2 X or Y"):
            task.read(text)
    probe = task.probe()
    place = probe.labels[0].index(probe.targets[0][-1][1], len(probe.labels[0]) // 2)
    other = "X" if probe.targets[0][-1][1] == "Y" else "Y"
    assert task.edit(probe, 0, place, other).targets[0][-1][1] == other


@pytest.mark.parametrize("distance", [1, 3, 10])
def test_n_back_asks_for_the_symbol_n_steps_ago(distance):
    task = TASKS["nback"](6, 0, distance)
    batch = task.batch(50, 1)
    assert task.steps == len(batch.inputs) == 6 + distance
    assert torch.equal(batch.targets[distance:], batch.inputs[:-distance])
    assert (batch.targets[:distance] == NOT_ASKED).all()
    probe = task.read("ABCDEFGHABCDEFG")
    assert probe.targets[0][distance:] == probe.labels[0][:-distance]


def test_n_back_needs_more_than_n_letters_and_guesses_one_in_eight():
    task = TASKS["nback"](6, 0, 4)
    with pytest.raises(TaskError, match="more than 4 letters"):
        task.read("ABCD")
    batch = task.batch(LARGE, 1)
    output = guess(task, 8)
    assert task.mean_loss(output, batch.targets).item() == pytest.approx(task.baseline.loss)
    assert task.metric(output, batch) == pytest.approx(task.baseline.metric, abs=0.2)


def test_parity_counts_ones():
    task = TASKS["parity"](9)
    batch = task.batch(LARGE // 10, 1)
    ones = [[sum(row[: t + 1]) % 2 for t in range(9)] for row in batch.inputs.T[:50].tolist()]
    assert batch.targets.T[:50].tolist() == ones
    assert task.read("110 1").targets == [["odd", "even", "even", "odd"]]
    assert task.baseline.loss == pytest.approx(log(2)) and task.baseline.metric == 50
    assert batch.targets.float().mean(1).sub(0.5).abs().max() < 0.02  # at every step
    flipped = task.edit(task.read("1101"), 0, 1, "0")
    assert flipped.targets == [["odd", "odd", "odd", "even"]]


def test_the_flip_flop_holds_the_last_pulse_of_each_bit():
    task = TASKS["flipflop"](30)
    batch = task.batch(500, 1)
    held = batch.inputs[0].clone()
    for pulses, answers in zip(batch.inputs, batch.targets, strict=True):
        held = torch.where(pulses == 0, held, pulses)
        assert torch.equal(answers, held)
    assert set(batch.inputs.unique().tolist()) == {-1.0, 0.0, 1.0}
    assert (batch.inputs[1:] != 0).float().mean().item() == pytest.approx(0.2, abs=0.01)


def test_answering_0_to_the_flip_flop_scores_1():
    task = TASKS["flipflop"](20)
    batch = task.batch(10_000, 1)
    assert task.baseline.loss == 1
    assert task.mean_loss(torch.zeros(20, 10_000, 3), batch.targets).item() == pytest.approx(1)
    ones = torch.ones(20, 10_000, 3)
    assert task.metric(ones, batch) == pytest.approx(task.baseline.metric, abs=1)
    assert task.metric(batch.targets * 0.1, batch) == 100


def test_switches_are_typed_as_signs():
    task = TASKS["flipflop"](5)
    probe = task.read("+-+ 000, -00 0·.")
    assert probe.labels == [["+−+", "···", "−··", "···"]]
    assert probe.targets == [["+−+", "+−+", "−−+", "−−+"]]
    assert task.edit(probe, 0, 1, "0+0").targets == [["+−+", "+++", "−++", "−++"]]
    with pytest.raises(TaskError, match="set at the first step"):
        task.read("+0+ 000")
    with pytest.raises(TaskError, match="no step"):
        task.read("+-+ 00")
