"""Figures out of the program: into slides, papers, notebooks and spreadsheets.

    rnnviz.export.save(figure, "gates.svg", preset="slide", theme="print")
    rnnviz.export.render(figure, "pdf")          # the bytes

Figures are those of `rnnviz.plots`, as `go.Figure` or as the plain dicts that the screen gets.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz.errors import ExportError
from rnnviz.export.animation import MOVING, Frame, animate
from rnnviz.export.bundle import bundle
from rnnviz.export.frames import over_time, over_training
from rnnviz.export.look import APPEARANCES, NUMBERS, PRESETS, Look, Preset
from rnnviz.export.redraw import Retrained, redraw
from rnnviz.export.source import Source

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "APPEARANCES", "FORMATS", "Frame", "Look", "MOVING", "NUMBERS", "PRESETS", "Preset",
    "Retrained", "Source", "animate", "bundle", "over_time", "over_training", "redraw", "render",
    "save",
]  # fmt: skip

FORMATS = {
    # ending: what it is, its media type
    "png": ("PNG, a picture", "image/png"),
    "svg": ("SVG, vectors", "image/svg+xml"),
    "pdf": ("PDF, vectors", "application/pdf"),
    "html": ("HTML, interactive", "text/html"),
    "pptx": (
        "PPTX, a slide",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "tex": ("TeX, PGFPlots", "application/x-tex"),
    "csv": ("CSV, the data", "text/csv"),
    "py": ("Python, the code", "text/x-python"),
}
PAINTED = ("png", "svg", "pdf")


def render(
    figure: "go.Figure | Mapping[str, Any]",
    format: str,
    *,
    preset: str = "slide",
    theme: str | None = None,
    scale: int = 2,
    title: bool = True,
    font_size: float | None = None,
    numbers: str = "point",
    ranges: Mapping[str, tuple[float, float]] | None = None,
    hidden: tuple[int, ...] = (),
    source: Source | None = None,
) -> bytes:
    """Return a figure as a file of a format.

    Parameters
    ----------
    figure : go.Figure or dict
        Of scatter, bar and heatmap traces, such as every function of `rnnviz.plots` gives, or a
        drawn cell, as `redraw("anatomy", ...)` gives it.
    format : str
        A key of `FORMATS`.
    preset, theme, scale, title, font_size, numbers, ranges, hidden
        As in `Look`.
    source : Source, optional
        Where the figure comes from: needed for "py", written into the notes of "pptx".

    Raises
    ------
    ExportError
        If a choice has no meaning, or the format needs a browser and there is none.
    """
    if format not in FORMATS:
        raise ExportError(
            f"There is no format called {str(format)[:20]!r}: take {', '.join(FORMATS)}."
        )
    look = Look(preset, theme, scale, title, font_size, numbers, dict(ranges or {}), tuple(hidden))
    return write(figure, format, look, source)


def write(
    figure: "go.Figure | Mapping[str, Any]", format: str, look: Look, source: Source | None = None
) -> bytes:
    """Do what `render` does with all choices of the look in one record."""
    if format == "py":
        from rnnviz.export.script import script

        return script(source).encode()
    if not isinstance(figure, Mapping) or "anatomy" not in figure:
        return _write_figure(figure, format, look, source)
    from rnnviz.export.cell import cell_file

    return cell_file(dict(figure), format, look, source)


def _write_figure(
    figure: "go.Figure | Mapping[str, Any]", format: str, look: Look, source: Source | None
) -> bytes:
    from rnnviz.export.prepared import prepare, zoom

    made = prepare(figure, look)
    if format in PAINTED:
        from rnnviz.export.browser import paint

        return paint(made, format, look.width, look.height, zoom(made, look), look.scale)
    if format == "html":
        from rnnviz.export.page import page

        return page(made).encode()
    if format == "csv":
        from rnnviz.export.drawn import drawn

        return drawn(made, look.ranges).to_csv(index=False, lineterminator="\n").encode()
    if format == "tex":
        from rnnviz.export.tex import tex

        return tex(made, look, source).encode()
    from rnnviz.export.slides import slide

    return slide(made, look, source)


def save(
    figure: "go.Figure | Mapping[str, Any]", path: str | os.PathLike[str], **choices: Any
) -> Path:
    """Write a figure into a file; the ending of its name says the format.

    Parameters
    ----------
    path : path
        Such as "gates.svg"; a file that is there is replaced.
    **choices
        As for `render`.

    Raises
    ------
    ExportError
        As `render` does, or if the file cannot be written.
    """
    target = Path(path)
    written = render(figure, target.suffix.lower().removeprefix("."), **choices)
    try:
        target.write_bytes(written)
    except OSError as error:
        raise ExportError(f"{target} cannot be written ({error.strerror}): name another.") from None
    return target
