"""The form shows a field where it applies, and keeps its value where it does not."""

import ast
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnviz.networks.model import build, parameter_count
from rnnviz.refusals import applies
from rnnviz.settings import Settings


def script():
    import streamlit as st

    from rnnviz.ui.settings_form import settings_form

    st.text(settings_form(None).to_json())


@pytest.fixture
def form():
    opened = AppTest.from_function(script, default_timeout=30).run()
    assert not opened.exception
    return opened


def fields(form):
    return {control.key for control in (*form.number_input, *form.selectbox, *form.toggle)}


def settings(form):
    return json.loads(form.text[0].value)


def choose(form, name, value):
    form.selectbox(key=name).set_value(value).run()
    assert not form.exception


def test_every_setting_has_a_control_or_keeps_its_default(form):
    hidden = {"spectral_radius", "distance", "residual", "dropout_kind", "tied", "stateful", "data"}
    hidden |= {"attention", "teacher_forcing", "momentum", "embedding"}
    assert set(settings(form)) - fields(form) == hidden


def test_the_spectral_radius_is_shown_where_it_is_used(form):
    assert "spectral_radius" not in fields(form)
    choose(form, "initialization", "spectral")
    form.number_input(key="spectral_radius").set_value(1.5).run()
    assert settings(form)["spectral_radius"] == 1.5
    assert form.query_params["spectral_radius"] in ("1.5", ["1.5"])
    choose(form, "initialization", "orthogonal")
    assert "spectral_radius" not in fields(form)
    choose(form, "initialization", "spectral")
    assert form.number_input(key="spectral_radius").value == 1.5


def test_what_does_not_apply_is_not_drawn_and_keeps_its_number(form):
    choose(form, "optimizer", "sgd")
    form.number_input(key="momentum").set_value(0.5).run()
    choose(form, "optimizer", "adam")
    assert "momentum" not in fields(form) and settings(form)["momentum"] == 0.5
    choose(form, "optimizer", "sgd")
    assert form.number_input(key="momentum").value == 0.5
    for name in set(settings(form)) - {"data"}:
        drawn = name in fields(form)
        assert drawn == applies(name, settings(form)), name


def test_the_length_is_hidden_for_a_task_that_has_its_own(form):
    choose(form, "task", "digits_rows")
    assert "length" not in fields(form) and settings(form)["length"] == 8
    choose(form, "task", "adding")
    assert "length" in fields(form)


def test_the_distance_is_shown_for_tasks_that_have_one(form):
    choose(form, "task", "nback")
    assert form.number_input(key="distance").label == "n, steps back"
    form.number_input(key="distance").set_value(7).run()
    assert settings(form)["distance"] == 7
    choose(form, "task", "parity")
    assert "distance" not in fields(form) and settings(form)["distance"] == 1


def test_attention_is_shown_for_translations(form):
    assert "attention" not in fields(form)
    choose(form, "task", "dates")
    assert {"attention", "teacher_forcing", "batch"} <= fields(form)
    assert not {"length", "truncation"} & fields(form)
    choose(form, "attention", "additive")
    assert settings(form)["attention"] == "additive"
    choose(form, "task", "sorting")
    assert {"attention", "teacher_forcing", "batch", "length"} <= fields(form)


@pytest.mark.parametrize(
    ("name", "value", "back"), [("initialization", "chrono", "torch"), ("cell", "gru", "lstm")]
)
def test_the_forget_bias_is_hidden_where_nothing_reads_it(form, name, value, back):
    form.number_input(key="forget_bias").set_value(2.5).run()
    choose(form, name, value)
    assert "forget_bias" not in fields(form)
    assert settings(form)["forget_bias"] == 2.5
    choose(form, name, back)
    assert form.number_input(key="forget_bias").value == 2.5


def test_what_needs_two_layers_is_shown_with_two(form):
    form.number_input(key="layers").set_value(2)
    form.number_input(key="dropout").set_value(0.2).run()
    form.selectbox(key="dropout_kind").set_value("sequence")
    form.toggle(key="residual").set_value(True).run()
    assert settings(form)["dropout_kind"] == "sequence" and settings(form)["residual"] is True
    assert form.query_params["residual"] in ("1", ["1"])
    form.number_input(key="layers").set_value(1).run()
    assert settings(form)["residual"] is False and "residual" not in form.query_params


def test_what_a_task_has_no_use_for_is_off_with_the_reason(form):
    form.toggle(key="bidirectional").set_value(True).run()
    choose(form, "readout", "mean")
    assert settings(form)["bidirectional"] is True
    choose(form, "task", "words")
    assert not form.error and "readout" not in fields(form)
    switch = form.toggle(key="bidirectional")
    assert switch.disabled and not switch.value
    assert switch.help.startswith("A network that also reads from the end has seen the next")
    assert not {"bidirectional", "readout"} & set(form.query_params)
    form.toggle(key="stateful").set_value(True).run()
    form.toggle(key="tied").set_value(True).run()
    assert "set embedding to 64" in form.error[0].value
    form.number_input(key="embedding").set_value(64).run()
    assert settings(form)["tied"] is settings(form)["stateful"] is True
    choose(form, "task", "adding")
    assert settings(form)["stateful"] is settings(form)["bidirectional"] is False


def test_the_number_of_parameters_follows_the_choices(form):
    def shown():
        return next(each.value for each in form.caption if each.value.endswith("parameters"))

    assert shown() == "4,641 parameters"  # 4 gates: 32 x (2 + 32 + 2), and 32 + 1
    form.number_input(key="hidden").set_value(10).run()
    form.toggle(key="bidirectional").set_value(True).run()
    both = parameter_count(build(Settings(**settings(form))))
    assert shown() == f"{both:,} parameters"


def test_a_link_to_a_field_that_is_not_shown_is_read():
    opened = AppTest.from_function(script, default_timeout=30)
    opened.query_params["forget_bias"] = "4"
    opened.query_params["cell"] = "gru"
    assert settings(opened.run())["forget_bias"] == 4.0
    assert "forget_bias" not in fields(opened)


def test_no_control_of_a_page_has_the_key_of_a_setting():
    """Two controls of one key on a page are an error, and a link could mean either."""
    root = Path(__file__).resolve().parents[2]
    controls = {"segment", "listed", "whole", "number", "all_or_one", "several", "budget", "tab"}
    controls |= {"Segment", "Listed", "Whole"}  # those of looks
    keys = set()
    rooms = ("rnnviz/ui", "rnnviz/views", "rnnviz/looks", "pages")
    for path in [path for room in rooms for path in root.glob(f"{room}/*.py")]:
        if path.stem in ("settings_form", "own_data"):  # both draw the form
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            named = [node.args[0]] if called in controls and node.args else []
            named += [each.value for each in node.keywords if each.arg == "key"]
            keys |= {each.value for each in named if isinstance(each, ast.Constant)}
    assert {"carry", "signal", "look", "beside", "fed", "layer"} <= keys
    assert not keys & set(Settings.model_fields)


def test_an_emptied_field_is_the_tasks_default_and_not_its_lowest_value(form):
    choose(form, "task", "copying")
    for name in ("hidden", "lr"):
        form.number_input(key=name).set_value(None).run()
        assert not form.exception
        assert settings(form)[name] == getattr(Settings.for_task("copying"), name)
    assert form.number_input(key="hidden").value == 64
