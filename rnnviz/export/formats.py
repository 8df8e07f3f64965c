"""A figure as a file of any format: each format's own file is imported when it is asked for."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rnnviz.errors import ExportError
from rnnviz.export.look import NO_FORMAT, Look, known
from rnnviz.export.source import Source
from rnnviz.words import N_

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Format(NamedTuple):
    """A format's name, what it gives in a word, and its media type."""

    name: str
    words: str
    media: str


FORMATS = {
    # ending of the file's name: the format, in the order of the menu
    "png": Format("PNG", N_("picture"), "image/png"),
    "svg": Format("SVG", N_("vectors"), "image/svg+xml"),
    "pdf": Format("PDF", N_("vectors"), "application/pdf"),
    "html": Format("HTML", N_("interactive"), "text/html"),
    "pptx": Format(
        "PPTX",
        N_("slide"),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "tex": Format("TeX", "PGFPlots", "application/x-tex"),
    "csv": Format("CSV", N_("data"), "text/csv"),
    "py": Format(N_("Code"), "Python", "text/x-python"),
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
    known(format, FORMATS, NO_FORMAT)
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
        raise ExportError(
            "{file} cannot be written ({reason}): name another.",
            file=target,
            reason=error.strerror,
        ) from None
    return target
