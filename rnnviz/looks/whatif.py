"""The views of "what if": a run with a changed signal or input over the unchanged one."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.analysis.comparison import differences
from rnnviz.analysis.gradients import norm_over_units
from rnnviz.networks.cells import CELLS
from rnnviz.plots import whatif
from rnnviz.recording.probe import Seen
from rnnviz.recording.trace import Trace
from rnnviz.tasks import Task
from rnnviz.views import say
from rnnviz.views.layer_names import spoken
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.views.whatif_words import NOTHING, samples, say_gradient, say_output, say_states
from rnnviz.words import N_, t


def show_gradient(scene: Scene) -> FigureMessage:
    """Norm of the gradient of the states through time, of both runs."""
    layer = scene.layer
    cell = CELLS[scene.trace.cell(layer)]
    of = t("last answer") if scene.loss == "last" else t("all answers")
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
    return {"figure": figure, "says": say_gradient(scene, norms) if scene.changed else t(NOTHING)}


def show_states(scene: Scene) -> FigureMessage:
    """How far every signal is from the unchanged run, or one signal's difference unit by unit."""
    layer, sample = scene.layer, scene.sample
    apart = differences(scene.trace, scene.plain, layer, samples(scene))
    says = say_states(scene, apart) if scene.changed else t(NOTHING)
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


def show_output(scene: Scene) -> FigureMessage:
    """Answers of the network at each step of the sample, of both runs."""
    task, sample = scene.task, scene.sample
    looks = [("unchanged", scene.plain_look)] + [("changed", scene.look)] * scene.changed
    table = pd.concat(answers(task, look, sample).assign(run=run) for run, look in looks)
    rest = common(scene, one=True)
    rest.pop("symbols")
    figure = whatif.whatif_output.spec(
        table,
        quantity="number" if task.answers == "numbers" else "probability",
        where=one_sample(sample),
        **rest,
    )
    return {"figure": figure, "says": say_output(scene, table) if scene.changed else t(NOTHING)}


def answers(task: Task, look: Seen, sample: int) -> pd.DataFrame:
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


# -- what is compared -----------------------------------------------------------------------


def both(scene: Scene) -> list[tuple[str, Trace]]:
    """Return the two recordings, by what they are called."""
    return [("unchanged", scene.plain), ("changed", scene.trace)]


def runs(scene: Scene) -> list[tuple[str, Trace]]:
    """Return what is drawn: the unchanged run alone where nothing is changed."""
    return both(scene)[: 1 + scene.changed]


def middle(norms: np.ndarray, chosen: list[int] | None) -> np.ndarray:
    """Return the median over samples (time, batch) -> (time,)."""
    found: np.ndarray = np.median(norms if chosen is None else norms[:, chosen], axis=1)
    return found


def where(scene: Scene, one: bool = False) -> str:
    """Return which layer and samples: the quiet part of a title, which is short here."""
    count = len(scene.probe.labels)
    one = one or samples(scene) is not None or count == 1
    whose = one_sample(scene.sample) if one else say.samples(count)
    several = len(scene.trace.layers) > 1
    return together(spoken(scene.settings, scene.layer) if several else "", whose)


def common(scene: Scene, one: bool = False) -> dict[str, Any]:
    """Return what every figure here is given; the input is written where it is one sample's."""
    labels = scene.probe.labels
    one = one or samples(scene) is not None or len(labels) == 1
    return {
        "symbols": scene.symbols,
        "labels": labels[scene.sample] if one else None,
        "colours": scene.choice.theme,
    }


LOOK = Look(
    "whatif",
    "",
    N_("what if"),
    {
        "whatif_gradient": View(show_gradient),
        "whatif_states": View(show_states),
        "whatif_output": View(show_output),
    },
    fits=networks,
)
