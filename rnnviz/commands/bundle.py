"""`rnnviz bundle RUN --out lecture.zip`: a lecture's material from one run."""

from __future__ import annotations

import argparse
from typing import Any

from rnnviz.commands.common import OK, answer, guarded, open_store, run_named, with_store
from rnnviz.commands.figure import step_number
from rnnviz.commands.looks import add_look, choices_of, look_of
from rnnviz.commands.progress import ProgressBar
from rnnviz.words import t, tn


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "bundle", help=t("pack figures, data and slides of a run into a zip"),
        description=t(
            "Pack the figures of a run in all formats, its settings and data, a notebook, "
            "Beamer and Quarto slides into one zip."
        ),
    )  # fmt: skip
    parser.add_argument("named", metavar="RUN", help=t("an id, how it begins, a name, or newest"))
    parser.add_argument("--out", required=True, metavar="FILE", help=t("the zip file to write"))
    parser.add_argument(
        "--step", type=step_number, help=t("the training step to look at (the newest)")
    )
    parser.add_argument("--figures", metavar="VIEW,...", help=t("which figures (a dozen)"))
    parser.add_argument("--formats", metavar="png,...", help=t("which formats (all)"))
    parser.add_argument(
        "--choose", action="append", default=[], metavar="NAME=VALUE",
        help=t("what the figures look at: layer=rnn.l1, sample=3, ..."),
    )  # fmt: skip
    add_look(parser)
    with_store(parser)
    parser.set_defaults(run=guarded(run))


def run(options: argparse.Namespace) -> int:
    """Pack the bundle."""
    from rnnviz.export.bundle import bundle

    views = options.figures.split(",") if options.figures else None
    formats = options.formats.split(",") if options.formats else ()
    look, choice = look_of(options), choices_of(options.choose)
    store = open_store(options)
    bars: list[ProgressBar] = []

    def tell(done: int, total: int, what: str) -> None:
        if not bars:
            bars.append(ProgressBar(t("bundle"), total, quiet=options.json))
        bars[0](done, what)

    try:
        id = run_named(store, options.named)
        made = bundle(
            store, id, options.out, views=views, step=options.step, look=look, formats=formats,
            choice=choice, tell=tell,
        )  # fmt: skip
    finally:
        for bar in bars:
            bar.close()
        store.close()
    count = len(made.figures)
    told = {"run": id, "step": made.step, "file": options.out, "left_out": made.left_out,
            "figures": {each.view: list(each.formats) for each in made.figures}}  # fmt: skip
    packed = tn("{count} figure at step {step}", "{count} figures at step {step}", count,
                step=made.step)  # fmt: skip
    lost = [
        t("not in it: {figure}: {why}", figure=view, why=why) for view, why in made.left_out.items()
    ]
    answer(options, told, "\n".join([f"{options.out}  {packed}", *lost]))
    return OK
