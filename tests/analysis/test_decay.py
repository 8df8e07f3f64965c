import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.analysis import decay, gradient_norms, sample_norms


def frame(norm, **columns):
    return pd.DataFrame({"signal": "h", "time": np.arange(len(norm)), "norm": norm, **columns})


def test_a_pure_decay_is_found_exactly():
    fit = decay(frame(0.9 ** np.arange(50)[::-1])).iloc[0]
    assert fit["slope"] == pytest.approx(np.log(0.9), rel=1e-12)
    assert np.isnan(fit[["error", "low", "high"]].astype(float)).all()  # of one curve
    assert fit["half_life"] == pytest.approx(np.log(0.5) / np.log(0.9))
    assert fit["time_constant"] == pytest.approx(-1 / np.log(0.9))
    assert fit["straight"] == pytest.approx(1) and fit["even"] == pytest.approx(1)
    assert (fit["first"], fit["last"], fit["zeros"]) == (0, 49, 0)


def test_an_explosion_has_a_negative_half_life_and_no_overflow():
    fit = decay(frame(np.exp(3.0 * np.arange(200)[::-1]))).iloc[0]
    assert fit["slope"] == pytest.approx(3)
    assert fit["half_life"] == pytest.approx(-np.log(2) / 3)


def test_zeros_are_left_out_and_counted_and_too_little_gives_nothing():
    norm = 0.5 ** np.arange(20.0)[::-1]
    norm[:5] = 0
    fit = decay(frame(norm)).iloc[0]
    assert (fit["zeros"], fit["first"]) == (5, 5)
    assert fit["slope"] == pytest.approx(np.log(0.5))
    assert np.isnan(decay(frame(np.array([0.0, 1.0, 2.0]))).iloc[0]["slope"])


def walk(random, steps):
    """What a product of random Jacobians is: its logarithm wanders about its drift."""
    return np.cumsum(-0.1 + 0.2 * random.normal(size=steps))


def wave(random, steps):
    """A line whose residuals are alike from step to step: AR(.9)."""
    noise = np.zeros(steps)
    for k in range(1, steps):
        noise[k] = 0.9 * noise[k - 1] + 0.2 * random.normal()
    return -0.1 * np.arange(steps) + noise


def scatter(random, steps):
    return -0.1 * np.arange(steps) + 0.2 * random.normal(size=steps)


@pytest.mark.parametrize(
    ("curve", "samples", "steps"),
    [
        *((each, 1, 50) for each in (walk, wave, scatter)),
        *((each, 3, 20) for each in (walk, wave, scatter)),
        (walk, 16, 30),
    ],
)
def test_an_interval_holds_the_true_slope_as_often_as_it_says_or_is_not_given(
    curve, samples, steps
):
    random, held, studies = np.random.default_rng(0), 0, 5 if samples == 1 else 500
    for _ in range(studies):
        norms = np.exp([curve(random, steps)[::-1] for _ in range(samples)])
        rows = (
            frame(norms.ravel(), sample=np.repeat(np.arange(samples), steps)).assign(
                time=np.tile(np.arange(steps), samples)
            )
            if samples > 1
            else frame(norms[0])
        )
        fit = decay(rows).iloc[0]
        assert fit["samples"] == samples
        held += fit["low"] <= -0.1 <= fit["high"]
        assert samples > 1 or np.isnan(fit[["low", "high", "half_life_low"]].astype(float)).all()
    assert samples == 1 or 0.93 <= held / studies <= 0.97


def test_an_interval_around_zero_has_no_finite_half_life_on_one_side():
    random = np.random.default_rng(1)
    rows = pd.concat([frame(np.exp(random.normal(size=40)), sample=k) for k in range(8)])
    fit = decay(rows).iloc[0]
    assert fit["low"] < 0 < fit["high"]
    assert fit["half_life_high"] == np.inf


def test_a_bent_line_is_told_from_an_exponential():
    # not normal: grows 70 times over 9 steps, and then fades as 0.9 to the power of the steps
    matrix, gradient, norms = np.array([[0.9, 30.0], [0.0, 0.9]]), np.ones(2), []
    for _ in range(100):
        norms.append(np.linalg.norm(gradient))
        gradient = matrix.T @ gradient
    bent = decay(frame(np.array(norms[::-1]))).iloc[0]
    assert bent["straight"] > 0.9 and bent["even"] < 0.5  # r² alone does not see it
    vee = decay(frame(np.exp(np.abs(np.arange(41) - 20.0)))).iloc[0]
    assert vee["even"] == 0
    assert decay(frame(np.ones(20))).iloc[0]["even"] == 1


def test_samples_that_are_zero_are_not_counted_as_fitted():
    rows = pd.concat([frame(0.5 ** np.arange(20.0)[::-1] * (k > 0), sample=k) for k in range(4)])
    fit = decay(rows).iloc[0]
    assert (fit["samples"], fit["zeros"]) == (3, 20)


@pytest.mark.parametrize(
    ("radius", "expected"),
    [(0.9, 2.6561e-5), (0.95, 5.9205e-3), (0.99, 0.36603), (1, 1), (1.01, 2.7048), (1.1, 1.3781e4)],
)
def test_a_scaled_rotation_keeps_its_radius_to_the_power_of_the_distance(radius, expected):  # E4
    torch.manual_seed(0)
    module = nn.RNN(2, 8, bias=False).double()
    with torch.no_grad():
        rotation, _ = torch.linalg.qr(torch.randn(8, 8, dtype=torch.float64))
        module.weight_hh_l0.copy_(radius * rotation)
    with rnnviz.record(module) as trace:
        # the state is 0, where tanh is the identity: a linear network
        module(torch.zeros(101, 3, 2, dtype=torch.float64))[0][-1].sum().backward()
    norm = gradient_norms(trace, "l0", ("hidden_state",))["norm"].to_numpy()
    assert norm[0] / norm[-1] == pytest.approx(expected, rel=1e-4)
    fit = decay(sample_norms(trace, "l0", ("hidden_state",))).iloc[0]
    assert fit["slope"] == pytest.approx(np.log(radius), abs=1e-10)


def test_a_gradient_that_explodes_or_underflows_float32_keeps_its_size_in_float64():
    for nonlinearity, radius, steps in (("relu", 1.5, 200), ("tanh", 0.5, 500)):
        torch.manual_seed(0)
        module = nn.RNN(1, 8, nonlinearity=nonlinearity, bias=False).double()
        with torch.no_grad():
            if nonlinearity == "relu":  # a positive matrix keeps every unit open
                module.weight_hh_l0.fill_(radius / 8)
                module.weight_ih_l0.fill_(1.0)
            else:
                module.weight_hh_l0.copy_(radius * torch.eye(8))
        with rnnviz.record(module) as trace:
            x = torch.full((steps, 2, 1), 1.0 if nonlinearity == "relu" else 0.0)
            module(x.double())[0][-1].sum().backward()
        norm = gradient_norms(trace, "l0", ("hidden_state",))["norm"].to_numpy()
        assert np.isfinite(norm).all() and (norm > 0).all()
        assert norm[0] / norm[-1] == pytest.approx(radius ** (steps - 1), rel=1e-9)


@pytest.mark.parametrize(
    ("gain", "low", "high"), [(1.5, 0.02, 0.08), (2, 0.12, 0.17), (3, 0.26, 0.33)]
)
def test_the_slope_of_random_networks_is_that_of_mean_field_theory(gain, low, high):
    # .0652, .1547, .3102 with infinitely many units; at 1.5 some of 256 units still settle down
    slopes = []
    for seed in range(5):
        torch.manual_seed(seed)
        module = nn.RNN(1, 256, bias=False).double().requires_grad_(False)
        module.weight_hh_l0.normal_(0, gain / 16)
        with rnnviz.record(module) as trace:
            start = torch.randn(1, 1, 256, dtype=torch.float64)
            module(torch.zeros(900, 1, 1, dtype=torch.float64), start)[0][-1].sum().backward()
        norms = gradient_norms(trace, "l0", ("hidden_state",))
        slopes.append(decay(norms, first=200, last=860)["slope"][0])  # burn-in at either end
    assert low < np.median(slopes) < high
