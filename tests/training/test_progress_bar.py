"""compare(), sweep() and train() say on a terminal, and in a notebook, how far they are."""

import io
import sys
import time
from types import ModuleType

import pytest

import rnnviz
from rnnviz.training.progress_bar import NOTEBOOK, Bar

SMALL = rnnviz.Settings(hidden=2, length=4, batch=2, steps=3)


class Terminal(io.StringIO):
    def isatty(self):
        return True


WAYS = {
    "compare": lambda **given: rnnviz.compare(SMALL, ("rnn",), 1, workers=0, **given),
    "sweep": lambda **given: rnnviz.sweep(SMALL, {"length": (4,)}, ("rnn",), 1, workers=0, **given),
    "train": lambda **given: list(rnnviz.train(SMALL, **given)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_terminal_has_a_bar_and_a_file_none(way, monkeypatch):
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        monkeypatch.setattr(sys, "stderr", out)
        WAYS[way](progress=True)
    last = terminal.getvalue().splitlines()[-1]
    assert last.startswith("train 3/3 |") and file.getvalue() == ""
    assert ("loss" if way == "train" else "1 of 1 runs") in last


@pytest.mark.parametrize("way", WAYS)
def test_it_can_be_switched_off(way, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    WAYS[way](progress=False)
    assert terminal.getvalue() == ""


def test_a_loop_of_steps_that_prints_is_left_alone(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    WAYS["train"]()
    assert terminal.getvalue() == ""
    WAYS["compare"]()
    assert "3/3" in terminal.getvalue()


def test_a_notebook_without_widgets_has_a_bar_of_letters(monkeypatch):
    monkeypatch.setitem(sys.modules, NOTEBOOK, ModuleType(NOTEBOOK))
    cell = io.StringIO()
    with Bar("train", 4, out=cell) as bar:
        for done in range(5):
            bar(done)
    assert "train 4/4" in cell.getvalue()


def test_what_was_done_before_does_not_count_as_fast():
    terminal = Terminal()
    with Bar("train", 1000, out=terminal) as bar:
        bar(990)
        time.sleep(0.2)
        bar(991)
    left = terminal.getvalue().splitlines()[-1].rpartition("| ")[2]
    assert left.startswith(("00:01", "00:02", "00:03", "00:04"))
