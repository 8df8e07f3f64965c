"""Jacobians: singular values of every step, or what many steps in a row do."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.analysis import lyapunov_exponents
from rnnviz.analysis.jacobians import state_gradient_norms
from rnnviz.errors import RunError, TraceError
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.flow import Flow, of_attention
from rnnviz.views.look import Look, gradient_view
from rnnviz.views.messages import FigureMessage
from rnnviz.views.recorded_flow import flow_of
from rnnviz.views.say import one_sample
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t
from rnnviz.words.numbers import number, steps

LARGEST_STATE = 512
"""Numbers in the largest state whose Jacobians are looked at."""


MOST_ENTRIES = 2**24
"""Most numbers in all Jacobians of a sequence: 0.1 GB, and a second to multiply them."""


SVD_WORK, EIGEN_WORK = 5e7, 6e6
"""About a twentieth of a second each: steps x state^3."""


def show_jacobians(scene: Scene, product: bool = False) -> FigureMessage:
    """Singular values of every step, or what many steps in a row do."""
    flow = flow_of(scene)
    size = flow.state_size
    if size > LARGEST_STATE:
        raise RunError(
            "A state of {size} numbers is too large to take its Jacobians apart live: "
            "up to {most} can be shown.",
            size=size,
            most=LARGEST_STATE,
        )
    if size**2 * flow.length > MOST_ENTRIES:
        raise RunError(
            "{length} Jacobians of {size} x {size} numbers are too many to take apart "
            "live: up to {most} time steps of such a state can be shown.",
            length=flow.length,
            size=size,
            most=MOST_ENTRIES // size**2,
        )
    trace = flow.trace_of("last")
    which = {"gradients": True} if product else {"given": True}
    steps = analysis.jacobians(flow.model, trace, flow.layer, flow.sample, **which)
    values = analysis.singular_values(thinned(steps, SVD_WORK / size**3))
    bound = analysis.jacobian_bound(flow.model, trace, flow.layer)
    every_step = int(np.isfinite(steps).all((1, 2)).sum())
    common: dict[str, Any] = {
        "bound": bound,
        "where": flow.where(one_sample(flow.sample), part_of(values, every_step)),
        "colours": scene.choice.theme,
    }
    if not product:
        radius = analysis.spectral_radius(thinned(steps, EIGEN_WORK / size**3))
        figure = plots.jacobians.spec(values, radius, **common)
        return {"figure": figure, "says": of_jacobians(values, radius, bound, flow, every_step)}
    every = max(1, int(len(steps) * size**3 / SVD_WORK))
    products = analysis.product_norms(steps, every)
    once = enters_once(flow)
    norm = state_gradient_norms(flow.model, trace, flow.layer)[:, flow.sample]
    last = int(np.flatnonzero(norm > 0)[-1]) if (norm > 0).any() else len(norm) - 1
    measured = pd.DataFrame(
        {"lag": np.arange(last + 1), "norm": norm[last::-1] / (norm[last] or 1.0)}
    ).dropna()
    measured = measured[measured["lag"] <= products["lag"].max()]  # as far as steps are linked
    if not once:  # what enters on the way back is bounded by no product
        measured = measured[:0]
    figure = plots.stretching.spec(values, products, measured, **common)
    return {
        "figure": figure,
        "says": " ".join(
            filter(None, (of_products(products, measured, steps, once), of_attention(flow)))
        ),
    }


def enters_once(flow: Flow) -> bool | None:
    """Whether gradient enters the layer at one step; None where it cannot be followed."""
    trace = flow.trace_of("last")
    try:
        return analysis.entering(flow.model, trace, flow.layer, sample=flow.sample).once
    except TraceError:  # it is no number, or beyond the largest there is
        return None


def part_of(table: pd.DataFrame, every_step: int) -> str:
    """Say at how many of the steps was looked, where it was not all of them."""
    looked = table["time"].nunique()
    return (
        "" if looked == every_step else t("{looked} of {all} steps", looked=looked, all=every_step)
    )


def thinned(steps: np.ndarray, most: float) -> np.ndarray:
    """Return Jacobians with so many of them left, evenly; the others are NaN."""
    left = max(4, int(most))
    if len(steps) <= left:
        return steps
    kept = np.unique(np.linspace(1, len(steps) - 1, left).round().astype(int))
    some = np.full_like(steps, np.nan)
    some[kept] = steps[kept]
    return some


def of_jacobians(
    values: pd.DataFrame,
    radius: pd.DataFrame,
    bound: float | None,
    flow: Flow,
    every_step: int,
) -> str:
    """Say how much one step stretches at most, and in how many directions.

    `every_step` is how many steps have a Jacobian; `values` and `radius` may be of fewer.
    """
    if values.empty:
        return t("No step sets out from a state that is known, so there is no Jacobian.")
    top = values[values["rank"] == 0]["value"]
    count = values["rank"].max() + 1
    stretched = float((values["value"] > 1).groupby(values["time"]).sum().mean())
    said = [
        t(
            "The largest singular value is {median} at the median step "
            "({low} to {high}); a step stretches {stretched:.1f} of "
            "{count} directions and shrinks the others. "
            "Spectral radius, at the median: {radius}.",
            median=number(top.median(), 3),
            low=number(top.min(), 3),
            high=number(top.max(), 3),
            stretched=stretched,
            count=count,
            radius=number(radius["radius"].median(), 3),
        )
    ]
    parts = [part_of(table, every_step) for table in (values, radius)]
    if any(parts):
        said.append(
            t(
                "Not every step was looked at: singular values are of {values}, spectral radii of "
                "{radii}, evenly spread.",
                values=parts[0] or t("all steps"),
                radii=parts[1] or t("all steps"),
            )
        )
    if bound is not None:
        holds = bool((top <= bound * (1 + 1e-12)).all())
        said.append(
            t("The bound γ σmax(W) = {bound} holds at every step.", bound=number(bound, 3))
            if holds and not parts[0]
            else t("The bound γ σmax(W) = {bound} holds at these steps.", bound=number(bound, 3))
            if holds
            else t("The bound γ σmax(W) = {bound} is broken.", bound=number(bound, 3))
        )
    elif flow.cell == "lstm":
        said.append(t("The state is h and c together."))
    return " ".join(said)


def of_products(
    products: pd.DataFrame, measured: pd.DataFrame, steps_of: np.ndarray, once: bool | None
) -> str:
    """Say what the product of all steps does, and what of it the gradient uses.

    once : as `enters_once` gives it
    """
    if len(products) < 2:
        return t("There are no two steps in a row with a Jacobian, so no product.")
    far = products.iloc[0]
    through = t(
        "Over {steps}, the product of the Jacobians lets through {most} times a gradient at most.",
        steps=steps(int(far["lag"])),
        most=number(float(np.exp(np.clip(far["log_norm"], -700, 700)))),
    )
    kept = (
        t("This gradient is {left} times what it was.", left=number(measured["norm"].iloc[-1]))
        if len(measured)
        else t(
            "Gradient enters this layer at more than one step, so what the last one's has become "
            "is not told apart."
        )
        if once is False
        else ""
    )
    said = f"{through} {kept}".strip()
    if len(steps_of) * steps_of.shape[1] ** 3 >= 6e7:
        return said
    exponents = lyapunov_exponents(steps_of)
    direction = t(
        "That is for the one direction that grows most. A direction that is carried along "
        "with the steps grows by e^λ a step in the long run: the largest Lyapunov exponent λ, "
        "over this sequence, is {largest}, their mean "
        "{mean}.",
        largest=number(exponents[0]),
        mean=number(float(exponents.mean())),
    )
    return f"{said} {direction}"


def controls(subject: Subject) -> Asking:
    """Ask for sample and layer."""
    top = yield from ask.top_layer(subject)
    return (yield from ask.sample(subject, top["layer"])) | top


LOOK = Look(
    "jacobians",
    "gradients",
    N_("Jacobians"),
    {
        "gradient_jacobians": gradient_view(
            show_jacobians, lecture=N_("Jacobians of single steps"), packed=12, width=0.55
        ),
        "gradient_products": gradient_view(partial(show_jacobians, product=True), width=0.45),
    },
    controls,
    place=40,
    fits=lambda subject: subject.has_gradients,
)
