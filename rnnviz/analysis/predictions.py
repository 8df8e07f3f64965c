"""What goes in, what should come out, and what does: step by step, in the task's own words."""

import numpy as np
import pandas as pd

from rnnviz.recording.probe import Seen
from rnnviz.tasks import Probe, Task


def examples(task: Task, probe: Probe) -> pd.DataFrame:
    """List what goes in and what should come out.

    Parameters
    ----------
    task : Task
        One of `rnnviz.TASKS`, built.
    probe : Probe
        Its `probe()`, or what its `read` gives.

    Returns
    -------
    DataFrame
        A row a sample and time step: `sample`, `time`, `caption` (what the sample is), `goes_in` as
        text, `asked`, `target` as text ("" where nothing is asked). Where numbers go in: `x0`,
        `x1`, ..., where they come out: `y0`, `y1`, ..., in the units that the text has.
    """
    steps, samples = len(probe.labels[0]), len(probe.labels)
    asked = task.asked(probe.batch.targets).numpy()
    columns: dict[str, object] = {
        "sample": np.repeat(np.arange(samples), steps),
        "time": np.tile(np.arange(steps), samples),
        "caption": np.repeat([str(caption) for caption in probe.captions], steps),
        "goes_in": [label for row in probe.labels for label in row],
        "asked": in_rows(asked),
        "target": [target for row in probe.targets for target in row],
    }
    if not task.tokens:
        columns |= numbered("x", task.unscaled(probe.batch.inputs.numpy()))
    if task.answers == "numbers":
        columns |= numbered("y", task.unscaled(probe.batch.targets.numpy(), out=True))
    return pd.DataFrame(columns)


def predictions(look: Seen) -> pd.DataFrame:
    """Lay what a network answers beside what it should answer.

    Parameters
    ----------
    look : Seen
        What `rnnviz.recording.probe.look` sees of a probe in a network.

    Returns
    -------
    DataFrame
        The columns of `examples`, and, at the steps where an answer is asked: `answer` as text and
        `right` (boolean, missing where an answer can be neither right nor wrong). Classes:
        `answer` is the likeliest one, `probability` and `target_probability` are the network's.
        Numbers: `p0`, `p1`, ... beside `y0`, `y1`, ....
    """
    task, probe, outputs = look.task, look.probe, look.outputs
    frame = examples(task, probe)
    asked = frame["asked"].to_numpy()
    right: np.ndarray | None
    if task.answers == "classes":
        shifted = np.exp(outputs - outputs.max(-1, keepdims=True))
        share = shifted / shifted.sum(-1, keepdims=True)
        best, targets = share.argmax(-1), probe.batch.targets.numpy()
        should = np.maximum(targets, 0)
        said = [task.classes[place] for place in in_rows(best)]
        right = in_rows(best == targets)
        for name, chosen in (("probability", best), ("target_probability", should)):
            found = np.take_along_axis(share, chosen[..., None], -1)[..., 0]
            frame[name] = np.where(asked, in_rows(found), np.nan)
    else:
        said = [task.written(row) for row in in_rows(outputs).tolist()]
        near = task.near(outputs, probe.batch.targets.numpy())
        right = None if near is None else in_rows(near)
        for name, values in numbered("p", task.unscaled(outputs, out=True)).items():
            frame[name] = np.where(asked, values, np.nan)
    frame["answer"] = [word if here else "" for word, here in zip(said, asked, strict=True)]
    judged = asked if right is not None else np.zeros_like(asked)
    verdict = pd.array(right if right is not None else judged, dtype="boolean")
    verdict[~judged] = pd.NA
    frame["right"] = verdict
    return frame


def in_rows(values: np.ndarray) -> np.ndarray:
    """Return (time, batch, ...) as rows, one sample after the other."""
    turned = np.swapaxes(values, 0, 1)
    return turned.reshape(-1, *turned.shape[2:])


def numbered(letter: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return a column for each feature of (time, batch, feature)."""
    rows = in_rows(values)
    return {f"{letter}{place}": rows[:, place] for place in range(rows.shape[1])}
