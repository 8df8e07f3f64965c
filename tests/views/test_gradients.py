import time

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import torch

from rnnviz.analysis import gradient_norms
from rnnviz.errors import RunError
from rnnviz.looks import draw
from rnnviz.looks.gradient_clipping import of_clipping
from rnnviz.looks.gradient_time import of_units
from rnnviz.networks.model import build, load, save
from rnnviz.recording.probe import inspect
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.checkpoint import Checkpoint
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery
from rnnviz.words.numbers import number, steps

SMALL = Settings(hidden=4, length=8, batch=4, steps=60)
VIEWS = [
    "gradient_time", "gradient_units", "gradient_items", "gradient_bars", "gradient_jacobians",
    "gradient_products", "gradient_connectivity", "gradient_dependence", "gradient_surface",
    "gradient_cut", "gradient_clipping", "gradient_truncation", "gradient_parameters",
    "gradient_updates",
]  # fmt: skip
QUERIES = [
    {},
    {"of": "before", "sample": "2", "state": "cell_state", "which": "input", "loss": "all"},
    {"of": "input", "unit": "1", "loss": "one", "k": "3", "t": "2", "window": "3"},
    {"of": "x", "unit": "99", "sample": "99", "loss": "one", "k": "9999", "t": "9", "window": "0",
     "which": "other", "layer": "rnn.l0"},
]  # fmt: skip


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


@pytest.fixture
def run(gallery):
    """A run with checkpoints at 0, 5, 10, 15, 20 and its metrics rows."""
    name = gallery.store.runs.create(SMALL, "me")
    trainer = Trainer(SMALL)
    gallery.store.queue.record(name, [], trainer.checkpoint())
    for _ in range(4):
        rows = []
        for _ in range(5):
            step = trainer.advance()
            rows.append(
                {
                    "step": step.step, "loss": step.loss, "metric": step.metric,
                    "gradient_norm": step.gradient_norm, "lr": step.lr, "seconds": step.step / 9,
                    "validation_loss": None, "validation_metric": None,
                }
            )  # fmt: skip
        gallery.store.queue.record(name, rows, trainer.checkpoint())
    return name


def shown(gallery, view, run=None, draft=None, step=None, **query):
    choice = Choice.of(query | ({} if step is None else {"step": str(step)}))
    return draw(gallery, view, run, draft, choice)


def lines(message):
    return {line["name"]: line for line in message["figure"]["data"] if line.get("name")}


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "rnn_relu"])
@pytest.mark.parametrize("task", ["adding", "copying", "characters"])
def test_every_look_at_every_cell_and_task_is_a_valid_figure_with_words(gallery, cell, task):
    settings = Settings(cell=cell, task=task, hidden=3, length=6, layers=2)
    for view in VIEWS:
        for query in QUERIES:
            message = shown(gallery, view, draft=settings, **query)
            figure = go.Figure(message["figure"])
            assert figure.data and figure.layout.meta["alt"]
            if view != "gradient_cut":
                assert message["says"].endswith(".")
                assert "nan" not in message["says"].lower()


def test_a_single_unit_and_the_shortest_sequence_have_every_look(gallery):
    for cell in ("lstm", "gru", "rnn", "rnn_relu"):
        for view in VIEWS:
            shown(gallery, view, draft=Settings(cell=cell, hidden=1, length=2))


@pytest.mark.parametrize("view", VIEWS)
def test_every_look_at_a_run_and_back_in_its_training(gallery, run, view):
    for step in (None, 7):
        message = shown(gallery, view, run, step=step)
        assert message["step"] == (20 if step is None else 5)
        assert message["figure"]["data"]


def test_the_curve_is_the_trace_in_float64_and_not_rounded(gallery, run):
    weights = gallery.store.runs.checkpoint(run, 20).weights
    trace = inspect(SMALL, weights, dtype=torch.float64)
    norms = gradient_norms(trace, "rnn.l0", ("hidden_state",))["norm"]
    drawn = lines(shown(gallery, "gradient_time", run))["h<sub>t</sub> hidden state"]["y"]
    np.testing.assert_array_equal(drawn, norms)


def test_a_sample_and_a_unit_are_shown_alone(gallery, run):
    trace = inspect(SMALL, gallery.store.runs.checkpoint(run, 20).weights, dtype=torch.float64)
    gradient = trace.gradient("rnn.l0", "hidden_state")
    drawn = lines(shown(gallery, "gradient_time", run, sample="3", unit="2"))
    found = drawn["h<sub>t</sub> hidden state"]["y"]
    np.testing.assert_allclose(found, np.abs(gradient[:, 3, 2]), rtol=1e-12)
    z = shown(gallery, "gradient_units", run, sample="3")["figure"]["data"][0]["customdata"]
    np.testing.assert_allclose(z, np.abs(gradient[:, 3]).T, rtol=1e-12)


def test_the_sentence_says_the_numbers_of_the_picture(gallery):
    message = shown(gallery, "gradient_time", draft=Settings(cell="rnn"))
    norm = lines(message)["h<sub>t</sub> hidden state"]["y"]
    assert f"{number(norm[0] / norm[-1])} of it is left" in message["says"]
    assert "halves every" in message["says"] and "95 %" in message["says"]
    assert "bound" in message["says"]
    assert "f alone" in shown(gallery, "gradient_time", draft=Settings())["says"]


def test_one_sample_has_no_interval_and_several_say_over_what_it_is(gallery):
    draft = Settings(cell="rnn")
    alone = shown(gallery, "gradient_time", draft=draft, sample="3")["says"]
    assert "halves every" in alone and "no interval" in alone and "95 %" not in alone
    every = shown(gallery, "gradient_time", draft=draft)["says"]
    assert "95 % over 16 samples of this network: " in every and "±" not in every


def test_a_curve_that_is_no_exponential_has_no_half_life(gallery):
    draft = Settings.for_task("copying")  # the LSTM's is a U
    message = shown(gallery, "gradient_time", draft=draft)
    assert "not exponential here; no half-life is given" in message["says"]
    assert "halves" not in message["says"].partition("∂L/∂c")[0]
    assert not any("e<sup>" in (name or "") for name in lines(message))


def scaled(gallery, settings, radius):
    """Return a run whose recurrent matrix is radius times the identity, its state never 0."""
    model = build(settings)
    with torch.no_grad():
        model.rnn.weight_hh_l0.copy_(radius * torch.eye(settings.hidden))
        model.rnn.weight_ih_l0.fill_(1.0 if settings.cell == "rnn_relu" else 0.0)
        for name in ("bias_ih_l0", "bias_hh_l0"):
            getattr(model.rnn, name).zero_()
    name = gallery.store.runs.create(settings, "me")
    gallery.store.queue.record(name, [], Checkpoint(0, save(model), b""))
    return name


@pytest.mark.parametrize(
    ("cell", "radius", "length", "word"),
    [("rnn_relu", 1.5, 200, "doubles"), ("rnn", 0.5, 500, "halves")],
)
def test_explosion_and_underflow_are_drawn_with_their_true_size(
    gallery, cell, radius, length, word
):
    settings = Settings(cell=cell, hidden=4, length=length, batch=2)
    message = shown(gallery, "gradient_time", scaled(gallery, settings, radius))
    y = lines(message)["h<sub>t</sub> hidden state"]["y"]
    assert y[0] / y[-1] == pytest.approx(radius ** (length - 1), rel=1e-6)
    low, high = message["figure"]["layout"]["yaxis"]["range"]
    assert low <= np.log10(y.min()) and np.log10(y.max()) <= high
    assert f"{word} every" in message["says"]
    power = number(radius ** (length - 1))
    assert power in message["says"]


def test_a_gradient_that_is_exactly_zero_is_said_to_be(gallery):
    settings = Settings(cell="rnn_relu", hidden=4, length=20)
    message = shown(gallery, "gradient_time", scaled(gallery, settings, 0.0))
    assert "exactly 0" in message["figure"]["layout"]["annotations"][0]["text"]
    assert np.isnan(lines(message)["h<sub>t</sub> hidden state"]["y"][:-1]).all()
    assert "exactly 0" in message["says"]


def test_the_surface_has_a_row_for_each_checkpoint_and_is_cut_at_the_step(
    gallery, run, monkeypatch
):
    monkeypatch.setattr("rnnviz.views.history.BUDGET", 60.0)  # whole, however busy the machine is
    message = shown(gallery, "gradient_surface", run, step=10)
    picture = message["figure"]["data"][0]
    assert list(picture["y"]) == [0, 5, 10, 15, 20]
    assert message["figure"]["layout"]["shapes"][0]["y0"] == 10
    cut = shown(gallery, "gradient_cut", run, step=10)["figure"]["data"][-1]["y"]
    np.testing.assert_allclose(picture["customdata"][2], cut, rtol=1e-12)


def test_a_long_history_is_measured_a_part_at_a_time(gallery, run, monkeypatch):
    monkeypatch.setattr("rnnviz.views.history.BUDGET", 0.0)
    seen = []
    for _ in range(5):
        message = shown(gallery, "gradient_surface", run)
        seen.append((len(message["figure"]["data"][0]["y"]), message["unfinished"]))
    assert seen == [(1, True), (2, True), (3, True), (4, True), (5, False)]


def test_clipping_shows_what_training_wrote(gallery, run):
    norm = gallery.metrics(run)["gradient_norm"].to_numpy()
    drawn = lines(shown(gallery, "gradient_clipping", run))
    np.testing.assert_allclose(drawn["before clipping"]["y"], norm)
    np.testing.assert_allclose(drawn["after"]["y"], np.minimum(norm, 1.0))
    says = shown(gallery, "gradient_clipping", run)["says"]
    assert ("None of 20" if (norm <= 1).all() else f"{(norm > 1).sum()} of 20") in says


def test_clipping_of_each_value_claims_no_more_than_the_norm_tells(gallery):
    settings = SMALL.replace(clip=0.05, clip_by="value")
    norms = pd.DataFrame({"norm": [0.04, 0.2, 0.05], "clipped": [False, True, False]})
    assert "At 2 of 3 steps" in of_clipping(norms, settings.clip, settings.clip_by)
    (drawn,) = shown(gallery, "gradient_clipping", draft=settings)["figure"]["data"]
    assert drawn["name"] == "before clipping"


def test_updates_are_the_way_between_two_checkpoints(gallery, run):
    kept = (gallery.store.runs.checkpoint(run, step) for step in (15, 20))
    before, after = (load(SMALL, each.weights) for each in kept)
    old, new = (each.rnn.weight_hh_l0.detach()[4:8] for each in (before, after))
    expected = ((new - old).norm() / old.norm() / 5).item()
    drawn = lines(shown(gallery, "gradient_updates", run))["W<sub>h</sub> f"]
    assert drawn["x"][-1] == 20
    assert drawn["y"][-1] == pytest.approx(expected, rel=1e-5)


def test_what_is_too_large_to_be_live_is_refused_in_a_sentence(gallery):
    wide = Settings(hidden=600, length=10, batch=1)
    for view in ("gradient_jacobians", "gradient_updates"):
        with pytest.raises(RunError, match="can be shown"):
            shown(gallery, view, draft=wide)
    for view in ("gradient_items", "gradient_connectivity"):
        with pytest.raises(RunError, match="rnnviz.analysis does it for any size"):
            shown(gallery, view, draft=Settings(hidden=100, length=900, batch=1))


@pytest.mark.parametrize("view", VIEWS)
def test_no_message_blocks_for_long(gallery, view):
    """150 ms is what a message may take; the bar here is wide, as machines are busy.

    The best of three: what else a core does costs processor time, too.
    """
    settings = Settings(task="copying", hidden=64, length=80, batch=4)  # 100 steps
    shown(gallery, view, draft=settings)  # imports, tasks, traces
    took: list[float] = []
    while len(took) < 3 and not (took and took[-1] < 1.0):
        started = time.process_time()
        shown(Gallery(gallery.store), view, draft=settings)
        took.append(time.process_time() - started)
    assert min(took) < 1.0


def test_numbers_in_words():
    assert [number(x) for x in (0.314, 3.17e-7, -0.0231, 12345.0, np.inf, 0.0)] == [
        "0.31", "3.2×10⁻⁷", "−0.023", "1.2×10⁴", "∞", "0",
    ]  # fmt: skip
    assert number(-3e-8) == "−3.0×10⁻⁸"
    assert (steps(1), steps(0.76), steps(148.9)) == ("1 step", "0.76 steps", "149 steps")


def test_the_items_on_screen_are_those_of_the_library(gallery):
    settings = SMALL.replace(task="copying", length=4)
    bars = shown(gallery, "gradient_bars", draft=settings)["figure"]["data"]
    matrix = shown(gallery, "gradient_items", draft=settings)["figure"]["data"][0]["customdata"]
    stacked = pd.concat([pd.Series(bar["y"], index=bar["x"]) for bar in bars]).groupby(level=0)
    np.testing.assert_allclose(stacked.sum(), np.nansum(matrix, axis=0), rtol=1e-12)


@pytest.mark.parametrize("view", ["gradients", "gradient_time"])
def test_gradients_beyond_float32_are_drawn_with_their_true_size(gallery, view):
    """At the rate of the spectral radius: .5^499 is 10^-150, 32 random units fade a bit faster."""
    small = Settings(
        cell="rnn", initialization="spectral", spectral_radius=0.5, length=500, batch=1
    )
    large = small.replace(cell="rnn_relu", spectral_radius=3.0, length=200, hidden=256)
    for settings, low, high in ((small, 1e-180, 1e-140), (large, 1e50, 1e90)):
        figure = draw(gallery, view, None, settings, Choice())["figure"]
        line = next(each for each in figure["data"] if "hidden" in (each.get("name") or ""))
        values = np.asarray(line["y"], float)
        assert np.isfinite(values).all()
        assert low < values[0] / values[-1] < high
        bottom, top = figure["layout"]["yaxis"]["range"]
        assert bottom <= np.log10(values.min())
        assert top >= np.log10(values.max())


@pytest.mark.parametrize(
    "view", ["gradients", "gradient_time", "gradient_units", "gradient_jacobians"]
)
def test_what_grows_beyond_all_numbers_is_said(gallery, view):
    settings = Settings(
        cell="rnn_relu", initialization="spectral", spectral_radius=10.0, length=500, batch=1
    )
    with pytest.raises(RunError, match="beyond the largest number"):
        draw(gallery, view, None, settings, Choice())


@pytest.mark.parametrize(
    "view", ["gradient_jacobians", "gradient_products", "gradient_truncation", "gradient_items"]
)
@pytest.mark.alone
def test_what_would_take_too_long_is_refused_before_it_is_begun(gallery, view):
    """The one thread that draws must be free for others; the largest took three minutes."""
    begun = time.perf_counter()
    with pytest.raises(RunError, match=r"too (many|large)"):
        draw(gallery, view, None, Settings(hidden=256, length=500, batch=1), Choice())
    assert time.perf_counter() - begun < 1


def test_what_was_looked_at_in_part_says_so(gallery, monkeypatch):
    monkeypatch.setattr("rnnviz.looks.gradient_jacobians.SVD_WORK", 1.0)
    draft = SMALL.replace(cell="rnn", length=20)
    message = shown(gallery, "gradient_jacobians", draft=draft)
    assert "singular values are of 4 of 19 steps, spectral radii of all steps" in message["says"]
    assert "holds at these steps" in message["says"] and "every step." not in message["says"]
    assert "4 of 19 steps" in message["figure"]["layout"]["title"]["text"]
    monkeypatch.setattr("rnnviz.looks.gradient_jacobians.SVD_WORK", 5e7)
    whole = shown(gallery, "gradient_jacobians", draft=draft)
    assert "holds at every step" in whole["says"] and " of 19 steps" not in str(whole["figure"])


def test_units_are_told_of_the_steps_that_a_layer_has():
    gradient = np.array([[np.nan, np.nan], [3.0, 1.0]])  # as a decoder's, which begins later
    assert of_units(gradient, "h") == (
        "1 of 2 units carry half of the squared gradient; most goes to unit 0 (90 %)."
    )
    assert of_units(gradient * 1e-200, "h") == of_units(gradient, "h")  # its square is below 1e-324
    assert of_units(gradient * 0, "h") == "No gradient reaches any unit."
