"""Forecasts: windows, scale, horizon and baselines."""

import numpy as np
import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.resources import asset
from rnnviz.tasks import TASKS
from rnnviz.tasks.mackey_glass import mackey_glass
from rnnviz.tasks.series import Forecast, RecordedForecast

# own series have several columns: test_own.py
KEYS = [key for key, kind in TASKS.items() if issubclass(kind, Forecast) and key != "own_series"]
RECORDED = [key for key, kind in TASKS.items() if issubclass(kind, RecordedForecast)]
SYNTHETIC = [key for key in KEYS if key not in RECORDED]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("distance", [1, 3, 30])
def test_what_is_asked_is_the_value_so_many_steps_ahead(key, distance):
    task = TASKS[key](20, 0, distance)
    for batch in (task.batch(8, 1), task.validation(), task.probe().batch):
        assert len(batch.inputs) == len(batch.targets) == 20
        if distance < 20:
            assert torch.equal(batch.inputs[distance:], batch.targets[:-distance])
        assert not torch.equal(batch.inputs, batch.targets)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("distance", [1, 6])
def test_the_baseline_is_what_repeating_or_the_mean_scores(key, distance):
    task = TASKS[key](50, 0, distance)
    batch = task.validation() if key in RECORDED else task.batch(20_000, 1)
    again, mean = batch.inputs, torch.zeros_like(batch.inputs)
    losses = [task.mean_loss(output, batch.targets).item() for output in (again, mean)]
    assert task.baseline.loss == pytest.approx(min(losses), rel=0.06 if key in RECORDED else 0.02)
    best = again if losses[0] < losses[1] else mean
    assert task.metric(best, batch) == pytest.approx(task.baseline.metric, abs=3)
    assert task.metric(batch.targets, batch) == 100


@pytest.mark.parametrize("key", SYNTHETIC)
def test_waves_have_the_variance_and_the_noise_that_is_said(key):
    task = TASKS[key](50)
    values = task.batch(5000, 1).inputs
    assert values.mean().abs() < 0.02
    assert values.var().item() == pytest.approx(task.variance, rel=0.02)
    # what a fit of the sines themselves leaves is the noise, which nobody can foresee
    wave = values[:, 0, 0].double().numpy()
    time = np.arange(50)
    errors = []
    for f in np.linspace(1 / 45, 1 / 7, 400):
        parts = np.stack([np.sin(2 * np.pi * f * time), np.cos(2 * np.pi * f * time)], 1)
        left = wave - parts @ np.linalg.lstsq(parts, wave, rcond=None)[0]
        errors.append(left.var())
    if key == "sines":
        assert min(errors) == pytest.approx(task.best, rel=0.5)
    else:
        assert min(errors) > 5 * task.best  # two waves are not one


def test_two_sines_are_two():
    strong = {}
    for key in SYNTHETIC:
        waves = TASKS[key](512).batch(200, 1).inputs[..., 0].numpy()
        spectrum = np.abs(np.fft.rfft(waves, axis=0))
        strong[key] = (spectrum > 0.5 * spectrum.max(0)).sum(0).mean()
    assert strong["mixture"] > 1.4 * strong["sines"]


def test_mackey_glass_stays_in_its_fixed_point_and_does_not_depend_on_the_step():
    np.testing.assert_allclose(mackey_glass(50, start=1.0), 1.0, atol=1e-12)
    coarse, fine = mackey_glass(120), mackey_glass(120, step=0.02)
    np.testing.assert_allclose(coarse, fine, atol=1e-4)
    assert np.ptp(coarse) > 0.3


def test_mackey_glass_is_the_equation():
    x = mackey_glass(400, step=0.02)
    # the constant past of 17 units: dx/dt = 0.2 * 1.2 / (1 + 1.2^10) - 0.1 x, solved by hand
    fed = 0.2 * 1.2 / (1 + 1.2**10) / 0.1
    time = np.arange(17)
    np.testing.assert_allclose(x[:17], fed + (1.2 - fed) * np.exp(-0.1 * time), rtol=1e-8)
    later = TASKS["mackey_glass"](20).series
    assert 0.2 < later.min() < 0.5 and 1.2 < later.max() < 1.4  # the attractor of tau = 17


@pytest.mark.parametrize("key", RECORDED)
def test_training_never_sees_the_end_and_does_not_scale_with_it(key):
    task = TASKS[key](40, 0, 5)
    cut = round(0.8 * len(task.series))
    assert task.mean == pytest.approx(task.series[:cut].mean())
    assert task.spread == pytest.approx(task.series[:cut].std())
    known = {round(float(x), 4) for x in (task.series[:cut] - task.mean) / task.spread}
    later = (task.series[cut:] - task.mean) / task.spread
    batch = task.batch(2000, 1)
    seen = {round(float(x), 4) for x in torch.cat([batch.inputs, batch.targets[-5:]]).flatten()}
    assert len(seen - known) <= 0.01 * len(seen)  # but for rounding
    first = task.validation().inputs[:, 0, 0].numpy()
    np.testing.assert_allclose(first, later[:40], atol=1e-5)
    last = task.validation().targets[:, -1, 0].numpy()
    np.testing.assert_allclose(last, later[-40:], atol=1e-5)


def test_a_window_longer_than_what_is_held_out_is_cut():
    task = TASKS["sunspots"](1000, 0, 100)
    assert task.steps == 312 == len(task.batch(2, 1).inputs) == len(task.validation().inputs)
    assert f"up to {task.steps}" in task.length_help


def test_sunspots_are_those_of_the_file_with_their_months():
    table = np.loadtxt(asset("series/sunspots.csv"), delimiter=",", skiprows=1)
    assert table.shape == (3126, 3) and table[0].tolist() == [1749, 1, 58.0]
    task = TASKS["sunspots"](24)
    probe = task.probe()
    begin = round(0.8 * 3126)
    assert str(probe.captions[0]) == "from Jun 1957" and table[begin, :2].tolist() == [1957, 6]
    assert probe.labels[0] == [f"{x:.0f}" for x in table[begin : begin + 24, 2]]
    assert probe.targets[0] == [f"{x:.0f}" for x in table[begin + 1 : begin + 25, 2]]


def test_typed_values_are_scaled_and_the_last_ones_are_asked_of_nobody():
    task = TASKS["sunspots"](24, 0, 2)
    probe = task.read("10 20, 30 40")
    assert probe.labels == [["10", "20", "30", "40"]] and probe.targets == [["30", "40", "", ""]]
    expected = (np.array([10, 20, 30, 40]) - task.mean) / task.spread
    np.testing.assert_allclose(probe.batch.inputs[:, 0, 0], expected, rtol=1e-6)
    changed = task.edit(probe, 0, 2, "99")
    assert changed.labels == [["10", "20", "99", "40"]]
    assert changed.targets == [["99", "40", "", ""]]
    with pytest.raises(TaskError, match="3 to 1,000 values"):
        task.read("10 20")
    with pytest.raises(TaskError, match="no number"):
        task.read("10 20 x")
