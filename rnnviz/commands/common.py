"""What the commands share: the store, which run is meant, how they answer and how they fail."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz.errors import BrowserError, DivergedError, RnnvizError, RunError, StoreError
from rnnviz.words import N_, t

if TYPE_CHECKING:
    from rnnviz.store.run_store import RunStore

OK, FAILED, WRONG = 0, 1, 2
"""Exit statuses: done; it was clear what to do, but it failed; it was not clear, or impossible."""
NEWEST = "newest"
"""Names the run that was made last."""
SHORTEST = 4
"""Letters of a run's id that are enough to name it, if no other begins like that."""


class CommandFailed(RnnvizError):
    """The command was right, but could not be carried out."""


def guarded(do: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Make a command return the status 1 where it was right and failed; wrong use is raised."""

    def run(options: argparse.Namespace) -> int:
        try:
            return do(options)
        except (CommandFailed, BrowserError, DivergedError, StoreError) as error:
            print(f"rnnviz: {error}", file=sys.stderr)
            return FAILED

    return run


def with_store(parser: argparse.ArgumentParser) -> None:
    """Add the options that all commands have."""
    parser.add_argument(
        "--store",
        metavar="URL",
        default=argparse.SUPPRESS,  # or it would hide the one before the command
        help=t("where runs are kept (RNNVIZ_STORE, or the user's data folder)"),
    )
    parser.add_argument("--json", action="store_true", help=t("answer as JSON, for programs"))


def open_store(options: argparse.Namespace) -> RunStore:
    """Open the run store that is named.

    Raises
    ------
    RunError
        If it cannot be opened.
    """
    from rnnviz.store.run_store import RunStore

    try:
        return RunStore(getattr(options, "store", None) or os.environ.get("RNNVIZ_STORE") or None)
    except StoreError as error:
        raise RunError(error.words) from None


def run_named(store: RunStore, name: str, *, study: bool = False) -> str:
    """Return the id of the run that is meant: by id, how its id begins, its name, or "newest".

    Raises
    ------
    RunError
        If there is none, or there are several.
    """
    found: list[Any] = list(_studies(store) if study else store.runs.list())
    if not found and study:
        raise RunError("This store holds no study: train one first, or name another --store.")
    if not found:
        raise RunError("This store holds no run: train one first, or name another --store.")
    if name == NEWEST:
        newest: str = max(found, key=lambda each: each.created).id
        return newest
    for fits in (
        lambda each: each.id == name,
        lambda each: bool(getattr(each, "name", "")) and each.name == name,
        lambda each: len(name) >= SHORTEST and each.id.startswith(name),
    ):
        hits = [each.id for each in found if fits(each)]
        if len(hits) == 1:
            return str(hits[0])
        if hits:
            many = N_("{count} runs are called {name!r}: give the id of one.")
            if study:
                many = N_("{count} studies are called {name!r}: give the id of one.")
            raise RunError(many, count=len(hits), name=name[:40])
    none = N_("There is no run {name!r}: `rnnviz runs` lists what there is.")
    if study:
        none = N_("There is no study {name!r}: `rnnviz runs` lists what there is.")
    raise RunError(none, name=name[:40])


def _studies(store: RunStore) -> list[Any]:
    owners = {run.owner for run in store.runs.list()}
    return [study for owner in owners for study in store.studies.list(owner)]


def answer(options: argparse.Namespace, told: Any, text: str) -> None:
    """Print what was done: as one JSON value, or in words."""
    print(json.dumps(told) if options.json else text, flush=True)


def write(path: str, content: bytes) -> Path:
    """Write a file, whole or not at all.

    Raises
    ------
    CommandFailed
        If it cannot be written.
    """
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        raise CommandFailed(
            "{file} cannot be written ({reason}): name another file with --out.",
            file=target,
            reason=error.strerror,
        ) from None
    return target
