import json
import re

import numpy as np
import pytest

from rnnviz.errors import SettingsError
from rnnviz.networks.cells import CELLS
from rnnviz.refusals import MOST_ACTIVATIONS
from rnnviz.settings import Settings, bounds, choices
from rnnviz.tasks import TASKS

NUMBERS = ("hidden", "layers", "embedding", "length", "batch", "steps", "truncation", "seed")
FLOATS = ("lr", "momentum", "clip", "dropout", "spectral_radius", "forget_bias")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"hidden": -3}, "hidden = -3: must be between 1 and 1024."),
        ({"hidden": "8"}, "hidden = '8': must be a whole number between 1 and 1024."),
        ({"hidden": 2.5}, "hidden = 2.5: must be a whole number between 1 and 1024."),
        ({"layers": True}, "layers = True: must be a whole number between 1 and 8."),
        ({"lr": float("nan")}, "lr = nan: must be between 1e-06 and 10."),
        ({"lr": float("inf")}, "lr = inf: must be between 1e-06 and 10."),
        ({"clip": None}, "clip = None: must be between 0 and 1000."),
        ({"forget_bias": 11}, "forget_bias = 11: must be between -10 and 10, or None."),
        ({"cell": "lsmt"}, "cell = 'lsmt': must be one of rnn, rnn_relu, lstm, gru."),
        ({"task": 3}, f"task = 3: must be one of {', '.join(TASKS)}."),
        ({"hiden": 3}, "There is no setting called 'hiden': did you mean hidden?"),
    ],
)
def test_error_names_field_value_and_range(values, sentence):
    with pytest.raises(SettingsError) as caught:
        Settings(**values)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("name", NUMBERS + FLOATS)
def test_bounds_are_those_that_are_enforced(name):
    low, high = bounds(name)
    small = {"length": 2, "batch": 1, "hidden": 1}
    for allowed in (low, high):
        assert getattr(Settings(**{**small, name: allowed}), name) == allowed
    for refused in (low - 1, high + 1):
        with pytest.raises(SettingsError, match=f"^{name} = "):
            Settings(**{**small, name: refused})


def test_huge_number_gives_a_short_sentence():
    with pytest.raises(SettingsError) as caught:
        Settings(hidden=10**400)
    assert len(str(caught.value)) < 120


def test_what_would_not_fit_into_memory_is_refused():
    Settings(length=1000, batch=128, hidden=128)
    with pytest.raises(SettingsError, match="524,288,000: must be at most 16,777,216"):
        Settings(length=1000, batch=512, hidden=1024)
    assert MOST_ACTIVATIONS == 16_777_216


def test_choices_are_the_registries():
    assert choices("cell") == tuple(CELLS)
    assert choices("task") == tuple(TASKS)


def test_every_field_explains_itself():
    for name, field in Settings.model_fields.items():
        assert field.title and field.description.endswith("."), name


def test_json_round_trip_is_exact():
    settings = Settings(cell="gru", lr=0.1 + 0.2, forget_bias=None, seed=2**32 - 1)
    assert Settings.from_json(settings.to_json()) == settings
    assert list(json.loads(settings.to_json())) == list(Settings.model_fields)


@pytest.mark.parametrize("text", ["", "[1]", "{", "3", '{"lr": NaN}', '{"hidden": 1e400}'])
def test_bad_json_is_a_sentence(text):
    with pytest.raises(SettingsError):
        Settings.from_json(text)


def test_numbers_of_numpy_are_numbers():
    settings = Settings(hidden=np.int64(8), lr=np.float64(0.01), clip=1)
    assert settings == Settings(hidden=8, lr=0.01, clip=1.0)
    assert type(settings.hidden) is int and type(settings.clip) is float


def test_replace_validates_again():
    assert Settings().replace(hidden=7).hidden == 7
    with pytest.raises(SettingsError, match="hidden = 0"):
        Settings().replace(hidden=0)


def test_settings_are_a_key():
    assert len({Settings(), Settings(), Settings(seed=1)}) == 2


@pytest.mark.parametrize("task", list(TASKS))
def test_for_task_takes_the_tasks_defaults_and_changes(task):
    settings = Settings.for_task(task, hidden=5)
    assert settings == Settings(**{"task": task, **TASKS[task].defaults, "hidden": 5})


@pytest.mark.parametrize("task", choices("task"))
def test_what_is_not_given_is_what_the_task_is_learned_well_with(task):
    assert (
        Settings(task=task)
        == Settings.for_task(task)
        == Settings.from_json(f'{{"task": "{task}"}}')
    )
    assert Settings(task=task, hidden=7, lr=0.2) == Settings(task=task).replace(hidden=7, lr=0.2)


def test_a_record_of_an_older_version_is_the_run_that_it_was():
    kept = Settings(task="own_labels", patience=0).model_dump()
    assert Settings(task="own_labels").patience == 4
    del kept["patience"]  # a version that did not know of it trained to the last step
    for record in (kept, json.dumps(kept)):
        assert Settings.recorded(record).patience == 0


def test_for_task_refuses_an_unknown_task():
    with pytest.raises(SettingsError, match="task = 'nope'"):
        Settings.for_task("nope")


@pytest.mark.parametrize(
    "field",
    ["momentum", "forget_bias", "embedding", "dropout", "spectral_radius", "truncation"],
)
def test_a_field_that_does_not_apply_is_no_error(field):
    assert Settings(cell="gru", **{field: bounds(field)[1]})


def test_a_refused_size_names_sizes_that_work():
    big = {"length": 1000, "batch": 512, "hidden": 1024, "layers": 8}
    with pytest.raises(SettingsError) as refused:
        Settings(**big)
    named = dict(re.findall(r"(length|batch|hidden|layers) to ([\d,]+)", str(refused.value)))
    assert named
    for name, most in named.items():
        number = int(most.replace(",", ""))
        Settings(**{**big, name: number})
        with pytest.raises(SettingsError):
            Settings(**{**big, name: number + 1})
