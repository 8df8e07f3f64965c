"""What has no meaning is refused with the reason, and everything else is allowed."""

import pytest

from rnnviz.errors import SettingsError
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS
from rnnviz.tasks.series import Forecast


@pytest.mark.parametrize("task", TASKS)
def test_two_directions_are_refused_where_what_comes_later_tells_the_answer(task):
    kind = TASKS[task]
    if kind.foretells or kind.translates or issubclass(kind, Forecast):
        assert kind.only_forwards
        with pytest.raises(SettingsError, match=r"^bidirectional = True: .* set bidirectional to"):
            Settings(task=task, bidirectional=True)
        return
    assert Settings(task=task, bidirectional=True).directions == 2


@pytest.mark.parametrize("task", TASKS)
def test_a_read_out_of_all_steps_is_for_one_answer_at_the_end(task):
    kind = TASKS[task]
    built = kind(12)
    for drawn in (built.batch(8, 1), built.validation(), built.probe().batch):
        asked = built.asked(drawn.targets)
        lengths = drawn.lengths
        last = asked.shape[0] - 1 if lengths is None else lengths - 1
        at_the_end = bool((asked.sum(0) == 1).all() and asked[last, range(asked.shape[1])].all())
        assert at_the_end == kind.one_answer
    for readout in ("last", "mean"):
        if kind.one_answer:
            assert Settings(task=task, readout=readout).readout == readout
        else:
            with pytest.raises(SettingsError, match=f"^readout = {readout}: .*to every"):
                Settings(task=task, readout=readout)


def test_pieces_of_a_sequence_cannot_be_read_from_the_end():
    with pytest.raises(SettingsError, match="^truncation = 5: .*bidirectional to False"):
        Settings(bidirectional=True, truncation=5)


def test_two_directions_count_as_twice_the_units():
    assert Settings(hidden=8, layers=3, bidirectional=True).units == 48
    Settings(length=1000, batch=128, hidden=128)
    with pytest.raises(SettingsError, match="x 2 directions = 32,768,000"):
        Settings(length=1000, batch=128, hidden=128, bidirectional=True)


def test_a_decoder_that_reads_its_own_answers_has_no_mask_for_the_sequence():
    values = {"task": "reversal", "layers": 2, "dropout": 0.2, "dropout_kind": "sequence"}
    assert Settings(**values).teacher_forcing == 1
    with pytest.raises(SettingsError, match="^dropout_kind = sequence: .* teacher_forcing to 1"):
        Settings(**values, teacher_forcing=0.5)
    Settings(**{**values, "dropout": 0.0}, teacher_forcing=0.5)  # nothing is dropped


def test_a_switch_is_true_or_false():
    with pytest.raises(SettingsError, match="^bidirectional = 1: must be True or False"):
        Settings(bidirectional=1)
