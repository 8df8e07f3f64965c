"""The views of "what if": a run with a changed signal or input over the unchanged one."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.analysis.comparison import STATES, differences, kept_along_path
from rnnviz.analysis.gradients import norm_over_units
from rnnviz.cells import CELLS
from rnnviz.clamps import Clamp, written
from rnnviz.plots import whatif
from rnnviz.plots.style import counted
from rnnviz.probing import Look
from rnnviz.tasks import Task
from rnnviz.trace import Trace
from rnnviz.views.layer_names import spoken
from rnnviz.views.scene import Scene

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NOTHING = "Nothing is changed yet: hold a signal at a value, or change a step of the input."


def show_gradient(scene: Scene) -> dict[str, Any]:
    """Norm of the gradient of the states through time, of both runs."""
    layer = scene.layer
    cell = CELLS[scene.trace.cell(layer)]
    of = "last answer" if scene.loss == "last" else "all answers"
    norms = pd.concat(
        pd.DataFrame(
            {
                "run": run,
                "signal": signal,
                "time": np.arange(len(trace.value(layer, signal))),
                "norm": middle(norm_over_units(trace.gradient(layer, signal)), samples(scene)),
            }
        )
        for run, trace in runs(scene)
        for signal in cell.states
    )
    figure = whatif.whatif_gradient.spec(norms, of=of, where=where(scene), **common(scene))
    return {"figure": figure, "says": say_gradient(scene, norms) if scene.changed else NOTHING}


def show_states(scene: Scene) -> dict[str, Any]:
    """How far every signal is from the unchanged run, or one signal's difference unit by unit."""
    layer, sample = scene.layer, scene.sample
    apart = differences(scene.trace, scene.plain, layer, samples(scene))
    says = say_states(scene, apart) if scene.changed else NOTHING
    if scene.choice.word("differ", ("all", "one"), "all") == "one":
        signal = scene.signal
        frames = [trace.frame(layer, signal, sample=sample) for _, trace in reversed(both(scene))]
        figure = whatif.whatif_units.spec(
            frames[0] - frames[1],
            signal,
            where=where(scene, one=True),
            **common(scene, one=True),
        )
    else:
        figure = whatif.whatif_states.spec(apart, where=where(scene), **common(scene))
    return {"figure": figure, "says": says}


def show_output(scene: Scene) -> dict[str, Any]:
    """Answers of the network at each step of the sample, of both runs."""
    task, sample = scene.task, scene.sample
    looks = [("unchanged", scene.plain_look)] + [("changed", scene.look)] * scene.changed
    table = pd.concat(answers(task, look, sample).assign(run=run) for run, look in looks)
    rest = common(scene, one=True)
    rest.pop("symbols")
    figure = whatif.whatif_output.spec(
        table,
        quantity="number" if task.answers == "numbers" else "probability",
        where=f"sample {sample + 1}",
        **rest,
    )
    return {"figure": figure, "says": say_output(scene, table) if scene.changed else NOTHING}


def answers(task: Task, look: Look, sample: int) -> pd.DataFrame:
    """Return what is answered at each step of a sample.

    Returns
    -------
    DataFrame
        Columns `time`; `answer`, the number (the first, where there are several) or the
        probability of the right class; `right`, the number that is asked for, or 1 where the
        likeliest class is the right one and 0 where not; both NaN where nothing is asked of
        classes, `right` also of numbers; `loss`, NaN where nothing is asked.
    """
    output = look.outputs[:, sample].astype(np.float64)
    targets, asked = look.probe.batch.targets[:, sample].numpy(), look.asked[:, sample]
    if task.answers == "numbers":
        answer, right = output[:, 0], np.where(asked, targets[:, 0], np.nan)
    else:
        likely = np.exp(output - output.max(1, keepdims=True))
        likely /= likely.sum(1, keepdims=True)
        wanted = np.where(asked, targets, 0)
        answer = np.where(asked, likely[np.arange(len(likely)), wanted], np.nan)
        right = np.where(asked, output.argmax(1) == wanted, np.nan)
    loss = np.where(asked, look.losses[:, sample], np.nan)
    time = np.arange(len(output))
    return pd.DataFrame({"time": time, "answer": answer, "right": right, "loss": loss})


# -- in words -------------------------------------------------------------------------------


def say_gradient(scene: Scene, norms: pd.DataFrame) -> str:
    """Say what the change does to the gradient, with numbers."""
    layer, cell = scene.layer, scene.trace.cell(scene.layer)
    says = f"With {what(scene)}, "
    signal = STATES.get(cell, "hidden_state")
    symbol = scene.symbols[signal]
    ran = scene.trace.stretch(layer)
    steps = len(ran) - 1
    far = ran[-1] if layer.endswith("_reverse") else ran[0]
    if cell in STATES and steps and scene.clamps:
        now, before = (
            float(kept_along_path(trace, layer, clamps, samples(scene))["kept"].iloc[far])
            for trace, clamps in ((scene.trace, scene.clamps), (scene.plain, ()))
        )
        keeps = "is cut: it keeps nothing" if now == 0 else f"keeps {per_cent(now)}"
        says += (
            f"the {symbol}-path {keeps} of its gradient over {steps} steps, "
            f"unchanged it keeps {per_cent(before)}. All paths together: "
        )
    first = norms[(norms["time"] == far) & (norms["signal"] == signal)].set_index("run")["norm"]
    return says + (
        f"‖∂L/∂{symbol}‖ at t = {far} is {short_number(first['changed'])}, "
        f"unchanged {short_number(first['unchanged'])}."
    )


def say_states(scene: Scene, apart: pd.DataFrame) -> str:
    """Say where and when the runs differ, with numbers."""
    apart = apart[apart["signal"] != "input"]
    differ = apart[apart["difference"] > 0]
    if differ.empty:
        return f"With {what(scene)}, nothing of {scene.place} differs."
    first = int(differ["time"].min())
    most = apart.loc[apart["difference"].idxmax()]
    at = scene.trace.stretch(scene.layer)[-1]
    end = apart[(apart["time"] == at) & (apart["signal"] == "hidden_state")]
    before = f"nothing differs before t = {first}; " if first else ""
    symbol = scene.symbols[str(most["signal"])]
    largest, last = (short_number(x) for x in (most["difference"], end["difference"].iloc[0]))
    return (
        f"With {what(scene)}, {before}{symbol} differs most, by {largest} on average at "
        f"t = {most['time']}; at the end h differs by {last}."
    )


def say_output(scene: Scene, table: pd.DataFrame) -> str:
    """Say what is answered and how good that is, with numbers."""
    now, before = (table[table["run"] == run] for run in ("changed", "unchanged"))
    asked = now["right"].notna().to_numpy()
    if not asked.any():
        return f"With {what(scene)}, no answer is asked that the network could give."
    last = scene.loss == "last"
    losses = [each["loss"].dropna() for each in (now, before)]
    lost = [float(each.iloc[-1] if last else each.mean()) for each in losses]
    of = "the last answer" if last and len(losses[0]) > 1 else "this sample"
    says = f"With {what(scene)}, the loss of {of} is {short_number(lost[0])}, "
    says += f"unchanged {short_number(lost[1])}. "
    if scene.task.answers == "numbers":
        end = now[asked].iloc[-1], before[before["right"].notna()].iloc[-1]
        same = end[0]["right"] == end[1]["right"]
        right = f"{end[0]['right']:.2f}" + ("" if same else f", unchanged {end[1]['right']:.2f}")
        answered = f"{end[0]['answer']:.2f}, unchanged {end[1]['answer']:.2f}"
        return f"{says}It answers {answered}; right is {right}."
    counts = [int(each["right"].sum()) for each in (now, before)]
    return says + f"{counts[0]} of {asked.sum()} answers are right, unchanged {counts[1]}."


def what(scene: Scene) -> str:
    """Say what is changed: ``f = 1 in units 0–3, t = 10–20``."""
    parts = [words(clamp, scene) for clamp in scene.clamps]
    edit = scene.choice.text("edit")
    if edit:
        time, _, _ = edit.partition(":")
        before, now = (
            probe.labels[scene.sample][int(time)] for probe in (scene.plain_look.probe, scene.probe)
        )
        parts.append(f"{now} instead of {before} at t = {int(time)}")
    return " and ".join(parts)


def words(clamp: Clamp, scene: Scene) -> str:
    """Say what one clamp does."""
    symbol = scene.symbols.get(clamp.signal, clamp.signal)
    number = "" if clamp.value is None else f"{clamp.value:g}".replace("-", "−")
    says = {
        "set": f"{symbol} = {number}",
        "scale": f"{symbol} × {number}",
        "mean": f"{symbol} at its mean",
    }[clamp.how]
    places = []
    if len(scene.trace.layers) > 1:
        places.append(spoken(scene.settings, clamp.layer))
    if clamp.units is not None:
        places.append(f"units {written(clamp.units, '–')}")  # type: ignore[arg-type]
    if clamp.times is not None:
        places.append(f"t = {written(clamp.times, '–')}")  # type: ignore[arg-type]
    return f"{says} ({', '.join(places)})" if places else says


def per_cent(share: float) -> str:
    """Write a share down so that also a tiny one says how tiny it is."""
    return "nothing" if share == 0 else f"{short_number(100 * share)} %"


def short_number(number: float) -> str:
    """Write a number with two or three digits, a very small or large one as 3.1·10⁻⁷."""
    if number == 0 or 1e-3 <= abs(number) < 1e4:
        return f"{number:.3g}"
    digits, _, power = f"{number:.1e}".partition("e")
    return f"{digits}·10{str(int(power)).translate(RAISED)}" if power else digits


# -- what is compared -----------------------------------------------------------------------


def both(scene: Scene) -> list[tuple[str, Trace]]:
    """Return the two recordings, by what they are called."""
    return [("unchanged", scene.plain), ("changed", scene.trace)]


def runs(scene: Scene) -> list[tuple[str, Trace]]:
    """Return what is drawn: the unchanged run alone where nothing is changed."""
    return both(scene)[: 1 + scene.changed]


def samples(scene: Scene) -> list[int] | None:
    """Return which samples are compared: a changed step concerns one, a clamp all (None)."""
    return [scene.sample] if scene.choice.text("edit") else None


def middle(norms: np.ndarray, chosen: list[int] | None) -> np.ndarray:
    """Return the median over samples (time, batch) -> (time,)."""
    found: np.ndarray = np.median(norms if chosen is None else norms[:, chosen], axis=1)
    return found


def where(scene: Scene, one: bool = False) -> str:
    """Return which layer and samples: the quiet part of a title, which is short here."""
    count = len(scene.probe.labels)
    one = one or samples(scene) is not None or count == 1
    whose = f"sample {scene.sample + 1}" if one else counted(count, "sample")
    several = len(scene.trace.layers) > 1
    return f"{spoken(scene.settings, scene.layer)}, {whose}" if several else whose


def common(scene: Scene, one: bool = False) -> dict[str, Any]:
    """Return what every figure here is given; the input is written where it is one sample's."""
    labels = scene.probe.labels
    one = one or samples(scene) is not None or len(labels) == 1
    return {
        "symbols": scene.symbols,
        "labels": labels[scene.sample] if one else None,
        "colours": scene.choice.theme,
    }
