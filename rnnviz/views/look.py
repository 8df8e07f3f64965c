"""A look: one thing to look at, in one record; all that is said elsewhere of it is derived.

Its file in `rnnviz/looks/` draws it and holds the record, as ``LOOK``; whoever has a picture of
their own gives it to `register`.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from rnnviz.errors import RnnvizError
from rnnviz.views.controls import Control
from rnnviz.views.messages import Message
from rnnviz.views.subject import Subject

Controls = Callable[[Subject], Generator[Control, Any, dict[str, Any]]]


@dataclass(frozen=True)
class View:
    """One picture, or another message: what draws it, and what of a run changes it.

    Attributes
    ----------
    draw : callable
        Takes a `Scene` (or `StudyScene`) and returns the message.
    every_step : bool
        Whether every training step changes it, and not only a new checkpoint; it shows all steps
        at once, and so is not animated over training.
    over_training : bool
        Whether it shows many kept checkpoints at once.
    rest : float
        Seconds between two drawings at least, so that one that takes long leaves time to others.
    of_study : bool
        Whether it looks at a study, and is given a `StudyScene`, instead of at one run.
    lecture : str
        What it is called in a lecture bundle; empty for what is in none.
    packed : int
        Its place among the figures of a bundle that nobody chose; 0 for none.
    whole : bool
        Whether its time axis stays whole where a layer runs in a part of it.
    from_top : bool
        Whether it begins with the top layer, where the loss comes in, unless one is chosen.
    width : float
        Its share of the width, beside the other views of its look.
    points, pointed : bool
        Whether the row under the pointer is what the page's other pictures look at as ``t``; and
        whether this one does so.
    """

    draw: Callable[[Any], Message]
    every_step: bool = False
    over_training: bool = False
    rest: float = 0.0
    of_study: bool = False
    lecture: str = ""
    packed: int = 0
    whole: bool = False
    from_top: bool = False
    width: float = 1.0
    points: bool = False
    pointed: bool = False


gradient_view = partial(View, from_top=True)


def anything(subject: Subject) -> bool:
    """Fit every subject."""
    return True


def networks(subject: Subject) -> bool:
    """Fit what has settings, and so a task."""
    return subject.settings is not None


def nothing(subject: Subject) -> Generator[Control, Any, dict[str, Any]]:
    """Ask for nothing."""
    yield from ()
    return {}


@dataclass(frozen=True)
class Look:
    """One thing to look at: a tab of a page, its pictures, and what they can be asked.

    Attributes
    ----------
    key : str
        Its name in the address.
    page : str
        The page whose tab it is; empty for what a page places by itself.
    words : str
        The tab.
    views : mapping
        Name -> `View`, in the order to draw them.
    controls : callable
        A generator of controls, given the subject: it is sent what is chosen at each, and returns
        the query of the views. With a key ``view`` it names the one view to draw.
    place : int
        Orders the tabs of a page.
    fits : callable
        Whether a subject has what it shows.
    alone : str
        The tab where looks of several pages stand together; `words` if empty.
    changes : bool
        Whether a change of the probe or of a signal changes it.
    drawn_by : str
        The component that draws it.
    """

    key: str
    page: str
    words: str
    views: Mapping[str, View]
    controls: Controls = nothing
    place: int = 50
    fits: Callable[[Subject], bool] = anything
    alone: str = ""
    changes: bool = True
    drawn_by: str = "figure"


LOOKS: dict[str, Look] = {}
"""All looks, by page and key."""
VIEWS: dict[str, View] = {}
"""The views of all looks, by name."""


def register(look: Look) -> None:
    """Add a look: its page, the export menu, bundles and models of one's own then have it.

    Raises
    ------
    RnnvizError
        If its key or one of its views has a name that another look has.
    """
    name = f"{look.page}.{look.key}"
    for taken in ({name} & set(LOOKS)) | (set(look.views) & set(VIEWS)):
        raise RnnvizError(
            "There is a look or view called {taken!r} already: choose another name.", taken=taken
        )
    LOOKS[name] = look
    VIEWS.update(look.views)


def looks_of(page: str, subject: Subject | None = None) -> dict[str, Look]:
    """Return the tabs of a page, by their keys: those that fit a subject, or all."""
    own = [
        look
        for look in LOOKS.values()
        if look.page == page and (subject is None or look.fits(subject))
    ]
    return {look.key: look for look in sorted(own, key=lambda look: look.place)}


def looks_at(subject: Subject) -> dict[str, Look]:
    """Return what can be looked at of a subject, from all pages, by page and key."""
    return {name: look for name, look in LOOKS.items() if look.page and look.fits(subject)}
