import base64
import json
import re

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.analysis import anatomy
from rnnviz.errors import RunError
from rnnviz.looks import draw
from rnnviz.looks.anatomy import contrast, palette
from rnnviz.networks.cells import CELLS
from rnnviz.networks.recurrent import RECURRENT
from rnnviz.recording.record import record
from rnnviz.resources import asset
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery
from rnnviz.views.equations import GRADIENT, VALUES, notes, typeset
from rnnviz.views.scene import scene_of

SMALL = Settings(hidden=4, length=8, batch=4, steps=60)
WORDS = {"·": "*", "−": "-", "²": "**2", "= ": ""}
FUNCTIONS = {"σ": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh, "max": max}


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


def shown(gallery, settings=SMALL, run=None, **query):
    return draw(gallery, "anatomy", run, settings, Choice.of(query))["anatomy"]


def columns(message, packed="unit_series"):
    numbers = np.frombuffer(base64.b64decode(message[packed]), "<f4")
    return dict(zip(message["columns"], numbers.reshape(-1, message["steps"]), strict=True))


def value(side, frame, t, digits=None):
    """What a right-hand side is, worked out from its numbers; all of them, or as printed."""
    text = ""
    for piece in side:
        if "number" in piece:
            number = float(frame[piece["number"]][t])
            text += f"{piece['op']} ({number if digits is None else round(number, digits)!r})"
        else:
            text += piece.get("text", "")
    for word, python in WORDS.items():
        text = text.replace(word, python)
    return eval(text, {"__builtins__": {}}, FUNCTIONS)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("gradient", [False, True])
def test_every_right_hand_side_is_its_left_hand_side(cell, seed, gradient):
    torch.manual_seed(seed)
    module = RECURRENT[cell](3, 6, dtype=torch.float64)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    with record(module) as trace:
        output, _ = module(torch.randn(5, 2, 3, dtype=torch.float64))
        output.square().sum().backward()
    frame = anatomy(trace, "l0", module.state_dict(), unit=seed, sample=1)
    for equation in typeset(cell, {}, gradient=gradient):
        signal = equation["signal"]
        for t in range(5):
            results = [value(side, frame, t) for side in equation["numbers"]]
            np.testing.assert_allclose(results, frame[signal][t], rtol=1e-9, atol=1e-12)
            if signal in trace.signals("l0"):
                assert results[-1] == trace.value("l0", signal)[t, 1, seed]
            name = signal.removeprefix("gradient.")
            if gradient and name in trace.signals("l0"):
                assert results[-1] == trace.gradient("l0", name)[t, 1, seed]
            if not gradient:  # with three decimals each, no further off than these can make it
                printed = [value(side, frame, t, 3) for side in equation["numbers"]]
                np.testing.assert_allclose(printed, frame[signal][t], atol=0.012)


def test_every_cell_has_equations_and_a_drawing_of_its_columns(gallery):
    assert set(VALUES) == set(GRADIENT) == set(CELLS)
    for cell in CELLS:
        message = shown(gallery, SMALL.replace(cell=cell))
        svg = asset(f"cells/{message['drawing']}.svg").read_text("utf-8")
        assert "<script" not in svg
        asked = set(re.findall(r'data-value="([^"]+)"', svg))
        asked |= {f"gradient.{name}" for name in re.findall(r'data-gradient="([^"]+)"', svg)}
        assert asked and asked <= set(message["columns"])
        assert set(re.findall(r'data-hue="([^"]+)"', svg)) <= set(message["palette"])
        assert set(re.findall(r'data-word="([^"]+)"', svg)) <= set(message["words"])


def test_the_message_holds_the_trace(gallery):
    message = shown(gallery, sample="2", unit="3")
    trace = scene_of(gallery, None, SMALL, Choice()).trace
    frame = columns(message)
    for signal in trace.signals("rnn.l0")[1:]:
        np.testing.assert_array_equal(frame[signal], trace.value("rnn.l0", signal)[:, 2, 3])
        np.testing.assert_array_equal(
            frame[f"gradient.{signal}"], trace.gradient("rnn.l0", signal)[:, 2, 3]
        )
    assert message["labels"] == trace.labels[2]
    assert message["shown_series"] is None
    json.dumps(message)


def test_the_mean_over_units_stands_beside_one_unit(gallery):
    message = shown(gallery, of="mean", unit="1")
    trace = scene_of(gallery, None, SMALL, Choice()).trace
    mean = trace.value("rnn.l0", "forget_gate")[:, 0].mean(1)
    np.testing.assert_allclose(columns(message, "shown_series")["forget_gate"], mean, rtol=1e-6)
    one = trace.value("rnn.l0", "forget_gate")[:, 0, 1]
    np.testing.assert_array_equal(columns(message)["forget_gate"], one)
    assert "mean over 4 units" in message["where"]


def test_a_run_shows_the_weights_of_its_checkpoint(gallery):
    run = gallery.store.runs.create(SMALL, "me")
    trainer = Trainer(SMALL)
    gallery.store.queue.record(run, [], trainer.checkpoint())
    before = columns(shown(gallery, None, run))
    for _ in range(20):
        trainer.advance()
    gallery.store.queue.record(run, [], trainer.checkpoint())
    after = columns(shown(gallery, None, run))
    for frame in (before, after):
        np.testing.assert_array_equal(frame["forget_gate.computed"], frame["forget_gate"])
    assert np.abs(after["forget_gate.sum"] - before["forget_gate.sum"]).max() > 1e-3


@pytest.mark.parametrize(
    "sizes",
    [
        {"hidden": 256, "length": 500, "layers": 4, "batch": 1},
        {"hidden": 1, "length": 2},
        {"hidden": 8, "length": 20, "task": "copying", "cell": "gru"},
        {"hidden": 8, "length": 20, "task": "characters", "cell": "rnn_relu"},
    ],
    ids=str,
)
def test_all_sizes(gallery, sizes):
    message = shown(gallery, Settings(**sizes), of="mean", layer="rnn.l3", unit="9999")
    assert len(message["labels"]) == message["steps"]
    assert len(json.dumps(message)) < 2**20
    assert all(np.isfinite(reach) and reach >= 1 for reach in message["reach"].values())


def test_what_is_too_large_is_refused_in_a_sentence(gallery):
    with pytest.raises(RunError, match="too much to look into"):
        shown(gallery, Settings(length=1000, hidden=1024, layers=4, batch=1))


def test_letters_in_the_colour_of_a_signal_can_be_read():
    for theme in ("light", "dark"):
        colours = palette(theme)
        texts = [name for name in colours if name.endswith("-text")]
        assert len(texts) == 9
        for name in texts:
            assert contrast(colours[name], colours["paper"]) >= 4.5
            assert contrast(colours[name], colours["panel"]) >= 4.5


def test_the_heading_says_that_something_is_changed(gallery):
    plain = draw(gallery, "anatomy", None, SMALL, Choice())["anatomy"]["where"]
    held = Choice.of({"clamp": "rnn.l0.forget_gate=1"})
    changed = draw(gallery, "anatomy", None, SMALL, held)["anatomy"]["where"]
    assert changed == f"{plain}, with your change"


def test_what_the_gradient_mode_is_called_is_sent_too(gallery):
    title = shown(gallery, SMALL.replace(cell="gru"))["title"]
    assert title == {"values": "Inside a GRU cell", "gradient": "The gradient through a GRU cell"}
    assert shown(gallery)["title"]["gradient"] == "The gradient through an LSTM cell"


def written(pieces):
    return "".join(piece.get("text") or f"{piece['letter']}{piece['below']}" for piece in pieces)


def test_a_layer_that_reads_from_the_end_has_its_steps_turned(gallery):
    there = shown(gallery, SMALL.replace(bidirectional=True), layer="rnn.l0_reverse")
    assert there["backwards"] and there["before"] == "t+1"
    (said,) = map(written, there["notes"]["gradient"])
    assert "step t−1 is 0 at the first step" in said
    here = shown(gallery)
    assert here["before"] == "t−1"
    assert "step t+1 is 0 at the last step" in written(here["notes"]["gradient"][0])


def test_letters_in_a_note_are_set_as_letters():
    reset, _ = notes("gru", gradient=False)
    assert {"letter": "b", "below": "hn", "hue": ""} in reset
    (delta,) = notes("lstm", gradient=True)
    letters = [(piece["letter"], piece["below"]) for piece in delta if "letter" in piece]
    assert letters == [("δv", ""), ("δ", "out")]
