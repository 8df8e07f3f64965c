"""How an exported figure is to look: size, theme, type, title, and what of it was zoomed into."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rnnviz.errors import ExportError, meant
from rnnviz.words import N_

SCREEN_FONT = 13.0
"""Pixels of the type that the figures are drawn for; other sizes scale lines and gaps with it."""
MOST_RANGES = 64


class Preset(NamedTuple):
    """Width and height in CSS pixels (96 to the inch), the size of the type in them, its name."""

    width: int
    height: int
    font: float
    words: str


PRESETS = {
    "slide": Preset(1280, 720, 18, N_("slide 16:9")),
    "half": Preset(640, 720, 17, N_("half a slide")),
    "column": Preset(336, 252, 10, N_("paper column")),
    "square": Preset(720, 720, 17, N_("square")),
}
APPEARANCES = {"light": N_("light"), "dark": N_("dark"), "print": N_("print, black on white")}
"""Theme -> its name; `print` can be told apart in grey."""
NUMBERS = {"point": ". ", "comma": ", "}
"""How numbers are written: decimal sign and sign between thousands, as Plotly wants them."""


@dataclass(frozen=True)
class Look:
    """All choices of an export.

    Attributes
    ----------
    preset : str
        A key of `PRESETS`.
    theme : str or None
        One of `APPEARANCES`; None leaves the figure's own colours.
    scale : int
        Pixels of a PNG for each CSS pixel, 1 to 4.
    title : bool
        Whether the title stands above the picture.
    font_size : float or None
        CSS pixels, 6 to 48; None takes the preset's.
    numbers : str
        "point" (0.5) or "comma" (0,5).
    ranges : mapping
        Axis -> (low, high), such as ``{"xaxis": (0, 20)}``: what was zoomed into. A log axis has
        powers of ten, as in Plotly.
    hidden : tuple of int
        Places of the lines that were switched off in the legend.

    Raises
    ------
    ExportError
        If one has no meaning.
    """

    preset: str = "slide"
    theme: str | None = None
    scale: int = 2
    title: bool = True
    font_size: float | None = None
    numbers: str = "point"
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    hidden: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        known(self.preset, PRESETS, N_("There is no preset called {word!r}: {meant}"))
        known(
            self.numbers,
            NUMBERS,
            N_("There is no way to write numbers called {word!r}: {meant}"),
        )
        if self.theme is not None:
            known(self.theme, APPEARANCES, N_("There is no theme called {word!r}: {meant}"))
        if isinstance(self.scale, bool) or self.scale not in (1, 2, 3, 4):
            raise ExportError(
                "A scale of {scale!r} is not possible: take 1, 2, 3 or 4.", scale=self.scale
            )
        size = self.font_size
        if size is not None and not (isinstance(size, int | float) and 6 <= size <= 48):
            raise ExportError(
                "A font size of {size!r} is not possible: take 6 to 48 pixels.", size=size
            )
        if len(self.ranges) > MOST_RANGES or len(self.hidden) > 1000:
            raise ExportError("More axes or lines are named than a figure has: leave them out.")
        for axis, ends in self.ranges.items():
            if len(ends) != 2 or not all(math.isfinite(end) for end in ends) or ends[0] == ends[1]:
                raise ExportError(
                    "The range of {axis!r} needs two different numbers.", axis=axis[:20]
                )

    @property
    def width(self) -> int:
        """CSS pixels."""
        return PRESETS[self.preset].width

    @property
    def height(self) -> int:
        """CSS pixels."""
        return PRESETS[self.preset].height

    @property
    def zoom(self) -> float:
        """By how much type, lines and gaps are larger than on screen."""
        return (self.font_size or PRESETS[self.preset].font) / SCREEN_FONT

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Look":
        """Read the values of a URL's query; the names are those of the attributes.

        But `scale` is ``pixels``, for a view has a scale of its own.
        Ranges are written ``range.xaxis2=0,20``, hidden lines ``hidden=1,4``.

        Raises
        ------
        ExportError
            If one cannot be read or has no meaning.
        """
        given: dict[str, Any] = {}
        for name in ("preset", "theme", "numbers"):
            if query.get(name):
                given[name] = query[name]
        if query.get("pixels"):
            wanted = N_("{text!r} is no number: give one for the pixels.")
            given["scale"] = int(_number(query["pixels"], wanted))
        if query.get("font_size"):
            wanted = N_("{text!r} is no number: give one for the font size.")
            given["font_size"] = _number(query["font_size"], wanted)
        if "title" in query:
            given["title"] = query["title"] not in ("0", "no", "false")
        if query.get("hidden"):
            places = query["hidden"][:4000].split(",")
            wanted = N_("{text!r} is no number: give one for the hidden line.")
            given["hidden"] = tuple(int(_number(place, wanted)) for place in places)
        ranges = {}
        for name, text in query.items():
            if name.startswith("range."):
                ends = text[:80].split(",")
                if len(ends) != 2:
                    raise ExportError("{name!r} needs two numbers, such as 0,20.", name=name[:30])
                wanted = N_("{text!r} is no number: give one for the range.")
                first, last = (_number(end, wanted) for end in ends)
                ranges[name.removeprefix("range.")] = (first, last)
        return cls(**given, ranges=ranges)


NO_FORMAT = N_("There is no format called {word!r}: {meant}")
QUERY = ("preset", "theme", "numbers", "pixels", "font_size", "title", "hidden", "range.")
"""What of a URL's query is a `Look`, or begins with it; the rest belongs to the view."""


def known(word: str, words: Any, refusal: str) -> None:
    """Raise ExportError with a message, of `word` and `meant`, if a word is not one of some."""
    if not isinstance(word, str) or word not in words:
        named = str(word)[:40]
        raise ExportError(refusal, word=named, meant=meant(named, map(str, words)))


def _number(text: str, refusal: str) -> float:
    try:
        value = float(text[:40])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ExportError(refusal, text=text[:40])
    return value
