"""What is said: in English as it is written, in the pseudo-language marked; now or later."""

import json
import threading

import numpy as np
import pytest

from rnnviz.errors import RunError, StoreError
from rnnviz.words import N_, Many, Words, language, listed, speaking, t, tn


def test_english_is_the_message_with_its_values():
    assert t("Layer {layer} of {layers}", layer=1, layers=2) == "Layer 1 of 2"
    assert t("{count:,} numbers, {name!r}", count=1000, name="a") == "1,000 numbers, 'a'"
    assert tn("{count} unit", "{count} units", 1) == "1 unit"
    assert tn("{count} unit of {all}", "{count} units of {all}", 2, all=3) == "2 units of 3"
    assert t("") == ""
    assert N_("Gates") == "Gates"


def test_braces_are_a_brace_where_there_are_no_values():
    assert t('only {"step": null}') == 'only {"step": null}'


def test_the_pseudo_language_marks_every_message_and_makes_it_longer():
    with speaking("qps"):
        said = t("Which of the {count} layers is drawn", count=3)
        assert said.startswith("⟦Which of the 3 layers is drawn") and said.endswith("⟧")
        assert len(said) > 4 / 3 * len("Which of the 3 layers is drawn")
        assert tn("{count} unit", "{count} units", 2).startswith("⟦2 units")
        assert t("") == ""
    assert t("Gates") == "Gates"


@pytest.mark.parametrize("code", ["", "xx", "../etc", "EN", "q" * 5000])
def test_an_unknown_language_is_english(code):
    with speaking(code):
        assert language() == "en" and t("Gates") == "Gates"


def test_an_error_is_said_in_the_language_of_whoever_reads_it():
    error = RunError(Words("{name} is not finished.", name=Words("run {n}", n=7)))
    assert str(error) == "run 7 is not finished."
    with speaking("qps"):
        assert str(error).startswith("⟦⟦run 7 ~~~~⟧ is not finished.")


def test_a_thread_speaks_for_itself():
    heard = []
    with speaking("qps"):
        thread = threading.Thread(target=lambda: heard.append(language()))
        thread.start()
        thread.join()
    assert heard == ["en"]


def test_words_are_kept_as_message_and_values():
    words = Many(
        "{count} unit of {where}", "{count} units of {where}", 2,
        where=Words("layer {layer}", layer=1),
    )  # fmt: skip
    again = Words.from_json(words.to_json())
    assert again == words and str(again) == "2 units of layer 1"
    with speaking("qps"):
        assert "⟦layer 1 ~~~~⟧" in str(again)


@pytest.mark.parametrize("text", ["", "stopped by hand", "[1, 2]", '{"a": 1}', "{", "5", "null"])
def test_any_other_text_is_a_message_without_values(text):
    assert str(Words.from_json(text)) == text


def test_words_without_a_message_are_nothing():
    assert not Words("") and Words("a") and str(StoreError(Words(""))) == ""


def test_the_marks_are_those_of_the_scripts():
    said = {}
    for message in ("Gates", "Stop", "Animate over training"):
        with speaking("qps"):
            said[message] = t(message)
    assert said == {
        "Gates": "⟦Gates ~~~~⟧",
        "Stop": "⟦Stop ~⟧",
        "Animate over training": "⟦Animate over training ~~~~ ~~~~⟧",
    }


@pytest.mark.parametrize(
    "message",
    [
        "{x.__class__}", "{x[0]}", "{x:999999999}", "{x:{y}}", "{x!a}", "{0}", "{}", "{z}", "{x",
        "{w.__init__.__globals__}", "{x:,d}",
    ],
)  # fmt: skip
def test_a_message_of_somebody_else_reaches_into_nothing(message):
    values = {"x": "a", "y": 5, "w": {"message": "b"}}
    text = json.dumps({"message": message, "values": values})
    assert str(Words.from_json(text)) == text


@pytest.mark.parametrize(
    "record",
    [
        {"message": 5}, {"message": "a", "values": [1]}, {"message": "a", "many": 5},
        {"message": "a", "values": {"x": {"y": 1}}}, {"message": "a", "many": "b", "count": "c"},
        {"message": "a", "values": {"x": {"message": []}}},
    ],
)  # fmt: skip
def test_a_record_that_is_none_of_ours_is_text(record):
    text = json.dumps(record)
    assert str(Words.from_json(text)) == text


def test_words_within_words_are_not_said_without_end():
    record = {"message": "a"}
    for _ in range(60):
        record = {"message": "{x}{x}", "values": {"x": record}}
    text = json.dumps(record)
    assert len(text) < 4000 and str(Words.from_json(text)) == text
    deep = '{"message": "{x}", "values": {"x": ' * 100_000
    assert str(Words.from_json(deep)) == deep


def test_words_one_after_the_other():
    units = listed((Words("unit {n}", n=n) for n in (1, 2)), "; ", more=True)
    assert str(units) == "unit 1; unit 2 …" == str(Words.from_json(units.to_json()))
    assert str(listed([])) == ""


def test_numbers_of_numpy_are_kept_as_numbers():
    words = Words("{count:,} of {share:.2f}", count=np.int64(1000), share=np.float32(0.5))
    assert str(Words.from_json(words.to_json())) == "1,000 of 0.50"
