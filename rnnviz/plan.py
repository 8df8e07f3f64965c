"""A study is a list of settings: runs that differ in what is asked about, and in nothing else.

This file imports no torch before the size of a network is asked for, as settings.py does.
"""

import json
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rnnviz.cache import Cache
from rnnviz.data.sources import DataSource
from rnnviz.errors import SettingsError
from rnnviz.settings import Settings, bounds, choices
from rnnviz.words import Words

Cell = Literal["rnn", "rnn_relu", "lstm", "gru"]
Value = str | bool | int | float | None

MOST_RUNS = 400
"""Runs in one study."""
MOST_SEEDS, MOST_RATES, MOST_VALUES, MOST_VARIED = 20, 5, 16, 3
LARGEST_HIDDEN = int(bounds("hidden")[1])
NOT_VARIED = {"cell": "cells", "seed": "seeds", "task": Words("two studies")}
NOT_OWN = {"cell", "seed", "task", "data"}
"""What makes runs comparable, and so is nobody's own."""
_CELLS = ", ".join(choices("cell"))
_MAY_BE = {
    "cells": Words("one or more of {cells}, each once", cells=_CELLS),
    "seeds": Words("a whole number between 1 and {most}", most=MOST_SEEDS),
    "match": Words("hidden or parameters"),
    "reference": Words("one of {choices}", choices=_CELLS),
    "lrs": Words("up to {most} learning rates, each once", most=MOST_RATES),
    "vary": Words(
        "up to {most} settings, each with 1 to {most_values} different values",
        most=MOST_VARIED,
        most_values=MOST_VALUES,
    ),
    "own": Words("for a cell, names of settings and a value for each"),
    "success": Words("between 0.01 and 1"),
}


@dataclass(frozen=True)
class Point:
    """One run of a study: its settings, and by what it differs from the others.

    varied : the names and values of `Plan.vary` that hold here
    """

    settings: Settings
    cell: str
    seed: int
    lr: float
    varied: tuple[tuple[str, Value], ...] = ()

    @property
    def place(self) -> tuple[Value, ...]:
        """The varied values alone: points that differ in cell, seed or rate share a place."""
        return tuple(value for _, value in self.varied)


class Plan(BaseModel):
    """Describe a study: which cells learn the same task, on the same data, from the same seeds.

    Attributes
    ----------
    settings : Settings
        What all runs have in common; its cell is not used, its seed is the first.
    cells : tuple of str
        Keys of `CELLS`.
    seeds : int
        Runs of each kind, with the seeds `settings.seed`, + 1, ...: they decide weights and data.
    match : "hidden" or "parameters"
        Whether cells are compared at equal hidden size, or each at the hidden size with which its
        number of parameters comes nearest to that of `reference` with `settings.hidden` units.
    lrs : tuple of float
        Learning rates to try; the settings' own if empty. Each cell is then compared at its best.
    vary : dict
        Name of a setting -> values: all combinations are trained.
    own : dict
        Cell -> names and values of settings that it alone has: what is said of it to be learned
        well with, such as the identity for an RNN of rectified units (Le, Jaitly, Hinton 2015).
    success : float
        A run has succeeded if its last validation is within this share of the way from the task's
        goal to its baseline: in loss, from the best possible where it is known, one within reach,
        or 0; in the metric, from all right, for grammars.

    Raises
    ------
    SettingsError
        If a value has no meaning, or there would be more than 400 runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    settings: Settings = Field(default_factory=Settings)
    cells: Annotated[tuple[Cell, ...], Field(min_length=1)] = ("rnn", "rnn_relu", "lstm", "gru")
    seeds: int = Field(3, ge=1, le=MOST_SEEDS, strict=True)
    match: Literal["hidden", "parameters"] = "hidden"
    reference: Cell = "lstm"
    lrs: Annotated[tuple[float, ...], Field(max_length=MOST_RATES)] = ()
    vary: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    own: dict[Cell, dict[str, Value]] = Field(default_factory=dict)
    success: float = Field(0.5, ge=0.01, le=1)

    def __init__(self, **values: Any) -> None:
        if isinstance(values.get("settings"), dict):
            values["settings"] = Settings(**values["settings"])
        if isinstance(values.get("vary"), Mapping):
            values["vary"] = {name: _listed(each) for name, each in values["vary"].items()}
        if isinstance(values.get("own"), Mapping):
            values["own"] = {
                cell: {name: _plain(each) for name, each in changes.items()}
                if isinstance(changes, Mapping) else changes
                for cell, changes in values["own"].items()
            }  # fmt: skip
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsError(_sentence(str(first["loc"][0]), first["input"])) from None
        self._check()

    def __hash__(self) -> int:
        """Plans that say the same are the same."""
        return hash(self.to_json())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        SettingsError
            If the text is not a JSON object of a plan.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise SettingsError("The plan is not valid JSON: {error}.", error=error) from None
        if not isinstance(values, dict):
            raise SettingsError('The plan must be a JSON object, such as {"cells": ["gru"]}.')
        if isinstance(values.get("settings"), dict):
            values["settings"] = Settings.recorded(values["settings"])
        return cls(**values)

    def to_json(self) -> str:
        """Return the whole plan as one line of JSON."""
        return json.dumps(self.model_dump())

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated again."""
        return type(self)(**{**self.model_dump(), **changes})

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rates that are tried."""
        return self.lrs or (self.settings.lr,)

    @property
    def count(self) -> int:
        """How many runs there are."""
        kinds = len(self.cells) * self.seeds * len(self.rates)
        return kinds * int(np.prod([len(values) for values in self.vary.values()], dtype=int))

    def places(self) -> list[dict[str, Value]]:
        """Return all combinations of varied values: {name: value}; one empty one if none vary."""
        return [
            dict(zip(self.vary, values, strict=True)) for values in product(*self.vary.values())
        ]

    @property
    def data(self) -> tuple[str, ...]:
        """The keys of the data sets that the runs read; "" is the task's example."""
        return tuple(str(key) for key in self.vary.get("data", (self.settings.data,)))

    def points(self, data: DataSource | None = None) -> tuple[Point, ...]:
        """Return all runs, in the order in which they are trained.

        One seed of everything comes before the next seed, so that there is soon a whole picture.

        Parameters
        ----------
        data : DataSource, optional
            Who has the data of an own-data task, as for `rnnviz.tasks.task_of`: the number of
            parameters, which `match` may ask for, follows from them.

        Raises
        ------
        RunError
            If they are not there and asked for.
        """
        if self.match == "parameters":
            for key in self.data:
                parameters(self.settings.replace(data=key), data)
        return _points.get(self, lambda: tuple(self._all(data)))

    def _all(self, data: DataSource | None) -> Iterator[Point]:
        for seed in range(self.seeds):
            for place in self.places():
                for lr in self.rates:
                    for cell in self.cells:
                        yield self._point(cell, seed, lr, place, data)

    def _point(
        self, cell: Cell, seed: int, lr: float, place: dict[str, Value], data: DataSource | None
    ) -> Point:
        seed += self.settings.seed
        changes = {"cell": cell, "lr": lr, "seed": seed, **place, **self.own.get(cell, {})}
        settings = self.settings.replace(**changes)
        if self.match == "parameters" and cell != self.reference:
            settings = settings.replace(hidden=matched_hidden(settings, self.reference, data))
        return Point(settings, cell, settings.seed, settings.lr, tuple(place.items()))

    def _check(self) -> None:
        for name in ("cells", "lrs"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise SettingsError(_sentence(name, values))
        for lr in self.lrs:
            self.settings.replace(lr=lr)
        self._check_varied()
        self._check_own()
        if self.count > MOST_RUNS:
            raise SettingsError(
                "These are {count:,} runs: at most {most} make a study; take fewer "
                "seeds, cells, learning rates or varied values.",
                count=self.count,
                most=MOST_RUNS,
            )
        for place in self.places():
            self.settings.replace(**place)
        self.settings.replace(seed=self.settings.seed + self.seeds - 1)

    def _check_varied(self) -> None:
        if len(self.vary) > MOST_VARIED:
            raise SettingsError(_sentence("vary", list(self.vary)))
        for name, values in self.vary.items():
            if name in NOT_VARIED:
                raise SettingsError(
                    "{name} cannot be varied: use {other} for that.",
                    name=name,
                    other=NOT_VARIED[name],
                )
            if name == "lr" and self.lrs:
                raise SettingsError("Learning rates are in lrs and in vary: leave one of them out.")
            if name == "hidden" and self.match == "parameters":
                raise SettingsError(
                    "hidden is chosen by the number of parameters: set match to hidden to vary it."
                )
            if not 1 <= len(values) <= MOST_VALUES or len(set(values)) < len(values):
                raise SettingsError(_sentence("vary", {name: list(values)}))
            for value in values:
                self.settings.replace(**{name: value})

    def _check_own(self) -> None:
        for cell, changes in self.own.items():
            if cell not in self.cells:
                raise SettingsError(
                    "{cell} has settings of its own but is not compared: add it to cells.",
                    cell=cell,
                )
            for name in changes:
                if name in NOT_OWN or name in self.vary or (name == "lr" and self.lrs):
                    raise SettingsError(
                        "{name} of {cell}: is the same for all cells of a study; leave it out.",
                        name=name,
                        cell=cell,
                    )
                if name == "hidden" and self.match == "parameters":
                    raise SettingsError(
                        "hidden is chosen by the number of parameters: set match to hidden to "
                        "give a cell its own."
                    )
            self.settings.replace(cell=cell, **changes)


# What was worked out, by what decides it: the settings, whose key of a data set is its content.
_points: Cache[tuple[Point, ...]] = Cache(64)
_parameters: Cache[int] = Cache(4096)
_matched: Cache[int] = Cache(512)


def parameters(settings: Settings, data: DataSource | None = None) -> int:
    """Return the number of parameters of the network of settings.

    Parameters
    ----------
    data : DataSource, optional
        Who has the data of an own-data task, as for `rnnviz.tasks.task_of`.

    Raises
    ------
    RunError
        If they are not there.
    """
    import torch

    from rnnviz.networks.model import make_network, parameter_count
    from rnnviz.tasks import task_of

    same = _sized(settings)
    if same.data:
        task_of(same, data)  # refuses what is not there, though others may have had it counted

    def count() -> int:
        task = task_of(same, data)
        with torch.device("meta"):  # counts without making any numbers
            return parameter_count(make_network(same, task))

    return _parameters.get(same, count)


def matched_hidden(settings: Settings, reference: str, data: DataSource | None = None) -> int:
    """Return the hidden size with which the number of parameters comes nearest to another cell's.

    Parameters
    ----------
    settings : Settings
        Of the cell whose size is wanted; its `hidden` is the other cell's.
    reference : str
        The other cell.
    data : DataSource, optional
        As for `parameters`.
    """
    same = _sized(settings)
    wanted = parameters(same.replace(cell=reference), data)

    def count(hidden: int) -> int:
        return parameters(same.replace(hidden=hidden), data)

    def nearest() -> int:
        low, high = 1, LARGEST_HIDDEN
        while low < high:  # the smallest size that is large enough
            middle = (low + high) // 2
            if count(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        around = [size for size in (low - 1, low) if size >= 1]
        return min(around, key=lambda size: abs(count(size) - wanted))

    return _matched.get((same, wanted), nearest)


def _sized(settings: Settings) -> Settings:
    """Return settings of which those that no size depends on are always the same."""
    return settings.replace(seed=0, lr=0.001, steps=1, batch=1)


def _listed(values: Any) -> tuple[Value, ...]:
    """Return values as a tuple of plain ones: a list of JSON's, an array, a range."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        values = (values,)
    return tuple(_plain(each) for each in values)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _sentence(name: str, value: object) -> Words:
    shown = reprlib.repr(value)
    if name in _MAY_BE:
        return Words(
            "{name} = {value}: must be {allowed}.", name=name, value=shown, allowed=_MAY_BE[name]
        )
    if name in Plan.model_fields:
        return Words("{name} = {value}: has no meaning there.", name=name, value=shown)
    return Words(
        "A plan has no {name!r}: there are {fields}.",
        name=name,
        fields=", ".join(Plan.model_fields),
    )
