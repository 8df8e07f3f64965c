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
from dataclasses import replace
from pathlib import Path

import plotly

from rnnviz.errors import BrowserError, ExportError, RnnvizError
from rnnviz.export.bundle_texts import BundledFigure, Lecture, beamer, notebook, quarto, readme
from rnnviz.export.formats import FORMATS, write
from rnnviz.export.look import NO_FORMAT, Look, known
from rnnviz.export.shown import drawing, source_of
from rnnviz.export.source import Source
from rnnviz.looks import VIEWS
from rnnviz.plots.style import FigureDict
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery
from rnnviz.words import N_, language, t

PLOTLY_JS = "plotly.min.js"

Draw = Callable[[str, Choice], tuple[FigureDict, Source]]
Tell = Callable[[int, int, str], object]


def bundled() -> dict[str, str]:
    """Return each view that a bundle may have, with what it is, in the order of a lecture."""
    return {name: view.lecture for name, view in VIEWS.items() if view.lecture}


def dozen() -> tuple[str, ...]:
    """Return the figures of a bundle that nobody chose."""
    places = {name: view.packed for name, view in VIEWS.items() if view.packed}
    return tuple(sorted(places, key=places.__getitem__))


def bundle(
    store: RunStore,
    run: str,
    path: str | os.PathLike[str],
    *,
    views: Sequence[str] | None = None,
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
        Keys of `bundled()`; the dozen if None.
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
    chosen, wanted = (
        tuple(dict.fromkeys(dozen() if views is None else views)),
        tuple(formats) or tuple(FORMATS),
    )
    for view in chosen:
        known(view, bundled(), N_("There is no view of one run called {word!r}: {meant}"))
    for format in wanted:
        known(format, FORMATS, NO_FORMAT)
    found, kept = store.runs.get(run), store.runs.checkpoint_steps(run)
    look = look or Look(theme="light")
    asked = {"lang": language()} | dict(choice or {})
    if look.theme == "dark":
        asked["theme"] = "dark"
    shown = max((each for each in kept if step is None or each <= step), default=0)
    asked["step"] = str(shown)
    total = len(chosen) * (len(wanted) + 1) + 1
    told = _teller(tell, total)
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as file:
            draw = draw or _here(store, run)
            figures, left_out = _figures(file, chosen, wanted, look, asked, draw, told)
            lecture = Lecture(found, shown, look, figures, left_out, link)
            told(t("texts"))
            _texts(file, lecture, store)
        part.replace(target)
        if tell:  # also where figures were left out, which had a share of it
            tell(total, total, t("written"))
    except OSError as error:
        raise ExportError(
            "{file} cannot be written ({reason}): name another.",
            file=target,
            reason=error.strerror,
        ) from None
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
) -> tuple[list[BundledFigure], dict[str, str]]:
    """Write every figure in every format; return what is there, and what is not, and why."""
    figures: list[BundledFigure] = []
    left_out: dict[str, str] = {}
    for view in views:
        told(t("drawing {view}", view=view))
        choice = dict(asked)
        if VIEWS[view].every_step:
            del choice["step"]  # it is of all steps
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
        figures.append(BundledFigure(view, *_words(figure, look), source, tuple(made)))
    if not any(each.formats for each in figures):
        if not left_out:
            raise ExportError("There is nothing to pack: name at least one view.")
        raise ExportError("There is nothing to pack: {why}", why=next(iter(left_out.values())))
    if "html" in formats:
        source_js = Path(plotly.__file__).parent / "package_data" / PLOTLY_JS
        file.write(source_js, f"figures/{PLOTLY_JS}")
    return figures, left_out


def _written(figure: FigureDict, format: str, look: Look, source: Source) -> bytes:
    if format != "html" or "anatomy" in figure:
        return write(figure, format, look, source)
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
    store.runs.metrics(lecture.run.id).to_csv(metrics, index=False, lineterminator="\n")
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
        step = gallery.subject(run).step_at(choice.step)
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
