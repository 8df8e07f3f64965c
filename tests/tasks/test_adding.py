import pytest
import torch

from rnnviz.tasks.adding import Adding


def test_baseline_is_that_of_always_answering_1():
    task = Adding(2)
    assert task.baseline.loss == pytest.approx(0.16667, abs=5e-6)
    batch = task.batch(1_000_000, 1)
    output = torch.ones(2, 1_000_000, 1)
    assert task.mean_loss(output, batch.targets).item() == pytest.approx(1 / 6, rel=0.01)
    assert task.metric(output, batch) == pytest.approx(task.baseline.metric, abs=0.2)


@pytest.mark.parametrize("length", [2, 3, 10])
def test_two_steps_are_marked_one_in_each_half_and_their_sum_is_asked_last(length):
    batch = Adding(length).batch(2000, 1)
    values, marks = batch.inputs.unbind(-1)
    assert set(marks.unique().tolist()) <= {0.0, 1.0}
    assert (marks[: length // 2].sum(0) == 1).all()
    assert (marks[length // 2 :].sum(0) == 1).all()
    assert (marks.sum(1) > 0).all()  # any step can be marked
    torch.testing.assert_close(batch.targets[-1, :, 0], (values * marks).sum(0))
    assert batch.targets[:-1].isnan().all()


def test_values_are_uniform():
    values = Adding(50).batch(1000, 1).inputs[..., 0]
    assert 0 <= values.min() and values.max() < 1
    histogram = values.histc(10, 0, 1) / values.numel()
    torch.testing.assert_close(histogram, torch.full((10,), 0.1), atol=0.01, rtol=0)


def test_metric_counts_answers_within_tolerance():
    task = Adding(5)
    batch = task.batch(4, 1)
    output = torch.zeros(5, 4, 1)
    output[-1] = batch.targets[-1] + torch.tensor([[0.0], [0.03], [-0.05], [1.0]])
    assert task.metric(output, batch) == 50


def test_probe_marks_the_numbers_that_count():
    probe = Adding(12).probe()
    for sample, (labels, caption) in enumerate(
        zip(probe.labels, map(str, probe.captions), strict=True)
    ):
        marked = [label.strip("[]") for label in labels if label.startswith("[")]
        assert caption.startswith(" + ".join(marked) + " ≈ ")
        answer = probe.batch.targets[-1, sample, 0].item()
        assert probe.targets[sample][-1] == f"{answer:.2f}"
