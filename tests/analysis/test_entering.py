import pytest
import torch

from rnnviz.analysis import entering
from rnnviz.errors import TraceError
from rnnviz.networks.model import build
from rnnviz.recording.probe import inspect
from rnnviz.settings import Settings

SMALL = Settings(task="adding", hidden=6, length=12)


def found(settings, layer=None, loss_at="last", **more):
    trace = inspect(settings, loss_at=loss_at, dtype=torch.float64)
    model = build(settings).double().eval()
    return entering(model, trace, layer or trace.top, **more)


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "gru", "lstm"])
def test_the_last_answers_gradient_enters_the_top_layer_once(cell):
    where = found(SMALL.replace(cell=cell))
    assert where.steps == (11,) and where.once and where.first == 11


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_of_a_mean_and_below_another_layer_it_enters_at_every_step(cell):
    mean = found(SMALL.replace(cell=cell, readout="mean"))
    below = found(SMALL.replace(cell=cell, layers=3), "rnn.l0")
    top = found(SMALL.replace(cell=cell, layers=3), "rnn.l2")
    assert mean.steps == below.steps == tuple(range(12))
    assert not mean.once and not below.once and top.steps == (11,)


def test_all_answers_enter_each_at_its_step():
    copying = SMALL.replace(task="copying", length=5)
    every = found(copying, loss_at="all")
    assert every.steps == tuple(range(every.steps[-1] + 1)) and not every.once
    assert found(copying).steps == every.steps[-1:]
    assert found(copying, loss_at=7).steps == (7,)
    assert found(SMALL, loss_at="all").once  # one answer alone is asked


def test_by_attention_it_enters_an_encoder_everywhere_and_else_where_each_source_ends():
    dates = Settings.for_task("dates").replace(hidden=6, cell="gru", batch=4)
    spread = found(dates.replace(attention="dot"), "encoder.l0")
    assert not spread.once and spread.first == 0
    alone = found(dates.replace(attention="none"), "encoder.l0")
    assert alone.once and alone.first > 0


def test_a_layer_that_cannot_be_measured_is_told_by_its_losses_or_not_at_all():
    normed = SMALL.replace(norm="layer", layers=2, cell="rnn")
    with pytest.raises(TraceError, match="layer normalisation"):
        found(normed)
    assert found(normed, asked=[11]).steps == (11,)
    assert found(normed, "rnn.l0", asked=[11]).first == 0
    assert found(normed.replace(readout="mean"), asked=[11]).first == 0
