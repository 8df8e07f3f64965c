"""Can each task be learned in a minute? Train with its defaults on one thread, and print how far.

Ends with status 1 if one does not beat its baseline clearly within 60 seconds: a task counts as
learned where the validation loss is below half of what there is to learn, from the baseline's loss
down to the best possible (0, where that is not known), or below the bar of its own in `BARS`.

    python tests/benchmarks/bench_tasks.py [task ...]
"""

import sys
import time

import torch

from rnnviz import Settings, train
from rnnviz.tasks import TASKS, task_of

SECONDS = 60
BARS = {
    "characters": 0.8, "sunspots": 0.8, "names": 0.6, "words": 0.85, "analects": 0.93,
    "own_series": 0.75, "own_labels": 0.7, "own_words": 0.85, "own_characters": 0.8,
}  # fmt: skip
"""Share of the baseline's loss that is clear enough where nobody knows how much can be learned."""


def measure(key: str) -> bool:
    """Train for a minute or until the task is learned well; print one row."""
    settings = Settings.for_task(key)
    task = task_of(settings)
    base, best = task.baseline, task.best or 0.0
    bar = base.loss * BARS[key] if key in BARS else best + (base.loss - best) / 2
    lowest, metric, reached = base.loss, base.metric, 0.0
    begun = time.perf_counter()
    done = 0
    for step in train(settings):
        done, seconds = step.step, time.perf_counter() - begun
        if step.validation_loss is not None:
            if not reached and step.validation_loss < bar:
                reached = seconds
            lowest, metric = step.validation_loss, step.validation_metric
        if seconds > SECONDS or (reached and lowest < best + 0.02 * (base.loss - best)):
            break
    better = "" if reached else "  NOT REACHED"
    print(
        f"{task.title:28} {base.loss:8.4f} {best:8.4f} {bar:8.4f} {lowest:8.4f} "
        f"{base.metric:6.1f} {metric:6.1f}{task.metric_unit:2} {done:6} {reached:7.1f} "
        f"{seconds:7.1f}{better}",
        flush=True,
    )
    return bool(reached)


def main() -> None:
    """Measure the tasks that are named, or all."""
    torch.set_num_threads(1)
    print(
        f"{'task':28} {'baseline':>8} {'best':>8} {'bar':>8} {'reached':>8} "
        f"{'metric':>6} {'-> ':>8} {'steps':>6} {'s to bar':>7} {'s':>6}"
    )
    learned = [measure(key) for key in sys.argv[1:] or TASKS]
    sys.exit(0 if all(learned) else 1)


if __name__ == "__main__":
    main()
