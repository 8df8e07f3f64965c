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
from rnnviz.commands.progress import Progress
from rnnviz.errors import ExportError

if TYPE_CHECKING:
    from rnnviz.export import Look
    from rnnviz.plots.style import FigureDict
    from rnnviz.views import Choice, Gallery


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "figure", help="write a figure of a run into a file",
        description="Write a view of a run, or of a study, as the screen shows it; the ending of "
        "the file's name says the format: png svg pdf html pptx tex csv py, or with --over html "
        "gif mp4.",
    )  # fmt: skip
    parser.add_argument("named", metavar="RUN", help="an id, how it begins, a name, or newest")
    parser.add_argument("view", metavar="VIEW", help="loss, gates, signals, gradient_time, ...")
    parser.add_argument("--out", required=True, metavar="FILE", help="the file to write")
    parser.add_argument(
        "--step", type=step_number, help="the training step to look at (the newest)"
    )
    parser.add_argument(
        "--choose", action="append", default=[], metavar="NAME=VALUE",
        help="what the view looks at, as in the app's address: layer=rnn.l0, signal=cell_state, "
        "sample=3, ...; more than once if you like",
    )  # fmt: skip
    parser.add_argument("--over", choices=("training", "time"), help="animate it")
    add_look(parser)
    with_store(parser)
    parser.set_defaults(run=guarded(run))


def run(options: argparse.Namespace) -> int:
    """Draw the figure and write it."""
    from rnnviz import export
    from rnnviz.export.redraw import drawing, source_of
    from rnnviz.views import VIEWS, Choice, Gallery

    format = Path(options.out).suffix.lower().removeprefix(".")
    look, view = look_of(options), options.view
    formats = export.MOVING if options.over else export.FORMATS
    if format not in formats:
        known = ", ".join(formats)
        raise ExportError(f"{options.out!r} does not end in a format: take .{known}.")
    if view not in VIEWS:
        raise ExportError(f"There is no view called {view[:40]!r}: take {', '.join(VIEWS)}.")
    asked = choices_of(options.choose)
    if options.step is not None:
        asked["step"] = str(options.step)
    if options.theme == "dark":
        asked["theme"] = "dark"
    choice = Choice.of(asked)
    store = open_store(options)
    try:
        id = run_named(store, options.named, study=VIEWS[view].of_study)
        gallery = Gallery(store)
        if options.over:
            return _animate(options, gallery, id, choice, look)
        figure = drawing(gallery, view, id, None, choice)
        step = 0 if VIEWS[view].of_study else gallery.scene(id, None, choice).step
        source = source_of(store, view, id, None, choice, step)
        written = export.write(figure, format, look, source)
    finally:
        store.close()
    path = write(options.out, written)
    told = {"run": id, "view": view, "step": step, "file": str(path), "bytes": len(written)}
    answer(options, told, f"{path}  {view} at step {step}, {len(written):,} bytes")
    return OK


def _animate(
    options: argparse.Namespace, gallery: Gallery, id: str, choice: Choice, look: Look
) -> int:
    """Write an animation, with a progress bar."""
    from rnnviz import export
    from rnnviz.export.redraw import drawing

    bars: list[Progress] = []

    def tell(done: int, total: int, says: str) -> None:
        if not bars:
            bars.append(Progress("frames", total, quiet=options.json))
        bars[0](done + 1, says)

    def draw(step: int) -> FigureDict:
        return drawing(gallery, options.view, id, None, replace(choice, step=step))

    if options.over == "training":
        frames = export.over_training(gallery.store.checkpoint_steps(id), draw)
    else:
        frames = export.over_time(drawing(gallery, options.view, id, None, choice))
    try:
        path = export.animate(frames, options.out, look=look, tell=tell)
    finally:
        for bar in bars:
            bar.close()
    told = {"run": id, "view": options.view, "frames": len(frames), "file": str(path)}
    answer(options, told, f"{path}  {options.view} over {options.over}, {len(frames)} frames")
    return OK


def step_number(text: str) -> int:
    """Read a training step."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a training step, a whole number")
    return int(text)
