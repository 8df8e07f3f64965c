"""The tasks a network can learn; the key is the widget option, the URL value and the file value."""

from functools import lru_cache

from rnnviz.data.sets import DataSet
from rnnviz.data.sources import DataSource, find
from rnnviz.settings import Settings
from rnnviz.tasks.adding import Adding
from rnnviz.tasks.base import Baseline, Batch, Probe, Task
from rnnviz.tasks.characters import Analects, Characters
from rnnviz.tasks.copying import Copying
from rnnviz.tasks.dates import Dates
from rnnviz.tasks.digits import DigitPixels, DigitRows
from rnnviz.tasks.entities import Entities
from rnnviz.tasks.flipflop import FlipFlop
from rnnviz.tasks.form import Form
from rnnviz.tasks.mackey_glass import MackeyGlass
from rnnviz.tasks.names import Names
from rnnviz.tasks.nback import NBack
from rnnviz.tasks.order import Order4, Order8
from rnnviz.tasks.own import OwnData
from rnnviz.tasks.own_labels import OwnLabels
from rnnviz.tasks.own_series import OwnSeries
from rnnviz.tasks.own_text import OwnCharacters, OwnWords
from rnnviz.tasks.parity import Parity
from rnnviz.tasks.reordering import Reversal, Sorting
from rnnviz.tasks.sentiment import Sentiment
from rnnviz.tasks.sines import Mixture, Sines
from rnnviz.tasks.strings import Brackets, Counting, Reber
from rnnviz.tasks.sunspots import Sunspots
from rnnviz.tasks.words import WordTask

TASKS: dict[str, type[Task]] = {
    task.key: task
    for task in (
        Adding,
        Copying,
        Order4,
        Order8,
        NBack,
        Parity,
        FlipFlop,
        Counting,
        Brackets,
        Reber,
        Sines,
        Mixture,
        MackeyGlass,
        Sunspots,
        OwnSeries,
        DigitRows,
        DigitPixels,
        Sentiment,
        Entities,
        Names,
        WordTask,
        Characters,
        Analects,
        Dates,
        Reversal,
        Sorting,
        OwnLabels,
        OwnWords,
        OwnCharacters,
    )
}
"""In the order of the form, one family after the other."""


def task_of(settings: Settings, data: DataSource | None = None) -> Task:
    """Return the task of settings; the last few are kept, because building one may read a text.

    Parameters
    ----------
    data : DataSource, optional
        Who has the data set that the settings of an own-data task name: the `data` of the run
        store that they are from; what this script has brought with `add_data` if None.

    Raises
    ------
    RunError
        If the data set is not there.
    TaskError
        If it is of another kind, or has too little for what is asked.
    """
    own = TASKS[settings.task]
    if issubclass(own, OwnData):
        read = find(settings.data, data) if settings.data else None
        return _of_data(own, settings.length, settings.seed, settings.distance, read)
    return _built(settings.task, settings.length, settings.seed, settings.distance)


@lru_cache(16)  # each holds a data set of up to 16 MB
def _of_data(
    kind: type[OwnData], length: int, seed: int, distance: int, data: DataSet | None
) -> Task:
    return kind(length, seed, distance, data)


@lru_cache(64)
def _built(kind: str, length: int, seed: int, distance: int) -> Task:
    return TASKS[kind](length, seed, distance)


__all__ = ["TASKS", "Baseline", "Batch", "Form", "Probe", "Task", "task_of"]
