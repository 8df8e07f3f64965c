import numpy as np
import pandas as pd
import pytest

from rnnviz.plots import ranking


def ranked(measure="AUC", count=12):
    score = np.linspace(0.99, 0.6, count)
    direction = np.where(np.arange(count) % 3 == 1, -1, 1)
    return pd.DataFrame(
        {
            "unit": np.arange(count)[::-1],
            "score": score,
            "signed": np.where(direction > 0, score, 1 - score),
            "direction": direction,
            "measure": measure,
            "steps": 4000,
            "holds": 250.0 if measure == "AUC" else np.nan,
            "chance": 0.65,
        }
    )


def test_bars_begin_at_the_coin_and_the_best_stands_at_the_top():
    figure = ranking(ranked(), "inside <quotes>", where="h, step 5")
    high, low = figure.data
    assert [len(high.y), len(low.y)] == [7, 3]
    assert high.base == 0.5 and high.x[0] == pytest.approx(0.49)
    assert high.text[0] == "0.990 high there" and low.text[0].endswith("low there")
    axis = figure.layout.yaxis
    assert axis.categoryarray[0] == "11" and axis.autorange == "reversed"
    assert (
        "Unit 11 tells" in figure.layout.title.text and "&lt;quotes&gt;" in figure.layout.title.text
    )
    assert "holds at 250 of 4,000" in figure.layout.xaxis.title.text
    assert figure.layout.meta["alt"]


def test_the_level_of_chance_is_drawn_and_said_and_decides_the_title():
    figure = ranking(ranked(), "x")
    (line,) = figure.layout.shapes
    assert line.x0 == line.x1 == 0.65
    assert figure.layout.annotations[0].text == "┆ best by chance 0.65"
    assert "0.650 in shuffled sequences" in figure.layout.meta["alt"]
    untold = ranking(ranked().assign(chance=0.995), "x")
    assert "No unit tells “x” better than chance" in untold.layout.title.text


def test_a_rank_correlation_begins_at_zero_and_counts_no_yes():
    figure = ranking(ranked("Spearman"), "the time step", colours="dark")
    assert figure.data[0].base == 0 and figure.layout.xaxis.range[0] == 0
    assert "Spearman" in figure.layout.xaxis.title.text
    assert "holds" not in figure.layout.xaxis.title.text


def test_both_sides_differ_by_more_than_colour():
    high, low = ranking(ranked(), "x").data
    assert high.marker.color != low.marker.color
    assert not high.marker.pattern.shape and low.marker.pattern.shape == "/"
