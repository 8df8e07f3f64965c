import numpy as np
import pytest

from rnnviz.errors import ClampError, RunError, TaskError
from rnnviz.looks import draw
from rnnviz.recording.clamp_text import Clamp
from rnnviz.recording.probe import inspect, look
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import TASKS
from rnnviz.views import Choice, Gallery
from rnnviz.views.scene import scene_of

SMALL = Settings(hidden=4, length=12, batch=4)
COPYING = SMALL.replace(task="copying", cell="gru", length=4)
WRITING = SMALL.replace(task="characters", cell="rnn", layers=2)
VIEWS = ("whatif_gradient", "whatif_states", "whatif_output")
KEEP = "rnn.l0.forget_gate=1"


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


def show(gallery, view, settings=SMALL, **asked):
    return draw(gallery, view, None, settings, Choice.of(asked))


def lines(message):
    return {trace.get("name", ""): trace for trace in message["figure"]["data"]}


# -- the scene ------------------------------------------------------------------------------


def test_a_scene_sees_the_changed_run_and_the_plain_one(gallery):
    scene = scene_of(
        gallery, None, SMALL, Choice.of({"clamp": KEEP, "edit": "3:[0.5]", "sample": "2"})
    )
    assert scene.changed and scene.clamps == (Clamp("rnn.l0", "forget_gate", value=1),)
    assert (scene.trace.value("rnn.l0", "forget_gate") == 1).all()
    assert scene.trace.labels[2][3] == "[0.50]" != scene.plain.labels[2][3]
    expected = inspect(SMALL)
    for signal in expected.signals("rnn.l0"):
        plain = scene.plain.value("rnn.l0", signal)
        np.testing.assert_array_equal(plain, expected.value("rnn.l0", signal))
    assert scene.look is scene.look and scene.plain_look is not scene.look


def test_what_is_typed_goes_into_both_runs(gallery):
    text = "0.3 [0.5] 0.2 [0.1]"
    scene = scene_of(gallery, None, SMALL, Choice.of({"input": text, "sample": "7"}))
    assert not scene.changed and scene.sample == 0 and scene.trace is scene.plain
    assert scene.trace.labels == [["0.30", "[0.50]", "0.20", "[0.10]"]]
    expected = look(SMALL, probe=TASKS["adding"](12).read(text))
    np.testing.assert_array_equal(scene.look.outputs, expected.outputs)
    other = scene_of(gallery, None, SMALL, Choice.of({"input": "[1] [1]"}))
    assert other.trace.labels == [["[1.00]", "[1.00]"]]


def test_looks_with_other_changes_are_kept_apart(gallery):
    asked = [
        {}, {"clamp": KEEP}, {"clamp": "rnn.l0.forget_gate=0.5"}, {"edit": "0:0.5"},
        {"edit": "0:0.5", "sample": "1"}, {"input": "[1] [1]"}, {"input": "[1] [1]", "edit": "0:1"},
        {"clamp": KEEP, "loss": "all"},
    ]  # fmt: skip
    seen = [scene_of(gallery, None, SMALL, Choice.of(each)).look for each in asked]
    assert len({id(each) for each in seen}) == len(asked)


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        ({"clamp": "nonsense"}, ClampError, "write it like"),
        ({"clamp": "rnn.l7.forget_gate=1"}, ClampError, "layers are rnn.l0"),
        ({"clamp": "rnn.l0.update_gate=1"}, ClampError, "no signal 'update_gate'"),
        ({"clamp": "rnn.l0.forget_gate=1@times:50"}, ClampError, "never came"),
        ({"edit": "3"}, TaskError, "give a time step and what goes in"),
        ({"edit": "99:0.5"}, TaskError, "no step 99"),
        ({"edit": "-1:0.5"}, TaskError, "give a time step"),
        ({"edit": "1:<b>"}, TaskError, "is no number"),
        ({"input": "hello"}, TaskError, r"like 0\.3 \[0\.5\]"),
        ({"input": "0.1 " * 5000}, TaskError, "type fewer"),
    ],
)
def test_a_change_without_meaning_is_a_sentence(gallery, asked, error, sentence):
    for view in (*VIEWS, "gates", "gradients"):
        with pytest.raises(error, match=sentence):
            show(gallery, view, **asked)


def test_what_is_typed_is_not_too_large_to_be_looked_into(gallery):
    large = Settings(task="characters", hidden=1024, layers=8, length=10, batch=1)
    with pytest.raises(RunError, match="too much to look into"):
        show(gallery, "whatif_output", large, input="a" * 1000)
    tiny = Settings(task="characters", cell="rnn", hidden=1, length=2)
    for view in VIEWS:
        show(gallery, view, tiny, input="ab", clamp="rnn.l0.hidden_state*2", edit="0:c")


@pytest.mark.parametrize("settings", [SMALL, COPYING, WRITING], ids=lambda each: each.task)
def test_without_a_change_the_plain_run_is_drawn_and_a_hint(gallery, settings):
    for view in VIEWS:
        message = show(gallery, view, settings)
        assert message["says"].startswith("Nothing is changed yet")
        assert "changed" not in "".join(lines(message)).replace("unchanged", "")
        assert message["figure"]["layout"]["meta"]["alt"]


# -- gradients ------------------------------------------------------------------------------


def test_the_gradient_lines_are_those_of_both_recordings(gallery):
    drawn = lines(show(gallery, "whatif_gradient", clamp=KEEP))
    assert set(drawn) == {
        f"{s}<sub>t</sub> {run}" for s in "hc" for run in ("changed", "unchanged")
    }
    for name, clamps in (
        ("changed", (Clamp("rnn.l0", "forget_gate", value=1),)),
        ("unchanged", ()),
    ):
        gradient = inspect(SMALL, clamps=clamps).gradient("rnn.l0", "cell_state")
        norm = np.median(np.linalg.norm(gradient, axis=2), axis=1)
        np.testing.assert_allclose(drawn[f"c<sub>t</sub> {name}"]["y"], norm, rtol=1e-5)


def test_the_words_give_the_share_that_the_path_keeps(gallery):
    forget = inspect(SMALL).value("rnn.l0", "forget_gate").astype(float)
    share = f"{100 * forget[1:].prod(0).mean():.3g} %"
    says = show(gallery, "whatif_gradient", clamp=KEEP)["says"]
    assert says.startswith(f"With f = 1, the c-path keeps 100 % of its gradient over 11 steps, "
                           f"unchanged it keeps {share}.")  # fmt: skip
    cut = show(gallery, "whatif_gradient", clamp="rnn.l0.forget_gate=0@times:4-6")["says"]
    assert cut.startswith("With f = 0 (t = 4–6), the c-path is cut: it keeps nothing")
    state = show(gallery, "whatif_gradient", COPYING, clamp="rnn.l0.update_gate=1")["says"]
    assert "the h-path keeps 100 %" in state
    plain = show(gallery, "whatif_gradient", WRITING, clamp="rnn.l1.hidden_state*0.5")["says"]
    assert "h × 0.5 (layer 2)" in plain and "path" not in plain


# -- states ---------------------------------------------------------------------------------


def test_nothing_differs_before_a_changed_step_and_all_does_after(gallery):
    message = show(gallery, "whatif_states", edit="5:[0.9]", sample="3")
    for trace in message["figure"]["data"]:
        assert np.isnan(trace["y"][:5]).all() and trace["y"][5] > 0
    assert "nothing differs before t = 5" in message["says"]
    assert "[0.90] instead of" in message["says"]


def test_one_signal_is_drawn_unit_by_unit(gallery):
    message = show(
        gallery, "whatif_states", clamp=KEEP, differ="one", signal="cell_state", sample="1"
    )
    (heatmap,) = message["figure"]["data"]
    clamps = (Clamp("rnn.l0", "forget_gate", value=1),)
    now, before = (inspect(SMALL, clamps=c).value("rnn.l0", "cell_state") for c in (clamps, ()))
    np.testing.assert_allclose(heatmap["z"], (now - before)[:, 1].T, atol=1e-6)
    assert heatmap["zmax"] == -heatmap["zmin"] >= np.abs(heatmap["z"]).max()


def test_a_layer_below_the_change_does_not_differ(gallery):
    message = show(gallery, "whatif_states", WRITING, clamp="rnn.l1.hidden_state=0")
    assert "nothing of RNN layer 1 differs" in message["says"]
    assert np.isnan(message["figure"]["data"][0]["y"]).all()


# -- answers --------------------------------------------------------------------------------


def test_answers_and_losses_are_those_of_the_network(gallery):
    message = show(gallery, "whatif_output", clamp="rnn.l0.output_gate=0", sample="2")
    drawn = lines(message)
    plain, changed = (
        look(SMALL, clamps=c) for c in ((), (Clamp("rnn.l0", "output_gate", value=0),))
    )
    np.testing.assert_allclose(drawn["unchanged"]["y"], plain.outputs[:, 2, 0], atol=1e-6)
    np.testing.assert_allclose(drawn["changed"]["y"], changed.outputs[:, 2, 0], atol=1e-6)
    assert np.ptp(drawn["changed"]["y"]) < 1e-6  # the read-out's bias alone
    assert drawn["right"]["y"][0] == pytest.approx(float(plain.probe.batch.targets[-1, 2, 0]))
    loss = f"the loss of this sample is {changed.losses[-1, 2]:.3g}"
    assert loss in message["says"] and f"unchanged {plain.losses[-1, 2]:.3g}. " in message["says"]


def test_a_changed_step_has_a_right_answer_of_its_own(gallery):
    message = show(gallery, "whatif_output", edit="5:[0.9]")
    drawn = lines(message)
    assert drawn["right, changed"]["y"][0] != drawn["right, unchanged"]["y"][0]


def test_classes_are_drawn_as_the_probability_of_the_right_one(gallery):
    message = show(gallery, "whatif_output", COPYING, clamp="rnn.l0.candidate=mean", loss="all")
    plain = look(COPYING)
    np.testing.assert_allclose(
        lines(message)["unchanged"]["y"], np.exp(-plain.losses[:, 0]), rtol=1e-4
    )
    right = int((plain.outputs[:, 0].argmax(1) == plain.probe.batch.targets[:, 0].numpy()).sum())
    assert message["says"].endswith(f"of 24 answers are right, unchanged {right}.")
    assert f"unchanged {plain.losses[:, 0].mean():.3g}" in message["says"]


def test_hostile_text_is_drawn_as_text(gallery):
    for view in VIEWS:
        message = show(gallery, view, WRITING, input="<script>alert(1)</script>é😀", edit="0:<")
        assert "<script" not in str(message["figure"])
        assert "< instead of <" in message["says"]
