"""Where the legend stands, and what is written along a time axis, in the pictures of gradients."""

from collections.abc import Sequence
from typing import Any

from rnnviz.plots.gates import MOST_LABELS, MOST_UNUSUAL, escape, time_ticks
from rnnviz.plots.marks import Mark, upright
from rnnviz.plots.style import Theme

LONGEST = 2
"""Characters of a label that stands under every time step."""


def legend_beside(made: dict[str, Any], **more: Any) -> None:
    """Put the legend to the right of the lines, which leave no free corner."""
    place = {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"}
    made["legend"] |= {**place, **more}


def shown_step(step: int, colours: Theme) -> Mark:
    """Return the line at the training step that the other figures show."""
    return upright(step, colours.signal["cell_state"], 2)


def legend_below_title(made: dict[str, Any]) -> None:
    """Give the legend a row of its own between the title and the picture."""
    made["margin"] = {**made["margin"], "t": 60}
    made["title"] = {**made["title"], "pad": {"b": 36, "l": 0}}
    made["legend"] = {**made["legend"], "x": 0, "xanchor": "left", "traceorder": "normal"}


def time_axis(
    labels: Sequence[str | None] | None, steps: int, most: int = MOST_LABELS
) -> dict[str, Any]:
    """Return a time axis with the symbols that went in; of long ones only those that stand out.

    Numbers do not fit under every step: the step is written instead, and the few labels that are
    longer than the others (the marks of the adding problem). With more than `most` steps there
    are numbers only.
    """
    if not labels or steps > most or max(len(each or "") for each in labels) <= LONGEST:
        return time_ticks(labels if steps <= most else None, steps)
    sizes = sorted(len(each or "") for each in labels[:steps])
    usual = sizes[len(sizes) // 2]
    unusual = [t for t, each in enumerate(labels[:steps]) if len(each or "") > usual]
    if len(unusual) > MOST_UNUSUAL:
        unusual = []
    stride = next(each for each in (1, 2, 5, 10, 20, 50, 100) if steps / each <= 8 or each == 100)
    room = stride * 0.45
    ticks = {t: str(t) for t in range(0, steps, stride) if all(abs(t - u) > room for u in unusual)}
    ticks |= {t: f"{t}<br><b>{escape(labels[t] or '')}</b>" for t in unusual}
    return {
        "range": [-0.5, steps - 0.5],
        "tickmode": "array",
        "tickvals": sorted(ticks),
        "ticktext": [ticks[t] for t in sorted(ticks)],
        "tickangle": 0,
    }
