"""Handwritten digits, row by row and pixel by pixel."""

import gzip

import numpy as np
import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.resources import asset
from rnnviz.tasks import TASKS
from rnnviz.tasks.base import NOT_ASKED

ROWS = gzip.decompress(asset("digits/digits.csv.gz").read_bytes()).decode().splitlines()
KEYS = pytest.mark.parametrize("key", ["digits_rows", "digits_pixels"])


def pictures(batch):
    """Return each sample as a row of the file: 64 pixels and the digit."""
    pixels = (batch.inputs.transpose(0, 1).flatten(1) * 16).round().int().tolist()
    return [
        ",".join(map(str, [*row, digit]))
        for row, digit in zip(pixels, batch.targets[-1].tolist(), strict=True)
    ]


@KEYS
def test_pictures_are_those_of_the_file_and_the_end_is_held_out(key):
    task = TASKS[key](8)
    training, held_out = set(ROWS[:-397]), set(ROWS[-397:])
    assert len(ROWS) == 1797 and not training & held_out
    assert set(pictures(task.batch(500, 1))) <= training
    assert set(pictures(task.validation())) <= held_out
    assert set(pictures(task.probe().batch)) <= held_out
    assert sorted(task.probe().batch.targets[-1].unique().tolist()) == list(range(10))
    assert (task.batch(5, 1).targets[:-1] == NOT_ASKED).all()


def test_rows_and_pixels_are_the_same_picture():
    rows, pixels = (TASKS[key](8).batch(4, 3).inputs for key in ("digits_rows", "digits_pixels"))
    assert rows.shape == (8, 4, 8) and pixels.shape == (64, 4, 1)
    assert torch.equal(rows.transpose(0, 1).flatten(1), pixels.transpose(0, 1).flatten(1))


@KEYS
def test_frequencies_score_the_baseline(key):
    task = TASKS[key](8)
    share = np.bincount([int(row[-1]) for row in ROWS[:-397]]) / 1400
    batch = task.batch(20_000, 1)
    output = torch.tensor(np.log(share), dtype=torch.float32).expand(task.steps, 20_000, 10)
    loss = task.mean_loss(output, batch.targets).item()
    assert loss == pytest.approx(task.baseline.loss, rel=1e-3)
    assert task.metric(output, batch) == pytest.approx(task.baseline.metric, abs=0.7)
    assert task.baseline.loss == pytest.approx(np.log(10), rel=1e-3)


def test_a_typed_picture_and_a_changed_row():
    task = TASKS["digits_rows"](8)
    probe = task.read(task.typed_example)
    assert probe.labels[0][0] == "··░██░··" and probe.targets[0] == [""] * 7 + ["0"]
    changed = task.edit(probe, 0, 0, "99999999")
    assert changed.labels[0][0] == "████████" and changed.labels[0][1:] == probe.labels[0][1:]
    assert changed.batch.inputs[0, 0].tolist() == [1.0] * 8
    again = task.edit(probe, 0, 3, "█·······")
    assert again.labels[0][3] == "█·······"
    pixels = TASKS["digits_pixels"](8)
    assert pixels.edit(pixels.probe(), 2, 10, "9").labels[2][10] == "█"
    for text in ("123", task.typed_example[:-1], task.typed_example.replace("9", "x")):
        with pytest.raises(TaskError, match="8 rows of 8 digits"):
            task.read(text)


@KEYS
def test_the_length_is_that_of_a_picture(key):
    assert TASKS[key](500).batch(2, 1).inputs.shape == TASKS[key](2).batch(2, 1).inputs.shape
