import numpy as np
import pytest

from rnnviz.cache import Cache
from rnnviz.errors import RnnvizError, RunError
from rnnviz.looks import VIEWS, draw
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery

TRAINING = ("loss", "status", "gates", "gradients")
SMALL = Settings(hidden=4, length=8, batch=4, steps=60)


@pytest.fixture
def store(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def run(store):
    """A run with checkpoints at 0, 30 and 60 and all its metrics rows."""
    name = store.runs.create(SMALL, "me")
    trainer = Trainer(SMALL)
    store.queue.record(name, [], trainer.checkpoint())
    for _ in range(2):
        rows = []
        for _ in range(30):
            step = trainer.advance()
            rows.append(
                {
                    "step": step.step, "loss": step.loss, "metric": step.metric,
                    "gradient_norm": step.gradient_norm, "lr": step.lr,
                    "validation_loss": step.validation_loss,
                    "validation_metric": step.validation_metric, "seconds": 0.01 * step.step,
                }
            )  # fmt: skip
        store.queue.record(name, rows, trainer.checkpoint())
    return name


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_draws_a_draft_and_a_run_or_says_what_it_wants(store, run, view):
    gallery = Gallery(store)
    for run_id, draft in ((None, SMALL), (run, None), (None, SMALL.replace(task="characters"))):
        try:
            message = draw(gallery, view, run_id, draft, Choice())
        except RnnvizError as error:
            assert view not in TRAINING
            assert str(error).rstrip().endswith((".", "?"))
            continue
        assert message["view"] == view and len(message) > 2
        if "figure" in message:
            assert message["figure"]["layout"]["meta"]["alt"]
            assert message["figure"]["layout"]["title"]["text"]


@pytest.mark.parametrize("view", TRAINING)
def test_the_views_of_the_train_page_always_draw(store, run, view):
    gallery = Gallery(store)
    for run_id, draft in ((None, SMALL), (run, None)):
        message = draw(gallery, view, run_id, draft, Choice())
        assert ("status" in message) == (view == "status")
        assert view == "status" or message["figure"]["data"]


def test_without_a_step_the_newest_checkpoint_is_shown_and_with_one_the_nearest_before(store, run):
    gallery = Gallery(store)
    assert draw(gallery, "gates", run, None, Choice())["step"] == 60
    assert draw(gallery, "gates", run, None, Choice(step=45))["step"] == 30
    assert draw(gallery, "gates", run, None, Choice(step=0))["step"] == 0


def test_a_run_before_its_first_step_is_the_draft_of_its_settings(store, run):
    gallery = Gallery(store)
    at_zero = draw(gallery, "gates", run, None, Choice(step=0))["figure"]["data"][0]["z"]
    draft = draw(gallery, "gates", None, SMALL, Choice())["figure"]["data"][0]["z"]
    np.testing.assert_array_equal(at_zero, draft)
    later = draw(gallery, "gates", run, None, Choice())["figure"]["data"][0]["z"]
    assert np.abs(later - draft).max() > 1e-3


def test_the_heatmap_shows_the_numbers_of_the_trace(store, run):
    gallery = Gallery(store)
    choice = Choice.of({"signal": "cell_state", "sample": "2"})
    shown = draw(gallery, "gates", run, None, choice)["figure"]["data"][0]["z"]
    trace = gallery.trace(run, SMALL, 60, "last")
    np.testing.assert_array_equal(shown.T, trace.value("rnn.l0", "cell_state")[:, 2])


def test_views_of_one_step_share_one_recording(store, run, monkeypatch):
    calls = []
    from rnnviz.views import gallery as views

    look = views.look
    monkeypatch.setattr(views, "look", lambda *a, **k: calls.append(1) or look(*a, **k))
    gallery = Gallery(store)
    draw(gallery, "gates", run, None, Choice())
    draw(gallery, "gradients", run, None, Choice())
    draw(gallery, "gates", run, None, Choice.of({"signal": "candidate"}))
    assert len(calls) == 1


def test_new_metrics_are_appended_and_nothing_is_read_twice(store, run):
    gallery = Gallery(store)
    assert len(gallery.metrics(run)) == 60
    store.queue.record(run, [dict.fromkeys(("loss", "metric", "gradient_norm", "lr"), 0.5)
                       | {"step": 61, "seconds": 1.0, "validation_loss": None,
                          "validation_metric": None}])  # fmt: skip
    frame = gallery.metrics(run)
    assert list(frame["step"]) == list(range(1, 62))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"step": "-1", "sample": "9" * 40, "layer": "<script>", "signal": "nonsense"},
        {"step": "NaN", "sample": "١", "loss": "x", "theme": "x"},
        {"sample": "99", "layer": "rnn.l7"},
    ],
)
def test_choices_without_meaning_fall_back(store, run, query):
    choice = Choice.of(query)
    for view in VIEWS:
        try:
            draw(Gallery(store), view, run, None, choice)
        except RnnvizError:
            assert view not in TRAINING


def test_the_loss_of_all_answers_gives_another_gradient_than_that_of_the_last(store):
    settings = SMALL.replace(task="copying")
    gallery = Gallery(store)
    last, every = (
        draw(gallery, "gradients", None, settings, Choice.of({"loss": loss}))["figure"]["data"][-1][
            "y"
        ]
        for loss in ("last", "all")
    )
    assert not np.allclose(last, every, equal_nan=True)


def test_what_is_too_large_is_refused_and_what_is_large_shows_fewer_samples(store):
    gallery = Gallery(store)
    with pytest.raises(RunError, match="too much to look into"):
        draw(
            gallery, "gates", None, Settings(length=1000, hidden=1024, layers=4, batch=1), Choice()
        )
    probe = gallery.probe(Settings(length=1000, hidden=256, batch=1))
    assert len(probe.labels) == 2**21 // (1000 * 256) == probe.batch.inputs.shape[1]


def test_unknown_things_are_named(store):
    gallery = Gallery(store)
    with pytest.raises(RunError, match="take loss, "):
        draw(gallery, "nonsense", None, SMALL, Choice())
    with pytest.raises(RunError, match="no run"):
        draw(gallery, "loss", "nobody", None, Choice())
    with pytest.raises(RunError, match="Name a run"):
        draw(gallery, "loss", None, None, Choice())


def test_traces_are_kept_up_to_a_size(store, monkeypatch):
    monkeypatch.setattr("rnnviz.views.gallery.MOST_BYTES", 1)
    gallery = Gallery(store)
    for seed in range(3):
        draw(gallery, "gates", None, SMALL.replace(seed=seed), Choice())
    assert len(gallery._looks) == 1


def test_the_views_of_one_moment_share_one_look_at_the_store(store, run, monkeypatch):
    gallery = Gallery(store)
    looks = []
    get = store.runs.get
    monkeypatch.setattr(store.runs, "get", lambda name: looks.append(name) or get(name))
    with gallery.moment():
        for view in TRAINING:
            draw(gallery, view, run, None, Choice())
    assert looks == [run]
    draw(gallery, "status", run, None, Choice())
    assert len(looks) == 2


def test_a_cache_drops_what_was_used_least_and_keeps_the_newest():
    cache = Cache(10, weigh=len)
    for key in ("aaaa", "bbbb"):
        cache.get(key, lambda key=key: key)
    cache.get("aaaa", lambda: pytest.fail("made again"))
    cache.get("cccc", lambda: "cccc")
    assert cache.find("bbbb") is None and cache.find("aaaa") == "aaaa"
    cache.put("huge", "x" * 99)
    assert len(cache) == 1 and cache.find("huge")
    cache.put("huge", "x")
    cache.put("small", "y")
    assert len(cache) == 2
