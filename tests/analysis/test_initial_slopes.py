import numpy as np
import pytest
import torch

from rnnviz.analysis import cell_slopes, initial_slopes
from rnnviz.analysis.initial_slopes import COLUMNS, _random_matrix
from rnnviz.errors import SettingsError, TraceError
from rnnviz.networks.model import build
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS

SMALL = Settings(hidden=12, length=20)


@pytest.fixture(scope="module")
def slopes():
    return initial_slopes([0.5, 0.9, 2.0, 3.0], networks=range(4))


@pytest.mark.parametrize(("gain", "low", "high"), [(2.0, 0.12, 0.17), (3.0, 0.26, 0.33)])
def test_gradients_explode_as_fast_as_mean_field_theory_says(slopes, gain, low, high):
    """CHECKS.md: .1547 and .3102 for infinitely many units."""
    found = slopes[slopes["value"] == gain]["slope"]
    assert len(found) == 4
    assert found.between(low, high).all(), found.tolist()


@pytest.mark.parametrize("gain", [0.5, 0.9])
def test_below_one_gradients_fade_with_the_spectral_radius_of_the_same_matrix(slopes, gain):
    one = slopes[slopes["value"] == gain]
    np.testing.assert_allclose(one["slope"], one["reference"], atol=0.01)
    # and not with ln g, which misses by the fluctuation of the radius
    assert np.abs(one["reference"] - np.log(gain)).max() > 0.03


def test_reference_is_ln_of_the_radius_of_the_scaled_matrix(slopes):
    matrix, _ = _random_matrix(256, 1, 0)
    radius = np.abs(np.linalg.eigvals(2 * matrix)).max()
    row = slopes[(slopes["value"] == 2.0) & (slopes["network"] == 1)].iloc[0]
    assert row["reference"] == pytest.approx(np.log(radius), abs=1e-9)
    assert matrix.std() == pytest.approx(1 / 16, rel=0.02)


def test_a_network_is_the_same_whoever_asks_for_it():
    one = initial_slopes([2.0], units=30, networks=[3])
    several = initial_slopes([0.7, 2.0], units=30, networks=range(5))
    assert list(one.columns) == COLUMNS
    same = several[(several["network"] == 3) & (several["value"] == 2.0)]
    assert same["slope"].item() == one["slope"].item()
    assert (
        initial_slopes([2.0], units=30, networks=[3], seed=1)["slope"].item() != one["slope"].item()
    )


@pytest.mark.parametrize("gains", [[0.0], [-1.0], [np.nan]])
def test_a_gain_without_meaning_is_refused(gains):
    with pytest.raises(TraceError, match="must be a number above 0"):
        initial_slopes(gains, units=4)
    with pytest.raises(TraceError, match="units = 1"):
        initial_slopes([1.0], units=1)


@pytest.mark.parametrize(
    ("cell", "over", "value"),
    [
        ("rnn", "spectral_radius", 1.3), ("gru", "spectral_radius", 0.5),
        ("lstm", "spectral_radius", 2.0), ("lstm", "forget_bias", 3.0),
    ],
)  # fmt: skip
def test_slope_of_a_cell_is_that_of_autograd_on_the_real_network(cell, over, value):
    """The cell written out, with the weights of the network of the settings."""
    found = cell_slopes(SMALL.replace(cell=cell), over, [value], networks=[2], samples=3)
    assert list(found.columns) == COLUMNS
    changes = {over: value} | ({"initialization": "spectral"} if "radius" in over else {})
    model = build(SMALL.replace(cell=cell, seed=2, **changes)).double()
    w, u, b, d = (p.detach() for p in model.rnn.parameters())
    batch = TASKS["adding"](20).probe().first(3).batch
    h = c = torch.zeros(3, 12, dtype=torch.float64)
    kept = []
    for x in batch.inputs.double():
        h = h.requires_grad_() if not kept else h
        from_x, from_h = x @ w.T + b, h @ u.T + d
        if cell == "rnn":
            h = torch.tanh(from_x + from_h)
        elif cell == "gru":
            (a, e, n), (r, z, m) = from_x.chunk(3, -1), from_h.chunk(3, -1)
            z = torch.sigmoid(e + z)
            h = (1 - z) * torch.tanh(n + torch.sigmoid(a + r) * m) + z * h
        else:
            i, f, g, o = (from_x + from_h).chunk(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        kept.append(c if cell == "lstm" else h)
        kept[-1].retain_grad()
    (model.readout(h) - batch.targets[-1]).square().mean(-1).sum().backward()
    norms = torch.stack([each.grad.norm(dim=-1) for each in kept]).log().numpy()
    fits = [np.polyfit(np.arange(20)[::-1], column, 1)[0] for column in norms.T]
    assert found["slope"].item() == pytest.approx(np.mean(fits), rel=1e-9)


def test_references_are_the_closed_forms():
    radius = cell_slopes(SMALL.replace(cell="rnn"), "spectral_radius", [0.0, 2.0], networks=[0])
    assert radius["reference"].tolist() == [-np.inf, np.log(2.0)]
    bias = cell_slopes(SMALL, "forget_bias", [1.0], networks=[0])
    assert bias["reference"].item() == pytest.approx(np.log(1 / (1 + np.exp(-1.0))))


def test_chrono_does_not_override_the_forget_bias_that_is_varied():
    found = cell_slopes(SMALL.replace(initialization="chrono"), "forget_bias", [-2.0, 5.0])
    low, high = found.groupby("value")["slope"].mean()
    assert low < -1 < -0.1 < high


def test_what_has_no_meaning_is_refused():
    with pytest.raises(TraceError, match="choose spectral_radius"):
        cell_slopes(SMALL.replace(cell="gru"), "forget_bias", [1.0])
    with pytest.raises(TraceError, match="'dropout' means nothing"):
        cell_slopes(SMALL, "dropout", [0.5])
    with pytest.raises(SettingsError, match="spectral_radius = 11"):
        cell_slopes(SMALL, "spectral_radius", [11.0])
