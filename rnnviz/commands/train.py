"""`rnnviz train settings.json`: train a run in this process, and keep it in the store."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz.commands.common import (
    FAILED,
    OK,
    CommandFailed,
    answer,
    guarded,
    open_store,
    with_store,
)
from rnnviz.commands.progress import Progress
from rnnviz.errors import RunError, SettingsError

if TYPE_CHECKING:
    from rnnviz.runs import Run, RunStore
    from rnnviz.settings import Settings

LARGEST = 2**20
"""Bytes of a settings file that are read."""
LOOK, SEEN = 0.1, 5.0
"""Seconds between two looks at the run, and between two signs that its owner is there."""
INTERRUPTED = "Interrupted at the terminal: resume to go on."


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "train", help="train a network", description="Train the network that a file of settings "
        "describes, in this process, and keep the run in the store. Ctrl-C pauses it.",
    )  # fmt: skip
    parser.add_argument(
        "settings", help='a JSON file such as {"cell": "gru", "steps": 500}; - reads from a pipe'
    )
    parser.add_argument("--name", default="", help="what to call the run")
    with_store(parser)
    parser.set_defaults(run=guarded(run))


def run(options: argparse.Namespace) -> int:
    """Train, and say which run it was and how it ended."""
    settings = read_settings(options.settings)
    store = open_store(options)
    try:
        id = store.create(settings, "library", options.name)
        try:
            _train(store, id, settings, options.json)
        except KeyboardInterrupt:
            print(f"Paused: run {id}", file=sys.stderr)
            raise
        ended = store.get(id)
        told = summary(store, ended)
        answer(options, told, in_words(told))
        if ended.state == "failed" and not options.json:
            raise CommandFailed(ended.reason)
        return OK if ended.state == "finished" else FAILED
    finally:
        store.close()


def read_settings(path: str) -> Settings:
    """Read a file of settings, or what comes through a pipe.

    Raises
    ------
    SettingsError
        If there is none, or it has no meaning.
    """
    from rnnviz.settings import Settings

    try:
        if path == "-":
            text = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(path).open("rb") as file:
                text = file.read(LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): name another.") from None
    if len(text) > LARGEST:
        raise SettingsError(f"{path} is too large to be settings: name another.")
    try:
        return Settings.from_json(text)
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is no text: name a file of JSON.") from None


def summary(store: RunStore, run: Run) -> dict[str, Any]:
    """Return what is worth knowing of a run, for JSON."""
    rows = store.metrics(run.id, since=max(0, run.step - 200))
    last = rows.iloc[-1] if len(rows) else None
    checked = rows["validation_loss"].dropna()
    return {
        "run": run.id, "name": run.name, "state": run.state, "reason": run.reason,
        "task": run.settings.task, "cell": run.settings.cell,
        "step": run.step, "steps": run.settings.steps, "seconds": round(run.seconds, 3),
        "loss": None if last is None else float(last["loss"]),
        "validation_loss": float(checked.iloc[-1]) if len(checked) else None,
        "created": run.created,
    }  # fmt: skip


def in_words(told: dict[str, Any]) -> str:
    """Return what `summary` gives as a line."""
    loss = "" if told["loss"] is None else f", loss {told['loss']:.4g}"
    took = f" in {told['seconds']:.1f} s"
    return f"{told['run']}  {told['state']} at step {told['step']}/{told['steps']}{took}{loss}"


def _train(store: RunStore, id: str, settings: Settings, quiet: bool) -> None:
    """Train the run in a thread of its own while this one says how far it is."""
    from rnnviz.engine import worker_name
    from rnnviz.worker import Session, one_thread

    one_thread()
    store.seen(["library"])  # a server that looks after the same store pauses whom it does not see
    store.enqueue(id, "library")
    stopping, failures = threading.Event(), []
    taken = store.claim(worker_name("terminal"), run=id)  # unless a server's worker was faster

    def work() -> None:
        assert taken is not None
        try:
            Session(store, taken, stopping).work()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    if taken:
        thread.start()
    progress = Progress("train", settings.steps, quiet=quiet)
    seen = time.monotonic()
    try:
        while (head := store.head(id)).state in ("queued", "running") and not failures:
            if taken and not thread.is_alive() and not failures:
                break
            if time.monotonic() - seen > SEEN:
                seen = time.monotonic()
                store.seen(["library"])
            progress(head.step)
            time.sleep(LOOK)
        progress(store.head(id).step)
    except KeyboardInterrupt:
        store.pause(id, "library", INTERRUPTED)
        if taken:
            thread.join(10)
        raise
    finally:
        progress.close()
    if taken:
        thread.join(10)
    if failures:
        what = str(failures[0]).strip().splitlines() or ["no more is known"]
        reason = f"Training stopped at an error ({type(failures[0]).__name__}): {what[0]}"
        try:
            store.release(id, "failed", reason, taken.worker if taken else None)
        except RunError:
            pass  # that was the error: the run was deleted or taken over
        raise CommandFailed(reason)
