"""The net under refactoring: nothing stays outside it, and chance has no part in it."""

import json
from functools import cache

import pytest
import torch

from rnnviz.export.formats import FORMATS
from rnnviz.looks import VIEWS
from rnnviz.networks.cells import CELLS
from rnnviz.settings import Settings, choices
from rnnviz.tasks import TASKS
from tests import net
from tests.net_subjects import EVERY_VIEW, SUBJECTS


@pytest.fixture(autouse=True)
def one_thread():
    """For networks this small a second thread only waits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def once():
    """The messages of few subjects, which have all views between them."""
    torch.manual_seed(0)
    return dict(net.messages(EVERY_VIEW))


def test_every_view_is_drawn_of_something():
    shown = {name.split(" · ")[-1] for name, message in once().items() if "refused" not in message}
    assert set(VIEWS) - shown == set(), "name a subject in net_subjects.EVERY_VIEW that has it"


def test_every_cell_and_every_task_is_looked_at():
    drafts = [each.draft for each in SUBJECTS.values() if isinstance(each.draft, Settings)]
    assert {(each.cell, each.layers) for each in drafts} >= {(c, n) for c in CELLS for n in (1, 3)}
    assert {(each.cell, each.norm) for each in drafts} >= {(c, "layer") for c in CELLS}
    assert {each.cell for each in drafts if each.bidirectional} == set(CELLS)
    assert {each.task for each in drafts} == set(TASKS) == set(choices("task"))


def test_two_draws_are_the_same_and_json(tmp_path):
    torch.manual_seed(1)  # whatever was drawn by lot before
    again = dict(net.messages(EVERY_VIEW))
    assert net.report(once(), again, []) == 0
    assert net.report(json.loads(json.dumps(again)), again, []) == 0


def test_every_format_is_exported_and_its_files_are_the_same_again(monkeypatch):
    monkeypatch.setattr(net, "PICTURES", ("loss",))
    first, second = dict(net.files()), dict(net.files())
    assert set(first) == {f"file loss.{ending}" for ending in FORMATS}
    assert not any("refused" in file for file in first.values() if isinstance(file, dict))
    assert net.report(first, second, []) == 0


def test_tables_and_weights_are_the_same_again():
    assert "CREATE TABLE runs" in dict(net.tables())["tables sqlite"]["runs"]
    first = dict(net.weights())
    assert len(first) == len(CELLS) and first == dict(net.weights())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": {"b": [1, 2.5]}}, {"a": {"b": [1, 2.6]}}, "    b.1\n    - 2.5\n    + 2.6"),
        ({"a": {"b": [1]}}, {"a": {"b": [1, 2]}}, "    b\n    - [1]\n    + [1, 2]"),
        ({"a": {"b": 1}}, {}, "    all of it\n    - {'b': 1}\n    + nothing"),
        ({}, {"a": {"b": 1}}, "    all of it\n    - nothing\n    + {'b': 1}"),
        ({"a": {"b": 1}}, {"a": {"b": True}}, "    b\n    - 1\n    + True"),
    ],
)
def test_a_difference_is_told_with_its_place_and_both_values(old, new, said, capsys):
    assert net.report(old, new, []) == 1
    assert capsys.readouterr().out == f"a\n{said}\n1 of 1 differ.\n"
    assert net.report(old, new, ["a · *"]) == 0


def test_numbers_are_kept_to_nine_digits_and_names_of_chance_are_not():
    made = {"x": torch.tensor([1 / 3], dtype=torch.double), "y": float("nan"), "z": "run q1"}
    assert net.plain(made, "q1") == {"x": [0.333333333], "y": "nan", "z": "run it"}
