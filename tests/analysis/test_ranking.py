import numpy as np
import pytest

from rnnviz.analysis import rank_units
from rnnviz.errors import TraceError
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.trace import Trace


def trace_of(values):
    values = np.asarray(values, np.float32)
    signals = {"input": values, "hidden_state": values}
    return Trace({"rnn.l0": LayerTrace("rnn", (0,), signals)})


def rank(values, known):
    return rank_units(trace_of(values), "rnn.l0", "hidden_state", known).set_index("unit")


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_a_unit_that_is_the_property_scores_one_its_negative_too_and_noise_a_half(random):
    known = random.integers(0, 2, (50, 20)).astype(float)
    noise = random.normal(size=(50, 20))
    found = rank(np.stack([noise, known, -known, 0 * noise], axis=2), known)
    assert list(found.index[:2]) == [1, 2]
    assert list(found["score"][[1, 2]]) == [1, 1]
    assert list(found["signed"][[1, 2]]) == [1, 0]
    assert list(found["direction"][[1, 2]]) == [1, -1]
    assert found["score"][0] == pytest.approx(0.5, abs=0.04)
    assert found["score"][3] == 0.5  # a unit that never moves tells nothing
    assert found["holds"][1] == known.sum() and found["steps"][1] == 1000


def test_the_auc_is_the_share_of_pairs_in_the_right_order_and_equal_values_count_half(random):
    known = random.integers(0, 2, (9, 7)).astype(float)
    values = random.integers(0, 4, (9, 7, 3)).astype(float)
    found = rank(values, known)
    for unit in range(3):
        yes, no = values[known == 1][:, unit], values[known == 0][:, unit]
        pairs = (yes[:, None] > no) + 0.5 * (yes[:, None] == no)
        assert found["signed"][unit] == pytest.approx(pairs.mean(), abs=1e-12)


def test_a_number_is_compared_by_spearmans_rank_correlation(random):
    known = random.normal(size=(30, 4))
    values = np.stack([np.exp(known), -(known**3), random.normal(size=(30, 4))], axis=2)
    found = rank(values, known)
    assert found["signed"][0] == pytest.approx(1) and found["signed"][1] == pytest.approx(-1)
    assert found["measure"][0] == "Spearman" and np.isnan(found["holds"][0])
    ranks = [np.argsort(np.argsort(x.ravel())) for x in (values[..., 2].astype("f4"), known)]
    assert found["signed"][2] == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-9)


def test_steps_where_the_property_has_no_meaning_do_not_count():
    known = np.array([[0.0], [1.0], [np.nan]]).repeat(20, axis=0).repeat(2, axis=1)
    values = np.where(np.isnan(known), -9.0, known)[..., None]
    found = rank(values, known)
    assert found["score"][0] == 1 and found["steps"][0] == 80


def test_large_layers_are_compared_at_fewer_steps_but_all_along(random):
    known = np.zeros((1200, 1))
    known[600:] = 1
    values = np.repeat(known[:, :, None], 1024, axis=2)
    found = rank(values, known)
    assert found["steps"][0] == 512 and found["score"].min() == 1


@pytest.mark.parametrize("known", [np.zeros((4, 1)), np.ones((4, 1)), np.full((4, 1), np.nan)])
def test_what_is_the_same_everywhere_cannot_be_told(known):
    with pytest.raises(TraceError, match="no unit can tell it"):
        rank(np.zeros((4, 1, 2)), known)


@pytest.mark.parametrize(("holds", "steps"), [(19, 400), (381, 400)])
def test_fewer_than_20_steps_of_either_kind_tell_nothing(random, holds, steps):
    known = np.zeros(steps)
    known[random.permutation(steps)[:holds]] = 1
    with pytest.raises(TraceError, match=f"holds at {holds} of {steps} steps, too few"):
        rank(random.normal(size=(steps, 1, 3)), known[:, None])
    with pytest.raises(TraceError, match="known at 19 steps, too few"):
        rank(random.normal(size=(19, 1, 3)), random.normal(size=(19, 1)))


def walks(random, steps, samples, units):
    """States whose neighbours are alike, as those of a network."""
    return np.cumsum(random.normal(size=(steps, samples, units)), axis=0)


@pytest.mark.parametrize("binary", [True, False])
def test_units_that_know_nothing_exceed_the_level_of_chance_in_one_of_20_rankings(random, binary):
    above, rankings = 0, 300
    for _ in range(rankings):
        known = walks(random, 40, 12, 1)[..., 0]
        found = rank(walks(random, 40, 12, 32), (known > 0).astype(float) if binary else known)
        above += found["score"].max() > found["chance"].iloc[0]
    assert above / rankings <= 0.08  # 0.05 and two standard errors


def test_the_best_of_many_is_far_above_a_coin_and_below_chance(random):
    known = np.zeros((64, 64))
    known[random.integers(0, 64, 22), random.permutation(64)[:22]] = 1
    found = rank(walks(random, 64, 64, 128), known)
    assert 0.6 < found["score"].max() <= found["chance"].iloc[0] < 0.9


def test_a_unit_that_knows_is_above_chance_also_where_all_sequences_are_alike(random):
    known = random.integers(0, 2, (50, 20)).astype(float)
    found = rank(np.stack([known, random.normal(size=(50, 20))], axis=2), known)
    assert found["score"][0] == 1 and found["chance"][0] < 0.7
    time = np.arange(50.0)[:, None].repeat(4, axis=1)
    found = rank(time[..., None] + 0.1 * random.normal(size=(50, 4, 1)), time)
    assert found["score"][0] > found["chance"][0]


def test_a_property_of_another_shape_is_refused():
    with pytest.raises(TraceError, match="one value a step"):
        rank(np.zeros((4, 1, 2)), np.zeros((3, 1)))
