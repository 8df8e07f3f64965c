"""A setting says where it applies, once; the form, refusals, networks and analyses read that."""

import json

import pytest
import torch

from rnnviz.__main__ import main
from rnnviz.analysis import cell_slopes
from rnnviz.errors import TraceError
from rnnviz.fields import condition, does, when
from rnnviz.fields.when import TASKS as FACTS
from rnnviz.networks.model import build
from rnnviz.refusals import applies, needed
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS

CASES = [
    ("forget_bias", {"cell": "lstm"}, True),
    ("forget_bias", {"cell": "gru"}, False),
    ("forget_bias", {"cell": "lstm", "initialization": "chrono"}, False),
    ("spectral_radius", {"initialization": "spectral"}, True),
    ("spectral_radius", {"initialization": "orthogonal"}, False),
    ("momentum", {"optimizer": "sgd"}, True),
    ("momentum", {"optimizer": "rmsprop"}, False),
    ("residual", {"layers": 2}, True),
    ("residual", {}, False),
    ("dropout_kind", {"dropout": 0.1}, True),
    ("dropout_kind", {}, False),
    ("clip_by", {"clip": 0.0}, False),
    ("tied", {"task": "words"}, True),
    ("tied", {"task": "names"}, False),
    ("readout", {"task": "adding"}, True),
    ("readout", {"task": "words"}, False),
    ("attention", {"task": "dates"}, True),
    ("truncation", {"task": "dates"}, False),
    ("stateful", {"task": "characters"}, True),
    ("distance", {"task": "nback"}, True),
    ("length", {"task": "digits_rows"}, False),
    ("hidden", {}, True),
]


@pytest.mark.parametrize(("name", "changes", "expected"), CASES)
def test_where_a_setting_applies(name, changes, expected):
    assert applies(name, Settings(**changes)) is expected


ROUNDS = [
    # a setting that does not apply, and two values of it, which give the same network
    ("spectral_radius", {"initialization": "orthogonal"}, (0.5, 1.5)),
    ("forget_bias", {"cell": "lstm", "initialization": "chrono"}, (-1.0, 3.0)),
    ("forget_bias", {"cell": "gru"}, (-1.0, 3.0)),
    ("forget_bias", {"cell": "lstm"}, (-1.0, 3.0)),
    ("spectral_radius", {"initialization": "spectral"}, (0.5, 1.5)),
]


@pytest.mark.parametrize(("name", "changes", "values"), ROUNDS)
def test_a_network_is_another_only_where_a_setting_applies(name, changes, values):
    settings = Settings(hidden=4, length=5, **changes)
    one, two = (build(settings.replace(**{name: value})).state_dict() for value in values)
    same = all(torch.equal(one[key], two[key]) for key in one)
    assert same is not applies(name, settings)


def test_it_is_said_in_a_sentence_of_names_and_values():
    said = {name: str(condition(field) or "") for name, field in Settings.model_fields.items()}
    assert said["forget_bias"] == "Only where cell = lstm, initialization ≠ chrono."
    assert said["residual"] == "Only where layers > 1."
    assert said["readout"] == "Only where the task asks once, at the end."
    assert said["hidden"] == ""


def test_conditions_name_settings_and_attributes_of_tasks():
    for field in Settings.model_fields.values():
        found = condition(field)
        assert found is None or set(found.tests) <= set(Settings.model_fields)
    assert all(hasattr(kind, fact) for kind in TASKS.values() for fact in FACTS)
    assert when(task=does("tokens")).holds({}, lambda: TASKS["words"])


def test_what_has_to_change_for_a_setting_to_apply():
    assert needed("spectral_radius", Settings()) == {"initialization": "spectral"}
    assert needed("forget_bias", Settings(initialization="chrono")) == {"initialization": "torch"}
    assert needed("forget_bias", Settings(cell="gru")) == {"cell": "lstm"}
    assert needed("forget_bias", Settings()) == needed("lr", Settings()) == {}
    with pytest.raises(TraceError, match="means nothing for gru"):
        cell_slopes(Settings(cell="gru"), "forget_bias", [1.0])


def test_the_command_lists_every_setting(capsys):
    assert main(["settings", "--json"]) == 0
    told = {each["setting"]: each for each in json.loads(capsys.readouterr().out)}
    assert list(told) == list(Settings.model_fields)
    assert told["momentum"]["applies"] == "Only where optimizer = sgd."
    assert told["hidden"]["allowed"] == "a whole number between 1 and 1024"
    assert told["cell"]["standard"] == "lstm" and all(each["meaning"] for each in told.values())
    assert main(["settings"]) == 0
    assert "forget_bias = 1.0\n    Initial bias" in capsys.readouterr().out
