"""Views of a trace that somebody brought: those that need only it, and the sentence of the rest."""

import contextlib

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnviz
from rnnviz.errors import RnnvizError, RunError
from rnnviz.export.script import script
from rnnviz.export.shown import source_of
from rnnviz.files.feed import look_into, number_feed, random_feed, text_feed, token_feed
from rnnviz.looks import VIEWS, draw
from rnnviz.recording.packed_trace import accept_trace, pack_trace
from rnnviz.recording.rebuild import network_of
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import MOST_KEPT, PREFIX
from rnnviz.views import Choice, Gallery

OF_A_TRACE = """signals unit_lines distribution saturation memory weights anatomy gradients gates
 gradient_time gradient_units gradient_items gradient_bars gradient_jacobians gradient_products
 """.split()
MODULES = {
    "lstm": lambda: nn.LSTM(3, 4),
    "gru both": lambda: nn.GRU(3, 4, 2, bidirectional=True),
    "rnn": lambda: nn.RNN(3, 4),
    "rnn relu": lambda: nn.RNN(3, 4, nonlinearity="relu"),
    "cell": lambda: nn.LSTMCell(3, 4),
}


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


def made(kind, labels=None, **options):
    torch.manual_seed(3)
    holder = nn.ModuleDict({"encoder": MODULES[kind]()})
    feed = random_feed(3, 9, 2, 0)
    return look_into(holder, "encoder", feed, **options)


def kept(gallery, trace, name="mine", owner="me"):
    return PREFIX + gallery.store.traces.keep(pack_trace(trace), owner, name)


def shown(gallery, view, name, **query):
    return draw(gallery, view, name, None, Choice.of(query))


@pytest.mark.parametrize("kind", MODULES)
def test_what_needs_only_the_trace_is_drawn(gallery, kind):
    name = kept(gallery, made(kind))
    for view in OF_A_TRACE:
        if view in ("gradient_items", "gradient_bars") and kind == "gru both":
            continue  # said in a sentence: see below
        message = shown(gallery, view, name)
        if view == "anatomy":
            assert message["anatomy"]["steps"] == 9
            continue
        figure = go.Figure(message["figure"])
        assert figure.data and figure.layout.meta["alt"]


def test_every_other_view_says_in_a_sentence_what_it_would_need(gallery):
    name = kept(gallery, made("lstm"))
    of_nothing = ("initial_slopes", "run_losses")  # they look at no network's recording
    for view, kind in VIEWS.items():
        if view in (*OF_A_TRACE, *of_nothing) or kind.of_study:
            continue
        with pytest.raises(RunError) as refused:
            shown(gallery, view, name)
        assert str(refused.value).endswith(".") and len(str(refused.value)) > 40, view


def test_the_picture_holds_the_numbers_of_the_trace(gallery):
    trace = made("gru both")
    name = kept(gallery, trace)
    query = {"layer": "encoder.l1_reverse", "sample": "1", "form": "one", "signal": "update_gate"}
    figure = shown(gallery, "signals", name, **query)["figure"]
    found = trace.value("encoder.l1_reverse", "update_gate")[:, 1]
    np.testing.assert_array_equal(figure["data"][0]["z"].T, found)
    assert "encoder.l1_reverse" in str(figure["layout"]) and "mine" in str(figure["layout"])


def test_a_trace_without_weights_or_gradients_says_so(gallery):
    model = nn.LSTM(3, 4)
    with rnnviz.record(model, gradients=False, weights=False) as trace:
        model(torch.randn(5, 1, 3))
    name = kept(gallery, trace)
    with pytest.raises(RnnvizError, match="holds no weights"):
        shown(gallery, "anatomy", name)
    with pytest.raises(RnnvizError, match="values only"):
        shown(gallery, "gradient_time", name)
    assert shown(gallery, "signals", name)["figure"]["data"]


def test_padded_sequences_are_drawn(gallery):
    model = nn.GRU(3, 4, 2, bidirectional=True)
    with rnnviz.record(model) as trace:
        packed = pack_padded_sequence(torch.randn(7, 3, 3), [7, 4, 2])
        model(packed)[0].data.square().sum().backward()
    name = kept(gallery, trace)
    for view in ("signals", "distribution", "saturation", "memory", "gradient_time"):
        for layer in trace.layers:
            assert shown(gallery, view, name, layer=layer, sample="2")["figure"]["data"]


def test_names_and_labels_are_text(gallery):
    labels = ["<b>x</b>"] + list("abcdefgh")
    feed = random_feed(3, 9, 1, 0)
    holder = nn.ModuleDict({"encoder": nn.LSTM(3, 4)})
    trace = look_into(holder, "encoder", type(feed)(feed.x, [labels]))
    name = kept(gallery, trace, name="<img src=x onerror=alert(1)>")
    for view in ("signals", "gradient_time", "unit_lines"):
        text = str(shown(gallery, view, name, sample="0")["figure"]["layout"]["title"])
        assert "<img" not in text
    assert "<b>x" not in str(shown(gallery, "signals", name)["figure"]["layout"])
    text = shown(gallery, "units_text", name, units="2,0")["text"]
    assert text["symbols"] == labels and [row["unit"] for row in text["rows"]] == [2, 0]


def test_the_weights_of_a_trace_give_the_module_again():
    for kind in MODULES:
        trace = made(kind)
        feed = random_feed(3, 9, 2, 0)
        again = look_into(network_of(trace), "encoder", feed)
        assert again.layers == trace.layers
        for layer in trace.layers:
            for signal in trace.signals(layer):
                np.testing.assert_array_equal(
                    again.gradient(layer, signal), trace.gradient(layer, signal)
                )


def test_losses_are_what_they_say():
    every = made("gru both", loss="all")
    np.testing.assert_allclose(
        every.gradient("encoder.l1", "hidden_state")[-1],
        2 * every.value("encoder.l1", "hidden_state")[-1],
        rtol=1e-5,
    )
    one = made("lstm", loss="unit", unit=2)
    last = one.gradient("encoder.l0", "hidden_state")[-1]
    np.testing.assert_array_equal(last, np.eye(4, dtype=np.float32)[[2, 2]])
    with pytest.raises(RnnvizError, match="no unit 4"):
        made("lstm", loss="unit", unit=4)


def test_what_is_fed():
    assert text_feed("aba", 3, 0).x[0].equal(text_feed("aba", 3, 0).x[2])
    assert text_feed("the cat the", 3, 1, words=True).labels == [["the", "cat", "the"]]
    table = torch.arange(200.0).view(100, 2)
    assert text_feed("a", 2, 0, embedding=table).x[0, 0].tolist() == [194, 195]
    assert token_feed("3, 1", table).x[:, 0].tolist() == [[6, 7], [2, 3]]
    assert number_feed("1,2\n\n3;4.5", 2).x[:, 0].tolist() == [[1, 2], [3, 4.5]]
    for wrong, sentence in [
        (lambda: number_feed("1,2,3", 2), "Row 1 has 3 numbers: this network takes 2"),
        (lambda: number_feed("1,x", 2), "no number"),
        (lambda: number_feed("1,inf", 2), "not finite"),
        (lambda: number_feed("", 2), "rows of 2 numbers"),
        (lambda: token_feed("3 100", table), "rows 0 to 99"),
        (lambda: token_feed("3 -1", table), "no whole number"),
        (lambda: text_feed("é", 2, 0, embedding=table), "character 233"),
        (lambda: text_feed("", 2, 0), "no text yet"),
        (lambda: text_feed("a" * 1001, 2, 0), "1,001 characters are too many"),
        (lambda: look_into(nn.LSTM(2, 512), "", random_feed(2, 600, 1, 0)), "up to 512"),
    ]:
        with pytest.raises(RnnvizError, match=sentence):
            wrong()


# -- the store -------------------------------------------------------------------------------


def test_a_trace_is_its_owners_and_the_oldest_goes(gallery):
    store, file = gallery.store, pack_trace(made("rnn"))
    ids = [store.traces.keep(file, "me", f"number {place}") for place in range(MOST_KEPT + 2)]
    theirs = store.traces.keep(file, "other", "theirs")
    assert [each.id for each in store.traces.list("me")] == ids[:1:-1]
    with pytest.raises(RunError, match="no trace"):
        store.traces.get(ids[0])
    with pytest.raises(RunError, match="somebody else"):
        store.traces.forget(theirs, "me")
    store.traces.forget(theirs, "other")
    assert not store.traces.list("other")
    with pytest.raises(RunError, match="cookie"):
        store.traces.keep(file, "", "nobody's")


def test_a_large_batch_is_cut_and_a_long_trace_refused():
    model = nn.RNN(2, 3)
    with rnnviz.record(model) as trace:
        model(torch.randn(40, 3000, 2))[0].sum().backward()
    read = rnnviz.Trace.load(_written(pack_trace(trace)))
    assert read.value("l0", "input").shape[1] == 2**14 // 40
    with rnnviz.record(model, gradients=False) as trace, torch.no_grad():
        model(torch.randn(4097, 1, 2))
    with pytest.raises(RnnvizError, match="4,097 time steps"):
        pack_trace(trace)
    assert accept_trace(pack_trace(made("rnn")), "x.npz")


def _written(data: bytes):
    import tempfile
    from pathlib import Path

    path = Path(tempfile.mkdtemp()) / "t.npz"
    path.write_bytes(data)
    return path


# -- exports ---------------------------------------------------------------------------------


def test_a_picture_of_a_trace_is_drawn_again_by_its_script(gallery, tmp_path):
    trace = made("gru both")
    name = kept(gallery, trace)
    choice = Choice.of({"layer": "encoder.l1", "form": "one", "signal": "reset_gate"})
    source = source_of(gallery.store, "signals", name, None, choice, 0, "http://here/?trace=x")
    assert "Trace: mine" in "\n".join(source.lines())
    code = script(source)
    trace.save(tmp_path / "trace.npz")
    found: dict[str, object] = {}
    with contextlib.chdir(tmp_path):
        exec(compile(code, "script", "exec"), found)
    expected = draw(gallery, "signals", name, None, choice)["figure"]["data"][0]["z"]
    np.testing.assert_array_equal(found["figure"].data[0].z, expected)
    assert (tmp_path / "signals.html").stat().st_size > 1000
