"""`rnnviz runs`: what the store holds."""

from __future__ import annotations

import argparse
from typing import Any

from rnnviz.commands.common import OK, answer, guarded, open_store, with_store
from rnnviz.store.states import WORDS, State
from rnnviz.words import N_, t
from rnnviz.words.numbers import number

COLUMNS = (N_("run"), N_("name"), N_("task"), N_("cell"), N_("step"), N_("state"), N_("loss"))
MOST = 10_000


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "runs", help=t("list the runs of a store"),
        description=t(
            "List the runs of a store, newest first. RUN in other commands is an id, how one "
            "begins (4 letters), a name, or newest."
        ),
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=_count, default=50, help=t("list at most so many (%(default)s)")
    )
    with_store(parser)
    parser.set_defaults(run=guarded(run))


def run(options: argparse.Namespace) -> int:
    """List the runs."""
    from rnnviz.commands.train import summary

    store = open_store(options)
    try:
        found = [summary(store, each) for each in list(store.runs.list())[: options.limit]]
    finally:
        store.close()
    answer(options, found, table(found) if found else t("This store holds no run."))
    return OK


def table(found: list[dict[str, Any]]) -> str:
    """Return runs as lines of text in columns."""
    rows = [tuple(map(t, COLUMNS)), *(_row(each) for each in found)]
    wide = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, wide, strict=True)).rstrip()
        for row in rows
    )


def _row(told: dict[str, Any]) -> tuple[str, ...]:
    loss = "" if told["loss"] is None else number(told["loss"], 4)
    name = "".join(each if each.isprintable() else "?" for each in told["name"][:32])
    step = f"{told['step']}/{told['steps']}"
    state = t(WORDS[State(told["state"])])
    return (told["run"], name, told["task"], told["cell"], step, state, loss)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise argparse.ArgumentTypeError(
            t("{text!r} is not a whole number 1 to {most}", text=text, most=MOST)
        )
    return int(text)
