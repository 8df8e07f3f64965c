"""Every task is learned: its defaults beat its baseline, in a short version of the benchmark."""

import pytest

from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, task_of
from rnnviz.training.training import train

SHORT = {"adding": {"length": 10, "lr": 0.01}, "copying": {"length": 2}, "digits_pixels": {}}
"""Where the defaults take longer than a few seconds: shorter sequences."""
SHARE = {
    "sunspots": 0.85,
    "own_series": 0.8,
    "words": 0.9,
    "own_words": 0.9,
    "analects": 0.96,
    "copying": 0.9,
}
"""Validation loss as a share of the baseline's that is clearly less, where 2/3 is out of reach."""


@pytest.mark.parametrize("key", TASKS)
def test_a_short_training_beats_the_baseline(key):
    settings = Settings.for_task(key, **SHORT.get(key, {}))
    task = task_of(settings)
    base, best = task.baseline, task.best or 0.0
    bar = best + SHARE.get(key, 2 / 3) * (base.loss - best)
    lowest, metric = base.loss, base.metric
    for step in train(settings.replace(steps=min(settings.steps, 1000))):
        if step.validation_loss is not None:
            lowest, metric = step.validation_loss, step.validation_metric
            if lowest < bar:
                break
    assert best <= lowest < bar
    assert metric > base.metric
