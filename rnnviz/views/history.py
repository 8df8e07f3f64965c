"""Measure the checkpoints of a run, a few at each message, so that nobody waits for all of them."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from rnnviz.errors import RunError
from rnnviz.recording.record import record
from rnnviz.store.downsample import thin
from rnnviz.views.scene import Scene
from rnnviz.words import N_

MOST = 60
"""Checkpoints that are shown."""
ONE_MOMENT = N_(
    "Nothing is watched here: a trace is one moment. In a training loop, rnnviz.watch(model) keeps "
    "the loss of every step and a trace of some."
)
BUDGET = 0.12
"""Seconds of measuring in one message; one checkpoint is measured whatever it takes."""


def measured(
    scene: Scene, what: str, measure: Callable[[nn.Module], Any]
) -> tuple[dict[int, Any], bool]:
    """Measure the networks of a run's checkpoints; go on where the last call stopped.

    Parameters
    ----------
    scene : Scene
        Of a run, or of a draft, which is measured as it is.
    what : str
        Names the measure: what was measured is kept in the gallery under it.
    measure : callable
        Gives what is kept of a network; it has to be small.

    Returns
    -------
    dict, bool
        Training step -> what was measured, in order, at most 60; whether all there is was.
    """
    key = (what, scene.run.id if scene.run else None, scene.settings)
    _ = scene.task  # is refused where its data are not here, or each checkpoint would seem damaged
    known = scene.gallery.histories.get(key, dict)
    kept = list(scene.checkpoints) or [0]
    wanted = sorted(set(kept) - set(thin(kept, MOST)))
    started = time.monotonic()
    missing = spread_out([step for step in wanted if step not in known])
    for done, step in enumerate(missing):
        if done and time.monotonic() - started > BUDGET:
            break
        try:
            known[step] = measure(scene.network(step))
        except RunError:
            known[step] = None  # dropped from the store since, or damaged
    for step in thin(sorted(known), 4 * MOST):
        del known[step]
    whole = all(step in known for step in wanted)
    steps = sorted(step for step, found in known.items() if found is not None and step <= kept[-1])
    dropped = set(thin(steps, MOST))
    return {step: known[step] for step in steps if step not in dropped}, whole


def spread_out(steps: list[int]) -> list[int]:
    """Order steps so that the ends come first and then always the middle of a gap."""
    if len(steps) < 3:
        return steps[::-1]
    gaps = [(0, len(steps) - 1)]
    order = [steps[-1], steps[0]]
    while gaps:
        low, high = gaps.pop(0)
        if high - low > 1:
            middle = (low + high) // 2
            order.append(steps[middle])
            gaps += [(low, middle), (middle, high)]
    return order


def mean_history(scene: Scene, layer: str, signal: str) -> tuple[dict[int, np.ndarray], bool]:
    """Return the mean of each unit of a signal over training, as far as it is measured.

    Returns
    -------
    dict, bool
        Training step -> ndarray (unit,), the mean over all steps and samples; and whether all there
        is was measured.

    Raises
    ------
    RunError
        If only one moment was recorded.
    """
    if scene.subject.recorded(scene.step) is not None:
        return _recorded_means(scene, layer, signal)
    means, whole = measured(scene, "unit means", lambda model: unit_means(scene, model))
    return {step: of_all[layer, signal] for step, of_all in means.items()}, whole


def _recorded_means(scene: Scene, layer: str, signal: str) -> tuple[dict[int, np.ndarray], bool]:
    subject, kept = scene.subject, list(scene.checkpoints)
    if len(kept) < 2:
        raise RunError(ONE_MOMENT)
    known = scene.gallery.histories.get(("moments", subject.name, layer, signal), dict)
    started = time.monotonic()
    for step in spread_out([step for step in kept if step not in known]):
        if time.monotonic() - started > BUDGET:
            break
        one = subject.recorded(step)
        fits = one is not None and layer in one.layers and signal in one.signals(layer)
        known[step] = mean(one.value(layer, signal)) if one is not None and fits else None
    units = scene.trace.value(layer, signal).shape[2]
    measured_steps = [step for step in kept[-4 * MOST :] if known.get(step) is not None]
    means = {step: known[step] for step in measured_steps if len(known[step]) == units}
    return means, all(step in known for step in kept)


def unit_means(scene: Scene, model: nn.Module) -> dict[tuple[str, str], np.ndarray]:
    """Run the probe through a network; return the mean of each unit of each signal.

    Returns
    -------
    dict
        (layer, signal) -> ndarray (unit,), the mean over all steps and samples.
    """
    probe = scene.gallery.probe(scene.settings)
    with record(model, gradients=False, weights=False) as trace, torch.no_grad():
        model(probe.batch.inputs)
    return {
        (layer, signal): mean(trace.value(layer, signal))
        for layer in trace.layers
        for signal in trace.signals(layer)
        if signal != "input"
    }


def mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of (time, batch, unit) for each unit, without padding; float32."""
    counted = ~np.isnan(values).all(2)
    chosen = values[counted]
    average: np.ndarray = chosen.mean(0, dtype=np.float64) if len(chosen) else values[0, 0]
    return average.astype(np.float32)
