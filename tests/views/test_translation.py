"""The views of the Translation page, and encoder and decoder on the other pages."""

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz.errors import RnnvizError
from rnnviz.looks import draw
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery
from rnnviz.views.scene import scene_of

SMALL = Settings.for_task("sorting", hidden=4, length=5, seed=3)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('views') / 'runs.db'}")
    yield Gallery(store)
    store.close()


def drawn(gallery, view, settings=SMALL, **asked):
    message = draw(gallery, f"translation_{view}", None, settings, Choice.of(asked))
    go.Figure(message["figure"])
    assert message["says"].endswith(".")
    return message["figure"], message["says"]


def test_attention_is_drawn_target_by_source_with_its_symbols(gallery):
    figure, _ = drawn(gallery, "attention", input="CAB", fed="true")
    (heatmap,) = figure["data"]
    assert heatmap["type"] == "heatmap" and heatmap["z"].shape == (4, 3)
    np.testing.assert_allclose(heatmap["z"].sum(1), 1, rtol=1e-6)
    assert figure["layout"]["xaxis"]["ticktext"] == list("CAB")
    assert figure["layout"]["yaxis"]["ticktext"] == list("ABC■")
    assert (heatmap["zmin"], heatmap["zmax"]) == (0, 1)
    assert figure["layout"]["yaxis"]["range"][0] > figure["layout"]["yaxis"]["range"][1]


def test_its_own_symbols_are_marked_where_they_are_wrong(gallery):
    figure, says = drawn(gallery, "attention", input="CAB")
    rows = figure["layout"]["yaxis"]["ticktext"]
    wrong = [row for row in rows if "≠" in row]
    assert wrong and "≠" in says  # an untrained network sorts nothing
    lines, said = drawn(gallery, "written", input="CAB")
    assert said.startswith("0 of 1 ") and lines["layout"]["shapes"]


def test_what_is_written_stands_beside_what_is_right(gallery):
    figure, says = drawn(gallery, "written")
    (heatmap,) = figure["data"]
    assert heatmap["z"].shape[0] == 16 and says.startswith("0 of 16 ")
    shown = heatmap["z"][np.isfinite(heatmap["z"])]
    assert ((shown > 0) & (shown <= 1)).all()
    names = figure["layout"]["yaxis"]["ticktext"]
    notes = [
        each["text"] for each in figure["layout"]["annotations"] if each.get("xref") == "paper"
    ]
    for name, note in zip(names, notes, strict=True):
        assert note.rpartition("> ")[2] == "".join(sorted(name))


@pytest.mark.parametrize("beam", [1, 7])
def test_beam_search_lists_candidates_by_probability(gallery, beam):
    figure, says = drawn(gallery, "beam", beam=str(beam))
    assert len(figure["layout"]["yaxis"]["ticktext"]) == beam
    logs = [
        float(each["text"].rpartition("= ")[2].replace("−", "-"))
        for each in figure["layout"]["annotations"]
        if each.get("xref") == "paper"
    ]
    assert len(logs) == beam and logs == sorted(logs, reverse=True) and max(logs) < 0
    assert says.startswith("The first has a probability of ")


def test_the_two_ways_are_drawn_over_source_and_target(gallery):
    figure, _ = drawn(gallery, "ways", input="CAB", symbol="2")
    names = [line["name"] for line in figure["data"] if line["showlegend"]]
    assert names == ["whole", "by attention", "by the decoder's first state"]
    of_encoder = [line for line in figure["data"] if line["showlegend"]]
    assert all(list(line["x"]) == [0, 1, 2] for line in of_encoder)
    assert "loss of “C”" in figure["layout"]["title"]["text"]
    without = SMALL.replace(attention="none")
    figure, _ = drawn(gallery, "ways", without, input="CAB")
    by_attention = next(line for line in figure["data"] if line["name"] == "by attention")
    assert np.isnan(by_attention["y"]).all()


def test_a_held_gate_changes_what_is_written(gallery):
    plain, _ = drawn(gallery, "written")
    held, _ = drawn(gallery, "written", clamp="encoder.l0.output_gate=0;decoder.l0.input_gate*3")
    assert not np.array_equal(plain["data"][0]["z"], held["data"][0]["z"], equal_nan=True)
    again, _ = drawn(gallery, "written")
    np.testing.assert_array_equal(plain["data"][0]["z"], again["data"][0]["z"])


def test_what_has_no_meaning_is_refused_with_a_sentence(gallery):
    for view, settings, why in (
        ("translation_attention", SMALL.replace(attention="none"), "has no attention"),
        ("translation_written", Settings(), "Only a translation has a source"),
        ("translation_written", SMALL.replace(length=200), "150 symbols is too long"),
        ("gradient_connectivity", SMALL, "two ways, attention and state"),
        ("gradient_truncation", SMALL, "trained as a whole"),
    ):
        with pytest.raises(RnnvizError, match=why):
            draw(gallery, view, None, settings, Choice())
    enters = "By attention, gradient enters the encoder at every step"
    for view in ("gradient_time", "gradient_products"):
        for layer, attention in (("encoder", "dot"), ("encoder", "none"), ("decoder", "dot")):
            asked = Choice.of({"layer": f"{layer}.l0"})
            message = draw(gallery, view, None, SMALL.replace(attention=attention), asked)
            assert (enters in message["says"]) == (layer == "encoder" and attention == "dot")
            assert "not a number" not in message["says"]
    with pytest.raises(RnnvizError, match="No answer is asked of the encoder"):
        draw(gallery, "gradient_items", None, SMALL, Choice.of({"layer": "encoder.l0"}))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_decoder_is_taken_apart_from_the_state_that_it_begins_with(gallery, cell):
    """The anatomy's own equations give what was recorded, at its first step too."""
    made = SMALL.replace(cell=cell)
    asked = Choice.of({"layer": "decoder.l0", "input": "CAB", "unit": "1"})
    shown = draw(gallery, "anatomy", None, made, asked)["anatomy"]
    assert shown["steps"] == 4 and shown["labels"] == list("→ABC")
    look = scene_of(gallery, None, made, asked).trace
    from rnnviz.analysis import anatomy, preactivations
    from rnnviz.networks.model import build

    model = build(made)
    table = anatomy(look, "decoder.l0", model.state_dict(), unit=1).iloc[3:]
    for signal in look.signals("decoder.l0")[1:]:
        np.testing.assert_allclose(table[f"{signal}.computed"], table[signal], atol=1e-6)
    inner = preactivations(look, "decoder.l0", model)
    gate = look.signals("decoder.l0")[1]
    a = inner.value("decoder.l0", gate)[3:]
    given = look.value("decoder.l0", gate)[3:]
    found = np.tanh(a) if cell == "rnn" else 1 / (1 + np.exp(-a))
    np.testing.assert_allclose(found, given, atol=1e-6)


def test_pictures_over_time_show_the_steps_at_which_a_layer_runs(gallery):
    for layer, ends in (("encoder.l0", [-0.5, 2.5]), ("decoder.l0", [2.5, 6.5])):
        asked = Choice.of({"layer": layer, "input": "CAB"})
        for view in ("gates", "gradients", "signals", "whatif_states"):
            axis = draw(gallery, view, None, SMALL, asked)["figure"]["layout"]["xaxis"]
            assert axis["range"] == ends, view
