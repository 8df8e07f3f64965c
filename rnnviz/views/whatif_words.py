"""The sentences under the pictures of "what if", made from the numbers in them."""

from typing import Any

import pandas as pd

from rnnviz.analysis.comparison import kept_along_path
from rnnviz.networks.cells import CELLS
from rnnviz.recording.clamp_text import Clamp, written
from rnnviz.views.layer_names import spoken
from rnnviz.views.scene import Scene
from rnnviz.words import N_, t
from rnnviz.words.numbers import number, percent

NOTHING = N_("Nothing is changed yet: hold a signal at a value, or change a step of the input.")


def say_gradient(scene: Scene, norms: pd.DataFrame) -> str:
    """Say what the change does to the gradient, with numbers."""
    layer, cell = scene.layer, CELLS[scene.trace.cell(scene.layer)]
    signal = cell.kept or "hidden_state"
    symbol = scene.symbols[signal]
    ran = scene.trace.stretch(layer)
    steps = len(ran) - 1
    far = ran[-1] if layer.endswith("_reverse") else ran[0]
    first = norms[(norms["time"] == far) & (norms["signal"] == signal)].set_index("run")["norm"]
    values: dict[str, Any] = {
        "what": what(scene),
        "symbol": symbol,
        "time": far,
        "changed": number(first["changed"], 3),
        "unchanged": number(first["unchanged"], 3),
    }
    if not (cell.keeps and steps and scene.clamps):
        return t(
            "With {what}, ‖∂L/∂{symbol}‖ at t = {time} is {changed}, unchanged {unchanged}.",
            **values,
        )
    now, before = (
        float(kept_along_path(trace, layer, clamps, samples(scene))["kept"].iloc[far])
        for trace, clamps in ((scene.trace, scene.clamps), (scene.plain, ()))
    )
    values |= {"steps": steps, "now": per_cent(now), "before": per_cent(before)}
    if now == 0:
        return t(
            "With {what}, the {symbol}-path is cut: it keeps nothing of its gradient over {steps} "
            "steps, unchanged it keeps {before}. All paths together: ‖∂L/∂{symbol}‖ at "
            "t = {time} is {changed}, unchanged {unchanged}.",
            **values,
        )
    return t(
        "With {what}, the {symbol}-path keeps {now} of its gradient over {steps} steps, unchanged "
        "it keeps {before}. All paths together: ‖∂L/∂{symbol}‖ at t = {time} is {changed}, "
        "unchanged {unchanged}.",
        **values,
    )


def say_states(scene: Scene, apart: pd.DataFrame) -> str:
    """Say where and when the runs differ, with numbers."""
    apart = apart[apart["signal"] != "input"]
    differ = apart[apart["difference"] > 0]
    if differ.empty:
        return t("With {what}, nothing of {place} differs.", what=what(scene), place=scene.place)
    first = int(differ["time"].min())
    most = apart.loc[apart["difference"].idxmax()]
    at = scene.trace.stretch(scene.layer)[-1]
    end = apart[(apart["time"] == at) & (apart["signal"] == "hidden_state")]
    values: dict[str, Any] = {
        "what": what(scene),
        "first": first,
        "symbol": scene.symbols[str(most["signal"])],
        "largest": number(most["difference"], 3),
        "time": most["time"],
        "last": number(end["difference"].iloc[0], 3),
    }
    if first:
        return t(
            "With {what}, nothing differs before t = {first}; {symbol} differs most, by {largest} "
            "on average at t = {time}; at the end h differs by {last}.",
            **values,
        )
    return t(
        "With {what}, {symbol} differs most, by {largest} on average at t = {time}; at the end h "
        "differs by {last}.",
        **values,
    )


def say_output(scene: Scene, table: pd.DataFrame) -> str:
    """Say what is answered and how good that is, with numbers."""
    now, before = (table[table["run"] == run] for run in ("changed", "unchanged"))
    asked = now["right"].notna().to_numpy()
    if not asked.any():
        return t("With {what}, no answer is asked that the network could give.", what=what(scene))
    last = scene.loss == "last"
    losses = [each["loss"].dropna() for each in (now, before)]
    lost = [float(each.iloc[-1] if last else each.mean()) for each in losses]
    of_loss = t(
        N_("With {what}, the loss of the last answer is {changed}, unchanged {unchanged}.")
        if last and len(losses[0]) > 1
        else N_("With {what}, the loss of this sample is {changed}, unchanged {unchanged}."),
        what=what(scene),
        changed=number(lost[0], 3),
        unchanged=number(lost[1], 3),
    )
    if scene.task.answers == "numbers":
        end = now[asked].iloc[-1], before[before["right"].notna()].iloc[-1]
        same = end[0]["right"] == end[1]["right"]
        said = t(
            N_("It answers {now:.2f}, unchanged {before:.2f}; right is {right:.2f}.")
            if same
            else N_(
                "It answers {now:.2f}, unchanged {before:.2f}; right is {right:.2f}, unchanged "
                "{right_before:.2f}."
            ),
            now=end[0]["answer"],
            before=end[1]["answer"],
            right=end[0]["right"],
            right_before=end[1]["right"],
        )
        return f"{of_loss} {said}"
    counts = [int(each["right"].sum()) for each in (now, before)]
    said = t(
        "{now} of {asked} answers are right, unchanged {before}.",
        now=counts[0],
        asked=asked.sum(),
        before=counts[1],
    )
    return f"{of_loss} {said}"


def what(scene: Scene) -> str:
    """Say what is changed: ``f = 1 in units 0–3, t = 10–20``."""
    parts = [words(clamp, scene) for clamp in scene.clamps]
    edit = scene.choice.text("edit")
    if edit:
        time, _, _ = edit.partition(":")
        before, now = (
            probe.labels[scene.sample][int(time)] for probe in (scene.plain_look.probe, scene.probe)
        )
        parts.append(
            t("{now} instead of {before} at t = {time}", now=now, before=before, time=int(time))
        )
    said = parts[0] if parts else ""
    for more in parts[1:]:
        said = t("{changes} and {more}", changes=said, more=more)
    return said


def words(clamp: Clamp, scene: Scene) -> str:
    """Say what one clamp does."""
    symbol = scene.symbols.get(clamp.signal, clamp.signal)
    number = "" if clamp.value is None else f"{clamp.value:g}".replace("-", "−")
    says = {
        "set": f"{symbol} = {number}",
        "scale": f"{symbol} × {number}",
        "mean": t("{symbol} at its mean", symbol=symbol),
    }[clamp.how]
    places = []
    if len(scene.trace.layers) > 1:
        places.append(spoken(scene.settings, clamp.layer))
    if clamp.units is not None:
        units = written(clamp.units, "–")  # type: ignore[arg-type]
        places.append(t("units {numbers}", numbers=units))
    if clamp.times is not None:
        places.append(f"t = {written(clamp.times, '–')}")  # type: ignore[arg-type]
    return f"{says} ({', '.join(places)})" if places else says


def per_cent(share: float) -> str:
    """Write a share down so that also a tiny one says how tiny it is."""
    if share == 0:
        return t("nothing")
    return percent(share) if share > 0.5 else f"{number(100 * share, 3)} %"


def samples(scene: Scene) -> list[int] | None:
    """Return which samples are compared: a changed step concerns one, a clamp all (None)."""
    return [scene.sample] if scene.choice.text("edit") else None
