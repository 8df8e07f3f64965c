"""A figure that moves: over training, or over the time steps of a sequence; as HTML, GIF or MP4.

    frames = [export.Frame(f"step {step}", figure_of(step)) for step in steps]
    export.animate(frames, "gates.gif")

Axes and colours stand still: each has the range that all frames need.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rnnviz.errors import ExportError
from rnnviz.export.look import Look
from rnnviz.export.movie import gif, mp4
from rnnviz.export.player import player
from rnnviz.export.prepared import prepare, unpacked, zoom
from rnnviz.export.steady import steady
from rnnviz.plots.style import FigureDict
from rnnviz.words import t

MOVING = {
    # ending of the file's name: what it is called
    "html": "HTML",
    "gif": "GIF",
    "mp4": "MP4",
}
MOST_FRAMES = 120
MOST_BYTES = 2**26
"""Bytes of a page with a player."""
LASTING = 8.0
"""Seconds that an animation takes, where its frames then come neither slower nor faster:"""
SLOWEST, FASTEST = 2.0, 12.0

Tell = Callable[[int, int, str], object]


class Frame(NamedTuple):
    """One picture of an animation, and what is said of it: a training step, a time step."""

    says: str
    figure: FigureDict


def animate(
    frames: Sequence[Frame],
    path: str | os.PathLike[str],
    *,
    format: str = "",
    look: Look | None = None,
    rate: float | None = None,
    tell: Tell | None = None,
) -> Path:
    """Write an animation into a file; the ending of its name says the format.

    Parameters
    ----------
    frames : sequence of Frame
        2 to 120 figures of one kind, or drawn cells.
    path : path
        A file that is there is replaced.
    format : str, optional
        A key of `MOVING`, where the name does not say it.
    look : Look, optional
        As for `render`.
    rate : float, optional
        Frames a second; such that it lasts about 8 seconds if None.
    tell : callable, optional
        Is told how many frames of how many are done, and what is being done.

    Raises
    ------
    ExportError
        If there are too few or too many frames, the format is not known, GIF or MP4 find no
        browser, MP4 finds no ffmpeg, or the file cannot be written.
    """
    target, look = Path(path), look or Look()
    format = format or target.suffix.lower().removeprefix(".")
    if format not in MOVING:
        raise ExportError(
            "There is no moving {format!r}: take {known}.",
            format=format[:20],
            known=", ".join(MOVING),
        )
    if not 2 <= len(frames) <= MOST_FRAMES:
        raise ExportError(
            "An animation has 2 to {most} frames, not {count}: train longer, so that "
            "there is more than one kept step, or look at fewer.",
            most=MOST_FRAMES,
            count=len(frames),
        )
    speed = rate or max(SLOWEST, min(FASTEST, round(len(frames) / LASTING)))
    part = target.with_name(f"{target.name}.part")
    try:
        if format == "html":
            page = player(_made(frames, look), look, speed).encode()
            if len(page) > MOST_BYTES:
                raise ExportError("The animation is too large for a page: take GIF or MP4.")
            part.write_bytes(page)
        else:
            write = gif if format == "gif" else mp4
            write(_pictures(frames, look, tell), part, (look.width, look.height), speed)
        part.replace(target)
    except OSError as error:
        raise ExportError(
            "{file} cannot be written ({reason}): name another.",
            file=target,
            reason=error.strerror,
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return target


def _made(frames: Sequence[Frame], look: Look) -> list[tuple[str, Any]]:
    """Return frames as they are to be drawn: figure dicts, or SVG text of drawn cells."""
    if any("anatomy" in frame.figure for frame in frames):
        from rnnviz.export.cell import cell_svg
        from rnnviz.export.cell_course import Course

        size = (look.width, look.height)
        return [(each.says, cell_svg(Course(each.figure, look), size, look.title, bare=True))
                for each in frames]  # fmt: skip
    still = steady([unpacked(each.figure) for each in frames])
    made = [prepare(figure, look) for figure in still]
    return [(frame.says, figure) for frame, figure in zip(frames, made, strict=True)]


def _pictures(frames: Sequence[Frame], look: Look, tell: Tell | None) -> Iterator[bytes]:
    """Give each frame as PNG, one after the other."""
    from rnnviz.export.browser import paint

    for number, (_, made) in enumerate(_made(frames, look)):
        if tell:
            tell(number, len(frames), t("frame {number}", number=number + 1))
        drawing = {"svg": made, "paper": "#FFFFFF"} if isinstance(made, str) else made
        wide = 1.0 if isinstance(made, str) else zoom(made, look)
        yield paint(drawing, "png", look.width, look.height, wide, 1)
