"""The view of the trainability map: which networks of a sweep have learned."""

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.engine import findings
from rnnviz.errors import RunError
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, Task
from rnnviz.views import compare_words as words
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import together
from rnnviz.views.study import StudyScene
from rnnviz.words import N_, language, t

FACTOR = 6
"""Depths, or times, up to about six times the scale were found to be trainable."""


def show_map(scene: StudyScene) -> FigureMessage:
    """Share of seeds that learned, over length and another setting, a panel a cell.

    Raises
    ------
    RunError
        If a plan varies none or more than two settings.
    """
    x, y = axes(scene)
    table = fields(scene, x, y)
    scales, whole = pd.DataFrame(), True
    try:
        if x == "length":
            scene.check_size()
            scales, whole = time_scales(scene, y)
    except RunError:
        pass  # the map goes without its line
    kind = TASKS[scene.plan.settings.task]
    trained = t("{task}, {steps:,} steps", task=t(kind.title), steps=scene.plan.settings.steps)
    figure = plots.trainability.spec(
        table,
        x_title=title_of(scene, x),
        y_title="" if y is None else title_of(scene, y),
        scales=lines(scales) if len(scales) else None,
        where=together(trained, scene.fairness),
        colours=scene.choice.theme,
    )
    says = words.of_map(scene, table, scales, x)
    return {"figure": figure, "says": says, "unfinished": not whole}


def title_of(scene: StudyScene, name: str) -> str:
    """Return what an axis is called along which a setting is varied."""
    if name == "length":
        title = TASKS[scene.plan.settings.task].length_title
    else:
        title = Settings.model_fields[name].title or name
    # in English a title begins with a capital and an axis does not; other languages keep theirs
    return title.lower() if language() == "en" else t(title)


def axes(scene: StudyScene) -> tuple[str, str | None]:
    """Return the names of the settings that are varied: the length first, if it is."""
    names = sorted(scene.plan.vary, key=lambda name: name != "length")
    if not 1 <= len(names) <= 2:
        raise RunError("A map has one or two varied settings: vary length and one other.")
    return names[0], names[1] if len(names) > 1 else None


def fields(scene: StudyScene, x: str, y: str | None) -> pd.DataFrame:
    """Return successes over seeds at each point: `cell`, `x`, `y`, `successes`, `done`, `seeds`."""
    found = scene.outcomes.iloc[scene.compared]
    found = found.assign(x=found[x], y="" if y is None else found[y])
    grouped = found.groupby(["cell", "x", "y"], sort=False, dropna=False)
    return grouped.agg(
        successes=("success", "sum"), done=("done", "sum"), seeds=("seed", "count")
    ).reset_index()


def time_scales(scene: StudyScene, y: str | None) -> tuple[pd.DataFrame, bool]:
    """Measure ξ = −1/ln χ of the untrained networks: `cell`, `y`, `scale`; and whether all were.

    χ is the factor by which the squared norm of ∂L/∂h_t changes with each step back, fitted over
    the longest sequences of the plan and averaged (its logarithm) over seeds. It has no scale
    where gradients grow, χ >= 1.
    """
    longest = max(value for value in scene.plan.vary["length"] if isinstance(value, int))
    rate = scene.plan.rates[0]
    places = [
        place
        for place, point in enumerate(scene.points)
        if dict(point.varied)["length"] == longest and ("lr" in scene.plan.vary or point.lr == rate)
    ]
    found, whole = scene.measured("decay", places, log_gain, untrained=True)
    rows = [
        {
            "cell": scene.points[place].cell,
            "y": "" if y is None else dict(scene.points[place].varied)[y],
            "slope": slope,
        }
        for place, (_, slope) in found.items()
    ]
    means = pd.DataFrame(rows).groupby(["cell", "y"], sort=False, dropna=False)["slope"]
    table = means.agg(lambda each: each.mean(skipna=False)).reset_index()
    fading = table["slope"] < 0
    table["scale"] = np.where(fading, -1 / table["slope"].where(fading, -1.0), np.nan)
    return table.dropna(subset="scale"), whole


def log_gain(settings: Settings, weights: bytes | None, task: Task) -> float:
    """Return ln χ of a network: what a step back does to the squared norm of the gradient.

    NaN where the norm is 0 nearly everywhere, or is no decay: gradient enters at many steps.
    """
    norm, once = findings.time_gradient(settings, weights, task)
    if not once:
        return np.nan
    frame = pd.DataFrame({"signal": "hidden_state", "time": np.arange(len(norm)), "norm": norm})
    return 2 * float(analysis.decay(frame)["slope"].iloc[0])


def lines(scales: pd.DataFrame) -> pd.DataFrame:
    """Return the lines at ξ and at 6 ξ."""
    return pd.concat(
        [
            scales.assign(kind=t("ξ at the start")),
            scales.assign(kind=f"{FACTOR} ξ", scale=FACTOR * scales["scale"]),
        ],
        ignore_index=True,
    )


LOOK = Look(
    "map",
    "compare",
    N_("trainability map"),
    {"compare_map": View(show_map, every_step=True, rest=0.5, of_study=True)},
    place=20,
    fits=networks,
)
