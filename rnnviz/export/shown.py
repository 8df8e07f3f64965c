"""What can be exported of a view: its picture, finished, and where that comes from."""

from collections.abc import Callable
from typing import cast

from rnnviz.errors import ExportError
from rnnviz.export.source import Source
from rnnviz.looks import VIEWS, draw
from rnnviz.plan import Plan
from rnnviz.plots.style import FigureDict
from rnnviz.settings import Settings
from rnnviz.store.downsample import thin
from rnnviz.store.origin import phases as phases_of
from rnnviz.store.rows import Run
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import PREFIX, is_trace
from rnnviz.views import Choice, Gallery
from rnnviz.views.history import MOST
from rnnviz.views.messages import AnatomyMessage, FigureMessage, Message
from rnnviz.words import t

MOST_ROUNDS = 1000
CARRIED = ("gradient", "last", "all")
"""What the wires of a drawn cell carry, of `carry` in its address, if not values."""


def drawing(
    gallery: Gallery, view: str, run: str | None, draft: Settings | Plan | None, choice: Choice
) -> FigureDict:
    """Return the figure of a view, finished, where a screen would get it in parts.

    Raises
    ------
    ExportError
        If the view has no figure.
    """
    return finished(lambda: draw(gallery, view, run, draft, choice), choice)


def finished(draw_again: Callable[[], Message], choice: Choice) -> FigureDict:
    """Return the picture of a message that may come in parts.

    Raises
    ------
    ExportError
        If it has none.
    """
    for _ in range(MOST_ROUNDS):
        message = draw_again()
        made = picture_of(message, choice)
        if not message.get("unfinished"):
            break
    return made


def picture_of(message: Message, choice: Choice) -> FigureDict:
    """Return what can be exported of a view's message: its figure, or its drawn cell.

    Raises
    ------
    ExportError
        If there is neither.
    """
    if "anatomy" in message:
        course = cast(AnatomyMessage, message)["anatomy"]
        t = choice.number("t", 0, 0, course["steps"] - 1)
        return {"anatomy": course, "t": t, "gradient": choice.text("carry") in CARRIED}
    if "figure" not in message:
        raise ExportError("The view {view!r} is no figure: export another.", view=message["view"])
    return cast(FigureMessage, message)["figure"]


def source_of(
    store: RunStore, view: str, run: str | None, draft: Settings | Plan | None, choice: Choice,
    step: int, link: str = "",
) -> Source:  # fmt: skip
    """Return where a figure comes from, such that `redraw` gives the same.

    Parameters
    ----------
    step : int
        The step that is shown.
    """
    asked = dict(choice.asked)
    if run is not None and is_trace(run):
        name = store.traces.get(run.removeprefix(PREFIX)).name
        return Source(view, None, step, asked, link=link, trace=name or t("a trace"))
    if VIEWS[view].of_study:
        plan = store.studies.get(run).plan if run else draft
        assert plan is not None
        return Source(view, plan, choice=asked, link=link)
    if run is None:
        assert draft is not None
        return Source(view, draft, choice=asked, link=link)
    found: Run = store.runs.get(run)
    steps: tuple[int, ...] = ()
    if VIEWS[view].over_training:
        every = list(store.runs.checkpoint_steps(run))
        steps = tuple(sorted(set(every) - set(thin(every, MOST))))
    rates: dict[int, float] = {}
    parts = phases_of(found.settings, found.origin)
    for at, lr in sorted(store.runs.learning_rates(run, since=0).items()):
        if at - 1 in parts:
            rate = parts[at - 1].lr
        if lr != rate:
            rates[at] = rate = lr
    last = found.step if VIEWS[view].every_step else 0
    several = parts if len(parts) > 1 else {}
    return Source(view, found.settings, step, asked, rates, steps, last, link, several)
