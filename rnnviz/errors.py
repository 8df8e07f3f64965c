"""What can go wrong, each as a sentence that says what to change."""

import difflib
from collections.abc import Iterable
from typing import Any

from rnnviz.words import Words


class RnnvizError(ValueError):
    """Base of all errors that rnnviz raises on purpose; it says why in its reader's language.

    Parameters
    ----------
    message : str or Words
        A message of the catalogue, as `rnnviz.words.t` takes it, or words that are made already.
    **values
        Of the message's places.

    Attributes
    ----------
    words : Words
        Message and values; `str(error)` says them.
    """

    def __init__(self, message: str | Words = "", /, **values: Any) -> None:
        self.words = message if isinstance(message, Words) else Words(message, **values)
        super().__init__(self.words)


class SettingsError(RnnvizError):
    """A setting is outside its range or has no meaning."""


class RecordingError(RnnvizError):
    """A module cannot be recorded, or nothing was recorded."""


class ClampError(RnnvizError):
    """A signal cannot be changed in the way that was asked."""


class TraceError(RnnvizError):
    """A trace does not hold what was asked of it."""


class ModelError(RnnvizError):
    """A file of weights cannot be read, or holds nothing that can be looked into."""


class TaskError(RnnvizError):
    """A task cannot be built or given what it was given."""


class DataError(RnnvizError):
    """A file of the visitor's own cannot be read or prepared."""


class StoreError(RnnvizError):
    """The run store cannot be opened, read or written."""


class RunError(RnnvizError):
    """A run does not exist, is not yours, or cannot do that now."""


class ExportError(RnnvizError):
    """A figure cannot be written in the way that was asked."""


class BrowserError(ExportError):
    """No browser on this machine draws the figure: what needs none still works."""


class DivergedError(RnnvizError):
    """Training produced a loss or gradient that is not a finite number.

    Attributes
    ----------
    step : int
        The step that diverged; everything before it is kept.
    """

    def __init__(self, step: int, reason: str | Words) -> None:
        super().__init__(reason)
        self.step = step

    @property
    def reason(self) -> str:
        """What happened, as a sentence."""
        return str(self)


def meant(word: str, known: Iterable[str]) -> Words:
    """Return what to say of a word that is not known: which one was meant, or what there is."""
    names = list(known)
    near = difflib.get_close_matches(word.lower(), names, n=1)
    if near:
        return Words("did you mean {name}?", name=near[0])
    return Words("take {names}.", names=", ".join(names))
