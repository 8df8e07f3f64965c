"""No view speaks of a decay where gradient enters a layer at many steps."""

import pandas as pd
import pytest

from rnnviz.errors import TraceError
from rnnviz.looks import draw
from rnnviz.looks import initial_slopes as initialization
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery

LONG = Settings(task="adding", length=50, hidden=8)
DECAYS = ("halves", "doubles", "is left", "as large", "at most; of this")


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


def says(gallery, view, settings, **query):
    return draw(gallery, view, None, settings, Choice.of(query))["says"]


def of_study(gallery, view, plan, **query):
    for _ in range(200):
        message = draw(gallery, view, None, plan, Choice.of(query))
        if not message.get("unfinished"):
            return message
    raise AssertionError("never finished")


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(
    ("change", "layer", "why"),
    [
        ({"readout": "mean"}, "rnn.l0", "the mean of all states is read out"),
        ({"layers": 3}, "rnn.l0", "the layer above reads every state"),
        ({"layers": 3}, "rnn.l1", "the layer above reads every state"),
        ({"readout": "mean", "norm": "layer"}, "rnn.l0", "the mean of all states is read out"),
        ({"layers": 2, "norm": "layer"}, "rnn.l0", "the layer above reads every state"),
    ],
)
def test_a_curve_that_is_a_sum_has_no_half_life(gallery, cell, change, layer, why):
    said = says(gallery, "gradient_time", LONG.replace(cell=cell, **change), layer=layer)
    assert "Gradient enters this layer at 50 of 50 time steps" in said and why in said
    assert not any(word in said for word in DECAYS)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 3])
def test_where_it_enters_once_its_decay_is_told(gallery, cell, layers):
    said = says(gallery, "gradient_time", LONG.replace(cell=cell, layers=layers))
    assert "Gradient enters" not in said and "49 steps back" in said


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_product_bounds_no_gradient_that_enters_on_the_way(gallery, cell):
    deep = LONG.replace(layers=3, cell=cell)
    for settings, layer in ((deep, "rnn.l0"), (LONG.replace(cell=cell, readout="mean"), "rnn.l0")):
        message = draw(gallery, "gradient_products", None, settings, Choice.of({"layer": layer}))
        assert "This gradient is" not in message["says"]
        assert "at more than one step" in message["says"]
        drawn = {each.get("name"): each for each in message["figure"]["data"]}
        assert not len(drawn["measured gradient"]["x"])
    top = says(gallery, "gradient_products", deep, layer="rnn.l2")
    assert "This gradient is" in top


def test_compare_tells_no_share_that_is_left_of_a_mean(gallery):
    plan = Plan(settings=LONG.replace(readout="mean"), cells=("rnn", "lstm"), seeds=2)
    said = of_study(gallery, "compare_gradients", plan, scale="share")["says"]
    assert "no curve is a decay" in said and "keeps" not in said
    once = Plan(settings=LONG, cells=("rnn", "lstm"), seeds=2)
    assert "49 steps back" in of_study(gallery, "compare_gradients", once)["says"]


def test_a_trainability_map_has_no_time_scale_of_a_sum(gallery):
    plan = Plan(settings=LONG, cells=("rnn",), seeds=1, vary={"length": (10, 20)})
    names = [each.get("name") for each in of_study(gallery, "compare_map", plan)["figure"]["data"]]
    assert "6 ξ" in names
    mean = plan.replace(settings=LONG.replace(readout="mean"))
    message = of_study(gallery, "compare_map", mean)
    assert "6 ξ" not in [each.get("name") for each in message["figure"]["data"]]
    assert "No line of ξ" in message["says"]


def test_initial_slopes_are_those_of_the_top_layer_and_none_of_a_mean(gallery, monkeypatch):
    monkeypatch.setattr(initialization, "RADII", (0.5, 1.0))
    monkeypatch.setattr(initialization, "CELL_NETWORKS", 1)
    with pytest.raises(TraceError, match="Gradient enters at 50 time steps"):
        says(gallery, "initial_slopes", LONG.replace(readout="mean"), kind="cells")
    deep = LONG.replace(layers=3, length=20)
    for _ in range(20):
        said = says(gallery, "initial_slopes", deep, kind="cells")
    assert "RNN: at a spectral radius of 1 the norm halves" in said


def test_growth_at_every_radius_is_not_called_fading():
    def words(*slopes):
        frame = pd.DataFrame(
            {"cell": "gru", "value": [0.5, 1.0, 2.0], "slope": slopes, "reference": 0.0}
        )
        return initialization._words_of_cells(frame, "spectral_radius", True)

    assert "fades at none of the radii shown" in words(0.1, 0.2, 0.3)
    assert "fades at all radii shown" in words(-0.1, -0.2, -0.3)
    assert "stops fading at about 1.5" in words(-0.1, -0.2, 0.2)
    assert "fades at 2 of 3 radii shown, in no one stretch" in words(-0.1, 0.2, -0.3)
