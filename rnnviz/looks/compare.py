"""The views of the Compare page: cells that learn the same, side by side, over seeds."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from rnnviz import analysis, plots
from rnnviz.analysis.gradients import of_top_layer
from rnnviz.engine import findings
from rnnviz.networks.cells import CELLS
from rnnviz.recording.probe import look
from rnnviz.settings import VALIDATE_EVERY, Settings
from rnnviz.store.states import FORWARD, OVER, State
from rnnviz.tasks import Task
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.views import compare_words as words
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage, Status, StatusMessage
from rnnviz.views.say import one_sample, one_step, together
from rnnviz.views.standing import NEW, NONE_YET, standing
from rnnviz.views.study import StudyScene
from rnnviz.words import N_, t

"""What keeps the old state in a cell; a plain RNN has nothing of the kind, its state is shown."""


def show_gradients(scene: StudyScene) -> FigureMessage:
    """‖∂L/∂h_t‖ through time, all cells overlaid, with a band over seeds."""
    relative = scene.choice.word("scale", ("norm", "share"), "norm") == "share"
    scene.check_size()
    found, whole = scene.measured("norms", first_place(scene), findings.time_gradient)
    norms = gradient_frame(scene, found)
    shown = norms
    relative = relative and bool(norms["once"].all())
    if relative:
        entering = norms[norms["norm"] > 0].groupby(["cell", "seed"])["norm"].transform("last")
        shown = norms.assign(norm=(norms["norm"] / entering))
    table = analysis.over_seeds(shown, "norm", ["cell", "time"], logarithmic=True)
    figure = plots.compare_gradients.spec(
        table,
        relative=relative,
        last=int(norms["time"].max()),
        where=when(scene, found),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_gradients(scene, norms), "unfinished": not whole}


def show_learning(scene: StudyScene) -> FigureMessage:
    """Loss and metric of the validation over training, with a band over seeds and the baseline."""
    places = first_place(scene)
    curves = learning_curves(scene, places)
    task = scene.task
    figure = plots.compare_learning.spec(
        curves,
        steps=scene.points[places[0]].settings.steps,
        baseline=task.baseline.loss,
        baseline_text=str(task.baseline.text),
        best=task.best,
        metric_title=t(task.metric_title),
        metric_unit=task.metric_unit,
        metric_baseline=task.baseline.metric,
        cells=scene.plan.cells,
        marked=scene.choice.step,
        where=scene.fairness,
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_learning(scene, scene.outcomes.iloc[places])}


def show_gates(scene: StudyScene) -> FigureMessage:
    """Gates that keep, a cell beside the other, over one sequence."""
    sample = scene.choice.number("sample", 0, 0, PROBE_SIZE - 1)
    wanted = scene.plan.settings.seed + scene.choice.number("of_seed", 0, 0, scene.plan.seeds - 1)
    places = [place for place in first_place(scene) if scene.points[place].seed == wanted]

    def measure(settings: Settings, weights: bytes | None, task: Task) -> np.ndarray:
        return gate_values(settings, weights, task, sample)

    found, whole = scene.measured(t("gates of sample {sample}", sample=sample), places, measure)
    values = {
        scene.points[place].cell: (kept_of(scene.points[place].cell), pd.DataFrame(each[1]))
        for place, each in found.items()
    }
    steps = {scene.points[place].cell: each[0] for place, each in found.items()}
    figure = plots.compare_gates.spec(
        values,
        where=together(t("seed {seed}", seed=wanted), one_sample(sample), when(scene, found)),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_gates(scene, values, steps), "unfinished": not whole}


def show_status(scene: StudyScene) -> StatusMessage:
    """How the study is doing, for the transport bar."""
    steps = max(point.settings.steps for point in scene.points)
    if scene.study is None:
        new: Status = {
            **standing(NEW, t(NONE_YET)),
            "step": 0,
            "steps": steps,
            "checkpoints": [],
        }
        return {"status": new}
    members, store = scene.members, scene.gallery.store
    states = [member.state for member in members]
    running = states.count(State.RUNNING)
    state = next((each for each in (*FORWARD, "") if each in states), State.FINISHED)
    first = next((member.run for member in members if member.state == State.QUEUED), None)
    reason = next((member.reason for member in members if member.state == state), "")
    place = store.queue.place(first) if first and not running else None
    status: Status = {
        **standing(state, reason=reason, place=place),
        "step": max(member.step for member in members),
        "steps": steps,
        "done": sum(state in OVER for state in states),
        "diverged": states.count(State.FAILED),
        "runs": len(members),
        "share": share_done(scene),
        "left": seconds_left(scene) if running else None,
        "checkpoints": sorted(set(checkpoints(scene))),
    }
    return {"status": status}


def first_place(scene: StudyScene) -> list[int]:
    """Return the places of the compared points; where settings vary, those of their first values.

    All cells of a seed come before the next seed.
    """
    first = scene.points[0].place
    return [place for place in scene.compared if scene.points[place].place == first]


def gradient_frame(scene: StudyScene, found: dict[int, tuple[int, Any]]) -> pd.DataFrame:
    """Return measured norms as columns cell, seed, step, time, norm, once."""
    frames = []
    for place, (step, (norm, once)) in found.items():
        point = scene.points[place]
        frame = pd.DataFrame({"time": np.arange(len(norm)), "norm": norm, "once": once})
        frames.append(frame.assign(cell=point.cell, seed=point.seed, step=step))
    return pd.concat(frames, ignore_index=True)


def learning_curves(scene: StudyScene, places: list[int]) -> pd.DataFrame:
    """Return validation loss and metric over seeds at each step that at least one seed reached."""
    known = scene.kept("validations")
    rows: list[tuple[str, int, int, float, float]] = []
    for place in places:
        member, point = scene.members[place], scene.points[place]
        if not member.run:
            continue
        read = known.setdefault(member.run, [])
        since = read[-1][0] if read else 0
        if member.step >= min(since + VALIDATE_EVERY, point.settings.steps) > since:
            read += scene.gallery.store.studies.validations(member.run, since)
        rows += [(point.cell, point.seed, *each) for each in read]
    table = pd.DataFrame(rows, columns=["cell", "seed", "step", "loss", "metric"])
    frames = [
        analysis.over_seeds(table, measure, ["cell", "step"], logarithmic=measure == "loss").assign(
            measure=measure
        )
        for measure in ("loss", "metric")
    ]
    return pd.concat(frames, ignore_index=True)


def gate_values(settings: Settings, weights: bytes | None, task: Task, sample: int) -> np.ndarray:
    """Return the keeping gate, or a plain state, of one sample: (time, unit)."""
    task_probe = task.probe()
    probe = task_probe.one(min(sample, len(task_probe.labels) - 1))
    trace = look(settings, weights, probe, dtype=torch.float32, task=task).trace
    values: np.ndarray = of_top_layer(trace, kept_of(settings.cell))[:, 0].copy()
    return values


def kept_of(cell: str) -> str:
    """Return which signal of a cell is shown: the gate that keeps, or a plain state."""
    return CELLS[cell].keeps or "hidden_state"


def when(scene: StudyScene, found: dict[int, tuple[int, Any]]) -> str:
    """Return which training steps the networks are of, in words."""
    steps = [step for step, _ in found.values()]
    low, high = min(steps), max(steps)
    if not high:
        at = t("untrained")
    elif low == high:
        at = one_step(high)
    else:
        at = t("step {low:,} to {high:,}", low=low, high=high)
    return together(at, scene.fairness)


def share_done(scene: StudyScene) -> float:
    """Return the share of all training steps that is behind."""
    total = sum(point.settings.steps for point in scene.points)
    return sum(steps_behind(scene)) / total


def steps_behind(scene: StudyScene) -> list[int]:
    """Return the steps of each run that are behind; one that ended early has none left."""
    return [
        point.settings.steps if member.state in OVER else member.step
        for point, member in zip(scene.points, scene.members, strict=True)
    ]


def seconds_left(scene: StudyScene) -> float | None:
    """Estimate the time until all runs are done, from how long a step of each cell has taken."""
    spent: dict[str, list[float]] = {cell: [0.0, 0.0] for cell in CELLS}
    for point, member in zip(scene.points, scene.members, strict=True):
        spent[point.cell][0] += member.seconds
        spent[point.cell][1] += member.step
    seconds, steps = (sum(each[part] for each in spent.values()) for part in (0, 1))
    if not steps:
        return None
    each = {cell: (used / count if count else seconds / steps)
            for cell, (used, count) in spent.items()}  # fmt: skip
    left = sum(
        (point.settings.steps - behind) * each[point.cell]
        for point, behind in zip(scene.points, steps_behind(scene), strict=True)
    )
    return left / max(1, sum(member.state == State.RUNNING for member in scene.members))


def checkpoints(scene: StudyScene) -> list[int]:
    """Return the training steps that the slider stops at: those of the run that has come furthest.

    Other runs show their nearest checkpoint before it.
    """
    furthest = max(scene.members, key=lambda member: member.step)
    return list(scene.gallery.store.runs.checkpoint_steps(furthest.run)) if furthest.run else []


LOOK = Look(
    "learning",
    "compare",
    N_("learning"),
    {
        "compare_status": View(show_status, every_step=True, rest=0.2, of_study=True),
        "compare_gradients": View(show_gradients, rest=0.3, of_study=True),
        "compare_loss": View(show_learning, every_step=True, rest=0.3, of_study=True),
        "compare_gates": View(show_gates, rest=0.4, of_study=True),
    },
    place=10,
    fits=networks,
)
