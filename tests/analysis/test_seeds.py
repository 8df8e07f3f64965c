import numpy as np
import pandas as pd
import pytest

from rnnviz.analysis import mean_interval, over_seeds


def test_an_interval_holds_the_true_mean_in_95_of_100_studies():
    random = np.random.default_rng(0)
    for count in (2, 3, 5, 10):
        found = [mean_interval(random.normal(3.0, 2.0, count)) for _ in range(4000)]
        share = np.mean([low <= 3.0 <= high for _, low, high, _ in found])
        assert share == pytest.approx(0.95, abs=0.012)


def test_the_interval_of_three_known_values():
    found = mean_interval([1.0, 2.0, 3.0])  # t = 4.303 with two degrees of freedom, s = 1
    assert found.mean == 2 and found.seeds == 3
    reach = 0.95 * (2 / (1 - 0.95**2)) ** 0.5 / 3**0.5
    assert (found.low, found.high) == pytest.approx((2 - reach, 2 + reach))


def test_of_sizes_the_interval_is_that_of_the_logarithm_and_never_negative():
    found = mean_interval([0.001, 0.1, 0.1], logarithmic=True)
    logs = mean_interval(np.log([0.001, 0.1, 0.1]))
    assert found[:3] == pytest.approx(np.exp(logs[:3])) and found.low > 0 and found.seeds == 3


def test_of_one_value_nothing_is_said():
    assert np.isnan(mean_interval([2.0])[1:3]).all() and mean_interval([2.0]).mean == 2
    assert mean_interval([]).seeds == 0 and np.isnan(mean_interval([]).mean)
    assert mean_interval([1.0, np.nan]).seeds == 1


def test_means_over_seeds_with_the_lowest_and_the_highest():
    frame = pd.DataFrame({
        "cell": ["rnn"] * 4 + ["gru"] * 2, "seed": [0, 0, 1, 1, 0, 1], "step": [1, 2, 1, 2, 1, 1],
        "loss": [1.0, 2.0, 3.0, np.nan, 10.0, 1000.0],
    })  # fmt: skip
    table = over_seeds(frame, "loss", ["cell", "step"])
    assert table.to_dict("records") == [
        {"cell": "rnn", "step": 1, "mean": 2.0, "low": 1.0, "high": 3.0, "seeds": 2},
        {"cell": "rnn", "step": 2, "mean": 2.0, "low": 2.0, "high": 2.0, "seeds": 1},
        {"cell": "gru", "step": 1, "mean": 505.0, "low": 10.0, "high": 1000.0, "seeds": 2},
    ]
    geometric = over_seeds(frame, "loss", ["cell", "step"], logarithmic=True)
    assert geometric["mean"].tolist() == pytest.approx([3**0.5, 2.0, 100.0])


def test_a_zero_is_never_averaged_away():
    frame = pd.DataFrame({"cell": ["relu"] * 4, "seed": range(4), "norm": [0.0, 0.0, 0.5, 0.5]})
    row = over_seeds(frame, "norm", ["cell"], logarithmic=True).iloc[0]
    assert row[["mean", "low", "high", "seeds", "zeros"]].tolist() == [0, 0, 0.5, 4, 2]


def test_an_interval_of_shares_stays_within_them_and_holds_as_often():
    few = mean_interval([0.0, 100.0], bounds=(0, 100))
    assert few[:3] == (50, 0, 100)
    random = np.random.default_rng(1)
    studies = [random.normal(70, 10, 3) for _ in range(3000)]
    for bounds in ((0, 100), (-np.inf, np.inf)):
        found = [mean_interval(each, bounds=bounds) for each in studies]
        assert 0.93 <= np.mean([low <= 70 <= high for _, low, high, _ in found]) <= 0.97
