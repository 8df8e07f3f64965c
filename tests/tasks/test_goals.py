"""What counts as learned: from the best possible, or what is within reach, to the baseline."""

import numpy as np
import pytest

from rnnviz.engine.findings import outcome_rows
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.states import State
from rnnviz.store.studies import Ending, Member
from rnnviz.tasks import TASKS, task_of
from rnnviz.tasks.frequencies import frequencies

KEYS = [key for key in TASKS if not key.startswith("own")]


@pytest.mark.parametrize("key", KEYS)
def test_every_task_can_be_learned_and_is_not_by_knowing_nothing(key):
    task = task_of(Settings.for_task(key))
    low = task.best or 0.0
    assert low <= task.goal.loss < task.baseline.loss
    assert task.learned(task.goal.loss, 100.0, 0.5)
    assert not task.learned(task.baseline.loss, task.baseline.metric, 0.5)
    assert not task.learned(np.nan, np.nan, 0.5)


@pytest.mark.parametrize(
    ("key", "loss", "metric", "learned"),
    [
        ("brackets", 1.13, 98.0, True),  # half of the baseline, .896, is below what is possible
        ("reber", 0.591, 50.0, False),  # remembers two symbols, and not the one that counts
        ("reber", 0.467, 50.0, False),  # three
        ("reber", 0.43, 91.0, True),
        ("characters", 2.5, 30.0, True),
        ("characters", 3.2, 18.0, False),  # the frequencies of letters
    ],
)
def test_success_is_what_the_task_is_about(key, loss, metric, learned):
    plan = Plan(settings=Settings.for_task(key), cells=("lstm",), seeds=1)
    member = Member(run="x", state=State.FINISHED)
    rows = outcome_rows(plan, [member], {"x": Ending(loss, metric)})
    assert rows["success"].tolist() == [learned]


def test_frequencies_of_training_are_scored_on_what_is_held_out():
    training, held_out = np.array([0, 1, 0, 1, 0, 1, 0, 2]), np.array([0, 1, 1, 3, 2])
    single = (np.bincount(training, minlength=3) + 0.5) / 9.5
    found = frequencies(training, held_out, 3)
    asked = [1, 1, 2]  # token 3 is read and never asked for
    assert found.loss == pytest.approx(-np.log(single[asked]).mean())
    assert found.share == 0
    after_0 = (np.array([0, 3, 1]) + 2 * single) / 6
    after_1 = (np.array([3, 0, 0]) + 1 * single) / 4
    pairs = [after_0[1], after_1[1], single[2]]
    assert found.pairs == pytest.approx(-np.log(pairs).mean())


@pytest.mark.parametrize("key", ["characters", "analects", "words"])
def test_a_baseline_is_what_its_frequencies_score_where_it_is_drawn(key):
    """On the validation passages, with the counts of the training part alone."""
    task = task_of(Settings.for_task(key))
    classes = task.outputs
    tokens = task._tokens[task._tokens < classes]
    share = np.bincount(tokens, minlength=classes) + 0.5
    share = share / share.sum()
    asked = task.validation().targets.numpy()
    asked = asked[(asked >= 0) & (asked < classes)]
    scored = -np.log(share[asked]).mean()
    assert task.baseline.loss == pytest.approx(scored, rel=0.01)
    assert task.baseline.metric == pytest.approx(100 * (asked == share.argmax()).mean(), abs=0.6)
