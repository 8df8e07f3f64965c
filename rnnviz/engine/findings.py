"""What a study has found so far, as DataFrames: read from the run store, a point at a time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from rnnviz.analysis.entering import entering
from rnnviz.analysis.gradients import norm_over_units, of_top_layer
from rnnviz.analysis.seeds import mean_interval
from rnnviz.data.sources import DataSource
from rnnviz.errors import RunError
from rnnviz.networks.model import build, load
from rnnviz.plan import Plan, Point, parameters
from rnnviz.recording.probe import look
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import State
from rnnviz.store.studies import Ending, Member
from rnnviz.tasks import TASKS, Task, task_of

RESULTS = ("loss", "metric", "gradient_norm", "validation_loss", "validation_metric")
SAMPLES = 16
MOST_ACTIVATIONS = 2**18
"""Largest length x hidden x layers x samples that a gradient through time is measured from."""


def outcomes(store: RunStore, study: str) -> pd.DataFrame:
    """Say of every point of a study how it stands and how it ended.

    Returns
    -------
    DataFrame
        A row a point, in the order of `Plan.points`: `cell`, `seed`, `lr`, a column for every
        varied setting, `hidden`, `parameters`, `run`, `state`, `reason`, `step`, `seconds`;
        `loss` and `metric` of the last validation (NaN if it is not finished), `baseline` and
        `baseline_metric` of a network that has learned nothing; `done` (finished, or ended early
        because it diverged), `limit` and `success`: the loss is below the limit, or the metric
        above it, for tasks that are judged by that. The limit lies `Plan.success` of the way from
        the task's goal, the best possible or what is within reach, to its baseline. What diverged
        has not succeeded.
    """
    members = store.studies.members(study)
    endings = store.studies.endings(member.run for member in members if member.run)
    return outcome_rows(store.studies.get(study).plan, members, endings, store.data)


def outcome_rows(
    plan: Plan,
    members: Sequence[Member],
    endings: Mapping[str, Ending],
    data: DataSource | None = None,
) -> pd.DataFrame:
    """Return the rows of `outcomes`, from how the points stand and how finished runs ended.

    data : as for `rnnviz.tasks.task_of`
    """
    rows = []
    for point, member in zip(plan.points(data), members, strict=True):
        ending = endings.get(member.run or "")
        loss, metric = ending or (np.nan, np.nan)
        task = task_of(point.settings, data)
        baseline = task.baseline
        done = member.state == State.FAILED or ending is not None
        rows.append(
            {
                **labels(point),
                "hidden": point.settings.hidden,
                "parameters": parameters(point.settings, data),
                "run": member.run, "state": member.state, "reason": member.reason,
                "step": member.step, "seconds": member.seconds, "loss": loss, "metric": metric,
                "baseline": baseline.loss, "baseline_metric": baseline.metric, "done": done,
                "limit": task.limit(plan.success),
                "success": task.learned(loss, metric, plan.success),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def best_rates(found: pd.DataFrame, varied: Sequence[str] = ()) -> pd.DataFrame:
    """Choose for each cell, at each varied value, the learning rate that it is compared at.

    It is the one with the lowest geometric mean over seeds of the final validation loss, by which
    cells are compared, too, among those whose seeds are all done; a run that diverged counts as
    infinite. Before any is done it is the first. What is then told is of the same seeds, and so a
    little better than other seeds would do.

    Parameters
    ----------
    found : DataFrame
        As `outcomes` gives it.

    Returns
    -------
    DataFrame
        Columns `cell`, the varied ones, and `lr`.
    """
    loss = found["loss"].where(found["state"] != State.FAILED, np.inf)
    with np.errstate(divide="ignore"):
        table = found.assign(final=np.log(loss.where(found["done"])))
    rows = []
    for key, one in table.groupby(["cell", *varied], sort=False, dropna=False):
        means = one.groupby("lr", sort=False)["final"].agg(lambda each: each.mean(skipna=False))
        known = means.dropna()
        lr = float(known.idxmin()) if len(known) else float(means.index[0])
        rows.append({**dict(zip(["cell", *varied], key, strict=True)), "lr": lr})
    return pd.DataFrame(rows)


def at_best(frame: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame that belong to the chosen learning rates."""
    keys = list(rates.columns)
    kept: pd.DataFrame = frame.merge(rates, on=keys, how="inner", sort=False)
    return kept


def summary(store: RunStore, study: str) -> pd.DataFrame:
    """Say how each cell did, over its seeds.

    Returns
    -------
    DataFrame
        A row for each cell and each combination of varied values: `lr` (the one compared),
        `hidden`, `parameters`, `loss` and `metric` (geometric and plain mean of the final
        validation over seeds), `loss_low`, `loss_high`, `metric_low`, `metric_high` (95 %
        intervals by Student's t, of the loss's logarithm; shares stay within 0 and 100 %; NaN for
        one seed, and where some seeds learned and others did not, of which no mean says
        anything), `baseline`, `baseline_metric`, `successes`, `diverged` (in no mean of the loss),
        `done` (seeds that are), `seeds`.
    """
    plan = store.studies.get(study).plan
    varied = list(plan.vary)
    found = outcomes(store, study)
    best = at_best(found, best_rates(found, varied))
    rows = []
    for key, one in best.groupby(["cell", *varied], sort=False, dropna=False):
        done = one[one["done"]]
        loss = mean_interval(done["loss"], logarithmic=True)
        bounds = TASKS[plan.settings.task].metric_range
        metric = mean_interval(done["metric"], bounds=bounds)
        successes, diverged = int(done["success"].sum()), int((done["state"] == State.FAILED).sum())
        if 0 < successes < len(done) - diverged:
            loss, metric = (each._replace(low=np.nan, high=np.nan) for each in (loss, metric))
        first = one.iloc[0]
        rows.append(
            {
                **dict(zip(["cell", *varied], key, strict=True)),
                "lr": first["lr"], "hidden": first["hidden"], "parameters": first["parameters"],
                "loss": loss.mean, "loss_low": loss.low, "loss_high": loss.high,
                "metric": metric.mean, "metric_low": metric.low, "metric_high": metric.high,
                "baseline": first["baseline"], "baseline_metric": first["baseline_metric"],
                "successes": successes, "diverged": diverged, "done": len(done), "seeds": len(one),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def curves(store: RunStore, study: str) -> pd.DataFrame:
    """Return the learning curves of all runs.

    Returns
    -------
    DataFrame
        A row a run and step: `cell`, `seed`, `lr`, the varied settings, `step`, `loss`, `metric`
        and `gradient_norm` of the training batch, `validation_loss` and `validation_metric` (NaN
        at steps without a validation).
    """
    frames = []
    for point, member in _with_runs(store, study):
        rows = store.runs.metrics(member.run or "")[["step", *RESULTS]]
        frames.append(rows.assign(**labels(point)))
    names = [*_label_names(store.studies.get(study).plan), "step", *RESULTS]
    return pd.concat(frames)[names].reset_index(drop=True) if frames else _empty(names)


def gradients(store: RunStore, study: str, step: int | None = None) -> pd.DataFrame:
    """Measure the gradient through time in every run of a study.

    Parameters
    ----------
    step : int, optional
        At the newest checkpoint not after this training step; at the newest of all if None.

    Returns
    -------
    DataFrame
        A row a run and time step: `cell`, `seed`, `lr`, the varied settings, `step` (of the
        checkpoint), `time` and `norm`, as `time_norms` measures it.
    """
    frames = []
    for point, member in _with_runs(store, study):
        at, weights = kept_weights(store, member.run or "", step)
        norm = time_norms(point.settings, weights, task_of(point.settings, store.data))
        frame = pd.DataFrame({"step": at, "time": np.arange(len(norm)), "norm": norm})
        frames.append(frame.assign(**labels(point)))
    names = [*_label_names(store.studies.get(study).plan), "step", "time", "norm"]
    return pd.concat(frames)[names].reset_index(drop=True) if frames else _empty(names)


def kept_weights(store: RunStore, run: str, step: int | None) -> tuple[int, bytes | None]:
    """Return a run's newest checkpoint not after a step, or no weights where it has none yet."""
    try:
        checkpoint = store.runs.checkpoint(run, step)
    except RunError:
        return 0, None
    return checkpoint.step, checkpoint.weights


def time_norms(
    settings: Settings, weights: bytes | None = None, task: Task | None = None
) -> np.ndarray:
    """Measure ‖∂L/∂h_t‖ through time in one network: (time,), float64.

    L is a sequence's last answer's loss, h the hidden state of the top layer; the norm is that
    over units, its median is taken over the task's probe. Computed in float64.

    Parameters
    ----------
    weights : bytes, optional
        Of a checkpoint; the untrained network if None.
    task : Task, optional
        That of the settings, as for `rnnviz.recording.probe.look`.
    """
    return time_gradient(settings, weights, task).norm


class TimeGradient(NamedTuple):
    """The gradient through time in one network.

    norm : (time,), as `time_norms` has it
    once : whether it enters the layers at one step alone, and is only carried back from there
    """

    norm: np.ndarray
    once: bool


def time_gradient(
    settings: Settings, weights: bytes | None = None, task: Task | None = None
) -> TimeGradient:
    """Measure ‖∂L/∂h_t‖ as `time_norms` does, and whether it can be said to decay."""
    task = task or task_of(settings)
    each = task.steps * settings.units
    probe = task.probe().first(min(SAMPLES, max(1, MOST_ACTIVATIONS // each)))
    trace = look(settings, weights, probe, dtype=torch.float64, task=task).trace
    gradient = of_top_layer(trace, "hidden_state", gradient=True)
    norms: np.ndarray = np.median(norm_over_units(gradient), axis=1)
    model = build(settings, task) if weights is None else load(settings, weights, task)
    model = model.double().eval()
    layers = [trace.top]
    if trace.top.startswith("decoder."):
        layers.append(trace.top.replace("decoder.", "encoder."))
    last = [len(norms) - 1]
    once = all(entering(model, trace, layer, asked=last).once for layer in layers)
    return TimeGradient(norms, once)


def labels(point: Point) -> dict[str, object]:
    """Return the columns that tell a point from the others."""
    return {"cell": point.cell, "seed": point.seed, "lr": point.lr, **dict(point.varied)}


def _with_runs(store: RunStore, study: str) -> list[tuple[Point, Member]]:
    points = store.studies.get(study).plan.points(store.data)
    pairs = zip(points, store.studies.members(study), strict=True)
    return [(point, member) for point, member in pairs if member.run]


def _label_names(plan: Plan) -> list[str]:
    names = ["cell", "seed", "lr"]
    return [*names, *(name for name in plan.vary if name not in names)]


def _empty(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="float64") for name in names})
