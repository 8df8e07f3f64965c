"""Tables of runs and studies: what they show, and which rows are picked."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from rnnviz.networks.cells import CELLS
from rnnviz.settings import Settings
from rnnviz.store.rows import Run, Study
from rnnviz.store.run_list import Entry
from rnnviz.store.states import WORDS as STATES
from rnnviz.store.states import State
from rnnviz.tasks import TASKS
from rnnviz.ui import address
from rnnviz.ui.settings_form import WORDS
from rnnviz.words import N_, t

HEIGHT, ALONE = 265, 520
"""Pixels of a table above the curves of what is picked, and of one that has the page alone."""
SORTS = {
    "newest": N_("newest first"),
    "best": N_("best first, by task"),
    "name": N_("by name"),
    "state": N_("by state"),
    "steps": N_("longest first"),
}


def _columns() -> dict[str, Any]:
    """Return the columns of a table of runs, headed in the visitor's language."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "name": text(t("Name"), width=150),
        "task": text(t("Task"), width=130),
        "cell": text(t("Cell"), width=90),
        "differs": text(
            t("Settings"), width=300, help=t("What differs from the task's own settings.")
        ),
        "state": text(t("State"), width=80),
        "step": number(t("Step"), width=65, format="%d"),
        "best": text(
            t("Best"),
            width=85,
            help=t("The task's own measure on the validation set, at its best."),
        ),
        "curve": st.column_config.LineChartColumn(
            t("Loss (log)"), width=110, color="#7A6A53", help=t("From the first step to the last.")
        ),
        "tags": st.column_config.ListColumn(t("Tags"), width=100),
        "note": text(t("Note"), width=110),
        "when": _made(),
    }


def _made() -> Any:
    """Return the column of when a row was made, in the browser's own words."""
    return st.column_config.DatetimeColumn(t("Made"), width=110, format="distance")


def searched(entries: Sequence[Entry], text: str, tag: str) -> list[Entry]:
    """Return the runs in which all words of a text are found, and that have a tag."""
    words = text.casefold().split()
    return [
        entry
        for entry in entries
        if (not tag or tag in entry.run.tags) and all(word in _text(entry.run) for word in words)
    ]


def ordered(entries: Sequence[Entry], by: str) -> list[Entry]:
    """Return runs, newest first as they come, in one of `SORTS`."""

    def score(entry: Entry) -> tuple[str, float]:
        task = TASKS[entry.run.settings.task]
        best = entry.best(task.metric_better)
        if best is None:
            return task.title, math.inf
        return task.title, -best if task.metric_better == "higher" else best

    keys: dict[str, Any] = {
        "best": score,
        "name": lambda entry: (not entry.run.name, entry.run.name.casefold()),
        "state": lambda entry: entry.run.state,
        "steps": lambda entry: -entry.run.step,
    }
    return sorted(entries, key=keys[by]) if by in keys else list(entries)


def run_table(entries: Sequence[Entry]) -> list[str]:
    """Draw the table of runs; return the ids of those that are picked, in the table's order."""
    rows, columns = [_row(entry) for entry in entries], _columns()
    ids = [entry.run.id for entry in entries]
    return picked_rows(pd.DataFrame(rows, columns=list(columns)), ids, columns)


def study_table(studies: Sequence[Study], done: Sequence[str]) -> list[str]:
    """Draw the table of studies; return the ids of those that are picked.

    done : how the runs of each study stand, in words
    """
    rows = [
        {
            "task": t(TASKS[each.settings.task].title),
            "varies": ", ".join(t(CELLS[cell].title) for cell in each.plan.cells) or t("cells"),
            "seeds": each.plan.seeds,
            "steps": each.settings.steps,
            "runs": done[place],
            "when": _moment(each.created),
        }
        for place, each in enumerate(studies)
    ]
    columns = {
        "task": st.column_config.TextColumn(t("Task")),
        "varies": t("Cells"),
        "seeds": t("Seeds"),
        "steps": t("Steps"),
        "runs": t("Runs"),
        "when": _made(),
    }
    frame = pd.DataFrame(rows, columns=list(columns))
    return picked_rows(frame, [each.id for each in studies], columns)


def picked_rows(frame: pd.DataFrame, ids: Sequence[str], columns: dict[str, Any]) -> list[str]:
    """Draw a table whose picked rows stand in the address as `pick`; return their ids."""
    address.seed("pick", "", str)
    before = [id for id in st.session_state["pick"].split(",") if id in ids]
    key = f"table_{hash(tuple(ids))}"  # other rows are another table: no wrong row is picked
    known = st.session_state.get(key)
    any_picked = bool(known["selection"]["rows"] if known else before)
    event = st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height=HEIGHT if any_picked else ALONE,
        column_config=columns,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [ids.index(id) for id in before]}},
        alt=t("Your runs, a row each"),
    )
    picked = [ids[row] for row in sorted(event["selection"]["rows"]) if row < len(ids)]
    st.session_state["pick"] = ",".join(picked)
    address.note("pick", st.session_state["pick"], "")
    return picked


def differs(settings: Settings) -> str:
    """Say which settings are not the task's own, but for task and cell."""
    own = _defaults(settings.task)
    return ", ".join(
        f"{t(Settings.model_fields[name].title or name)} {_short(value)}"
        for name, value in settings.model_dump().items()
        if name not in ("task", "cell") and value != own[name]
    )


def _differs(run: Run) -> str:
    from_step = t("from step {step}", step=run.origin.step) if run.origin else ""
    return ", ".join(filter(None, (from_step, differs(run.settings))))


def _short(value: object) -> object:
    """Return a setting's value for people: of the key of a data set, its beginning."""
    if value is None:
        return "torch"
    if isinstance(value, bool):
        return t("on") if value else t("off")
    if isinstance(value, str):
        return value[:8] if len(value) == 32 else t(WORDS.get(value, value))
    return value


def _row(entry: Entry) -> dict[str, Any]:
    run, task = entry.run, TASKS[entry.run.settings.task]
    best = entry.best(task.metric_better)
    return {
        "name": run.name or "—",
        "task": t(task.title),
        "cell": t(CELLS[run.settings.cell].title),
        "differs": _differs(run),
        "state": t(STATES[State(run.state)]),
        "step": run.step,
        "best": "" if best is None else f"{best:.4g} {task.metric_unit}".strip(),
        "curve": [math.log10(loss) for loss in entry.curve if loss > 0],
        "tags": list(run.tags),
        "note": run.note,
        "when": _moment(run.created),
    }


def _text(run: Run) -> str:
    settings = run.settings
    parts = (
        run.name, run.note, *run.tags, run.state, t(STATES[State(run.state)]),
        t(TASKS[settings.task].title), settings.task,
        t(CELLS[settings.cell].title), settings.cell, _differs(run),
    )  # fmt: skip
    return " ".join(parts).casefold()


@lru_cache(32)
def _defaults(task: str) -> dict[str, Any]:
    return Settings.for_task(task).model_dump()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
