"""The sentences under the pictures of the Compare page, made from the numbers in them."""

import numpy as np
import pandas as pd

from rnnviz.analysis.seeds import Interval, mean_interval
from rnnviz.plots.style import NAME, SYMBOL
from rnnviz.views.flow import number
from rnnviz.views.flow import steps as count_of
from rnnviz.views.study import StudyScene, title

NOTE = "A gradient's norm is not memory; gates slow its fading, they do not abolish it."
LONG = 50
"""Steps back at which shares of the gradient are told, where a sequence is as long."""


def of_gradients(scene: StudyScene, norms: pd.DataFrame) -> str:
    """Say which share of the gradient each cell keeps, and how much more one keeps than another."""
    every = len(norms)
    norms, waiting = begun(norms)
    shares = kept_shares(norms)
    if shares.empty:
        return "No gradient reaches any hidden state."
    back = int(shares["back"].iloc[0])
    parts = []
    for cell, one in shares.groupby("cell", sort=False, observed=True):
        logs = np.log10(one["share"].where(one["share"] > 0))
        middle = number(10 ** logs.mean()) if logs.notna().any() else "nothing"
        parts.append(f"{title(str(cell))} {middle}")
    said = f"Of the gradient, {count_of(back)} back there is left: {', '.join(parts)}"
    of = "the seeds that have begun" if len(norms) < every else f"{scene.plan.seeds} seeds"
    said += f" (geometric mean of {of})." if scene.plan.seeds > 1 else "."
    return " ".join(filter(None, (said, waiting, ratio(scene, shares), NOTE)))


def begun(norms: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Leave untrained networks out beside trained ones, and name the cells that have only such."""
    trained = norms[norms["step"] > 0]
    if trained.empty:
        return norms, ""
    waiting = [cell for cell in norms["cell"].unique() if cell not in set(trained["cell"])]
    names = listed([title(str(cell)) for cell in waiting])
    return trained, f"Still untrained, and not counted: {names}." if waiting else ""


def kept_shares(norms: pd.DataFrame) -> pd.DataFrame:
    """Return what is left of each run's gradient, 50 steps back or at the first step.

    Columns `cell`, `seed`, `back` (time steps) and `share`.
    """
    rows = []
    entering = norms[norms["norm"] > 0].groupby("cell", sort=False)["time"].max()
    if entering.empty:
        return pd.DataFrame(columns=["cell", "seed", "back", "share"])
    back = min(LONG, int(entering.max()))
    for (cell, seed), one in norms.groupby(["cell", "seed"], sort=False):
        norm = one.set_index("time")["norm"]
        last = int(entering.get(cell, norm.index.max()))
        end, start = norm.get(last, 0.0), norm.get(max(0, last - back), 0.0)
        rows.append((cell, seed, back, start / end if end > 0 else 0.0))
    return pd.DataFrame(rows, columns=["cell", "seed", "back", "share"])


def ratio(scene: StudyScene, shares: pd.DataFrame) -> str:
    """Compare the cell that keeps most with the one that keeps least, seed by seed."""
    positive = shares.assign(share=shares["share"].where(shares["share"] > 0))
    table = positive.pivot(index="seed", columns="cell", values="share").dropna()
    if len(table.columns) < 2 or len(table) < 2:
        return ""
    means = np.log(table).mean()
    most, least = str(means.idxmax()), str(means.idxmin())
    found = mean_interval(table[most] / table[least], logarithmic=True)
    if not found.low > 1:
        return (
            f"Over {len(table)} seeds, no cell surely keeps more than another "
            f"({title(most)} against {title(least)}: {times(found)})."
        )
    return f"The {title(most)} keeps {times(found)} as much as the {title(least)}."


def times(found: Interval) -> str:
    """Write a ratio with its interval."""
    return f"{number(found.mean)} times (95 %: {number(found.low)} to {number(found.high)})"


def of_learning(scene: StudyScene, rows: pd.DataFrame) -> str:
    """Say how each cell ended, over its seeds, and whether the difference is larger than chance."""
    if not rows["done"].any():
        return (
            "Nothing is trained to its end yet. Lines: means over seeds; bands: lowest to highest "
            f"seed; dashes: what knowing nothing scores. {scene.details}"
        ).strip()
    parts = []
    for cell in scene.plan.cells:
        one = rows[(rows["cell"] == cell) & rows["done"]]
        if one.empty:
            continue
        found = mean_interval(one["loss"], logarithmic=True)
        failed = int((one["state"] == "failed").sum())
        said = f"{title(cell)} {amount(found)}" if found.seeds else title(cell)
        said += f", {int(one['success'].sum())} of {len(one)} learned"
        parts.append(said + (f", {failed} diverged" if failed else ""))
    share, base = scene.plan.success, scene.task.baseline.loss
    limit = f"Learned: below {share:g} × the baseline of {base:.3g}."
    told = f"Final loss (geometric mean, 95 % by Student's t): {'; '.join(parts)}."
    return " ".join(filter(None, (told, difference(scene, rows), limit, scene.details)))


def difference(scene: StudyScene, rows: pd.DataFrame) -> str:
    """Compare the best cell with the worst, seed by seed: the same data, other weights."""
    done = rows[rows["done"]]
    table = done.pivot(index="seed", columns="cell", values="loss").dropna()
    if len(table.columns) < 2 or len(table) < 2:
        return ""
    means = np.log(table).mean()
    best, worst = str(means.idxmin()), str(means.idxmax())
    found = mean_interval(table[worst] / table[best], logarithmic=True)
    if not found.low > 1:
        return (
            f"{len(table)} seeds do not tell {title(best)} and {title(worst)} apart "
            f"({times(found)})."
        )
    return f"On the same data, the {title(worst)}'s is {times(found)} the {title(best)}'s."


def of_gates(
    scene: StudyScene, values: dict[str, tuple[str, pd.DataFrame]], steps: dict[str, int]
) -> str:
    """Say how open each gate is, and how long it would keep by itself.

    `steps` is the training step of each cell's network; the untrained ones are not told beside
    trained ones.
    """
    parts = []
    waiting = [cell for cell in values if not steps[cell]] if any(steps.values()) else []
    values = {cell: each for cell, each in values.items() if cell not in waiting}
    for cell, (signal, table) in values.items():
        if signal == "hidden_state":
            continue
        mean = float(np.nanmean(table.to_numpy()))
        life = -1 / np.log(mean) if 0 < mean < 1 else np.inf
        parts.append(
            f"the {title(cell)}'s {NAME[signal]} {SYMBOL[signal]} {mean:.2f} "
            f"(−1/ln {SYMBOL[signal]}: {count_of(life)})"
        )
    plain = [title(cell) for cell, (signal, _) in values.items() if signal == "hidden_state"]
    said = f"On average, {listed(parts)}." if parts else ""
    if plain:
        said += f" {listed(plain)} {'has' if len(plain) == 1 else 'have'} no gate: the state."
    if waiting:
        said += f" Still untrained: {listed([title(cell) for cell in waiting])}."
    return said.strip()


def of_map(scene: StudyScene, table: pd.DataFrame, scales: pd.DataFrame, x: str) -> str:
    """Say how far each cell learns, and what the line is."""
    parts = []
    for cell, one in table.groupby("cell", sort=False):
        done, learned = int(one["done"].sum()), int(one["successes"].sum())
        if not done:
            continue
        most = one[one["successes"] * 2 > one["done"]]["x"]
        reach = f", most seeds up to {x} {most.max():g}" if x == "length" and len(most) else ""
        parts.append(f"{title(str(cell))} {learned} of {done} runs{reach}")
    missing = int((table["seeds"] - table["done"]).sum())
    said = f"Learned: {'; '.join(parts)}." if parts else "Nothing is trained to its end yet."
    if missing and parts:
        said += f" {missing} runs are still to come; empty fields have none."
    share = scene.plan.success
    said += f" Learned: last validation loss below {share:g} × the task's baseline."
    if len(scales):
        said += (
            " Line: ξ = −1/ln χ, χ the factor a step back of the squared norm of the gradient, "
            "measured in the untrained networks (Pascanu, Mikolov, Bengio 2013); trainability "
            "was found to end near 6 ξ (Schoenholz et al. 2017; Chen, Pennington, Schoenholz "
            "2018). It speaks of the start, not of what training changes."
        )
    return said


def amount(found: Interval) -> str:
    """Write a mean with its interval."""
    if np.isnan(found.low):
        return number(found.mean)
    return f"{number(found.mean)} ({number(found.low)} to {number(found.high)})"


def listed(parts: list[str]) -> str:
    """Write a list as people do."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""
