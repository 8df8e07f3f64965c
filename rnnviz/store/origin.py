"""Where a run comes from that goes on from another one, with other settings of its training."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from rnnviz.settings import Settings
from rnnviz.words import t

DEEPEST = 20
"""Runs in one line of descent."""


class Origin(BaseModel):
    """The checkpoint that a run began with.

    Attributes
    ----------
    run, name : str
        The run that it is of; it may be gone since.
    step : int
        Up to this step the run's history is that run's.
    before : dict
        What settings had been there that changed, by field; its `steps` too.
    origin : Origin or None
        Where that run came from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    run: str = Field(max_length=40)
    name: str = Field(max_length=80)
    step: int = Field(ge=0)
    before: dict[Annotated[str, Field(max_length=40)], Any] = Field(max_length=100)
    origin: Self | None = None

    @classmethod
    def from_json(cls, text: str | None) -> "Origin | None":
        """Read what `to_json` wrote; None of None."""
        return None if text is None else cls(**json.loads(text))

    def to_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(self.model_dump())

    def depth(self) -> int:
        """Return how many runs were there before."""
        return 1 + (self.origin.depth() if self.origin else 0)


def phases(settings: Settings, origin: Origin | None) -> Mapping[int, Settings]:
    """Return the settings that each part of a run's training had, by the step before its first.

    Raises
    ------
    SettingsError
        If what was there before is outside its range.
    """
    if origin is None:
        return {0: settings}
    before = phases(settings.replace(**origin.before), origin.origin)
    return {
        **{since: each for since, each in before.items() if since < origin.step},
        origin.step: settings,
    }


def told(settings: Settings, origin: Origin) -> str:
    """Say in a sentence where a run comes from and what was changed there."""
    changes = [
        f"{name.replace('_', ' ')} {was} → {getattr(settings, name)}"
        for name, was in origin.before.items()
        if name != "steps"
    ]
    name = origin.name or t("another run")
    if changes:
        return t(
            "Goes on from {name} after step {step:,}: {changes}.",
            name=name,
            step=origin.step,
            changes=", ".join(changes),
        )
    return t(
        "Goes on from {name} after step {step:,} with the same settings.",
        name=name,
        step=origin.step,
    )
