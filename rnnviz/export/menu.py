"""What the menu of a figure offers: sent with the figure, so that the page copies no list."""

from typing import Any

from rnnviz.export import cell
from rnnviz.export.animation import MOVING
from rnnviz.export.formats import FORMATS
from rnnviz.export.look import APPEARANCES, PRESETS, Look
from rnnviz.looks import view_of
from rnnviz.store.traces import is_trace
from rnnviz.words import t

SIZES = (10, 13, 16, 20, 24, 32)
"""Type that the menu offers, in CSS pixels."""
SCALES = (1, 2, 3, 4)
EXAMPLES = {"point": "0.5", "comma": "0,5"}


def offered(view: str, run: str | None) -> dict[str, Any]:
    """Return what can be made of a figure.

    Parameters
    ----------
    view : str
    run : str or None
        The run, study or trace that it shows; None for what has not been trained.

    Returns
    -------
    dict
        `formats` and `moving`, lists of [ending, name, word]; `run`, whether it is of a run, which
        can be embedded and packed into a lecture; `training`, whether it can be animated over
        training; and `looks`.
    """
    drawn = cell.FORMATS if view == cell.VIEW else FORMATS
    shown = view_of(view)
    of_run = run is not None and not shown.of_study and not is_trace(run)
    return {
        "formats": [[key, t(FORMATS[key].name), t(FORMATS[key].words)] for key in drawn],
        "moving": [[key, name, ""] for key, name in MOVING.items()],
        "run": of_run,
        "training": of_run and not shown.every_step,
        "looks": looks(),
    }


def looks(of_page: bool = False) -> list[dict[str, Any]]:
    """Return the choices of how a file is to look, as parameters of `Look`'s address.

    Each has a name, words, options as [value, words], and the value that is chosen at first.

    Parameters
    ----------
    of_page : bool
        Leave out what is of one picture alone.
    """
    default = Look()
    choices = [
        ("preset", t("Size"), [[key, t(each.words)] for key, each in PRESETS.items()],
         default.preset),
        ("theme", t("Colours"),
         [["", t("as on screen")], *([key, t(words)] for key, words in APPEARANCES.items())], ""),
        ("font_size", t("Type"),
         [["", t("automatic")], *([str(size), f"{size} px"] for size in SIZES)], ""),
        ("pixels", t("PNG pixels"), [[str(scale), f"{scale}×"] for scale in SCALES],
         str(default.scale)),
        ("numbers", t("Numbers"), [[key, shown] for key, shown in EXAMPLES.items()],
         default.numbers),
    ]  # fmt: skip
    return [
        {"name": name, "words": words, "options": options, "value": value}
        for name, words, options, value in choices
        if not (of_page and name == "pixels")
    ]
