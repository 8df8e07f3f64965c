"""Tables of runs and studies: what they show, and which rows are picked."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from rnnviz.catalogue import Entry
from rnnviz.cells import CELLS
from rnnviz.runs import Run, Study
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS
from rnnviz.ui import address

HEIGHT, ALONE = 265, 520
"""Pixels of a table above the curves of what is picked, and of one that has the page alone."""
SORTS = {
    "newest": "newest first", "best": "best first, by task", "name": "by name", "state": "by state",
    "steps": "longest first",
}  # fmt: skip
COLUMNS = {
    "name": st.column_config.TextColumn("Name", width=150),
    "task": st.column_config.TextColumn("Task", width=130),
    "cell": st.column_config.TextColumn("Cell", width=90),
    "differs": st.column_config.TextColumn(
        "Settings", width=300, help="What differs from the task's own settings."
    ),
    "state": st.column_config.TextColumn("State", width=80),
    "step": st.column_config.NumberColumn("Step", width=65, format="%d"),
    "best": st.column_config.TextColumn(
        "Best", width=85, help="The task's own measure on the validation set, at its best."
    ),
    "curve": st.column_config.LineChartColumn(
        "Loss (log)", width=110, color="#7A6A53", help="From the first step to the last."
    ),
    "tags": st.column_config.ListColumn("Tags", width=100),
    "note": st.column_config.TextColumn("Note", width=110),
    "when": st.column_config.DatetimeColumn("Made", width=110, format="distance"),
}


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
    rows = [_row(entry) for entry in entries]
    ids = [entry.run.id for entry in entries]
    return picked_rows(pd.DataFrame(rows, columns=list(COLUMNS)), ids, COLUMNS)


def study_table(studies: Sequence[Study], done: Sequence[str]) -> list[str]:
    """Draw the table of studies; return the ids of those that are picked.

    done : how the runs of each study stand, in words
    """
    rows = [
        {
            "task": TASKS[each.settings.task].title,
            "varies": ", ".join(CELLS[cell].title for cell in each.plan.cells) or "cells",
            "seeds": each.plan.seeds,
            "steps": each.settings.steps,
            "runs": done[place],
            "when": _moment(each.created),
        }
        for place, each in enumerate(studies)
    ]
    columns = {
        "task": st.column_config.TextColumn("Task"),
        "varies": "Cells",
        "seeds": "Seeds",
        "steps": "Steps",
        "runs": "Runs",
        "when": COLUMNS["when"],
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
        alt="Your runs, a row each",
    )
    picked = [ids[row] for row in sorted(event["selection"]["rows"]) if row < len(ids)]
    st.session_state["pick"] = ",".join(picked)
    address.note("pick", st.session_state["pick"], "")
    return picked


def differs(settings: Settings) -> str:
    """Say which settings are not the task's own, but for task and cell."""
    own = _defaults(settings.task)
    return ", ".join(
        f"{name.replace('_', ' ')} {_short(value)}"
        for name, value in settings.model_dump().items()
        if name not in ("task", "cell") and value != own[name]
    )


def _differs(run: Run) -> str:
    from_step = f"from step {run.origin.step}" if run.origin else ""
    return ", ".join(filter(None, (from_step, differs(run.settings))))


def _short(value: object) -> object:
    """Return a setting's value for people: of the key of a data set, its beginning."""
    words = {None: "torch", True: "on", False: "off"}
    if isinstance(value, bool | None):
        return words[value]
    return value[:8] if isinstance(value, str) and len(value) == 32 else value


def _row(entry: Entry) -> dict[str, Any]:
    run, task = entry.run, TASKS[entry.run.settings.task]
    best = entry.best(task.metric_better)
    return {
        "name": run.name or "—",
        "task": task.title,
        "cell": CELLS[run.settings.cell].title,
        "differs": _differs(run),
        "state": run.state,
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
        run.name, run.note, *run.tags, run.state, TASKS[settings.task].title, settings.task,
        CELLS[settings.cell].title, settings.cell, _differs(run),
    )  # fmt: skip
    return " ".join(parts).casefold()


@lru_cache(32)
def _defaults(task: str) -> dict[str, Any]:
    return Settings.for_task(task).model_dump()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
