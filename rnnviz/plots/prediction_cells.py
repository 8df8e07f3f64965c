"""Examples as rows of symbols: what goes in, under it what should come out and what does."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rnnviz.plots.prediction_parts import (
    Box,
    Picture,
    Row,
    Word,
    boxes,
    crosses,
    cut,
    letters,
    texts,
    told,
    verdict,
)
from rnnviz.plots.prediction_room import GAP, NARROW, fitting, lines, places
from rnnviz.plots.style import Theme, rgba
from rnnviz.words import N_, t
from rnnviz.words.numbers import percent

AIR = 1.2
"""Letters that a cell is wider than its word."""
LONGEST_ANSWER = 6
"""Letters of a class that cells have room for, where answers stand under what goes in."""
BETWEEN = 0.6
"""Rows between two samples."""
SHADES = (0.05, 0.13, 0.22, 0.32)
"""Opacity of an answer's cell, for each quarter of its probability."""
MOST_WORD = 14
MOST_ROWS = {True: 9.5, False: 7.5}
"""Rows of samples with one answer, on a whole screen and on half of one."""
ROWS = (N_("goes in"), N_("should come out"), N_("comes out"))


@dataclass
class _Marks:
    """What is collected before it becomes traces."""

    fillers: Collection[str] = ()
    inputs: list[Box] = field(default_factory=list)
    targets: list[Box] = field(default_factory=list)
    right: list[list[Box]] = field(default_factory=lambda: [[] for _ in SHADES])
    wrong: list[list[Box]] = field(default_factory=lambda: [[] for _ in SHADES])
    crosses: list[tuple[float, float]] = field(default_factory=list)
    plain: list[Word] = field(default_factory=list)
    strong: list[Word] = field(default_factory=list)
    quiet: list[Word] = field(default_factory=list)
    heads: list[Word] = field(default_factory=list)
    ticks: dict[float, str] = field(default_factory=dict)
    used: float = 0.0

    def symbol(self, row: Row, left: float, top: float, right: float) -> None:
        """Draw what goes in; where some symbols carry nothing, the others stand out."""
        self.inputs.append(_box(left, top, right))
        self.used = max(self.used, right)
        word = ((left + right) / 2, top + 0.5, cut(row["goes_in"], right - left - 0.4), told(row))
        stands_out = self.fillers and row["goes_in"] not in self.fillers
        (self.strong if stands_out else self.plain).append(word)

    def gap(self, left: float, top: float, right: float) -> None:
        """Draw that steps are left out."""
        self.used = max(self.used, right)
        self.quiet.append(((left + right) / 2, top + 0.5, "…", t("steps left out")))

    def target(self, row: Row, box: Box) -> None:
        """Draw what should come out."""
        self.targets.append(box)
        self.strong.append(_in(box, row["target"], row))

    def answer(self, row: Row, box: Box, text: str, crossed: bool) -> None:
        """Draw what comes out, its cell shaded by the probability."""
        share = row.get("probability", np.nan)
        quarter = min(3, int(4 * share)) if np.isfinite(share) else 0
        wrong = verdict(row) == "✗"
        (self.wrong if wrong else self.right)[quarter].append(box)
        if wrong and crossed:
            self.crosses.append((box[2] - 0.35, box[1] + 0.2))
        self.strong.append(_in(box, text, row))


def cells(
    parts: Sequence[pd.DataFrame],
    palette: Theme,
    *,
    wide: int,
    fillers: Collection[str],
    running: bool,
) -> Picture:
    """Draw samples of symbols.

    Parameters
    ----------
    parts : sequence of DataFrame
        A sample each, as `rnnviz.analysis.examples` or `predictions` gives it.
    wide : int
        Letters that have room side by side.
    fillers : collection of str
        What is left out first.
    running : bool
        Whether the end is left out, where there is no room for all, and not the middle.
    """
    answered, whole = "answer" in parts[0], wide > 60
    marks = _Marks(fillers)
    if all(part["asked"].sum() == 1 and part["asked"].iloc[-1] for part in parts):
        bottom = _once(parts, marks, wide, running, answered)
    else:
        few = parts[: 3 if answered or not whole else 4]
        bottom = _every(few, marks, wide, running, answered)
    size = 15 if whole else 13
    data = [
        boxes("cells of what goes in", marks.inputs, fill=palette.panel),
        boxes("cells of what should come out", marks.targets, line=rgba(palette.muted, 0.7)),
    ]
    if answered:
        for shade, right, wrong in zip(SHADES, marks.right, marks.wrong, strict=True):
            data.append(boxes("right answers", right, fill=rgba(palette.ink, shade)))
            data.append(boxes("wrong answers", wrong, fill=rgba(palette.wrong, shade)))
        data.append(crosses("wrong", marks.crosses, palette))
    data += [
        texts("symbols", marks.plain, colour=palette.ink, size=size),
        texts("answers", marks.strong, colour=palette.ink, size=size, weight=600),
        texts("gaps", marks.quiet, colour=palette.muted, size=12),
        texts("heads", marks.heads, colour=palette.muted, size=12, at="middle right"),
    ]
    axes = {
        "xaxis": {
            "range": [-0.5, max(marks.used, 0.7 * wide)],
            "visible": False,
            "fixedrange": True,
        },
        "yaxis": {
            "range": [bottom, 0],
            "tickvals": list(marks.ticks),
            "ticktext": list(marks.ticks.values()),
            "tickmode": "array",
            "tickfont": {"size": 13 if whole else 12, "color": palette.muted},
            "ticks": "",
            "showline": False,
            "showgrid": False,
            "fixedrange": True,
        },
    }
    return Picture(data, axes, margin={"b": 8, "t": 38})


def _every(
    parts: Sequence[pd.DataFrame], marks: _Marks, wide: int, running: bool, answered: bool
) -> float:
    """Lay answers under what goes in, step by step; return how many rows that takes."""
    classes = max(letters(word) for part in parts for word in part["target"])
    least = max(NARROW, min(classes, LONGEST_ANSWER) + AIR) if classes > 1 else NARROW
    heads = ROWS[: 2 + answered]
    top = 0.0
    for part in parts:
        rows = part.to_dict("records")
        widths = [max(least, _wide(row["goes_in"]), _wide(row["target"])) for row in rows]
        idle = [
            row["goes_in"] in marks.fillers
            and (not row["target"] or row["target"] in marks.fillers)
            for row in rows
        ]
        kept = fitting(widths, wide, idle, from_start=running or not any(idle))
        for place, word in enumerate(heads):
            marks.ticks[top + place + 0.5] = t(word)
        for step, left, right in places(kept, widths):
            if step == GAP:
                marks.gap(left, top, right)
                continue
            row = rows[step]
            marks.symbol(row, left, top, right)
            if not row["asked"]:
                continue
            marks.target(row, _box(left, top + 1, right))
            if answered:
                marks.answer(row, _box(left, top + 2, right), row["answer"], crossed=True)
        top += len(heads) + BETWEEN
    return top - BETWEEN


def _once(
    parts: Sequence[pd.DataFrame], marks: _Marks, wide: int, running: bool, answered: bool
) -> float:
    """Lay the only answer at the end of what goes in; return how many rows that takes."""
    words = [word for part in parts for word in part["target"] if word]
    longest = min(MOST_WORD, max(map(letters, words)))
    head = 13.0 if wide > 60 else 14.0
    target = max(longest + AIR + 0.6, head)
    answer = max(longest + AIR + 8, head) if answered else 0.0
    room = wide - target - answer - 1.5
    left = room + 1.5
    for place, word in zip((0.0, left, left + target), ROWS[: 2 + answered], strict=False):
        marks.heads.append((place, 0.5, t(word), t(word)))
    top = 1.0
    for part in parts:
        rows = part.to_dict("records")
        widths = [_wide(row["goes_in"]) for row in rows]
        idle = [row["goes_in"] in marks.fillers for row in rows]
        rest = MOST_ROWS[wide > 60] - top
        if rest < 1:
            break
        many = 1 if any(idle) else max(1, min(3, int(rest)))
        kept = fitting(widths, room * many - 4 * (many - 1), idle, from_start=running)
        shown = lines(kept, widths, room)
        if len(shown) > rest:
            break
        marks.ticks[top + len(shown) / 2] = f"{int(rows[0]['sample']) + 1}"
        for line, steps in enumerate(shown):
            for step, start, end in places(steps, widths):
                if step == GAP:
                    marks.gap(start, top + line, end)
                else:
                    marks.symbol(rows[step], start, top + line, end)
        row, middle = rows[-1], top + (len(shown) - 1) / 2
        marks.target(row, _box(left, middle, left + target - 0.6))
        if answered:
            share = f" {percent(row['probability'])}" if "probability" in row else ""
            said = f"{cut(row['answer'], MOST_WORD)}{share} {verdict(row)}"
            box = _box(left + target, middle, left + target + answer - 0.6)
            marks.answer(row, box, said, crossed=False)
        top += len(shown) + 0.25
    marks.used = wide
    return top


def _wide(text: str) -> float:
    return max(NARROW, letters(text) + AIR)


def _in(box: Box, text: str, row: Row) -> Word:
    """Return a word in the middle of its cell."""
    left, top, right, bottom = box
    return ((left + right) / 2, (top + bottom) / 2, cut(text, right - left - 0.2), told(row))


def _box(left: float, top: float, right: float) -> Box:
    """Return the cell of a step, with a thin gap to the next."""
    return (left + 0.08, top + 0.04, right - 0.08, top + 0.96)
