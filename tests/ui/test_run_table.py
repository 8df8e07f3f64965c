"""What the table of runs finds, how it orders, and what it says of settings."""

import pytest

from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.store.run_list import Entry
from rnnviz.ui.run_table import differs, ordered, searched


def entry(id, best=None, step=0, name="", tags=(), note="", **settings):
    run = Run(id, "ada", name, Settings(**settings), "paused", "", step, 0.1, 0, 0, 0, None, None,
              tags, note)  # fmt: skip
    return Entry(run, best, best, ())


ENTRIES = [
    entry("a", 50.0, 10, "Zeta", ("slow",), cell="gru"),
    entry("b", None, 30, task="copying", hidden=7),
    entry("c", 90.0, 20, "alpha", ("Slow", "talk"), "look at 50 % & <b>"),
]


def ids(entries):
    return [each.run.id for each in entries]


@pytest.mark.parametrize(
    ("text", "tag", "found"),
    [
        ("", "", "abc"), ("SLOW", "", "ac"), ("slow alpha", "", "c"), ("gru", "", "a"),
        ("hidden 7", "", "b"), ("<b>", "", "c"), ("", "slow", "a"), ("nothing", "", ""),
    ],
)  # fmt: skip
def test_all_words_must_be_found(text, tag, found):
    assert ids(searched(ENTRIES, text, tag)) == list(found)


@pytest.mark.parametrize(
    ("by", "order"), [("newest", "abc"), ("best", "cab"), ("name", "cab"), ("steps", "bca")]
)
def test_orders(by, order):
    assert ids(ordered(ENTRIES, by)) == list(order)


def test_settings_that_are_the_tasks_own_are_left_out():
    own = Settings.for_task("characters", cell="gru")
    assert differs(own) == ""
    assert differs(own.replace(seed=3, forget_bias=None)) == "Forget bias torch, Seed 3"
    assert differs(own.replace(stateful=True)) == "Carry the state on"
