"""The form shows a field where it applies, and keeps its value where it does not."""

import json

import pytest
from streamlit.testing.v1 import AppTest


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
    return {control.key for control in (*form.number_input, *form.selectbox)}


def settings(form):
    return json.loads(form.text[0].value)


def choose(form, name, value):
    form.selectbox(key=name).set_value(value).run()
    assert not form.exception


def test_every_setting_has_a_control_or_keeps_its_default(form):
    assert set(settings(form)) - fields(form) == {"spectral_radius", "distance"}


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


def test_a_link_to_a_field_that_is_not_shown_is_read():
    opened = AppTest.from_function(script, default_timeout=30)
    opened.query_params["forget_bias"] = "4"
    opened.query_params["cell"] = "gru"
    assert settings(opened.run())["forget_bias"] == 4.0
    assert "forget_bias" not in fields(opened)
