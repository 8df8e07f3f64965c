"""What tasks of the visitor's own data share: where the data come from."""

from typing import ClassVar

from rnnviz.data.examples import example
from rnnviz.data.sets import DataSet
from rnnviz.errors import TaskError
from rnnviz.tasks.base import Task
from rnnviz.words import N_, Words

KIND_WORDS = {
    "series": N_("a series of numbers"),
    "labels": N_("texts with labels"),
    "text": N_("a text"),
}


class OwnData(Task):
    """Read a data set: the one that `Settings.data` names, or the example that is shipped.

    The data set alone decides what the task reads: the same key gives the same numbers wherever
    it is kept.

    Parameters
    ----------
    data : DataSet, optional
        The example of the task's kind if None.

    Raises
    ------
    TaskError
        If it is of another kind, or has too little for what is asked.
    """

    kind: ClassVar[str]
    """Of its data sets: a key of `rnnviz.data.sets.KINDS`."""
    data: DataSet

    def __init__(
        self, length: int, seed: int = 0, distance: int = 1, data: DataSet | None = None
    ) -> None:
        Task.__init__(self, length, seed, distance)
        self.data = example(self.kind) if data is None else data
        if self.data.kind != self.kind:
            raise TaskError(
                "In the task {task}, {title!r} is {given}, and {needed} is needed: "
                "choose another data set or task.",
                task=Words(self.title),
                needed=Words(KIND_WORDS[self.kind]),
                title=self.data.title,
                given=Words(KIND_WORDS[self.data.kind]),
            )
