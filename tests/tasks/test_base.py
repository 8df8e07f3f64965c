import numpy as np
import pytest
import torch

from rnnviz.errors import TaskError
from rnnviz.tasks import TASKS
from rnnviz.tasks.base import PROBE_SIZE, VALIDATION_SIZE, Batch

TASK = pytest.mark.parametrize("key", list(TASKS))


def same(a: Batch, b: Batch) -> bool:
    return torch.equal(a.inputs, b.inputs) and torch.equal(
        a.targets.nan_to_num(-1), b.targets.nan_to_num(-1)
    )


@TASK
def test_data_depend_on_seed_and_step_only(key):
    task = TASKS[key](12, seed=3)
    first = task.batch(4, 7)
    task.batch(4, 8)
    assert same(first, TASKS[key](12, seed=3).batch(4, 7))
    assert not same(first, task.batch(4, 8))
    assert not same(first, TASKS[key](12, seed=4).batch(4, 7))


@TASK
def test_validation_and_probe_are_fixed_and_apart_from_training(key):
    task = TASKS[key](12, seed=3)
    assert same(task.validation(), TASKS[key](12, seed=3).validation())
    assert same(task.probe().batch, TASKS[key](12, seed=3).probe().batch)
    for step in (0, 1):
        assert not same(task.validation(), task.batch(VALIDATION_SIZE, step))
        assert not same(task.probe().batch, task.batch(PROBE_SIZE, step))


@TASK
def test_shapes_are_as_the_task_says(key):
    task = TASKS[key](12)
    for batch, size in [
        (task.batch(5, 1), 5),
        (task.validation(), VALIDATION_SIZE),
        (task.probe().batch, PROBE_SIZE),
    ]:
        steps = task.probe_steps if size == PROBE_SIZE else task.steps
        assert batch.inputs.shape[:2] == batch.targets.shape[:2] == (steps, size)
        if task.tokens:
            assert batch.inputs.dtype == torch.int64
            assert 0 <= batch.inputs.min() and batch.inputs.max() < task.inputs
        else:
            assert batch.inputs.dtype == torch.float32 and batch.inputs.shape[2] == task.inputs
        if task.answers == "classes":
            assert batch.targets.dtype == torch.int64 and batch.targets.max() < task.outputs
        else:
            assert batch.targets.shape[2] == task.outputs


@TASK
def test_probe_says_what_every_step_is(key):
    task = TASKS[key](12)
    probe = task.probe()
    asked = task.asked(probe.batch.targets)
    assert len(probe.captions) == PROBE_SIZE and all(probe.captions)
    for sample in range(PROBE_SIZE):
        assert len(probe.labels[sample]) == len(probe.targets[sample]) == task.probe_steps
        assert all(probe.labels[sample])
        assert [bool(text) for text in probe.targets[sample]] == asked[:, sample].tolist()
    # a short stream can come twice; two that differ differ in words, too
    assert len(set(probe.captions)) == len(set(map(tuple, probe.labels)))


@TASK
def test_probe_can_be_cut(key):
    probe = TASKS[key](12).probe()
    few = probe.first(3)
    assert few.batch.inputs.shape[1] == few.batch.targets.shape[1] == 3
    assert few.labels == probe.labels[:3]
    assert len(few.targets) == len(few.captions) == 3


@TASK
def test_losses_are_zero_where_nothing_is_asked_and_mean_loss_ignores_that(key):
    task = TASKS[key](6)
    batch = task.batch(3, 1)
    targets = batch.targets.clone()
    targets[0] = -100 if task.answers == "classes" else torch.nan
    torch.manual_seed(0)
    output = torch.randn(task.steps, 3, task.outputs, requires_grad=True)
    losses = task.losses(output, targets)
    asked = task.asked(targets)
    assert losses.shape == asked.shape == (task.steps, 3)
    assert not asked[0].any() and (losses[~asked] == 0).all()
    mean = task.mean_loss(output, targets)
    torch.testing.assert_close(mean, losses[asked].mean())
    mean.backward()
    assert output.grad.isfinite().all() and (output.grad[~asked] == 0).all()


@TASK
def test_a_sequence_of_one_step_has_no_meaning(key):
    assert TASKS[key](2).batch(2, 1).inputs.shape[1] == 2
    with pytest.raises(TaskError, match="length = 1"):
        TASKS[key](1)


@TASK
def test_global_random_state_is_left_alone(key):
    before, numpys = torch.get_rng_state(), np.random.get_state()[1].copy()
    task = TASKS[key](12)
    task.batch(4, 1), task.validation(), task.probe()
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpys, np.random.get_state()[1])


def test_every_task_introduces_itself():
    for key, task in TASKS.items():
        assert task.key == key
        assert bool(task.length_title) == bool(task.length_help)
        for text in (task.title, task.family, task.summary, task.metric_title, task.typed_example):
            assert text and not text.isspace()
        assert task.metric_better in ("higher", "lower")
