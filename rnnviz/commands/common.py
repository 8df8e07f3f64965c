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

if TYPE_CHECKING:
    from rnnviz.runs import RunStore

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
        help="where runs are kept (RNNVIZ_STORE, or the user's data folder)",
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON, for programs")


def open_store(options: argparse.Namespace) -> RunStore:
    """Open the run store that is named.

    Raises
    ------
    RunError
        If it cannot be opened.
    """
    from rnnviz.runs import RunStore

    try:
        return RunStore(getattr(options, "store", None) or os.environ.get("RNNVIZ_STORE") or None)
    except StoreError as error:
        raise RunError(str(error)) from None


def run_named(store: RunStore, name: str, *, study: bool = False) -> str:
    """Return the id of the run that is meant: by id, how its id begins, its name, or "newest".

    Raises
    ------
    RunError
        If there is none, or there are several.
    """
    found: list[Any] = list(_studies(store) if study else store.list())
    what = "study" if study else "run"
    if not found:
        raise RunError(f"This store holds no {what}: train one first, or name another --store.")
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
            raise RunError(f"{len(hits)} {what}s are called {name[:40]!r}: give the id of one.")
    raise RunError(f"There is no {what} {name[:40]!r}: `rnnviz runs` lists what there is.")


def _studies(store: RunStore) -> list[Any]:
    owners = {run.owner for run in store.list()}
    return [study for owner in owners for study in store.studies(owner)]


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
            f"{target} cannot be written ({error.strerror}): name another file with --out."
        ) from None
    return target
