"""Examples as pictures, each with what it is and what the network takes it for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.marks import Mark, heat
from rnnviz.plots.prediction_parts import Box, Picture, Word, boxes, texts, told, verdict
from rnnviz.plots.style import Theme, float32
from rnnviz.words import t
from rnnviz.words.numbers import percent

APART = 2.5
"""Between two pictures, in pixels of theirs."""
CAPTION = 2.6
"""Room for the words under a picture, in the same."""


def pictures(parts: Sequence[pd.DataFrame], palette: Theme, *, wide: int) -> Picture:
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
    grey: list[Mark] = []
    frames: list[Box] = []
    right: list[Word] = []
    wrong: list[Word] = []
    side = 1
    for place, part in enumerate(few):
        names = [name for name in part if name[:1] == "x" and name[1:].isdigit()]
        pixels = part[names].to_numpy(np.float64).ravel()
        side = int(np.sqrt(len(pixels)))
        left = (place % across) * (side + APART)
        top = (place // across) * (side + CAPTION + 0.6)
        grey.append(
            heat(
                float32(pixels[: side * side].reshape(side, side)),
                float32(left + 0.5 + np.arange(side)),
                float32(top + 0.5 + np.arange(side)),
                (0, 1),
                [[0, palette.panel], [1, palette.ink]],
                name=f"picture {place + 1}",
                showscale=False,
                hoverinfo="skip",
            )
        )
        frames.append((left, top, left + side, top + side))
        row = part[part["asked"]].to_dict("records")[-1]
        words = row["target"]
        if "answer" in row:
            words = f"{row['answer']} {verdict(row)} {percent(row['probability'])}"
            if not row["right"]:
                words = t("{answer}, is {target}", answer=words, target=row["target"])
        told_of = (left + side / 2, top + side + CAPTION / 2, words, told(row))
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
    height = (2 if len(few) > across else 1) * (side + CAPTION + 0.6)
    axes = {
        "xaxis": {**quiet, "range": [-0.5, width + 0.5], "constrain": "domain"},
        "yaxis": {**quiet, "range": [height, -0.2], "scaleanchor": "x", "constrain": "domain"},
    }
    return Picture(data, axes, margin={"b": 8, "l": 16})
