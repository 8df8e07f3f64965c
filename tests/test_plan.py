import subprocess
import sys

import numpy as np
import pytest

from rnnviz.errors import SettingsError
from rnnviz.networks.model import build, parameter_count
from rnnviz.plan import Plan, matched_hidden, parameters
from rnnviz.settings import Settings

SMALL = Settings(hidden=8, length=6, steps=20, seed=5)


def test_runs_differ_in_what_is_asked_about_and_in_nothing_else():
    plan = Plan(settings=SMALL, cells=("rnn", "lstm"), seeds=2, lrs=(0.01, 0.1))
    points = plan.points()
    assert plan.count == len(points) == len({point.settings for point in points}) == 8
    for point in points:
        assert point.settings == SMALL.replace(cell=point.cell, seed=point.seed, lr=point.lr)
    assert {point.seed for point in points} == {5, 6}


def test_a_switch_can_be_varied():
    plan = Plan(settings=SMALL, cells=("gru",), seeds=1, vary={"bidirectional": (False, True)})
    assert Plan.from_json(plan.to_json()) == plan
    assert [point.settings.bidirectional for point in plan.points()] == [False, True]


def test_one_seed_of_everything_comes_first():
    plan = Plan(settings=SMALL, seeds=3, vary={"length": (5, 10)})
    first = plan.points()[: plan.count // 3]
    assert {point.seed for point in first} == {5}
    assert {(point.cell, point.place) for point in first} == {
        (cell, (length,)) for cell in plan.cells for length in (5, 10)
    }
    assert [point.cell for point in first[:4]] == list(plan.cells)


def test_a_plan_survives_json_and_is_what_it_says():
    plan = Plan(
        settings=SMALL, cells=["gru"], lrs=[0.1], vary={"forget_bias": [None, 2], "length": [5]}
    )
    again = Plan.from_json(plan.to_json())
    assert again == plan and hash(again) == hash(plan) and again.points() == plan.points()
    assert plan != plan.replace(seeds=4)
    assert plan.points()[0].settings.forget_bias is None


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "gru", "lstm"])
@pytest.mark.parametrize("task", ["adding", "copying"])
def test_with_equal_parameters_no_other_size_comes_nearer(cell, task):
    base = SMALL.replace(task=task, hidden=20)
    plan = Plan(settings=base, cells=(cell,), match="parameters", reference="lstm")
    wanted = parameter_count(build(base.replace(cell="lstm")))
    found = plan.points()[0].settings
    distance = abs(parameter_count(build(found)) - wanted)
    assert found.hidden == 20 if cell == "lstm" else found.hidden > 20
    for other in (found.hidden - 1, found.hidden + 1):
        assert abs(parameters(found.replace(hidden=other)) - wanted) >= distance


def test_a_size_beyond_the_bounds_stays_within():
    huge = SMALL.replace(cell="rnn", hidden=1024, batch=1, length=2)
    assert matched_hidden(huge, "lstm") == 1024
    assert matched_hidden(SMALL.replace(cell="lstm", hidden=1), "rnn") == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"cells": ()}, "one or more of rnn, rnn_relu, lstm, gru"),
        ({"cells": ("rnn", "rnn")}, "each once"),
        ({"cells": ("elman",)}, "one or more of"),
        ({"seeds": 0}, "between 1 and 20"),
        ({"seeds": 2.5}, "between 1 and 20"),
        ({"match": "size"}, "hidden or parameters"),
        ({"lrs": (0.1, 0.1)}, "each once"),
        ({"lrs": (1, 2, 3, 4, 5, 6)}, "up to 5 learning rates"),
        ({"lrs": (-1.0,)}, "lr = -1.0: must be between"),
        ({"vary": {"cell": ("rnn",)}}, "use cells"),
        ({"vary": {"seed": (1,)}}, "use seeds"),
        ({"vary": {"length": ()}}, "1 to 16 different values"),
        ({"vary": {"length": (5, 5)}}, "1 to 16 different values"),
        ({"vary": {"length": (1,)}}, "length = 1: must be between"),
        ({"vary": {"lenght": (5,)}}, "did you mean length"),
        ({"vary": {"lr": (0.1,)}, "lrs": (0.1,)}, "leave one of them out"),
        ({"vary": {"hidden": (3,)}, "match": "parameters"}, "set match to hidden"),
        ({"vary": {"length": range(5, 15)}, "seeds": 20}, "These are 800 runs: at most 400"),
        ({"vary": {"hidden": (1024,), "length": (1000,)}}, "runs out of memory"),
        ({"success": 2}, "between 0.01 and 1"),
        ({"settings": {"hidden": 0}}, "hidden = 0"),
        ({"cell": "rnn"}, "A plan has no 'cell'"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_said_in_a_sentence(values, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Plan(**values)


@pytest.mark.parametrize("text", ["{", "3", "[]"])
def test_text_that_is_no_plan(text):
    with pytest.raises(SettingsError, match="The plan"):
        Plan.from_json(text)


def test_making_a_plan_needs_no_torch():
    code = "import sys; from rnnviz.plan import Plan; Plan().points()"
    code += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


OWN = {"rnn_relu": {"initialization": "identity", "lr": np.float64(0.001)}, "lstm": {"hidden": 5}}


def test_a_cell_may_have_settings_of_its_own():
    plan = Plan(settings=Settings(length=6), cells=("rnn_relu", "gru", "lstm"), seeds=2, own=OWN)
    assert Plan.from_json(plan.to_json()) == plan
    for point in plan.points():
        same = Settings(length=6, cell=point.cell, seed=point.seed)
        assert point.settings == same.replace(**OWN.get(point.cell, {}))
        assert point.lr == point.settings.lr


@pytest.mark.parametrize(
    "own, sentence",
    [
        ({"gru": {"lr": 0.1}}, "gru has settings of its own but is not compared"),
        ({"lstm": {"seed": 3}}, "seed of lstm: is the same for all cells"),
        ({"lstm": {"task": "parity"}}, "task of lstm: is the same for all cells"),
        ({"lstm": {"length": 3}}, "length of lstm: is the same for all cells"),
        ({"lstm": {"hidde": 3}}, "did you mean hidden"),
        ({"lstm": {"hidden": 0}}, "hidden = 0: must be between"),
        ({"lstm": 3}, "own = 3: must be for a cell"),
    ],
)
def test_own_settings_that_have_no_meaning(own, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Plan(cells=("rnn", "lstm"), vary={"length": (4, 6)}, own=own)
