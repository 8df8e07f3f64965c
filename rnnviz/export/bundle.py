"""A lecture from one run: its figures in all formats, and what is needed to go on with them.

    rnnviz.export.bundle(store, run, "lecture.zip")

The zip holds `figures/` (every figure in every format), `settings.json`, `metrics.csv`, a Jupyter
notebook that trains the network again and draws the same, a Beamer and a Quarto file that show the
figures, and a README with the seed and the versions.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import plotly

from rnnviz import export
from rnnviz.errors import BrowserError, ExportError, RnnvizError
from rnnviz.export.bundle_texts import beamer, notebook, quarto, readme
from rnnviz.export.look import Look
from rnnviz.export.redraw import drawing, source_of
from rnnviz.export.source import Source
from rnnviz.plots.style import FigureDict
from rnnviz.reader import Run
from rnnviz.runs import RunStore
from rnnviz.views import Choice, Gallery

BUNDLED = {
    "loss": "loss over training",
    "gradients": "gradient norms, every gate",
    "gates": "one signal, unit by unit",
    "signals": "all signals of a layer",
    "anatomy": "the drawn cell",
    "distribution": "how values are spread",
    "saturation": "saturation of the gates",
    "memory": "how long units remember",
    "unit_history": "units over training",
    "weights": "weights by gate",
    "gradient_time": "gradient through time",
    "gradient_units": "gradient of every unit",
    "gradient_items": "gradient, itemized",
    "gradient_surface": "gradient over training",
    "gradient_jacobians": "Jacobians of single steps",
    "gradient_connectivity": "which step sees which",
    "gradient_clipping": "clipping",
    "gradient_parameters": "gradient by parameter",
    "translation_attention": "where a translation looks",
    "translation_written": "what it writes",
    "translation_ways": "one symbol's gradient",
}
"""View of one run -> what it is, in the order of a lecture."""
DOZEN = (
    "loss", "gates", "signals", "anatomy", "distribution", "saturation", "memory", "unit_history",
    "weights", "gradient_time", "gradient_surface", "gradient_jacobians",
)  # fmt: skip
PLOTLY_JS = "plotly.min.js"

Draw = Callable[[str, Choice], tuple[FigureDict, Source]]
Tell = Callable[[int, int, str], object]


@dataclass(frozen=True)
class Drawn:
    """A figure of the bundle: where it comes from, its words, and the formats it is there in."""

    view: str
    title: str
    alt: str
    source: Source
    formats: tuple[str, ...]


@dataclass(frozen=True)
class Lecture:
    """All that the texts of a bundle speak of."""

    run: Run
    step: int
    look: Look
    figures: Sequence[Drawn]
    left_out: Mapping[str, str]
    """A view, or a format, that is not there -> why."""
    link: str = ""


def bundle(
    store: RunStore,
    run: str,
    path: str | os.PathLike[str],
    *,
    views: Sequence[str] = DOZEN,
    step: int | None = None,
    look: Look | None = None,
    formats: Sequence[str] = (),
    choice: Mapping[str, str] | None = None,
    draw: Draw | None = None,
    tell: Tell | None = None,
    link: str = "",
) -> Lecture:
    """Write the lecture of a run into a zip file, and return what is in it.

    Parameters
    ----------
    store : RunStore
    run : str
        The run's id.
    path : path
        The file; one that is there is replaced.
    views : sequence of str
        Keys of `BUNDLED`.
    step : int, optional
        The training step to look at; the newest kept one if None.
    look : Look, optional
        How figures are to look; light slides if None.
    formats : sequence of str
        Keys of `rnnviz.export.FORMATS`; all if empty.
    choice : mapping, optional
        Layer, signal, sample, ...: what the views look at.
    draw : callable, optional
        Draws a view: a server has one thread for that.
    tell : callable, optional
        Is told how many parts of how many are done, and what is being done.
    link : str
        The address that shows the run.

    Raises
    ------
    ExportError
        If a view or a format is not known, nothing can be drawn, or the file cannot be written.
    RunError
        If there is no such run.
    """
    chosen, wanted = tuple(dict.fromkeys(views)), tuple(formats) or tuple(export.FORMATS)
    _known(chosen, BUNDLED, "view of one run")
    _known(wanted, export.FORMATS, "format")
    found, kept = store.get(run), store.checkpoint_steps(run)
    look = look or Look(theme="light")
    asked = dict(choice or {}) | ({"theme": "dark"} if look.theme == "dark" else {})
    shown = max((each for each in kept if step is None or each <= step), default=0)
    asked["step"] = str(shown)
    told = _teller(tell, len(chosen) * (len(wanted) + 1) + 1)
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as file:
            draw = draw or _here(store, run)
            figures, left_out = _figures(file, chosen, wanted, look, asked, draw, told)
            lecture = Lecture(found, shown, look, figures, left_out, link)
            told("texts")
            _texts(file, lecture, store)
        part.replace(target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written ({error.strerror}): name another.") from None
    finally:
        part.unlink(missing_ok=True)
    return lecture


def _figures(
    file: zipfile.ZipFile,
    views: Sequence[str],
    formats: Sequence[str],
    look: Look,
    asked: Mapping[str, str],
    draw: Draw,
    told: Callable[[str], None],
) -> tuple[list[Drawn], dict[str, str]]:
    """Write every figure in every format; return what is there, and what is not, and why."""
    figures: list[Drawn] = []
    left_out: dict[str, str] = {}
    for view in views:
        told(f"drawing {view}")
        choice = dict(asked)
        if view in ("loss", "gradient_clipping"):
            del choice["step"]  # they are of all steps
        try:
            figure, source = draw(view, Choice.of(choice))
            if "anatomy" in figure and "t" not in choice:  # at the first step there is no past
                figure["t"] = figure["anatomy"]["steps"] // 2
                source = replace(source, choice={**source.choice, "t": str(figure["t"])})
        except RnnvizError as error:
            left_out[view] = str(error)
            for _ in formats:
                told("")
            continue
        made = []
        for format in formats:
            told(f"{view}.{format}")
            try:
                written = _written(figure, format, look, source)
            except BrowserError as error:
                left_out[format] = str(error)
            except ExportError as error:
                left_out[f"{view}.{format}"] = str(error)
            else:
                file.writestr(f"figures/{view}.{format}", written)
                made.append(format)
        figures.append(Drawn(view, *_words(figure, look), source, tuple(made)))
    if not any(each.formats for each in figures):
        why = next(iter(left_out.values()), "name at least one view.")
        raise ExportError(f"There is nothing to pack: {why}")
    if "html" in formats:
        source_js = Path(plotly.__file__).parent / "package_data" / PLOTLY_JS
        file.write(source_js, f"figures/{PLOTLY_JS}")
    return figures, left_out


def _written(figure: FigureDict, format: str, look: Look, source: Source) -> bytes:
    if format != "html" or "anatomy" in figure:
        return export.write(figure, format, look, source)
    from rnnviz.export.page import page
    from rnnviz.export.prepared import prepare

    return page(prepare(figure, look), PLOTLY_JS).encode()


def _words(figure: FigureDict, look: Look) -> tuple[str, str]:
    """Return title and alt sentence."""
    if "anatomy" in figure:
        from rnnviz.export.cell_course import Course

        course = Course(figure, look)
        return course.title, course.alt
    from rnnviz.export.prepared import alt, heading

    return heading(figure), alt(figure)


def _texts(file: zipfile.ZipFile, lecture: Lecture, store: RunStore) -> None:
    metrics = io.StringIO()
    store.metrics(lecture.run.id).to_csv(metrics, index=False, lineterminator="\n")
    settings = json.dumps(lecture.run.settings.model_dump(), indent=2)
    for name, text in {
        "README.md": readme(lecture),
        "settings.json": settings + "\n",
        "metrics.csv": metrics.getvalue(),
        "figures.ipynb": notebook(lecture),
        "beamer.tex": beamer(lecture),
        "slides.qmd": quarto(lecture),
    }.items():
        file.writestr(name, text)


def _here(store: RunStore, run: str) -> Draw:
    """Return what draws views of a run in this thread."""
    gallery = Gallery(store)

    def draw(view: str, choice: Choice) -> tuple[FigureDict, Source]:
        figure = drawing(gallery, view, run, None, choice)
        step = gallery.scene(run, None, choice).step
        return figure, source_of(store, view, run, None, choice, step)

    return draw


def _teller(tell: Tell | None, total: int) -> Callable[[str], None]:
    done = 0

    def told(what: str) -> None:
        nonlocal done
        if tell:
            tell(done, total, what)
        done += 1

    return told


def _known(words: Sequence[str], known: Mapping[str, Any], what: str) -> None:
    for word in words:
        if word not in known:
            raise ExportError(f"There is no {what} {str(word)[:40]!r}: take {', '.join(known)}.")
