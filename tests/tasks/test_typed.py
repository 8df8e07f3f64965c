"""Input of the visitor's own: what is typed, and one changed step."""

import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.tasks import TASKS
from rnnviz.tasks.characters import UNKNOWN, split
from rnnviz.tasks.copying import BLANK, DELIMITER


def task(key, length=6):
    return TASKS[key](length)


@pytest.mark.parametrize("key", TASKS)
def test_the_example_is_a_sequence_and_shows_what_goes_in(key):
    probe = task(key).read(TASKS[key].typed_example)
    assert len(probe.labels) == len(probe.targets) == len(probe.captions) == 1
    assert probe.batch.inputs.shape[:2] == (len(probe.labels[0]), 1)
    assert probe.batch.inputs.dtype == task(key).probe().batch.inputs.dtype
    assert probe.batch.targets.dtype == task(key).probe().batch.targets.dtype
    assert not probe.note
    with pytest.raises(TaskError, match=TASKS[key].typed_form[:12]):
        task(key).read("")


def test_numbers_with_marks_are_added():
    probe = task("adding").read("0.3 [0.5], .2\n[1.25] ;-2")
    assert probe.labels == [["0.30", "[0.50]", "0.20", "[1.25]", "-2.00"]]
    torch.testing.assert_close(probe.batch.targets[-1], torch.tensor([[1.75]]))
    assert probe.batch.targets[:-1].isnan().all()
    assert probe.batch.inputs[:, 0, 1].tolist() == [0, 1, 0, 1, 0]
    assert "0.50 + 1.25" in str(probe.captions[0])


@pytest.mark.parametrize(
    "text", ["0,3 0,4", "nan", "[0.5", "1e3", "٣", "0.1 " * 1001, "2000", "[]"]
)
def test_what_is_no_number_is_a_sentence_with_an_example(text):
    with pytest.raises(TaskError, match=r"0\.3 \[0\.5\] 0\.2 \[0\.1\]"):
        task("adding").read(text)


@pytest.mark.parametrize("text", ["3 1 4 1 5", "31415", "CADAE", "c a d a e"])
def test_symbols_are_laid_out_with_blanks_and_delimiter(text):
    probe = task("copying").read(text)
    assert "".join(probe.labels[0]) == "CADAE·····→·····"
    assert "".join(probe.targets[0]) == "···········CADAE"
    ten = TASKS["copying"](6).probe().one(3)
    assert torch.equal(
        task("copying").read("".join(ten.labels[0][:10])).batch.inputs, ten.batch.inputs
    )
    assert torch.equal(
        task("copying").read("".join(ten.labels[0][:10])).batch.targets, ten.batch.targets
    )


@pytest.mark.parametrize("text", ["3 1 9", "X", "·", "A" * 101, "😀", "<script>"])
def test_what_is_no_symbol_is_a_sentence_with_an_example(text):
    with pytest.raises(TaskError, match="3 1 4 1 5"):
        task("copying").read(text)


def test_characters_that_the_book_does_not_have_are_said_and_never_asked_for():
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    probe = task("characters").read(f"caf\u0065\u0301 {family}\r\nשלום<script>")
    assert probe.labels[0][3:7] == ["é", "␣", family, "↵"]
    assert probe.targets[0][2] == "" and probe.targets[0][3] == "␣"
    assert str(probe.note).endswith(f": é {family} ש ל ו ם < >")
    assert probe.batch.inputs.max() == len(task("characters").vocabulary)


def test_signs_that_change_how_text_is_shown_are_not_shown():
    probe = task("characters").read("a\u202eb\x00c\ud800d\u200d" + "e" + "\u0301" * 50 + "f")
    assert probe.labels[0] == ["a", UNKNOWN, "b", UNKNOWN, "c", UNKNOWN, UNKNOWN]
    shown = "".join(probe.labels[0]) + str(probe.captions[0]) + str(probe.note)
    assert not any(sign in shown for sign in "\u202e\x00\ud800")
    assert shown.count("\u0301") == 0
    shown.encode()  # no half of a pair


def test_characters_stay_whole():
    wave = "\U0001f44b\U0001f3fd"
    assert split("e\u0301x\u0302" + wave + "\n\u0301a") == [
        "é",
        "x\u0302",
        wave,
        "\n",
        "\u0301",
        "a",
    ]


@pytest.mark.parametrize(
    "text", ["a", "a" * 1001, "é" * 200_000, "\u0301" * 200_000, "<b>" * 70_000]
)
def test_texts_too_short_or_too_long_are_a_sentence(text):
    with pytest.raises(TaskError, match="at most 1,000") as error:
        task("characters").read(text)
    assert len(str(error.value)) < 200


# -- one changed step -----------------------------------------------------------------------


def test_a_changed_number_changes_the_answer_of_its_sample_alone():
    adding = task("adding")
    probe = adding.probe()
    changed = adding.edit(probe, 4, 2, "[0.75]")
    assert changed.labels[4][2] == "[0.75]" and changed.batch.inputs[2, 4].tolist() == [0.75, 1]
    values, marks = changed.batch.inputs[:, 4].unbind(1)
    torch.testing.assert_close(changed.batch.targets[-1, 4, 0], (values * marks).sum())
    differs = (changed.batch.inputs != probe.batch.inputs).any(2)
    assert differs.nonzero().tolist() == [[2, 4]]
    assert probe.labels[4][2] != "[0.75]"  # the task's own probe is as it was
    assert [a == b for a, b in zip(changed.captions, probe.captions, strict=True)].count(False) == 1


def test_a_changed_symbol_is_what_has_to_be_repeated():
    copying = task("copying")
    probe = copying.read("ABCD")
    assert "".join(copying.edit(probe, 0, 1, "8").targets[0][-4:]) == "AHCD"
    assert "".join(copying.edit(probe, 0, 1, "·").targets[0][-4:]) == "A·CD"
    wait = copying.edit(probe, 0, 5, "B")
    assert wait.labels[0][5] == "B" and wait.targets == probe.targets
    assert copying.edit(probe, 0, 5, "→").batch.inputs[5, 0] == DELIMITER != BLANK


def test_a_changed_character_is_also_the_answer_before_it():
    characters = task("characters")
    probe = characters.read("Alice, a\nb")
    changed = characters.edit(probe, 0, 5, " ")
    assert "".join(changed.labels[0]) == "Alice␣␣a↵" and changed.targets[0][4] == "␣"
    assert torch.equal(changed.batch.inputs, characters.read("Alice  a\nb").batch.inputs)
    assert torch.equal(changed.batch.targets, characters.read("Alice  a\nb").batch.targets)
    unknown = characters.edit(probe, 0, 5, "☃")
    assert unknown.targets[0][4] == "" and unknown.labels[0][5] == "☃"
    assert characters.edit(unknown, 0, 5, ",").targets == probe.targets


@pytest.mark.parametrize("key", TASKS)
@pytest.mark.parametrize(
    ("time", "text"), [(99, "1"), (-1, "1"), (0, "a b"), (0, ""), (0, "0.1 0.2")]
)
def test_a_step_that_cannot_be_changed_is_a_sentence(key, time, text):
    with pytest.raises(TaskError):
        task(key).edit(task(key).probe(), 0, time, text)
