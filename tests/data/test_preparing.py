"""Tables become series, or texts with labels; and each data set is its bytes."""

from datetime import datetime, timedelta

import numpy as np
import pytest

import rnnviz
from rnnviz.data.adding import first_choice, read, text_choice
from rnnviz.data.examples import FILES, example
from rnnviz.data.labels import Labelled, prepare_labels
from rnnviz.data.series import PARTS, Series, prepare_series
from rnnviz.data.sets import DataSet
from rnnviz.data.sources import find
from rnnviz.data.tables import read_table
from rnnviz.data.texts import prepare_text, text_of
from rnnviz.errors import DataError, RunError


def series(text, **choice):
    table, columns = read(text.encode())
    return prepare_series(table, columns, **{"inputs": [], "targets": ["x"], **choice})


def values(data):
    return Series.of(data).values[:, 0]


def rows(*cells):
    return "t;x\n" + "\n".join(f"{n};{cell}" for n, cell in enumerate(cells)) + "\n"


def test_missing_values_become_the_last_one_known_and_never_a_later_one():
    cells = ["", *range(1, 50), "", "oops", *range(50, 60)]
    made = series(rows(*cells), missing="last")
    assert values(made).tolist() == [*range(1, 50), 49, 49, *range(50, 60)]
    assert any("line 53: 'oops'" in note for note in made.notes)
    assert "2 missing values became the last one known." in made.notes
    assert "1 row before the first known value left out." in made.notes
    assert values(series(rows(*cells), missing="drop")).tolist() == list(range(1, 60))


def test_rows_are_put_in_order_and_resampled_by_their_means():
    days = [f"2021-{1 + n // 28:02d}-{1 + n % 28:02d}" for n in range(12 * 28)]
    text = "d;x\n" + "\n".join(f"{day};{n}" for n, day in reversed(list(enumerate(days))))
    plain = series(text, time="d")
    assert values(plain).tolist() == list(range(12 * 28))
    assert "The rows were put into the order of their dates." in plain.notes
    weekly = series(text, time="d", every="week")
    made = Series.of(weekly)
    assert made.times[0] == np.datetime64("2020-12-28", "s").astype(int)  # a Monday
    assert made.values[0, 0] == 1.0  # 1 to 3 January: the mean of 0, 1, 2
    assert set(np.diff(made.times)) == {7 * 86400}
    with pytest.raises(DataError, match="12 rows are left: a series needs at least 40"):
        series(text, time="d", every="month")
    with pytest.raises(DataError, match="Only rows with dates"):
        series(text, every="day")


def beginning(moment, every):
    """When the hour, day, ... of a moment begins, by the calendar."""
    day = moment.replace(hour=0, minute=0, second=0)
    quarter = 3 * ((moment.month - 1) // 3) + 1
    return {
        "hour": moment.replace(minute=0, second=0),
        "day": day,
        "week": day - timedelta(days=moment.weekday()),
        "month": day.replace(day=1),
        "quarter": day.replace(day=1, month=quarter),
        "year": day.replace(day=1, month=1),
    }[every]


@pytest.mark.parametrize(
    ("every", "hours"),
    [("hour", 0.5), ("day", 9.0), ("week", 50.0), ("month", 200.0), ("quarter", 900.0),
     ("year", 4000.0)],
)  # fmt: skip
def test_resampling_is_by_the_calendar_also_before_1970(every, hours):
    moments = [datetime(1951, 2, 27, 22, 10) + timedelta(hours=hours * n) for n in range(200)]
    text = "d;x\n" + "\n".join(f"{each:%Y-%m-%d %H:%M};{n % 7}" for n, each in enumerate(moments))
    made = Series.of(series(text, time="d", every=every))
    bins = {}
    for n, each in enumerate(moments):
        bins.setdefault(beginning(each, every), []).append(n % 7)
    begins = [datetime(1970, 1, 1) + timedelta(seconds=int(each)) for each in made.times]
    assert begins == sorted(bins)  # no gap: the steps are shorter than what is asked for
    np.testing.assert_allclose(made.values[:, 0], [np.mean(bins[each]) for each in begins])


def test_an_empty_span_has_the_mean_before_and_too_many_are_refused():
    days = [n if n < 40 else n + 3 for n in range(80)]
    text = "d;x\n" + "\n".join(f"{np.datetime64('2021-01-01') + day};{day % 7}" for day in days)
    made = series(text, time="d", every="day")
    assert values(made)[39:44].tolist() == [4, 4, 4, 4, 1] and len(values(made)) == 83
    assert "3 missing values became the last one known." in made.notes
    far = text + "\n9998-12-31;3"
    with pytest.raises(DataError, match="lie 69,933,673 hours, for 81 rows: resample by some"):
        series(far, time="d", every="hour")


def test_steps_in_time_that_differ_are_said():
    days = [n if n < 30 else 2 * n for n in range(60)]
    text = "d;x\n" + "\n".join(f"{np.datetime64('2021-01-01') + day};{day % 7}" for day in days)
    assert any("not as long as the others" in note for note in series(text, time="d").notes)


@pytest.mark.parametrize(
    ("text", "choice", "sentence"),
    [
        (rows(*range(39)), {}, "39 rows are left"),
        (rows(*[7] * 60), {}, "'x' is always 7 in the first 42 rows"),
        (rows(*range(60)), {"targets": []}, "Nothing is forecast"),
        (rows(*range(60)), {"targets": ["y"]}, "'y' is no column of numbers: choose from t, x"),
        (rows(*range(60)), {"time": "t"}, "'t' is no column of dates"),
        (rows(*range(60)), {"missing": "guess"}, "fill by 'last' or 'drop'"),
    ],
)
def test_a_series_that_says_nothing_is_refused(text, choice, sentence):
    with pytest.raises(DataError, match=sentence):
        series(text, **choice)


def labelled(pairs, **choice):
    text = "text|label\n" + "\n".join(f"{a}|{b}" for a, b in pairs)
    return prepare_labels(read_table(text), text="text", label="label", **choice)


def test_texts_are_split_by_class_and_what_is_left_out_is_said():
    pairs = [(f"so good {n}", "yes") for n in range(30)] + [
        (f"so bad {n}", "no") for n in range(10)
    ]
    pairs += [("so good 1", "yes"), ("so good 2", "no"), ("", "no"), ("hm", ""), ("rare", "?!")]
    made = labelled(pairs, unit="words")
    found = Labelled.of(made)
    assert found.classes == ["yes", "no"] and len(found.texts) == 40 and found.unit == "words"
    training, held_out = found.parts()
    assert sorted(training + held_out) == list(range(40))
    assert [found.labels[place] for place in held_out].count(1) == 2 == len(held_out) - 6
    notes = " ".join(made.notes)
    assert "2 rows without a text or a label" in notes
    assert "1 row with a text that came before left out" in notes
    assert "1 row with a text that came before under another label" in notes
    assert "1 texts of classes with fewer than 5 left out ('?!')" in notes


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([(f"t{n}", "one") for n in range(30)], "only 'one'"),
        ([(f"t{n}", f"c{n}") for n in range(300)], "these are no classes"),
        ([(f"t{n}", f"c{n % 60}") for n in range(600)], "60 classes: up to 50"),
        ([(f"t{n}", "ab"[n % 2]) for n in range(12)], "12 texts are too few"),
        ([("t", "x" * 50)] * 3, "Line 2: the label 'xxxx"),
    ],
)
def test_labels_that_are_none_are_refused(pairs, sentence):
    with pytest.raises(DataError, match=sentence):
        labelled(pairs)


def test_a_text_is_cleaned_of_what_cannot_be_shown():
    made = prepare_text("a\u0301b\tc\x07\u202e" * 100 + "\n\n\n\nend  \n")
    assert text_of(made) == "áb c" * 100 + "\n\nend"
    with pytest.raises(DataError, match="3 characters: a language model needs at least 400"):
        prepare_text("abc")
    with pytest.raises(DataError, match="fewer than five different"):
        prepare_text("abc " * 200)
    with pytest.raises(DataError, match="up to 2,000,000 are read"):
        prepare_text("abcdef" * 400_000)


@pytest.mark.parametrize("kind", FILES)
def test_a_data_set_is_its_bytes(kind):
    made = example(kind)
    again = DataSet.from_bytes(made.to_bytes())
    assert again.key == made.key and len(made.key) == 32
    assert (again.kind, again.title, dict(again.about)) == (kind, made.title, dict(made.about))
    with pytest.raises(DataError, match="damaged"):
        DataSet.from_bytes(made.to_bytes()[20:])
    read_again = {"series": Series.of, "labels": Labelled.of, "text": text_of}
    for other, reader in read_again.items():
        if other == kind:
            reader(again)
        else:
            with pytest.raises(DataError, match="damaged"):
                reader(again)


def test_a_damaged_series_is_refused():
    made = example("series")
    for about in ({**made.about, "rows": 3}, {**made.about, "targets": [9]}, {}):
        with pytest.raises(DataError, match="damaged"):
            Series.of(DataSet("series", "x", about, made.body))


def test_what_is_first_chosen():
    _, columns = read(b"day,a,b,note\n2020-01-01,1,2,x\n2020-01-02,2,3,y\n")
    assert first_choice(columns) == (["a", "b"], ["b"], "day")
    table = read_table("id,what,kind\n1,so much to say,q\n2,nothing at all,a\n3,hm,q\n")
    assert text_choice(table) == ("what", "kind")


def test_add_data_from_a_script(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text(rows(*range(100)))
    key = rnnviz.add_data(file, targets=["x"], time="")
    assert find(key).title == "sales.csv" and find(key).kind == "series"
    assert Series.of(find(key)).cuts == (70, 85)
    assert sum(PARTS.values()) == pytest.approx(1)
    book = tmp_path / "book.txt"
    book.write_text("It was a dark and stormy night. " * 20)
    assert find(rnnviz.add_data(str(book))).kind == "text"
    text = "text,label\n" + "".join(f"word {n},{'ab'[n % 2]}\n" for n in range(40))
    assert find(rnnviz.add_data(text, kind="labels")).kind == "labels"
    with pytest.raises(DataError, match="cannot be read: no such file"):
        rnnviz.add_data(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match="must be series, labels or text"):
        rnnviz.add_data(file, kind="picture")
    with pytest.raises(RunError, match="is not here: it was deleted"):
        find("0" * 32)
