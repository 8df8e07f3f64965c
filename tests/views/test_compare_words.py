"""What Compare says where seeds have no gradient, diverge, or learn in part only."""

import numpy as np
import pandas as pd
import pytest

from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.states import State
from rnnviz.views import Choice, Gallery
from rnnviz.views.compare_words import difference, of_gates, of_gradients, of_learning
from rnnviz.views.study import StudyScene

PLAN = Plan(settings=Settings(hidden=4, length=8), cells=("rnn_relu", "lstm", "gru"), seeds=4)


@pytest.fixture
def scene():
    return StudyScene(Gallery(None), PLAN, Choice())


def norms(**starts):
    rows = [
        {"cell": cell, "seed": seed, "step": 0, "time": time, "norm": norm, "once": True}
        for cell, each in starts.items()
        for seed, start in enumerate(each)
        for time, norm in ((0, start), (1, 1.0))
    ]
    return pd.DataFrame(rows)


def test_seeds_without_a_gradient_are_counted_and_never_averaged_away(scene):
    said = of_gradients(
        scene, norms(rnn_relu=[0, 0, 0.5, 0], lstm=[0.1, 0.11, 0.09, 0.1], gru=[0.01] * 4)
    )
    assert "RNN (ReLU) exactly 0 in 3 of 4 seeds, 0.5 in the rest" in said
    assert "The RNN (ReLU) is 0 or not a number in some seeds, so it is compared with none" in said
    assert "for the RNN (ReLU)" not in said and "for the GRU" in said
    every = of_gradients(scene, norms(rnn_relu=[0.0] * 4, lstm=[0.1] * 4, gru=[np.nan, 1, 1, 1]))
    assert "RNN (ReLU) exactly 0," in every and "not a number in 1 of 4 seeds" in every


def test_nothing_is_compared_with_a_reference_that_has_no_gradient_in_a_seed(scene):
    said = of_gradients(scene, norms(rnn_relu=[0.5] * 4, lstm=[0.1, 0, 0.1, 0.1], gru=[0.2] * 4))
    assert "Against the" not in said and "The LSTM is 0" in said


def rows(**cells):
    """loss None: diverged."""
    return pd.DataFrame(
        [
            {
                "cell": cell, "seed": seed, "done": True, "loss": np.nan if loss is None else loss,
                "state": State.FAILED if loss is None else State.FINISHED,
                "success": loss is not None and loss < 0.08,
            }
            for cell, losses in cells.items()
            for seed, loss in enumerate(losses)
        ]
    )  # fmt: skip


def test_runs_that_diverged_are_named_and_their_cell_has_no_ratio(scene):
    found = rows(rnn_relu=[0.15, None, None, 0.16], lstm=[0.01] * 4, gru=[0.02, 0.021, 0.02, 0.02])
    said = of_learning(scene, found)
    assert "2 of 4 diverged and is in no loss" in said and "a run diverged" in said
    assert "The RNN (ReLU) diverged in 2 of 4 seeds, so it is compared with none" in said
    assert "for the RNN (ReLU)" not in said and "for the GRU" in said
    assert "lines and bands are of the other seeds" in said


def test_cells_that_learn_in_some_seeds_have_k_of_n_and_no_mean(scene):
    found = rows(rnn_relu=[0.15] * 4, lstm=[0.01] * 4, gru=[0.001, 0.15, 0.16, 0.14])
    said = of_learning(scene, found)
    assert "GRU 1.0×10⁻³ to 0.16, 1 of 4 learned" in said
    assert "The GRU learned in 1 of 4 seeds, so it is compared with none" in said


def test_the_reference_is_chosen_before_and_all_others_stand_beside_it(scene):
    random = np.random.default_rng(0)
    losses = {cell: 0.15 * np.exp(0.1 * random.normal(size=4)) for cell in PLAN.cells}
    said = difference(scene, rows(**losses))
    alike = "Not told apart from the LSTM: GRU, RNN (ReLU). 95 % for all together, over 4 seeds."
    assert said == alike
    losses["gru"] = losses["lstm"] * np.array([0.1, 0.11, 0.09, 0.1])
    said = difference(scene, rows(**losses))
    assert said.startswith("Against the LSTM") and said.count("times") == 1
    assert "for the GRU. Not told apart from the LSTM: RNN (ReLU). 95 %" in said
    without = StudyScene(scene.gallery, PLAN.replace(cells=("gru", "rnn_relu")), Choice())
    del losses["lstm"]
    assert difference(without, rows(**losses)).endswith("over 4 seeds.")
    assert "Against the GRU" in difference(without, rows(**losses))


def test_how_long_gates_keep_is_told_of_units_and_of_the_product_over_time(scene):
    steps = np.arange(100)[:, None]
    gate = np.where(steps % 2 == 0, [0.999, 0.9, 0.98], [0.001, 0.9, 0.98])
    said = of_gates(scene, {"lstm": ("forget_gate", pd.DataFrame(gate))}, {"lstm": 5})
    assert "after 9.5 steps in the median unit, 49 steps at longest" in said  # −1/ln .9, −1/ln .98
    plain = pd.DataFrame(np.zeros((5, 2)))
    said = of_gates(scene, {"rnn": ("hidden_state", plain)}, {"rnn": 5})
    assert said == "RNN has no gates; its state is shown."
