"""One record that says everything about a run: same settings, same machine, same numbers.

This file imports no torch, so that a form or the command line can read it at once.
"""

import json
from typing import Any, Self, get_args

from pydantic import ValidationError

import rnnviz
from rnnviz.errors import SettingsError
from rnnviz.fields import Fields, limits
from rnnviz.refusals import misfit, refusal

VALIDATE_EVERY = 50
"""Steps between two looks at the validation set."""


class Settings(Fields):
    """Describe a run: the task, the network, and how it is trained.

    A field that does not apply (momentum with Adam, the forget bias of a GRU, the spectral radius
    of orthogonal matrices, which is 1, chrono biases of an RNN without gates) is ignored, never an
    error: changing one choice must not break a link that holds the others.

    Raises
    ------
    SettingsError
        If a value is outside its range; the message names field, value and allowed range.
    """

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(misfit(error.errors()[0], type(self).model_fields)) from None
        if reason := refusal(self):
            raise SettingsError(reason)

    @classmethod
    def for_task(cls, task: str, **changes: Any) -> Self:
        """Return the settings with which a task is learned well, with any changes.

        Raises
        ------
        SettingsError
            If there is no such task, or a change is outside its range.
        """
        tasks = rnnviz.TASKS
        defaults = tasks[task].defaults if task in tasks else {}
        return cls(**{"task": task, **defaults, **changes})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        SettingsError
            If the text is not a JSON object of settings.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise SettingsError("The settings are not valid JSON: {error}.", error=error) from None
        if not isinstance(values, dict):
            raise SettingsError('The settings must be a JSON object, such as {"cell": "gru"}.')
        return cls(**values)

    def to_json(self) -> str:
        """Return all settings as one line of JSON."""
        return json.dumps(self.model_dump())

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated again."""
        return type(self)(**{**self.model_dump(), **changes})


def bounds(name: str) -> tuple[float, float]:
    """Return the lowest and the highest value that a number field allows."""
    return limits(Settings.model_fields[name])


def choices(name: str) -> tuple[str, ...]:
    """Return the keys that a choice field allows, in the order to show them."""
    return get_args(Settings.model_fields[name].annotation)
