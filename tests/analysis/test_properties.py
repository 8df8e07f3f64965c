import time

import numpy as np
import pytest

from rnnviz.analysis import PROPERTIES, property_values
from rnnviz.analysis.expressions import inside_matches
from rnnviz.errors import TraceError


def of(name, text, **more):
    found = property_values(name, steps=len(text), samples=1, symbols=[list(text)], **more)
    return found[:, 0]


def marks(name, text, **more):
    return "".join("^" if each == 1 else "." for each in of(name, text, **more))


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("a `b c' d", "..^^^^..."),  # as plain-text books have it
        ("`don't' I", "^^^^^^..."),  # an apostrophe does not close
        ("it's a", "......"),
        ('a "b" c', "..^^..."),
        ("“ab” c", "^^^..."),
    ],
)
def test_inside_quotes(text, inside):
    assert marks("quotes", text) == inside


def test_inside_brackets_and_nested_ones():
    assert marks("brackets", "a(b[c]d)e)f") == ".^^^^^^...."


def test_letters_and_lags():
    assert marks("vowel", "Abe é") == "^.^.^"
    assert marks("space", "a \n") == ".^^"
    assert marks("capital", "aBc") == ".^."
    lagged = of("symbol", "abcab", symbol="a", ago=2)
    assert np.isnan(lagged[:2]).all() and lagged[2:].tolist() == [1, 0, 0]


def test_positions():
    assert of("line", "ab\ncd").tolist() == [0, 1, 0, 1, 2]
    assert of("word", "ab cd").tolist() == [0, 1, 0, 1, 2]
    assert property_values("time", steps=3, samples=2).tolist() == [[0, 0], [1, 1], [2, 2]]


def test_answers_are_unknown_where_nothing_is_asked():
    found = property_values("answer", steps=3, samples=1, answers=[["", "A", "B"]], symbol="A")
    np.testing.assert_array_equal(found[:, 0], [np.nan, 1, 0])


def test_numbers_and_their_sums():
    inputs = np.arange(6.0).reshape(3, 1, 2)
    asked = {"steps": 3, "samples": 1, "inputs": inputs, "targets": inputs}
    assert property_values("value", feature=1, **asked)[:, 0].tolist() == [1, 3, 5]
    assert property_values("total", **asked)[:, 0].tolist() == [0, 2, 6]
    assert property_values("target", **asked)[:, 0].tolist() == [0, 2, 4]


def test_a_property_needs_its_kind_of_sequence():
    with pytest.raises(TraceError, match="choose another"):
        property_values("quotes", steps=3, samples=1, inputs=np.zeros((3, 1, 1)))
    with pytest.raises(TraceError, match="no property"):
        property_values("nonsense", steps=3, samples=1)
    assert all(kind.title for kind in PROPERTIES.values())


def test_a_regular_expression_marks_its_matches():
    assert marks("regex", "the other the", pattern=r"\bthe\b") == "^^^.......^^^"
    found = property_values(
        "regex", steps=2, samples=1, symbols=[["e\u0301", "x"]], pattern="\u0301"
    )
    assert found[:, 0].tolist() == [1, 0]  # an accent belongs to its letter's step


@pytest.mark.alone
def test_an_expression_that_would_run_for_ever_is_ended_and_not_tried_again():
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(TraceError, match="takes longer"):
            inside_matches("(a+)+$", ["a" * 60 + "!"])
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize("pattern", ["(", "", "x" * 201])
def test_what_is_no_expression_is_answered_with_a_sentence(pattern):
    with pytest.raises(TraceError, match="regular expression"):
        inside_matches(pattern, ["abc"])


def test_too_much_text_is_not_searched():
    with pytest.raises(TraceError, match="at once"):
        inside_matches("a", ["a" * 70_000])
