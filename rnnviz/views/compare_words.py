"""The sentences under the pictures of the Compare page, made from the numbers in them."""

import numpy as np
import pandas as pd

from rnnviz.analysis.seeds import Interval, mean_interval
from rnnviz.plots.style import NAME, SYMBOL
from rnnviz.store.states import State
from rnnviz.views.flow import number
from rnnviz.views.flow import steps as count_of
from rnnviz.views.say import listed, together
from rnnviz.views.study import StudyScene, title
from rnnviz.words import N_, t, tn

NOTE = N_("A gradient's norm is not memory; gates slow its fading, they do not abolish it.")
MANY_ENTRIES = N_(
    "Gradient enters at more than one step here (the mean of all states is read out, or attention "
    "looks at them), so no curve is a decay, and what is left of it is not told."
)
LONG = 50
"""Steps back at which shares of the gradient are told, where a sequence is as long."""


def of_gradients(scene: StudyScene, norms: pd.DataFrame) -> str:
    """Say which share of the gradient each cell keeps, and how much more one keeps than another."""
    every = len(norms)
    norms, waiting = begun(norms)
    if not norms["once"].all():
        return " ".join(filter(None, (t(MANY_ENTRIES), waiting, t(NOTE))))
    shares = kept_shares(norms)
    if shares.empty:
        return t("No gradient reaches any hidden state.")
    parts = []
    for cell, one in shares.groupby("cell", sort=False, observed=True):
        logs = np.log10(one["share"].where(one["share"] > 0))
        middle = number(10 ** logs.mean()) if logs.notna().any() else t("nothing")
        parts.append(f"{title(str(cell))} {middle}")
    values = {"steps": count_of(int(shares["back"].iloc[0])), "cells": ", ".join(parts)}
    if scene.plan.seeds == 1:
        said = t("Of the gradient, {steps} back there is left: {cells}.", **values)
    elif len(norms) < every:
        said = t(
            "Of the gradient, {steps} back there is left: {cells} "
            "(geometric mean of the seeds that have begun).",
            **values,
        )
    else:
        said = tn(
            "Of the gradient, {steps} back there is left: {cells} "
            "(geometric mean of {count} seed).",
            "Of the gradient, {steps} back there is left: {cells} "
            "(geometric mean of {count} seeds).",
            scene.plan.seeds,
            **values,
        )
    return " ".join(filter(None, (said, waiting, ratio(scene, shares), t(NOTE))))


def begun(norms: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Leave untrained networks out beside trained ones, and name the cells that have only such."""
    trained = norms[norms["step"] > 0]
    if trained.empty:
        return norms, ""
    waiting = [cell for cell in norms["cell"].unique() if cell not in set(trained["cell"])]
    if not waiting:
        return trained, ""
    cells = listed([title(str(cell)) for cell in waiting])
    return trained, t("Still untrained, and not counted: {cells}.", cells=cells)


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
        return tn(
            "Over {count} seed, no cell surely keeps more than another "
            "({most} against {least}: {times}).",
            "Over {count} seeds, no cell surely keeps more than another "
            "({most} against {least}: {times}).",
            len(table),
            most=title(most),
            least=title(least),
            times=times(found),
        )
    return t(
        "The {most} keeps {times} as much as the {least}.",
        most=title(most),
        times=times(found),
        least=title(least),
    )


def times(found: Interval) -> str:
    """Write a ratio with its interval."""
    return t(
        "{mean} times (95 %: {low} to {high})",
        mean=number(found.mean),
        low=number(found.low),
        high=number(found.high),
    )


def of_learning(scene: StudyScene, rows: pd.DataFrame) -> str:
    """Say how each cell ended, over its seeds, and whether the difference is larger than chance."""
    if not rows["done"].any():
        nothing = t(
            "Nothing is trained to its end yet. Lines: means over seeds; bands: lowest to highest "
            "seed; dashes: what knowing nothing scores."
        )
        return f"{nothing} {scene.details}".strip()
    parts = []
    for cell in scene.plan.cells:
        one = rows[(rows["cell"] == cell) & rows["done"]]
        if one.empty:
            continue
        found = mean_interval(one["loss"], logarithmic=True)
        failed = int((one["state"] == State.FAILED).sum())
        learned = int(one["success"].sum())
        parts.append(
            together(
                f"{title(cell)} {amount(found)}" if found.seeds else title(cell),
                t("{learned} of {runs} learned", learned=learned, runs=len(one)),
                t("{runs} diverged", runs=failed) if failed else "",
            )
        )
    limit = t(
        "Learned: below {share:g} × the baseline of {base:.3g}.",
        share=scene.plan.success,
        base=scene.task.baseline.loss,
    )
    told = t("Final loss (geometric mean, 95 % by Student's t): {cells}.", cells="; ".join(parts))
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
        return tn(
            "{count} seed does not tell {best} and {worst} apart ({times}).",
            "{count} seeds do not tell {best} and {worst} apart ({times}).",
            len(table),
            best=title(best),
            worst=title(worst),
            times=times(found),
        )
    return t(
        "On the same data, the {worst}'s is {times} the {best}'s.",
        worst=title(worst),
        times=times(found),
        best=title(best),
    )


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
            t(
                "the {cell}'s {gate} {symbol} {mean:.2f} (−1/ln {symbol}: {steps})",
                cell=title(cell),
                gate=t(NAME[signal]),
                symbol=SYMBOL[signal],
                mean=mean,
                steps=count_of(life),
            )
        )
    plain = [title(cell) for cell, (signal, _) in values.items() if signal == "hidden_state"]
    said = [t("On average, {gates}.", gates=listed(parts))] if parts else []
    if plain:
        said.append(
            tn(
                "{cells} has no gate: the state.",
                "{cells} have no gate: the state.",
                len(plain),
                cells=listed(plain),
            )
        )
    if waiting:
        cells = listed([title(cell) for cell in waiting])
        said.append(t("Still untrained: {cells}.", cells=cells))
    return " ".join(said)


def of_map(scene: StudyScene, table: pd.DataFrame, scales: pd.DataFrame, x: str) -> str:
    """Say how far each cell learns, and what the line is."""
    parts = []
    for cell, one in table.groupby("cell", sort=False):
        done, learned = int(one["done"].sum()), int(one["successes"].sum())
        if not done:
            continue
        most = one[one["successes"] * 2 > one["done"]]["x"]
        reach = x == "length" and len(most) > 0
        parts.append(
            together(
                t("{cell} {learned} of {runs} runs", cell=title(str(cell)), learned=learned,
                  runs=done),
                t("most seeds up to length {most:g}", most=most.max()) if reach else "",
            )
        )  # fmt: skip
    missing = int((table["seeds"] - table["done"]).sum())
    said = [
        t("Learned: {cells}.", cells="; ".join(parts))
        if parts
        else t("Nothing is trained to its end yet.")
    ]
    if missing and parts:
        said.append(
            tn(
                "{count} run is still to come; empty fields have none.",
                "{count} runs are still to come; empty fields have none.",
                missing,
            )
        )
    share = scene.plan.success
    said.append(
        t("Learned: last validation loss below {share:g} × the task's baseline.", share=share)
    )
    if x == "length" and scales.empty:
        said.append(
            t(
                "No line of ξ is drawn: it is measured where gradient enters at one step alone and "
                "fades on its way back."
            )
        )
    if len(scales):
        said.append(
            t(
                "Line: ξ = −1/ln χ, χ the factor a step back of the squared norm of the gradient, "
                "measured in the untrained networks (Pascanu, Mikolov, Bengio 2013); trainability "
                "was found to end near 6 ξ (Schoenholz et al. 2017; Chen, Pennington, Schoenholz "
                "2018). It speaks of the start, not of what training changes."
            )
        )
    return " ".join(said)


def amount(found: Interval) -> str:
    """Write a mean with its interval."""
    if np.isnan(found.low):
        return number(found.mean)
    return t(
        "{mean} ({low} to {high})",
        mean=number(found.mean),
        low=number(found.low),
        high=number(found.high),
    )
