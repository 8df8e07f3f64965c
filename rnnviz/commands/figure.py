"""`rnnviz figure RUN VIEW --out gates.pdf`: a figure of a run as a file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz.commands.common import (
    OK,
    answer,
    guarded,
    open_store,
    run_named,
    with_store,
    write,
)
from rnnviz.commands.looks import add_look, choices_of, look_of
from rnnviz.commands.progress import ProgressBar
from rnnviz.errors import ExportError
from rnnviz.words import N_, t

if TYPE_CHECKING:
    from rnnviz.export import Look
    from rnnviz.plots.style import FigureDict
    from rnnviz.views import Choice, Gallery


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "figure", help=t("write a figure of a run into a file"),
        description=t(
            "Write a view of a run, or of a study, as the screen shows it; the ending of the "
            "file's name says the format: png svg pdf html pptx tex csv py, or with --over html "
            "gif mp4."
        ),
    )  # fmt: skip
    parser.add_argument("named", metavar="RUN", help=t("an id, how it begins, a name, or newest"))
    parser.add_argument("view", metavar="VIEW", help=t("loss, gates, signals, gradient_time, ..."))
    parser.add_argument("--out", required=True, metavar="FILE", help=t("the file to write"))
    parser.add_argument(
        "--step", type=step_number, help=t("the training step to look at (the newest)")
    )
    parser.add_argument(
        "--choose", action="append", default=[], metavar="NAME=VALUE",
        help=t(
            "what the view looks at, as in the app's address: layer=rnn.l0, signal=cell_state, "
            "sample=3, ...; more than once if you like"
        ),
    )  # fmt: skip
    parser.add_argument("--over", choices=("training", "time"), help=t("animate it"))
    add_look(parser)
    with_store(parser)
    parser.set_defaults(run=guarded(run))


def run(options: argparse.Namespace) -> int:
    """Draw the figure and write it."""
    from rnnviz import export
    from rnnviz.export.shown import drawing, source_of
    from rnnviz.looks import view_of
    from rnnviz.views import Choice, Gallery

    format = Path(options.out).suffix.lower().removeprefix(".")
    look, view = look_of(options), options.view
    formats = export.MOVING if options.over else export.FORMATS
    if format not in formats:
        known = ", ".join(formats)
        raise ExportError(
            "{file!r} does not end in a format: take .{known}.", file=options.out, known=known
        )
    of_study = view_of(view).of_study
    asked = choices_of(options.choose)
    if options.step is not None:
        asked["step"] = str(options.step)
    if options.theme == "dark":
        asked["theme"] = "dark"
    choice = Choice.of(asked)
    store = open_store(options)
    try:
        id = run_named(store, options.named, study=of_study)
        gallery = Gallery(store)
        if options.over:
            return _animate(options, gallery, id, choice, look)
        figure = drawing(gallery, view, id, None, choice)
        step = 0 if of_study else gallery.subject(id).step_at(choice.step)
        source = source_of(store, view, id, None, choice, step)
        written = export.write(figure, format, look, source)
    finally:
        store.close()
    path = write(options.out, written)
    told = {"run": id, "view": view, "step": step, "file": str(path), "bytes": len(written)}
    says = t("{view} at step {step}, {size:,} bytes", view=view, step=step, size=len(written))
    answer(options, told, f"{path}  {says}")
    return OK


def _animate(
    options: argparse.Namespace, gallery: Gallery, id: str, choice: Choice, look: Look
) -> int:
    """Write an animation, with a progress bar."""
    from rnnviz import export
    from rnnviz.export.shown import drawing

    bars: list[ProgressBar] = []

    def tell(done: int, total: int, says: str) -> None:
        if not bars:
            bars.append(ProgressBar(t("frames"), total, quiet=options.json))
        bars[0](done + 1, says)

    def draw(step: int) -> FigureDict:
        return drawing(gallery, options.view, id, None, replace(choice, step=step))

    if options.over == "training":
        frames = export.over_training(gallery.store.runs.checkpoint_steps(id), draw)
    else:
        frames = export.over_time(drawing(gallery, options.view, id, None, choice))
    try:
        path = export.animate(frames, options.out, look=look, tell=tell)
    finally:
        for bar in bars:
            bar.close()
    told = {"run": id, "view": options.view, "frames": len(frames), "file": str(path)}
    over = N_("{view} over time, {count} frames")
    if options.over == "training":
        over = N_("{view} over training, {count} frames")
    answer(options, told, f"{path}  {t(over, view=options.view, count=len(frames))}")
    return OK


def step_number(text: str) -> int:
    """Read a training step."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(
            t("{text!r} is not a training step, a whole number", text=text)
        )
    return int(text)
