"""`rnnviz settings`: what can be set, to what, and where it applies."""

from __future__ import annotations

import argparse
from typing import Any

from rnnviz.commands.common import OK, answer, guarded
from rnnviz.words import t


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "settings", help=t("list what a file of settings can hold"),
        description=t("List the settings of a run: what each may be, and where it applies."),
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help=t("answer as JSON, for programs"))
    parser.set_defaults(run=guarded(run))


def run(options: argparse.Namespace) -> int:
    """List the settings."""
    found = described()
    answer(options, found, "\n\n".join(map(in_words, found)))
    return OK


def described() -> list[dict[str, Any]]:
    """Return what is worth knowing of each setting, for JSON."""
    from rnnviz.fields import condition
    from rnnviz.refusals import allowed
    from rnnviz.settings import Settings

    return [
        {
            "setting": name, "standard": field.default, "allowed": str(allowed(name, field)),
            "applies": str(condition(field) or ""), "meaning": t(field.description or ""),
        }
        for name, field in Settings.model_fields.items()
    ]  # fmt: skip


def in_words(told: dict[str, Any]) -> str:
    """Return what is known of a setting as lines."""
    first = f"{told['setting']} = {told['standard']!r}"
    may = t("May be {allowed}.", allowed=told["allowed"])
    lines = [told["meaning"], may, *([told["applies"]] if told["applies"] else [])]
    return "\n    ".join([first, *lines])
