"""The tasks of own data: what trains, what is held out, what is asked."""

import numpy as np
import pytest
import torch

import rnnviz
from rnnviz.data.examples import example
from rnnviz.data.labels import Labelled
from rnnviz.data.series import Series
from rnnviz.data.sources import ADDED
from rnnviz.errors import RunError, TaskError
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, task_of
from rnnviz.tasks.base import NOT_ASKED


def key_of(values, targets=(0,), path=False):
    """A series with these rows (row, column)."""
    values = np.asarray(values, float).reshape(len(values), -1)
    names = [f"x{place}" for place in range(values.shape[1])]
    return ADDED.add(Series(names, list(targets), values, None, path, "made").data_set())


def series_task(values, length=8, distance=1, **how):
    key = key_of(values, **how)
    return task_of(Settings(task="own_series", length=length, distance=distance, data=key))


def test_later_rows_change_no_training_batch():
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 2)).cumsum(0)
    later = rows.copy()
    later[140:] = 1e6 * random.normal(size=(60, 2))
    a, b = series_task(rows, 12, 3), series_task(later, 12, 3)
    for step in range(1, 40):
        one, other = a.batch(16, step), b.batch(16, step)
        assert torch.equal(one.inputs, other.inputs) and torch.equal(one.targets, other.targets)
    assert not torch.equal(a.validation().inputs, b.validation().inputs)
    probe = a.own(a.probe().batch.inputs.numpy())
    assert {tuple(row) for row in probe.reshape(-1, 2).round(3)} <= {
        tuple(row) for row in rows[170:].round(3)
    }


def test_every_column_is_scaled_by_its_training_rows():
    rows = np.column_stack([np.arange(100.0), 1000 + 50 * np.sin(np.arange(100)), np.full(100, 7)])
    task = series_task(rows, targets=[1])
    batch = task.batch(512, 1)
    assert batch.inputs.shape == (8, 512, 3) and batch.targets.shape == (8, 512, 1)
    assert abs(float(batch.inputs[..., 1].mean())) < 0.1
    assert abs(float(batch.inputs[..., 1].std()) - 1) < 0.1
    assert (batch.inputs[..., 2] == 0).all()  # a column that never changes
    torch.testing.assert_close(batch.targets[:-1, :, 0], batch.inputs[1:, :, 1])


def test_a_path_asks_for_all_values_up_to_the_horizon():
    rows = np.column_stack([np.arange(120.0), -np.arange(120.0)])
    task = series_task(rows, 10, 4, targets=[0, 1], path=True)
    assert task.outputs == 8 and list(task.ahead) == [1, 2, 3, 4]
    batch = task.batch(6, 1)
    asked = task.forecasts(batch.targets[:, 0].numpy())
    now = task.history(batch.inputs[:, 0].numpy())
    for place, k in enumerate(task.ahead):
        np.testing.assert_allclose(asked[:, place], now + np.array([k, -k]), atol=1e-3)
    # the value just read again is k off at k ahead: the baseline says so, in units of the spread
    spread = np.arange(84.0).std()
    assert task.baseline.loss == pytest.approx((1 + 4 + 9 + 16) / 4 / spread**2)


def test_typed_rows_and_a_changed_row():
    task = series_task(np.column_stack([np.arange(100.0), np.arange(100.0) % 5]), distance=2)
    probe = task.read("1 2; 3 4; 5 6\n7 8")
    assert probe.labels[0] == ["1, 2.0", "3, 4.0", "5, 6.0", "7, 8.0"]
    assert probe.targets[0] == ["5", "7", "", ""]
    changed = task.edit(probe, 0, 2, "9 6")
    assert changed.labels[0][2] == "9, 6.0" and changed.targets[0] == ["9", "7", "", ""]
    with pytest.raises(TaskError, match="A row has 2 numbers .x0, x1., not 1"):
        task.read("1; 2; 3")
    with pytest.raises(TaskError, match="'x' is no number"):
        task.read("1 x; 2 2; 3 3")
    one = series_task(np.arange(100.0))
    assert one.read("1 2, 3;4").labels[0] == ["1", "2", "3", "4"]
    assert str(one.probe().captions[0]) == "from row 86"


def test_a_series_that_is_too_short_for_the_distance():
    with pytest.raises(
        TaskError, match="9 rows ahead do not fit: .* 6 rows, so forecast at most 4"
    ):
        series_task(np.arange(40.0) % 7, distance=9)
    assert series_task(np.arange(40.0) % 7, length=500, distance=4).batch(3, 1).inputs.shape[0] == 2


def test_data_sets_of_another_kind_or_none_are_a_sentence():
    with pytest.raises(TaskError, match="is a series of numbers, and a text is needed"):
        task_of(Settings(task="own_words", data=key_of(np.arange(60.0))))
    with pytest.raises(RunError, match="data set 00000000 is not here"):
        task_of(Settings(task="own_series", data="0" * 32))


def test_held_out_texts_are_never_trained_and_labels_are_those_of_the_file():
    task = TASKS["own_labels"](40)
    known_texts = Labelled.of(example("labels"))
    truth = {
        tuple(task._tokens(text)[:40]): label
        for text, label in zip(known_texts.texts, known_texts.labels, strict=True)
    }

    def rows(batch):
        return [
            tuple(row[:size]) for row, size in zip(batch.inputs.T.tolist(), batch.lengths.tolist(),
                                                   strict=True)
        ]  # fmt: skip

    trained, checked = task.batch(20_000, 1), task.validation()
    assert not set(rows(trained)) & set(rows(checked))
    for batch in trained, checked:
        assert [truth[row] for row in rows(batch)] == batch.targets.max(0).values.tolist()
        assert ((batch.targets != NOT_ASKED).sum(0) == 1).all()
    share = np.bincount(trained.targets.max(0).values) / 20_000
    often = np.bincount(known_texts.labels) / len(known_texts.labels)
    np.testing.assert_allclose(share, often, atol=0.015)


def test_texts_by_words_with_symbols_that_training_does_not_have():
    lines = [
        f"{'good' if n % 2 else 'bad'} film number{'' if n % 10 else ' odd' + str(n)}"
        for n in range(60)
    ]
    text = "text,label\n" + "".join(f"{line} {n},{'ab'[n % 2]}\n" for n, line in enumerate(lines))
    key = rnnviz.add_data(text, kind="labels", unit="words")
    task = task_of(Settings(task="own_labels", length=8, data=key))
    probe = task.read("good café = a")
    assert probe.labels == [["good", "□"]] and probe.targets == [["", "a"]]
    assert str(probe.note) == "Not in the training texts, so read as one symbol: café"
    assert task.edit(probe, 0, 1, "film").labels == [["good", "film"]]
    with pytest.raises(TaskError, match="This text is not in the file"):
        task.read("good café")


def test_own_characters_learn_from_the_training_part_alone():
    text = "abcd efgh\n" * 90 + "xyz xyz\n" * 12
    task = task_of(
        Settings(task="own_characters", length=9, data=rnnviz.add_data(text, kind="text"))
    )
    assert task.vocabulary == "\n abcdefgh"
    batch = task.validation()
    unknown = batch.inputs == len(task.vocabulary)
    assert unknown.any() and (batch.targets[:-1][unknown[1:]] == NOT_ASKED).all()
    assert task.prompt and set(task.prompt) <= set(text)
    assert len(set(task.probe().captions)) > 1


def test_own_words_of_any_language():
    text = "Häuser stehen, wo Bäume wären! 学而时习之。 don't " * 40
    task = task_of(Settings(task="own_words", length=6, data=rnnviz.add_data(text, kind="text")))
    assert {"häuser", "wären", "!", "学", "don't"} <= set(task.classes)
    assert "".join(task.pieces(task.encode("Häuser stehen, 学而"))) == " häuser stehen,学而"
    few = rnnviz.add_data("Donaudampfschifffahrt" * 40, kind="text")
    with pytest.raises(TaskError, match="has 1 words: that is too few"):
        task_of(Settings(task="own_words", data=few))
