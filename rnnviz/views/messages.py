"""What the server sends to the page, record by record.

The scripts say the same of them in their typedefs (`assets/*.js`), and `tests/js/fixtures` holds
one of each: a test in Python writes them, and a test in JavaScript reads them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, final

from rnnviz.plots.style import FigureDict
from rnnviz.views.standing import Standing
from rnnviz.views.text_messages import Found, Text, Written


class Drawn(TypedDict, total=False):
    """What the message of every view has; `draw` adds it.

    Attributes
    ----------
    view : str
        The name of the view.
    step : int
        The training step that it shows.
    unfinished : bool
        Whether there is more to say of the same state: the server keeps it to itself.
    """

    view: str
    step: int
    unfinished: bool


@final
class FigureMessage(Drawn):
    """A picture.

    Attributes
    ----------
    figure : dict
        As Plotly takes it; on its way its arrays are bytes (`plots/packed.py`).
    says : str
        What the numbers say, in sentences.
    """

    figure: FigureDict
    says: NotRequired[str]


class Status(Standing):
    """How a run, or a study, is doing; what is not known yet is None or not there.

    Attributes
    ----------
    step, steps : int
        How far it is, and how far it shall go: the furthest run of a study, and the longest.
    checkpoints : sequence of int
        The kept steps.
    loss, metric : float
        The newest of the training loss, and of the metric on the validation set.
    metric_title, metric_unit : str
    rate : float
        Steps a second.
    left : float
        Seconds.
    runs, done, diverged : int
        Of a study: how many there are, are done with, and have ended early.
    share : float
        Of all its steps, 0 to 1.
    """

    step: int
    steps: int
    checkpoints: Sequence[int]
    loss: NotRequired[float | None]
    metric: NotRequired[float | None]
    metric_title: NotRequired[str]
    metric_unit: NotRequired[str]
    rate: NotRequired[float | None]
    left: NotRequired[float | None]
    runs: NotRequired[int]
    done: NotRequired[int]
    diverged: NotRequired[int]
    share: NotRequired[float]


@final
class StatusMessage(Drawn):
    """How it is doing: for the transport bar."""

    status: Status


class Course(TypedDict):
    """All terms of a unit's equations at all time steps; of two modes, values and gradient.

    Attributes
    ----------
    cell, drawing, function : str
        The key of the cell, the name of its SVG, and the name of its nonlinearity.
    title, equations, notes : mapping
        By mode: words; the equations and the notes under them, in pieces (`views/equations.py`).
    where : str
        Layer, unit, sample, training step: the quiet part of the title.
    unit : int
    whole : bool
        Whether the drawing shows the mean over all units.
    backwards : bool
        Whether the layer reads from the end.
    before : str
        The time step that it read before t.
    steps : int
        How many time steps there are.
    labels : sequence of str
        What went in at each, or none.
    palette : mapping
        The name of a colour in the drawing -> the colour.
    symbols, titles : mapping
        Signal -> its letter, its name.
    logistic : sequence of str
        Signals in 0..1.
    words : mapping
        What is written in the drawing.
    columns : sequence of str
        Names of the terms.
    unit_series, shown_series : str
        The columns one after the other, little-endian float32 in base64: of the unit, and of the
        mean (None where the drawing shows the unit).
    reach : mapping
        Column -> what the widest wire stands for.
    top : float
        The decade of the largest gradient.
    """

    cell: str
    drawing: str
    function: str
    title: Mapping[str, str]
    where: str
    unit: int
    whole: bool
    backwards: bool
    before: str
    steps: int
    labels: Sequence[str]
    palette: Mapping[str, str]
    symbols: Mapping[str, str]
    logistic: Sequence[str]
    words: Mapping[str, str]
    titles: Mapping[str, str]
    columns: Sequence[str]
    unit_series: str
    shown_series: str | None
    reach: Mapping[str, float]
    top: float
    equations: Mapping[str, Any]
    notes: Mapping[str, Any]


@final
class AnatomyMessage(Drawn):
    """The drawn cell."""

    anatomy: Course


@final
class TextMessage(Drawn):
    """A text coloured by units."""

    text: Text


@final
class MatchesMessage(Drawn):
    """Where else the same units are on."""

    matches: Found


@final
class WritingMessage(Drawn):
    """What the network writes on its own."""

    writing: Written


class Refused(TypedDict):
    """Why there is nothing to show, in the place of a view's message.

    Attributes
    ----------
    view : str
        Missing where the address named none.
    error : str
        A sentence.
    """

    view: NotRequired[str]
    error: str


class Answered(TypedDict):
    """The answer to an order.

    Attributes
    ----------
    ordered : int or None
        The page's own number of it.
    refused : str
        Why it was not given, in a sentence; missing where it was.
    """

    ordered: int | None
    refused: NotRequired[str]


Message = (
    FigureMessage | StatusMessage | AnatomyMessage | TextMessage | MatchesMessage | WritingMessage
)
"""What a view draws."""
