"""What a view of a study looks at: its plan, how its runs stand, and their networks in parts."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from rnnviz.engine import findings
from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.plan import Plan, Point, parameters
from rnnviz.settings import Settings
from rnnviz.store.rows import Study
from rnnviz.store.studies import Member
from rnnviz.tasks import Task
from rnnviz.views.choice import Choice
from rnnviz.views.gallery import Gallery
from rnnviz.views.say import together
from rnnviz.words import t

BUDGET = 0.12
"""Seconds of measuring in one message; one network is measured whatever it takes."""
LARGEST = 2**16
"""Time steps x hidden units x layers of the largest network that is measured live: about 0.2 s."""
MOST_KEPT = 4000
"""Measured networks of a study that are kept."""

Measure = Callable[[Settings, bytes | None, Task], Any]


@dataclass
class StudyScene:
    """One study that is looked at, or the plan of one that nobody has started."""

    gallery: Gallery
    plan: Plan
    choice: Choice
    study: Study | None = None

    @classmethod
    def of(
        cls, gallery: Gallery, study: str | None, draft: Plan | None, choice: Choice
    ) -> "StudyScene":
        """Return what a viewer looks at.

        Raises
        ------
        RunError
            If there is no such study, or neither a study nor a plan is given.
        """
        if study is None:
            if draft is None:
                raise RunError("Name a study or give the plan of one.")
            return cls(gallery, draft, choice)
        found = gallery.store.studies.get(study)
        return cls(gallery, found.plan, choice, found)

    @property
    def step(self) -> int:
        """The training step that is looked at; the newest of all runs if none is chosen."""
        newest = max((member.step for member in self.members), default=0)
        return newest if self.choice.step is None else min(self.choice.step, newest)

    @cached_property
    def members(self) -> Sequence[Member]:
        """How each point stands."""
        if self.study is None:
            return [Member()] * self.plan.count
        return self.gallery.store.studies.members(self.study.id)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """How each point ended, as `findings.outcomes` gives it."""
        if self.study is not None:
            return findings.outcomes(self.gallery.store, self.study.id)
        return findings.outcome_rows(self.plan, self.members, {}, self.gallery.data)

    @cached_property
    def rates(self) -> pd.DataFrame:
        """The learning rate at which each cell is compared."""
        return findings.best_rates(self.outcomes, list(self.plan.vary))

    @cached_property
    def compared(self) -> list[int]:
        """The places of the points that are compared: each cell at its learning rate."""
        found = self.outcomes.assign(place=range(self.plan.count))
        return sorted(findings.at_best(found, self.rates)["place"].tolist())

    @property
    def points(self) -> tuple[Point, ...]:
        """All points of the plan."""
        return self.plan.points(self.gallery.data)

    @property
    def task(self) -> Task:
        """The task, for its words and baselines."""
        return self.gallery.task(self.plan.settings)

    def kept(self, what: str) -> dict[Any, Any]:
        """Return what was measured under a name, to read and to add to."""
        key = (what, self.study.id if self.study else None, self.plan)
        return self.gallery.histories.get(key, dict)

    def measured(
        self, what: str, places: Sequence[int], measure: Measure, *, untrained: bool = False
    ) -> tuple[dict[int, tuple[int, Any]], bool]:
        """Measure the networks of some points; go on where the last call stopped.

        Parameters
        ----------
        what : str
            Names the measure.
        places : sequence of int
            Which points, in the order to measure them.
        measure : callable
            Is given settings, weights (None: untrained) and task, and returns what is kept of a
            network.
        untrained : bool
            Whether to look at all networks as they were before training.

        Returns
        -------
        dict, bool
            Place -> (training step, what was measured): that of the chosen checkpoint, or of an
            older one until its turn comes; and whether all there is was measured.
        """
        store, known = self.gallery.store, self.kept(what)
        steps: dict[str, int] = {}
        if self.study is not None and not untrained:
            steps = store.studies.kept_until(self.study.id, self.choice.step)
        found: dict[int, tuple[int, Any]] = {}
        started, done, whole = time.monotonic(), 0, True
        for place in places:
            run = self.members[place].run or ""
            step = steps.get(run, 0)
            key = (run, step) if step else (self.points[place].settings, 0)
            if key not in known:
                if done and time.monotonic() - started > BUDGET:
                    whole = False
                    if place in known:
                        found[place] = known[place]
                    continue
                weights = store.runs.checkpoint(run, step).weights if step else None
                settings = self.points[place].settings
                known[key] = measure(settings, weights, self.gallery.task(settings))
                done += 1
            found[place] = known[place] = (step, known[key])
        for key in list(known)[: max(0, len(known) - MOST_KEPT)]:
            del known[key]
        return found, whole

    def check_size(self) -> None:
        """Raise RunError if the gradient through one network would take too long to be live."""
        for point in self.points[: len(self.plan.places()) * len(self.plan.cells)]:
            settings = point.settings
            size = self.gallery.task(settings).steps * settings.units
            if size > LARGEST:
                raise RunError(
                    "Time steps x hidden units x layers = {size:,} is too much to follow "
                    "gradients through live: up to {most:,} can be shown. Training itself "
                    "works, and rnnviz.compare measures any size.",
                    size=size,
                    most=LARGEST,
                )

    @property
    def fairness(self) -> str:
        """At which size and learning rate cells are compared, over how many seeds, in short."""
        plan = self.plan
        own = {name for changes in plan.own.values() for name in changes}
        parts = []
        if "hidden" not in {*plan.vary, *own}:
            parts = [t("hidden {units}", units=plan.settings.hidden)]
        if plan.match == "parameters":
            count = parameters(plan.settings.replace(cell=plan.reference), self.gallery.data)
            parts = [t("≈ {count:,} parameters each", count=count)]
        if "lr" not in {*plan.vary, *own}:
            tried = len(plan.rates)
            parts.append(
                t("lr best of {tried}", tried=tried)
                if tried > 1
                else t("lr {rate:g}", rate=plan.rates[0])
            )
        if own:
            parts.append(t("each cell with settings of its own"))
        return together(*parts, f"n = {plan.seeds}")

    @property
    def details(self) -> str:
        """The sizes and learning rates that differ between cells, as a sentence; else nothing."""
        said, plan = [], self.plan
        if plan.match == "parameters":
            first = {point.cell: point.settings for point in reversed(self.points)}
            sizes = ", ".join(f"{title(cell)} {first[cell].hidden}" for cell in plan.cells)
            said.append(t("Hidden units: {sizes}.", sizes=sizes))
        if len(plan.rates) > 1 and not plan.vary:
            best = ", ".join(f"{title(row.cell)} {row.lr:g}" for row in self.rates.itertuples())
            said.append(
                t(
                    "Learning rates: {rates}, each the best of {tried} on these same seeds, so "
                    "other seeds would do a little worse.",
                    rates=best,
                    tried=len(plan.rates),
                )
            )
        own = "; ".join(own_settings(cell, each) for cell, each in plan.own.items() if each)
        if own:
            said.append(t("Settings of their own: {settings}.", settings=own))
        return " ".join(said)


def own_settings(cell: str, changes: Mapping[str, object]) -> str:
    """Say which settings a cell alone has."""
    fields = Settings.model_fields
    each = (f"{t(fields[name].title or name)} {value}" for name, value in changes.items())
    return f"{title(cell)} {', '.join(each)}"


def title(cell: str) -> str:
    """Return a cell's name for people."""
    return CELLS[cell].title
