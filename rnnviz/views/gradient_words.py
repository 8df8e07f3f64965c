"""The sentences under the pictures of the Gradients page, made from the numbers in them."""

import numpy as np
import pandas as pd

from rnnviz.analysis import lyapunov_exponents
from rnnviz.views.flow import Flow, number, steps

NOTE = "Little gradient means slow learning this far back, not that nothing is kept."
FEWEST = 5
"""Outputs at a distance of which a median is spoken."""
CROOKED = 0.7
"""Share of variance explained, below which a fitted line is said to be none."""


def of_time(
    flow: Flow, fits: pd.DataFrame, norms: pd.DataFrame, predicted: pd.DataFrame | None
) -> str:
    """Say how fast the gradient fades, with its uncertainty, and what theory had to say."""
    found = fits[fits["signal"] == "hidden_state"]
    if flow.layer.endswith("_reverse"):
        return (
            "This layer reads from the end, so its gradient flows to later steps; a slope is "
            f"fitted to the layer that reads forwards. {NOTE}"
        )
    if found.empty:
        return ""
    fit = found.iloc[0]
    if not np.isfinite(fit["slope"]):
        if flow.loss == "all" and flow.asked[0] < 3:
            return (
                "Answers are asked from the first steps on, so this curve is a sum over many "
                "losses and has no slope of its own: look at it itemized, or at one answer's loss."
            )
        if fit["zeros"]:
            return "The gradient is exactly 0 nearly everywhere: nothing reaches back."
        return "There are too few steps before this answer to speak of a slope."
    said = [halving(fit)]
    h = norms[norms["signal"] == "hidden_state"].set_index("time")["norm"]
    h = h[(h > 0) & (h.index <= fit["last"])]
    if len(h) > 1:
        far = int(h.index[-1] - h.index[0])
        said.append(f"{steps(far)} back, {number(h.iloc[0] / h.iloc[-1])} of it is left.")
    cells = fits[(fits["signal"] == "cell_state") & np.isfinite(fits["slope"])]
    if len(cells):
        life = cells.iloc[0]["half_life"]
        said.append(f"Along c, it {'halves' if life > 0 else 'doubles'} every {steps(abs(life))}.")
    if fit["zeros"]:
        said.append(f"At {int(fit['zeros'])} places it is exactly 0 and has no logarithm.")
    said.append(theory(flow, h, predicted))
    return " ".join([*filter(None, said), NOTE])


def of_attention(flow: Flow) -> str:
    """Say of an encoder with attention that gradient enters it everywhere; else nothing."""
    if not flow.layer.startswith("encoder") or not flow.attends:
        return ""
    return (
        " By attention, gradient enters the encoder at every step, and not at its last alone: the "
        "Translation page shows both ways."
    )


def halving(fit: pd.Series) -> str:
    """Say the half-life, or the time to double, with its 95 % interval."""
    low, high = fit["low"], fit["high"]
    verb = "halves" if fit["slope"] < 0 else "doubles"
    between = sorted((abs(np.log(2) / low), abs(np.log(2) / high))) if low * high > 0 else None
    interval = (
        f"{number(between[0])} to {number(between[1])}"
        if between
        else "not told from standing still"
    )
    said = (
        f"{verb} every {steps(abs(fit['half_life']))} back (95 %: {interval}; "
        f"slope {number(fit['slope'])} ± {number(fit['error'])})."
    )
    if fit["straight"] > CROOKED:
        return f"‖∂L/∂h‖ {said}"
    return f"‖∂L/∂h‖ is no straight line here; the line that comes nearest {said}"


def theory(flow: Flow, h: pd.Series, predicted: pd.DataFrame | None) -> str:
    """Compare with the bound, or with what the gates alone carry."""
    if len(h) < 2:
        return ""
    if predicted is None:
        return flow.unpredicted
    line = predicted.set_index("time")["norm"]
    if predicted["kind"].iloc[0] == "bound":
        over = line[h.index[0]] / h.iloc[0]
        return f"The bound by σmax of the weights lies {number(over)} times above it."
    signal = predicted["signal"].iloc[0]
    symbol, gate = flow.symbols[signal], "f" if signal == "cell_state" else "z"
    start, end = line[h.index[0]], line[h.index[-1]]
    if not end > 0:
        return ""
    return f"Multiplied by {gate} alone, {number(start / end)} of ∂L/∂{symbol} would be left."


def of_units(gradient: np.ndarray, symbol: str) -> str:
    """Say how unequal the units are."""
    seen = np.nan_to_num(gradient, posinf=0.0, neginf=0.0)  # a step of another layer has none
    largest = np.abs(seen).max(initial=0.0)
    if not largest > 0:
        return "No gradient reaches any unit."
    squares = np.square(seen / largest).sum(0)
    share = squares / squares.sum()
    order = np.argsort(-share)
    half = int(np.searchsorted(np.cumsum(share[order]), 0.5)) + 1
    return (
        f"{half} of {len(share)} units carry half of the squared gradient; "
        f"most goes to unit {order[0]} ({share[order[0]]:.0%})."
    )


def of_items(items: pd.DataFrame, flow: Flow) -> str:
    """Say how far the losses' gradients reach."""
    losses = items["loss_step"].nunique()
    if not losses:
        return "No loss sends any gradient to this layer."
    if losses == 1:
        k = int(items["loss_step"].iloc[0])
        return (
            f"Only the answer at t = {k} is asked in this task, so there is a single row: all of "
            "the gradient at every step comes from there. Copying and characters ask for more."
        )
    away = items["loss_step"] - items["time"]
    own = items[away == 0].set_index("loss_step")["norm"]
    share = (items["norm"] / items["loss_step"].map(own)).groupby(away).median()
    under = share[share < 0.01]
    reach = (
        f"the median loss is down to a hundredth after {steps(int(under.index[0]))}."
        if len(under)
        else f"even {steps(int(share.index[-1]))} back, {number(share.iloc[-1])} of it is left."
    )
    total = items.groupby("time")["norm"].sum()
    near = items[away <= 5].groupby("time")["norm"].sum()
    return (
        f"{losses} losses. Of what each sends to its own step, {reach} "
        f"Taken over all steps, {float((near / total).mean()):.0%} of the gradient's parts come "
        "from losses at most 5 steps ahead. The items sum to the whole gradient exactly."
    )


def of_bars(items: pd.DataFrame, flow: Flow) -> str:
    """Say which way, or from how far, the gradient of the first step comes."""
    if items.empty:
        return "No loss sends any gradient to this layer."
    first = items[items["time"] == items["time"].min()]
    if items["loss_step"].nunique() == 1:
        if not items["through_cell"].notna().any():
            return of_items(items, flow)
        one = first.iloc[0]
        total = one["norm"]
        if not total > 0:
            return "Nothing of the loss reaches the first step."
        return (
            f"Of the gradient that reaches t = {int(one['time'])} from the loss at "
            f"t = {int(one['loss_step'])}, what came along c alone, multiplied by the forget "
            f"gates, is {number(one['through_cell'] / total)} times as long as the whole; the "
            f"rest, which went through the recurrent weights, {number(one['rest'] / total)} "
            "times. The bar is shared out in that proportion."
        )
    away = first["loss_step"] - first["time"]
    far = float(first["norm"][away > 10].sum() / first["norm"].sum())
    peak = items.groupby("time")["norm"].sum()
    return (
        f"Most gradient arrives at t = {int(peak.idxmax())}. At t = {int(first['time'].iloc[0])}, "
        f"{far:.0%} of it comes from losses more than 10 steps ahead. Bars stack the norms of the "
        "items; as vectors the items sum to the gradient, and can cancel."
    )


def of_jacobians(
    values: pd.DataFrame, radius: pd.DataFrame, bound: float | None, flow: Flow
) -> str:
    """Say how much one step stretches at most, and in how many directions."""
    if values.empty:
        return "There is no second step, so no Jacobian."
    top = values[values["rank"] == 0]["value"]
    count = values["rank"].max() + 1
    stretched = float((values["value"] > 1).groupby(values["time"]).sum().mean())
    said = (
        f"The largest singular value is {top.median():.3g} at the median step "
        f"({top.min():.3g} to {top.max():.3g}); a step stretches {stretched:.1f} of "
        f"{count} directions and shrinks the others. "
        f"Spectral radius, at the median: {radius['radius'].median():.3g}."
    )
    if bound is not None:
        held = "holds at every step" if bool((top <= bound * (1 + 1e-12)).all()) else "is broken"
        said += f" The bound γ σmax(W) = {bound:.3g} {held}."
    elif flow.cell == "lstm":
        said += " The state is h and c together."
    return said


def of_products(products: pd.DataFrame, measured: pd.DataFrame, steps_of: np.ndarray) -> str:
    """Say what the product of all steps does, and what of it the gradient uses."""
    if len(products) < 2:
        return "There is no second step, so no product of Jacobians."
    far = products.iloc[0]
    left = float(measured["norm"].iloc[-1])
    said = (
        f"Over {steps(int(far['lag']))}, the product of the Jacobians lets through "
        f"{number(float(np.exp(np.clip(far['log_norm'], -700, 700))))} of a gradient at most; "
        f"of this one {number(left)} is left."
    )
    if len(steps_of) * steps_of.shape[1] ** 3 < 6e7:
        exponents = lyapunov_exponents(steps_of)
        said += (
            f" That is for the one direction that grows most. A direction that is carried along "
            f"with the steps grows by e^λ a step in the long run: the largest Lyapunov exponent λ, "
            f"over this sequence, is {number(exponents[0])}, their mean "
            f"{number(float(exponents.mean()))}."
        )
    return said


def of_connectivity(norms: pd.DataFrame) -> str:
    """Say how dependence fades with distance."""
    away = np.subtract.outer(norms.index.to_numpy(), norms.columns.to_numpy())
    values = norms.to_numpy()
    by_lag = [float(np.median(values[away == lag])) for lag in range(norms.shape[1])
              if (away == lag).sum() >= min(FEWEST, len(norms))]  # fmt: skip
    if not by_lag or not by_lag[0] > 0:
        return "No output depends on its input."
    share = np.array(by_lag) / by_lag[0]
    under = np.flatnonzero(share < 0.01)
    if len(under):
        return (
            f"At the median, an output depends on the input {steps(int(under[0]))} before it a "
            "hundredth as much as on its own."
        )
    return (
        f"At the median, an output depends on the input {steps(len(share) - 1)} before it "
        f"{number(share[-1])} times as much as on its own."
    )


def of_dependence(norms: pd.DataFrame, output: int, labels: list[str]) -> str:
    """Say on which inputs one output depends most."""
    row = norms.loc[output].dropna()
    if not row.sum() > 0:
        return "This output depends on no input: all units that lead to it are shut."
    top = row.nlargest(3)
    named = ", ".join(f"{labels[at] or 'nothing'} at t = {at}" for at in top.index)
    return f"It depends most on {named}: {float(top.sum() / row.sum()):.0%} of the sum of all."


def of_surface(norms: pd.DataFrame, whole: bool) -> str:
    """Say how the reach of the gradient has changed over training."""
    first, last = norms.iloc[0], norms.iloc[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = [float(each.iloc[0] / each.max()) for each in (first, last)]
    said = "" if whole else "More checkpoints are being measured. "
    if len(norms) < 2:
        reaches = f"{number(kept[0])} of the largest gradient reaches t = 0."
        return f"{said}{reaches} Train to see it change."
    return (
        f"{said}At step {norms.index[0]:,}, {number(kept[0])} of the largest gradient reached "
        f"t = 0; at step {norms.index[-1]:,} it is {number(kept[1])}."
    )


def of_clipping(norms: pd.DataFrame, limit: float, by: str = "norm") -> str:
    """Say how often, and by how much, the gradient was clipped, as far as its norm tells."""
    if norms.empty:
        return "Not trained yet: press Train, and every step's gradient norm is drawn here."
    if limit <= 0:
        top = norms["norm"].max()
        spike = number(top / norms["norm"].median())
        return f"Clipping is off. The norm reached {number(top)}, {spike} times its median."
    if by == "value":
        below = int((norms["norm"] <= limit).sum())
        return (
            f"Each number of the gradient is cut to between −{limit:g} and {limit:g}, which can "
            f"turn its direction. At {below:,} of {len(norms):,} steps the whole norm was not "
            "above that, so nothing was cut; how much was at the others is not kept."
        )
    clipped = norms[norms["clipped"]]
    if clipped.empty:
        return f"None of {len(norms):,} steps reached the limit of {limit:g}."
    worst = clipped["norm"].max() / limit
    return (
        f"{len(clipped):,} of {len(norms):,} steps were clipped ({len(clipped) / len(norms):.1%}), "
        f"the largest to 1/{worst:.3g} of its length. The direction stays."
    )


def of_truncation(norms: pd.DataFrame, window: int, truncation: int = 0) -> str:
    """Say what a window throws away, and how training's own truncation is another thing."""
    one = norms[norms["window"] == window]
    lost, cosine = one["weights_lost"].iloc[0], one["weights_cosine"].iloc[0]
    gone = int((one["lost"] > 0.5 * one["total"]).sum())
    if not np.isfinite(lost):
        return "There is no gradient of the recurrent weights to truncate."
    said = (
        f"If every loss reached back {steps(window)} only, {lost:.2%} of the recurrent weights' "
        f"gradient would be thrown away (cosine with the whole: {cosine:.4f}); at {gone} of "
        f"{len(one)} time steps, more than half of ∂L/∂h would be lost."
    )
    if truncation:
        said += (
            f" This window slides. Training itself cuts the sequence into pieces of "
            f"{steps(truncation)}: a loss reaches back to the beginning of its piece, "
            f"at most {steps(truncation)}."
        )
    return said


def of_parameters(norms: pd.DataFrame, what: str, whole: bool) -> str:
    """Say which parameter has the largest gradient, or moves most."""
    newest = norms[norms["step"] == norms["step"].max()].dropna(subset=[what])
    said = "" if whole else "More checkpoints are being measured. "
    if newest.empty or not (newest[what] > 0).any():
        return f"{said}Two checkpoints are needed to see how far updates go: press Train."
    top, low = newest.loc[newest[what].idxmax()], newest.loc[newest[what].idxmin()]
    names = [f"{row['parameter']} {row['gate'].replace('_', ' ')}".strip() for row in (top, low)]
    if len(newest) == 1:
        return f"{said}At step {int(top['step']):,}, it is {number(top[what])}."
    noun = "gradient" if what == "gradient" else "update"
    said += (
        f"At step {int(top['step']):,}, {names[0]} has the largest {noun} ({number(top[what])}), "
        f"{names[1]} the smallest ({number(low[what])})."
    )
    if what == "update":
        said += " Between two checkpoints to and fro cancels: these are lower bounds."
    return said
