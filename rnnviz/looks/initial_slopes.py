"""The view of networks before any training: whether their gradient fades or explodes."""

import time
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.refusals import needed
from rnnviz.views.history import BUDGET, spread_out
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.words import N_, t
from rnnviz.words.numbers import number, steps

GAINS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
RADII = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0)
BIASES = (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
UNITS, NETWORKS, CELL_NETWORKS = 256, 6, 3
LONGEST, LARGEST = 100, 256
"""Length of the sequences, and units of all layers together, that are measured live at most."""


def show_initial_slopes(scene: Scene) -> FigureMessage:
    """Slope of ln of the gradient's norm in networks that nobody has trained.

    It fills in: a few networks are measured for each message. The choices are

    kind : "gain" or "cells"
        "gain": random networks h' = tanh(J h) without input over the gain g, with the mean-field
        curve; nothing of the run enters. "cells": the real networks of the scene's settings, on the
        task's probe.
    over : "spectral_radius" or "forget_bias"
        For "cells": over the spectral radius of the recurrent matrices, for an RNN, a GRU and an
        LSTM; or over the LSTM's forget bias.

    Raises
    ------
    RunError
        If the networks of the settings are too large to be measured live.
    """
    if scene.choice.word("kind", ("gain", "cells"), "gain") == "gain":
        return _of_gains(scene)
    over = scene.choice.word("over", ("spectral_radius", "forget_bias"), "spectral_radius")
    return _of_cells(scene, over)


def _of_gains(scene: Scene) -> FigureMessage:
    def measure(network: int, cell: str, gain: float) -> pd.DataFrame:
        return analysis.initial_slopes([gain], units=UNITS, networks=[network])

    items = _in_turn(NETWORKS, ("rnn",), GAINS)
    slopes, whole = _measured(scene, "gain", items, measure)
    figure = plots.initial_slopes.spec(
        slopes,
        _theory(GAINS[-1]),
        reach=(0.0, GAINS[-1] + 0.15),
        where=t("h′ = tanh(J h), {units} units, no input", units=UNITS),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": _words_of_gains(slopes, whole), "unfinished": not whole}


@cache
def _theory(top: float) -> pd.DataFrame:
    """Return the mean-field curve from g = 1 on."""
    return analysis.mean_field(np.linspace(1.0, top, 40))


def _of_cells(scene: Scene, over: str) -> FigureMessage:
    settings = scene.settings
    if settings.units > LARGEST:
        raise RunError(
            "{layers} x {hidden} units are too many to measure many networks "
            "live: up to {most} can be shown; in a script rnnviz.analysis.cell_slopes does it "
            "for any size.",
            layers=settings.layers,
            hidden=settings.hidden,
            most=LARGEST,
        )
    settings = settings.replace(length=min(settings.length, LONGEST))
    task = scene.gallery.task(settings)
    values = RADII if over == "spectral_radius" else BIASES
    cells = [
        cell
        for cell in ("rnn", "gru", "lstm")
        if "cell" not in needed(over, settings.replace(cell=cell))
    ]

    def measure(network: int, cell: str, value: float) -> pd.DataFrame:
        return analysis.cell_slopes(
            settings.replace(cell=cell), over, [value], networks=[network], samples=4, task=task
        )

    items = _in_turn(CELL_NETWORKS, cells, values)
    slopes, whole = _measured(scene, ("cells", over, settings), items, measure)
    edge = 0.05 * (values[-1] - values[0])
    figure = plots.initial_slopes.spec(
        slopes,
        reach=(values[0] - edge, values[-1] + edge),
        where=t(
            "{task}, {units} units, {length} long, untrained",
            task=t(scene.task.title),
            units=settings.hidden,
            length=settings.length,
        ),
        colours=scene.choice.theme,
    )
    says = _words_of_cells(slopes, over, whole)
    return {"figure": figure, "says": says, "unfinished": not whole}


Item = tuple[int, str, float]


def _in_turn(networks: int, cells: Sequence[str], values: Sequence[float]) -> list[Item]:
    """Order what is measured so that a coarse curve of every cell comes first."""
    places = spread_out(list(range(len(values))))
    return [
        (network, cell, values[place])
        for network in range(networks)
        for place in places
        for cell in cells
    ]


def _measured(
    scene: Scene, what: Hashable, items: list[Item], measure: Callable[..., pd.DataFrame]
) -> tuple[pd.DataFrame, bool]:
    """Measure some more networks; return all there is, and whether that is everything."""
    known: dict[Any, pd.DataFrame] = scene.gallery.histories.get(("initial slopes", what), dict)
    started = time.monotonic()
    missing = [item for item in items if item not in known]
    for done, item in enumerate(missing):
        if done and time.monotonic() - started > BUDGET:
            break
        known[item] = measure(*item)
    found = pd.concat([known[item] for item in items if item in known], ignore_index=True)
    return found, len(known) == len(items)


def _words_of_gains(slopes: pd.DataFrame, whole: bool) -> str:
    said = [] if whole else [t("More networks are being measured.")]
    for gain in (2.0, 0.9):
        one = slopes[slopes["value"] == gain]
        if one.empty:
            continue
        low, middle, high = one["slope"].min(), one["slope"].median(), one["slope"].max()
        slope = _signed(middle)
        if len(one) > 1:
            slope = t(
                "{slope} ({low} to {high} in {count} networks)",
                slope=slope,
                low=_signed(low),
                high=_signed(high),
                count=len(one),
            )
        if gain > 1:
            said.append(
                t(
                    "At g = {gain:g} the norm {speed}: slope {slope}; theory for infinitely many "
                    "units says {expected:.4f}.",
                    gain=gain,
                    speed=_speed(middle),
                    slope=slope,
                    expected=analysis.mean_field([gain])["largest"].iloc[0],
                )
            )
        else:
            said.append(
                t(
                    "At g = {gain:g} the norm {speed}: slope {slope}; ln of the spectral radius of "
                    "the same matrices is {expected}.",
                    gain=gain,
                    speed=_speed(middle),
                    slope=slope,
                    expected=_signed(one["reference"].median()),
                )
            )
    return " ".join(said)


def _words_of_cells(slopes: pd.DataFrame, over: str, whole: bool) -> str:
    said = [] if whole else [t("More networks are being measured.")]
    at = slopes[slopes["value"] == 1.0]
    if over == "forget_bias":
        one = at["slope"].median()
        if np.isfinite(one):
            alone = at["reference"].iloc[0]
            said.append(
                t(
                    "With a forget bias of 1, ‖∂L/∂c‖ {speed} (slope {slope}); the "
                    "forget gate alone would give ln σ(1) = {alone}.",
                    speed=_speed(one),
                    slope=_signed(one),
                    alone=_signed(alone),
                )
            )
        crossing = _crossing(slopes)
        if crossing is not None:
            said.append(
                t(
                    "It stops fading at a forget bias of about {crossing}.",
                    crossing=number(crossing),
                )
            )
        return " ".join(said)
    for cell, one in slopes.groupby("cell", sort=False):
        here = one[one["value"] == 1.0]["slope"].median()
        if not np.isfinite(here):
            continue
        said.append(
            t(
                "{cell}: at a spectral radius of 1 the norm {speed}; {where}.",
                cell=CELLS[str(cell)].title,
                speed=_speed(here),
                where=_where_it_fades(one),
            )
        )
    return " ".join(said)


def _where_it_fades(slopes: pd.DataFrame) -> str:
    """Say at which of the radii shown the norm fades, as a clause."""
    middle = slopes.groupby("value")["slope"].median().dropna()
    if (middle < 0).all():
        return t("it fades at all radii shown")
    if (middle >= 0).all():
        return t("it fades at none of the radii shown")
    crossing = _crossing(slopes)
    signs = np.flatnonzero(np.diff(np.sign(middle.to_numpy()) >= 0))
    if crossing is None or len(signs) > 1:
        return t(
            "it fades at {count} of {all} radii shown, in no one stretch",
            count=int((middle < 0).sum()),
            all=len(middle),
        )
    return t("it stops fading at about {crossing}", crossing=number(crossing))


def _signed(slope: float) -> str:
    """Write a slope as the mean-field table does, to three digits."""
    return f"{slope:.3f}".replace("-", "−")


def _speed(slope: float) -> str:
    """Say in how many steps back the norm halves or doubles."""
    if not slope:
        return t("stays as it is")
    time_steps = steps(np.log(2) / abs(slope))
    if slope < 0:
        return t("halves every {steps} back", steps=time_steps)
    return t("doubles every {steps} back", steps=time_steps)


def _crossing(slopes: pd.DataFrame) -> float | None:
    """Return where the medians first go from fading to growing, by a straight line between two."""
    middle = slopes.groupby("value")["slope"].median().dropna()
    values, heights = middle.index.to_numpy(float), middle.to_numpy(float)
    for place in range(len(values) - 1):
        low, high = heights[place], heights[place + 1]
        if low < 0 <= high:
            share = -low / (high - low)
            return float(values[place] + share * (values[place + 1] - values[place]))
    return None


LOOK = Look(
    "initial",
    "compare",
    N_("at initialization"),
    {"initial_slopes": View(show_initial_slopes)},
    place=30,
    fits=networks,
)
