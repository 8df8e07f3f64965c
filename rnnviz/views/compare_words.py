"""The sentences under the pictures of the Compare page, made from the numbers in them."""

import numpy as np
import pandas as pd

from rnnviz import analysis
from rnnviz.analysis.seeds import Interval, mean_interval
from rnnviz.analysis.timescales import decay_steps
from rnnviz.plots.style import NAME, SYMBOL
from rnnviz.store.states import State
from rnnviz.views.say import listed, together
from rnnviz.views.study import StudyScene, title
from rnnviz.words import N_, t, tn
from rnnviz.words.numbers import number
from rnnviz.words.numbers import steps as count_of

NOTE = N_("A gradient's norm is not memory; gates slow the decay; they do not stop it.")
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
    parts = [
        f"{title(str(cell))} {kept(one['share'])}"
        for cell, one in shares.groupby("cell", sort=False, observed=True)
    ]
    values = {"steps": count_of(int(shares["back"].iloc[0])), "cells": ", ".join(parts)}
    if scene.plan.seeds == 1:
        said = t("After {steps} back, cells keep of their gradient: {cells}.", **values)
    elif len(norms) < every:
        said = t(
            "After {steps} back, cells keep of their gradient: {cells} "
            "(geometric mean of the seeds that have begun).",
            **values,
        )
    else:
        said = tn(
            "After {steps} back, cells keep of their gradient: {cells} "
            "(geometric mean of {count} seed).",
            "After {steps} back, cells keep of their gradient: {cells} "
            "(geometric mean of {count} seeds).",
            scene.plan.seeds,
            **values,
        )
    return " ".join(filter(None, (said, waiting, ratio(scene, shares), t(NOTE))))


def kept(shares: pd.Series) -> str:
    """Say the geometric mean of shares; zeros and what is no number are counted beside it."""
    positive = shares[np.isfinite(shares) & (shares > 0)]
    zeros, strange = int((shares == 0).sum()), int((~np.isfinite(shares)).sum())
    if not zeros and not strange:
        return number(float(np.exp(np.log(positive).mean())))
    if zeros == len(shares):
        return t("exactly 0")
    return together(
        t("exactly 0 in {count} of {seeds} seeds", count=zeros, seeds=len(shares)) if zeros else "",
        t("not a number in {count} of {seeds} seeds", count=strange, seeds=len(shares))
        if strange
        else "",
        t("{amount} in the rest", amount=number(float(np.exp(np.log(positive).mean()))))
        if len(positive)
        else "",
    )


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
    """Compare what cells keep with what the reference keeps, seed by seed."""
    table = shares.pivot(index="seed", columns="cell", values="share")
    why = {
        str(cell): t("is 0 or not a number in some seeds")
        for cell in table
        if ((table[cell] == 0) | np.isinf(table[cell])).any()
        or shares.loc[shares["cell"] == cell, "share"].isna().any()
    }
    return compared(
        scene,
        table,
        why,
        N_("Against the {reference}, on the same seeds, the gradient kept is {cells}."),
    )


def compared(scene: StudyScene, table: pd.DataFrame, why: dict[str, str], message: str) -> str:
    """Say how many times the reference's value every cell's is; the reference is chosen before.

    Parameters
    ----------
    table : DataFrame (seed, cell)
    why : dict
        Cells that have no ratio, because some of their seeds have no value -> what these are.
    message : str
        Has places for `reference` and `cells`.
    """
    reference = reference_of(scene)
    left_out = [
        t("The {cell} {why}, so it is compared with none.", cell=title(cell), why=reason)
        for cell, reason in why.items()
    ]
    if reference in why or reference not in table:
        return " ".join(left_out)
    found = analysis.ratios(table.drop(columns=list(why)), reference)
    if found.empty:
        return " ".join(left_out)
    apart = [row for row in found.itertuples() if row.differs]
    alike = [title(row.name) for row in found.itertuples() if not row.differs]
    parts = [
        t(
            "{mean} times ({low} to {high}) for the {cell}",
            mean=number(row.ratio),
            low=number(row.low),
            high=number(row.high),
            cell=title(row.name),
        )
        for row in apart
    ]
    said = t(message, reference=title(reference), cells="; ".join(parts)) if parts else ""
    unknown = t("Not told apart from the {reference}: {cells}.", reference=title(reference),
                cells=", ".join(alike)) if alike else ""  # fmt: skip
    over = t("95 % for all together, over {seeds} seeds.", seeds=int(found["seeds"].iloc[0]))
    return " ".join([*filter(None, (said, unknown)), over, *left_out])


def reference_of(scene: StudyScene) -> str:
    """Return the cell that the others are compared with, chosen before anything is trained."""
    plan = scene.plan
    return plan.reference if plan.reference in plan.cells else plan.cells[0]


def of_learning(scene: StudyScene, rows: pd.DataFrame) -> str:
    """Say how each cell ended, over its seeds, and whether the difference is larger than chance."""
    if not rows["done"].any():
        nothing = t(
            "No run has finished yet. Lines: means over seeds; bands: lowest to highest "
            "seed; dashes: guessing level."
        )
        return f"{nothing} {scene.details}".strip()
    parts = [ended(cell, rows[(rows["cell"] == cell) & rows["done"]]) for cell in scene.plan.cells]
    limit = t("Learned: {limit}, {learned}.", limit=limit_of(scene), learned=way(scene))
    told = t(
        "Final loss (geometric mean over seeds, 95 % by Student's t): {cells}.",
        cells="; ".join(filter(None, parts)),
    )
    failed = (
        t("From where a run diverged, lines and bands are of the other seeds.")
        if (rows["state"] == State.FAILED).any()
        else ""
    )
    return " ".join(filter(None, (told, failed, difference(scene, rows), limit, scene.details)))


def way(scene: StudyScene) -> str:
    """Say which part of the way from the goal to the baseline counts as learned, as a clause."""
    by_metric = scene.task.judged_by == "metric"
    return t(
        "within {share:g} of the way from {goal} to the baseline",
        share=scene.plan.success,
        goal=t("all right") if by_metric else scene.task.goal.text,
    )


def limit_of(scene: StudyScene) -> str:
    """Say which loss, or which metric, counts as learned."""
    limit = scene.task.limit(scene.plan.success)
    if scene.task.judged_by == "metric":
        return t(
            "more than {limit} % {metric}", limit=number(limit), metric=t(scene.task.metric_title)
        )
    return t("a loss below {limit}", limit=number(limit))


def ended(cell: str, done: pd.DataFrame) -> str:
    """Say how the finished runs of a cell ended; nothing if there are none."""
    if done.empty:
        return ""
    failed = int((done["state"] == State.FAILED).sum())
    learned = int(done["success"].sum())
    losses = done.loc[done["state"] != State.FAILED, "loss"].dropna()
    if losses.empty:
        loss = ""
    elif 0 < learned < len(losses):  # two kinds of runs, of which no mean says anything
        loss = t("{low} to {high}", low=number(losses.min()), high=number(losses.max()))
    else:
        loss = amount(mean_interval(losses, logarithmic=True))
    return together(
        f"{title(cell)} {loss}".strip(),
        t("{learned} of {runs} learned", learned=learned, runs=len(done)),
        t("{failed} of {runs} diverged and is in no loss", failed=failed, runs=len(done))
        if failed
        else "",
    )


def difference(scene: StudyScene, rows: pd.DataFrame) -> str:
    """Compare the losses with the reference's, seed by seed: the same data, other weights."""
    done = rows[rows["done"]]
    why = {}
    for cell, one in done.groupby("cell", sort=False):
        failed, learned = int((one["state"] == State.FAILED).sum()), int(one["success"].sum())
        if failed:
            why[str(cell)] = t("diverged in {failed} of {runs} seeds", failed=failed, runs=len(one))
        elif 0 < learned < len(one):
            why[str(cell)] = t(
                "learned in {learned} of {runs} seeds", learned=learned, runs=len(one)
            )
        elif not (one["loss"] > 0).all():
            why[str(cell)] = t("ended with a loss of exactly 0")
    return compared(
        scene,
        done.pivot(index="seed", columns="cell", values="loss"),
        why,
        N_("Against the {reference}, on the same data, the final loss is {cells}."),
    )


def of_gates(
    scene: StudyScene, values: dict[str, tuple[str, pd.DataFrame]], steps: dict[str, int]
) -> str:
    """Say how long the gates by themselves would keep the state of the median unit.

    `steps` is the training step of each cell's network; the untrained ones are not told beside
    trained ones.
    """
    parts = []
    waiting = [cell for cell in values if not steps[cell]] if any(steps.values()) else []
    values = {cell: each for cell, each in values.items() if cell not in waiting}
    for cell, (signal, table) in values.items():
        if signal == "hidden_state":
            continue
        with np.errstate(all="ignore"):
            logs = np.log(table.to_numpy(float))
            logs = logs[np.isfinite(logs).all(axis=1)] if np.isfinite(logs).any() else logs
            lives = np.sort(decay_steps(np.exp(logs.mean(axis=0))))
        parts.append(
            t(
                "the {cell}'s ({gate} {symbol}) after {steps} in the median unit, {longest} at "
                "longest",
                cell=title(cell),
                gate=t(NAME[signal]),
                symbol=SYMBOL[signal],
                steps=count_of(float(np.median(lives))),
                longest=count_of(float(lives[-1])),
            )
        )
    plain = [title(cell) for cell, (signal, _) in values.items() if signal == "hidden_state"]
    said = (
        [
            t(
                "By the product of its gates alone, a state would fall to 1/e: {gates}.",
                gates="; ".join(parts),
            )
        ]
        if parts
        else []
    )
    if plain:
        said.append(
            tn(
                "{cells} has no gates; its state is shown.",
                "{cells} have no gates; their states are shown.",
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
        t("Learned: {cells}.", cells="; ".join(parts)) if parts else t("No run has finished yet.")
    ]
    if missing and parts:
        said.append(
            tn(
                "{count} run left; empty fields have none.",
                "{count} runs left; empty fields have none.",
                missing,
            )
        )
    said.append(t("Learned: the last validation is {learned}.", learned=way(scene)))
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
