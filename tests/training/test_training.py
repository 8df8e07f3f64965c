"""A training from a script: steps one by one, or a summary of all."""

import math

import pytest

import rnnviz
from rnnviz.errors import DivergedError
from rnnviz.training.trainer import VALIDATE_EVERY, Trainer

SMALL = rnnviz.Settings(hidden=4, length=5, batch=4, steps=VALIDATE_EVERY + 10)


def test_a_summary_has_what_every_step_said_and_the_model_at_the_end():
    steps = list(rnnviz.train(SMALL))
    summary = rnnviz.train(SMALL).finish()
    assert summary.finished and list(summary.history.index) == [each.step for each in steps]
    assert list(summary.history["loss"]) == [each.loss for each in steps]
    assert summary.loss == steps[-1].validation_loss
    assert summary.metric == steps[-1].validation_metric
    assert summary.history["validation_loss"].notna().sum() == 2
    trainer = Trainer(SMALL)
    while not trainer.finished:
        trainer.advance()
    pairs = zip(summary.model.parameters(), trainer.model.parameters(), strict=True)
    assert all(bool((one == other).all()) for one, other in pairs)
    assert f"{SMALL.steps} steps in" in str(summary)
    assert f"loss {summary.loss:.3g} on the validation set" in str(summary)
    assert f"{trainer.task.baseline.loss:.3g}" in str(summary)


def test_a_loop_can_be_finished():
    training = rnnviz.train(SMALL)
    for step in training:
        if step.step == 7:
            break
    assert math.isnan(training.summary.loss) and "without a validation" in str(training.summary)
    summary = training.finish()
    assert len(summary.history) == SMALL.steps and summary.finished
    assert list(training) == []


def test_no_more_time_than_it_is_given():
    training = rnnviz.train(SMALL.replace(steps=100_000))
    summary = training.finish(seconds=0.2)
    assert not summary.finished and 0 < len(summary.history) < 100_000
    assert 0 < summary.seconds <= 0.2 + 5 * summary.seconds / len(summary.history)
    assert not training.finish(seconds=0).finished


def test_early_stopping_is_said():
    summary = rnnviz.train(SMALL.replace(lr=1.0, steps=2000, patience=1)).finish()
    assert summary.finished and len(summary.history) < 2000
    assert "The best step" in str(summary) and "restored" in str(summary)


def test_a_training_that_diverges_ends_with_the_error_and_keeps_its_history():
    settings = SMALL.replace(cell="rnn_relu", lr=1.0, optimizer="sgd", clip=0.0, length=60)
    training = rnnviz.train(settings.replace(initialization="spectral", spectral_radius=3.0))
    with pytest.raises(DivergedError) as error:
        training.finish()
    assert len(training.summary.history) == error.value.step - 1
