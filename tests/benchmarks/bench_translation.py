"""Are dates translated? Train with the default settings, and count exactly right unseen dates.

The dates are written by the network on its own, symbol by symbol; none of them was seen in
training. Ends with status 1 where fewer than 95 % are right within 3 minutes on one thread.

    python tests/benchmarks/bench_translation.py [whole] [setting=value ...]
"""

import json
import sys
import time

import torch

from rnnviz import Settings
from rnnviz.analysis import greedy
from rnnviz.tasks import task_of
from rnnviz.tasks.base import VALIDATION
from rnnviz.training.trainer import Trainer

SECONDS, SHARE, UNSEEN = 180, 95.0, 2000


def value(text: str) -> object:
    """Read a setting's value."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def main() -> None:
    """Train until the bar is reached, or the time is over."""
    torch.set_num_threads(1)
    changes = dict(each.split("=", 1) for each in sys.argv[1:] if "=" in each)
    settings = Settings.for_task("dates", **{name: value(text) for name, text in changes.items()})
    task = task_of(settings)
    unseen = task._batch(task._random(VALIDATION, 1), UNSEEN, True)
    right = unseen.targets[task.source_steps :]
    print(f"{'steps':>6} {'seconds':>8} {'loss':>8} {'validation':>10} {'unseen right':>12}")
    trainer, spent, share = Trainer(settings), 0.0, 0.0
    while not trainer.finished and spent < SECONDS:
        begun = time.perf_counter()
        step = trainer.advance()
        spent += time.perf_counter() - begun
        if step.step % 250 and not trainer.finished and spent < SECONDS:
            continue
        written = greedy(trainer.model, unseen.inputs, task.target_steps)
        share = 100 * float((written == right).all(0).double().mean())
        known = "" if step.validation_metric is None else f"{step.validation_metric:.1f} %"
        print(
            f"{step.step:6} {spent:8.1f} {step.loss:8.4f} {known:>10} {share:10.2f} %", flush=True
        )
        if share >= SHARE and "whole" not in sys.argv:
            break
    print(f"bar: {SHARE} % within {SECONDS} s; reached: {share:.2f} % after {spent:.0f} s")
    sys.exit(0 if share >= SHARE and spent <= SECONDS else 1)


if __name__ == "__main__":
    main()
