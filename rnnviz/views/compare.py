"""The views of the Compare page: cells that learn the same, side by side, over seeds."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from rnnviz import analysis, findings, plots
from rnnviz.analysis.gradients import of_top_layer
from rnnviz.cells import CELLS
from rnnviz.plan import Point
from rnnviz.probing import look
from rnnviz.settings import VALIDATE_EVERY, Settings
from rnnviz.tasks import task_of
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.views import compare_words as words
from rnnviz.views.study import StudyScene

KEEPS = {"lstm": "forget_gate", "gru": "update_gate"}
"""What keeps the old state in a cell; a plain RNN has nothing of the kind, its state is shown."""


def show_gradients(scene: StudyScene) -> dict[str, Any]:
    """‖∂L/∂h_t‖ through time, all cells overlaid, with a band over seeds."""
    relative = scene.choice.word("scale", ("norm", "share"), "norm") == "share"
    scene.check_size()
    found, whole = scene.measured("norms", first_place(scene), findings.time_norms)
    norms = gradient_frame(scene, found)
    shown = norms
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


def show_learning(scene: StudyScene) -> dict[str, Any]:
    """Loss and metric of the validation over training, with a band over seeds and the baseline."""
    places = first_place(scene)
    curves = learning_curves(scene, places)
    task = scene.task
    figure = plots.compare_learning.spec(
        curves,
        steps=scene.points[places[0]].settings.steps,
        baseline=task.baseline.loss,
        baseline_text=task.baseline.text,
        metric_title=task.metric_title,
        metric_unit=task.metric_unit,
        metric_baseline=task.baseline.metric,
        cells=scene.plan.cells,
        marked=scene.choice.step,
        where=scene.fairness,
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_learning(scene, scene.outcomes.iloc[places])}


def show_gates(scene: StudyScene) -> dict[str, Any]:
    """Gates that keep, a cell beside the other, over one sequence."""
    sample = scene.choice.number("sample", 0, 0, PROBE_SIZE - 1)
    wanted = scene.plan.settings.seed + scene.choice.number("of_seed", 0, 0, scene.plan.seeds - 1)
    places = [place for place in first_place(scene) if scene.points[place].seed == wanted]

    def measure(settings: Settings, weights: bytes | None) -> np.ndarray:
        return gate_values(settings, weights, sample)

    found, whole = scene.measured(f"gates of sample {sample}", places, measure)
    values = {
        scene.points[place].cell: (signal_of(scene.points[place]), pd.DataFrame(each[1]))
        for place, each in found.items()
    }
    steps = {scene.points[place].cell: each[0] for place, each in found.items()}
    figure = plots.compare_gates.spec(
        values,
        where=", ".join((f"seed {wanted}", f"sample {sample + 1}", when(scene, found))),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_gates(scene, values, steps), "unfinished": not whole}


def show_status(scene: StudyScene) -> dict[str, Any]:
    """How the study is doing, for the transport bar."""
    steps = max(point.settings.steps for point in scene.points)
    if scene.study is None:
        new = {"state": "new", "step": 0, "steps": steps, "checkpoints": []}
        return {"status": new}
    members, store = scene.members, scene.gallery.store
    states = [member.state for member in members]
    running = states.count("running")
    order = ("running", "queued", "interrupted", "paused", "stopped", "")
    state = next((each for each in order if each in states), "finished")
    first = next((member.run for member in members if member.state == "queued"), None)
    status = {
        "state": state,
        "reason": next((member.reason for member in members if member.state == state), ""),
        "step": max(member.step for member in members),
        "steps": steps,
        "done": sum(states.count(each) for each in ("finished", "failed")),
        "diverged": states.count("failed"),
        "runs": len(members),
        "share": share_done(scene),
        "left": seconds_left(scene) if running else None,
        "place": store.place(first) if first and not running else None,
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
    """Return measured norms as columns cell, seed, step, time, norm."""
    frames = []
    for place, (step, norm) in found.items():
        point = scene.points[place]
        frame = pd.DataFrame({"time": np.arange(len(norm)), "norm": norm})
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
            read += scene.gallery.store.validations(member.run, since)
        rows += [(point.cell, point.seed, *each) for each in read]
    table = pd.DataFrame(rows, columns=["cell", "seed", "step", "loss", "metric"])
    frames = [
        analysis.over_seeds(table, measure, ["cell", "step"], logarithmic=measure == "loss").assign(
            measure=measure
        )
        for measure in ("loss", "metric")
    ]
    return pd.concat(frames, ignore_index=True)


def gate_values(settings: Settings, weights: bytes | None, sample: int) -> np.ndarray:
    """Return the keeping gate, or a plain state, of one sample: (time, unit)."""
    task_probe = task_of(settings).probe()
    probe = task_probe.one(min(sample, len(task_probe.labels) - 1))
    trace = look(settings, weights, probe, dtype=torch.float32).trace
    signal = KEEPS.get(settings.cell, "hidden_state")
    values: np.ndarray = of_top_layer(trace, signal)[:, 0].copy()
    return values


def signal_of(point: Point) -> str:
    """Return which signal of a point's cell is shown."""
    return KEEPS.get(point.cell, "hidden_state")


def when(scene: StudyScene, found: dict[int, tuple[int, Any]]) -> str:
    """Return which training steps the networks are of, in words."""
    steps = [step for step, _ in found.values()]
    low, high = min(steps), max(steps)
    at = (
        "untrained"
        if not high
        else f"step {high:,}"
        if low == high
        else f"step {low:,} to {high:,}"
    )
    return f"{at}, {scene.fairness}"


def share_done(scene: StudyScene) -> float:
    """Return the share of all training steps that is behind."""
    total = sum(point.settings.steps for point in scene.points)
    return sum(steps_behind(scene)) / total


def steps_behind(scene: StudyScene) -> list[int]:
    """Return the steps of each run that are behind; one that ended early has none left."""
    return [
        point.settings.steps if member.state in ("finished", "failed") else member.step
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
    return left / max(1, sum(member.state == "running" for member in scene.members))


def checkpoints(scene: StudyScene) -> list[int]:
    """Return the training steps that the slider stops at: those of the run that has come furthest.

    Other runs show their nearest checkpoint before it.
    """
    furthest = max(scene.members, key=lambda member: member.step)
    return list(scene.gallery.store.checkpoint_steps(furthest.run)) if furthest.run else []
