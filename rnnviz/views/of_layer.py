"""What the pictures of one layer share."""

from rnnviz import analysis
from rnnviz.analysis.ordering import ORDERS
from rnnviz.errors import RunError
from rnnviz.recording.trace import Trace
from rnnviz.views.say import together, your_change
from rnnviz.views.scene import Scene
from rnnviz.words import t

LARGEST_MATRIX = 512
"""Units of the largest layer whose eigenvalues are looked for: four matrices take two seconds."""


def ordering(scene: Scene, signal: str) -> tuple[list[int], str]:
    """Return the units in the order to draw them, and the order in words; "" for their own."""
    by = scene.choice.word("order", ORDERS, "index")
    signal = "hidden_state" if signal == "input" else signal
    if signal not in scene.trace.signals(scene.layer):
        signal = "hidden_state"
    order = analysis.unit_order(scene.trace, scene.layer, by, signal)
    words = {
        "index": "",
        "activity": t("units by activity"),
        "time constant": t("units by time constant"),
        "similarity": t("similar units together"),
    }
    return list(order["unit"]), words[by]


def where(scene: Scene, more: str = "") -> str:
    """Return layer, whatever else there is, and step in words."""
    return together(scene.place, more, scene.when, your_change(scene.changed))


def same_labels(trace: Trace) -> list[str | None] | None:
    """Return the labels that all samples share at a step; empty where they differ."""
    if not trace.labels:
        return None
    return [row[0] if len(set(row)) == 1 else "" for row in zip(*trace.labels, strict=False)]


def small_enough(scene: Scene) -> None:
    """Raise RunError if the eigenvalues of the layer would take too long."""
    units = scene.trace.value(scene.layer, "hidden_state").shape[2]
    if units > LARGEST_MATRIX:
        raise RunError(
            "The eigenvalues of {units} units would take too long: "
            "up to {most} hidden units can be shown.",
            units=units,
            most=LARGEST_MATRIX,
        )
