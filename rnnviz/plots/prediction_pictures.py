"""Examples as pictures, each with what it is and what the network takes it for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.prediction_parts import Box, Drawn, Word, boxes, percent, texts, told, verdict
from rnnviz.plots.style import Theme, float32

APART = 2.5
"""Between two pictures, in pixels of theirs."""
WORDS = 2.6
"""Room for the words under a picture, in the same."""


def pictures(parts: Sequence[pd.DataFrame], palette: Theme, *, wide: int) -> Drawn:
    """Draw samples as square pictures in two rows.

    Parameters
    ----------
    parts : sequence of DataFrame
        A sample each, as `rnnviz.analysis.examples` or `predictions` gives it; its pixels, from 0
        to 1, are read in the order of time.
    wide : int
        Letters that have room side by side.
    """
    few = parts[: 16 if wide > 60 else 10]
    across = -(-len(few) // 2)
    grey: list[dict[str, object]] = []
    frames: list[Box] = []
    right: list[Word] = []
    wrong: list[Word] = []
    side = 1
    for place, part in enumerate(few):
        names = [name for name in part if name[:1] == "x" and name[1:].isdigit()]
        pixels = part[names].to_numpy(np.float64).ravel()
        side = int(np.sqrt(len(pixels)))
        left = (place % across) * (side + APART)
        top = (place // across) * (side + WORDS + 0.6)
        grey.append(
            {
                "type": "heatmap",
                "name": f"picture {place + 1}",
                "z": float32(pixels[: side * side].reshape(side, side)),
                "x": float32(left + 0.5 + np.arange(side)),
                "y": float32(top + 0.5 + np.arange(side)),
                "zmin": 0,
                "zmax": 1,
                "colorscale": [[0, palette.panel], [1, palette.ink]],
                "showscale": False,
                "hoverinfo": "skip",
            }
        )
        frames.append((left, top, left + side, top + side))
        row = part[part["asked"]].to_dict("records")[-1]
        words = row["target"]
        if "answer" in row:
            words = f"{row['answer']} {verdict(row)} {percent(row['probability'])}"
            words += f", is {row['target']}" if not row["right"] else ""
        told_of = (left + side / 2, top + side + WORDS / 2, words, told(row))
        (wrong if "answer" in row and not row["right"] else right).append(told_of)
    size = 14 if wide > 60 else 16
    data = [
        *grey,
        boxes("frames", frames, line=palette.muted),
        texts("words", right, colour=palette.ink, size=size, weight=600),
        texts("wrong answers", wrong, colour=palette.wrong, size=size, weight=600),
    ]
    quiet = {"visible": False, "fixedrange": True}
    width = across * (side + APART) - APART
    height = (2 if len(few) > across else 1) * (side + WORDS + 0.6)
    axes = {
        "xaxis": {**quiet, "range": [-0.5, width + 0.5], "constrain": "domain"},
        "yaxis": {**quiet, "range": [height, -0.2], "scaleanchor": "x", "constrain": "domain"},
    }
    return Drawn(data, axes, margin={"b": 8, "l": 16})
