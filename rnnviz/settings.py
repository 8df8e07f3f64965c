"""One record that says everything about a run: same settings, same machine, same numbers.

This file imports no torch, so that a form or the command line can read it at once.
"""

import json
from collections.abc import Mapping
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

    What is not given is what the named task is learned well with: `Settings(task="copying")` asks
    for 10 steps and 64 units, where a Settings without a task asks for 50 and 32.

    A field that does not apply (momentum with Adam, the forget bias of a GRU, the spectral radius
    of orthogonal matrices, which is 1, chrono biases of an RNN without gates) is ignored, never an
    error: changing one choice must not break a link that holds the others.

    Raises
    ------
    SettingsError
        If a value is outside its range; the message names field, value and allowed range.
    """

    def __init__(self, /, **values: Any) -> None:
        if "task" in values and len(values) < len(type(self).model_fields):
            values = {**_learned_with(values["task"]), **values}
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
        return cls(task=task, **changes)

    @classmethod
    def recorded(cls, record: str | bytes | Mapping[str, Any]) -> Self:
        """Read what was kept of a run, perhaps by an older version: the same run as then.

        What that version did not know of has the value that changes nothing, whatever the task.

        Raises
        ------
        SettingsError
            If the record is no JSON object, or no settings.
        """
        values = record if isinstance(record, Mapping) else _object(record)
        standard = {name: field.default for name, field in cls.model_fields.items()}
        return cls(**{**standard, **values})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote, or a part of it, as if each value was given.

        Raises
        ------
        SettingsError
            If the text is not a JSON object of settings.
        """
        return cls(**_object(text))

    def to_json(self) -> str:
        """Return all settings as one line of JSON."""
        return json.dumps(self.model_dump())

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated again."""
        return type(self)(**{**self.model_dump(), **changes})


def _learned_with(task: object) -> dict[str, Any]:
    kind = rnnviz.TASKS.get(task) if isinstance(task, str) else None
    return kind.defaults if kind else {}


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise SettingsError("The settings are not valid JSON: {error}.", error=error) from None
    if not isinstance(values, dict):
        raise SettingsError('The settings must be a JSON object, such as {"cell": "gru"}.')
    return values


def bounds(name: str) -> tuple[float, float]:
    """Return the lowest and the highest value that a number field allows."""
    return limits(Settings.model_fields[name])


def choices(name: str) -> tuple[str, ...]:
    """Return the keys that a choice field allows, in the order to show them."""
    return get_args(Settings.model_fields[name].annotation)
