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
from rnnviz.commands.progress import ProgressBar
from rnnviz.errors import RunError, SettingsError
from rnnviz.store.states import ACTIVE, WORDS, Order, State
from rnnviz.words import N_, Words, t
from rnnviz.words.numbers import number

if TYPE_CHECKING:
    from rnnviz.settings import Settings
    from rnnviz.store.rows import Run
    from rnnviz.store.run_store import RunStore

MOST_BYTES = 2**20
"""Bytes of a settings file that are read."""
LOOK, SEEN = 0.1, 5.0
"""Seconds between two looks at the run, and between two signs that its owner is there."""
INTERRUPTED = N_("Interrupted at the terminal: resume to go on.")


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "train", help=t("train a network"),
        description=t(
            "Train the network that a file of settings describes, in this process, and keep the "
            "run in the store. Ctrl-C pauses it."
        ),
    )  # fmt: skip
    parser.add_argument(
        "settings", help=t('a JSON file such as {"cell": "gru", "steps": 500}; - reads from a pipe')
    )
    parser.add_argument("--name", default="", help=t("what to call the run"))
    with_store(parser)
    parser.set_defaults(run=guarded(run))


def run(options: argparse.Namespace) -> int:
    """Train, and say which run it was and how it ended."""
    settings = read_settings(options.settings)
    store = open_store(options)
    try:
        id = store.runs.create(settings, "library", options.name)
        try:
            _train(store, id, settings, options.json)
        except KeyboardInterrupt:
            print(t("Paused: run {run}", run=id), file=sys.stderr)
            raise
        ended = store.runs.get(id)
        told = summary(store, ended)
        answer(options, told, in_words(told))
        if ended.state == State.FAILED and not options.json:
            raise CommandFailed(ended.reason)
        return OK if ended.state == State.FINISHED else FAILED
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
            text = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            "{file} cannot be read ({reason}): name another.", file=path, reason=error.strerror
        ) from None
    if len(text) > MOST_BYTES:
        raise SettingsError("{file} is too large to be settings: name another.", file=path)
    try:
        return Settings.from_json(text)
    except UnicodeDecodeError:
        raise SettingsError("{file} is no text: name a file of JSON.", file=path) from None


def summary(store: RunStore, run: Run) -> dict[str, Any]:
    """Return what is worth knowing of a run, for JSON."""
    rows = store.runs.metrics(run.id, since=max(0, run.step - 200))
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
    ended = N_("{state} at step {step}/{steps} in {seconds:.1f} s, loss {loss}")
    loss = None if told["loss"] is None else number(told["loss"], 4)
    if loss is None:
        ended = N_("{state} at step {step}/{steps} in {seconds:.1f} s")
    says = t(ended, **(told | {"state": t(WORDS[State(told["state"])]), "loss": loss}))
    return f"{told['run']}  {says}"


def _train(store: RunStore, id: str, settings: Settings, quiet: bool) -> None:
    """Train the run in a thread of its own while this one says how far it is."""
    from rnnviz.engine.supervisor import worker_name
    from rnnviz.engine.worker import Session, one_thread
    from rnnviz.server.orders import give

    one_thread()
    # a server that looks after the same store pauses whom it does not see
    store.queue.mark_seen(["library"])
    give(store, "library", Order.RESUME, {"run": id})
    stopping, woken, failures = threading.Event(), threading.Event(), []
    # unless a server's worker was faster
    taken = store.queue.claim(worker_name("terminal"), run=id)

    def work() -> None:
        assert taken is not None
        try:
            Session(store, taken, stopping, woken).work()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work, daemon=True)
    if taken:
        thread.start()
    progress = ProgressBar(t("train"), settings.steps, quiet=quiet)
    seen = time.monotonic()
    try:
        while (head := store.runs.head(id)).state in ACTIVE and not failures:
            if taken and not thread.is_alive() and not failures:
                break
            if time.monotonic() - seen > SEEN:
                seen = time.monotonic()
                store.queue.mark_seen(["library"])
            progress(head.step)
            time.sleep(LOOK)
        progress(store.runs.head(id).step)
    except KeyboardInterrupt:
        give(store, "library", Order.PAUSE, {"run": id}, INTERRUPTED)
        woken.set()
        if taken:
            thread.join(10)
        raise
    finally:
        progress.close()
    if taken:
        thread.join(10)
    if failures:
        lines = str(failures[0]).strip().splitlines()
        reason = Words(
            "Training stopped at an error ({name}): {what}",
            name=type(failures[0]).__name__,
            what=lines[0] if lines else Words("no more is known"),
        )
        try:
            store.queue.release(id, State.FAILED, reason, taken.worker if taken else None)
        except RunError:
            pass  # that was the error: the run was deleted or taken over
        raise CommandFailed(reason)
