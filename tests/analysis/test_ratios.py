import numpy as np
import pandas as pd
import pytest

from rnnviz.analysis import ratios

CELLS = ["rnn", "rnn_relu", "lstm", "gru"]


def studies(seeds, count):
    """Tables of four cells between which there is no difference: the seed says most."""
    random = np.random.default_rng(seeds)
    for _ in range(count):
        logs = random.normal(size=(seeds, 1)) + random.normal(size=(seeds, 4))
        yield pd.DataFrame(np.exp(logs), columns=CELLS)


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_among_four_equal_cells_a_difference_is_claimed_in_at_most_5_of_100_studies(seeds):
    found = [ratios(table, "lstm") for table in studies(seeds, 1500)]
    held = np.mean([(each["low"].le(1) & each["high"].ge(1)).all() for each in found])
    claimed = np.mean([each["differs"].any() for each in found])
    assert claimed <= 0.05 and 0.93 <= held <= 0.97


def test_two_cells_have_the_interval_of_their_ratio():
    table = pd.DataFrame({"lstm": [1.0, 2.0, 4.0], "gru": [3.0, 6.0, 12.0]})
    row = ratios(table, "lstm").iloc[0]
    assert (row["name"], row["seeds"], row["differs"]) == ("gru", 3, True)
    assert row[["ratio", "low", "high"]].tolist() == pytest.approx([3, 3, 3])


def test_a_real_difference_is_found():
    table = next(studies(5, 1)).assign(rnn=lambda each: each["lstm"] * [900, 1000, 1100, 950, 990])
    assert ratios(table, "lstm").set_index("name")["differs"]["rnn"]


def test_seeds_that_one_of_them_has_not_do_not_count_and_one_seed_says_nothing():
    table = pd.DataFrame({"lstm": [1.0, 2.0, np.nan], "gru": [1.0, 3.0, 5.0]})
    assert ratios(table, "lstm")["seeds"].tolist() == [2]
    assert ratios(table[:1], "lstm").empty and ratios(table, "rnn").empty
