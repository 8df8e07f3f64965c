"""How exported figures are to look, as options of a command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rnnviz.errors import ExportError
from rnnviz.words import t

if TYPE_CHECKING:
    from rnnviz.export import Look


def add_look(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group(t("looks"))
    group.add_argument("--preset", default="slide", help=t("slide, half, column or square"))
    group.add_argument("--theme", default="light", help=t("light, dark or print (black on white)"))
    group.add_argument(
        "--scale", type=int, default=2, help=t("pixels of a PNG by CSS pixel, 1 to 4")
    )
    group.add_argument("--font-size", type=float, help=t("of the type, 6 to 48 pixels"))
    group.add_argument(
        "--no-title", dest="title", action="store_false", help=t("leave the title out")
    )
    group.add_argument("--numbers", default="point", help=t("point (0.5) or comma (0,5)"))


def look_of(options: argparse.Namespace) -> Look:
    """Return what the options say.

    Raises
    ------
    ExportError
        If one has no meaning.
    """
    from rnnviz.export import Look

    return Look(
        options.preset, options.theme, options.scale, options.title, options.font_size,
        options.numbers,
    )  # fmt: skip


def choices_of(given: list[str]) -> dict[str, str]:
    """Read choices such as ``signal=cell_state``.

    Raises
    ------
    ExportError
        If one is not a name and a value.
    """
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise ExportError(
                "{choice!r} is no choice: write a name and a value, such as signal=cell_state.",
                choice=each[:40],
            )
        found[name] = value
    return found
