import pytest
import torch

from rnnviz.tasks.copying import BLANK, DELIMITER, Copying


@pytest.mark.parametrize(
    ("delay", "loss"),
    [(10, 0.69315), (30, 0.41589), (100, 0.17329), (200, 0.09452), (500, 0.03999)],
)
def test_baseline_is_the_published_one_and_what_guessing_scores(delay, loss):
    task = Copying(delay)
    assert task.baseline.loss == pytest.approx(loss, abs=5e-6)
    assert task.baseline.metric == 12.5
    batch = task.validation()
    output = torch.full((task.steps, 128, 9), -torch.inf)
    output[:-10, :, BLANK] = 0
    output[-10:, :, :BLANK] = 0
    assert task.mean_loss(output, batch.targets).item() == pytest.approx(loss, abs=5e-6)


def test_chance_recalls_one_in_eight():
    task = Copying(5)
    batch = task.batch(5000, 1)
    guess = torch.nn.functional.one_hot(torch.randint(0, 8, (25, 5000)), 9).float()
    assert task.metric(guess, batch) == pytest.approx(12.5, abs=1)


def test_a_sequence_is_symbols_blanks_delimiter_blanks():
    batch = Copying(7).batch(500, 1)
    assert len(batch.inputs) == 27
    symbols = batch.inputs[:10]
    assert set(symbols.unique().tolist()) == set(range(8))
    assert (batch.inputs[10:16] == BLANK).all()
    assert (batch.inputs[16] == DELIMITER).all()
    assert (batch.inputs[17:] == BLANK).all()
    assert (batch.targets[:17] == BLANK).all()
    assert torch.equal(batch.targets[17:], symbols)


def test_metric_counts_recalled_symbols_only():
    task = Copying(3)
    batch = task.batch(2, 1)
    output = torch.nn.functional.one_hot(batch.targets, 9).float()
    output[:13] = 0  # what is answered before the delimiter does not count
    assert task.metric(output, batch) == 100
    output[-5:] = torch.eye(9)[BLANK]
    assert task.metric(output, batch) == 50


def test_probe_is_readable():
    probe = Copying(4).probe()
    labels = "".join(probe.labels[0])
    assert labels[10:] == "···→··········"
    assert "".join(probe.targets[0]) == "·" * 14 + labels[:10]
    assert str(probe.captions[0]) == f"repeat {labels[:10]} after 4 steps"
